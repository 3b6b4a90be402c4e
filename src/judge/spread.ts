/**
 * What is true of an announced prefix only when all vantage points that carry it are looked at: the rows `relayed` and `strange-transit`
 * (detection.md §1, §3). A finding is of one path; its incident asks here each time a route is scored. Pure; reads the watched RIB.
 */
import { type AsPath, asnsOf } from '../bgp/as-path.ts';
import type { Prefix } from '../bgp/prefix.ts';
import type { Finding, Relay, Row, Watched } from './finding.ts';
import { WATCHED } from './sharing.ts';
import { FAMILY_OF, type Weights } from './vocabulary.ts';
import type { World } from './world.ts';

/** The more-specific goes through a strange AS at more than this share of those who carry it. */
const STRANGE_ABOVE = 1 / 2;
/** And it stands on the path of the entry's own prefix at less than this share. */
const STRANGE_BELOW = 1 / 10;
/** An owner's customer is relayed at this share at least. */
const RELAYED_FROM = 1 / 2;

/** One vantage point that carries the route. */
export interface Carried {
  readonly path: AsPath;
  readonly finding: Finding;
}

export interface Spread {
  readonly relay: Relay | undefined;
  readonly strange: number | undefined;
}

export const NO_SPREAD: Spread = { relay: undefined, strange: undefined };

/** `carriers`: those of one route, an origin's announcement of `prefix`; others may carry the same prefix by another origin. */
export function spreadOf(world: World, prefix: Prefix, carriers: readonly Carried[]): Spread {
  let count = 0;
  let relayed = 0;
  let relay: Relay | undefined;
  let asksStrange = false;
  let watched: Watched | undefined;
  for (const { finding } of carriers) {
    count += 1;
    watched = finding.watched;
    asksStrange ||= asksSpread(finding);
    if (finding.relay === undefined) continue;
    relayed += 1;
    relay ??= finding.relay;
  }
  if (watched === undefined || !asksStrange) return NO_SPREAD;
  const all = Math.max(count, world.rib.countAt(prefix));
  const strange = strangeTransit(world, watched, carriers, all);
  if (relay === undefined) return strange === undefined ? NO_SPREAD : { relay, strange };
  // Who stands between the owner and the world nowhere else may have made the owner's part of the path.
  return relayed >= all * RELAYED_FROM && strange === undefined ? { relay, strange } : NO_SPREAD;
}

/** Only of such findings is there anything to be seen. */
export function asksSpread({ kind, rows, relay }: Finding): boolean {
  if (relay !== undefined) return true;
  return FAMILY_OF[kind] === 'own' && rows.some(({ code }) => code === 'unexpected-more-specific');
}

/**
 * The AS, other than the collector's peer, that most of the carriers have on their path, and hardly anybody who carries the watched prefix rightfully.
 * Undefined as well while nobody does.
 */
function strangeTransit(
  world: World,
  watched: Watched,
  carriers: readonly Carried[],
  all: number,
): number | undefined {
  const counts = new Map<number, number>();
  for (const { path, finding } of carriers)
    for (const asn of transitsOf(path, finding)) counts.set(asn, (counts.get(asn) ?? 0) + 1);
  let candidates = [...counts].filter(([, count]) => count > all * STRANGE_ABOVE);
  if (candidates.length === 0) return undefined;
  const rightful = world.rib
    .routesAt(watched.prefix)
    .filter(({ finding }) => finding === undefined || FAMILY_OF[finding.kind] === 'own')
    .map(({ path }) => asnsOf(path));
  if (rightful.length === 0) return undefined;
  candidates = candidates.filter(([asn]) => {
    const carrying = rightful.filter((path) => path.has(asn)).length;
    return carrying < rightful.length * STRANGE_BELOW;
  });
  return candidates.sort((a, b) => b[1] - a[1])[0]?.[0];
}

/** From left to right, without the vantage point's own AS, the origins and the owner. */
function transitsOf(path: AsPath, { originAs, expectedOrigins }: Finding): ReadonlySet<number> {
  const [first] = path;
  const asns = new Set(asnsOf(path.slice(1)));
  if (typeof first === 'number') asns.delete(first);
  for (const asn of [...originAs, ...expectedOrigins]) asns.delete(asn);
  return asns;
}

/** The rows of a finding together with those of its spread, marks in them (`sharing.ts`). */
export function withSpread(
  rows: readonly Row[],
  { relay, strange }: Spread,
  weights: Weights,
): readonly Row[] {
  if (strange !== undefined) {
    const row: Row = {
      code: 'strange-transit',
      weight: weights['strange-transit'],
      source: 'rib',
      facts: [strange, WATCHED],
    };
    const [own, ...others] = rows;
    return [...(own === undefined ? [] : [own]), row, ...others.filter(({ code }) => code !== 'rpki-valid')];
  }
  if (relay === undefined) return rows;
  const { origin, expected, before } = relay;
  const row: Row = {
    code: 'relayed',
    weight: weights.relayed,
    source: 'rib',
    facts: [origin, expected, before ?? expected],
  };
  return [...rows.filter((one) => !isExplainedBy(one, relay)), row];
}

/** A customer of the owner is no stranger, and their link is not new. */
function isExplainedBy({ code, facts }: Row, { origin, expected }: Relay): boolean {
  return code === 'never-seen' || (code === 'new-link' && facts[0] === expected && facts[1] === origin);
}
