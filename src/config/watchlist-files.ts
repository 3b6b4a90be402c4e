/**
 * The watchlist files, YAML or NDJSON, → one watchlist in which each prefix and each AS stands once.
 * NDJSON is for lists of machines: a million lines are read in seconds, positions are line numbers.
 */
import { createHash } from 'node:crypto';
import { WatchBuilder } from '../match/watch-builder.ts';
import { FORM, type WatchColumns } from '../match/watch-columns.ts';
import type { WatchEntry, Watchlist } from '../match/watchlist.ts';
import { watchName } from '../match/watchlist.ts';
import { type Item, readYaml } from './item.ts';
import { BoundedProblems, type Position } from './problems.ts';
import { anything } from './rules.ts';
import { readMap, shape } from './shape.ts';
import type { FileName, Sources } from './sources.ts';
import {
  type EntryValues,
  entryPosition,
  quickEntry,
  readDefaults,
  readEntry,
  writtenPrefix,
} from './watch-entry.ts';
import { kindOf, show } from './words.ts';

/** Wrong lines of an NDJSON file that are told one by one. */
const LINE_PROBLEMS_MAX = 1_000;

export interface WatchlistName extends FileName {
  /** Where the configuration names it; undefined when the command line does. */
  readonly namedAt: Position | undefined;
}

/** A watchlist that was read and found right. */
export interface CheckedWatchlist extends Watchlist {
  /** Of a long one: what the contents of its files amount to. Same files, same entries. */
  readonly fingerprint: string | undefined;
  /** It came from what was kept, not from the text of its files. */
  readonly wasKept?: boolean;
}

/** The columns that were made from files of this fingerprint, if they were kept. */
export type KeptColumns = (fingerprint: string) => WatchColumns | undefined;

/** Watchlists from this size on have a fingerprint: to keep shorter ones would cost more than to read them. */
const LONG_BYTES = 1_048_576;

/** Reads and checks all files, or takes what is kept of the very same ones. */
export function readWatchlists(
  names: readonly WatchlistName[],
  sources: Sources,
  kept: KeptColumns = () => undefined,
): CheckedWatchlist {
  const fingerprint = fingerprintOf(names, sources);
  const known = fingerprint === undefined ? undefined : kept(fingerprint);
  if (known !== undefined) return { entries: known, fingerprint, wasKept: true };
  return { entries: readAll(names, sources), fingerprint };
}

/** Undefined for short lists, and for files that can't be read: reading them says what is wrong. */
function fingerprintOf(names: readonly WatchlistName[], sources: Sources): string | undefined {
  const hash = createHash('sha256');
  let size = 0;
  for (const name of names) {
    const bytes = sources.peek(name);
    if (bytes === undefined) return undefined;
    size += bytes.length;
    hash.update(`${FORM} ${name.absolute.endsWith('.ndjson')} ${bytes.length}\n`).update(bytes);
  }
  return size < LONG_BYTES ? undefined : hash.digest('hex');
}

function readAll(names: readonly WatchlistName[], sources: Sources): WatchColumns {
  const census = new Census(sources);
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name.absolute) && name.namedAt !== undefined)
      sources.problems.add(
        name.namedAt,
        `the watchlist ${show(name.shown)} a second time`,
        'keep one of them',
      );
    else if (name.absolute.endsWith('.ndjson')) readNdjson(name, sources, census);
    else readYamlWatchlist(name, sources, census);
    seen.add(name.absolute);
  }
  return census.entries.finish();
}

/** Counts the entries in: each name once, and where the first stands. */
class Census {
  readonly entries = new WatchBuilder();
  readonly #sources: Sources;
  // Parallel to the entries: three numbers cost a million entries less than a million positions.
  readonly #files: string[] = [];
  readonly #lines: number[] = [];
  readonly #cols: number[] = [];

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /** Takes the entry unless its name was there before; then the problem is noted and false returned. */
  take(entry: WatchEntry, file: string, line: number, col: number, written = ''): boolean {
    const first = this.entries.find(entry);
    if (first < 0) {
      this.entries.add(entry);
      this.#files.push(file);
      this.#lines.push(line);
      this.#cols.push(col);
      return true;
    }
    const name = watchName(entry);
    const other = written === '' || written === name ? '' : `, written ${show(written)}`;
    const where = `${this.#files[first]}:${this.#lines[first]}:${this.#cols[first]}`;
    this.#sources.problems.add(
      { file, line, col },
      `${name} a second time${other}, first at ${where}`,
      'keep one of them',
    );
    return false;
  }
}

const fileShape = shape(() => ({ defaults: anything(), watch: anything() }));

function readYamlWatchlist(name: WatchlistName, sources: Sources, census: Census): void {
  const root = sources.yaml(name, name.namedAt);
  if (root === undefined) return;
  if (root.kind === 'list') {
    sources.problems.add(root.at, 'a bare list', 'write watch: above it and indent it');
    return;
  }
  if (
    readMap(root, fileShape(), sources.problems, { what: 'a watchlist' }) === undefined ||
    root.kind !== 'map'
  )
    return;
  const defaultsItem = root.pairs.get('defaults')?.value;
  const defaults = defaultsItem === undefined ? {} : readDefaults(defaultsItem, sources.problems);
  const watch = root.pairs.get('watch');
  if (watch === undefined)
    sources.problems.addAbsence(root.at, 'a watchlist without watch', 'add watch: and the entries below it');
  else if (watch.value.kind !== 'list')
    sources.problems.add(
      watch.value.at,
      `watch is ${kindOf(watch.value.kind === 'map' ? {} : watch.value.value)}`,
      'write a list: - prefix: …',
    );
  else for (const item of watch.value.items) takeItem(item, defaults, sources, census);
}

function takeItem(item: Item, defaults: EntryValues, sources: Sources, census: Census): void {
  const entry = readEntry(item, defaults, sources.problems);
  if (entry === undefined) return;
  const { file, line, col } = entryPosition(item);
  census.take(entry, file, line, col, entry.type === 'prefix' ? writtenPrefix(item) : '');
}

function readNdjson(name: WatchlistName, sources: Sources, census: Census): void {
  sources.problems.announce(name.shown);
  const bytes = sources.bytes(name, name.namedAt);
  if (bytes === undefined || !sources.isText(bytes, name.shown)) return;
  const bounded = new BoundedProblems(sources.problems, name.shown, LINE_PROBLEMS_MAX);
  let lines = 0;
  for (const [text, line] of linesOf(bytes)) {
    lines += 1;
    takeLine(text, line, name, sources, census, bounded);
  }
  bounded.close();
  if (lines === 0)
    sources.problems.addAbsence(
      { file: name.shown, line: 1, col: 1 },
      'the file is empty',
      'write one entry a line',
    );
}

const NO_DEFAULTS: EntryValues = {};

function takeLine(
  text: string,
  line: number,
  name: FileName,
  sources: Sources,
  census: Census,
  bounded: BoundedProblems,
): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const col = Number(/position (\d+)/.exec((error as Error).message)?.[1] ?? 0) + 1;
    bounded.add(line, 'this line is no JSON', 'write one entry a line: {"prefix":"192.0.2.0/24"}', col);
    return;
  }
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  const quick = isMap ? quickEntry(value as Record<string, unknown>, NO_DEFAULTS) : undefined;
  if (quick !== undefined) {
    if (bounded.isOpen && !census.take(quick, name.shown, line, 1)) bounded.count(line);
    return;
  }
  if (!bounded.isOpen) {
    bounded.count(line);
    return;
  }
  // JSON is YAML: the slow road says where in the line the mistake is.
  const item = readYaml(text, name.shown, sources.problems, line);
  const entry = item === undefined ? undefined : readEntry(item, NO_DEFAULTS, sources.problems);
  if (entry === undefined || item === undefined) bounded.count(line);
  else if (!census.take(entry, name.shown, line, entryPosition(item).col)) bounded.count(line);
}

/** The lines that are not blank, with their numbers; one string at a time, whatever the size of the file. */
function* linesOf(bytes: Uint8Array): Generator<readonly [text: string, line: number]> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf ? 3 : 0;
  for (let line = 1; start < buffer.length; line += 1) {
    const end = buffer.indexOf(10, start);
    const text = buffer.toString('utf8', start, end < 0 ? buffer.length : end);
    if (text.trim() !== '') yield [text, line];
    if (end < 0) return;
    start = end + 1;
  }
}
