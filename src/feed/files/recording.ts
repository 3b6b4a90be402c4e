/**
 * Our own recordings: what `run --record` and `record` write down and `replay` plays to the same alerts, byte for byte.
 *
 * NDJSON, one thing a line, so that a crash costs at most the line being written:
 *   {"recording":"originwatch","version":2,"at":…}                        begins each run
 *   {"at":…,"feed":"ris-live","via":"live","frame":"…"}                   one frame, its text exactly as it came
 *   {"at":…,"feed":"ris-live","via":"live","base64":"…"}                  one frame that is no UTF-8
 *   {"at":…,"feed":"ris-live","state":"stalled","reason":"no BGP message for 60 s","since":…,"blindAt":…}
 *   {"at":…,"feed":"ris-live","collector":"rrc06","state":"silent","reason":"…","since":…}
 *   {"at":…,"feed":"ris-live","gap":"unfilled","reason":"…","since":…}
 *   {"at":…,"clock":true}                                                 the clock ran on to here, and something became due
 *   {"at":…,"said":{"type":"resolve",…},"texts":{}}                       any other input (`engine/recorded/inputs.ts`)
 *   {"at":…,"text":"<SHA-256>","part":0,"of":1,"gzip":"<base64>"}         a text that an input names, before it
 *   {"at":…,"committed":12}                                               alerts up to this number are in the store
 *   {"at":…,"end":true}                                                   the clock when the recording was closed
 * `at` is the driver's stamp of arrival in ms since the epoch, never decreasing within a run.
 */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { CollectorState, FeedInput, FeedState, StoreReason } from '../../engine/ports.ts';

/** How a frame came to us: what `detectedBy` will say. */
export type Via = Extract<FeedInput, { type: 'update' }>['via'];

/** 1 had no inputs but frames and states: those who acted, reloads and RPKI data were missing. */
export const RECORDING_VERSION = 2;

/** What is said of a feed, or of a collector of it. */
export type StateInput = Extract<
  FeedInput,
  { type: 'feed-state' | 'collector-state' | 'gap' | 'store-state' }
>;

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
  | {
      readonly type: 'said';
      readonly atMs: number;
      readonly value: Readonly<Record<string, unknown>>;
      /** Hashes of the texts that it names. */
      readonly texts: Readonly<Record<string, string>>;
    }
  | {
      readonly type: 'text';
      readonly atMs: number;
      readonly hash: string;
      readonly part: number;
      readonly of: number;
      readonly bytes: Buffer;
    }
  | { readonly type: 'committed'; readonly atMs: number; readonly seq: number }
  | { readonly type: 'end'; readonly atMs: number };

export interface RecordingOptions {
  /** True continues an existing file: a daemon that restarts goes on with the same story. */
  readonly append: boolean;
  /** Ms since the epoch, for the header. */
  readonly atMs: number;
  /** Told once, when writing fails (a full disk): recording ends, detection goes on. */
  readonly onFailure: (error: Error) => void;
}

/** A text that is ready to be written: large ones are made so beforehand. */
export interface PackedText {
  /** SHA-256 of the text, hexadecimal. */
  readonly hash: string;
  readonly gzip: Buffer;
}

export function packedText(text: string): PackedText {
  return { hash: createHash('sha256').update(text).digest('hex'), gzip: gzipSync(text) };
}

/** Texts that are not written again while they are among the last so many; a reader keeps more of them. */
const TEXTS_REMEMBERED = 16;
/** Compressed bytes of a text in one line. */
const PART_BYTES = 4 * 1024 * 1024;

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
  readonly #texts = new Set<string>();
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
    let what: object = { state };
    if (input.type === 'collector-state') what = { collector: input.collector, state };
    if (input.type === 'gap') what = { gap: state };
    const blindAt = input.type === 'feed-state' ? input.blindAtMs : undefined;
    this.#line(JSON.stringify({ at: atMs, feed, ...what, reason, since, blindAt }));
  }

  /** Any input that is no frame and no state of a feed; texts that it names are written before it, but none twice. */
  said(atMs: number, value: unknown, texts: Readonly<Record<string, PackedText>>): void {
    this.#lastMs = atMs;
    for (const text of Object.values(texts)) this.#text(atMs, text);
    const hashes = Object.fromEntries(Object.entries(texts).map(([name, { hash }]) => [name, hash]));
    this.#line(JSON.stringify({ at: atMs, said: value, texts: hashes }));
  }

  #text(atMs: number, { hash, gzip }: PackedText): void {
    const isKnown = this.#texts.delete(hash);
    this.#texts.add(hash);
    if (isKnown) return;
    for (const oldest of this.#texts) if (this.#texts.size > TEXTS_REMEMBERED) this.#texts.delete(oldest);
    const of = Math.max(1, Math.ceil(gzip.length / PART_BYTES));
    for (let part = 0; part < of; part += 1) {
      const slice = gzip.subarray(part * PART_BYTES, (part + 1) * PART_BYTES).toString('base64');
      this.#line(JSON.stringify({ at: atMs, text: hash, part, of, gzip: slice }));
    }
  }

  /** Alerts up to this number are in the store: what was judged behind it may have been lost with a crash. */
  committed(seq: number): void {
    this.#line(JSON.stringify({ at: this.#lastMs, committed: seq }));
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
  if (typeof line.committed === 'number') return { type: 'committed', atMs: at, seq: line.committed };
  if (typeof line.text === 'string') return textOf(line, at, line.text);
  if (isObject(line.said)) return { type: 'said', atMs: at, value: line.said, texts: hashesOf(line.texts) };
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
  const gap = GAP_STATES.find((one) => one === line.gap);
  if (gap !== undefined) return { type: 'gap', feed, state: gap, reason, sinceMs: sinceMs ?? atMs };
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
const GAP_STATES: readonly Extract<FeedInput, { type: 'gap' }>['state'][] = ['unfilled', 'filled', 'lost'];
const VIAS: readonly Via[] = ['live', 'backfill', 'snapshot', 'replay'];

function viaOf(via: unknown): Via {
  return VIAS.find((one) => one === via) ?? 'replay';
}

function textOf(
  line: Readonly<Record<string, unknown>>,
  at: number,
  hash: string,
): RecordingLine | undefined {
  const { part, of, gzip } = line;
  if (typeof part !== 'number' || typeof of !== 'number' || typeof gzip !== 'string') return undefined;
  return { type: 'text', atMs: at, hash, part, of, bytes: Buffer.from(gzip, 'base64') };
}

function hashesOf(texts: unknown): Readonly<Record<string, string>> {
  if (!isObject(texts)) return {};
  return Object.fromEntries(
    Object.entries(texts).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}

function frameBytes(line: Readonly<Record<string, unknown>>): Buffer | undefined {
  if (typeof line.frame === 'string') return Buffer.from(line.frame);
  return typeof line.base64 === 'string' ? Buffer.from(line.base64, 'base64') : undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
