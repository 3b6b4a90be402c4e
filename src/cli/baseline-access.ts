/**
 * The baseline from the command line: read from the database, also beside a running daemon; changed in the database
 * while no daemon runs, through the daemon's API while one does. The lock of the store decides which it is.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { neighborOf, originsOf } from '../bgp/as-path.ts';
import type { Prefix } from '../bgp/prefix.ts';
import type { Settings } from '../config/settings.ts';
import { stateDirectoryOf } from '../daemon/state-directory.ts';
import { OperationalError } from '../engine/errors.ts';
import { baselineRowOf, keptRowOf, memoryOf } from '../engine/learner.ts';
import type { Author, BaselineRow, Batch } from '../engine/ports.ts';
import { storedRoutes } from '../engine/stored-routes.ts';
import { isoTime } from '../incident/alert.ts';
import { Baseline } from '../judge/baseline.ts';
import { DATABASE_FILE, openStore, type SqliteStore } from '../store/store.ts';
import { apiClientOf } from './api-client.ts';
import { fullLine } from './baseline-lines.ts';

type Environment = Readonly<Record<string, string | undefined>>;

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
  private readonly settings: Settings;
  private readonly env: Environment;
  private readonly path: string;

  constructor(settings: Settings, env: Environment) {
    this.settings = settings;
    this.env = env;
    this.path = join(stateDirectoryOf(settings, env), DATABASE_FILE);
  }

  /** Every row in the order of routing tables; undefined when there is no database yet. */
  rows(): readonly BaselineRow[] | undefined {
    if (!existsSync(this.path)) return undefined;
    const store = openStore(this.path, { lock: false, readOnly: true });
    try {
      return store.archive.baseline();
    } finally {
      store.close();
    }
  }

  get databasePath(): string {
    return this.path;
  }

  /** All of them, or none. */
  async importRows(rows: readonly BaselineRow[], author: Author): Promise<void> {
    await this.change(
      (store) => {
        store.commit({
          ...NOTHING,
          baseline: rows,
          audit: [audited(author, 'baseline.import', `${rows.length} rows`)],
        });
      },
      async () => {
        const query = { by: author.by, ...(author.note !== '' && { note: author.note }) };
        const lines = rows.map(fullLine).join('\n');
        await apiClientOf(this.settings, this.env).postLines('/api/v1/baseline/import', query, lines);
      },
    );
  }

  decide(prefix: Prefix, origin: number, isAccepted: boolean, author: Author): Promise<BaselineRow> {
    const verb = isAccepted ? 'accept' : 'reject';
    return this.change(
      (store) => decideInStore(store, prefix, origin, isAccepted, author),
      () =>
        apiClientOf(this.settings, this.env).post(`/api/v1/baseline/${verb}`, {
          prefix: prefix.text,
          origin,
          ...author,
        }),
    );
  }

  private async change<T>(inStore: (store: SqliteStore) => T, throughDaemon: () => Promise<T>): Promise<T> {
    const store = this.locked();
    if (store === undefined) return throughDaemon();
    try {
      return inStore(store);
    } finally {
      store.close();
    }
  }

  /** Undefined while a daemon holds the lock. */
  private locked(): SqliteStore | undefined {
    try {
      return openStore(this.path, { lock: true });
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
