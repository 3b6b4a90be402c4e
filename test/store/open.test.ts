import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, OperationalError } from '../../src/engine/errors.ts';
import { MIGRATIONS } from '../../src/store/migrate.ts';
import { DATABASE_FILE, openStore, type StoreOptions } from '../../src/store/store.ts';
import { temporaryPaths } from './directory.ts';
import { routes, routesOf } from './routes.ts';
import { at, batch, incident, openingBatch, ribRow, storeWith } from './samples.ts';

const newPath = temporaryPaths();

function refusal(
  path: string,
  options: StoreOptions = { lock: false },
): { code: ErrorCode; message: string } {
  try {
    openStore(path, options).close();
  } catch (error) {
    if (error instanceof OperationalError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('was opened');
}

/** A path whose directory exists already. */
function pathWith(content: (path: string) => void): string {
  const path = newPath();
  mkdirSync(dirname(path), { recursive: true });
  content(path);
  return path;
}

function change(path: string, sql: string): void {
  const database = new Database(path);
  database.exec(sql);
  database.close();
}

/** Overwrites the root page of a table. */
function damageTable(path: string, name: string): void {
  const database = new Database(path, { readonly: true });
  const root = database
    .prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?')
    .pluck()
    .get(name) as number;
  database.close();
  const bytes = readFileSync(path);
  bytes.fill(0xff, (root - 1) * 4096, root * 4096);
  writeFileSync(path, bytes);
}

describe('opening a store', () => {
  it('makes what is missing and finds again what was committed', () => {
    const path = newPath();
    const store = openStore(path, { lock: true });
    store.commit(openingBatch(1, incident('a')));
    store.commit(batch({ routes: routes(1, [ribRow()]) }));
    store.close();
    store.close();
    const again = openStore(path, { lock: true });
    expect([again.remember().nextSeq, routesOf(again.remember()), again.outbox.pending('noc')]).toEqual([
      2,
      [ribRow()],
      1,
    ]);
    expect(() => again.check(0)).not.toThrow();
    again.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
  });

  it('keeps what is not closed, as after a crash, and syncs each transaction', () => {
    const path = newPath();
    const statements: string[] = [];
    const store = openStore(path, { lock: false, trace: (sql) => statements.push(sql) });
    store.commit(openingBatch(1, incident('a')));
    expect(statements).toEqual(
      expect.arrayContaining([expect.stringContaining('BEGIN IMMEDIATE'), 'COMMIT']),
    );
    const beside = new Database(path, { readonly: true });
    expect(beside.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(beside.pragma('auto_vacuum', { simple: true })).toBe(2);
    expect(beside.prepare('SELECT count(*) AS count FROM alert').get()).toEqual({ count: 1 });
    beside.close();
    store.close();
  });

  it('calls the database by a fixed name', () => {
    expect(DATABASE_FILE).toBe('originwatch.sqlite');
  });

  it.each<[string, ErrorCode, RegExp, (path: string) => void]>([
    [
      'a damaged file',
      'store-open',
      /damaged or no database/,
      (path) => writeFileSync(path, 'x'.repeat(8192)),
    ],
    ['a directory', 'store-open', /cannot be/, (path) => mkdirSync(path)],
    [
      'tables of another program',
      'store-open',
      /another program/,
      (path) => change(path, 'CREATE TABLE t (x)'),
    ],
    [
      'the name of another program',
      'store-open',
      /another program/,
      (path) => change(path, 'PRAGMA application_id = 7; PRAGMA user_version = 1'),
    ],
    [
      'a newer schema',
      'store-newer',
      /has schema 99, this program knows \d+/,
      (path) => {
        openStore(path, { lock: false }).close();
        change(path, 'PRAGMA user_version = 99');
      },
    ],
  ])('refuses %s with a clear word and touches nothing', (_, code, words, content) => {
    const path = pathWith(content);
    const before = statSync(path).isFile() ? readFileSync(path) : undefined;
    const found = refusal(path);
    expect(found.code).toBe(code);
    expect(found.message).toMatch(words);
    if (before !== undefined) expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('refuses a directory that cannot be made', () => {
    const file = pathWith((path) => writeFileSync(path, ''));
    expect(refusal(`${file}/below/it.sqlite`).code).toBe('store-open');
  });

  it('says so when a table is damaged', () => {
    const path = newPath();
    const store = openStore(path, { lock: false });
    store.commit(openingBatch(1, incident('a')));
    store.close();
    damageTable(path, 'alert');
    const broken = openStore(path, { lock: false });
    expect(() => broken.archive.alertsAfter(0, 1)).toThrow(/^store-read: .*damaged/);
    expect(() => broken.commit(openingBatch(2, incident('a')))).toThrow(/^store-write: .*damaged/);
    broken.close();
  });

  it('knows nothing of files in memory', () => {
    const store = storeWith(openingBatch(1, incident('a')));
    expect(openStore(':memory:', { lock: true }).remember().nextSeq).toBe(1);
    expect(store.remember().nextSeq).toBe(2);
  });
});

describe('one daemon per state directory', () => {
  it('locks out a second one until the first is gone', () => {
    const path = newPath();
    const daemon = openStore(path, { lock: true });
    const second = refusal(path, { lock: true });
    expect(second.code).toBe('store-locked');
    expect(second.message).toMatch(/another daemon runs on .*originwatch\.sqlite/);
    daemon.commit(openingBatch(1, incident('a')));
    daemon.close();
    openStore(path, { lock: true }).close();
  });

  it('lets go when it could not open', () => {
    const path = newPath();
    openStore(path, { lock: true }).close();
    change(path, 'PRAGMA user_version = 99');
    refusal(path, { lock: true });
    change(path, `PRAGMA user_version = ${MIGRATIONS.length}`);
    openStore(path, { lock: true }).close();
  });

  it('frees the directory when the daemon is killed', async () => {
    const path = newPath();
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', fileURLToPath(new URL('lock-child.ts', import.meta.url)), path],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(child.stdout, 'data');
    expect(refusal(path, { lock: true }).code).toBe('store-locked');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = openStore(path, { lock: true });
    expect(store.archive.lastSeq()).toBe(1);
    store.close();
  });
});

describe('a store opened for reading', () => {
  it('sees each commit of the daemon beside it and writes nothing', () => {
    const path = newPath();
    const daemon = openStore(path, { lock: true });
    const reader = openStore(path, { lock: false, readOnly: true });
    expect(reader.archive.lastSeq()).toBe(0);
    daemon.commit(openingBatch(1, incident('a')));
    expect(reader.archive.incident('a')).toEqual(incident('a'));
    expect(() => reader.commit(openingBatch(2, incident('b')))).toThrow(/^store-write/);
    expect(() => reader.check(0)).toThrow(OperationalError);
    reader.close();
    daemon.commit(openingBatch(2, incident('b', { openedAt: at(2) })));
    daemon.close();
  });

  it('opens a database of a daemon that is not running', () => {
    const path = newPath();
    openStore(path, { lock: true }).close();
    openStore(path, { lock: false, readOnly: true }).close();
  });

  it('makes nothing that is not there', () => {
    const path = newPath();
    expect(refusal(path, { lock: false, readOnly: true }).code).toBe('store-open');
    expect(existsSync(dirname(path))).toBe(false);
  });

  it('does not bring an older schema along', () => {
    const path = pathWith((file) => change(file, 'PRAGMA user_version = 0'));
    expect(refusal(path, { lock: false, readOnly: true }).message).toMatch(/start the daemon once/);
  });
});
