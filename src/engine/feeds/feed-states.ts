/**
 * What feeds say of themselves and of the sessions behind them: who can be seen, what is in doubt since, and when a silent
 * feed is an incident. A part of the engine; nothing here resolves anything (detection.md §2 rule 4).
 */
import type { PeerStateChange } from '../../bgp/update.ts';
import type { Core } from '../core.ts';
import type { DeadlineName } from '../deadlines.ts';
import type { OwnRoutesInput } from '../keepers/own-routes.ts';
import { assessVisibility } from '../keepers/visibility.ts';
import type { FeedInput, StoreReason } from '../ports.ts';
import { settle } from '../speak.ts';
import type { GapInput } from './gap.ts';

type CollectorInput = Extract<FeedInput, { readonly type: 'collector-state' }>;

export class FeedStates {
  private readonly core: Core;

  constructor(core: Core) {
    this.core = core;
  }

  /** Begun again: the feeds report anew, and until they do no silence counts as clear. */
  forget(): void {
    const { core } = this;
    for (const feed of core.feeds.keys()) core.deadlines.clear(blindName(feed));
    core.feeds.clear();
    core.book.onCoverage(false, core.nowMs);
  }

  /** Nobody looked for a while: what was carried before is in doubt, and five clear minutes begin anew. */
  lookedAway(nowMs: number): void {
    const { core } = this;
    core.order += 1;
    for (const feed of core.feeds.keys()) core.vantagePoints.setGap(feed, core.order);
    core.doubtCarriers((vantagePoint) => core.feeds.has(core.vantagePoints.byId(vantagePoint).feed), 1);
    core.book.onCoverage(core.isCovered(), nowMs);
    settle(core, nowMs);
  }

  peerState(change: PeerStateChange, feed: string, nowMs: number): void {
    const { core } = this;
    const point = core.vantagePoints.meet(change.vantagePoint, feed);
    const isUp = change.state === 'up';
    if (isUp)
      core.vantagePoints.heard(point.id, change.vantagePoint.peerAddress.includes(':') ? 6 : 4, nowMs);
    core.setUp(point.id, isUp);
    if (isUp) return;
    core.doubtCarriers((vantagePoint) => vantagePoint === point.id, 2);
    for (const text of core.visibility.sessionDown(point.id)) {
      const watched = core.prefixOfText(text);
      if (watched !== undefined) assessVisibility(core, watched, nowMs, nowMs);
    }
  }

  feedState(input: Extract<FeedInput, { readonly type: 'feed-state' }>, nowMs: number): void {
    const { core } = this;
    const { feed, state, reason } = input;
    const wasLive = core.feeds.get(feed)?.state === 'live';
    const isLive = state === 'live';
    const wasKnown = core.feeds.has(feed);
    const wasCovered = core.isCovered();
    core.feeds.set(feed, { state, reason, sinceMs: input.sinceMs ?? nowMs });
    core.vantagePoints.setFeedLive(feed, isLive);
    if (isLive) {
      core.deadlines.clear(blindName(feed));
      core.book.release(feed, 'feed-blind', feed, { cause: 'withdrawn', observedMs: nowMs }, nowMs);
    } else if (wasLive || !wasKnown) {
      core.vantagePoints.setGap(feed, core.order);
      core.doubtCarriers((vantagePoint) => core.vantagePoints.byId(vantagePoint).feed === feed, 1);
      core.late.await(nowMs);
      const blindAtMs = input.blindAtMs ?? nowMs + core.config.detection.blindAfterSeconds * 1000;
      core.deadlines.set(blindName(feed), Math.max(nowMs, blindAtMs));
    }
    if (core.isCovered() !== wasCovered || !wasKnown) core.book.onCoverage(core.isCovered(), nowMs);
  }

  /** It is not seen what the feed had to tell: `blindAfterSeconds` went by, and its rhythm. */
  blind(feed: string, atMs: number): void {
    const { reason = '', sinceMs = atMs } = this.core.feeds.get(feed) ?? {};
    this.hold(feed, feed, feedRow(feed, reason), sinceMs, atMs);
  }

  /**
   * A collector that fell silent takes nothing back, so its vantage points are in doubt. It makes us blind where more than half
   * of those that carry a watched prefix are its own.
   */
  collectorState(input: CollectorInput, nowMs: number): void {
    const { core } = this;
    const { feed, collector, state, reason, sinceMs } = input;
    const isLive = state === 'live';
    core.vantagePoints.setCollectorLive(feed, collector, isLive);
    const name = `${feed} ${collector}`;
    if (isLive) {
      core.book.release(feed, 'feed-blind', name, { cause: 'withdrawn', observedMs: nowMs }, nowMs);
      return;
    }
    core.vantagePoints.setCollectorGap(feed, collector, core.order);
    const isIts = (id: number): boolean => {
      const point = core.vantagePoints.byId(id);
      return point.feed === feed && point.point.collector === collector;
    };
    core.doubtCarriers(isIts, 1);
    if (this.isMainWindow(isIts)) this.hold(feed, name, feedRow(name, reason), sinceMs, nowMs);
  }

  /**
   * What a feed did not see is still unknown: it is blind to that time, whatever it sees now. Once it is filled, what is carried is
   * no longer in doubt for it.
   */
  gap({ feed, state, reason, sinceMs }: GapInput, nowMs: number): void {
    const { core } = this;
    const name = `${feed} gap`;
    if (state === 'unfilled') {
      core.late.await(nowMs);
      this.hold(feed, name, feedRow(name, reason), sinceMs, nowMs);
      return;
    }
    core.book.release(feed, 'feed-blind', name, { cause: 'withdrawn', observedMs: nowMs }, nowMs);
    if (state !== 'filled' || core.feeds.get(feed)?.state !== 'live') return;
    core.vantagePoints.setGap(feed, -1);
    core.doubtCarriers((vantagePoint) => core.vantagePoints.byId(vantagePoint).feed === feed, 0);
  }

  /** Of the vantage points that carry some watched prefix, more than half are these. */
  private isMainWindow(isIts: (vantagePoint: number) => boolean): boolean {
    const { rib, plan } = this.core;
    for (const { prefix, entry } of plan.every()) {
      if (entry.type === 'prefix' && entry.ignore) continue;
      const its = rib.countWhere(prefix, isIts);
      if (its > 0 && 2 * its > rib.countWhere(prefix, () => true)) return true;
    }
    return false;
  }

  take(input: Exclude<FeedInput, { readonly type: 'update' | 'daemon' }>, nowMs: number): void {
    if (input.type === 'peer-state') this.peerState(input.change, input.feed, nowMs);
    else if (input.type === 'own-routes') this.ownRoutes(input, nowMs);
    else if (input.type === 'store-state') this.storeState(input.state, input.reason, nowMs);
    else if (input.type === 'feed-state') this.feedState(input, nowMs);
    else if (input.type === 'collector-state') this.collectorState(input, nowMs);
    else this.gap(input, nowMs);
  }

  /** "At this moment": what our routers say of a route changes what speaks for or against it. */
  ownRoutes(input: OwnRoutesInput, nowMs: number): void {
    if (this.core.own.take(input)) this.core.rejudge.all('replaced', nowMs);
  }

  /** What is judged while our own store takes nothing is told late: that is a blindness, too. */
  storeState(state: 'ok' | 'away', reason: StoreReason, nowMs: number): void {
    const gone = { cause: 'withdrawn', observedMs: nowMs } as const;
    if (state === 'ok') this.core.book.release(OUR_STORE, 'feed-blind', OUR_STORE, gone, nowMs);
    else
      this.hold(OUR_STORE, OUR_STORE, { source: 'store', facts: [OUR_STORE, reason, 'store'] }, nowMs, nowMs);
  }

  /** `name`: the feed, or a part of it. */
  private hold(feed: string, name: string, row: BlindRow, sinceMs: number, nowMs: number): void {
    const { core } = this;
    const weight = core.config.detection.weights['feed-blind'];
    core.book.hold(
      {
        group: feed,
        kind: 'feed-blind',
        prefix: undefined,
        prefixText: name,
        watch: feed,
        name,
        expectedOrigins: [],
        rows: [{ code: 'feed-blind', weight, ...row }],
        isKnown: true,
        observedMs: sinceMs,
        via: 'live',
      },
      nowMs,
    );
  }
}

/** Where the row comes from, and what it says. */
type BlindRow = { readonly source: string; readonly facts: readonly string[] };

function feedRow(name: string, reason: string): BlindRow {
  return { source: 'feed', facts: [name, reason] };
}

/** As the group and the name of what is blind, where feeds have theirs. */
const OUR_STORE = 'store';

function blindName(feed: string): DeadlineName {
  return `blind\u0000${feed}`;
}
