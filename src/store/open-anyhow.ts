/**
 * Opening the store of a daemon, which watches also where the disk is full, read-only or failing: what is there is
 * read as far as it can be, nothing is written, and `comeBack` of the store finds the way to the file later.
 */
import { readFileSync, statSync } from 'node:fs';
import { OperationalError } from '../engine/errors.ts';
import { Connection } from './connection.ts';
import { takeLock } from './lock.ts';
import { migrate } from './migrate.ts';
import { openStore, SqliteStore, type StoreOptions } from './store.ts';

export interface Opened {
  readonly store: SqliteStore;
  /** Why it cannot be written for now; undefined when it can. */
  readonly trouble: OperationalError | undefined;
}

/** Larger ones are not copied into memory: then the daemon ends with the reason, as systemd's next start may find it gone. */
const COPY_BYTES_MAX = 512 * 1024 * 1024;

/** As `openStore`, which see for the errors; those that may pass by themselves are no reason not to watch. */
export function openAsFarAsPossible(path: string, options: StoreOptions): Opened {
  try {
    return { store: openStore(path, options), trouble: undefined };
  } catch (error) {
    if (!(error instanceof OperationalError) || !error.retryable || isBusy(error)) throw error;
    const connection = standIn(path, error);
    const trouble = new OperationalError('store-write', error.detail, { cause: error, retryable: true });
    return {
      store: new SqliteStore(connection, lockIfPossible(path, options), options, {
        error: trouble,
        isGone: false,
      }),
      trouble,
    };
  }
}

/** Somebody has the whole file: what it holds cannot be known, and to watch without it would alert anew. */
function isBusy({ cause }: OperationalError): boolean {
  return cause instanceof Error && 'code' in cause && /^SQLITE_(BUSY|LOCKED)/.test(String(cause.code));
}

/** A lock needs no room, but may need a file: without it two daemons that can write nothing harm nobody. */
function lockIfPossible(path: string, options: StoreOptions): () => void {
  if (!options.lock) return () => {};
  try {
    return takeLock(path);
  } catch (error) {
    if (error instanceof OperationalError && error.code === 'store-locked') throw error;
    return () => {};
  }
}

/** In memory, at the present schema. With its log where it can be read by ourselves alone, else as the file stands. */
function standIn(path: string, why: OperationalError): Connection {
  const content = contentOf(path, why);
  const connection = Connection.standIn(path, content);
  try {
    migrate(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function contentOf(path: string, why: OperationalError): Buffer | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return undefined;
  if (size > COPY_BYTES_MAX) throw why;
  try {
    const alone = Connection.open(path, { readOnly: false, isAlone: true });
    try {
      return alone.serialized();
    } finally {
      alone.close();
    }
  } catch {
    return readFileSync(path);
  }
}
