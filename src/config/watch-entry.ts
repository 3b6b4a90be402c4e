/**
 * One entry of a watchlist, from YAML or from a line of NDJSON, checked and complete with its defaults.
 * Called by `watchlist-files.ts`; the vocabulary is `match/watchlist.ts`.
 */
import type { Prefix } from '../bgp/prefix.ts';
import { lengthMax } from '../bgp/prefix.ts';
import { SEVERITIES, type Severity } from '../bgp/severity.ts';
import { compileAsPathRegex } from '../judge/as-path-regex.ts';
import { KINDS } from '../judge/vocabulary.ts';
import type { PathRules, WatchEntry } from '../match/watchlist.ts';
import { type Item, type MapItem, plain } from './item.ts';
import type { Position, Problems } from './problems.ts';
import * as rules from './rules.ts';
import { type Rule, readMap, shape } from './shape.ts';
import { show } from './words.ts';

/** What an entry says itself, or what the file's `defaults` say for it. Values are checked and converted. */
export interface EntryValues {
  readonly prefix?: Prefix;
  readonly asn?: number;
  readonly name?: string;
  readonly group?: string;
  readonly origins?: readonly number[];
  readonly upstreams?: readonly number[];
  readonly maxLength?: number;
  readonly moreSpecifics?: 'watch' | 'ignore';
  readonly minPeers?: number;
  readonly mitigation?: readonly number[];
  readonly mustSeeThrough?: readonly number[];
  readonly mute?: readonly string[];
  readonly path?: PathRules;
  readonly services?: readonly string[];
  readonly tags?: readonly string[];
  readonly severity?: Severity;
  readonly ignore?: boolean;
}

/** Keys that may stand in `defaults` too. */
function sharedRules(): Record<string, Rule> {
  return {
    group: rules.wordText(),
    origins: rules.routingAsnList(),
    upstreams: rules.routingAsnList(),
    moreSpecifics: rules.enumOf(['watch', 'ignore']),
    minPeers: rules.wholeNumber(1, 1_000_000),
    mitigation: rules.routingAsnList(),
    mustSeeThrough: rules.routingAsnList(),
    mute: rules.listOf(rules.enumOf(KINDS)),
    path: rules.anything(),
    services: rules.listOf(rules.wordText()),
    tags: rules.listOf(rules.wordText()),
    severity: rules.enumOf(SEVERITIES),
  };
}

const defaultsShape = shape(sharedRules);
const entryShape = shape(() => ({
  prefix: rules.prefix(),
  asn: rules.routingAsn(),
  name: rules.nameText(),
  ...sharedRules(),
  maxLength: rules.wholeNumber(0, 128),
  ignore: rules.flag(),
}));
const pathShape = shape(() => ({
  mustMatch: rules.lineText(1_000),
  mustNotMatch: rules.lineText(1_000),
  maxLength: rules.wholeNumber(1, 10_000),
}));

/** The keys that an entry may have. */
export function entryKeys(): readonly string[] {
  return entryShape().keys;
}

export function readDefaults(item: Item, problems: Problems): EntryValues {
  const values = readMap(item, defaultsShape(), problems, { what: 'the defaults of the entries' }) ?? {};
  return withPath(values, item, problems);
}

/** An entry as the file says it; undefined after a problem was noted that leaves nothing to watch. */
export function readEntry(item: Item, defaults: EntryValues, problems: Problems): WatchEntry | undefined {
  const read = readMap(item, entryShape(), problems, { what: 'an entry' });
  if (read === undefined || item.kind !== 'map') return undefined;
  const values = withPath(read, item, problems);
  const complaint = complaintAbout(values, (key) => item.pairs.has(key));
  if (complaint !== undefined) {
    const pair = complaint.key === undefined ? undefined : item.pairs.get(complaint.key);
    const at = complaint.isAboutKey ? pair?.keyAt : pair?.value.at;
    if (complaint.key === undefined) problems.addAbsence(item.at, complaint.found, complaint.remedy);
    else problems.add(at ?? item.at, complaint.found, complaint.remedy);
    return undefined;
  }
  return makeEntry(values, defaults);
}

/**
 * The quick road for one parsed line of NDJSON, which it may change; hot: called once for each of up to millions of
 * lines. Undefined when anything is unusual: `readEntry` then says what, with its position.
 */
export function quickEntry(value: Record<string, unknown>, defaults: EntryValues): WatchEntry | undefined {
  const { keySet, check } = entryShape();
  for (const key in value) if (!keySet.has(key) || key === 'path') return undefined;
  if (check(value) !== true) return undefined;
  const values = value as EntryValues;
  if (complaintAbout(values, (key) => key in value) !== undefined) return undefined;
  return makeEntry(values, defaults);
}

interface EntryComplaint extends rules.Complaint {
  /** Where it stands; undefined: the entry as a whole. */
  readonly key: string | undefined;
  readonly isAboutKey?: boolean;
}

const ONLY_FOR_PREFIX = ['origins', 'maxLength', 'moreSpecifics', 'ignore'];
const BESIDE_IGNORE = ['prefix', 'ignore', 'name', 'group'];

/** What a schema of single values does not see: keys that don't go together. */
function complaintAbout(values: EntryValues, has: (key: string) => boolean): EntryComplaint | undefined {
  if (!has('prefix') && !has('asn'))
    return {
      key: undefined,
      found: 'an entry without prefix and without asn',
      remedy: 'add prefix: … or asn: …',
    };
  if (has('prefix') && has('asn'))
    return {
      key: 'asn',
      isAboutKey: true,
      found: 'an entry with both prefix and asn',
      remedy: 'make two entries of it',
    };
  if (has('asn')) {
    const key = ONLY_FOR_PREFIX.find(has);
    if (key === undefined) return undefined;
    return { key, isAboutKey: true, found: `${key} beside asn`, remedy: 'remove it: it belongs to a prefix' };
  }
  if (values.ignore === true) {
    const key = entryShape().keys.find((candidate) => has(candidate) && !BESIDE_IGNORE.includes(candidate));
    if (key === undefined) return undefined;
    return {
      key,
      isAboutKey: true,
      found: `${key} in an entry that is ignored`,
      remedy: 'remove it: a hole expects nothing',
    };
  }
  return complaintAboutLength(values);
}

function complaintAboutLength({ prefix, maxLength }: EntryValues): EntryComplaint | undefined {
  if (prefix === undefined || maxLength === undefined) return undefined;
  const longest = lengthMax(prefix.family);
  if (maxLength >= prefix.length && maxLength <= longest) return undefined;
  const found =
    maxLength > longest
      ? `maxLength is ${maxLength}, beyond ${longest}`
      : `maxLength is ${maxLength}, shorter than ${prefix.text}`;
  return { key: 'maxLength', found, remedy: `write a length from ${prefix.length} to ${longest}` };
}

/** Reads the path rules, which are a map of their own, into their place. */
function withPath(read: Record<string, unknown>, item: Item, problems: Problems): EntryValues {
  const { path: _unread, ...values } = read;
  const pathItem = item.kind === 'map' ? item.pairs.get('path')?.value : undefined;
  if (pathItem === undefined) return values as EntryValues;
  const path = readMap(pathItem, pathShape(), problems, { what: 'a map of path rules' });
  if (path === undefined || pathItem.kind !== 'map') return values as EntryValues;
  if (pathItem.pairs.size === 0)
    problems.addAbsence(
      pathItem.at,
      'path rules without a rule',
      'write mustMatch, mustNotMatch or maxLength',
    );
  for (const key of ['mustMatch', 'mustNotMatch'] as const) checkPattern(key, path[key], pathItem, problems);
  return { ...values, path } as EntryValues;
}

function checkPattern(key: string, pattern: unknown, item: MapItem, problems: Problems): void {
  const at = item.pairs.get(key)?.value.at;
  if (typeof pattern !== 'string' || at === undefined) return;
  const compiled = compileAsPathRegex(pattern);
  if (!('error' in compiled)) return;
  const found = `${key} ${show(pattern)} is no AS path expression: ${compiled.error}, at its character ${compiled.at + 1}`;
  problems.add(at, found, patternRemedy(pattern));
}

/** A pattern with commas, as some programs write paths, is shown as it is written here. */
function patternRemedy(pattern: string): string {
  const meant = pattern
    .replace(/\(,\|\^\)|\(\^\|,\)|\(,\|\$\)|\(\$\|,\)/g, '_')
    .replace(/\[\^,\]/g, '[0-9]')
    .replaceAll(',', '_');
  return pattern.includes(',') && !('error' in compileAsPathRegex(meant))
    ? `write it as on a router: ${show(meant)}`
    : 'write it as on a router, for instance "_10158_" or "^3356_.*_7625$"';
}

const NONE: readonly never[] = Object.freeze([]);

function makeEntry(values: EntryValues, defaults: EntryValues): WatchEntry | undefined {
  const isHole = values.ignore === true;
  const given = isHole ? {} : defaults;
  const upstreams = values.upstreams ?? given.upstreams;
  const base = {
    name: values.name ?? '',
    group: values.group ?? defaults.group ?? 'default',
    services: listOr(values.services ?? given.services),
    tags: listOr(values.tags ?? given.tags),
    minPeers: values.minPeers ?? given.minPeers ?? 1,
    mitigation: listOr(values.mitigation ?? given.mitigation),
    mustSeeThrough: listOr(values.mustSeeThrough ?? given.mustSeeThrough),
    mute: listOr(values.mute ?? given.mute),
    upstreams: upstreams && listOr(upstreams),
    path: values.path ?? given.path,
    severity: values.severity ?? given.severity,
  };
  if (values.asn !== undefined) return { type: 'asn', asn: values.asn, ...base };
  if (values.prefix === undefined) return undefined;
  const origins = values.origins ?? given.origins;
  return {
    type: 'prefix',
    prefix: values.prefix,
    ...base,
    ignore: isHole,
    origins: origins && listOr(origins),
    maxLength: values.maxLength ?? values.prefix.length,
    moreSpecifics: values.moreSpecifics ?? given.moreSpecifics ?? 'watch',
  };
}

function listOr<T>(list: readonly T[] | undefined): readonly T[] {
  if (list === undefined || list.length === 0) return NONE;
  return list.length === 1 ? list : [...new Set(list)];
}

/** Where in its file an entry stands: its prefix, or its AS number. */
export function entryPosition(item: Item): Position {
  if (item.kind !== 'map') return item.at;
  return (item.pairs.get('prefix') ?? item.pairs.get('asn'))?.value.at ?? item.at;
}

/** What an operator wrote as the prefix, for saying that it is the same as another in other words. */
export function writtenPrefix(item: Item): string {
  const value = item.kind === 'map' ? item.pairs.get('prefix')?.value : undefined;
  return value === undefined ? '' : `${plain(value)}`;
}
