/**
 * Updates that come late, from a backfill or a snapshot: what they say was so at their own time, and may be over by now. Whatever
 * is known of later, from the live feed, stands; a late route that was wrong is told all the same, and ends when what is known of
 * later took its place. A part of the engine.
 */
import { type AsPath, formatAsPath } from '../../bgp/as-path.ts';
import type { Prefix } from '../../bgp/prefix.ts';
import type { Community } from '../../bgp/update.ts';
import type { DetectedBy } from '../../incident/alert.ts';
import type { Finding } from '../../judge/finding.ts';
import type { RibRoute } from '../../rows/rib-route.ts';
import type { Core } from '../core.ts';
import { sameRoute } from '../rejudge.ts';
import { settle } from '../speak.ts';

/** After a gap it takes so long at most until what was missed comes in; meanwhile every withdrawal is remembered. */
const AWAITED_MS = 2 * 3_600_000;
/** Stamps of the archive are whole seconds. */
const SAME_MS = 1_000;
/** Withdrawals that are remembered; the oldest goes first. */
const GONE_MAX = 100_000;

export interface LateOrigin {
  readonly vantagePoint: number;
  readonly peerAsn: number;
  readonly observedMs: number;
  readonly hasBadClock: boolean;
  readonly via: DetectedBy;
}

export class Late {
  private readonly core: Core;
  private awaitedUntilMs = Number.NEGATIVE_INFINITY;
  /** Prefix and vantage point → when the last withdrawal was observed. */
  private readonly gone = new Map<string, number>();

  constructor(core: Core) {
    this.core = core;
  }

  /** Something was missed, and may still come. */
  await(nowMs: number): void {
    this.awaitedUntilMs = nowMs + AWAITED_MS;
  }

  /** Withdrawals of what nobody carried count now: what they withdrew may come late. */
  isAwaited(nowMs: number): boolean {
    return nowMs < this.awaitedUntilMs;
  }

  /** A withdrawal was applied. */
  noteGone(
    prefix: Prefix,
    { vantagePoint, observedMs }: LateOrigin,
    wasCarried: boolean,
    nowMs: number,
  ): void {
    if (!wasCarried && !this.isAwaited(nowMs)) return;
    const key = keyOf(prefix, vantagePoint);
    const known = this.gone.get(key) ?? observedMs;
    this.gone.delete(key);
    this.gone.set(key, Math.max(known, observedMs));
    if (this.gone.size <= GONE_MAX) return;
    for (const oldest of this.gone.keys()) {
      this.gone.delete(oldest);
      return;
    }
  }

  /** A late withdrawal takes away what was announced before it, and nothing else. */
  mayWithdraw(prefix: Prefix, origin: LateOrigin): boolean {
    const before = this.core.rib.route(prefix, origin.vantagePoint);
    return before === undefined || before.observedMs <= origin.observedMs;
  }

  /** True: nothing is left to apply of this late announcement, for what is known of later stands in its place. */
  isSettled(
    prefix: Prefix,
    { path, communities }: { readonly path: AsPath; readonly communities: readonly Community[] },
    origin: LateOrigin,
    nowMs: number,
  ): boolean {
    const { core } = this;
    const before = core.rib.route(prefix, origin.vantagePoint);
    if (
      before !== undefined &&
      formatAsPath(before.path) === formatAsPath(path) &&
      before.observedMs <= origin.observedMs + SAME_MS
    )
      return true;
    const goneMs = this.gone.get(keyOf(prefix, origin.vantagePoint));
    const laterMs = Math.max(
      before?.observedMs ?? Number.NEGATIVE_INFINITY,
      goneMs ?? Number.NEGATIVE_INFINITY,
    );
    if (laterMs < origin.observedMs) return this.isTold(prefix, path, communities, origin, nowMs);
    this.flash(prefix, { path, communities }, origin, { before, laterMs }, nowMs);
    return true;
  }

  /** It was seen when it was there: an incident has it, and it is over. */
  private isTold(
    prefix: Prefix,
    path: AsPath,
    communities: readonly Community[],
    origin: LateOrigin,
    nowMs: number,
  ): boolean {
    const { finding } = this.core.judge(prefix, path, communities, origin, nowMs);
    return finding !== undefined && this.seen(finding, prefix, origin.observedMs) === 'over';
  }

  /** Whether an incident had this route at `observedMs`: it has it still, or had it and it is over. */
  private seen(finding: Finding, prefix: Prefix, observedMs: number): 'not' | 'stands' | 'over' {
    const { entry, name } = finding.watched;
    const incident = this.core.book.find(entry.group, finding.kind, finding.offender);
    const route = incident?.routes.find(prefix.text, name, finding.originAs);
    if (incident === undefined || route === undefined) return 'not';
    if (observedMs < route.firstSeenMs - SAME_MS) return 'not';
    if (route.carriers.size > 0) return 'stands';
    const lastMs = Math.max(route.lastSeenMs, incident.endedMs ?? route.lastSeenMs);
    return observedMs <= lastMs + SAME_MS ? 'over' : 'not';
  }

  /** What was there for a while and is over: told if it was wrong and nobody knew. */
  private flash(
    prefix: Prefix,
    { path, communities }: { readonly path: AsPath; readonly communities: readonly Community[] },
    origin: LateOrigin,
    later: { readonly before: RibRoute<Finding> | undefined; readonly laterMs: number },
    nowMs: number,
  ): void {
    const { core } = this;
    const { vantagePoint, observedMs } = origin;
    const { finding } = core.judge(prefix, path, communities, origin, nowMs);
    if (finding === undefined || this.seen(finding, prefix, observedMs) !== 'not') return;
    const { before, laterMs } = later;
    const route: RibRoute<Finding> = {
      vantagePoint,
      path,
      communities,
      observedMs,
      arrivedMs: nowMs,
      order: core.order,
      finding,
    };
    core.carry(finding, prefix, route, { ...origin, arrivedMs: nowMs }, nowMs);
    // Said before it is taken back: an incident of which nobody heard would be none.
    settle(core, nowMs);
    if (before?.finding !== undefined && sameRoute(before.finding, finding)) {
      core.carry(
        before.finding,
        prefix,
        before,
        { ...origin, hasBadClock: before.hasBadClock === true, arrivedMs: nowMs },
        nowMs,
      );
      return;
    }
    const cause = before === undefined ? 'withdrawn' : 'replaced';
    core.book.drop(finding, prefix.text, { vantagePoint }, { cause, observedMs: laterMs }, nowMs);
  }
}

function keyOf(prefix: Prefix, vantagePoint: number): string {
  return `${prefix.text} ${vantagePoint}`;
}
