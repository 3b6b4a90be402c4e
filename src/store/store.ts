/**
 * The store: the one place where state is kept (SQLite), behind the contracts of `engine/ports.ts`. The driver
 * writes what a batch of inputs changed, all of it or nothing; delivery reads its outbox; the API reads the archive.
 *
 * Reading order of this room: this file, `migrations/0001-first.ts` (what is kept), then one file per table.
 */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { OperationalError } from '../engine/errors.ts';
import type { Batch, RawEvidence, Remembered, Store } from '../engine/ports.ts';
import { AlertTable } from './alert-table.ts';
import { SqliteArchive, type Tables } from './archive.ts';
import { BaselineTable } from './baseline-table.ts';
import { ChainTable } from './chain-table.ts';
import { Connection, makeDirectoryOf, translate } from './connection.ts';
import { CoverageTable } from './coverage-table.ts';
import { IncidentTable } from './incident-table.ts';
import { takeLock } from './lock.ts';
import { migrate } from './migrate.ts';
import { NotesTables } from './notes-tables.ts';
import { OutboxTable } from './outbox-table.ts';
import { type Pruned, prune, RETENTION, type Retention } from './prune.ts';
import { RibTable } from './rib-table.ts';
import { RouteSegments } from './route-segments.ts';

/** Name of the database in the state directory. */
export const DATABASE_FILE = 'originwatch.sqlite';

export interface StoreOptions {
  /** Be the only one that writes, until `close` or the end of the process; else throws `store-locked`. */
  readonly lock: boolean;
  /** For commands beside a running daemon: nothing is created, migrated or written. */
  readonly readOnly?: boolean;
  /** Called with the lock in hand, before the file is opened. */
  readonly beforeOpening?: () => void;
  /** How long a write waits for somebody else's lock, ms; default: as long as a command may. */
  readonly waitMs?: number;
  /** What to keep; see `RETENTION`. */
  readonly retention?: Partial<Retention>;
  /** Called with each SQL statement before it runs; what it throws, the statement throws. For tests of failure. */
  readonly trace?: (sql: string) => void;
}

/**
 * Opens or creates a database and brings it to the present schema. `:memory:` is for replay and tests.
 * Throws `OperationalError`: `store-open`, `store-locked`, `store-newer`.
 */
export function openStore(path: string, options: StoreOptions): SqliteStore {
  const readOnly = options.readOnly ?? false;
  const isFile = path !== ':memory:';
  if (isFile && !readOnly) makeDirectoryOf(path);
  const unlock = options.lock && isFile ? takeLock(path) : () => {};
  try {
    options.beforeOpening?.();
    return new SqliteStore(openConnection(path, options), unlock, options);
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Opened, brought to the present schema, and patient as it is asked to be. */
function openConnection(path: string, options: StoreOptions): Connection {
  const connection = Connection.open(path, { readOnly: options.readOnly ?? false, trace: options.trace });
  try {
    migrate(connection);
    if (options.waitMs !== undefined) connection.waitAtMost(options.waitMs);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

export class SqliteStore implements Store {
  readonly path: string;
  readonly archive: SqliteArchive;
  readonly outbox: OutboxTable;
  readonly coverage: CoverageTable;
  private readonly connection: Connection;
  private unlock: () => void;
  private readonly options: StoreOptions;
  private readonly retention: Retention;
  private readonly ribTable: RibTable;
  private readonly segments: RouteSegments;
  private readonly tables: Tables;
  private isOpen = true;
  /** The file at the path is not the one that is open. */
  private away: Away | undefined;

  /** For `openStore` and `openAsFarAsPossible`. */
  constructor(connection: Connection, unlock: () => void, options: StoreOptions, away?: Away) {
    this.path = connection.path;
    this.connection = connection;
    this.unlock = unlock;
    this.options = options;
    this.retention = { ...RETENTION, ...options.retention };
    if (away !== undefined) this.goAway(away);
    const incidents = new IncidentTable(connection);
    this.coverage = new CoverageTable(connection);
    this.outbox = new OutboxTable(connection, incidents);
    const chain = new ChainTable(connection);
    this.tables = {
      incidents,
      alerts: new AlertTable(connection, incidents, chain),
      baseline: new BaselineTable(connection),
      coverage: this.coverage,
      notes: new NotesTables(connection, chain),
      outbox: this.outbox,
      chain,
    };
    this.ribTable = new RibTable(connection);
    this.segments = new RouteSegments(connection);
    this.archive = new SqliteArchive(connection, this.tables);
  }

  /**
   * What the engine starts from. Routes, baseline and incidents are read page by page while they are iterated (and
   * again from the start when iterated again): nothing is held that the engine does not keep. Incidents are those
   * that no batch has named in `incidentsForgotten`.
   */
  remember(): Remembered {
    const { ribTable, segments, tables } = this;
    return {
      ...this.connection.reading(() => ({
        nextSeq: tables.alerts.lastSeq() + 1,
        silences: tables.notes.silences(),
        memory: tables.notes.memory(),
      })),
      segments: { [Symbol.iterator]: () => segments.all() },
      ribTable: { [Symbol.iterator]: () => ribTable.rows() },
      baseline: { [Symbol.iterator]: () => tables.baseline.rows() },
      incidents: { [Symbol.iterator]: () => tables.incidents.remembered() },
    };
  }

  /** One transaction. Removals come before what is put, so that a row named in both stays. */
  commit(batch: Batch): void {
    this.commitAll([batch]);
  }

  /** The same for several at once, in their order. `key`, `value`: a named value that is remembered with them. */
  commitAll(batches: readonly Batch[], note?: { readonly key: string; readonly value: string }): void {
    const write = (): void => {
      for (const batch of batches) {
        this.writeRoutes(batch);
        this.writeIncidents(batch);
        this.writeNotes(batch);
      }
      if (note !== undefined) this.tables.notes.remember(note.key, note.value);
    };
    if (note !== undefined || batches.some(isToldOf)) this.connection.writing(write);
    else this.connection.writingSoon(write);
  }

  /** As `commitAll`, into what stands in for a file that cannot be written: for who reads it meanwhile. */
  rehearse(batches: readonly Batch[]): void {
    this.connection.barredBy = undefined;
    try {
      this.commitAll(batches);
    } finally {
      this.connection.barredBy = this.away?.error;
    }
  }

  /** Throws what keeps the store from being written; else it was written just now. Call about once a second. */
  check(nowMs: number): void {
    if (this.away === undefined && !this.connection.isInPlace) this.goAway(goneFrom(this.path));
    this.connection.writingSoon(() => this.tables.notes.remember('alive', String(Math.floor(nowMs))));
  }

  /**
   * Finds the way back to a file at its path, where there is none that could be written; else nothing happens. Throws
   * what still stands in the way. A file that was removed comes back with all that it held, once its directory is
   * there again; `makesDirectory`: or is made.
   */
  async comeBack(makesDirectory = false): Promise<void> {
    const { away } = this;
    if (away === undefined) return;
    if (away.isGone) await this.putBack(makesDirectory);
    else this.openAnew();
    this.away = undefined;
    this.connection.barredBy = undefined;
  }

  private goAway(away: Away): void {
    this.away = away;
    this.connection.barredBy = away.error;
  }

  private async putBack(makesDirectory: boolean): Promise<void> {
    const { path, connection } = this;
    if (existsSync(path)) throw replacedAt(path);
    if (makesDirectory) makeDirectoryOf(path);
    else if (!existsSync(dirname(path))) throw goneFrom(path).error;
    const draft = `${path}.${process.pid}.new`;
    try {
      await connection.copyTo(draft);
      this.takeLockAgain();
      renameSync(draft, path);
    } catch (error) {
      rmSync(draft, { force: true });
      return translate('store-write', `${path} cannot be put back`, () => {
        throw error;
      });
    }
    connection.takeOver(openConnection(path, this.options));
  }

  private takeLockAgain(): void {
    if (!this.options.lock) return;
    this.unlock();
    this.unlock = () => {};
    this.unlock = takeLock(this.path);
  }

  private openAnew(): void {
    const { path, connection } = this;
    makeDirectoryOf(path);
    this.takeLockAgain();
    connection.takeOver(openConnection(path, this.options));
  }

  /** Keeps the log short, between two commits; call about once a second. Returns the pages copied. */
  checkpoint(): number {
    return this.connection.checkpoint();
  }

  private writeRoutes(batch: Batch): void {
    const { baseline } = this.tables;
    if (batch.routes.replacesTable) this.ribTable.clear();
    this.segments.put(batch.routes);
    for (const { prefix, origin } of batch.baselineRemoved) baseline.remove(prefix, origin);
    for (const row of batch.baseline) baseline.put(row);
  }

  /** Each refers to what stands before it: alerts to incidents, outbox rows to alerts. */
  private writeIncidents(batch: Batch): void {
    const { incidents, alerts } = this.tables;
    for (const record of batch.incidents) incidents.put(record);
    for (const unlisted of batch.unlisted ?? []) incidents.putUnlisted(unlisted);
    alerts.put(batch.alerts);
    for (const row of batch.outbox) this.outbox.put(row);
    for (const [id, evidence] of byIncident(batch.raw)) incidents.putRaw(id, evidence);
    for (const { incidentId, steps } of batch.steps ?? []) incidents.putSteps(incidentId, steps);
    for (const id of batch.incidentsForgotten) incidents.forget(id);
  }

  private writeNotes(batch: Batch): void {
    const { notes } = this.tables;
    for (const id of batch.silencesRemoved) notes.removeSilence(id);
    for (const silence of batch.silences) notes.putSilence(silence);
    for (const row of batch.audit) notes.putAudit(row);
    for (const { key, value } of batch.memory) notes.remember(key, value);
  }

  /** One slice of retention, a few milliseconds; call again soon while `more`. */
  prune(nowMs: number): Pruned {
    const pruned = prune(this.connection, nowMs, this.retention);
    if (pruned.rows > 0) this.tables.incidents.pruned();
    return pruned;
  }

  /** A named value that a batch, or `commitAll`, left. */
  remembered(key: string): string | undefined {
    return this.connection.reading(() => this.tables.notes.remembered(key));
  }

  /** Data that is costly to make from its source, if it was made from the source with this fingerprint. */
  compiled(name: string, fingerprint: string): Buffer | undefined {
    return this.connection.reading(() => this.tables.notes.compiled(name, fingerprint));
  }

  /** Replaces what was compiled under the name. */
  setCompiled(name: string, fingerprint: string, body: Uint8Array): void {
    this.connection.writing(() => this.tables.notes.putCompiled(name, fingerprint, body));
  }

  /** The file is whole and small afterwards, the lock is free. Twice is once. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.connection.close();
    this.unlock();
  }
}

/** Why a store cannot be written, and whether its file is gone from its path (and still open here). */
export interface Away {
  readonly error: OperationalError;
  readonly isGone: boolean;
}

function goneFrom(path: string): Away {
  const detail = `${path} was removed or moved; make its directory again, and what it held is written there`;
  return { error: new OperationalError('store-write', detail, { retryable: true }), isGone: true };
}

function replacedAt(path: string): OperationalError {
  const detail = `another file stands in the place of ${path}; move it away, or restart to go on with it`;
  return new OperationalError('store-write', detail, { retryable: true });
}

/** What nobody was told of only keeps the next start right: after a power cut the feed tells it again. */
function isToldOf(batch: Batch): boolean {
  const { alerts, outbox, incidents, raw, silences, silencesRemoved, audit } = batch;
  return [alerts, outbox, incidents, raw, silences, silencesRemoved, audit].some((rows) => rows.length > 0);
}

function byIncident(raw: Batch['raw']): ReadonlyMap<string, readonly RawEvidence[]> {
  const grouped = new Map<string, RawEvidence[]>();
  for (const { incidentId, evidence } of raw) {
    const list = grouped.get(incidentId);
    if (list === undefined) grouped.set(incidentId, [evidence]);
    else list.push(evidence);
  }
  return grouped;
}
