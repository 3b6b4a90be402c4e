/**
 * ARTEMIS's configuration: prefixes, ASes, and the rules that join them → entries of our watchlist and our feed.
 * Documented in its `docs/basicconf.md`; operators on prefixes are those of RFC 2622 §2.
 */
import { parseAsn } from '../../bgp/asn.ts';
import { lengthMax, parsePrefix } from '../../bgp/prefix.ts';
import { type Item, plain } from '../../config/item.ts';
import { show } from '../../config/words.ts';
import {
  type EntryDraft,
  type Imported,
  itemAt,
  itemsOf,
  label,
  pairOf,
  prefixFrom,
  RANGE_MAX,
} from './imported.ts';

const SECTIONS = ['prefixes', 'monitors', 'asns', 'rules'];
const RULE_KEYS = [
  'prefixes',
  'origin_asns',
  'neighbors',
  'prepend_seq',
  'policies',
  'mitigation',
  'community_annotations',
];

export function isArtemis(root: Item): boolean {
  return (
    pairOf(root, 'rules') !== undefined ||
    (pairOf(root, 'prefixes') !== undefined && pairOf(root, 'monitors') !== undefined)
  );
}

export function readArtemis(root: Item, imported: Imported): void {
  if (root.kind !== 'map') {
    imported.remark(root.at, 'this is no configuration of ARTEMIS; nothing is taken of it');
    return;
  }
  imported.hasConfiguration = true;
  for (const [key, { keyAt }] of root.pairs)
    if (!SECTIONS.includes(key)) imported.remark(keyAt, `${show(key)} has no equal here; left out`);
  readFeeds(itemAt(root, 'monitors'), imported);
  const names = namesOf(itemAt(root, 'prefixes'), imported);
  for (const rule of itemsOf(itemAt(root, 'rules'))) readRule(rule, names, imported);
  noteUnused(names, imported);
}

// ---------------------------------------------------------------- monitors

const FEEDS_INSTEAD: Readonly<Record<string, string>> = {
  bgpstreamlive: 'RIS Live sees RIS at once; RouteViews by a feed of type kafka',
  bgpstreamkafka: 'see feeds of type kafka',
  betabmp: 'see feeds of type kafka',
  exabgp: 'your routers can be heard by BMP',
  bgpstreamhist: 'see originwatch replay',
};

function readFeeds(item: Item | undefined, imported: Imported): void {
  if (item?.kind !== 'map') return;
  for (const [key, { keyAt, value }] of item.pairs) {
    if (key === 'riperis') {
      const names = texts(value).filter((name) => name !== '');
      if (names.length > 0) imported.feed.collectors = names;
    } else {
      const instead = FEEDS_INSTEAD[key];
      imported.remark(
        keyAt,
        `the monitor ${show(key)} has no equal here${instead === undefined ? '' : `: ${instead}`}`,
      );
    }
  }
}

// ---------------------------------------------------------------- names of prefixes

interface Named {
  readonly name: string;
  readonly at: Item['at'];
  isUsed: boolean;
}

/** The name under which the file declares each prefix, by its text as written. */
function namesOf(item: Item | undefined, imported: Imported): Map<string, Named> {
  const names = new Map<string, Named>();
  if (item?.kind !== 'map') return names;
  for (const [key, { keyAt, value }] of item.pairs)
    for (const text of texts(value))
      if (!names.has(text)) names.set(text, { name: label(key, keyAt, imported), at: keyAt, isUsed: false });
  return names;
}

function noteUnused(names: ReadonlyMap<string, Named>, imported: Imported): void {
  for (const [text, { at, isUsed }] of names)
    if (!isUsed)
      imported.remark(
        at,
        `${text} stands in no rule: ARTEMIS does not watch it, and neither is it watched here`,
      );
}

/** Lists may hold lists, and texts several values by comma. */
function texts(item: Item): readonly string[] {
  if (item.kind === 'list') return item.items.flatMap(texts);
  const value = plain(item);
  if (typeof value === 'number') return [`${value}`];
  return typeof value === 'string' ? value.split(',').map((text) => text.trim()) : [];
}

// ---------------------------------------------------------------- rules

function readRule(rule: Item, names: ReadonlyMap<string, Named>, imported: Imported): void {
  if (rule.kind !== 'map') {
    imported.remark(rule.at, 'a rule that is no map; left out');
    return;
  }
  for (const [key, { keyAt }] of rule.pairs)
    if (!RULE_KEYS.includes(key)) imported.remark(keyAt, `${show(key)} has no equal here; left out`);
  noteMeasures(rule, imported);
  const draft = expectations(rule, imported);
  const prefixes = itemAt(rule, 'prefixes');
  if (prefixes === undefined) {
    imported.remark(rule.at, 'a rule without prefixes; left out');
    return;
  }
  for (const text of texts(prefixes)) {
    const named = names.get(text);
    if (named !== undefined) named.isUsed = true;
    const entry = entryOf(text, named?.name, draft, prefixes, imported);
    if (entry !== undefined) put(entry, rule, imported);
  }
}

function noteMeasures(rule: Item, imported: Imported): void {
  const mitigation = pairOf(rule, 'mitigation');
  if (mitigation !== undefined && plain(mitigation.value) !== 'manual')
    imported.remark(
      mitigation.keyAt,
      'mitigation by a program has no equal here: see countermeasures, or a receiver of type command',
    );
  const annotations = pairOf(rule, 'community_annotations');
  if (annotations !== undefined)
    imported.remark(annotations.keyAt, 'community_annotations has no equal here; left out');
}

/** What the rule expects of every prefix of it. */
function expectations(rule: Item, imported: Imported): EntryDraft {
  const draft: EntryDraft = {};
  const origins = pairOf(rule, 'origin_asns');
  if (origins === undefined) draft.origins = [];
  else if (isWild(origins.value))
    imported.remark(
      origins.keyAt,
      "origin_asns '*' has no equal here: the origin is learned, and another one is judged",
    );
  else {
    const asns = asnsOf(origins.value, imported);
    if (asns.length > 0) draft.origins = asns;
    else
      imported.remark(
        origins.keyAt,
        'no AS number is named (an AS-SET that was not loaded?): the origin is learned; see originwatch init --as-set',
      );
  }
  const neighbors = pairOf(rule, 'neighbors');
  if (neighbors !== undefined && !isWild(neighbors.value)) {
    const asns = asnsOf(neighbors.value, imported);
    if (asns.length > 0) draft.upstreams = asns;
  }
  return { ...draft, ...pathRules(rule, (draft.origins ?? []) as number[], imported) };
}

function isWild(item: Item): boolean {
  return texts(item).includes('*');
}

/** Numbers, ranges `1-5`, and lists of both. */
function asnsOf(item: Item, imported: Imported): number[] {
  const asns = new Set<number>();
  for (const text of texts(item).filter((one) => one !== '')) {
    const range = /^(?:AS)?(\d+)\s*-\s*(?:AS)?(\d+)$/i.exec(text);
    const [from, to] =
      range === null ? [parseAsn(text), parseAsn(text)] : [parseAsn(range[1]), parseAsn(range[2])];
    if (from === undefined || to === undefined || from === 0 || to < from || to - from >= RANGE_MAX)
      imported.remark(
        item.at,
        `${show(text)} is no AS number and no range of at most ${RANGE_MAX}; left out`,
      );
    else for (let asn = from; asn <= to; asn += 1) asns.add(asn);
  }
  return [...asns];
}

/** `prepend_seq` and the policy `no-export` as path rules. */
function pathRules(rule: Item, origins: readonly number[], imported: Imported): EntryDraft {
  const path: Record<string, unknown> = {};
  const upstreams = new Set<number>();
  const sequences = pairOf(rule, 'prepend_seq');
  const tails: string[] = [];
  for (const sequence of itemsOf(sequences?.value)) {
    const asns = asnsOf(sequence, imported);
    const nearest = asns.at(-1);
    if (nearest === undefined) continue;
    upstreams.add(nearest);
    tails.push(asns.join(' '));
  }
  if (tails.length > 0)
    path.mustMatch = `_(${tails.join('|')})( (${origins.length > 0 ? origins.join('|') : '[0-9]+'}))+$`;
  const policies = pairOf(rule, 'policies');
  if (policies !== undefined && texts(policies.value).includes('no-export')) {
    path.maxLength = 3;
    imported.remark(
      policies.keyAt,
      'no-export is taken as a path of at most 3 AS numbers; prepending counts, so raise path.maxLength where you prepend',
    );
  }
  return {
    ...(Object.keys(path).length > 0 && { path }),
    ...(upstreams.size > 0 && { upstreams: [...upstreams] }),
  };
}

function entryOf(
  text: string,
  name: string | undefined,
  draft: EntryDraft,
  item: Item,
  imported: Imported,
): EntryDraft | undefined {
  const [, bare = '', operator] = /^(.*?)(?:\^(.*))?$/.exec(text) ?? [];
  const prefix = prefixFrom(bare, item.at, imported);
  const family = prefix === undefined ? undefined : parsePrefix(prefix)?.prefix.family;
  if (prefix === undefined || family === undefined) return undefined;
  const entry: EntryDraft = { prefix, ...(name !== undefined && { name }), ...draft };
  const longest = longestOf(operator, lengthMax(family));
  if (operator === undefined) return entry;
  if (longest === undefined)
    imported.remark(
      item.at,
      `the operator ^${operator} of ${bare} is not known; only the prefix itself is expected`,
    );
  else if (longest >= Number(prefix.slice(prefix.indexOf('/') + 1))) entry.maxLength = longest;
  if (operator !== '+')
    imported.remark(
      item.at,
      `${text} is watched as ${prefix} with its more-specifics${longest === undefined ? '' : ` up to /${longest}`}: the operator ^${operator} has no exact equal`,
    );
  return entry;
}

/** The longest length that `^-`, `^+`, `^n` and `^n-m` allow. */
function longestOf(operator: string | undefined, longest: number): number | undefined {
  if (operator === '-' || operator === '+') return longest;
  const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(operator ?? '') ?? [];
  const length = Number(to ?? from ?? Number.NaN);
  return length <= longest ? length : undefined;
}

/** Rules are alternatives: the same prefix in several expects what any of them does. */
function put(entry: EntryDraft, rule: Item, imported: Imported): void {
  const name = `${entry.prefix}`;
  const known = imported.entries.get(name);
  if (known === undefined) {
    imported.entries.set(name, entry);
    return;
  }
  imported.remark(
    rule.at,
    `${name} stands in several rules: one entry with the origins and neighbours of all`,
  );
  const both = (key: string): unknown[] | undefined =>
    known[key] === undefined || entry[key] === undefined
      ? undefined
      : [...new Set([...(known[key] as unknown[]), ...(entry[key] as unknown[])])];
  const merged: EntryDraft = { ...entry, ...known };
  for (const key of ['origins', 'upstreams']) {
    const values = both(key);
    if (values === undefined) delete merged[key];
    else merged[key] = values;
  }
  imported.entries.set(name, merged);
}
