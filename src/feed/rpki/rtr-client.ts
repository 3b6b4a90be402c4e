/**
 * RPKI data by RTR from our own validators (RFC 8210, versions 2, 1 and 0 in that order), tried in their order. What an
 * answer holds is handed over whole at its End of Data; it counts until its expire interval has passed without another
 * one, then RPKI is unknown, never invalid. Nothing waits for it. Called by `daemon/`.
 */
import { setImmediate } from 'node:timers/promises';
import type { RtrEndOfData, RtrVersion } from '../../decode/rpki/rtr-pdu.ts';
import type { Outside } from '../../outside/outside.ts';
import type { FeedClock, FeedLog, Timer } from '../surroundings.ts';
import { type RtrCache, type RtrPosition, RtrSession } from './rtr-session.ts';
import type { LoadedExport, RpkiBuilder, VrpFreshness } from './vrp-export.ts';

export interface RtrClientOptions<Data> {
  readonly caches: readonly RtrCache[];
  readonly clock: FeedClock;
  readonly log: FeedLog;
  /** The way out; default: direct. */
  readonly outside?: Outside;
  readonly newBuilder: (expected: number) => RpkiBuilder<Data>;
  readonly onLoaded: (loaded: LoadedExport<Data>) => void;
  /** The data of the last answer holds no longer. */
  readonly onExpired: () => void;
}

interface Held {
  readonly cache: number;
  readonly version: RtrVersion;
  readonly position: RtrPosition;
  readonly refreshMs: number;
  readonly retryMs: number;
  readonly atMs: number;
}

/** RFC 8210 §6: the default of each interval and its bounds, in seconds. */
const REFRESH = { usual: 3_600, min: 1, max: 86_400 };
const RETRY = { usual: 600, min: 1, max: 7_200 };
const EXPIRE = { usual: 7_200, min: 600, max: 172_800 };
const FIRST_RETRY_MS = 5_000;
const SLICE_ROWS = 20_000;

export class RtrClient<Data> {
  private readonly options: RtrClientOptions<Data>;
  private session: RtrSession | undefined;
  private cache = 0;
  private version: RtrVersion = 2;
  private held: Held | undefined;
  private loaded: LoadedExport<Data> | undefined;
  private expireTimer: Timer;
  private nextTimer: Timer;
  private rounds = 0;
  private stopped = false;
  private lastError: string | undefined;
  private building = 0;
  /** Problems by code, for the metric. */
  readonly problems = new Map<string, number>();

  constructor(options: RtrClientOptions<Data>) {
    this.options = options;
  }

  start(): void {
    this.connect();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.session?.close();
    this.options.clock.clearTimeout(this.expireTimer);
    this.options.clock.clearTimeout(this.nextTimer);
  }

  get current(): LoadedExport<Data> | undefined {
    return this.loaded;
  }

  freshness(): VrpFreshness {
    if (this.held === undefined) return { state: 'none', ageSeconds: undefined, error: this.lastError };
    const ageMs = Math.max(0, this.options.clock.now() - this.held.atMs);
    const isLate = ageMs > 2 * this.held.refreshMs;
    return {
      state: isLate ? 'stale' : 'fresh',
      ageSeconds: Math.floor(ageMs / 1_000),
      error: this.lastError,
    };
  }

  private connect(): void {
    if (this.stopped) return;
    const { held, cache, version } = this;
    const resumes = held?.cache === cache && held.version === version;
    this.session = new RtrSession({
      cache: this.options.caches[cache] as RtrCache,
      version,
      from: resumes ? held.position : undefined,
      clock: this.options.clock,
      outside: this.options.outside,
      onSynced: (position, end) => void this.synced(position, end),
      onProblem: (code) => this.problems.set(code, (this.problems.get(code) ?? 0) + 1),
      onEnded: ({ reason, tryLower }) => this.ended(reason, tryLower),
    });
  }

  /** A cache that lost everything it had, or has nothing yet, is no Internet without ROAs: what was holds on. */
  private async synced(position: RtrPosition, end: RtrEndOfData): Promise<void> {
    this.version = this.session?.speaks ?? this.version;
    const { payload } = position;
    if (payload.size === 0) {
      this.session?.close();
      this.ended('it holds no VRP', false);
      return;
    }
    this.rounds = 0;
    this.lastError = undefined;
    this.hold(position, end);
    this.building += 1;
    const turn = this.building;
    const builder = this.options.newBuilder(payload.size);
    for (const _ of payload.rows(builder, SLICE_ROWS)) {
      await setImmediate();
      // A newer answer came while this one was handed out.
      if (this.stopped || turn !== this.building) return;
    }
    this.take(builder.build(), position);
  }

  private hold(position: RtrPosition, end: RtrEndOfData): void {
    const { clock } = this.options;
    const [refreshMs, retryMs] = [bounded(end.refreshSeconds, REFRESH), bounded(end.retrySeconds, RETRY)];
    const expireMs = Math.max(bounded(end.expireSeconds, EXPIRE), refreshMs, retryMs);
    this.held = { cache: this.cache, version: this.version, position, refreshMs, retryMs, atMs: clock.now() };
    clock.clearTimeout(this.expireTimer);
    this.expireTimer = clock.setTimeout(() => this.expire(), expireMs);
    clock.clearTimeout(this.nextTimer);
    this.nextTimer = clock.setTimeout(() => this.refresh(), refreshMs);
  }

  /** By a cache further down the list, the first is asked again: it is there because it is preferred. */
  private refresh(): void {
    if (this.cache === 0) {
      this.session?.refresh();
      return;
    }
    this.session?.close();
    this.begin(0);
  }

  private take(data: Data, { payload, serial }: RtrPosition): void {
    const { clock, log, caches } = this.options;
    const { host, port } = caches[this.cache] as RtrCache;
    const source = `rtr ${host}:${port}`;
    const problems = [...this.problems.values()].reduce((sum, count) => sum + count, 0);
    const [vrps, aspas] = [payload.size, payload.aspaCount];
    this.loaded = { data, source, vrps, aspas, problems, generatedMs: undefined, loadedMs: clock.now() };
    log.info({ event: 'rpki.loaded', source, version: this.version, serial, vrps, aspas, problems });
    this.options.onLoaded(this.loaded);
  }

  private expire(): void {
    this.held = undefined;
    this.loaded = undefined;
    this.building += 1;
    this.options.log.warn({
      event: 'rpki.expired',
      detail: 'the validator has not answered within its expire interval',
    });
    this.options.onExpired();
  }

  private ended(reason: string, tryLower: boolean): void {
    if (this.stopped) return;
    const { host, port } = this.options.caches[this.cache] as RtrCache;
    this.lastError = `${host}:${port}: ${reason}`;
    if (tryLower && this.version > 0) {
      this.version = (this.version - 1) as RtrVersion;
      this.connect();
      return;
    }
    this.options.log.warn({
      event: 'rpki.failed',
      code: 'rtr',
      detail: this.lastError,
      failures: this.rounds + 1,
    });
    if (this.cache + 1 < this.options.caches.length) this.begin(this.cache + 1);
    else this.pause();
  }

  /** All of them failed: again after the retry interval, sooner while nothing is known at all. */
  private pause(): void {
    const { clock } = this.options;
    const soonMs = FIRST_RETRY_MS * 2 ** Math.min(this.rounds, 10);
    this.rounds += 1;
    const delayMs = Math.min(this.held?.retryMs ?? bounded(undefined, RETRY), soonMs);
    clock.clearTimeout(this.nextTimer);
    this.nextTimer = clock.setTimeout(() => this.begin(0), delayMs);
  }

  private begin(cache: number): void {
    this.cache = cache;
    this.version = this.held?.cache === cache ? this.held.version : 2;
    this.connect();
  }
}

/** Milliseconds; what a cache says outside of the bounds is taken to the nearest. */
function bounded(seconds: number | undefined, { usual, min, max }: typeof REFRESH): number {
  return Math.min(max, Math.max(min, seconds ?? usual)) * 1_000;
}
