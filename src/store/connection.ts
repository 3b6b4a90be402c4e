/**
 * One connection to SQLite: how it is opened, how statements are prepared once, how a transaction runs, and how a
 * failing disk becomes an `OperationalError`. Everything else in this room goes through it.
 *
 * WAL with `synchronous = FULL`: an alert that went out must not be taken back by a power cut, else its number
 * would be given to another alert. One sync a transaction (about 0.2 ms on a solid-state disk) is paid per batch,
 * not per message, and not at all for what may be lost: the next sync covers it (decisions 0003, 0030).
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { type ErrorCode, OperationalError } from '../engine/errors.ts';

/** How long a statement waits for a lock that a shell or a backup holds, where nobody else waits for us. */
const BUSY_TIMEOUT_MS = 5_000;
/** The write-ahead log is cut back to this after a burst. */
const WAL_BYTES_MAX = 64 * 1024 * 1024;
const PAGE_BYTES = 4_096;
/**
 * Pages of the log from which on `checkpoint` copies them into the file. Most commits write the same pages again,
 * so the more stand in the log, the less there is to copy in all.
 */
const CHECKPOINT_PAGES = 4_000;

export type Value = string | number | Buffer | null;

export interface ConnectionOptions {
  readonly readOnly: boolean;
  /** A read-only disk or a full one: no shared memory is made beside the file, and nobody else can open it. */
  readonly isAlone?: boolean;
  /** Called with each statement before it runs; what it throws, the statement throws. For tests of failure. */
  readonly trace?: ((sql: string) => void) | undefined;
}

export class Connection {
  readonly path: string;
  readonly readOnly: boolean;
  private database: Database.Database;
  private readonly statements = new Map<string, Database.Statement<unknown[]>>();
  private readonly tupleStatements = new Map<string, Database.Statement<unknown[]>>();
  private transaction: Database.Transaction<(work: () => void) => void>;
  private place: FilePlace | undefined;
  /** Why nothing may be written, whatever SQLite says; undefined: it may. */
  barredBy: OperationalError | undefined;
  private readonly rollbackListeners: (() => void)[] = [];
  /** How the file is written now: `synchronous` of the last transaction. */
  private isSyncing = true;

  private constructor(path: string, database: Database.Database, readOnly: boolean) {
    this.path = path;
    this.database = database;
    this.readOnly = readOnly;
    this.transaction = database.transaction((work: () => void) => work());
    this.place = placeOf(path);
  }

  /** Opens or creates the file (read-only: it must exist) and sets what holds for the connection; changes nothing in it. */
  static open(path: string, options: ConnectionOptions): Connection {
    const { readOnly, trace } = options;
    return translate('store-open', `${path} cannot be opened`, () => {
      const verbose = trace === undefined ? {} : { verbose: (sql?: unknown) => trace(String(sql)) };
      const database = new Database(path, { readonly: readOnly, timeout: BUSY_TIMEOUT_MS, ...verbose });
      try {
        if (options.isAlone === true) database.pragma('locking_mode = EXCLUSIVE');
        database.pragma('foreign_keys = ON');
        database.pragma('trusted_schema = OFF');
        database.pragma('temp_store = MEMORY');
      } catch (error) {
        database.close();
        throw error;
      }
      return new Connection(path, database, readOnly);
    });
  }

  /**
   * Stands in for a file that can be neither written nor shared: a copy of it in memory as it is without its log, or
   * nothing where there is no file. For reading; `takeOver` ends it.
   */
  static standIn(path: string, content: Buffer | undefined): Connection {
    return translate('store-open', `${path} cannot be read`, () => {
      const database = new Database(content === undefined ? ':memory:' : withoutLog(content));
      return new Connection(path, database, false);
    });
  }

  /**
   * Sets how the file is written; once it is known to be ours, for the file itself changes. `auto_vacuum` counts
   * only before the first page is written, so it stands before the change to WAL.
   */
  prepareToWrite(): void {
    translate('store-open', `${this.path} cannot be written`, () => {
      this.database.pragma('auto_vacuum = INCREMENTAL');
      this.database.pragma('journal_mode = WAL');
      this.database.pragma('synchronous = FULL');
      this.database.pragma(`journal_size_limit = ${WAL_BYTES_MAX}`);
      // Within a commit only where nobody calls `checkpoint`.
      this.database.pragma(`wal_autocheckpoint = ${WAL_BYTES_MAX / PAGE_BYTES}`);
    });
  }

  /** From here on a statement waits this long for somebody else's lock, ms. */
  waitAtMost(ms: number): void {
    this.database.pragma(`busy_timeout = ${Math.floor(ms)}`);
  }

  /** The file that is open still stands at its path: not removed, moved or replaced. */
  get isInPlace(): boolean {
    if (this.place === undefined) return true;
    const now = placeOf(this.path);
    return now !== undefined && now.device === this.place.device && now.file === this.place.file;
  }

  /** Goes on with the database of another connection to the same path; that one is not to be used any more. */
  takeOver(other: Connection): void {
    const before = this.database;
    this.database = other.database;
    this.transaction = other.transaction;
    this.place = other.place;
    this.isSyncing = other.isSyncing;
    this.statements.clear();
    this.tupleStatements.clear();
    for (const listener of this.rollbackListeners) listener();
    before.close();
  }

  /** Copies all of it into a new file, some pages a turn of the event loop; commits in between are in the copy. */
  async copyTo(path: string): Promise<void> {
    await this.database.backup(path);
  }

  /** The whole database, its log included, as the bytes of a file. */
  serialized(): Buffer {
    return this.database.serialize();
  }

  /** Runs DDL as it stands; not for statements that come again. */
  exec(sql: string): void {
    this.database.exec(sql);
  }

  /** The single value of a pragma. */
  pragma(name: string): unknown {
    return this.database.pragma(name, { simple: true });
  }

  run(sql: string, ...values: Value[]): number {
    return this.statement(sql).run(...values).changes;
  }

  get<Row>(sql: string, ...values: Value[]): Row | undefined {
    return this.statement(sql).get(...values) as Row | undefined;
  }

  all<Row>(sql: string, ...values: Value[]): Row[] {
    return this.statement(sql).all(...values) as Row[];
  }

  /** Rows as arrays of their columns: half the price where there are many. */
  tuples<Row extends readonly Value[]>(sql: string, ...values: Value[]): Row[] {
    let statement = this.tupleStatements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare<unknown[]>(sql).raw();
      this.tupleStatements.set(sql, statement);
    }
    return statement.all(...values) as unknown[] as Row[];
  }

  /** The SQL texts are a closed list, so the map is bounded. */
  private statement(sql: string): Database.Statement<unknown[]> {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare<unknown[]>(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }

  reading<Result>(work: () => Result, code: ErrorCode = 'store-read'): Result {
    return translate(code, `${this.path} cannot be read`, work);
  }

  /** One transaction: all of `work`, or nothing of it. Not to be nested. On disk when it returns. */
  writing<Result>(work: () => Result, code: ErrorCode = 'store-write'): Result {
    return this.transacted(true, work, code);
  }

  /** As `writing`; a power cut may take back the last of these, in order. The end of the process does not. */
  writingSoon<Result>(work: () => Result): Result {
    return this.transacted(false, work, 'store-write');
  }

  private transacted<Result>(syncs: boolean, work: () => Result, code: ErrorCode): Result {
    return translate(code, `${this.path} cannot be written`, () => {
      if (this.barredBy !== undefined) throw this.barredBy;
      this.setSyncing(syncs);
      let result: { readonly value: Result } | undefined;
      try {
        this.transaction.immediate(() => {
          result = { value: work() };
        });
      } catch (error) {
        for (const listener of this.rollbackListeners) listener();
        throw error;
      }
      if (result === undefined) throw new Error('a transaction ended without a result');
      return result.value;
    });
  }

  private setSyncing(syncs: boolean): void {
    if (syncs === this.isSyncing || this.readOnly) return;
    this.database.exec(`PRAGMA synchronous = ${syncs ? 'FULL' : 'NORMAL'}`);
    this.isSyncing = syncs;
  }

  /**
   * Copies the log into the file once it is long enough to be worth it. Takes some ten milliseconds then, so it is
   * called where nobody waits for a commit. Readers are not waited for. A failure loses nothing: what is in the log
   * stays there, and a disk that takes no more is told of by the next commit. Returns the pages copied.
   */
  checkpoint(): number {
    try {
      const log = this.walState('NOOP');
      if (log.pages - log.copied < CHECKPOINT_PAGES) return 0;
      return this.walState('PASSIVE').copied - log.copied;
    } catch {
      return 0;
    }
  }

  /** Pages of the log, and those of them that stand in the file. */
  private walState(mode: 'NOOP' | 'PASSIVE'): { readonly pages: number; readonly copied: number } {
    const sql = `PRAGMA wal_checkpoint(${mode})`;
    const [, pages, copied] = this.tuples<[number, number, number]>(sql)[0] ?? [0, 0, 0];
    return { pages, copied };
  }

  /** Told when a transaction was taken back: whoever remembers rows outside of SQLite forgets them. */
  onRollback(listener: () => void): void {
    this.rollbackListeners.push(listener);
  }

  close(): void {
    this.database.close();
  }
}

/** Bytes 18 and 19 of the header say that a log belongs to the file; in memory there is none (SQLite file format §1.3.3). */
function withoutLog(content: Buffer): Buffer {
  const copy = Buffer.from(content);
  copy[18] = copy[19] = 1;
  return copy;
}

interface FilePlace {
  readonly device: number;
  readonly file: number;
}

/** Undefined where no file stands, and for a database in memory. */
function placeOf(path: string): FilePlace | undefined {
  try {
    const found = path === ':memory:' ? undefined : statSync(path, { throwIfNoEntry: false });
    return found === undefined ? undefined : { device: found.dev, file: found.ino };
  } catch {
    return undefined;
  }
}

/** Makes the directory of a database file. */
export function makeDirectoryOf(path: string): void {
  translate('store-open', `${dirname(path)} cannot be made`, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
  });
}

/** What may pass without anybody touching the database: another's lock, a full, read-only or failing disk. */
const RETRYABLE =
  /^(SQLITE_(BUSY|LOCKED|FULL|IOERR|NOMEM|READONLY|CANTOPEN|PROTOCOL)|ENOSPC|EROFS|EIO|EDQUOT|EMFILE|ENFILE)/;
const DAMAGED = /^SQLITE_(CORRUPT|NOTADB)/;

/** Errors of SQLite and of the file system become operational ones; our own stay what they are. */
export function translate<Result>(code: ErrorCode, what: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const known = codeOf(error);
    if (error instanceof OperationalError || known === undefined) throw error;
    const hint = DAMAGED.test(known)
      ? '; it is damaged or no database: move it away, or put a backup in its place'
      : '';
    const reason = error instanceof Error ? error.message : known;
    throw new OperationalError(code, `${what}: ${reason}${hint}`, {
      cause: error,
      retryable: RETRYABLE.test(known),
    });
  }
}

/** `SQLITE_…`, `EACCES` and the like; the missing file of a read-only database has neither. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string' && !error.code.startsWith('ERR_')) return error.code;
  return error.message.startsWith('Cannot open database') ? 'SQLITE_CANTOPEN' : undefined;
}
