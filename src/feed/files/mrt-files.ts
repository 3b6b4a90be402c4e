/**
 * MRT files as a form of recorded input (RFC 6396): updates and RIB snapshots, read in a streaming way. Bytes come
 * decompressed from `files.ts`, framing and decoding are `decode/mrt/`, and what comes out are `FileRecord`s.
 */
import type { Problem, Update } from '../../bgp/update.ts';
import type { Interest } from '../../decode/bgp/update.ts';
import { MrtDecoder, type MrtItem, stampMs } from '../../decode/mrt/mrt.ts';
import { type MrtFrame, MrtFramer } from '../../decode/mrt/mrt-framing.ts';
import { hexOf } from '../../decode/octets.ts';
import type { PrintedRecord } from '../../decode/route-record.ts';
import type { FeedInput } from '../../engine/ports.ts';
import { collectorOfPath } from './collector-name.ts';
import { DamagedInput } from './compression.ts';
import { type FileRecord, type Form, isMrt, type OpenedFile } from './forms.ts';
import { REPLAY_FEED } from './ndjson.ts';

export interface MrtFormOptions {
  /** Overrides what the path says. */
  readonly collector?: string | undefined;
  /** What is judged; without it everything. Records that touch nothing of it cost no object. */
  readonly interest?: Interest | undefined;
}

/** What a printing run gets: records as `decode` prints them; never an input. */
export interface PrintedFileRecord extends FileRecord {
  readonly printed: readonly PrintedRecord[];
}

/** Octets of a record that are kept as raw evidence. */
const RAW_BYTES_MAX = 65_536;
/** Codes that say that the file is damaged, and not only a route in it. */
const DAMAGE_CODES: ReadonlySet<string> = new Set([
  'mrt-short',
  'mrt-peer',
  'mrt-trailing',
  'update-cut',
  'bgp-marker',
  'bgp-length',
]);

/** For `replay` and `baseline learn`: what is judged. RIB rows come `via` snapshot. */
export function mrtForm(options: MrtFormOptions = {}): Form {
  return { name: 'mrt', matches: isMrt, read: (opened) => readJudged(opened, options) };
}

/** For `decode`: every route; all problems are reported, with their offset. */
export function mrtPrintForm(options: Pick<MrtFormOptions, 'collector'> = {}): Form {
  return { name: 'mrt', matches: isMrt, read: (opened) => readPrinted(opened, options) };
}

async function* readJudged(
  opened: OpenedFile,
  options: MrtFormOptions,
): AsyncIterable<readonly FileRecord[]> {
  const decoder = new MrtDecoder(options.collector ?? collectorOfPath(opened.file), options.interest);
  for await (const framer of chunksOf(opened)) {
    const records: FileRecord[] = [];
    let lastMs: number | undefined;
    while (framer.next()) {
      const problems: Problem[] = [];
      const items = decoder.judge(framer, problems);
      lastMs = stampMs(framer);
      for (const { code, detail } of problems)
        if (DAMAGE_CODES.has(code)) opened.report(`offset ${framer.offset}`, `${code}: ${detail}`);
      if (items.length > 0) for (const item of items) records.push(judged(framer, item, problems, lastMs));
      else if (problems.length > 0) records.push({ stampMs: lastMs, input: undefined, problems });
      else continue;
      lastMs = undefined;
    }
    // What touched nothing still moves the clock.
    if (lastMs !== undefined) records.push({ stampMs: lastMs, input: undefined, problems: [] });
    if (records.length > 0) yield records;
  }
}

/** The problems of a record go with the first of its items. */
function judged(frame: MrtFrame, item: MrtItem, problems: Problem[], stamp: number): FileRecord {
  const taken = problems.splice(0);
  if (item.type === 'peer-state')
    return {
      stampMs: stamp,
      input: { type: 'peer-state', feed: REPLAY_FEED, via: 'replay', change: item.change },
      problems: taken,
    };
  return {
    stampMs: stamp,
    input: updateInput(item.update, item.type === 'rib' ? 'snapshot' : 'replay', frame),
    problems: taken,
  };
}

function updateInput(update: Update, via: 'snapshot' | 'replay', frame: MrtFrame): FeedInput {
  // A row of a RIB holds every other peer's route too: no evidence that is worth its size.
  const end = Math.min(frame.end, frame.start + RAW_BYTES_MAX);
  const raw = via === 'snapshot' ? '' : hexOf(frame.bytes, frame.start, end);
  return { type: 'update', feed: REPLAY_FEED, via, update, raw };
}

async function* readPrinted(
  opened: OpenedFile,
  options: MrtFormOptions,
): AsyncIterable<readonly PrintedFileRecord[]> {
  const decoder = new MrtDecoder(options.collector ?? collectorOfPath(opened.file));
  for await (const framer of chunksOf(opened)) {
    const records: PrintedFileRecord[] = [];
    while (framer.next()) {
      const problems: Problem[] = [];
      const printed = decoder.print(framer, problems);
      for (const { code, detail } of problems) opened.report(`offset ${framer.offset}`, `${code}: ${detail}`);
      records.push({ stampMs: stampMs(framer), input: undefined, problems: [], printed });
    }
    if (records.length > 0) yield records;
  }
}

/**
 * The framer, once for each chunk that was pushed into it; damage of the framing is reported as it is found. What is
 * whole comes first also where the compression broke off.
 */
async function* chunksOf(opened: OpenedFile): AsyncGenerator<MrtFramer> {
  const framer = new MrtFramer();
  let damage: DamagedInput | undefined;
  try {
    for await (const chunk of opened.bytes) {
      framer.push(chunk);
      yield framer;
      reportFraming(framer, opened);
    }
  } catch (error) {
    if (!(error instanceof DamagedInput)) throw error;
    damage = error;
  }
  framer.finish();
  yield framer;
  reportFraming(framer, opened);
  if (damage !== undefined) throw damage;
}

function reportFraming(framer: MrtFramer, opened: OpenedFile): void {
  for (const { offset, problem } of framer.problems.splice(0))
    opened.report(`offset ${offset}`, `${problem.code}: ${problem.detail}`);
}
