/**
 * Files of lines: RIS Live messages with or without their envelope, our own recordings, or both in one file. Each line
 * says itself what it is, so a file may be cut, joined or filtered and what is whole in it is read.
 */
import { type Decoded, decodeRisLive } from '../../decode/ris-live/ris-live.ts';
import type { FeedInput } from '../../engine/ports.ts';
import { DamagedInput } from './compression.ts';
import type { FileRecord, Form, OpenedFile } from './forms.ts';
import { type Line, LineSplitter } from './lines.ts';
import { RecordedTexts } from './recorded-texts.ts';
import { parseRecordingLine, type RecordingLine, type Via } from './recording.ts';

/** The feed that messages of a foreign file belong to. */
export const REPLAY_FEED = 'replay';

export const NDJSON_FORM: Form = { name: 'ris-live-ndjson', matches: looksLikeLines, read: readNdjson };

/** JSON objects by line; the first line may be the rest of a cut one. */
function looksLikeLines(head: Buffer): boolean {
  const text = head.toString('latin1').replace(/^\xef\xbb\xbf/, '');
  return text.trimStart().startsWith('{') || /\n[ \t]*\{/.test(text);
}

async function* readNdjson(opened: OpenedFile): AsyncIterable<readonly FileRecord[]> {
  const splitter = new LineSplitter();
  const texts = new RecordedTexts();
  try {
    for await (const chunk of opened.bytes) {
      const records = readLines(splitter.push(chunk), opened, texts);
      if (records.length > 0) yield records;
    }
  } catch (error) {
    if (!(error instanceof DamagedInput)) throw error;
    // Damage explains why the last line is cut: it is not reported twice. Octets behind a whole stream explain nothing.
    const report = error.isBehind ? opened.report : (): void => undefined;
    const records = readLines(splitter.end(), { ...opened, report }, texts);
    if (records.some(({ problems }) => problems.length === 0)) yield records;
    throw error;
  }
  const records = readLines(splitter.end(), opened, texts);
  if (records.length > 0) yield records;
}

function readLines(lines: readonly Line[], opened: OpenedFile, texts: RecordedTexts): readonly FileRecord[] {
  const records: FileRecord[] = [];
  for (const line of lines) {
    const record = readLine(line, opened, texts);
    if (record !== undefined) records.push(record);
  }
  return records;
}

/** Undefined for lines that are neither input nor damage: blank ones and descriptions (`{"meta":…}`). */
function readLine(line: Line, opened: OpenedFile, texts: RecordedTexts): FileRecord | undefined {
  const where = `line ${line.number}`;
  if (line.bytes === undefined) {
    opened.report(where, 'the line is too long');
    return undefined;
  }
  const text = line.bytes
    .toString()
    .replace(/^\uFEFF/, '')
    .trim();
  if (text === '' || /^\{\s*"meta"\s*:/.test(text)) return undefined;
  const recorded = text.startsWith('{"type"') ? undefined : parseRecordingLine(text);
  if (recorded?.type === 'text') {
    texts.take(recorded);
    return undefined;
  }
  if (recorded !== undefined) return fromRecording(recorded, texts, (what) => opened.report(where, what));
  const decoded = decodeRisLive(text);
  if (decoded.type === 'bad') {
    const [problem] = decoded.problems;
    opened.report(where, `${line.ended ? '' : 'cut off: '}${problem?.code}: ${problem?.detail}`);
  }
  return fromFrame(decoded, REPLAY_FEED, 'replay', text, undefined);
}

/** A bad frame in a recording was bad when it came: it is a problem of the feed, not of the file. */
function fromRecording(
  line: Exclude<RecordingLine, { type: 'text' }>,
  texts: RecordedTexts,
  report: (what: string) => void,
): FileRecord {
  const { atMs: stampMs } = line;
  if (line.type === 'committed') {
    const recorded = { type: 'committed', seq: line.seq } as const;
    return { stampMs, input: undefined, recorded, problems: [] };
  }
  if (line.type === 'said') {
    const found = new Map(Object.entries(line.texts).map(([name, hash]) => [name, texts.find(hash)]));
    const textOf = (name: string): string | undefined => found.get(name)?.();
    const recorded = { type: 'said', value: line.value, textOf, report } as const;
    return { stampMs, input: undefined, recorded, problems: [] };
  }
  if (line.type === 'frame') {
    const raw = line.bytes.toString();
    return fromFrame(decodeRisLive(raw), line.feed, line.via, raw, line.atMs);
  }
  return { stampMs: line.atMs, input: inputOf(line), problems: [] };
}

function inputOf(
  line: Exclude<RecordingLine, { type: 'frame' | 'text' | 'said' | 'committed' }>,
): FeedInput | undefined {
  if (line.type === 'clock') return undefined;
  if (line.type === 'header') return { type: 'daemon', state: 'started' };
  if (line.type === 'end') return { type: 'daemon', state: 'stopped' };
  return line.input;
}

function fromFrame(
  decoded: Decoded,
  feed: string,
  via: Via,
  raw: string,
  arrivedMs: number | undefined,
): FileRecord {
  if (decoded.type === 'control') return { stampMs: arrivedMs, input: undefined, problems: [] };
  if (decoded.type === 'other')
    return { stampMs: arrivedMs ?? decoded.observedMs, input: undefined, problems: [] };
  const { problems } = decoded;
  if (decoded.type === 'bad') return { stampMs: arrivedMs, input: undefined, problems };
  // In a recording these came late: what was known of later stood.
  const late = via === 'backfill' || via === 'snapshot' ? { isLate: true as const } : {};
  const [input, observedMs]: [FeedInput, number | undefined] =
    decoded.type === 'update'
      ? [{ type: 'update', feed, via, update: decoded.update, raw, ...late }, decoded.update.observedMs]
      : [{ type: 'peer-state', feed, via, change: decoded.change }, decoded.change.observedMs];
  return { stampMs: arrivedMs ?? observedMs, input, problems };
}
