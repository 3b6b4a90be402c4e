/**
 * Recorded input from any number of files, merged by time into one stream for the driver: `replay` and `decode`.
 *
 * path → bytes → compression off (by content) → form (by content) → records → stamps → merge. Everything is pulled, so
 * memory does not grow with the files. What is whole is read; what is not is reported as `FILE: where: what`.
 */
import { createReadStream } from 'node:fs';
import { type Bytes, type Compression, compressionOf, DamagedInput } from './compression.ts';
import type { FileRecord, Form, OpenedFile } from './forms.ts';
import { GZIP } from './gzip.ts';
import { NDJSON_FORM } from './ndjson.ts';
import { type Stamped, StampRules } from './stamps.ts';

export interface FileProblem {
  readonly file: string;
  /** A line, an offset; empty where it is about the whole file. */
  readonly where: string;
  readonly what: string;
}

export interface RecordedInputOptions {
  readonly files: readonly string[];
  /** Beside RIS Live NDJSON and our own recordings, which are always known. */
  readonly forms?: readonly Form[];
  /** Beside gzip, which is always known. */
  readonly compressions?: readonly Compression[];
  readonly onProblem: (problem: FileProblem) => void;
  /** Bytes as read from disk, for progress. */
  readonly onProgress?: (bytes: number) => void;
}

export interface FileSummary {
  readonly file: string;
  /** Name of the form, undefined where none was recognised. */
  readonly form: string | undefined;
  readonly records: number;
  readonly problems: number;
}

/** Problems of one file that are reported one by one; the rest is summed up at its end. */
export const FILE_PROBLEMS_MAX = 20;

const HEAD_BYTES = 64 * 1024;
const LAYERS_MAX = 4;
const BATCH_RECORDS = 512;

/** `FILE: what is wrong and where`. */
export function formatFileProblem({ file, where, what }: FileProblem): string {
  return where === '' ? `${file}: ${what}` : `${file}: ${where}: ${what}`;
}

export class RecordedInput {
  readonly #options: RecordedInputOptions;
  readonly #files: FileReading[];

  constructor(options: RecordedInputOptions) {
    this.#options = options;
    this.#files = options.files.map((file) => new FileReading(file, options));
  }

  /**
   * All records of all files by time of arrival, those of one file in its order, of equal times in the order of the
   * files. Batches of at least one record. Use once.
   */
  async *batches(): AsyncGenerator<readonly Stamped<FileRecord>[]> {
    const cursors = this.#files.map((file) => new Cursor(file.batches()));
    try {
      for (const cursor of cursors) await cursor.fill();
      yield* merge(cursors);
    } finally {
      for (const cursor of cursors) await cursor.close();
    }
  }

  /** What was read of each file; complete once `batches` has ended. */
  summaries(): readonly FileSummary[] {
    return this.#files.map((file) => file.summary());
  }

  /** True when there was damage and not one record beside it, in any file: the one failure of `replay`. */
  nothingRead(): boolean {
    const summaries = this.summaries();
    const records = summaries.reduce((sum, file) => sum + file.records, 0);
    return records === 0 && summaries.some((file) => file.problems > 0);
  }

  get files(): readonly string[] {
    return this.#options.files;
  }
}

/** One position in each file; the earliest runs on for as long as no other is earlier. */
async function* merge(cursors: readonly Cursor[]): AsyncGenerator<readonly Stamped<FileRecord>[]> {
  let batch: Stamped<FileRecord>[] = [];
  for (;;) {
    const first = earliest(cursors, undefined);
    if (first === undefined) break;
    const second = earliest(cursors, first);
    const limitMs = second?.headMs() ?? Infinity;
    const goesFirst = second === undefined || cursors.indexOf(first) < cursors.indexOf(second);
    first.takeUntil(limitMs, goesFirst, batch);
    if (first.isEmpty()) await first.fill();
    if (batch.length >= BATCH_RECORDS || (second === undefined && batch.length > 0)) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

function earliest(cursors: readonly Cursor[], but: Cursor | undefined): Cursor | undefined {
  let best: Cursor | undefined;
  for (const cursor of cursors) {
    if (cursor === but || cursor.isEmpty()) continue;
    if (best === undefined || cursor.headMs() < best.headMs()) best = cursor;
  }
  return best;
}

/** The next records of one file, a batch at a time. */
class Cursor {
  readonly #batches: AsyncGenerator<readonly Stamped<FileRecord>[]>;
  #batch: readonly Stamped<FileRecord>[] = [];
  #next = 0;

  constructor(batches: AsyncGenerator<readonly Stamped<FileRecord>[]>) {
    this.#batches = batches;
  }

  isEmpty(): boolean {
    return this.#next >= this.#batch.length;
  }

  headMs(): number {
    return this.#batch[this.#next]?.arrivedMs ?? Infinity;
  }

  /** Moves records with a time below `limitMs`, or equal to it where this file `goesFirst`. */
  takeUntil(limitMs: number, goesFirst: boolean, into: Stamped<FileRecord>[]): void {
    for (; this.#next < this.#batch.length; this.#next += 1) {
      const record = this.#batch[this.#next];
      if (record === undefined || record.arrivedMs > limitMs) return;
      if (record.arrivedMs === limitMs && !goesFirst) return;
      into.push(record);
    }
  }

  /** Afterwards empty only where the file has ended. */
  async fill(): Promise<void> {
    while (this.isEmpty()) {
      const next = await this.#batches.next();
      if (next.done === true) return;
      this.#batch = next.value;
      this.#next = 0;
    }
  }

  async close(): Promise<void> {
    await this.#batches.return(undefined);
  }
}

/** One file on its way from path to stamped records, with the account of it. */
class FileReading {
  readonly #file: string;
  readonly #options: RecordedInputOptions;
  #form: string | undefined;
  #records = 0;
  #problems = 0;
  #reported = 0;

  constructor(file: string, options: RecordedInputOptions) {
    this.#file = file;
    this.#options = options;
  }

  summary(): FileSummary {
    return { file: this.#file, form: this.#form, records: this.#records, problems: this.#problems };
  }

  async *batches(): AsyncGenerator<readonly Stamped<FileRecord>[]> {
    const rules = new StampRules<FileRecord>();
    try {
      for await (const records of this.#read()) {
        const settled = records.flatMap((record) => rules.push(record, record.stampMs));
        if (settled.length > 0) yield settled;
      }
    } catch (error) {
      if (!(error instanceof DamagedInput)) throw error;
      this.#report(this.#records > 0 ? `after record ${this.#records}` : '', error.message, true);
    }
    const rest = rules.end();
    if (rest.length > 0) yield rest;
    const silent = this.#problems - this.#reported;
    if (silent > 0)
      this.#options.onProblem({ file: this.#file, where: '', what: `and ${silent} more problems` });
  }

  async *#read(): AsyncGenerator<readonly FileRecord[]> {
    const opened = await this.#open();
    if (opened === undefined) return;
    for await (const records of opened.form.read(opened)) {
      this.#records += records.filter(isWhole).length;
      yield records;
    }
  }

  /** Takes compressions off until a form is recognised. */
  async #open(): Promise<(OpenedFile & { readonly form: Form }) | undefined> {
    let bytes: Bytes = this.#readDisk();
    for (let layer = 0; layer < LAYERS_MAX; layer += 1) {
      const peeked = new Peeked(bytes);
      const head = await peeked.head();
      const compression = compressionOf(head, [GZIP, ...(this.#options.compressions ?? [])]);
      if (compression === undefined) {
        const opened = this.#recognise(head, peeked);
        if (opened === undefined) await peeked.close();
        return opened;
      }
      if (compression.decompress === undefined) {
        this.#report('', `${compression.name} cannot be read here`);
        await peeked.close();
        return undefined;
      }
      bytes = compression.decompress(peeked.bytes());
    }
    this.#report('', 'compressed too many times over');
    return undefined;
  }

  #recognise(head: Buffer, peeked: Peeked): (OpenedFile & { readonly form: Form }) | undefined {
    const form = [...(this.#options.forms ?? []), NDJSON_FORM].find((one) => one.matches(head));
    this.#form = form?.name;
    if (form !== undefined) {
      const report = (where: string, what: string): void => this.#report(where, what);
      return { file: this.#file, bytes: peeked.bytes(), report, form };
    }
    if (peeked.damage !== undefined) throw peeked.damage;
    if (head.length > 0) this.#report('', 'neither RIS Live NDJSON, nor a recording, nor MRT');
    return undefined;
  }

  async *#readDisk(): Bytes {
    try {
      for await (const chunk of createReadStream(this.#file, { highWaterMark: HEAD_BYTES })) {
        this.#options.onProgress?.((chunk as Buffer).length);
        yield chunk as Buffer;
      }
    } catch (error) {
      throw new DamagedInput(`cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
    }
  }

  /** `isEnd`: said however many problems there were, since nothing behind it is read. */
  #report(where: string, what: string, isEnd = false): void {
    this.#problems += 1;
    if (this.#reported >= FILE_PROBLEMS_MAX && !isEnd) return;
    this.#reported += 1;
    this.#options.onProblem({ file: this.#file, where, what });
  }
}

/** A record that says something, if only that a keepalive came. */
function isWhole(record: FileRecord): boolean {
  return record.input !== undefined || record.problems.length === 0;
}

/** Looks at the beginning of a stream and gives it back whole. Damage within is kept until its place is reached. */
class Peeked {
  damage: DamagedInput | undefined;
  readonly #source: AsyncIterator<Buffer>;
  #chunks: Buffer[] = [];
  #ended = false;

  constructor(bytes: Bytes) {
    this.#source = bytes[Symbol.asyncIterator]();
  }

  async head(): Promise<Buffer> {
    let length = 0;
    while (length < HEAD_BYTES && !this.#ended) {
      const chunk = await this.#next();
      if (chunk === undefined) break;
      this.#chunks.push(chunk);
      length += chunk.length;
    }
    return Buffer.concat(this.#chunks).subarray(0, HEAD_BYTES);
  }

  /** For a stream that nobody reads to its end. */
  async close(): Promise<void> {
    await this.#source.return?.(undefined);
  }

  async *bytes(): Bytes {
    try {
      const chunks = this.#chunks;
      this.#chunks = [];
      yield* chunks;
      for (;;) {
        const chunk = await this.#next();
        if (chunk === undefined) break;
        yield chunk;
      }
    } finally {
      await this.close();
    }
    if (this.damage !== undefined) throw this.damage;
  }

  async #next(): Promise<Buffer | undefined> {
    if (this.#ended) return undefined;
    try {
      const next = await this.#source.next();
      if (next.done !== true) return next.value;
    } catch (error) {
      if (!(error instanceof DamagedInput)) throw error;
      this.damage = error;
    }
    this.#ended = true;
    return undefined;
  }
}
