/** Copies of the database beside a daemon, and the way back: whole, never over what went further, never under a daemon. */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OperationalError } from '../../src/engine/errors.ts';
import { backUp, restore } from '../../src/store/backup.ts';
import { openStore } from '../../src/store/store.ts';
import { temporaryPaths } from './directory.ts';
import { incident, openingBatch } from './samples.ts';

const freshPath = temporaryPaths();

function written(from: number, to: number, path = freshPath()): string {
  const store = openStore(path, { lock: true });
  for (let seq = from; seq <= to; seq += 1) store.commit(openingBatch(seq, incident(`i${seq}`)));
  store.close();
  return path;
}

function lastSeq(path: string): number {
  const store = openStore(path, { lock: false, readOnly: true });
  try {
    return store.archive.lastSeq();
  } finally {
    store.close();
  }
}

async function refusal(work: Promise<unknown>): Promise<OperationalError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OperationalError);
  return error as OperationalError;
}

describe('a backup', () => {
  it('is whole while a daemon writes', async () => {
    const path = freshPath();
    const daemon = openStore(path, { lock: true });
    for (let seq = 1; seq <= 50; seq += 1) daemon.commit(openingBatch(seq, incident(`i${seq}`)));
    const file = `${path}.copy`;
    const copying = backUp(path, file);
    daemon.commit(openingBatch(51, incident('i51')));
    const { bytes } = await copying;
    daemon.close();
    expect(bytes).toBeGreaterThan(4_096);
    expect(lastSeq(file)).toBeGreaterThanOrEqual(50);
    expect(readdirSync(dirname(file)).filter((name) => name.includes('.new'))).toEqual([]);
  });

  it('overwrites nothing', async () => {
    const path = written(1, 1);
    writeFileSync(`${path}.copy`, 'mine');
    expect((await refusal(backUp(path, `${path}.copy`))).code).toBe('output-unwritable');
  });

  it('says where it cannot be written', async () => {
    const path = written(1, 1);
    expect((await refusal(backUp(path, '/proc/none/copy'))).code).toBe('output-unwritable');
  });
});

describe('restoring', () => {
  it('puts a copy back where the database is gone, empty or older', async () => {
    const path = written(1, 5);
    const file = `${path}.copy`;
    await backUp(path, file);
    rmSync(path);
    expect(await restore(file, path)).toEqual({ lastSeq: 5, keptAs: null });
    writeFileSync(path, '');
    const { keptAs } = await restore(file, path);
    expect(keptAs !== null && existsSync(keptAs)).toBe(true);
    expect(lastSeq(path)).toBe(5);
    const older = written(1, 2);
    await restore(file, older);
    expect(lastSeq(older)).toBe(5);
  });

  it('goes on where the copy ended', async () => {
    const path = written(1, 3);
    await backUp(path, `${path}.copy`);
    const elsewhere = freshPath();
    await restore(`${path}.copy`, elsewhere);
    expect(lastSeq(written(4, 6, elsewhere))).toBe(6);
  });

  it('never replaces one that went further', async () => {
    const path = written(1, 3);
    await backUp(path, `${path}.copy`);
    written(4, 4, path);
    const error = await refusal(restore(`${path}.copy`, path));
    expect(error.message).toContain('newer');
    expect(lastSeq(path)).toBe(4);
  });

  it('never happens under a running daemon', async () => {
    const path = written(1, 3);
    await backUp(path, `${path}.copy`);
    const daemon = openStore(path, { lock: true });
    expect((await refusal(restore(`${path}.copy`, path))).code).toBe('store-locked');
    daemon.close();
  });

  it.each([
    ['not there', undefined],
    ['no database', 'x'.repeat(10_000)],
    ['of no bytes', ''],
  ])('refuses a copy that is %s, and touches nothing', async (_, content) => {
    const path = written(1, 2);
    const file = freshPath();
    mkdirSync(dirname(file), { recursive: true });
    if (content !== undefined) writeFileSync(file, content);
    await refusal(restore(file, path));
    expect(lastSeq(path)).toBe(2);
    expect(readdirSync(dirname(path)).filter((name) => name.includes('before'))).toEqual([]);
  });
});
