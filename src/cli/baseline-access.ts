/**
 * The baseline from the command line: read from the database, also beside a running daemon; changed in the database
 * while no daemon runs, through the daemon's API while one does. The lock of the store decides which it is.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { neighborOf, originsOf } from '../bgp/as-path.ts';
import type { Prefix } from '../bgp/prefix.ts';
import { OperationalError } from '../engine/errors.ts';
import { baselineRowOf, keptRowOf, memoryOf } from '../engine/learner.ts';
import type { Author, BaselineRow, Batch } from '../engine/ports.ts';
import { storedRoutes } from '../engine/stored-routes.ts';
import { isoTime } from '../incident/alert.ts';
import { Baseline } from '../judge/baseline.ts';
import { DATABASE_FILE, openStore, type SqliteStore } from '../store/store.ts';
import { type ApiClient, apiClientAt, runningClient } from './api-client.ts';
import { fullLine } from './baseline-lines.ts';
import { type Place, type PlaceOptions, placeOf } from './place.ts';

const NOTHING: Batch = {
  routes: { segment: undefined, dropped: [], replacesTable: false },
  baseline: [],
  baselineRemoved: [],
  incidents: [],
  incidentsForgotten: [],
  alerts: [],
  outbox: [],
  raw: [],
  silences: [],
  silencesRemoved: [],
  audit: [],
  memory: [],
};

export class BaselineAccess {
  readonly place: Place;
  readonly databasePath: string;
  /** The daemon to ask: the one found, or the one that answers where this configuration listens. */
  private readonly client: ApiClient | undefined;
  /** What was changed without a daemon; undefined: nothing, or through the daemon. */
  changedAlone: string | undefined;

  private constructor(place: Place, client: ApiClient | undefined) {
    this.place = place;
    this.client = client;
    this.databasePath = join(place.directory, DATABASE_FILE);
  }

  static async of(options: PlaceOptions): Promise<BaselineAccess> {
    const place = await placeOf(options, process.env);
    return new BaselineAccess(place, await runningClient(place));
  }

  /** The running daemon, if there is one. */
  get daemon(): ApiClient | undefined {
    return this.client;
  }

  /** Every row in the order of routing tables; undefined when there is neither a daemon nor a database. */
  async rows(): Promise<readonly BaselineRow[] | undefined> {
    const isElsewhere = this.client !== undefined && this.place.daemon === undefined;
    if (!isElsewhere && existsSync(this.databasePath)) return this.stored();
    const answer = await this.client?.get<{ baseline: readonly BaselineRow[] }>('/api/v1/baseline');
    return answer?.baseline;
  }

  private stored(): readonly BaselineRow[] {
    const store = openStore(this.databasePath, { lock: false, readOnly: true });
    try {
      return store.archive.baseline();
    } finally {
      store.close();
    }
  }

  /** All of them, or none. A database that is not there yet is made. */
  async importRows(rows: readonly BaselineRow[], author: Author): Promise<void> {
    await this.change(
      (store) => {
        store.commit({
          ...NOTHING,
          baseline: rows,
          audit: [audited(author, 'baseline.import', `${rows.length} rows`)],
        });
      },
      async (client) => {
        const query = { by: author.by, ...(author.note !== '' && { note: author.note }) };
        const lines = rows.map(fullLine).join('\n');
        await client.postLines('/api/v1/baseline/import', query, lines);
      },
    );
  }

  decide(prefix: Prefix, origin: number, isAccepted: boolean, author: Author): Promise<BaselineRow> {
    const verb = isAccepted ? 'accept' : 'reject';
    this.refuseNowhere();
    return this.change(
      (store) => decideInStore(store, prefix, origin, isAccepted, author),
      (client) => client.post(`/api/v1/baseline/${verb}`, { prefix: prefix.text, origin, ...author }),
    );
  }

  /** `origin` undefined: every one of the prefix. Resolves with how many there were. */
  async forget(prefix: Prefix, origin: number | undefined, author: Author): Promise<number> {
    this.refuseNowhere();
    const { forgotten } = await this.change(
      (store) => forgetInStore(store, prefix, origin, author),
      (client) =>
        client.post<{ forgotten: number }>('/api/v1/baseline/forget', {
          prefix: prefix.text,
          ...(origin !== undefined && { origin }),
          ...author,
        }),
    );
    return forgotten;
  }

  /** A decision in a database that nobody named and that is not there would reach no daemon. */
  private refuseNowhere(): void {
    if (this.client !== undefined || this.place.by !== 'guess' || existsSync(this.databasePath)) return;
    throw new OperationalError(
      'daemon-unreachable',
      `no daemon runs, and there is no ${this.databasePath}: nothing was changed; name the state directory with --state DIR`,
      { retryable: true },
    );
  }

  private async change<T>(
    inStore: (store: SqliteStore) => T,
    throughDaemon: (client: ApiClient) => Promise<T>,
  ): Promise<T> {
    if (this.client !== undefined) return throughDaemon(this.client);
    const store = this.locked();
    // Somebody holds the database who does not answer: the attempt says so.
    if (store === undefined) return throughDaemon(apiClientAt(this.place));
    try {
      const result = inStore(store);
      this.changedAlone = this.databasePath;
      return result;
    } finally {
      store.close();
    }
  }

  /** Undefined while a daemon holds the lock. */
  private locked(): SqliteStore | undefined {
    try {
      return openStore(this.databasePath, { lock: true });
    } catch (error) {
      if (error instanceof OperationalError && error.code === 'store-locked') return undefined;
      throw error;
    }
  }
}

function audited(author: Author, action: string, subject: string): Batch['audit'][number] {
  return { at: isoTime(Date.now()), who: author.by, action, subject, note: author.note };
}

/** As the engine decides it: an accepted origin comes with the neighbours that the watched RIB shows. */
function decideInStore(
  store: SqliteStore,
  prefix: Prefix,
  origin: number,
  isAccepted: boolean,
  author: Author,
): BaselineRow {
  const remembered = store.remember();
  const baseline = new Baseline({ learnPeers: 1, learnAfterMs: 0 });
  for (const row of remembered.baseline) {
    if (row.prefix !== prefix.text || row.origin !== origin) continue;
    const memory = memoryOf(row, row.candidates ?? '');
    if (memory !== undefined) baseline.put(memory, false);
  }
  const neighbors = new Set<number>();
  if (isAccepted) {
    for (const { path } of storedRoutes(remembered, prefix)) {
      const neighbor = originsOf(path).includes(origin) ? neighborOf(path) : undefined;
      if (neighbor !== undefined) neighbors.add(neighbor);
    }
  }
  const decision = { accepted: isAccepted, by: author.by, note: author.note, neighbors: [...neighbors] };
  const memory = baseline.decide(prefix, origin, decision, Date.now());
  store.commit({
    ...NOTHING,
    baseline: [keptRowOf(memory)],
    audit: [
      audited(author, isAccepted ? 'baseline.accept' : 'baseline.reject', `${prefix.text} AS${origin}`),
    ],
  });
  return baselineRowOf(memory);
}

function forgetInStore(
  store: SqliteStore,
  prefix: Prefix,
  origin: number | undefined,
  author: Author,
): { forgotten: number } {
  const rows = store.archive
    .baseline()
    .filter((row) => row.prefix === prefix.text && (origin === undefined || row.origin === origin));
  if (rows.length === 0)
    throw new OperationalError('daemon-refused', 'the baseline knows no such origin of this prefix');
  const subject = `${prefix.text} ${rows.map((row) => `AS${row.origin}`).join(' ')}`;
  store.commit({
    ...NOTHING,
    baselineRemoved: rows.map((row) => ({ prefix: row.prefix, origin: row.origin })),
    audit: [audited(author, 'baseline.forget', subject)],
  });
  return { forgotten: rows.length };
}
