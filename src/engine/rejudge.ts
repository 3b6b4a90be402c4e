/**
 * Judging the watched RIB anew: after a reload, an accepted origin, new VRPs, a baseline that became firm, or when a
 * watched prefix went or came back. What is now explained goes, what is now wrong comes; nothing is fetched.
 */
import { type Prefix, truncate } from '../bgp/prefix.ts';
import type { Cause } from '../incident/incident-book.ts';
import type { Finding, Watched } from '../judge/finding.ts';
import { COVERING_LENGTH_MIN } from '../judge/judge.ts';
import { FAMILY_OF } from '../judge/vocabulary.ts';
import type { RibPrefix, RibRoute } from '../judge/watched-rib.ts';
import type { Core } from './core.ts';

export class Rejudge {
  private readonly core: Core;

  constructor(core: Core) {
    this.core = core;
  }

  /** Every route. `accepted`: what is explained now resolves at once. */
  all(cause: Cause, nowMs: number): void {
    for (const row of [...this.core.rib.every()]) this.prefix(row, cause, nowMs);
  }

  /** What lies inside entries that are other than they were, and what covers them, each once; explained resolves at once. */
  entries(watched: readonly Watched[], nowMs: number): void {
    const rows = new Map<string, RibPrefix<Finding>>();
    const add = (row: RibPrefix<Finding> | undefined): unknown => row && rows.set(row.prefix.text, row);
    for (const { prefix } of watched) for (const row of this.core.rib.inside(prefix)) add(row);
    for (const { prefix } of watched) this.eachCovering(prefix, add);
    for (const row of rows.values()) this.prefix(row, 'accepted', nowMs);
  }

  /** The prefix, everything inside its watch entry, and what covers it. */
  around(prefix: Prefix, nowMs: number, cause: Cause = 'replaced'): void {
    const match = this.core.plan.match(prefix);
    const root = match.type === 'covered' ? match.watched.prefix : prefix;
    for (const row of this.core.rib.inside(root)) this.prefix(row, cause, nowMs);
    this.coveringOf(root, nowMs, cause);
  }

  /** Less specific routes of the RIB that cover the prefix. */
  coveringOf(prefix: Prefix, nowMs: number, cause: Cause = 'replaced'): void {
    this.eachCovering(prefix, (row) => this.prefix(row, cause, nowMs));
  }

  private eachCovering(prefix: Prefix, act: (row: RibPrefix<Finding>) => unknown): void {
    for (let length = prefix.length - 1; length >= COVERING_LENGTH_MIN[prefix.family]; length -= 1) {
      const row = this.core.rib.at(truncate(prefix, length).text);
      if (row !== undefined) act(row);
    }
  }

  private prefix(row: RibPrefix<Finding>, cause: Cause, nowMs: number): void {
    for (const route of [...row.routes.values()]) this.route(row.prefix, route, cause, nowMs);
  }

  private route(prefix: Prefix, route: RibRoute<Finding>, cause: Cause, nowMs: number): void {
    const { core } = this;
    const { point } = core.vantagePoints.byId(route.vantagePoint);
    const peerAsn = point.peerAsn || firstOf(route);
    const answer = core.judge(
      prefix,
      route.path,
      route.communities,
      { vantagePoint: route.vantagePoint, peerAsn },
      nowMs,
    );
    const before = route.finding;
    if (!answer.isOurs) {
      core.rib.withdraw(prefix.text, route.vantagePoint);
      core.ribGone(prefix, route.vantagePoint);
    } else if (answer.match.type === 'none') core.plan.track(prefix);
    route.finding = answer.isOurs ? answer.finding : undefined;
    const gone = { cause, observedMs: nowMs };
    if (before !== undefined && !sameRoute(before, route.finding))
      core.book.drop(before, prefix.text, route.vantagePoint, gone, nowMs);
    if (route.finding === undefined) return;
    core.carry(
      route.finding,
      prefix,
      route,
      { peerAsn, hasBadClock: route.hasBadClock ?? false, via: core.lastVia, arrivedMs: route.arrivedMs },
      nowMs,
    );
  }
}

function firstOf(route: RibRoute<Finding>): number {
  const [first] = route.path;
  return typeof first === 'number' ? first : 0;
}

/** Same incident and same route of it: then the carrier is replaced in place. */
export function sameRoute(a: Finding, b: Finding | undefined): boolean {
  return (
    b !== undefined &&
    FAMILY_OF[a.kind] === FAMILY_OF[b.kind] &&
    a.offender === b.offender &&
    a.watched.entry.group === b.watched.entry.group &&
    a.watched.name === b.watched.name &&
    a.originAs.join() === b.originAs.join()
  );
}
