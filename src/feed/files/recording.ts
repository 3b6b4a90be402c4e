/**
 * Our own recordings: what `run --record` and `record` write down and `replay` plays to the same alerts, byte for byte.
 *
 * NDJSON, one thing a line, so that a crash costs at most the line being written:
 *   {"recording":"originwatch","version":1,"at":…}                        begins each run
 *   {"at":…,"feed":"ris-live","via":"live","frame":"…"}                   one frame, its text exactly as it came
 *   {"at":…,"feed":"ris-live","via":"live","base64":"…"}                  one frame that is no UTF-8
 *   {"at":…,"feed":"ris-live","state":"stalled","reason":"no BGP message for 60 s","since":…,"blindAt":…}
 *   {"at":…,"feed":"ris-live","collector":"rrc06","state":"silent","reason":"…","since":…}
 *   {"at":…,"clock":true}                                                 the clock ran on to here, and something became due
 *   {"at":…,"end":true}                                                   the clock when the recording was closed
 * `at` is the driver's stamp of arrival in ms since the epoch, never decreasing within a run.
 */
import { isUtf8 } from 'node:buffer';
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import type { CollectorState, FeedInput, FeedState, StoreReason } from '../../engine/ports.ts';

/** How a frame came to us: what `detectedBy` will say. */
export type Via = Extract<FeedInput, { type: 'update' }>['via'];

/** What is said of a feed, or of a collector of it. */
export type StateInput = Extract<FeedInput, { type: 'feed-state' | 'collector-state' | 'store-state' }>;

export const RECORDING_VERSION = 1;

export type RecordingLine =
  | { readonly type: 'header'; readonly atMs: number; readonly version: number }
  | {
      readonly type: 'frame';
      readonly atMs: number;
      readonly feed: string;
      readonly via: Via;
      readonly bytes: Buffer;
    }
  | { readonly type: 'state'; readonly atMs: number; readonly input: StateInput }
  | { readonly type: 'clock'; readonly atMs: number }
  | { readonly type: 'end'; readonly atMs: number };

export interface RecordingOptions {
  /** True continues an existing file: a daemon that restarts goes on with the same story. */
  readonly append: boolean;
  /** Ms since the epoch, for the header. */
  readonly atMs: number;
  /** Told once, when writing fails (a full disk): recording ends, detection goes on. */
  readonly onFailure: (error: Error) => void;
}

/** Bytes collected before they are written without being asked. */
const FLUSH_BYTES = 256 * 1024;

/**
 * Writes a recording. Lines are collected and written in one piece at the end of the tick, or by `flush`, which the
 * driver calls before it commits: what led to an alert is on disk before the alert. Opening may throw; nothing else does.
 */
export class RecordingWriter {
  readonly #onFailure: (error: Error) => void;
  #descriptor: number | undefined;
  #lines: string[] = [];
  #pendingBytes = 0;
  #scheduled: NodeJS.Immediate | undefined;
  #framesWritten = 0;
  #lastMs: number;

  constructor(file: string, options: RecordingOptions) {
    this.#onFailure = options.onFailure;
    this.#lastMs = options.atMs;
    this.#descriptor = openSync(file, options.append ? 'a+' : 'w', 0o640);
    if (options.append && endsInTheMiddle(this.#descriptor)) this.#line('');
    this.#line(JSON.stringify({ recording: 'originwatch', version: RECORDING_VERSION, at: options.atMs }));
    this.flush();
  }

  /** Frames written down so far. */
  get frames(): number {
    return this.#framesWritten;
  }

  /** `bytes` is copied before this returns. */
  frame(atMs: number, feed: string, via: Via, bytes: Buffer): void {
    const body = isUtf8(bytes) ? { frame: bytes.toString() } : { base64: bytes.toString('base64') };
    this.#framesWritten += 1;
    this.#lastMs = atMs;
    this.#line(JSON.stringify({ at: atMs, feed, via, ...body }));
  }

  state(atMs: number, input: StateInput): void {
    this.#lastMs = atMs;
    if (input.type === 'store-state') {
      this.#line(JSON.stringify({ at: atMs, store: input.state, reason: input.reason }));
      return;
    }
    const { feed, state, reason, sinceMs: since } = input;
    const line =
      input.type === 'feed-state'
        ? { at: atMs, feed, state, reason, since, blindAt: input.blindAtMs }
        : { at: atMs, feed, collector: input.collector, state, reason, since };
    this.#line(JSON.stringify(line));
  }

  /** The driver's clock, where no line says it yet: what became due by time alone becomes due in a replay too. */
  clock(atMs: number): void {
    if (atMs <= this.#lastMs) return;
    this.#lastMs = atMs;
    this.#line(JSON.stringify({ at: atMs, clock: true }));
  }

  /** Writes what is collected, now. */
  flush(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    if (this.#descriptor === undefined || this.#lines.length === 0) return;
    const text = this.#lines.join('');
    this.#lines = [];
    this.#pendingBytes = 0;
    try {
      writeWhole(this.#descriptor, Buffer.from(text));
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Writes the end line with the final clock and closes the file. */
  close(atMs: number): void {
    if (this.#descriptor === undefined) return;
    this.#line(JSON.stringify({ at: atMs, end: true }));
    this.flush();
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #line(text: string): void {
    if (this.#descriptor === undefined) return;
    this.#lines.push(text, '\n');
    this.#pendingBytes += text.length;
    if (this.#pendingBytes >= FLUSH_BYTES) this.flush();
    else this.#scheduled ??= setImmediate(() => this.flush());
  }

  #fail(error: Error): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) closeSync(descriptor);
    this.#onFailure(error);
  }
}

/** True when the last line of an existing file has no line end: a crash cut it. */
function endsInTheMiddle(descriptor: number): boolean {
  const { size } = fstatSync(descriptor);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
}

function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
}

/** Reads one line as a line of a recording; undefined when it is none (a RIS Live frame, for instance). */
export function parseRecordingLine(text: string): RecordingLine | undefined {
  const line = parseObject(text);
  if (line === undefined) return undefined;
  const { at, feed } = line;
  if (typeof at !== 'number' || !Number.isFinite(at)) return undefined;
  if (line.recording === 'originwatch') return { type: 'header', atMs: at, version: Number(line.version) };
  if (line.end === true) return { type: 'end', atMs: at };
  if (line.clock === true) return { type: 'clock', atMs: at };
  const store = storeIn(line);
  if (store !== undefined) return { type: 'state', atMs: at, input: store };
  if (typeof feed !== 'string') return undefined;
  const bytes = frameBytes(line);
  if (bytes !== undefined) return { type: 'frame', atMs: at, feed, via: viaOf(line.via), bytes };
  const input = stateIn(line, feed, at);
  return input === undefined ? undefined : { type: 'state', atMs: at, input };
}

function storeIn({ store, reason }: Readonly<Record<string, unknown>>): StateInput | undefined {
  if (store !== 'ok' && store !== 'away') return undefined;
  const known = STORE_REASONS.find((one) => one === reason) ?? 'failing';
  return { type: 'store-state', state: store, reason: known };
}

function stateIn(
  line: Readonly<Record<string, unknown>>,
  feed: string,
  atMs: number,
): StateInput | undefined {
  const { collector } = line;
  const reason = typeof line.reason === 'string' ? line.reason : '';
  const sinceMs = timeIn(line.since);
  if (typeof collector === 'string') {
    const state = COLLECTOR_STATES.find((one) => one === line.state);
    if (state === undefined) return undefined;
    return { type: 'collector-state', feed, collector, state, reason, sinceMs: sinceMs ?? atMs };
  }
  const state = FEED_STATES.find((one) => one === line.state);
  if (state === undefined) return undefined;
  return { type: 'feed-state', feed, state, reason, sinceMs, blindAtMs: timeIn(line.blindAt) };
}

function timeIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

const STORE_REASONS: readonly StoreReason[] = [
  'none',
  'locked',
  'full',
  'read-only',
  'gone',
  'failing',
  'damaged',
];
const FEED_STATES: readonly FeedState[] = ['live', 'stalled', 'down'];
const COLLECTOR_STATES: readonly CollectorState[] = ['live', 'silent'];
const VIAS: readonly Via[] = ['live', 'backfill', 'snapshot', 'replay'];

function viaOf(via: unknown): Via {
  return VIAS.find((one) => one === via) ?? 'replay';
}

function frameBytes(line: Readonly<Record<string, unknown>>): Buffer | undefined {
  if (typeof line.frame === 'string') return Buffer.from(line.frame);
  return typeof line.base64 === 'string' ? Buffer.from(line.base64, 'base64') : undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
