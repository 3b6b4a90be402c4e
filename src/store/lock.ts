/**
 * One daemon per state directory. The lock is SQLite's own exclusive lock on a file beside the database: the
 * operating system drops it when the process ends, however it ends, so there is nothing stale to clean up.
 * A file of its own, because an exclusive lock on the database would shut out the commands that only read.
 */
import Database from 'better-sqlite3';
import { OperationalError } from '../engine/errors.ts';
import { translate } from './connection.ts';

/** Returns the way to let go. Throws `store-locked` at once when somebody else holds it; never waits. */
export function takeLock(databasePath: string): () => void {
  const path = `${databasePath}.lock`;
  return translate('store-open', `${path} cannot be opened`, () => {
    const lock = new Database(path, { timeout: 0 });
    try {
      lock.pragma('journal_mode = MEMORY');
      lock.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      lock.close();
      if (error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')) {
        throw new OperationalError('store-locked', `another daemon runs on ${databasePath}`, {
          cause: error,
        });
      }
      throw error;
    }
    return () => {
      lock.close();
    };
  });
}
