/**
 * Keeps one RPKI export up to date: a file or a URL, read every `refreshMinutes`, handed over whole when it was read
 * to its end. Nothing waits for it and nothing of it can fail a judgement: an error leaves the last good export in
 * force, is said once, and is tried again; what is old is said to be old. Called by `daemon/`.
 *
 * Knows nothing of tables: rows go into whatever `newBuilder` makes, so `judge/` stays a stranger here.
 */
import { setImmediate } from 'node:timers/promises';
import type { RpkiRows } from '../../bgp/vrp.ts';
import { type VrpJsonOutcome, VrpJsonReader } from '../../decode/rpki/vrp-json.ts';
import { OperationalError } from '../../engine/errors.ts';
import type { Outside } from '../../outside/outside.ts';
import type { FeedClock, FeedLog, Timer } from '../surroundings.ts';
import { openVrpSource, type SourceMark } from './vrp-source.ts';

/** Takes the rows of one export and makes the data of them. */
export interface RpkiBuilder<Data> extends RpkiRows {
  build(): Data;
}

/** Where the export is: exactly one of both. */
export type VrpLocation = { readonly file: string } | { readonly url: string };

export interface LoadedExport<Data> {
  readonly data: Data;
  /** File name or URL without credentials and query. */
  readonly source: string;
  readonly vrps: number;
  readonly aspas: number;
  readonly problems: number;
  /** When the exporting program says it made it; undefined when it does not. */
  readonly generatedMs: number | undefined;
  /** When it was read. */
  readonly loadedMs: number;
}

export interface VrpExportOptions<Data> {
  readonly location: VrpLocation;
  readonly refreshMinutes: number;
  readonly clock: FeedClock;
  readonly log: FeedLog;
  /** The way out; default: direct. */
  readonly outside?: Outside;
  /** `expected`: VRPs of the export before, 0 at first. */
  readonly newBuilder: (expected: number) => RpkiBuilder<Data>;
  /** Told of each new export; not of one that was unchanged. */
  readonly onLoaded: (loaded: LoadedExport<Data>) => void;
  readonly onFailed?: (error: OperationalError) => void;
  readonly bytesMax?: number;
  readonly timeoutMs?: number;
}

/** How far the export can be trusted now. */
export interface VrpFreshness {
  /** `none`: nothing was loaded yet. `stale`: not refreshed for three periods, or made more than a day ago. */
  readonly state: 'none' | 'fresh' | 'stale';
  /** Since it was made, or where it does not say so, since it was last found unchanged. */
  readonly ageSeconds: number | undefined;
  /** Why the last attempt failed; undefined when it did not. */
  readonly error: string | undefined;
}

/** Decompressed bytes: several times the largest export in use. */
const BYTES_MAX = 1_073_741_824;
const TIMEOUT_MS = 120_000;
/** The event loop gets its turn after so many bytes, about 2 ms of work. */
const SLICE_BYTES = 65_536;
const RETRY_FIRST_MS = 30_000;
const GENERATED_AGE_MAX_MS = 86_400_000;
const PERIODS_UNTIL_STALE = 3;

export class VrpExport<Data> {
  private readonly options: VrpExportOptions<Data>;
  private loaded: LoadedExport<Data> | undefined;
  private mark: SourceMark | undefined;
  /** When the source last said what it has, new or unchanged. */
  private confirmedMs: number | undefined;
  private lastError: OperationalError | undefined;
  private failures = 0;
  private timer: Timer;
  private running: Promise<void> | undefined;
  private readonly stopping = new AbortController();
  private saidStale = false;

  constructor(options: VrpExportOptions<Data>) {
    this.options = options;
  }

  /** Loads at once and then again and again, until `stop`. Returns before anything is read. */
  start(): void {
    void this.refresh().then(() => this.schedule());
  }

  /** Ends a running load without a word and resolves when it has ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    if (this.timer !== undefined) this.options.clock.clearTimeout(this.timer);
    await this.running;
  }

  get current(): LoadedExport<Data> | undefined {
    return this.loaded;
  }

  freshness(): VrpFreshness {
    const error = this.lastError?.message;
    if (this.loaded === undefined || this.confirmedMs === undefined) {
      return { state: 'none', ageSeconds: undefined, error };
    }
    const now = this.options.clock.now();
    const { generatedMs } = this.loaded;
    const unconfirmedMs = now - this.confirmedMs;
    const isOld = generatedMs !== undefined && now - generatedMs > GENERATED_AGE_MAX_MS;
    const isLost = unconfirmedMs > PERIODS_UNTIL_STALE * this.options.refreshMinutes * 60_000;
    const ageSeconds = Math.max(0, Math.floor((now - (generatedMs ?? this.confirmedMs)) / 1_000));
    return { state: isOld || isLost ? 'stale' : 'fresh', ageSeconds, error };
  }

  /** Loads once, or joins the load that runs. Never rejects. */
  refresh(): Promise<void> {
    this.running ??= this.attempt().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private schedule(): void {
    if (this.stopping.signal.aborted) return;
    const periodMs = this.options.refreshMinutes * 60_000;
    const delayMs =
      this.failures === 0 ? periodMs : Math.min(periodMs, RETRY_FIRST_MS * 2 ** (this.failures - 1));
    this.timer = this.options.clock.setTimeout(() => this.start(), delayMs);
  }

  private async attempt(): Promise<void> {
    try {
      const loaded = await this.load();
      if (this.stopping.signal.aborted) return;
      this.confirmedMs = this.options.clock.now();
      this.failures = 0;
      this.lastError = undefined;
      if (loaded !== undefined) this.take(loaded);
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      this.fail(asOperational(error));
    }
    this.sayWhenStale();
  }

  private async load(): Promise<LoadedExport<Data> | undefined> {
    const { location, clock, newBuilder } = this.options;
    const source = await openVrpSource(location, {
      mark: this.mark,
      bytesMax: this.options.bytesMax ?? BYTES_MAX,
      timeoutMs: this.options.timeoutMs ?? TIMEOUT_MS,
      signal: this.stopping.signal,
      clock,
      outside: this.options.outside,
    });
    if (source === 'unchanged') return undefined;
    try {
      const builder = newBuilder(this.loaded?.vrps ?? 0);
      const outcome = await readRows(source.chunks, builder);
      refuseUnsound(outcome, source.name);
      refuseFall(outcome, source.name, this.loaded?.vrps ?? 0);
      this.mark = source.mark;
      const { vrps, aspas, problems, generatedMs } = outcome;
      return {
        data: builder.build(),
        source: source.name,
        vrps,
        aspas,
        problems,
        generatedMs,
        loadedMs: clock.now(),
      };
    } finally {
      source.close();
    }
  }

  private take(loaded: LoadedExport<Data>): void {
    this.loaded = loaded;
    const { source, vrps, aspas, problems } = loaded;
    this.options.log.info({ event: 'rpki.loaded', source, vrps, aspas, problems });
    this.options.onLoaded(loaded);
  }

  private fail(error: OperationalError): void {
    this.failures += 1;
    this.lastError = error;
    this.options.log.warn({
      event: 'rpki.failed',
      code: error.code,
      detail: error.message,
      failures: this.failures,
    });
    this.options.onFailed?.(error);
  }

  /** Once when it becomes stale, and again only after it was fresh. */
  private sayWhenStale(): void {
    const { state, ageSeconds } = this.freshness();
    if (state === 'stale' && !this.saidStale) this.options.log.warn({ event: 'rpki.stale', ageSeconds });
    this.saidStale = state === 'stale';
  }
}

/** Reads one file to its end, for commands; rejects with an `OperationalError`. */
export async function loadVrpFile<Data>(
  file: string,
  builder: RpkiBuilder<Data>,
  clock: FeedClock,
): Promise<LoadedExport<Data>> {
  const bounds = { bytesMax: BYTES_MAX, timeoutMs: TIMEOUT_MS, signal: new AbortController().signal, clock };
  const source = await openVrpSource({ file }, { ...bounds, mark: undefined });
  if (source === 'unchanged') throw new OperationalError('rpki-fetch', file);
  try {
    const outcome = await readRows(source.chunks, builder);
    refuseUnsound(outcome, source.name);
    const { vrps, aspas, problems, generatedMs } = outcome;
    return { data: builder.build(), source: file, vrps, aspas, problems, generatedMs, loadedMs: clock.now() };
  } catch (error) {
    throw asOperational(error);
  } finally {
    source.close();
  }
}

/** The event loop has its turn between slices, so frames are judged while half a million rows come in. */
async function readRows(chunks: AsyncIterable<Uint8Array>, rows: RpkiRows): Promise<VrpJsonOutcome> {
  const reader = new VrpJsonReader(rows);
  let unbroken = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
      if (!reader.push(chunk.subarray(at, at + SLICE_BYTES))) return reader.end();
      unbroken += Math.min(SLICE_BYTES, chunk.length - at);
      if (unbroken < SLICE_BYTES) continue;
      unbroken = 0;
      await setImmediate();
    }
  }
  return reader.end();
}

/** Read to its end, and of the right form. */
function refuseUnsound(outcome: VrpJsonOutcome, name: string): void {
  if (outcome.error === undefined) return;
  throw new OperationalError('rpki-parse', `${name}: ${outcome.error}`, { retryable: true });
}

/** From so many VRPs on, less than half of those before is no day's change. */
const FALL_FROM = 100;

/**
 * An export that lost its VRPs, or came without any, is a broken exporter, not an Internet without ROAs; one that was made
 * for its ASPAs alone is none.
 */
function refuseFall({ vrps, aspas }: VrpJsonOutcome, name: string, before: number): void {
  if (before === 0 && aspas > 0) return;
  const than = before === 0 ? '' : `, the one before had ${before}`;
  const isFall = before >= FALL_FROM && 2 * vrps < before;
  if (vrps > 0 && !isFall) return;
  const found = vrps === 0 ? `it holds no VRP${than}` : `it holds ${vrps} VRPs${than}: restart to take it`;
  throw new OperationalError('rpki-parse', `${name}: ${found}`, { retryable: true });
}

function asOperational(error: unknown): OperationalError {
  if (error instanceof OperationalError) return error;
  return new OperationalError('rpki-parse', error instanceof Error ? error.message : 'unreadable', {
    cause: error,
    retryable: true,
  });
}
