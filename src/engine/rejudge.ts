/**
 * Judging the watched RIB anew: after a reload, an accepted origin, new VRPs, a baseline that became firm, or when a
 * watched prefix went or came back. What is now explained goes, what is now wrong comes; nothing is fetched.
 */
import { type Prefix, truncate } from '../bgp/prefix.ts';
import type { Cause } from '../incident/incident-book.ts';
import type { Finding, Watched } from '../judge/finding.ts';
import { COVERING_LENGTH_MIN } from '../judge/judge.ts';
import { FAMILY_OF } from '../judge/vocabulary.ts';
import type { RibRoute } from '../rows/rib-route.ts';
import type { Core } from './core.ts';
import { PlainJudge } from './fast/plain-judge.ts';

/** See `PrefixRows.inside`. */
const SHORT_6 = 32;
const SHORT_MAX = 16;

export class Rejudge {
  private readonly core: Core;

  constructor(core: Core) {
    this.core = core;
  }

  /** Every route. `accepted`: what is explained now resolves at once. */
  all(cause: Cause, nowMs: number): void {
    const { rib, plan, world } = this.core;
    const plain = new PlainJudge(plan, world);
    const others: number[] = [];
    for (const row of rib.everyRow()) if (!this.isPlain(plain, row)) others.push(row);
    for (const prefix of others.map((row) => rib.rows.prefix(row))) this.prefix(prefix, cause, nowMs);
  }

  /** Nothing was wrong with any route of the prefix, and nothing is: as it nearly always is, told without objects. */
  private isPlain(plain: PlainJudge, row: number): boolean {
    const { rib, plan } = this.core;
    const { shape, words } = rib.prefixWords(row);
    const slot = plan.index.exactAt(shape >> 8, ...words, shape & 255);
    if (slot < 0) return false;
    for (let route = rib.firstRoute(row); route >= 0; route = rib.nextRoute(route))
      if (!plain.conformsUnseen(slot, row, route)) return false;
    return true;
  }

  /** What lies inside entries that are other than they were, and what covers them, each once; explained resolves at once. */
  entries(watched: readonly Watched[], nowMs: number): void {
    // Looking inside a short prefix of IPv6 is a walk over all of them: more than a few such walks cost more than everything.
    const short = watched.filter(({ prefix }) => prefix.family === 6 && prefix.length < SHORT_6);
    if (short.length > SHORT_MAX) {
      this.all('accepted', nowMs);
      return;
    }
    const around = new Map<string, Prefix>();
    const add = (prefix: Prefix): unknown => around.set(prefix.text, prefix);
    for (const { prefix } of watched) for (const inner of this.core.rib.inside(prefix)) add(inner);
    for (const { prefix } of watched) this.eachCovering(prefix, add);
    // In the order of `all`: of routes that weigh the same the first one speaks for the incident.
    const { rows } = this.core.rib;
    const inOrder = [...around.values()].sort((a, b) => rows.findOf(a) - rows.findOf(b));
    for (const prefix of inOrder) this.prefix(prefix, 'accepted', nowMs);
  }

  /** The prefix, everything inside its watch entry, and what covers it. */
  around(prefix: Prefix, nowMs: number, cause: Cause = 'replaced'): void {
    const match = this.core.plan.match(prefix);
    const root = match.type === 'covered' ? match.watched.prefix : prefix;
    for (const inner of this.core.rib.inside(root)) this.prefix(inner, cause, nowMs);
    this.coveringOf(root, nowMs, cause);
  }

  /** Less specific routes of the RIB that cover the prefix. */
  coveringOf(prefix: Prefix, nowMs: number, cause: Cause = 'replaced'): void {
    this.eachCovering(prefix, (covering) => this.prefix(covering, cause, nowMs));
  }

  private eachCovering(prefix: Prefix, act: (prefix: Prefix) => unknown): void {
    for (let length = prefix.length - 1; length >= COVERING_LENGTH_MIN[prefix.family]; length -= 1) {
      const covering = truncate(prefix, length);
      if (this.core.rib.has(covering)) act(covering);
    }
  }

  private prefix(prefix: Prefix, cause: Cause, nowMs: number): void {
    for (const route of this.core.rib.routesAt(prefix)) this.route(prefix, route, cause, nowMs);
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
    if (!answer.isOurs) core.withdraw(prefix, route);
    else if (answer.match.type === 'none') core.plan.track(prefix);
    const finding = answer.isOurs ? answer.finding : undefined;
    core.rib.setFinding(prefix, route.vantagePoint, finding, route.pathId);
    const gone = { cause, observedMs: nowMs };
    if (before !== undefined && !sameRoute(before, finding))
      core.book.drop(before, prefix.text, route, gone, nowMs);
    if (finding === undefined) return;
    core.carry(
      finding,
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
