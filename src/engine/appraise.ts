/**
 * Match and judge one announced route: whose it is, and what is wrong with it. The same function serves the live
 * feed, judging anew and `explain`.
 */
import type { AsPath } from '../bgp/as-path.ts';
import type { Prefix } from '../bgp/prefix.ts';
import type { Community } from '../bgp/update.ts';
import { isFirm } from '../judge/baseline.ts';
import type { Expectation, Finding, Route, Watched } from '../judge/finding.ts';
import {
  COVERING_LENGTH_MIN,
  judgeCovered,
  judgeCovering,
  judgeOrigination,
  routeOf,
} from '../judge/judge.ts';
import type { Match, WatchPlan } from '../judge/watch-plan.ts';
import type { World } from '../judge/world.ts';
import type { AsnEntry } from '../match/watchlist.ts';

export interface Announcement {
  readonly prefix: Prefix;
  readonly path: AsPath;
  readonly communities: readonly Community[];
  readonly vantagePoint: number;
  readonly peerAsn: number;
}

export interface Answer {
  /** It belongs into the watched RIB. */
  readonly isOurs: boolean;
  readonly match: Match;
  readonly route: Route | undefined;
  /** The entry it was judged against. */
  readonly watched: Watched | undefined;
  readonly expectation: Expectation | undefined;
  readonly finding: Finding | undefined;
  /** The watched AS that originates this prefix and may still teach it. */
  readonly learnFor: AsnEntry | undefined;
}

export function judgeAnnouncement(plan: WatchPlan, world: World, announcement: Announcement): Answer {
  const { prefix, path, communities } = announcement;
  const match = plan.match(prefix);
  const nothing: Answer = {
    isOurs: false,
    match,
    route: undefined,
    watched: undefined,
    expectation: undefined,
    finding: undefined,
    learnFor: undefined,
  };
  if (match.type === 'hole') return nothing;
  const route = routeOf(prefix, path, communities, announcement);
  if (route === undefined) return nothing;
  if (match.type === 'covered') return covered(plan, world, route, match.watched, nothing);
  const origination = originated(plan, world, route, nothing);
  if (origination?.finding !== undefined || match.type === 'none')
    return origination ?? { ...nothing, route };
  const covering =
    match.type === 'covering' ? coveringAnswer(world, route, match.inside, nothing) : undefined;
  if (covering === undefined) return origination ?? { ...nothing, route };
  return { ...covering, learnFor: origination?.learnFor };
}

function covered(plan: WatchPlan, world: World, route: Route, watched: Watched, nothing: Answer): Answer {
  const entry = watchedAsOf(plan, route);
  // A more-specific of something that a watched AS is known for: while the AS is still being learned, this is learned too.
  if (
    watched.entry.type === 'asn' &&
    entry === watched.entry &&
    watched.prefix.text !== route.prefix.text &&
    !knowsAs(plan, world, entry.asn)
  ) {
    return { ...nothing, isOurs: true, route, watched, learnFor: entry };
  }
  const { expectation, finding } = judgeCovered(route, watched, world);
  return { ...nothing, isOurs: true, route, watched, expectation, finding };
}

function originated(plan: WatchPlan, world: World, route: Route, nothing: Answer): Answer | undefined {
  const entry = watchedAsOf(plan, route);
  if (entry === undefined) return undefined;
  const watched: Watched = { entry, prefix: route.prefix, name: `AS${entry.asn}` };
  const ours = { ...nothing, isOurs: true, route, watched };
  if (!knowsAs(plan, world, entry.asn)) return { ...ours, learnFor: entry };
  return { ...ours, finding: judgeOrigination(route, watched, entry.asn, world) };
}

function watchedAsOf(plan: WatchPlan, route: Route): AsnEntry | undefined {
  if (plan.asns.size === 0) return undefined;
  for (const origin of route.origins) {
    const entry = plan.asns.get(origin);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** Something is known of the watched AS: a listed entry with it among the origins, or a firm baseline. */
function knowsAs(plan: WatchPlan, world: World, asn: number): boolean {
  if (plan.isListedOrigin(asn)) return true;
  const { baseline } = world;
  for (const row of baseline.rowsOf(asn)) if (isFirm(baseline.source(row))) return true;
  return false;
}

/** Against each watched prefix it covers; the heaviest answer counts. */
function coveringAnswer(
  world: World,
  route: Route,
  inside: readonly Watched[],
  nothing: Answer,
): Answer | undefined {
  if (route.prefix.length < COVERING_LENGTH_MIN[route.prefix.family]) return undefined;
  let best: Answer | undefined;
  let weight = Number.NEGATIVE_INFINITY;
  for (const watched of inside) {
    const finding = judgeCovering(route, watched, world);
    const own =
      finding === undefined
        ? Number.NEGATIVE_INFINITY
        : finding.rows.reduce((sum, row) => sum + row.weight, 0);
    if (best !== undefined && own <= weight) continue;
    best = { ...nothing, isOurs: true, route, watched, finding };
    weight = own;
  }
  return best;
}
