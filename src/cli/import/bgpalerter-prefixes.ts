/**
 * BGPalerter's `prefixes.yml`: prefixes with their expected origins, and `options.monitorASns` → entries of our
 * watchlist. Documented in its `docs/prefixes.md` and `docs/path-matching.md`.
 */
import { parseAsn } from '../../bgp/asn.ts';
import { type Item, type MapItem, plain } from '../../config/item.ts';
import { entryKeys } from '../../config/watch-entry.ts';
import { show, suggest } from '../../config/words.ts';
import type { Kind } from '../../incident/alert.ts';
import {
  type EntryDraft,
  type Imported,
  itemAt,
  itemsOf,
  label,
  pairOf,
  prefixFrom,
  textIn,
} from './imported.ts';
import { matchesAlways, routerExpression } from './path-expression.ts';

/** The kinds that a monitor of BGPalerter told of. */
export const KINDS_OF_ALARM: Readonly<Record<string, readonly Kind[]>> = {
  monitorHijack: ['origin-change', 'sub-prefix'],
  monitorNewPrefix: ['unexpected-more-specific'],
  monitorVisibility: ['visibility-loss'],
  monitorPath: ['path-policy'],
  monitorPathNeighbors: ['forged-origin'],
  monitorAS: ['unexpected-origination'],
  monitorRPKI: ['rpki-invalid'],
};

/** The names that its shipped configuration gives to monitors. */
export const USUAL_ALARMS: ReadonlyMap<string, string> = new Map([
  ['basic-hijack-detection', 'monitorHijack'],
  ['prefix-detection', 'monitorNewPrefix'],
  ['withdrawal-detection', 'monitorVisibility'],
  ['path-matching', 'monitorPath'],
  ['path-neighbors', 'monitorPathNeighbors'],
  ['asn-monitor', 'monitorAS'],
  ['rpki-monitor', 'monitorRPKI'],
]);

const KEYS = [
  'asn',
  'description',
  'name',
  'group',
  'ignore',
  'ignoreMorespecifics',
  'path',
  'includeMonitors',
  'excludeMonitors',
] as const;

/** `monitors`: name → file, as the configuration has them. */
export function readPrefixes(root: Item, alarms: ReadonlyMap<string, string>, imported: Imported): void {
  if (root.kind !== 'map') {
    imported.remark(root.at, 'this is no map of prefixes; nothing is taken of it');
    return;
  }
  for (const [key, { keyAt, value }] of root.pairs) {
    if (key === 'options') {
      readOptions(value, imported);
      continue;
    }
    const prefix = prefixFrom(key, keyAt, imported);
    if (prefix === undefined) continue;
    if (value.kind !== 'map') {
      imported.remark(keyAt, `nothing is said of ${prefix}; left out`);
      continue;
    }
    put(prefix, prefixEntry(prefix, value, alarms, imported), value, imported);
  }
}

/** The same prefix in several files: everybody that any of them expects. */
function put(name: string, draft: EntryDraft, { at }: Item, imported: Imported): void {
  const known = imported.entries.get(name);
  if (known === undefined) {
    imported.entries.set(name, draft);
    return;
  }
  const both = (key: string): unknown[] => [
    ...new Set([...((known[key] ?? []) as unknown[]), ...((draft[key] ?? []) as unknown[])]),
  ];
  if (known.ignore === true || draft.ignore === true) {
    imported.remark(at, `${name} a second time; the one that is ignored is left out`);
    imported.entries.set(name, known.ignore === true ? draft : known);
    return;
  }
  imported.remark(at, `${name} a second time; one entry with the origins of both`);
  imported.entries.set(name, { ...draft, ...known, origins: both('origins') });
}

function prefixEntry(
  prefix: string,
  item: MapItem,
  alarms: ReadonlyMap<string, string>,
  imported: Imported,
): EntryDraft {
  noteOtherKeys(item, KEYS, imported);
  const description = pairOf(item, 'description');
  const draft: EntryDraft = { prefix };
  const name = label(
    textIn(item, 'description') || textIn(item, 'name'),
    description?.value.at ?? item.at,
    imported,
  );
  if (name !== '') draft.name = name;
  const group = label(textIn(item, 'group'), itemAt(item, 'group')?.at ?? item.at, imported);
  if (group !== '') draft.group = group;
  if (isTrue(itemAt(item, 'ignore'))) return { ...draft, ignore: true };
  const origins = asnsOf(itemAt(item, 'asn'), imported);
  if (origins.length > 0) draft.origins = origins;
  else imported.remark(item.at, `no origin is named for ${prefix}: it is learned`);
  const ignored = pairOf(item, 'ignoreMorespecifics');
  if (ignored !== undefined && isTrue(ignored.value)) {
    draft.moreSpecifics = 'ignore';
    imported.remark(
      ignored.keyAt,
      'ignoreMorespecifics: here it is about more-specifics of expected origins; a foreign one is always judged',
    );
  }
  const rules = readPath(itemAt(item, 'path'), origins, imported);
  if (rules !== undefined) draft.path = rules;
  const mute = mutedKinds(item, alarms, imported);
  if (mute.length > 0 && entryKeys().includes('mute')) draft.mute = mute;
  else if (mute.length > 0)
    imported.remark(
      item.at,
      `monitors left out for one prefix have no equal here: ${mute.join(', ')} are told of, too`,
    );
  return draft;
}

function noteOtherKeys(item: MapItem, known: readonly string[], imported: Imported): void {
  for (const [key, { keyAt }] of item.pairs)
    if (!known.includes(key))
      imported.remark(keyAt, `${show(key)} has no equal here (${suggest(key, known)}); left out`);
}

function isTrue(item: Item | undefined): boolean {
  const value = item === undefined ? undefined : plain(item);
  return value === true || (typeof value === 'string' && /^true\b/i.test(value));
}

/** A number, a text with commas, or a list of them. */
function asnsOf(item: Item | undefined, imported: Imported): number[] {
  const asns: number[] = [];
  for (const each of itemsOf(item)) {
    const value = plain(each);
    for (const part of typeof value === 'string'
      ? value.split(/[,\s]+/).filter((text) => text !== '')
      : [value]) {
      const asn = parseAsn(part);
      if (asn === undefined || asn === 0)
        imported.remark(each.at, `${show(part)} is no AS number that announces anything; left out`);
      else asns.push(asn);
    }
  }
  return [...new Set(asns)];
}

// ---------------------------------------------------------------- path rules

const PATH_KEYS = ['match', 'notMatch', 'matchDescription', 'maxLength', 'minLength'] as const;

/** Its rules alert on what matches; of several any does. Ours say what must match and what must not. */
function readPath(
  item: Item | undefined,
  origins: readonly number[],
  imported: Imported,
): EntryDraft | undefined {
  const forbidden: string[] = [];
  const demanded: string[] = [];
  const lengths: number[] = [];
  for (const rule of itemsOf(item)) {
    if (rule.kind !== 'map') continue;
    noteOtherKeys(rule, PATH_KEYS, imported);
    const { mustNotMatch, mustMatch, maxLength } = readRule(rule, origins, imported);
    if (mustNotMatch !== undefined) forbidden.push(mustNotMatch);
    if (mustMatch !== undefined) demanded.push(mustMatch);
    if (maxLength !== undefined) lengths.push(maxLength);
  }
  if (demanded.length > 1 && item !== undefined)
    imported.remark(item.at, 'several rules with notMatch alone: only the first is taken');
  const rules = {
    ...(demanded.length > 0 && { mustMatch: demanded[0] }),
    ...(forbidden.length > 0 && {
      mustNotMatch: forbidden.length === 1 ? forbidden[0] : forbidden.map((one) => `(${one})`).join('|'),
    }),
    ...(lengths.length > 0 && { maxLength: Math.min(...lengths) }),
  };
  return Object.keys(rules).length === 0 ? undefined : rules;
}

interface RuleDraft {
  readonly mustMatch?: string | undefined;
  readonly mustNotMatch?: string | undefined;
  readonly maxLength?: number | undefined;
}

function readRule(rule: MapItem, origins: readonly number[], imported: Imported): RuleDraft {
  const match = textIn(rule, 'match');
  const notMatch = textIn(rule, 'notMatch');
  const longest = Number(textIn(rule, 'maxLength') || Number.NaN);
  const isAlways = match === '' || matchesAlways(match, origins);
  for (const key of ['minLength', 'matchDescription'] as const) {
    const pair = pairOf(rule, key);
    if (pair !== undefined) imported.remark(pair.keyAt, `${key} has no equal here; left out`);
  }
  const hasLength = Number.isInteger(longest) && longest >= 1;
  if (hasLength && (!isAlways || notMatch !== '')) {
    imported.remark(
      rule.at,
      'match or notMatch together with maxLength has no equal here; only maxLength is taken, for every path',
    );
    return { maxLength: longest };
  }
  if (hasLength) return { maxLength: longest };
  if (isAlways && notMatch !== '') return { mustMatch: taken(rule, 'notMatch', notMatch, imported) };
  if (isAlways) {
    if (match !== '') imported.remark(rule.at, 'a match that every path of this origin meets; left out');
    return {};
  }
  if (notMatch !== '')
    imported.remark(
      pairOf(rule, 'notMatch')?.keyAt ?? rule.at,
      'notMatch beside match has no equal here: what it exempted alerts, too',
    );
  return { mustNotMatch: taken(rule, 'match', match, imported) };
}

function taken(rule: MapItem, key: string, pattern: string, imported: Imported): string | undefined {
  const result = routerExpression(pattern);
  if ('expression' in result) return result.expression;
  imported.remark(
    pairOf(rule, key)?.value.at ?? rule.at,
    `${key} ${show(pattern)} can't be written as on a router: ${result.error}; left out`,
  );
  return undefined;
}

// ---------------------------------------------------------------- monitors of an entry

/** What its monitors would not have told of is muted: judged and shown, no receiver is told. */
function mutedKinds(item: MapItem, alarms: ReadonlyMap<string, string>, imported: Imported): readonly Kind[] {
  const named = (key: string): readonly string[] =>
    itemsOf(itemAt(item, key)).flatMap((each) => {
      const name = `${plain(each)}`;
      const file = alarms.get(name) ?? USUAL_ALARMS.get(name) ?? name;
      if (KINDS_OF_ALARM[file] !== undefined) return [file];
      imported.remark(each.at, `${key} names ${show(name)}, which has no equal here; left out`);
      return [];
    });
  const included = pairOf(item, 'includeMonitors') === undefined ? undefined : named('includeMonitors');
  const excluded = named('excludeMonitors');
  const muted = Object.entries(KINDS_OF_ALARM).flatMap(([file, kinds]) =>
    excluded.includes(file) || (included !== undefined && !included.includes(file)) ? kinds : [],
  );
  return muted;
}

// ---------------------------------------------------------------- options

function readOptions(item: Item, imported: Imported): void {
  if (item.kind !== 'map') return;
  for (const [key, { keyAt, value }] of item.pairs) {
    if (key === 'monitorASns') readAsns(value, imported);
    else if (key === 'generate')
      imported.remark(
        keyAt,
        'options.generate: see originwatch init, which can be run again on the watchlist',
      );
    else imported.remark(keyAt, `options.${show(key)} has no equal here; left out`);
  }
}

function readAsns(item: Item, imported: Imported): void {
  if (item.kind !== 'map') return;
  for (const [key, { keyAt, value }] of item.pairs) {
    const asn = parseAsn(key);
    if (asn === undefined || asn === 0) {
      imported.remark(keyAt, `${show(key)} is no AS number that announces anything; left out`);
      continue;
    }
    const draft: EntryDraft = { asn };
    const group = label(textIn(value, 'group'), value.at, imported);
    if (group !== '') draft.group = group;
    const upstreams = pairOf(value, 'upstreams');
    const allowed = upstreams === undefined ? [] : asnsOf(upstreams.value, imported);
    if (allowed.length > 0) draft.upstreams = allowed;
    const downstreams = pairOf(value, 'downstreams');
    if (downstreams !== undefined)
      imported.remark(
        downstreams.keyAt,
        'downstreams has no equal here: who may stand behind this AS is learned',
      );
    if (value.kind === 'map') noteOtherKeys(value, ['group', 'upstreams', 'downstreams'], imported);
    if (imported.entries.has(`AS${asn}`)) imported.remark(keyAt, `AS${asn} a second time; left out`);
    else imported.entries.set(`AS${asn}`, draft);
  }
}
