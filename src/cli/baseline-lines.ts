/**
 * The baseline as NDJSON: what `baseline export` writes and `baseline import` reads. Every line is looked at before
 * anything is done, and every problem has its place.
 */
import { parseAsn } from '../bgp/asn.ts';
import type { ConfigProblem } from '../config/problems.ts';
import { readPrefix } from '../config/rules.ts';
import { kindOf, oneOf, show, suggest } from '../config/words.ts';
import type { BaselineRow } from '../engine/ports.ts';
import { isoTime } from '../incident/alert.ts';
import { readTime } from '../serve/parameters.ts';

/** Exactly these keys, in this order. */
export function baselineLine(row: BaselineRow): string {
  const { prefix, origin, neighbors, source, firstSeenAt, lastSeenAt } = row;
  return JSON.stringify({ prefix, origin, neighbors, source, firstSeenAt, lastSeenAt });
}

/** A row to import through the API: with what the six keys leave out. */
export function fullLine(row: BaselineRow): string {
  return JSON.stringify(row);
}

const SOURCES: readonly BaselineRow['source'][] = [
  'config',
  'learned',
  'provisional',
  'observed',
  'operator',
  'rejected',
  'snapshot',
];
const REQUIRED = ['prefix', 'origin', 'neighbors', 'source', 'firstSeenAt', 'lastSeenAt'] as const;
const KEYS: readonly string[] = [...REQUIRED, 'peerAsns', 'by', 'note'];
const LIST_MAX = 10_000;
const PEERS_MAX = 16;

interface Complaint {
  readonly key: string;
  readonly found: string;
  readonly remedy: string;
}

export interface ReadBaseline {
  readonly rows: readonly BaselineRow[];
  readonly problems: readonly ConfigProblem[];
}

/** All rows, or all problems; `file` is how problems name it. Empty lines don't count. */
export function readBaselineLines(text: string, file: string): ReadBaseline {
  const rows: BaselineRow[] = [];
  const problems: ConfigProblem[] = [];
  const places = new Map<string, number>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const at = { file, line: index + 1 };
    const value = parsedLine(line);
    if ('found' in value) {
      problems.push({ ...at, col: value.col, found: value.found, remedy: 'write one JSON object a line' });
      continue;
    }
    const { row, complaints } = rowOf(value.object);
    for (const { key, found, remedy } of complaints)
      problems.push({ ...at, col: columnOf(line, key), found, remedy });
    if (complaints.length > 0) continue;
    const name = `${row.prefix} ${row.origin}`;
    const before = places.get(name);
    if (before === undefined) rows.push(row);
    else
      problems.push({
        ...at,
        col: 1,
        found: `${row.prefix} with AS${row.origin} stands in line ${before} too`,
        remedy: 'keep one',
      });
    places.set(name, index + 1);
  }
  return { rows, problems };
}

type Parsed =
  | { readonly object: Readonly<Record<string, unknown>> }
  | { readonly found: string; readonly col: number };

function parsedLine(line: string): Parsed {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { object: value as Readonly<Record<string, unknown>> };
    return { found: `is ${kindOf(value)}, no object`, col: 1 };
  } catch {
    return { found: 'is no JSON', col: brokenAt(line) + 1 };
  }
}

/** The index of the character that breaks the JSON: the longest beginning that lacks only its end is sound. */
function brokenAt(line: string): number {
  let sound = 0;
  let broken = line.length + 1;
  while (broken - sound > 1) {
    const middle = (sound + broken) >> 1;
    if (middle <= line.length && lacksOnlyItsEnd(line.slice(0, middle))) sound = middle;
    else broken = middle;
  }
  return sound;
}

function lacksOnlyItsEnd(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const position = /position (\d+)/.exec(message)?.[1];
    return /^Unexpected end|^Unterminated/.test(message) || Number(position ?? -1) >= text.length;
  }
}

/** Where the key stands in the line, in UTF-16 units from 1. */
function columnOf(line: string, key: string): number {
  return Math.max(0, line.indexOf(JSON.stringify(key))) + 1;
}

/** The row is whole only where there are no complaints. */
function rowOf(value: Readonly<Record<string, unknown>>): {
  row: BaselineRow;
  complaints: readonly Complaint[];
} {
  const complaints: Complaint[] = [];
  const complain = (key: string, found: string, remedy: string): void => {
    complaints.push({ key, found: `${key} ${found}`, remedy });
  };
  for (const key of Object.keys(value))
    if (!KEYS.includes(key))
      complaints.push({ key, found: `unknown key ${show(key)}`, remedy: suggest(key, KEYS) });
  const missing = REQUIRED.filter((key) => !(key in value));
  if (missing.length > 0)
    complaints.push({ key: '', found: `${missing.join(', ')} missing`, remedy: 'add it' });
  const has = (key: string): boolean => key in value;
  const row: BaselineRow = {
    prefix: has('prefix') ? prefixText(value.prefix, complain) : '',
    origin: has('origin') ? asnOf('origin', value.origin, complain) : 0,
    neighbors: has('neighbors') ? asnsOf('neighbors', value.neighbors, LIST_MAX, complain) : [],
    source: has('source') ? sourceOf(value.source, complain) : 'observed',
    firstSeenAt: timeOf('firstSeenAt', value.firstSeenAt ?? null, complain),
    lastSeenAt: timeOf('lastSeenAt', value.lastSeenAt ?? null, complain),
    peerAsns: has('peerAsns') ? asnsOf('peerAsns', value.peerAsns, PEERS_MAX, complain) : [],
    by: textOf('by', value.by ?? '', 200, complain),
    note: textOf('note', value.note ?? '', 2_000, complain),
  };
  if (row.firstSeenAt !== null && row.lastSeenAt !== null && row.lastSeenAt < row.firstSeenAt)
    complain('lastSeenAt', 'is before firstSeenAt', 'write a later time');
  return { row, complaints };
}

type Complain = (key: string, found: string, remedy: string) => void;

function prefixText(value: unknown, complain: Complain): string {
  const read = readPrefix(value);
  if (!('found' in read)) return read.text;
  complain('prefix', read.found, read.remedy);
  return '';
}

function asnOf(key: string, value: unknown, complain: Complain): number {
  const asn = parseAsn(value);
  if (asn === undefined)
    complain(key, `is ${show(value)}, no AS number`, 'write a number from 0 to 4294967295');
  return asn ?? 0;
}

function asnsOf(key: string, value: unknown, max: number, complain: Complain): readonly number[] {
  if (!Array.isArray(value) || value.length > max) {
    complain(
      key,
      Array.isArray(value) ? `has ${value.length} members` : `is ${kindOf(value)}`,
      `write a list of at most ${max} AS numbers`,
    );
    return [];
  }
  return [...new Set(value.map((member) => asnOf(key, member, complain)))];
}

function sourceOf(value: unknown, complain: Complain): BaselineRow['source'] {
  const source = SOURCES.find((known) => known === value);
  if (source === undefined)
    complain(
      'source',
      `is ${show(value)}`,
      typeof value === 'string' ? suggest(value, SOURCES) : `write ${oneOf(SOURCES)}`,
    );
  return source ?? 'observed';
}

function timeOf(key: string, value: unknown, complain: Complain): string | null {
  if (value === null) return null;
  const iso = typeof value === 'string' ? readTime(value) : undefined;
  if (iso === undefined)
    complain(
      key,
      `is ${show(value)}, no time`,
      'write ISO 8601 with Z or offset, as 2022-02-03T01:04:18Z, or null',
    );
  return iso === undefined ? null : isoTime(Date.parse(iso));
}

function textOf(key: string, value: unknown, max: number, complain: Complain): string {
  if (typeof value === 'string' && value.length <= max) return value;
  complain(
    key,
    typeof value === 'string' ? `has ${value.length} characters` : `is ${kindOf(value)}`,
    `write at most ${max} characters`,
  );
  return '';
}
