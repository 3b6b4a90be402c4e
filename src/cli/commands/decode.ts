/**
 * `originwatch decode FILE…`: every route of any input it can read, one a line, as `bgpdump -m` prints it or as JSON.
 * Data goes to stdout, what is wrong with a file to stderr with its name and place.
 */
import type { Writable } from 'node:stream';
import { bgpdumpLine } from '../../decode/mrt/bgpdump-line.ts';
import { risLiveRoutes, risLiveState } from '../../decode/ris-live/ris-live-routes.ts';
import { routeJson } from '../../decode/route-json.ts';
import type { PrintedRecord } from '../../decode/route-record.ts';
import { BZIP2 } from '../../feed/files/bzip2.ts';
import { XZ, ZSTD } from '../../feed/files/decompress-tool.ts';
import { formatFileProblem, RecordedInput } from '../../feed/files/files.ts';
import type { FileRecord } from '../../feed/files/forms.ts';
import { mrtPrintForm, type PrintedFileRecord } from '../../feed/files/mrt-files.ts';
import type { Stamped } from '../../feed/files/stamps.ts';

export interface DecodeOptions {
  readonly json: boolean;
  /** Overrides the collector that the path of an MRT file names; it shows in JSON. */
  readonly collector?: string | undefined;
}

export interface DecodeStreams {
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** Characters collected before they are written. */
const WRITE_CHARACTERS = 256 * 1024;

/** Returns the exit code: 0, or 1 when nothing at all could be read. Ends early, with 0, when stdout is closed. */
export async function runDecode(
  files: readonly string[],
  options: DecodeOptions,
  io: DecodeStreams,
): Promise<number> {
  const output = new Output(io.stdout);
  const print = options.json
    ? (record: PrintedRecord): string => JSON.stringify(routeJson(record))
    : bgpdumpLine;
  let read = 0;
  let failed = 0;
  try {
    for (const file of files) {
      const input = new RecordedInput({
        files: [file],
        forms: [mrtPrintForm({ collector: options.collector })],
        compressions: [BZIP2, XZ, ZSTD],
        onProblem: (problem) => io.stderr.write(`${formatFileProblem(problem)}\n`),
      });
      for await (const batch of input.batches()) {
        for (const stamped of batch) for (const record of printedOf(stamped)) output.line(print(record));
        if (output.isFull && !(await output.flush())) return 0;
      }
      if (input.nothingRead()) failed += 1;
      else read += 1;
    }
    await output.flush();
    return read === 0 && failed > 0 ? 1 : 0;
  } finally {
    output.release();
  }
}

/** MRT records bring their routes along; RIS Live frames and recordings have them in the frame's text. */
function printedOf({ record, arrivedMs }: Stamped<FileRecord>): readonly PrintedRecord[] {
  if (isPrinted(record)) return record.printed;
  const { input, problems } = record;
  if (input?.type === 'update') return risLiveRoutes(input.update, input.raw, problems, arrivedMs);
  return input?.type === 'peer-state' ? [risLiveState(input.change, problems, arrivedMs)] : [];
}

function isPrinted(record: FileRecord): record is PrintedFileRecord {
  return 'printed' in record;
}

/** Lines in large pieces, at the pace of the reader; a reader that went away (`| head`) ends the work quietly. */
class Output {
  readonly #stream: Writable;
  #text = '';
  #closed = false;
  readonly #onGone = (): void => {
    this.#closed = true;
  };

  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', this.#onGone);
    stream.on('close', this.#onGone);
  }

  get isFull(): boolean {
    return this.#text.length >= WRITE_CHARACTERS;
  }

  line(text: string): void {
    this.#text += `${text}\n`;
  }

  /** Waits until the text is taken; false when nobody reads any more. */
  async flush(): Promise<boolean> {
    const text = this.#text;
    this.#text = '';
    if (text === '' || this.#closed) return !this.#closed;
    await new Promise<void>((resolve) => {
      this.#stream.once('close', resolve);
      this.#stream.write(text, () => {
        this.#stream.off('close', resolve);
        resolve();
      });
    });
    return !this.#closed;
  }

  /** The error listener stays: EPIPE may come after the last write. */
  release(): void {
    this.#stream.off('close', this.#onGone);
  }
}
