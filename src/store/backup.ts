/**
 * Copies of the database, and the way back. A copy is made page by page beside a daemon that writes, and is whole before it
 * has its name. What is restored is looked through first, and what it replaces is kept.
 */
import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { OperationalError } from '../engine/errors.ts';
import { Connection, makeDirectoryOf, translate } from './connection.ts';
import { takeLock } from './lock.ts';
import { migrate } from './migrate.ts';

/** How far a database got. */
export interface Extent {
  readonly lastSeq: number;
  /** Changes that people made. */
  readonly changes: number;
  /** When it was last written, ms; 0: not known. */
  readonly writtenMs: number;
}

/** Writes a copy of the database at `path` to `file`, which must not be there. Returns its size and its last alert. */
export async function backUp(path: string, file: string): Promise<{ bytes: number; lastSeq: number }> {
  if (existsSync(file)) {
    throw new OperationalError(
      'output-unwritable',
      `${file} is there already; name another file, or remove it`,
    );
  }
  if (!existsSync(dirname(file)))
    throw new OperationalError('output-unwritable', `${dirname(file)} is not there; make it first`);
  const draft = `${file}.${process.pid}.new`;
  const connection = Connection.open(path, { readOnly: true });
  try {
    await connection.copyTo(draft);
    inOneFile(draft);
    const { lastSeq } = examined(draft);
    translate('output-unwritable', `${file} cannot be written`, () => renameSync(draft, file));
    return { bytes: statSync(file).size, lastSeq };
  } catch (error) {
    rmSync(draft, { force: true });
    return translate('output-unwritable', `${file} cannot be written`, () => {
      throw error;
    });
  } finally {
    connection.close();
  }
}

/**
 * Puts the copy `file` in the place of the database at `path`. Throws `store-locked` while a daemon runs, `store-newer` for
 * a copy of a newer program, and `store-write` when what stands there went further than the copy.
 */
export async function restore(
  file: string,
  path: string,
): Promise<{ lastSeq: number; keptAs: string | null }> {
  if (!existsSync(file)) throw new OperationalError('input-unreadable', `${file} is not there`);
  const copy = examined(file);
  makeDirectoryOf(path);
  const unlock = takeLock(path);
  try {
    const present = presentAt(path);
    if (present !== undefined && isNewer(present, copy)) {
      const detail = `${path} is newer (alerts up to ${present.lastSeq}, the copy has them up to ${copy.lastSeq}); move it away if it is to go`;
      throw new OperationalError('store-write', detail);
    }
    const draft = `${path}.${process.pid}.new`;
    await copied(file, draft);
    const keptAs = setAside(path);
    renameSync(draft, path);
    return { lastSeq: copy.lastSeq, keptAs };
  } finally {
    unlock();
  }
}

/** A copy needs no log beside it. */
function inOneFile(draft: string): void {
  const connection = Connection.open(draft, { readOnly: false });
  try {
    connection.exec('PRAGMA journal_mode = DELETE');
  } finally {
    connection.close();
  }
}

async function copied(file: string, draft: string): Promise<void> {
  const connection = Connection.open(file, { readOnly: true });
  try {
    await connection.copyTo(draft);
  } finally {
    connection.close();
  }
}

/** Throws what keeps a file from being one of our databases, whole and not too new. */
export function examined(file: string): Extent {
  const connection = Connection.open(file, { readOnly: true });
  try {
    if (Number(connection.reading(() => connection.pragma('user_version'), 'store-open')) === 0)
      throw new OperationalError('store-open', `${file} holds no database of ours`);
    migrateless(connection);
    const found = String(connection.reading(() => connection.pragma('quick_check(1)'), 'store-open'));
    if (found !== 'ok')
      throw new OperationalError('store-open', `${file} is damaged: ${found.slice(0, 200)}`);
    return extentOf(connection);
  } finally {
    connection.close();
  }
}

/** A copy of an older schema is fine: the next start brings it along. */
function migrateless(connection: Connection): void {
  try {
    migrate(connection);
  } catch (error) {
    const isOld = error instanceof OperationalError && error.message.includes('start the daemon once');
    if (!isOld) throw error;
  }
}

function extentOf(connection: Connection): Extent {
  const seq =
    connection.get<{ seq: number }>(`SELECT seq FROM sqlite_sequence WHERE name = 'alert'`)?.seq ?? 0;
  const alive = connection.get<{ value: string }>(`SELECT value FROM memory WHERE key = 'alive'`)?.value;
  const changes =
    connection.get<{ number: number | null }>('SELECT max(number) AS number FROM audit')?.number ?? 0;
  return { lastSeq: seq, changes, writtenMs: Number(alive ?? 0) };
}

/** Undefined where nothing is to be lost: no file, an empty one, one that is no database or damaged. */
function presentAt(path: string): Extent | undefined {
  if (!existsSync(path) || statSync(path).size === 0) return undefined;
  try {
    return examined(path);
  } catch (error) {
    if (error instanceof OperationalError && error.code === 'store-newer') throw error;
    return undefined;
  }
}

/** Somebody was told of something, or changed something, that the copy does not have. */
function isNewer(present: Extent, copy: Extent): boolean {
  return present.lastSeq > copy.lastSeq || present.changes > copy.changes;
}

/** Renames the database and its log; returns the new name. */
function setAside(path: string): string | null {
  if (!existsSync(path)) return null;
  const aside = `${path}.before-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}
