/**
 * `run --record`: writes down everything that the engine is given, as it is given: how it began, each frame as it came,
 * and every other input (`engine/recorded/inputs.ts`). Stands between the driver and the file; without a file nothing is written.
 */
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setImmediate as aTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Logger } from 'pino';
import type { EngineConfig } from '../engine/config.ts';
import type { Input } from '../engine/input.ts';
import type { Published, Remembered } from '../engine/ports.ts';
import { type RecordedFeed, rpkiLine, writeInput } from '../engine/recorded/inputs.ts';
import { type PackedText, packedText, RecordingWriter } from '../feed/files/recording.ts';
import type { RpkiData } from '../judge/rpki-data.ts';

/** Half a million rows are written in stretches of this length, messages between them. */
const STRETCH_MS = 5;
const packed = promisify(gzip);

export class Recorder {
  private readonly writer: RecordingWriter;
  /** RPKI data that is ready to be written. */
  private readonly rpki = new WeakMap<object, PackedText>();
  /** Resolves when all RPKI data that came is in force. */
  private preparing: Promise<void> = Promise.resolve();
  /** Feeds whose updates are written as frames. */
  private readonly framed = new Set<string>();

  constructor(writer: RecordingWriter) {
    this.writer = writer;
  }

  /** The engine begins with this; `remembered` is read to its end. */
  begin(
    config: EngineConfig & { readonly feeds: readonly RecordedFeed[] },
    remembered: Remembered,
    atMs: number,
  ): void {
    this.said({ type: 'begin', config, remembered, feeds: config.feeds }, atMs);
    this.writer.flush();
  }

  /** A frame as it came, before anything is judged of it. */
  frame(atMs: number, feed: string, bytes: Buffer): void {
    this.framed.add(feed);
    this.writer.frame(atMs, feed, 'live', bytes);
  }

  /** Writes down what is about to be applied. */
  input(input: Input, atMs: number): void {
    switch (input.type) {
      case 'update':
      case 'peer-state':
        if (input.via !== 'live' || !this.framed.has(input.feed)) this.said(input, atMs);
        break;
      case 'feed-state':
      case 'collector-state':
      case 'gap':
      case 'store-state':
        this.writer.state(atMs, input);
        break;
      case 'config':
        this.said({ type: 'config', config: input.config, isInPlace: input.change !== undefined }, atMs);
        break;
      case 'rpki':
        this.saidRpki(input.rpki, atMs);
        break;
      case 'clock':
        if (input.leap !== undefined) this.said(input, atMs);
        break;
      case 'daemon':
      case 'filling':
        break;
      default:
        this.said(input, atMs);
    }
  }

  private said(input: Parameters<typeof writeInput>[0], atMs: number): void {
    const { value, texts } = writeInput(input);
    const all = Object.entries(texts).map(([name, text]) => [name, packedText(text)] as const);
    this.writer.said(atMs, value, Object.fromEntries(all));
  }

  private saidRpki(rpki: object | undefined, atMs: number): void {
    const text = rpki === undefined ? undefined : this.rpki.get(rpki);
    if (rpki !== undefined && text === undefined) throw new Error('assert: RPKI data was not made ready');
    this.writer.said(atMs, { type: 'rpki', isKnown: rpki !== undefined }, text ? { rpki: text } : {});
  }

  /** Has RPKI data applied once it is ready to be written, in the order in which it came. */
  rpkiReady(data: RpkiData | undefined, apply: () => void): void {
    this.preparing = this.preparing.then(async () => {
      if (data !== undefined) this.rpki.set(data, await packedRows(data));
      apply();
    });
  }

  /** Nothing waits any more. */
  settled(): Promise<void> {
    return this.preparing;
  }

  /** What led to a commit is on disk before it, and the time at which something became due. */
  beforeCommit(nowMs: number): void {
    this.writer.clock(nowMs);
    this.writer.flush();
  }

  committed(published: readonly Published[]): void {
    const last = published.findLast((one) => one.type === 'alert');
    if (last?.type === 'alert') this.writer.committed(last.alert.seq);
  }

  close(nowMs: number): void {
    this.writer.close(nowMs);
  }
}

async function packedRows(data: RpkiData): Promise<PackedText> {
  const hash = createHash('sha256');
  const chunks: Buffer[] = [];
  const rows = data.rows();
  for (let isDone = false; !isDone; ) {
    const endAt = performance.now() + STRETCH_MS;
    let text = '';
    do {
      const { done, value } = rows.next();
      isDone = done === true;
      if (value !== undefined) text += rpkiLine(value);
    } while (!isDone && performance.now() < endAt);
    const chunk = Buffer.from(text);
    hash.update(chunk);
    chunks.push(chunk);
    await aTurn();
  }
  return { hash: hash.digest('hex'), gzip: await packed(Buffer.concat(chunks)) };
}

/** A file that cannot be written ends the recording, not the watch. */
export function openRecording(file: string | undefined, nowMs: number, log: Logger): Recorder | undefined {
  if (file === undefined) return undefined;
  const onFailure = (error: Error): void =>
    log.error({ event: 'recording.failed', file, detail: error.message });
  return new Recorder(new RecordingWriter(file, { append: true, atMs: nowMs, onFailure }));
}
