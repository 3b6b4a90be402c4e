/** A long watchlist in the database: kept in rows, read back whole, and made anew when anything of it is not right. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/config/load.ts';
import type { CheckedWatchlist } from '../../src/config/watchlist-files.ts';
import { keepColumns, keptColumns, keptIn } from '../../src/daemon/durable/kept-columns.ts';
import { columnsOf } from '../../src/match/watch-builder.ts';
import { openStore, type SqliteStore } from '../../src/store/store.ts';

let folder = '';
let store: SqliteStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kept-columns-'));
  store = openStore(join(folder, 'originwatch.sqlite'), { lock: false });
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

/** A list of 1.3 MB, several rows of the database. */
function write(entries = 20_000, name = 'n'): void {
  const lines = Array.from(
    { length: entries },
    (_, n) =>
      `{"prefix":"10.${n >> 8}.${n & 255}.0/24","name":"${name} ${'x'.repeat(20)} ${n}","origins":[${64_500 + (n % 7)}]}`,
  );
  writeFileSync(join(folder, 'w.ndjson'), `${lines.join('\n')}\n`);
  writeFileSync(join(folder, 'c.yaml'), `watchlist: w.ndjson\nstateDirectory: ${folder}\n`);
}

function read(isKept = false): CheckedWatchlist {
  const configPath = join(folder, 'c.yaml');
  const keptOf = (): ReturnType<typeof keptIn> => keptIn(store.path);
  return loadSettings({ configPath, env: {}, keptIn: isKept ? keptOf : undefined }).settings.watchlist;
}

const always = (): boolean => true;

describe('a long watchlist', () => {
  it('is read back from the database as it was read from its file', async () => {
    write();
    const watchlist = read();
    await keepColumns(store, watchlist, always);
    const kept = keptColumns(store, watchlist.fingerprint ?? '');
    expect(kept?.equals(columnsOf(watchlist))).toBe(true);
    expect(columnsOf(read(true)).equals(columnsOf(watchlist))).toBe(true);
  });

  it('is taken from the database and not from the file, and is read when the file is another', async () => {
    write();
    const first = read();
    const other = { ...first, entries: loadedFrom('other') };
    write();
    await keepColumns(store, other, always);
    expect([...read(true).entries][0]?.name).toMatch(/^other/);
    write(20_000, 'm');
    expect([...read(true).entries][0]?.name).toMatch(/^m/);
    expect(read(true).fingerprint).not.toBe(first.fingerprint);
  });

  it('takes the place of the one before, a shorter one too', async () => {
    write(30_000);
    await keepColumns(store, read(), always);
    write(20_000);
    const shorter = read();
    await keepColumns(store, shorter, always);
    expect(keptColumns(store, shorter.fingerprint ?? '')?.length).toBe(20_000);
    const last = store.compiled('watchlist/9', `0.1.0 ${shorter.fingerprint}`);
    expect(last === undefined || last.length === 0).toBe(true);
  });

  it.each([
    ['a row is damaged', 'watchlist/1', (body: Buffer) => Buffer.from(body).fill(7, 100, 200)],
    ['a row is cut', 'watchlist/1', (body: Buffer) => body.subarray(8)],
    ['the head is no JSON', 'watchlist', () => Buffer.from('{')],
    ['the head lies', 'watchlist', () => Buffer.from('{"bytes":1e99}')],
  ])('is read from its file when %s', async (_what, name, damage) => {
    write();
    const watchlist = read();
    await keepColumns(store, watchlist, always);
    const of = name === 'watchlist' ? 'head' : `0.1.0 ${watchlist.fingerprint}`;
    const body = store.compiled(name, of) ?? Buffer.alloc(0);
    expect(body.length).toBeGreaterThan(0);
    store.setCompiled(name, of, damage(body));
    expect(keptColumns(store, watchlist.fingerprint ?? '')).toBeUndefined();
    expect(columnsOf(read(true)).equals(columnsOf(watchlist))).toBe(true);
  });

  it('that was kept halfway is as good as not kept, until it is kept again', async () => {
    write();
    const watchlist = read();
    let rows = 0;
    await keepColumns(store, watchlist, () => {
      rows += 1;
      return rows < 3;
    });
    expect(keptColumns(store, watchlist.fingerprint ?? '')).toBeUndefined();
    await keepColumns(store, watchlist, always);
    expect(keptColumns(store, watchlist.fingerprint ?? '')).toBeDefined();
  });

  it('is told by its fingerprint; a short one is neither told nor kept', async () => {
    write(10);
    const watchlist = read();
    expect(watchlist.fingerprint).toBeUndefined();
    await keepColumns(store, watchlist, always);
    expect(store.compiled('watchlist', 'head')).toBeUndefined();
  });

  it('has nothing kept where there is no database', () => {
    expect(keptIn(join(folder, 'gone.sqlite'))('x')).toBeUndefined();
    writeFileSync(join(folder, 'text.sqlite'), 'no database');
    expect(keptIn(join(folder, 'text.sqlite'))('x')).toBeUndefined();
  });
});

function loadedFrom(name: string): CheckedWatchlist['entries'] {
  write(20_000, name);
  return read().entries;
}
