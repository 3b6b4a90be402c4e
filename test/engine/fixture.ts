/** An engine on a real store, driven input by input: what the daemon does, without its clock and sockets. */
import { parseAsPath } from '../../src/bgp/as-path.ts';
import { type Prefix, prefixOf } from '../../src/bgp/prefix.ts';
import { DEFAULT_DETECTION } from '../../src/config/detection.ts';
import { Driver } from '../../src/daemon/driver.ts';
import type { EngineConfig } from '../../src/engine/config.ts';
import type { Core } from '../../src/engine/core.ts';
import { type Engine, stateOf } from '../../src/engine/engine.ts';
import type { Input, Outcome } from '../../src/engine/input.ts';
import type { Author, BaselineRow, OutboxRow, Published, Silence } from '../../src/engine/ports.ts';
import { restoreEngine } from '../../src/engine/restore.ts';
import type { Alert } from '../../src/incident/alert.ts';
import type { RpkiView } from '../../src/judge/world.ts';
import type { PrefixEntry, WatchEntry } from '../../src/match/watchlist.ts';
import { openStore, type SqliteStore } from '../../src/store/store.ts';

export const T0 = Date.parse('2026-01-01T00:00:00Z');
export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

const BASE = {
  name: '',
  group: 'g',
  services: [],
  tags: [],
  minPeers: 1,
  mitigation: [],
  mustSeeThrough: [],
  mute: [],
  upstreams: undefined,
  path: undefined,
  severity: undefined,
};

export function watch(prefix: string, more: Partial<PrefixEntry> = {}): PrefixEntry {
  const parsed = prefixOf(prefix);
  return {
    ...BASE,
    type: 'prefix',
    prefix: parsed,
    ignore: false,
    origins: undefined,
    maxLength: parsed.length,
    moreSpecifics: 'watch',
    ...more,
  };
}

export function watchAs(asn: number): WatchEntry {
  return { ...BASE, type: 'asn', asn };
}

export function configOf(entries: readonly WatchEntry[], more: Partial<EngineConfig> = {}): EngineConfig {
  return {
    watchlist: { entries },
    knowledge: { siblings: [], topology: [], asNames: new Map(), dropList: new Set() },
    detection: DEFAULT_DETECTION,
    receivers: [{ name: 'noc', minSeverity: 'info' }],
    routes: [],
    ...more,
  };
}

/** A machine that can be stopped dead and started again on the same store. */
export class Machine {
  readonly store: SqliteStore;
  readonly outbox: OutboxRow[] = [];
  readonly published: Published[] = [];
  private readonly feeds: readonly string[];
  private config: EngineConfig;
  engine!: Engine;
  driver: Driver;
  /** What operators do, each at its stamp; not committed. */
  readonly actions = new Actions(this);

  constructor(config: EngineConfig, options: { feeds?: readonly string[]; startMs?: number } = {}) {
    this.store = openStore(':memory:', { lock: false });
    this.config = config;
    this.feeds = options.feeds ?? [];
    this.driver = this.boot(options.startMs ?? T0);
  }

  private boot(nowMs: number): Driver {
    this.engine = restoreEngine(this.config, this.store.remember(), nowMs, this.feeds);
    const driver = new Driver({
      engine: this.engine,
      target: {
        commit: (batch) => {
          this.outbox.push(...batch.outbox);
          this.store.commit(batch);
        },
      },
      onCommitted: (published) => this.published.push(...published),
    });
    driver.commit(true);
    return driver;
  }

  /** The engine's state, to look at. */
  get core(): Core {
    return stateOf(this.engine);
  }

  act<I extends Input>(input: I, atMs: number): Outcome<I> {
    return this.driver.apply(input, atMs);
  }

  rpki(rpki: RpkiView | undefined, atMs: number): void {
    this.act({ type: 'rpki', rpki }, atMs);
  }

  /** Everything that was not committed is gone, as after kill -9. */
  crash(nowMs: number): void {
    this.driver = this.boot(nowMs);
  }

  /** `from`: number of the vantage point; its AS is the first of the path, else 65000 + from. */
  announce(atMs: number, prefixes: string, path: string, from = 1): void {
    this.send(atMs, from, path, prefixes.split(' '), []);
  }

  withdraw(atMs: number, prefixes: string, from = 1): void {
    this.send(atMs, from, '', [], prefixes.split(' '));
  }

  private send(atMs: number, from: number, pathText: string, announced: string[], withdrawn: string[]): void {
    const path = parseAsPath(pathText) ?? [];
    const first = typeof path[0] === 'number' ? path[0] : 0;
    this.driver.apply(
      {
        type: 'update',
        feed: this.feeds[0] ?? 'replay',
        via: this.feeds.length > 0 ? 'live' : 'replay',
        raw: `${pathText} ${announced.join(' ')}`,
        update: {
          vantagePoint: { collector: 'rrc00', peerAddress: `192.0.2.${from}`, peerAsn: first },
          observedMs: atMs,
          path,
          communities: [],
          announced: announced.map(prefixOf),
          withdrawn: withdrawn.map(prefixOf),
        },
      },
      atMs,
    );
    this.driver.commit(true);
  }

  feed(atMs: number, state: 'live' | 'stalled' | 'down'): void {
    this.driver.apply({ type: 'feed-state', feed: this.feeds[0] ?? 'feed', state, reason: state }, atMs);
    this.driver.commit(true);
  }

  session(atMs: number, from: number, state: 'up' | 'down'): void {
    const vantagePoint = { collector: 'rrc00', peerAddress: `192.0.2.${from}`, peerAsn: 0 };
    this.driver.apply(
      {
        type: 'peer-state',
        feed: this.feeds[0] ?? 'replay',
        via: 'live',
        change: { vantagePoint, observedMs: atMs, state },
      },
      atMs,
    );
    this.driver.commit(true);
  }

  runTo(atMs: number): void {
    this.driver.advance(atMs);
    this.driver.commit(true);
  }

  reload(config: EngineConfig, atMs: number): void {
    this.config = config;
    this.act({ type: 'config', config, change: undefined }, atMs);
    this.driver.commit(true);
  }

  alerts(): readonly Alert[] {
    return this.store.archive.alertsAfter(0, 1_000);
  }

  /** `opened first-sighting`, … in order. */
  story(): readonly string[] {
    return this.alerts().map(({ event, reason }) => `${event} ${reason}`);
  }
}

export class Actions {
  private readonly machine: Machine;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  acknowledge(id: string, author: Author, atMs: number) {
    return this.machine.act({ type: 'acknowledge', id, author }, atMs);
  }

  resolve(id: string, author: Author, atMs: number) {
    return this.machine.act({ type: 'resolve', id, author }, atMs);
  }

  note(id: string, author: Author, atMs: number) {
    return this.machine.act({ type: 'note', id, author }, atMs);
  }

  assign(id: string, assignee: string | null, author: Author, atMs: number) {
    return this.machine.act({ type: 'assign', id, assignee, author }, atMs);
  }

  decideOrigin(prefix: Prefix, origin: number, isAccepted: boolean, author: Author, atMs: number) {
    const type = isAccepted ? 'accept-origin' : 'reject-origin';
    return this.machine.act({ type, prefix, origin, author }, atMs);
  }

  addSilence(silence: Omit<Silence, 'id'>, { via }: Author, atMs: number) {
    return this.machine.act({ type: 'add-silence', silence, via }, atMs);
  }

  removeSilence(id: string, author: Author, atMs: number) {
    return this.machine.act({ type: 'remove-silence', id, author }, atMs);
  }

  importRows(rows: readonly BaselineRow[], author: Author, atMs: number) {
    return this.machine.act({ type: 'import-baseline', rows, author }, atMs);
  }
}
