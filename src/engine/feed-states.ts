/**
 * What feeds say of themselves and of the sessions behind them: who can be seen, what is in doubt since, and when a silent
 * feed is an incident. A part of the engine; nothing here resolves anything (detection.md §2 rule 4).
 */
import type { PeerStateChange } from '../bgp/update.ts';
import type { Core } from './core.ts';
import type { DeadlineName } from './deadlines.ts';
import type { FeedInput } from './ports.ts';
import { settle } from './speak.ts';

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
      if (watched !== undefined) core.assessVisibility(watched, nowMs, nowMs);
    }
  }

  feedState(input: Extract<FeedInput, { readonly type: 'feed-state' }>, nowMs: number): void {
    const { core } = this;
    const { feed, state, reason } = input;
    const wasLive = core.feeds.get(feed)?.state === 'live';
    const isLive = state === 'live';
    const wasKnown = core.feeds.has(feed);
    const wasCovered = core.isCovered();
    core.feeds.set(feed, { state, reason });
    core.vantagePoints.setFeedLive(feed, isLive);
    if (isLive) {
      core.deadlines.clear(blindName(feed));
      core.book.release(feed, 'feed-blind', feed, { cause: 'withdrawn', observedMs: nowMs }, nowMs);
    } else if (wasLive || !wasKnown) {
      core.vantagePoints.setGap(feed, core.order);
      core.doubtCarriers((vantagePoint) => core.vantagePoints.byId(vantagePoint).feed === feed, 1);
      core.deadlines.set(blindName(feed), nowMs + core.config.detection.blindAfterSeconds * 1000);
    }
    if (core.isCovered() !== wasCovered || !wasKnown) core.book.onCoverage(core.isCovered(), nowMs);
  }

  /** It delivered nothing for `blindAfterSeconds`. */
  blind(feed: string, atMs: number): void {
    const { core } = this;
    const reason = core.feeds.get(feed)?.reason ?? '';
    core.book.hold(
      {
        group: feed,
        kind: 'feed-blind',
        prefix: undefined,
        prefixText: feed,
        watch: feed,
        name: feed,
        expectedOrigins: [],
        rows: [
          {
            code: 'feed-blind',
            weight: core.config.detection.weights['feed-blind'],
            source: 'feed',
            facts: [feed, reason],
          },
        ],
        isKnown: true,
        observedMs: atMs,
        via: 'live',
      },
      atMs,
    );
  }
}

function blindName(feed: string): DeadlineName {
  return `blind\u0000${feed}`;
}
