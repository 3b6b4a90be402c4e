/**
 * The engine: composes the pure rooms and is the only place that changes their state. One input with its stamp of
 * arrival goes in, rows for the store and alerts come out (`effects`). No clock, no randomness: the same inputs with
 * the same stamps give the same effects, byte for byte.
 *
 *   apply(input, nowMs):  deadlines ≤ nowMs, each with its own time  →  RIB  →  judge  →  incident book  →  alerts
 */
import type { AsPath } from '../bgp/as-path.ts';
import type { Prefix } from '../bgp/prefix.ts';
import type { Community } from '../bgp/update.ts';
import type { RouteOwner } from '../bgp/vantage-point.ts';
import type { DetectedBy } from '../incident/alert.ts';
import type { BookDeadline, RouteState } from '../incident/incident-state.ts';
import { type How, replacedBy, WITHDRAWN } from '../incident/steps.ts';
import type { Finding } from '../judge/finding.ts';
import { otherFindings, withdrawnBy } from '../rows/paths.ts';
import type { RibRoute } from '../rows/rib-route.ts';
import type { Core } from './core.ts';
import { type DeadlineName, partsOf } from './deadlines.ts';
import { FeedStates } from './feeds/feed-states.ts';
import type { ConfigInput, Input, Leap, Outcome } from './input.ts';
import { isPossibleStamp } from './keepers/stamps.ts';
import { assessVisibility, isOurs } from './keepers/visibility.ts';
import { OperatorActions } from './operators.ts';
import type { Batch, FeedInput, Published } from './ports.ts';
import { sameRoute } from './rejudge.ts';
import { say, settle, writeDeferred } from './speak.ts';
import { EngineView } from './view.ts';

/** Where an update came from, for the routes it carries. */
interface Origin extends RouteOwner {
  /** The path identifiers of the session were declared. */
  readonly isExact: boolean;
  readonly peerAsn: number;
  readonly observedMs: number;
  readonly hasBadClock: boolean;
  readonly via: DetectedBy;
  readonly happenedMs: number;
}

/** Lets rooms look at the state that are allowed to: `explain/` and tests (`test/tidy/rules.ts`). */
export let stateOf: (engine: Engine) => Core;

export class Engine {
  /** What is so now, for whoever asks. */
  readonly view: EngineView;
  private readonly core: Core;
  private readonly operators: OperatorActions;
  private readonly feeds: FeedStates;

  static {
    stateOf = (engine) => engine.core;
  }

  constructor(core: Core) {
    this.core = core;
    this.view = new EngineView(core);
    this.operators = new OperatorActions(core);
    this.feeds = new FeedStates(core);
  }

  /** Applies one input that arrived at `nowMs`; stamps must not decrease. Returns what its sender gets back. */
  apply<I extends Input>(input: I, nowMs: number): Outcome<I>;
  apply(input: Input, nowMs: number): Outcome<Input> {
    switch (input.type) {
      case 'daemon':
        if (input.state === 'started') this.resume(nowMs);
        else this.finish(nowMs);
        return undefined;
      case 'update':
      case 'peer-state':
      case 'feed-state':
      case 'store-state':
      case 'own-routes':
      case 'collector-state':
      case 'gap':
        this.applyFeed(input, nowMs);
        return undefined;
      case 'filling':
        this.fill(input.state, nowMs);
        return undefined;
      case 'clock':
        if (input.leap !== undefined) this.leap(input.leap, nowMs);
        this.advance(nowMs);
        return undefined;
      case 'rpki':
        this.advance(nowMs);
        this.core.rpkiKeeper.set(input.rpki);
        this.core.rejudge.all('replaced', nowMs);
        settle(this.core, nowMs);
        return undefined;
      case 'config':
        this.advance(nowMs);
        this.configure(input, nowMs);
        return undefined;
      default:
        this.advance(nowMs);
        return this.operators.act(input, nowMs);
    }
  }

  private applyFeed(input: Exclude<FeedInput, { readonly type: 'daemon' }>, nowMs: number): void {
    this.advance(nowMs);
    const { core } = this;
    core.order += 1;
    core.nowMs = nowMs;
    if ('via' in input) core.lastVia = input.via;
    if (input.type === 'update') this.update(input, nowMs);
    else this.feeds.take(input, nowMs);
    settle(core, nowMs);
  }

  /** Fires every deadline up to `nowMs`, in order, each with its own time. */
  private advance(nowMs: number): void {
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

  // ------------------------------------------------------------ what the driver writes down

  /** Something is there to be written or said. */
  get hasChanged(): boolean {
    return this.core.hasChanged;
  }

  /** Visible outside, or caused by an operator. */
  get isUrgent(): boolean {
    return this.core.effects.isUrgent;
  }

  /** Too much to let it wait until the store is back. */
  get isLarge(): boolean {
    return this.core.effects.isLarge;
  }

  /** Something was put off, to be written little by little. */
  get hasDeferred(): boolean {
    const { deferred, unlisted, baseline } = this.core;
    return deferred.size + unlisted.size + baseline.sightedCount > 0;
  }

  /** Makes what was put off and is due part of the next batch; `isIdle`: all of it. */
  writeDeferred(isIdle: boolean): void {
    const { deferred, unlisted } = this.core;
    if (deferred.size + unlisted.size > 0) writeDeferred(this.core, isIdle);
  }

  /** Everything that changed since the last call; see `Core.takeBatch`. */
  takeBatch(
    keepsState: boolean,
    sightedMax: number,
  ): { readonly batch: Batch; readonly published: readonly Published[] } {
    return this.core.takeBatch(keepsState, sightedMax);
  }

  // ------------------------------------------------------------ the daemon, the clock, the configuration

  /** Says what is held back, at the end of a replay or at an orderly stop. */
  private finish(nowMs: number): void {
    this.advance(nowMs);
    say(this.core, this.core.book.flushAll(nowMs));
  }

  /**
   * The stamps leapt to `nowMs` over a stretch that never was: what was due before it fires at its own time, what is due
   * so long after something moves along, and only times of the calendar (silences) are where they were.
   */
  private leap({ cause, byMs }: Leap, nowMs: number): void {
    const { core } = this;
    this.advance(nowMs - byMs);
    core.deadlines.shift(byMs, (kind) => kind === 'silence');
    core.nowMs = nowMs;
    if (cause === 'suspended') this.feeds.lookedAway(nowMs);
  }

  /**
   * Begun again: since the last input nothing was seen and nothing was said, so what became due meanwhile comes late,
   * and no silence of that time counts as clear. The feeds report anew.
   */
  private resume(nowMs: number): void {
    const { core } = this;
    core.nowMs = Math.max(core.nowMs, nowMs);
    this.feeds.forget();
  }

  /**
   * What is explained resolves, what is wrong opens, at once. Where nothing but entries of the watchlist changed, nobody
   * need judge the whole RIB for them.
   */
  private configure({ config, change }: ConfigInput, nowMs: number): void {
    const { core } = this;
    if (change?.hasSameAsns === true) {
      const { before, after, isListedOther } = core.configureWatch(config, change);
      if (isListedOther) core.rejudge.all('accepted', nowMs);
      // What watched ASes were learned to originate may have come between an entry and what was judged under it.
      else core.rejudge.entries([...before, ...after, ...core.plan.everyLearned()], nowMs);
    } else {
      core.configure(config);
      core.rejudge.all('accepted', nowMs);
    }
    core.conditionsAnew(nowMs);
    settle(core, nowMs);
  }

  /** Silent filling: findings are collected, nothing is said until it ends. */
  private fill(state: 'begins' | 'ends', nowMs: number): void {
    if (state === 'ends') this.advance(nowMs);
    this.core.book.isMuted = state === 'begins';
    if (state === 'ends') settle(this.core, nowMs);
  }

  // ------------------------------------------------------------ inputs

  private update(input: Extract<FeedInput, { type: 'update' }>, nowMs: number): void {
    const { core } = this;
    const { update, isLate = false } = input;
    const point = core.vantagePoints.meet(update.vantagePoint, input.feed);
    const isPossible = isPossibleStamp(update.observedMs, nowMs);
    if (isLate && !isPossible) return;
    if (!point.up && !isLate) core.setUp(point.id, true);
    const origin: Origin = {
      vantagePoint: point.id,
      isExact: update.pathIds?.areDeclared ?? false,
      peerAsn: update.vantagePoint.peerAsn || firstAs(update.path),
      observedMs: isPossible ? (update.observedMs ?? nowMs) : nowMs,
      hasBadClock: !isPossible,
      via: input.via,
      happenedMs: isLate ? (update.observedMs ?? nowMs) : nowMs,
    };
    const { withdrawn, announced, pathIds } = update;
    for (const [n, prefix] of withdrawn.entries())
      if (!isLate || core.late.mayWithdraw(prefix, origin))
        this.withdraw(prefix, byPath(origin, pathIds?.withdrawn[n]), nowMs);
    for (const [n, prefix] of announced.entries())
      if (!isLate || !core.late.isSettled(prefix, update, origin, nowMs))
        this.announce(prefix, update, byPath(origin, pathIds?.announced[n]), nowMs);
    core.rawFrame(update, input.raw, nowMs);
  }

  private withdraw(prefix: Prefix, origin: Origin, nowMs: number): void {
    const { core } = this;
    core.vantagePoints.heard(origin.vantagePoint, prefix.family, origin.happenedMs);
    const owner = withdrawnBy(core.rib, prefix, origin, origin.isExact);
    const gone = core.withdraw(prefix, owner);
    core.late.noteGone(prefix, origin, gone !== undefined, nowMs);
    if (gone === undefined) return;
    core.observations += 1;
    if (gone.finding !== undefined)
      this.drop(gone.finding, prefix.text, { ...origin, ...owner }, WITHDRAWN, nowMs);
    core.plan.noteChange(prefix, nowMs);
    const watched = core.plan.exact(prefix);
    if (watched === undefined) return;
    core.upstreams.changed(watched, nowMs);
    const others = otherFindings(core.rib, prefix, { ...origin, ...owner });
    const wasOurs = isOurs(gone.finding) || others.some(isOurs);
    if (others.length > 0) {
      core.visibility.change(prefix.text, origin.vantagePoint, wasOurs, others.some(isOurs));
      return;
    }
    core.visibility.lose(prefix.text, origin.vantagePoint, wasOurs, origin.happenedMs);
    assessVisibility(core, prefix, origin.observedMs, nowMs, origin.happenedMs);
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
    core.vantagePoints.heard(origin.vantagePoint, prefix.family, origin.happenedMs);
    const before = core.rib.route(prefix, origin.vantagePoint, origin.pathId);
    const answer = core.judge(prefix, update.path, update.communities, origin, nowMs);
    if (!answer.isOurs) {
      if (before !== undefined) this.forget(prefix, before, replacedBy(update.path), origin, nowMs);
      return;
    }
    core.observations += 1;
    if (answer.match.type === 'none') core.plan.track(prefix);
    const route: RibRoute<Finding> = {
      vantagePoint: origin.vantagePoint,
      ...(origin.pathId === undefined ? {} : { pathId: origin.pathId }),
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
      this.drop(before.finding, prefix.text, origin, replacedBy(update.path), nowMs);
    }
    if (answer.finding !== undefined)
      core.carry(answer.finding, prefix, route, { ...origin, arrivedMs: nowMs }, nowMs);
    core.learner.afterAnnouncement(prefix, route, origin.peerAsn, answer, nowMs);
    const watched = core.plan.exact(prefix);
    if (watched === undefined) return;
    core.upstreams.changed(watched, nowMs);
    const isOursElse = otherFindings(core.rib, prefix, origin).some(isOurs);
    const wasOurs = isOursElse || (before !== undefined && isOurs(before.finding));
    core.visibility.change(prefix.text, origin.vantagePoint, wasOurs, isOursElse || isOurs(answer.finding));
    this.regain(prefix, origin, nowMs);
  }

  /** The watched prefix is carried again: it may have been withdrawn, or lost by many. */
  private regain(prefix: Prefix, origin: Origin, nowMs: number): void {
    const { core } = this;
    if (core.visibility.regain(prefix.text, origin.vantagePoint))
      assessVisibility(core, prefix, origin.observedMs, nowMs);
    if (!core.withdrawn.has(prefix.text)) return;
    core.setWithdrawn(prefix, false);
    core.rejudge.coveringOf(prefix, nowMs);
  }

  /** A route that is no longer ours to keep: its prefix was ours only through its earlier origin. */
  private forget(prefix: Prefix, before: RibRoute<Finding>, how: How, origin: Origin, nowMs: number): void {
    this.core.withdraw(prefix, before);
    if (before.finding !== undefined) this.drop(before.finding, prefix.text, origin, how, nowMs);
  }

  private drop(finding: Finding, prefix: string, origin: Origin, how: How, nowMs: number): void {
    this.core.book.drop(finding, prefix, origin, { ...how, observedMs: origin.observedMs }, nowMs);
  }

  // ------------------------------------------------------------ time

  private fire(name: DeadlineName, atMs: number): void {
    const { core } = this;
    const [kind, of] = partsOf(name);
    switch (kind) {
      case 'blind':
        this.feeds.blind(of, atMs);
        break;
      case 'learn':
        core.learner.onDeadline(atMs);
        break;
      case 'rpki':
      case 'roa':
        core.rpkiKeeper.onDeadline(kind, atMs);
        break;
      case 'upstream':
        core.upstreams.onDeadline(of, atMs);
        break;
      case 'remind':
        core.reminders.onDeadline(of, atMs);
        break;
      case 'silence':
        say(core, core.silences.onDeadline(atMs));
        break;
      case 'resolve':
      case 'update':
      case 'evidence':
      case 'forget': {
        const purge = (prefix: string, owner: RouteOwner | undefined): void => core.purge(prefix, owner);
        say(core, core.book.onDeadline(name as BookDeadline, atMs, purge));
        break;
      }
      default:
        kind satisfies never;
        throw new Error(`assert: nobody waits for the deadline "${name}"`);
    }
    settle(core, atMs);
  }

  /** The deadline of a route of the incident with this key. */
  private fireRoute(key: string, route: RouteState, atMs: number): void {
    say(this.core, this.core.book.onRouteDeadline(key, route, atMs));
    settle(this.core, atMs);
  }
}

/** The origin of one route of the update: where a session has several paths, each is by itself. */
function byPath(origin: Origin, pathId: number | undefined): Origin {
  return pathId === undefined || pathId === 0 ? origin : { ...origin, pathId };
}

function firstAs(path: AsPath): number {
  const [first] = path;
  return typeof first === 'number' ? first : 0;
}
