/**
 * The state of the pure middle and its small moves: everything that `engine.ts`, learning, judging anew, restoring
 * and the operators' actions work on. One instance a daemon or replay; nobody else holds it.
 */
import type { AsPath } from '../bgp/as-path.ts';
import { type Prefix, parsePrefix } from '../bgp/prefix.ts';
import type { Community, Update } from '../bgp/update.ts';
import { type RouteOwner, type VantagePoint, vantagePointName } from '../bgp/vantage-point.ts';
import { type DetectedBy, isoTime } from '../incident/alert.ts';
import { IncidentBook } from '../incident/incident-book.ts';
import type { IncidentState, RouteState } from '../incident/incident-state.ts';
import type { RenderPorts } from '../incident/render.ts';
import { Baseline } from '../judge/baseline.ts';
import type { Finding } from '../judge/finding.ts';
import { KnownLinks } from '../judge/links/known-links.ts';
import { Sharing } from '../judge/sharing.ts';
import { Topology } from '../judge/topology.ts';
import { VantagePoints } from '../judge/vantage-points.ts';
import { VisibilityWatch } from '../judge/visibility.ts';
import { type Changed, type PlanChange, WatchPlan } from '../judge/watch-plan.ts';
import type { World } from '../judge/world.ts';
import type { WatchEntry } from '../match/watchlist.ts';
import { PrefixRows } from '../rows/prefix-rows.ts';
import type { RibRoute } from '../rows/rib-route.ts';
import { WatchedRib } from '../rows/watched-rib.ts';
import { type Answer, judgeAnnouncement } from './appraise.ts';
import { asNameOf, type EngineConfig } from './config.ts';
import { Deadlines } from './deadlines.ts';
import { bookRules, learnRules, pathMatcher } from './derived.ts';
import { Effects } from './effects.ts';
import { Late } from './feeds/late.ts';
import { noteRightful } from './keepers/history.ts';
import { OwnRoutes } from './keepers/own-routes.ts';
import { RoaKeeper } from './keepers/roa-keeper.ts';
import { RpkiKeeper, type RpkiNow } from './keepers/rpki-keeper.ts';
import { Accused, sourceOf, spreadOfRoute } from './keepers/sight.ts';
import { UpstreamKeeper } from './keepers/upstream-keeper.ts';
import { keptRowOf, Learner } from './learner.ts';
import type { FeedState, RouteChange } from './ports.ts';
import { Rejudge } from './rejudge.ts';
import { ReminderKeeper } from './reminder-keeper.ts';
import { RouteLog } from './route-log.ts';
import { SilenceKeeper } from './silence-keeper.ts';

/** Raw frames kept as evidence for each incident: the first ones, where the story begins. */
const RAW_FIRST = 100;

/** Signs of life are asked for at most this often, unless there is news. */
const HEARD_EVERY_MS = 1_000;

/** Who was heard without being decoded: the live daemon's fast path rejects frames on their bytes. */
export interface HeardElsewhere {
  /** Somebody was heard for the first time since `each` was called. */
  readonly hasNews: boolean;
  /** Calls `note` for each vantage point, with the arrival of the last word about a prefix of each family, 0: none. */
  each(note: (name: string, heard4Ms: number, heard6Ms: number) => void): void;
}

const NO_ROUTES: RouteChange = { segment: undefined, dropped: [], replacesTable: false };

export class Core {
  config: EngineConfig;
  plan: WatchPlan;
  world: World;
  /** Prefixes of the watched RIB and of the baseline. */
  private readonly prefixes = new PrefixRows();
  readonly rib = new WatchedRib<Finding>(this.prefixes);
  readonly baseline: Baseline;
  readonly routeLog = new RouteLog(this.rib, (id) => this.vantagePoints.byId(id).point);
  readonly links: KnownLinks;
  readonly vantagePoints = new VantagePoints();
  readonly visibility = new VisibilityWatch();
  readonly deadlines = new Deadlines<RouteState>();
  readonly effects = new Effects();
  readonly book: IncidentBook;
  readonly learner: Learner;
  readonly rejudge: Rejudge;
  readonly silences: SilenceKeeper;
  readonly reminders: ReminderKeeper;
  readonly feeds = new Map<string, { state: FeedState; reason: string; sinceMs: number }>();
  readonly accused = new Accused();
  readonly late = new Late(this);
  /** Watched prefixes that were carried once and are carried by nobody now. */
  readonly withdrawn = new Set<string>();
  /** When a session last changed its state, as far as that was remembered over a restart. */
  readonly sessionMs = new Map<number, number>();
  readonly rpkiKeeper: RpkiKeeper;
  readonly roas = new RoaKeeper(this);
  readonly upstreams = new UpstreamKeeper(this);
  nextSeq: number;
  /** Number of the input that is applied. */
  order = 0;
  /** The clock of the engine: the greatest stamp applied. */
  nowMs: number;
  /** When this state began, ms: the time in which what is there may be learned. */
  begunMs: number;
  private readonly sharing = new Sharing();
  /** Large incidents that changed and are not written yet. */
  readonly deferred = new Set<IncidentState>();
  /** Incidents with prefixes that they don't list and that are not written yet. */
  readonly unlisted = new Set<IncidentState>();
  /** Announcements and withdrawals of watched space so far. */
  observations = 0;

  private readonly heard: HeardElsewhere | undefined;
  /** When `heard` was asked last. */
  private heardAskedMs = Number.NEGATIVE_INFINITY;

  constructor(config: EngineConfig, nextSeq: number, nowMs: number, heard?: HeardElsewhere) {
    this.config = config;
    this.heard = heard;
    this.nextSeq = nextSeq;
    this.nowMs = nowMs;
    this.begunMs = nowMs;
    this.plan = new WatchPlan(config.watchlist);
    this.baseline = new Baseline(learnRules(config), this.prefixes);
    this.links = new KnownLinks(learnRules(config));
    this.book = new IncidentBook(bookRules(config), {
      setDeadline: (name, atMs) => this.deadlines.set(name, atMs),
      clearDeadline: (name) => this.deadlines.clear(name),
      setRouteDeadline: (incident, route, atMs) => this.deadlines.setOf(route, incident.key, atMs),
      isUp: (id) => this.vantagePoints.isUp(id),
      isCovered: () => this.isCovered(),
      sourceOf: (id) => sourceOf(this, id),
      spreadOf: (prefix, carriers) => spreadOfRoute(this, prefix, carriers),
      known: (family) => this.known(family),
    });
    this.learner = new Learner(this);
    this.rejudge = new Rejudge(this);
    this.rpkiKeeper = new RpkiKeeper(this);
    this.silences = new SilenceKeeper(this);
    this.reminders = new ReminderKeeper(this);
    this.world = this.makeWorld();
  }

  /** Takes a new configuration into force; the caller judges the RIB anew. */
  configure(config: EngineConfig): void {
    this.config = config;
    this.plan = new WatchPlan(config.watchlist, this.plan);
    this.baseline.rules = learnRules(config);
    this.links.rules = learnRules(config);
    this.book.rules = bookRules(config);
    this.world = this.makeWorld();
    this.learner.rebuildLearned();
  }

  /** The same when only these entries changed; the caller judges anew what lies around them. */
  configureWatch(config: EngineConfig, change: PlanChange): Changed {
    this.config = config;
    const changed = this.plan.change(change);
    this.learner.entriesChanged(changed);
    return changed;
  }

  /** What our own routers originate, as a feed by which they speak tells it. */
  readonly own = new OwnRoutes();

  get rpki(): RpkiNow | undefined {
    return this.rpkiKeeper.now;
  }

  private makeWorld(): World {
    const { knowledge, detection } = this.config;
    return {
      weights: detection.weights,
      tier1: new Set(detection.tier1),
      siblings: knowledge.siblings.map((set) => new Set(set)),
      organisations: knowledge.organisations,
      own: this.own,
      dropList: knowledge.dropList,
      asNames: knowledge.asNames,
      topology: knowledge.topology.length === 0 ? undefined : new Topology(knowledge.topology),
      rpki: this.rpki,
      rib: this.rib,
      baseline: this.baseline,
      links: this.links,
      vantagePoints: this.vantagePoints,
      nowMs: () => this.nowMs,
      upstreamsOf: (asn) => this.plan.asns.get(asn)?.upstreams,
      isWithdrawn: (prefix) => this.withdrawn.has(prefix.text),
      pathMatches: pathMatcher(),
    };
  }

  /** Only while every feed delivers, silence means clear. Without feeds (a replay) everything is covered. */
  isCovered(): boolean {
    for (const { state } of this.feeds.values()) if (state !== 'live') return false;
    return true;
  }

  // ------------------------------------------------------------ judging

  /** Marks stand in the rows of the finding, which `writtenOut` of `judge/sharing.ts` replaces. */
  judge(
    prefix: Prefix,
    path: AsPath,
    communities: readonly Community[],
    from: { readonly vantagePoint: number; readonly peerAsn: number },
    nowMs: number,
  ): Answer {
    const answer = judgeAnnouncement(this.plan, this.world, { prefix, path, communities, ...from });
    if (answer.finding !== undefined && this.silences.expects(answer.finding, prefix, nowMs))
      return { ...answer, finding: undefined };
    if (answer.finding === undefined) return answer;
    return { ...answer, finding: this.sharing.finding(answer.finding, prefix.text) };
  }

  /** Puts a finding into the book as carried by this route. */
  carry(
    finding: Finding,
    prefix: Prefix,
    route: RibRoute<Finding>,
    from: {
      readonly peerAsn: number;
      readonly hasBadClock: boolean;
      readonly via: DetectedBy;
      readonly arrivedMs: number;
    },
    nowMs: number,
  ): void {
    const { incident, isNew } = this.book.carry(
      {
        finding,
        prefix,
        carrier: {
          vantagePoint: route.vantagePoint,
          pathId: route.pathId ?? 0,
          finding,
          path: this.sharing.path(route.path),
          peerAsn: from.peerAsn,
          hasBadClock: from.hasBadClock,
          doubt: this.vantagePoints.doubtOf(route.vantagePoint, route.order),
        },
        observedMs: route.observedMs,
        arrivedMs: from.arrivedMs,
        via: from.via,
      },
      nowMs,
    );
    if (isNew) noteRightful(this, incident, finding);
  }

  setUp(vantagePoint: number, isUp: boolean): void {
    const point = this.vantagePoints.byId(vantagePoint);
    if (point.up === isUp && isUp) return;
    this.vantagePoints.setUp(vantagePoint, isUp, this.order);
    this.effects.remember(
      `session/${point.name}`,
      JSON.stringify({ isUp, peerAsn: point.point.peerAsn, atMs: this.nowMs }),
    );
  }

  /** Carriers of these vantage points are no longer certain. */
  doubtCarriers(isMeant: (vantagePoint: number) => boolean, doubt: 0 | 1 | 2): void {
    this.book.doubt(isMeant, doubt);
  }

  /** Watch entries may be other: conditions that rest on them are looked at. */
  conditionsAnew(nowMs: number): void {
    this.upstreams.all(nowMs);
    this.roas.look(nowMs);
  }

  /** How the input that is applied came in. */
  lastVia: DetectedBy = 'live';

  // ------------------------------------------------------------ bookkeeping

  /** Something is there to be written or said. */
  get hasChanged(): boolean {
    const { effects, routeLog, baseline } = this;
    return !effects.isEmpty || routeLog.hasChanged || baseline.hasChanged || baseline.sightedCount > 0;
  }

  /**
   * Everything that changed since the last call. Without `keepsState` nobody writes routes and baseline. Rows of the baseline
   * that were only seen once more are written when there is time: up to `sightedMax` of them.
   */
  takeBatch(keepsState: boolean, sightedMax: number): ReturnType<Effects['take']> {
    if (keepsState)
      return this.effects.take(this.routeLog.take(), this.baseline.takeChanged(sightedMax).map(keptRowOf));
    this.routeLog.discard();
    this.baseline.discardChanged();
    return this.effects.take(NO_ROUTES, []);
  }

  /** Nobody vouches for this route any more; without an owner, for the loss of the prefix. */
  purge(prefixText: string, owner: RouteOwner | undefined): void {
    if (owner === undefined) {
      this.visibility.forget(prefixText);
      this.effects.remember(`lost/${prefixText}`, '');
      return;
    }
    const prefix = this.prefixOfText(prefixText);
    if (prefix !== undefined) this.withdraw(prefix, owner);
  }

  /** Takes a route out of the RIB; returns it. What nobody carries any more need not be tracked. */
  withdraw(prefix: Prefix, { vantagePoint, pathId }: RouteOwner): RibRoute<Finding> | undefined {
    const gone = this.rib.withdraw(prefix, vantagePoint, pathId);
    if (gone !== undefined && !this.rib.has(prefix)) this.plan.untrack(prefix);
    return gone;
  }

  setWithdrawn(prefix: Prefix, isWithdrawn: boolean): void {
    if (isWithdrawn) this.withdrawn.add(prefix.text);
    else this.withdrawn.delete(prefix.text);
    this.effects.remember(`withdrawn/${prefix.text}`, isWithdrawn ? '1' : '');
    if (isWithdrawn) this.roas.withdrawn(this.nowMs);
  }

  prefixOfText(text: string): Prefix | undefined {
    return parsePrefix(text)?.prefix;
  }

  /** Keeps the frame as evidence of every open incident that it touched; bounded. */
  rawFrame(update: Update, raw: string, nowMs: number): void {
    if (raw === '') return;
    this.pendingRaw = { atMs: nowMs, vantagePoint: update.vantagePoint, frame: raw };
  }

  pendingRaw:
    | { readonly atMs: number; readonly vantagePoint: VantagePoint; readonly frame: string }
    | undefined;

  attachRaw(incident: IncidentState): void {
    if (this.pendingRaw === undefined || incident.id === '' || incident.rawKept >= RAW_FIRST) return;
    incident.rawKept += 1;
    const { atMs, vantagePoint, frame } = this.pendingRaw;
    this.effects.rawFrame(incident.id, {
      at: isoTime(atMs),
      vantagePoint: vantagePointName(vantagePoint),
      frame,
    });
  }

  /** Signs of life that passed the engine by expire after a day, so one second of lag is harmless. */
  private askHeard(): void {
    const { heard, vantagePoints, nowMs } = this;
    if (heard === undefined || (nowMs - this.heardAskedMs < HEARD_EVERY_MS && !heard.hasNews)) return;
    this.heardAskedMs = nowMs;
    heard.each((name, heard4Ms, heard6Ms) => vantagePoints.noteHeard(name, heard4Ms, heard6Ms));
  }

  /** Vantage points of the family that are up and were heard in the last 24 h. */
  known(family: 4 | 6): number {
    this.askHeard();
    return this.vantagePoints.known(family, this.nowMs);
  }

  /** Tags of the watch entry of this name: a prefix, or an AS as `AS38099`. */
  tagsOf(watch: string): readonly string[] {
    return this.entryOf(watch)?.tags ?? [];
  }

  /** The line of the watchlist of this name. */
  entryOf(watch: string): WatchEntry | undefined {
    const asn = /^AS(\d+)$/.exec(watch)?.[1];
    if (asn !== undefined) return this.plan.asns.get(Number(asn));
    const prefix = this.prefixOfText(watch);
    const entry = prefix === undefined ? undefined : this.plan.exact(prefix)?.entry;
    return entry?.type === 'prefix' ? entry : undefined;
  }

  /** For one rendering: what all its routes ask for is counted once. */
  renderPorts(): RenderPorts {
    const known: { 4?: number; 6?: number } = {};
    return {
      known: (family) => {
        known[family] ??= this.known(family);
        return known[family];
      },
      isUp: (id) => this.vantagePoints.isUp(id),
      asName: (asn) => asNameOf(this.config.knowledge, asn),
    };
  }
}
