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

/** A path by which a vantage point carries the route; of several of one vantage point each counts for it. */
export interface Carried {
  readonly vantagePoint: number;
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
  const points = new Set<number>();
  const relayed = new Set<number>();
  for (const { vantagePoint, finding } of carriers) {
    points.add(vantagePoint);
    if (finding.relay !== undefined) relayed.add(vantagePoint);
  }
  const watched = carriers.find(({ finding }) => asksSpread(finding))?.finding.watched;
  if (watched === undefined) return NO_SPREAD;
  const all = Math.max(points.size, world.rib.countWhere(prefix, everybody));
  const strange = strangeTransit(world, watched, carriers, all);
  const relay = carriers.find(({ finding }) => finding.relay !== undefined)?.finding.relay;
  if (relay === undefined) return strange === undefined ? NO_SPREAD : { relay, strange };
  // Who stands between the owner and the world nowhere else may have made the owner's part of the path.
  return relayed.size >= all * RELAYED_FROM && strange === undefined ? { relay, strange } : NO_SPREAD;
}

function everybody(): boolean {
  return true;
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
  const points = pointsByAs(carriers.map((one) => [one.vantagePoint, transitsOf(one.path, one.finding)]));
  const often = [...points].filter(([, { size }]) => size > all * STRANGE_ABOVE);
  if (often.length === 0) return undefined;
  const rightful = world.rib
    .routesAt(watched.prefix)
    .filter(({ finding }) => finding === undefined || FAMILY_OF[finding.kind] === 'own');
  if (rightful.length === 0) return undefined;
  const own = pointsByAs(rightful.map(({ vantagePoint, path }) => [vantagePoint, asnsOf(path)]));
  const ownPoints = new Set(rightful.map(({ vantagePoint }) => vantagePoint)).size;
  const strange = often.filter(([asn]) => (own.get(asn)?.size ?? 0) < ownPoints * STRANGE_BELOW);
  return strange.sort((a, b) => b[1].size - a[1].size)[0]?.[0];
}

/** AS → the vantage points that have it on a path. */
function pointsByAs(
  paths: readonly (readonly [number, ReadonlySet<number>])[],
): ReadonlyMap<number, ReadonlySet<number>> {
  const points = new Map<number, Set<number>>();
  for (const [vantagePoint, asns] of paths)
    for (const asn of asns) points.set(asn, (points.get(asn) ?? new Set()).add(vantagePoint));
  return points;
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
