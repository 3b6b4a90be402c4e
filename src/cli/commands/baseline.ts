/**
 * `originwatch baseline list|show|export|import|learn|accept|reject`: the baseline in SQLite, with and without a
 * running daemon.
 */
import { readFileSync } from 'node:fs';
import { text as wholeText } from 'node:stream/consumers';
import { formatAsn } from '../../bgp/asn.ts';
import { overlaps, type Prefix, prefixOf } from '../../bgp/prefix.ts';
import type { Settings } from '../../config/settings.ts';
import { OperationalError } from '../../engine/errors.ts';
import type { Author, BaselineRow } from '../../engine/ports.ts';
import { loadVrpFile } from '../../feed/rpki/vrp-export.ts';
import { systemClock } from '../../feed/surroundings.ts';
import { type RpkiData, RpkiDataBuilder } from '../../judge/rpki-data.ts';
import { WatchPlan } from '../../judge/watch-plan.ts';
import { PEERS_KEPT_MAX, type Survey, surveyRibs } from '../../learn/rib-survey.ts';
import { type Judged, judgeSurvey, MARKS } from '../../learn/snapshot-learning.ts';
import { printable } from '../../words/printable.ts';
import {
  type AuthorOptions,
  asnArgument,
  authorOf,
  type CommonOptions,
  originArgument,
  prefixArgument,
} from '../arguments.ts';
import { BaselineAccess } from '../baseline-access.ts';
import { baselineLine, readBaselineLines } from '../baseline-lines.ts';
import { refuseUnwatched, unwatchedOrigin, watchedBy, watchedIn } from '../beside/watched.ts';
import { fileAdvice } from '../file-advice.ts';
import { Output } from '../output.ts';
import { Progress } from '../progress.ts';
import { counted, localTime, tableLines } from '../table.ts';
import { type Streams, settingsAt, UsageError } from '../usage.ts';

async function print(io: Streams, lines: Iterable<string>): Promise<void> {
  const output = new Output(io.stdout);
  for (const line of lines) {
    output.line(line);
    if (output.isFull && !(await output.flush())) return;
  }
  await output.flush();
}

/** A database that is not there yet holds nothing, which is said. */
async function rowsOf(access: BaselineAccess, io: Streams): Promise<readonly BaselineRow[]> {
  const rows = await access.rows();
  if (rows === undefined) io.stderr.write(`no baseline yet: there is no ${access.databasePath}\n`);
  return rows ?? [];
}

/** What went past a daemon is named: nobody else would tell. */
function sayWhere({ changedAlone }: BaselineAccess, io: Streams): void {
  if (changedAlone !== undefined)
    io.stderr.write(`no daemon runs here: ${changedAlone} was changed, and the next start reads it\n`);
}

/** All of it, or what concerns one prefix: the prefix itself, what covers it, and what is inside it. */
export async function listBaseline(
  options: CommonOptions,
  prefix: string | undefined,
  io: Streams,
): Promise<number> {
  const meant = prefix === undefined ? undefined : prefixArgument(prefix);
  const rows = await rowsOf(await BaselineAccess.of(options), io);
  const baseline = meant === undefined ? rows : rows.filter((row) => overlaps(prefixOf(row.prefix), meant));
  if (options.json === true) await print(io, [JSON.stringify({ baseline })]);
  else if (baseline.length > 0) await print(io, baselineTable(baseline));
  else
    io.stderr.write(meant === undefined ? 'the baseline is empty\n' : `nothing is known of ${meant.text}\n`);
  return 0;
}

function baselineTable(rows: readonly BaselineRow[]): string[] {
  return tableLines(
    ['PREFIX', 'ORIGIN', 'SOURCE', 'NEIGHBORS', 'PEERS', 'FIRST SEEN', 'LAST SEEN', 'BY', 'NOTE'],
    rows.map((row) => [
      row.prefix,
      formatAsn(row.origin),
      row.source,
      row.neighbors.map(formatAsn).join(' '),
      String(row.peerAsns.length),
      localTime(row.firstSeenAt),
      localTime(row.lastSeenAt),
      row.by,
      row.note,
    ]),
  );
}

export async function exportBaseline(options: CommonOptions, io: Streams): Promise<number> {
  const rows = await rowsOf(await BaselineAccess.of(options), io);
  await print(
    io,
    (function* () {
      for (const row of rows) yield baselineLine(row);
    })(),
  );
  return 0;
}

// ---------------------------------------------------------------- changes

/** Whole or not at all: one bad line and nothing is imported. */
export async function importBaseline(file: string, options: AuthorOptions, io: Streams): Promise<number> {
  const author = authorOf(options);
  const access = await BaselineAccess.of(options);
  const text = await readInput(file);
  const { rows, problems } = readBaselineLines(text, file === '-' ? 'stdin' : file);
  if (problems.length > 0) {
    for (const { file: name, line, col, found, remedy } of problems)
      io.stderr.write(`${name}:${line}:${col}: ${found}; ${remedy}\n`);
    io.stderr.write(`${counted(problems.length, 'error')}, nothing was imported\n`);
    return 1;
  }
  if (rows.length > 0)
    await access.importRows(
      rows.map((row) => authored(row, author)),
      author,
    );
  if (options.json === true) await print(io, [JSON.stringify({ imported: rows.length })]);
  else io.stderr.write(`${counted(rows.length, 'row')} imported\n`);
  sayWhere(access, io);
  return 0;
}

/** An operator's decision has a name: where the line has none, that of who imports it. */
function authored(row: BaselineRow, author: Author): BaselineRow {
  const isDecision = row.source === 'operator' || row.source === 'rejected';
  return isDecision && row.by === '' ? { ...row, by: author.by, note: row.note || author.note } : row;
}

async function readInput(file: string): Promise<string> {
  try {
    return file === '-' ? await wholeText(process.stdin) : readFileSync(file, 'utf8');
  } catch (cause) {
    throw new OperationalError('input-unreadable', `${file}: ${fileAdvice(cause)}`, { cause });
  }
}

/** `accept` and `reject`. */
export async function decideOrigin(
  decision: 'accept' | 'reject',
  prefix: string,
  origin: string,
  options: AuthorOptions,
  io: Streams,
): Promise<number> {
  const meant: Prefix = prefixArgument(prefix);
  const asn = decision === 'accept' ? originArgument(origin) : asnArgument(origin);
  const author = authorOf(options);
  const access = await BaselineAccess.of(options);
  const watched =
    access.daemon !== undefined
      ? await watchedBy(access.daemon)
      : watchedIn(settingsAt(access.place, options).watchlist.entries);
  refuseUnwatched(unwatchedOrigin(meant, asn, watched), options.force, io);
  const row = await access.decide(meant, asn, decision === 'accept', author);
  sayWhere(access, io);
  const line = `${decision}ed ${formatAsn(row.origin)} for ${row.prefix} by ${printable(row.by)}`;
  await print(io, [options.json === true ? JSON.stringify(row) : line]);
  return 0;
}

/** `forget`: one origin, or every one that the prefix has. */
export async function forgetOrigin(
  prefix: string,
  origin: string | undefined,
  options: AuthorOptions,
  io: Streams,
): Promise<number> {
  const meant = prefixArgument(prefix);
  const asn = origin === undefined ? undefined : asnArgument(origin);
  const access = await BaselineAccess.of(options);
  const forgotten = await access.forget(meant, asn, authorOf(options));
  sayWhere(access, io);
  const line = `forgot ${counted(forgotten, 'origin')} of ${meant.text}`;
  await print(io, [options.json === true ? JSON.stringify({ prefix: meant.text, forgotten }) : line]);
  return 0;
}

// ---------------------------------------------------------------- learning

export interface LearnOptions extends CommonOptions {
  readonly rib: readonly string[];
  readonly collector?: string;
  readonly minPeers?: number;
  readonly watchlist?: string;
  readonly vrps?: string;
  readonly all?: boolean;
  readonly dryRun?: boolean;
}

/** Rows that one request or transaction takes: each stands for itself, and the API bounds a body. */
const ROWS_AT_ONCE = 20_000;

/** Learns from RIB snapshots; prints what looks wrong. 1 when nothing could be read. */
export async function learnBaseline(options: LearnOptions, io: Streams): Promise<number> {
  const access = await BaselineAccess.of(options);
  const settings = settingsAt(access.place, options);
  const minPeers = options.minPeers ?? settings.detection.learnPeers;
  if (minPeers < 1 || minPeers > PEERS_KEPT_MAX)
    throw new UsageError(`--min-peers needs a number from 1 to ${PEERS_KEPT_MAX}`);
  const plan = new WatchPlan(settings.watchlist);
  const survey = await readRibs(options, plan, io);
  if (survey.nothingRead || survey.vantagePoints === 0) {
    io.stderr.write(`error: no row of a RIB in ${options.rib.join(', ')}${updatesWord(survey)}\n`);
    return 1;
  }
  const known = new Map(((await access.rows()) ?? []).map((row) => [`${row.prefix} ${row.origin}`, row]));
  const judged = judgeSurvey(survey, {
    plan,
    known: (prefix, origin) => known.get(`${prefix} ${origin}`),
    rpki: await rpkiOf(settings),
    siblings: settings.knowledge.siblings,
    minPeers,
    isAll: options.all === true,
  });
  const rows = judged.flatMap(({ row }) => (row === undefined ? [] : [row]));
  const author = { ...authorOf({}), note: `learned from ${options.rib.length} RIB files` };
  for (let at = 0; options.dryRun !== true && at < rows.length; at += ROWS_AT_ONCE)
    await access.importRows(rows.slice(at, at + ROWS_AT_ONCE), author);
  await report(judged, survey, options, io);
  sayWhere(access, io);
  return 0;
}

async function readRibs(options: LearnOptions, plan: WatchPlan, io: Streams): Promise<Survey> {
  const progress = new Progress(options.rib, io.stderr);
  try {
    return await surveyRibs({
      files: options.rib,
      plan,
      collector: options.collector,
      onProblem: (text) => {
        progress.clear();
        io.stderr.write(`${printable(text)}\n`);
      },
      onProgress: (bytes) => progress.read(bytes),
    });
  } finally {
    progress.end();
  }
}

async function rpkiOf(settings: Settings): Promise<RpkiData | undefined> {
  const { file } = settings.rpki;
  return file === undefined ? undefined : (await loadVrpFile(file, new RpkiDataBuilder(), systemClock)).data;
}

function updatesWord({ skippedUpdates }: Survey): string {
  return skippedUpdates === 0 ? '' : ` (${skippedUpdates} announcements in updates: only snapshots teach)`;
}

async function report(
  judged: readonly Judged[],
  survey: Survey,
  options: LearnOptions,
  io: Streams,
): Promise<void> {
  const marked = judged.filter(({ marks }) => marks.length > 0);
  const learned = judged.flatMap(({ row }) => row ?? []);
  const { routes, vantagePoints, skippedUpdates } = survey;
  if (options.json === true) {
    const dryRun = options.dryRun === true;
    const totals = { prefixes: survey.prefixes.size, routes, vantagePoints, skippedUpdates };
    await print(io, [JSON.stringify({ dryRun, ...totals, learned, marked: marked.map(markedJson) })]);
    return;
  }
  if (marked.length > 0) await print(io, markedTable(marked));
  const verb = options.dryRun === true ? 'would be learned' : 'learned';
  io.stderr.write(
    `${routes} routes of ${vantagePoints} vantage points concern ${survey.prefixes.size} prefixes of watched space: ` +
      `${learned.length} origins ${verb}, ${judged.length - learned.length} left out because they look wrong${updatesWord(survey)}\n`,
  );
  const marks = [...new Set(marked.flatMap((one) => one.marks))];
  for (const mark of marks) io.stderr.write(`  ${mark}: ${MARKS[mark]}\n`);
  if (judged.length > learned.length)
    io.stderr.write(
      '  what is right of them: originwatch baseline accept PREFIX ORIGIN, or learn with --all\n',
    );
}

function markedJson({ seen, marks, row }: Judged): Record<string, unknown> {
  return {
    prefix: seen.prefix.text,
    origin: seen.origin,
    vantagePoints: seen.vantagePoints,
    peerAsns: seen.peerAsns.size,
    neighbors: [...seen.neighbors.keys()].sort((a, b) => a - b),
    marks,
    learned: row !== undefined,
  };
}

function markedTable(marked: readonly Judged[]): string[] {
  return tableLines(
    ['PREFIX', 'ORIGIN', 'VANTAGE POINTS', 'PEER ASES', 'NEIGHBORS', 'LEARNED', 'LOOKS WRONG'],
    marked.map(({ seen, marks, row }) => [
      seen.prefix.text,
      formatAsn(seen.origin),
      String(seen.vantagePoints),
      String(seen.peerAsns.size),
      [...seen.neighbors.keys()].slice(0, 5).map(formatAsn).join(' '),
      row === undefined ? 'no' : 'yes',
      marks.join(', '),
    ]),
  );
}
