/**
 * Several paths of one session (ADD-PATH, RFC 7911) in the watched RIB: whose route a withdrawal ends, and what else the
 * vantage point carries of a prefix. For the engine, between an UPDATE and the RIB.
 */
import type { Prefix } from '../bgp/prefix.ts';
import type { RouteOwner } from '../bgp/vantage-point.ts';
import type { WatchedRib } from './watched-rib.ts';

/**
 * Whose route goes: the one of the path identifier. Where nobody declared identifiers (`isExact` is false), announcement
 * and withdrawal may differ in having one, and then the only route of the vantage point is meant.
 */
export function withdrawnBy(
  rib: WatchedRib<unknown>,
  prefix: Prefix,
  owner: RouteOwner,
  isExact: boolean,
): RouteOwner {
  const { vantagePoint, pathId = 0 } = owner;
  if (isExact || (!rib.hasPathIds && pathId === 0)) return owner;
  const [route, another] = rib.routesOf(rib.rows.findOf(prefix), vantagePoint);
  if (route === undefined || another !== undefined) return owner;
  const only = rib.pathIdOf(route);
  return only === 0 || pathId === 0 ? { vantagePoint, pathId: only } : owner;
}

/** Findings of the other paths by which the vantage point carries the prefix; undefined for a path with nothing wrong. */
export function otherFindings<T>(
  rib: WatchedRib<T>,
  prefix: Prefix,
  { vantagePoint, pathId = 0 }: RouteOwner,
): readonly (T | undefined)[] {
  if (!rib.hasPathIds && pathId === 0) return [];
  const routes = rib.routesOf(rib.rows.findOf(prefix), vantagePoint);
  return routes.filter((route) => rib.pathIdOf(route) !== pathId).map((route) => rib.findingOf(route));
}
