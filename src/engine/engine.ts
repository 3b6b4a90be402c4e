/**
 * The engine: composes the pure rooms and is the only place that changes their state. One input with its stamp of
 * arrival goes in, rows for the store and alerts come out (`effects`). No clock, no randomness: the same inputs with
 * the same stamps give the same effects, byte for byte.
 *
 *   apply(input, nowMs):  deadlines ≤ nowMs, each with its own time  →  RIB  →  judge  →  incident book  →  alerts
 */
import type { AsPath } from '../bgp/as-path.ts';
import type { Prefix } from '../bgp/prefix.ts';
import type { Community, PeerStateChange, Update } from '../bgp/update.ts';
import type { DetectedBy } from '../incident/alert.ts';
import type { Cause, Notice } from '../incident/incident-book.ts';
import type { RouteState } from '../incident/incident-state.ts';
import type { Finding } from '../judge/finding.ts';
import type { PlanChange } from '../judge/watch-plan.ts';
import type { RpkiView } from '../judge/world.ts';
import type { RibRoute } from '../rows/rib-route.ts';
import type { EngineConfig } from './config.ts';
import type { Core } from './core.ts';
import type { FeedInput, FeedState, StoreReason } from './ports.ts';
import { sameRoute } from './rejudge.ts';
import { speak, writeChanged } from './speak.ts';

/** A collector's stamp further ahead of the arrival than this is impossible. */
export const FUTURE_MAX_MS = 3_600_000;

/** Where an update came from, for the routes it carries. */
interface Origin {
  readonly vantagePoint: number;
  readonly peerAsn: number;
  readonly observedMs: number;
  readonly hasBadClock: boolean;
  readonly via: DetectedBy;
}

export class Engine {
  readonly core: Core;

  constructor(core: Core) {
    this.core = core;
  }

  /** Applies one input that arrived at `nowMs`; stamps must not decrease. */
  apply(input: FeedInput, nowMs: number): void {
    if (input.type === 'daemon') {
      if (input.state === 'started') this.resume(nowMs);
      else this.finish(nowMs);
      return;
    }
    this.advance(nowMs);
    const { core } = this;
    core.order += 1;
    core.nowMs = nowMs;
    if ('via' in input) core.lastVia = input.via;
    if (input.type === 'update') this.update(input.update, input, nowMs);
    else if (input.type === 'peer-state') this.peerState(input.change, input.feed, nowMs);
    else if (input.type === 'store-state') this.storeState(input.state, input.reason, nowMs);
    else this.feedState(input.feed, input.state, input.reason, nowMs);
    this.settle(nowMs);
  }

  /** Fires every deadline up to `nowMs`, in order, each with its own time. */
  advance(nowMs: number): void {
    const { core } = this;
    for (let due = core.deadlines.take(nowMs); due !== undefined; due = core.deadlines.take(nowMs)) {
      core.nowMs = Math.max(core.nowMs, due.atMs);
      if (due.of === undefined) this.fire(due.name, core.nowMs);
      else this.fireRoute(due.name, due.of, core.nowMs);
    }
    core.nowMs = Math.max(core.nowMs, nowMs);
  }

  /** When the driver has to call `advance` at the latest; undefined: not before the next input. */
  nextDeadlineMs(): number | undefined {
    return this.core.deadlines.nextMs();
  }

  /** Says what is held back, at the end of a replay or at an orderly stop. */
  finish(nowMs: number): void {
    this.advance(nowMs);
    this.say(this.core.book.flushAll(nowMs));
  }

  /**
   * Begun again: since the last input nothing was seen and nothing was said, so what became due meanwhile comes late,
   * and no silence of that time counts as clear. The feeds report anew.
   */
  private resume(nowMs: number): void {
    const { core } = this;
    core.nowMs = Math.max(core.nowMs, nowMs);
    for (const feed of core.feeds.keys()) core.deadlines.clear(blindName(feed));
    core.feeds.clear();
    core.book.onCoverage(false, core.nowMs);
  }

  /** New VRPs and ASPAs: evidence that arrives later escalates or calms what is open. */
  setRpki(rpki: RpkiView | undefined, nowMs: number): void {
    this.advance(nowMs);
    this.core.setRpki(rpki);
    this.core.rejudge.all('replaced', nowMs);
    this.settle(nowMs);
  }

  /** A new configuration, taken into force whole: what is explained resolves, what is wrong opens, at once. */
  reload(config: EngineConfig, nowMs: number): void {
    this.advance(nowMs);
    this.core.configure(config);
    this.core.rejudge.all('accepted', nowMs);
    this.settle(nowMs);
  }

  /**
   * The same where nothing is other than entries of the watchlist, and nobody need judge the whole RIB for them:
   * detection and knowledge are as they were. `change` is what `plan.compare` said of the new watchlist.
   */
  reloadWatch(config: EngineConfig, change: PlanChange, nowMs: number): void {
    if (!change.hasSameAsns) {
      this.reload(config, nowMs);
      return;
    }
    this.advance(nowMs);
    const { before, after, isListedOther } = this.core.configureWatch(config, change);
    if (isListedOther) this.core.rejudge.all('accepted', nowMs);
    // What watched ASes were learned to originate may have come between an entry and what was judged under it.
    else this.core.rejudge.entries([...before, ...after, ...this.core.plan.everyLearned()], nowMs);
    this.settle(nowMs);
  }

  /** Silent filling (`replay --from`): findings are collected, nothing is said until `unmute`. */
  mute(): void {
    this.core.book.isMuted = true;
  }

  unmute(nowMs: number): void {
    this.advance(nowMs);
    this.core.book.isMuted = false;
    this.settle(nowMs);
  }

  // ------------------------------------------------------------ inputs

  private update(update: Update, input: { feed: string; via: DetectedBy; raw: string }, nowMs: number): void {
    const { core } = this;
    const point = core.vantagePoints.meet(update.vantagePoint, input.feed);
    if (!point.up) core.setUp(point.id, true);
    const isPossible = isPossibleStamp(update.observedMs, nowMs);
    const origin: Origin = {
      vantagePoint: point.id,
      peerAsn: update.vantagePoint.peerAsn || firstAs(update.path),
      observedMs: isPossible ? (update.observedMs ?? nowMs) : nowMs,
      hasBadClock: !isPossible,
      via: input.via,
    };
    for (const prefix of update.withdrawn) this.withdraw(prefix, origin, nowMs);
    for (const prefix of update.announced) this.announce(prefix, update, origin, nowMs);
    core.rawFrame(update, input.raw, nowMs);
  }

  private withdraw(prefix: Prefix, origin: Origin, nowMs: number): void {
    const { core } = this;
    core.vantagePoints.heard(origin.vantagePoint, prefix.family, nowMs);
    const gone = core.withdraw(prefix, origin.vantagePoint);
    if (gone === undefined) return;
    core.observations += 1;
    if (gone.finding !== undefined) this.drop(gone.finding, prefix.text, origin, 'withdrawn', nowMs);
    core.plan.noteChange(prefix, nowMs);
    if (core.plan.exact(prefix) === undefined) return;
    core.visibility.lose(prefix.text, origin.vantagePoint, isOurs(gone.finding), nowMs);
    core.assessVisibility(prefix, origin.observedMs, nowMs);
    if (!core.rib.has(prefix)) {
      core.setWithdrawn(prefix, true);
      core.rejudge.coveringOf(prefix, nowMs);
    }
  }

  private announce(
    prefix: Prefix,
    update: { path: AsPath; communities: readonly Community[] },
    origin: Origin,
    nowMs: number,
  ): void {
    const { core } = this;
    core.vantagePoints.heard(origin.vantagePoint, prefix.family, nowMs);
    const before = core.rib.route(prefix, origin.vantagePoint);
    const answer = core.judge(prefix, update.path, update.communities, origin, nowMs);
    if (!answer.isOurs) {
      if (before !== undefined) this.forget(prefix, before, origin, nowMs);
      return;
    }
    core.observations += 1;
    if (answer.match.type === 'none') core.plan.track(prefix);
    const route: RibRoute<Finding> = {
      vantagePoint: origin.vantagePoint,
      path: update.path,
      communities: update.communities,
      observedMs: origin.observedMs,
      arrivedMs: nowMs,
      order: core.order,
      ...(origin.hasBadClock ? { hasBadClock: true } : {}),
      finding: answer.finding,
    };
    core.rib.announce(prefix, route);
    core.plan.noteChange(prefix, nowMs);
    if (before?.finding !== undefined && !sameRoute(before.finding, answer.finding)) {
      this.drop(before.finding, prefix.text, origin, 'replaced', nowMs);
    }
    if (answer.finding !== undefined)
      core.carry(answer.finding, prefix, route, { ...origin, arrivedMs: nowMs }, nowMs);
    core.learner.afterAnnouncement(prefix, route, origin.peerAsn, answer, nowMs);
    if (core.plan.exact(prefix) === undefined) return;
    const wasOurs = before !== undefined && isOurs(before.finding);
    core.visibility.change(prefix.text, origin.vantagePoint, wasOurs, isOurs(answer.finding));
    this.regain(prefix, origin, nowMs);
  }

  /** The watched prefix is carried again: it may have been withdrawn, or lost by many. */
  private regain(prefix: Prefix, origin: Origin, nowMs: number): void {
    const { core } = this;
    if (core.visibility.regain(prefix.text, origin.vantagePoint))
      core.assessVisibility(prefix, origin.observedMs, nowMs);
    if (!core.withdrawn.has(prefix.text)) return;
    core.setWithdrawn(prefix, false);
    core.rejudge.coveringOf(prefix, nowMs);
  }

  /** A route that is no longer ours to keep: its prefix was ours only through its earlier origin. */
  private forget(prefix: Prefix, before: RibRoute<Finding>, origin: Origin, nowMs: number): void {
    this.core.withdraw(prefix, before.vantagePoint);
    if (before.finding !== undefined) this.drop(before.finding, prefix.text, origin, 'replaced', nowMs);
  }

  private drop(finding: Finding, prefix: string, origin: Origin, cause: Cause, nowMs: number): void {
    this.core.book.drop(
      finding,
      prefix,
      origin.vantagePoint,
      { cause, observedMs: origin.observedMs },
      nowMs,
    );
  }

  private peerState(change: PeerStateChange, feed: string, nowMs: number): void {
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

  /** A live feed that has not reported yet: blind from now on. */
  beginFeed(feed: string, nowMs: number): void {
    this.feedState(feed, 'down', 'starting', nowMs);
  }

  private feedState(feed: string, state: FeedState, reason: string, nowMs: number): void {
    const { core } = this;
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

  // ------------------------------------------------------------ time

  private fire(name: string, atMs: number): void {
    const { core } = this;
    const [what, rest = ''] = name.split('\u0000');
    if (what === 'blind') this.blind(rest, atMs);
    else if (what === 'learn') core.learner.onDeadline(atMs);
    else if (what === 'remind') core.reminders.onDeadline(rest, atMs);
    else if (what === 'silence') this.say(core.silences.onDeadline(atMs));
    else
      this.say(core.book.onDeadline(name, atMs, (prefix, vantagePoint) => core.purge(prefix, vantagePoint)));
    this.settle(atMs);
  }

  /** The deadline of a route of the incident with this key. */
  private fireRoute(key: string, route: RouteState, atMs: number): void {
    this.say(this.core.book.onRouteDeadline(key, route, atMs));
    this.settle(atMs);
  }

  private blind(feed: string, atMs: number): void {
    const reason = this.core.feeds.get(feed)?.reason ?? '';
    this.holdBlind(feed, { source: 'feed', facts: [feed, reason] }, atMs);
  }

  /** What is judged while our own store takes nothing is told late: that is a blindness, too. */
  private storeState(state: 'ok' | 'away', reason: StoreReason, nowMs: number): void {
    const gone = { cause: 'withdrawn', observedMs: nowMs } as const;
    if (state === 'ok') this.core.book.release(OUR_STORE, 'feed-blind', OUR_STORE, gone, nowMs);
    else this.holdBlind(OUR_STORE, { source: 'store', facts: [OUR_STORE, reason, 'store'] }, nowMs);
  }

  private holdBlind(
    what: string,
    row: { readonly source: string; readonly facts: readonly string[] },
    atMs: number,
  ): void {
    const { core } = this;
    core.book.hold(
      {
        group: what,
        kind: 'feed-blind',
        prefix: undefined,
        prefixText: what,
        watch: what,
        name: what,
        expectedOrigins: [],
        rows: [{ code: 'feed-blind', weight: core.config.detection.weights['feed-blind'], ...row }],
        isKnown: true,
        observedMs: atMs,
        via: 'live',
      },
      atMs,
    );
  }

  /** Says what the changes since the last time call for, and writes down what changed. */
  settle(nowMs: number): void {
    this.say(this.core.book.settle(nowMs));
    writeChanged(this.core, nowMs);
  }

  say(notices: readonly Notice[]): void {
    for (const notice of notices) speak(this.core, notice);
  }
}

/** As the group and the name of what is blind, where feeds have theirs. */
const OUR_STORE = 'store';

function blindName(feed: string): string {
  return `blind\u0000${feed}`;
}

/** The route of a watched prefix has an origin that is not foreign there. */
function isOurs(finding: Finding | undefined): boolean {
  return finding?.kind !== 'origin-change' && finding?.kind !== 'squatting';
}

function firstAs(path: AsPath): number {
  const [first] = path;
  return typeof first === 'number' ? first : 0;
}

function isPossibleStamp(observedMs: number | undefined, nowMs: number): boolean {
  return (
    observedMs !== undefined &&
    Number.isFinite(observedMs) &&
    observedMs > 0 &&
    observedMs - nowMs <= FUTURE_MAX_MS
  );
}
