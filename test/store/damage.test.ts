/** Databases as a disk, a shell or a crash may leave them: what is damaged is found and set aside, what is whole is not touched. */
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { setDamagedAside } from '../../src/store/damage.ts';
import { openStore } from '../../src/store/store.ts';
import { copyOf, temporaryPaths } from './directory.ts';
import { incident, openingBatch } from './samples.ts';

const freshPath = temporaryPaths();
const STAMP = '20260101T000000Z';

/** A database with some alerts, as a killed process leaves it: most of it in its log. */
function killed(commits = 6): string {
  const path = freshPath();
  const store = openStore(path, { lock: false });
  for (let seq = 1; seq <= commits; seq += 1) store.commit(openingBatch(seq, incident(`i${seq}`)));
  const copy = copyOf(path, freshPath());
  store.close();
  return copy;
}

function stopped(): string {
  const path = freshPath();
  const store = openStore(path, { lock: false });
  for (let seq = 1; seq <= 40; seq += 1) store.commit(openingBatch(seq, incident(`i${seq}`)));
  store.close();
  return path;
}

function overwrite(file: string, at: number, bytes: number): void {
  const content = readFileSync(file);
  content.fill(0xa5, at, at + bytes);
  writeFileSync(file, content);
}

function alertsIn(path: string): number {
  const store = openStore(path, { lock: false });
  try {
    return store.archive.lastSeq();
  } finally {
    store.close();
  }
}

function aside(path: string): string[] {
  return readdirSync(dirname(path)).filter((name) => name.includes('.damaged-'));
}

describe('a database that is whole', () => {
  it.each([
    ['stopped in order', stopped, false],
    ['killed', killed, true],
  ] as const)('is left as it is: %s', (_, make, wasKilled) => {
    const path = make();
    expect(setDamagedAside(path, STAMP, wasKilled)).toBeUndefined();
    expect(aside(path)).toEqual([]);
    expect(alertsIn(path)).toBeGreaterThan(5);
  });

  it('is not there at the first start', () => {
    expect(setDamagedAside(freshPath(), STAMP, false)).toBeUndefined();
  });

  it('may end in a frame that was being written when the process was killed', () => {
    const path = killed();
    const log = `${path}-wal`;
    truncateSync(log, statSync(log).size - 1_000);
    expect(setDamagedAside(path, STAMP, true)).toBeUndefined();
    const other = killed();
    overwrite(`${other}-wal`, statSync(`${other}-wal`).size - 2_000, 1_500);
    expect(setDamagedAside(other, STAMP, true)).toBeUndefined();
  });

  it('may have frames of an earlier round behind the last one', () => {
    const path = freshPath();
    const store = openStore(path, { lock: false });
    for (let seq = 1; seq <= 300; seq += 1) store.commit(openingBatch(seq, incident(`i${seq}`)));
    // SQLite begins the log anew once all of it is copied, and leaves the rest of the file as it was.
    for (let round = 0; round < 50 && store.checkpoint() === 0; round += 1)
      for (let n = 0; n < 100; n += 1) store.check(n);
    store.check(1);
    const copy = copyOf(path, freshPath());
    store.close();
    expect(setDamagedAside(copy, STAMP, true)).toBeUndefined();
  });
});

describe('a database that is damaged', () => {
  it.each([
    ['of no bytes', (path: string) => writeFileSync(path, ''), 'empty'],
    ['without its beginning', (path: string) => overwrite(path, 0, 16), 'begin'],
    ['cut in half', (path: string) => truncateSync(path, statSync(path).size / 2), ''],
    ['with pages overwritten', (path: string) => overwrite(path, 4_096, statSync(path).size - 8_192), ''],
  ])('is set aside whole: %s', (_, damage, words) => {
    const path = stopped();
    damage(path);
    const found = setDamagedAside(path, STAMP, false);
    expect(found).toMatchObject({ isWhole: true, setAside: `${path}.damaged-${STAMP}` });
    expect(found?.found).toContain(words);
    expect(existsSync(path)).toBe(false);
    expect(alertsIn(path)).toBe(0);
  });

  it('keeps those set aside before', () => {
    const path = stopped();
    for (let time = 0; time < 3; time += 1) {
      writeFileSync(path, '');
      setDamagedAside(path, STAMP, false);
    }
    expect(new Set(aside(path)).size).toBe(3);
  });
});

describe('a log that is damaged', () => {
  it.each([
    ['in its header', (log: string) => overwrite(log, 0, 16), 0],
    ['in its salts', (log: string) => overwrite(log, 16, 8), 0],
    ['in the first frame', (log: string) => overwrite(log, 100, 50), 0],
    ['in the middle', (log: string) => overwrite(log, Math.floor(statSync(log).size / 2), 50), 1],
  ])('is kept aside, and what stands before the damage is gone on with: %s', (_, damage, alertsMin) => {
    const path = killed(20);
    damage(`${path}-wal`);
    const found = setDamagedAside(path, STAMP, true);
    expect(found?.found).toMatch(/\d+ pages? of the log cannot be read|empty|begin|malformed|database/);
    expect(aside(path).length).toBeGreaterThan(0);
    const left = alertsIn(path);
    expect(left).toBeGreaterThanOrEqual(alertsMin);
    expect(left).toBeLessThan(20);
  });

  it('is missed where its daemon was killed, and not after a stop', () => {
    const path = stopped();
    expect(setDamagedAside(path, STAMP, false)).toBeUndefined();
    expect(setDamagedAside(path, STAMP, true)).toEqual({
      found: 'the log of the last writes is missing',
      setAside: null,
      isWhole: false,
    });
    rmSync(path);
    expect(basename(path)).toBe('originwatch.sqlite');
  });
});
