/**
 * The section `routes`: which receivers hear of which incidents. First match wins; `incident/` walks them.
 */

import type { Prefix } from '../bgp/prefix.ts';
import { SEVERITIES } from '../bgp/severity.ts';
import { KINDS } from '../judge/vocabulary.ts';
import type { Item } from './item.ts';
import type { Position } from './problems.ts';
import * as rules from './rules.ts';
import { readList, type UniqueNames } from './section.ts';
import type { RouteMatch, RouteSettings } from './settings.ts';
import { readMap, shape } from './shape.ts';
import type { Sources } from './sources.ts';
import { show, suggest } from './words.ts';

const routeShape = shape(() => ({
  match: rules.anything(),
  receivers: rules.required(rules.wordOrWords()),
  escalate: rules.anything(),
  repeatMinutes: rules.duration('minutes'),
}));
const matchShape = shape(() => ({
  group: rules.oneOrMore(rules.wordText()),
  kind: rules.oneOrMore(rules.enumOf(KINDS)),
  severity: rules.oneOrMore(rules.enumOf(SEVERITIES)),
  prefix: rules.oneOrMore(rules.prefix()),
  tags: rules.oneOrMore(rules.wordText()),
}));
const escalateShape = shape(() => ({
  afterMinutes: rules.required(rules.duration('minutes')),
  receivers: rules.required(rules.wordOrWords()),
}));

export function readRoutes(
  item: Item | undefined,
  receivers: UniqueNames,
  sources: Sources,
): readonly RouteSettings[] {
  return (readList(item, 'routes', sources.problems) ?? []).map((route) =>
    readRoute(route, receivers, sources),
  );
}

function readRoute(item: Item, receivers: UniqueNames, sources: Sources): RouteSettings {
  const values = readMap(item, routeShape(), sources.problems, { what: 'a route' }) ?? {};
  const part = (key: string): Item | undefined =>
    item.kind === 'map' ? item.pairs.get(key)?.value : undefined;
  const match = part('match');
  const escalate = part('escalate');
  return {
    match: match === undefined ? {} : readMatch(match, sources),
    receivers: knownReceivers(values.receivers, part('receivers'), receivers, sources),
    escalate: escalate === undefined ? undefined : readEscalate(escalate, receivers, sources),
    repeatMinutes: values.repeatMinutes as number | undefined,
  };
}

function readMatch(item: Item, sources: Sources): RouteMatch {
  const { prefix, ...rest } = readMap(item, matchShape(), sources.problems, { what: 'a match' }) ?? {};
  if (prefix === undefined) return rest;
  return { ...rest, prefix: (prefix as Prefix[]).map(({ text }) => text) };
}

function readEscalate(item: Item, receivers: UniqueNames, sources: Sources): RouteSettings['escalate'] {
  const values = readMap(item, escalateShape(), sources.problems, { what: 'an escalation' });
  if (values === undefined || item.kind !== 'map') return undefined;
  const named = knownReceivers(values.receivers, item.pairs.get('receivers')?.value, receivers, sources);
  return { afterMinutes: Number(values.afterMinutes ?? 0), receivers: named };
}

function knownReceivers(
  value: unknown,
  item: Item | undefined,
  known: UniqueNames,
  sources: Sources,
): readonly string[] {
  const named = (value ?? []) as readonly string[];
  for (const [index, name] of named.entries()) {
    if (known.has(name)) continue;
    const at: Position | undefined = item?.kind === 'list' ? item.items[index]?.at : item?.at;
    const remedy = known.names.length === 0 ? 'add it to receivers' : suggest(name, known.names);
    if (at !== undefined) sources.problems.addAbsence(at, `no receiver is named ${show(name)}`, remedy);
  }
  return [...new Set(named)];
}
