/**
 * Proposed entries into an operator's watchlist, byte for byte otherwise: new entries go behind the last one, missing
 * keys behind the last key of their entry. What the operator wrote, the comments, the order and the layout stay; where
 * a value of theirs differs from what was seen, theirs stays and the difference is told. Pure.
 */
import { isMap, isScalar, isSeq, type Pair, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import { covers, parsePrefix } from '../bgp/prefix.ts';
import type { PrefixEntry, Watchlist } from '../match/watchlist.ts';
import type { Splice } from './line-edits.ts';
import type { Proposal, ProposedEntry } from './watch-proposal.ts';
import {
  asnJsonLine,
  asnLines,
  entriesOf,
  entryComment,
  entryJsonLine,
  entryLines,
  expectationPairs,
} from './watch-proposal-text.ts';

export interface Merge {
  readonly splices: readonly Splice[];
  /** Names of entries that are new; those in doubt, which come as comments, are not among them. */
  readonly added: readonly string[];
  readonly completed: readonly { readonly watch: string; readonly keys: readonly string[] }[];
  /** What differs and stays as the operator wrote it, in words. */
  readonly kept: readonly string[];
}

/** What the operator has, as it was loaded, and the group of new entries unless a covering entry tells it. */
export interface MergeOptions {
  readonly watchlist: Watchlist;
  readonly group: string | undefined;
}

/** What is to be added, and to which group. */
interface Addition {
  readonly asn?: number;
  readonly entry?: ProposedEntry;
  readonly group: string | undefined;
}

/** `text` has been loaded before: it is a watchlist without errors. */
export function mergeYaml(text: string, proposal: Proposal, options: MergeOptions): Merge {
  const document = parseDocument(text, { uniqueKeys: false, prettyErrors: false });
  const root = document.contents as YAMLMap;
  const watch = root.get('watch') as YAMLSeq;
  const defaults = root.get('defaults');
  const plan = planOf(proposal, options, commentedPrefixes(text));
  const completions = completionsOf(text, watch, isMap(defaults) ? defaults : undefined, proposal);
  const isFlow = watch.flow === true && (watch.items.length > 0 || root.flow === true);
  const splices = isFlow
    ? flowSplices(watch, plan.additions, text)
    : blockSplices(watch, plan.additions, text);
  return {
    splices: [...completions.splices, ...splices],
    added: addedNames(plan.additions),
    completed: completions.completed,
    kept: [...plan.kept, ...completions.kept],
  };
}

/** NDJSON has no comments: what is in doubt stays out and is told. */
export function mergeNdjson(text: string, proposal: Proposal, options: MergeOptions): Merge {
  const plan = planOf(proposal, options, new Set());
  const trusted = plan.additions.filter(({ entry }) => entry?.isTrusted !== false);
  const doubted = plan.additions.filter((one) => !trusted.includes(one));
  const lines = trusted.map(jsonLineOf);
  const lead = text === '' || text.endsWith('\n') ? '' : '\n';
  const splices =
    lines.length === 0
      ? []
      : [{ start: text.length, end: text.length, text: `${lead}${lines.join('\n')}\n` }];
  const differences = [...listedPrefixes(options.watchlist)].flatMap(([name, listed]) => {
    const entry = proposal.entries.find(({ prefix }) => prefix.text === name);
    return entry === undefined ? [] : differencesOf(entry, listed.origins);
  });
  const kept = [
    ...plan.kept,
    ...doubted.map(({ entry }) => `${entry?.prefix.text}: left out, ${reasonsOf(entry)}`),
    ...differences,
  ];
  return { splices, added: addedNames(trusted), completed: [], kept };
}

function reasonsOf(entry: ProposedEntry | undefined): string {
  return (entry?.checks ?? []).map(({ code, text }) => `${code}: ${text}`).join('; ');
}

function addedNames(additions: readonly Addition[]): readonly string[] {
  return additions.flatMap(({ asn, entry }) => {
    if (entry === undefined) return [`AS${asn}`];
    return entry.isTrusted ? [entry.prefix.text] : [];
  });
}

// ---------------------------------------------------------------- what is to be added

function planOf(
  proposal: Proposal,
  { watchlist, group }: MergeOptions,
  commented: ReadonlySet<string>,
): { readonly additions: readonly Addition[]; readonly kept: readonly string[] } {
  const listed = listedPrefixes(watchlist);
  const additions: Addition[] = [];
  const kept: string[] = [];
  for (const asn of proposal.asns) {
    const ofAs = [...watchlist.entries].find((entry) => entry.type === 'asn' && entry.asn === asn);
    if (ofAs === undefined) additions.push({ asn, group });
    for (const entry of entriesOf(proposal, asn)) {
      if (listed.has(entry.prefix.text) || commented.has(entry.prefix.text)) continue;
      const outer = coveringEntry(listed, entry);
      if (outer?.ignore === true)
        kept.push(`${entry.prefix.text} stays out: it is inside your hole ${outer.prefix.text}`);
      else if (outer === undefined || !explains(outer, entry))
        additions.push({ entry, group: group ?? groupOf(outer) ?? groupOf(ofAs) });
    }
  }
  return { additions, kept };
}

function listedPrefixes(watchlist: Watchlist): ReadonlyMap<string, PrefixEntry> {
  return new Map(
    [...watchlist.entries].flatMap((entry) =>
      entry.type === 'prefix' ? [[entry.prefix.text, entry] as const] : [],
    ),
  );
}

function coveringEntry(
  listed: ReadonlyMap<string, PrefixEntry>,
  { prefix }: ProposedEntry,
): PrefixEntry | undefined {
  let best: PrefixEntry | undefined;
  for (const entry of listed.values())
    if (covers(entry.prefix, prefix) && (best === undefined || entry.prefix.length > best.prefix.length))
      best = entry;
  return best;
}

/** The operator's entry expects just this: an entry of its own would only hide its name, services and severity. */
function explains({ origins, maxLength }: PrefixEntry, entry: ProposedEntry): boolean {
  return (
    entry.prefix.length <= maxLength && entry.origins.every((origin) => origins?.includes(origin) ?? true)
  );
}

function groupOf(entry: { readonly group: string } | undefined): string | undefined {
  return entry === undefined || entry.group === 'default' ? undefined : entry.group;
}

const COMMENTED_ENTRY =
  /^[ \t]*#+[ \t]*(?:-|\{|-[ \t]*\{)[ \t]*["']?prefix["']?:[ \t]*["']?([0-9a-fA-F:.]+\/\d+)/gm;

/** Entries that stand as comments, from an earlier `init` or by the operator's hand. */
function commentedPrefixes(text: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const match of text.matchAll(COMMENTED_ENTRY)) {
    const parsed = parsePrefix(match[1] ?? '');
    if (parsed !== undefined) found.add(parsed.prefix.text);
  }
  return found;
}

// ---------------------------------------------------------------- new entries

function jsonLineOf({ asn, entry, group }: Addition): string {
  return entry === undefined ? asnJsonLine(asn ?? 0, { group }) : entryJsonLine(entry, { group });
}

function blockSplices(watch: YAMLSeq, additions: readonly Addition[], text: string): readonly Splice[] {
  if (additions.length === 0) return [];
  const end = newlineOf(text);
  const { at, indent, cut } = placeBehind(watch, text);
  const lines = additions.flatMap(({ asn, entry, group }) =>
    entry === undefined
      ? ['', ...asnLines(asn ?? 0, indent, { group })]
      : entryLines(entry, indent, { group }),
  );
  const lead = at > 0 && text[at - 1] !== '\n' ? end : '';
  return [...cut, { start: at, end: at, text: `${lead}${lines.join(end)}${end}` }];
}

/** Behind the last entry and the comments that stand below it, indented like it. */
function placeBehind(
  watch: YAMLSeq,
  text: string,
): { readonly at: number; readonly indent: string; readonly cut: readonly Splice[] } {
  const [start, valueEnd] = watch.range ?? [0, 0, 0];
  if (watch.items.length === 0) {
    // `watch: []` becomes a list below it.
    const from = text.slice(0, start).trimEnd().length;
    return { at: behindLine(text, valueEnd), indent: '  ', cut: [{ start: from, end: valueEnd, text: '' }] };
  }
  const indent = ' '.repeat(start - lineStart(text, start));
  let at = behindNode(text, endOfNode(watch.items.at(-1)));
  for (let next = at; next < text.length; ) {
    const end = behindLine(text, next);
    const line = text.slice(next, end);
    if (
      line.trim() !== '' &&
      !(indent !== '' && line.startsWith(`${indent}#`)) &&
      !line.startsWith(`${indent}  #`)
    )
      break;
    if (line.trim() !== '') at = end;
    next = end;
  }
  return { at, indent, cut: [] };
}

function flowSplices(watch: YAMLSeq, additions: readonly Addition[], text: string): readonly Splice[] {
  if (additions.length === 0) return [];
  const end = newlineOf(text);
  const rows = additions.map((addition, index) => {
    const { entry } = addition;
    const notes = entry === undefined ? [] : entryComment(entry, '  ');
    const isLast = !additions.slice(index + 1).some((later) => later.entry?.isTrusted !== false);
    const row =
      entry?.isTrusted === false
        ? `  # ${jsonLineOf(addition)}`
        : `  ${jsonLineOf(addition)}${isLast ? '' : ','}`;
    return [...notes, row].join(end);
  });
  const last = watch.items.at(-1);
  const at = last === undefined ? (watch.range?.[0] ?? 0) + 1 : endOfNode(last);
  const comma = last === undefined || additions.every(({ entry }) => entry?.isTrusted === false) ? '' : ',';
  return [{ start: at, end: at, text: `${comma}${end}${rows.join(end)}${end}` }];
}

// ---------------------------------------------------------------- missing keys

function completionsOf(
  text: string,
  watch: YAMLSeq,
  defaults: YAMLMap | undefined,
  proposal: Proposal,
): Pick<Merge, 'splices' | 'completed' | 'kept'> {
  const proposed = new Map(proposal.entries.map((entry) => [entry.prefix.text, entry]));
  const splices: Splice[] = [];
  const completed: { watch: string; keys: readonly string[] }[] = [];
  const kept: string[] = [];
  for (const map of watch.items) {
    if (!isMap(map)) continue;
    const entry = proposed.get(nameOf(map));
    if (entry === undefined || map.get('ignore') === true) continue;
    const origins = originsWritten(map) ?? originsWritten(defaults);
    const differences = differencesOf(entry, origins);
    kept.push(...differences);
    if (differences.length > 0 || !entry.isTrusted || map.has('<<')) continue;
    const missing = expectationPairs(entry).filter(([key]) => !map.has(key) && defaults?.has(key) !== true);
    if (missing.length === 0) continue;
    splices.push(keysSplice(text, map, missing));
    completed.push({ watch: entry.prefix.text, keys: missing.map(([key]) => key) });
  }
  return { splices, completed, kept };
}

function nameOf(map: YAMLMap): string {
  const value = map.get('prefix');
  return typeof value === 'string' ? (parsePrefix(value)?.prefix.text ?? '') : '';
}

/** Undefined where none are written, or not so that they can be compared. */
function originsWritten(map: YAMLMap | undefined): readonly number[] | undefined {
  const list = map?.get('origins');
  if (!isSeq(list)) return undefined;
  return list.items.map((item) => Number(String(isScalar(item) ? item.value : '').replace(/^AS/i, '')));
}

/** What was seen and is not as the operator wrote it. */
function differencesOf(entry: ProposedEntry, origins: readonly number[] | undefined): readonly string[] {
  const unexpected = entry.origins.filter((origin) => origins !== undefined && !origins.includes(origin));
  if (unexpected.length === 0) return [];
  const written = origins?.length === 0 ? 'nobody' : (origins ?? []).map((asn) => `AS${asn}`).join(', ');
  return [
    `${entry.prefix.text} stays as you wrote it: it expects ${written}; found ${unexpected.map((asn) => `AS${asn}`).join(', ')}`,
  ];
}

function keysSplice(text: string, map: YAMLMap, missing: readonly (readonly [string, string])[]): Splice {
  const at = endOfPair(map.items.at(-1));
  if (map.flow === true) {
    const isJson = text[startOf(map.items[0])] === '"';
    const keys = missing.map(([key, value]) => `, ${isJson ? JSON.stringify(key) : key}: ${value}`);
    return { start: at, end: at, text: keys.join('') };
  }
  const end = newlineOf(text);
  const first = startOf(map.items[0]);
  const indent = ' '.repeat(first - lineStart(text, first));
  const behind = behindNode(text, at);
  const lead = behind > 0 && text[behind - 1] !== '\n' ? end : '';
  return {
    start: behind,
    end: behind,
    text: `${lead}${missing.map(([key, value]) => `${indent}${key}: ${value}${end}`).join('')}`,
  };
}

// ---------------------------------------------------------------- places

interface Ranged {
  readonly range?: readonly [number, number, number] | null | undefined;
}

function startOf(pair: Pair | undefined): number {
  return (pair?.key as Ranged | undefined)?.range?.[0] ?? 0;
}

function endOfPair(pair: Pair | undefined): number {
  const key = (pair?.key as Ranged | undefined)?.range?.[1] ?? 0;
  return Math.max(key, endOfNode(pair?.value));
}

/** Behind the value itself, its trailing comment left out. */
function endOfNode(node: unknown): number {
  if (isMap(node) && node.flow !== true && node.items.length > 0) return endOfPair(node.items.at(-1));
  if (isSeq(node) && node.flow !== true && node.items.length > 0) return endOfNode(node.items.at(-1));
  return (node as Ranged | null)?.range?.[1] ?? 0;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Where the line behind a node begins. A block of text ends with its newline. */
function behindNode(text: string, offset: number): number {
  return offset > 0 && text[offset - 1] === '\n' ? offset : behindLine(text, offset);
}

/** The start of the next line. */
function behindLine(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  return newline < 0 ? text.length : newline + 1;
}

function newlineOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}
