/**
 * RPKI exports: the JSON of rpki-client and Routinator (`json`, `jsonext`), what StayRTR reads, a bare list of rows,
 * and the assertions of SLURM files (RFC 8416). Bytes come in chunks of any size, rows go out one by one (`RpkiRows`),
 * so memory does not grow with the file. Called by `feed/rpki/vrp-export.ts` and by the commands that read a file.
 *
 * Only the rows and the metadata are ever parsed as JSON; the walk between them follows brackets and strings. A bad
 * row is a problem, counted and sampled; a file that is cut off or is no export at all is an error, and the caller
 * drops what it has taken from it.
 */

import type { Problem } from '../../bgp/update.ts';
import type { RpkiRows } from '../../bgp/vrp.ts';
import { UsualRowReader } from './vrp-json-bytes.ts';
import { type RowOutcome, readVrpJsonRow } from './vrp-json-row.ts';

export interface VrpJsonOutcome {
  /** Undefined when the file was read to its end; else what is wrong with it, and nothing of it may be used. */
  readonly error: string | undefined;
  readonly vrps: number;
  readonly aspas: number;
  /** Rows that could not be used, and those that were mended (`host-bits`). */
  readonly problems: number;
  /** The first of them. */
  readonly samples: readonly Problem[];
  /** When the exporting program says it made this, ms since the epoch. */
  readonly generatedMs: number | undefined;
}

/** More rows than the whole Internet has prefixes, twice. */
const ROWS_MAX = 4_000_000;
/** Bytes of one row or of the metadata; an ASPA of 16,000 providers still fits. */
const ROW_BYTES_MAX = 262_144;
const DEPTH_MAX = 32;
const SAMPLES_MAX = 10;
const KEY_LENGTH_MAX = 64;

/** Names of the lists whose members are rows. */
const LISTS: ReadonlySet<string> = new Set(['roas', 'vrps', 'aspas', 'prefixAssertions', 'aspaAssertions']);
/** Objects of older rpki-client releases that hold one ASPA list per address family. */
const FAMILY_LISTS: ReadonlySet<string> = new Set(['provider_authorizations', 'aspas']);

/** One open bracket. */
interface Level {
  readonly closing: number;
  /** Of an object: the key whose value is being read. */
  key: string;
  /** Its members are rows. */
  readonly holdsRows: boolean;
}

const [SPACE, QUOTE, COMMA, COLON, BACKSLASH] = [0x20, 0x22, 0x2c, 0x3a, 0x5c];
const [LIST_OPEN, LIST_CLOSE, OBJECT_OPEN, OBJECT_CLOSE] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Reads one export: `push` each chunk, then `end`. Throws nothing, whatever the bytes; keeps no chunk. */
export class VrpJsonReader {
  private readonly rows: RpkiRows;
  private readonly usual: UsualRowReader;
  private readonly levels: Level[] = [];
  /** The beginning of a row whose end is in a later chunk. */
  private rest: Buffer = Buffer.alloc(0);
  private error: string | undefined;
  private state: 'before' | 'inside' | 'after' = 'before';
  private inString = false;
  private escaped = false;
  private inWord = false;
  private text = '';
  private sawList = false;
  private offset = 0;
  private vrps = 0;
  private aspas = 0;
  private problems = 0;
  private readonly samples: Problem[] = [];
  private generatedMs: number | undefined;

  constructor(rows: RpkiRows) {
    this.rows = rows;
    this.usual = new UsualRowReader(rows);
  }

  /** False once the file is known to be useless: the rest need not be fetched. */
  push(chunk: Uint8Array): boolean {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const data = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    this.rest = Buffer.alloc(0);
    let at = 0;
    while (at < data.length && this.error === undefined) {
      const next = this.step(data, at);
      if (next < 0) {
        this.rest = Buffer.from(data.subarray(at));
        break;
      }
      this.offset += next - at;
      at = next;
    }
    return this.error === undefined;
  }

  end(): VrpJsonOutcome {
    if (this.state === 'before') this.fail('it is empty');
    else if (this.state === 'inside') this.fail('it is cut off');
    else if (!this.sawList) this.fail('it holds no list of VRPs ("roas")');
    else if (this.vrps + this.aspas === 0 && this.problems > 0) this.fail('not one of its rows can be read');
    const { error, vrps, aspas, problems, samples, generatedMs } = this;
    return { error, vrps, aspas, problems, samples, generatedMs };
  }

  /** Consumes at least one byte and says where to go on; -1 when a row goes on in the next chunk. */
  private step(data: Buffer, at: number): number {
    if (this.inString) return this.readString(data, at);
    const byte = data[at] ?? SPACE;
    const level = this.levels.at(-1);
    if (byte === OBJECT_OPEN && level !== undefined) {
      const isMetadata = this.levels.length === 1 && level.key === 'metadata';
      if (level.holdsRows || isMetadata) return this.readObject(data, at, isMetadata);
    }
    this.readSign(byte, level);
    return at + 1;
  }

  private readSign(byte: number, level: Level | undefined): void {
    if (byte === SPACE || (byte >= 0x09 && byte <= 0x0d)) {
      this.inWord = false;
      return;
    }
    if (this.state === 'after') {
      this.fail('something follows its end');
      return;
    }
    if (byte === OBJECT_OPEN || byte === LIST_OPEN) {
      this.open(byte, level);
      return;
    }
    if (level === undefined) {
      this.readMark(byte);
      return;
    }
    if (byte === OBJECT_CLOSE || byte === LIST_CLOSE) {
      this.close(byte, level);
      return;
    }
    if (byte === COLON) level.key = this.text;
    else if (byte === QUOTE) {
      this.inString = true;
      this.text = '';
    }
    if (byte === COMMA || byte === COLON) this.inWord = false;
    else if (level.holdsRows && !this.inWord)
      this.problem({ code: 'bad-row', detail: 'a member that is no object' });
    if (byte !== COMMA && byte !== COLON && byte !== QUOTE) this.inWord = true;
  }

  /** Before the first bracket nothing may stand but a byte order mark (EF BB BF). */
  private readMark(byte: number): void {
    if (this.offset < 3 && byte === [0xef, 0xbb, 0xbf][this.offset]) return;
    this.fail('it is no JSON');
  }

  private open(byte: number, level: Level | undefined): void {
    if (this.levels.length === DEPTH_MAX) {
      this.fail(`it is nested deeper than ${DEPTH_MAX}`);
      return;
    }
    this.state = 'inside';
    this.inWord = false;
    const outer = this.levels.at(-2);
    const isFamily = (level?.key === 'ipv4' || level?.key === 'ipv6') && FAMILY_LISTS.has(outer?.key ?? '');
    const holdsRows = byte === LIST_OPEN && (level === undefined || LISTS.has(level.key) || isFamily);
    this.sawList ||= holdsRows;
    this.levels.push({ closing: byte === OBJECT_OPEN ? OBJECT_CLOSE : LIST_CLOSE, key: '', holdsRows });
  }

  private close(byte: number, level: Level): void {
    if (byte !== level.closing) {
      this.fail(`its brackets do not match at byte ${this.offset}`);
      return;
    }
    this.inWord = false;
    this.levels.pop();
    if (this.levels.length === 0) this.state = 'after';
  }

  private readString(data: Buffer, from: number): number {
    for (let at = from; at < data.length; at += 1) {
      const byte = data[at] ?? QUOTE;
      if (this.escaped) this.escaped = false;
      else if (byte === BACKSLASH) this.escaped = true;
      else if (byte === QUOTE) {
        this.inString = false;
        return at + 1;
      }
      if (this.text.length < KEY_LENGTH_MAX) this.text += String.fromCharCode(byte);
    }
    return data.length;
  }

  /**
   * The object that begins at `at`. Rows of the usual form are read from the bytes. Most others are flat, so the first
   * closing brace is tried: a text that parses as an object up to there ends there. Bytes are taken as Latin-1, since nothing that is used goes beyond ASCII.
   */
  private readObject(data: Buffer, at: number, isMetadata: boolean): number {
    const behind = isMetadata ? -1 : this.usual.read(data, at);
    if (behind >= 0) {
      this.take('vrp', '');
      return behind;
    }
    let end = data.indexOf(OBJECT_CLOSE, at) + 1;
    let value = end === 0 ? undefined : parseObject(data.toString('latin1', at, end));
    if (value === undefined) {
      end = endOfObject(data, at);
      if (end < 0 && data.length - at > ROW_BYTES_MAX)
        this.fail(`a row is larger than ${ROW_BYTES_MAX} bytes`);
      if (end < 0) return -1;
      value = parseObject(data.toString('latin1', at, end));
    }
    if (isMetadata) this.generatedMs = value === undefined ? undefined : generatedOf(value);
    else if (value === undefined) this.take('bad-row', data.toString('latin1', at, Math.min(end, at + 200)));
    else this.take(readVrpJsonRow(value, this.rows), data.toString('latin1', at, Math.min(end, at + 200)));
    return end;
  }

  /** Counts what became of a row. */
  private take(outcome: RowOutcome, text: string): void {
    if (outcome === 'aspa') this.aspas += 1;
    else if (outcome === 'vrp' || outcome === 'host-bits') this.vrps += 1;
    if (outcome !== 'vrp' && outcome !== 'aspa') this.problem({ code: outcome, detail: text.slice(0, 200) });
    if (this.vrps + this.aspas + this.problems > ROWS_MAX) this.fail(`it has more than ${ROWS_MAX} rows`);
  }

  private problem(problem: Problem): void {
    this.problems += 1;
    if (this.samples.length < SAMPLES_MAX) this.samples.push(problem);
  }

  private fail(what: string): void {
    this.error ??= what;
  }
}

function parseObject(text: string): object | undefined {
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}

/** Behind the brace that closes the object at `at`; -1 when the data ends before. Braces in strings don't count. */
function endOfObject(data: Buffer, at: number): number {
  let depth = 0;
  let inString = false;
  for (let place = at; place < data.length; place += 1) {
    const byte = data[place];
    if (inString) {
      if (byte === BACKSLASH) place += 1;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === OBJECT_OPEN) depth += 1;
    else if (byte === OBJECT_CLOSE) {
      depth -= 1;
      if (depth === 0) return place + 1;
    }
  }
  return -1;
}

/** rpki-client says `buildtime` in ISO 8601, Routinator `generated` in seconds and `generatedTime`. */
function generatedOf(metadata: object): number | undefined {
  const { generated, generatedTime, buildtime } = metadata as Readonly<Record<string, unknown>>;
  const seconds = typeof generated === 'number' ? generated * 1_000 : Number.NaN;
  const texts = [generatedTime, buildtime]
    .filter((text) => typeof text === 'string')
    .map((text) => Date.parse(text));
  return [seconds, ...texts].find((ms) => ms > 0 && ms < 8.64e15);
}
