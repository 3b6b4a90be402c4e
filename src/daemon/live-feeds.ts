/**
 * The live feeds on the driver: frames in, state changes in, readiness and coverage out. A reload changes their
 * subscriptions, never their connections.
 */
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.ts';
import type { Engine } from '../engine/engine.ts';
import { AcceptRoad } from '../engine/fast/accept.ts';
import type { Leap } from '../engine/input.ts';
import type { CoverageInterval, CoverageWriter, FeedState } from '../engine/ports.ts';
import type { RecordingWriter, StateInput } from '../feed/files/recording.ts';
import { ignoring } from '../feed/peers.ts';
import { type CollectorChange, Rhythms } from '../feed/rhythm.ts';
import { RisLiveFeed } from '../feed/ris-live/client.ts';
import type { FrameScanner } from '../feed/ris-live/frame-tap.ts';
import type { FeedChange } from '../feed/ris-live/options.ts';
import type { SubscriptionPlan } from '../feed/ris-live/subscription.ts';
import { systemClock } from '../feed/surroundings.ts';
import { QuickReject } from '../match/quick-reject.ts';
import type { Scanner } from '../match/scanner.ts';
import type { VantagePointTable } from '../match/vantage-point-table.ts';
import type { Watchlist } from '../match/watchlist.ts';
import type { Outside } from '../outside/outside.ts';
import type { CollectorGauge, Metrics } from '../serve/metrics.ts';
import { clientId } from './client-id.ts';
import type { Driver } from './driver.ts';
import { FeedLedger, type LedgerMoment } from './feed-ledger.ts';
import { FrameIntake } from './frame-intake.ts';
import type { FeedReadiness } from './live-ports.ts';
import { watchSubscription } from './watch-subscription.ts';

export interface LiveFeedsOptions {
  readonly outside: Outside;
  readonly settings: Settings;
  readonly engine: Engine;
  readonly scanner: Scanner;
  /** Made for `scanner`; the engine asks it who was heard. */
  readonly table: VantagePointTable;
  readonly driver: Driver;
  /** Stamps of arrival. */
  readonly clock: { nowMs(): number };
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly recording: RecordingWriter | undefined;
  readonly coverage: CoverageWriter & { untilMs(feed: string): number | undefined };
  /** Commits what was judged; false where that has to wait. */
  readonly commit: () => boolean;
  /** Something was applied: commit soon. */
  readonly afterInput: () => void;
}

interface LiveFeed {
  readonly name: string;
  readonly client: RisLiveFeed;
  readonly intake: FrameIntake;
  readonly isFirehose: () => boolean;
  state: FeedState;
  reason: string;
  readonly ledger: FeedLedger;
  /** When the last BGP message had come, at the last beat. */
  provenMs: number | undefined;
  readonly rhythms: Rhythms;
  /** Of collectors that are silent. */
  readonly silent: Map<string, { readonly ledger: FeedLedger; readonly reason: string }>;
  bytesCounted: number;
  reconnectsCounted: number;
  dropsCounted: Record<string, number>;
}

/** How often somebody looks whether the process runs, and whether collectors speak. */
const BEAT_MS = 1_000;
/** Between two beats that are further apart the process stood still. */
const STANDSTILL_MS = 5_000;

/** Prefixes that are learned within this time are subscribed together. */
const GROW_WITHIN_MS = 1_000;

export class LiveFeeds {
  private readonly options: LiveFeedsOptions;
  private readonly table: VantagePointTable;
  private readonly quick: QuickReject;
  private readonly feeds: LiveFeed[];
  private watchlist: Watchlist;
  /** Watched prefixes, learned ones among them, when the subscription was last made. */
  private subscribed: number;
  private growing: NodeJS.Timeout | undefined;
  private beating: NodeJS.Timeout | undefined;
  private readonly blindAfterMs: number;
  /** The last sign that the process runs: on the monotonic clock, and as a stamp. */
  private beatAt = systemClock.now();
  private beatMs: number;

  constructor(options: LiveFeedsOptions) {
    this.options = options;
    this.watchlist = options.settings.watchlist;
    const { driver, engine, scanner, table } = options;
    this.subscribed = engine.view.watchedSize;
    this.blindAfterMs = options.settings.detection.blindAfterSeconds * 1_000;
    this.beatMs = options.clock.nowMs();
    this.table = table;
    const roadOf = (quick: QuickReject): AcceptRoad =>
      new AcceptRoad(engine, {
        concerns: (tape, cell) => quick.concerns(tape, cell),
        pointOf: (row) => table.vantagePointOf(row),
        accepted: () => driver.accepted(),
      });
    this.quick = new QuickReject(scanner, table, engine.view.watched(), roadOf);
    this.feeds = options.settings.feeds.map((settings) => this.makeFeed(settings));
    options.metrics.feedCollectors(() => this.collectors());
  }

  private makeFeed(settings: Settings['feeds'][number]): LiveFeed {
    const { name } = settings;
    const { metrics, driver, coverage, clock } = this.options;
    const { blindAfterMs } = this;
    const rhythms = new Rhythms(blindAfterMs);
    const intake = new FrameIntake({
      feed: name,
      collectors: settings.collectors,
      ignores: ignoring(settings.ignorePeers),
      decodesAll: settings.ignorePeers.length > 0 && this.options.settings.feeds.length > 1,
      heard: ({ collector, peerAddress }, isKeepalive) => {
        if (isKeepalive) rhythms.keepalive(collector, peerAddress, systemClock.now());
        else rhythms.heard(collector, systemClock.now());
      },
      quick: this.quick,
      table: this.table,
      apply: (input, arrivedMs) => driver.apply(input, arrivedMs),
      problem: (code) => metrics.decodeProblem(code, 1),
      dropped: (reason) => metrics.dropped(reason, 1),
    });
    // A recording wants every frame.
    const scanner =
      this.options.recording === undefined ? intake.scanner(() => this.options.clock.nowMs()) : undefined;
    const client = new RisLiveFeed({
      name,
      url: settings.url,
      outside: this.options.outside,
      clientId: clientId(),
      plan: this.plan(settings),
      blindAfterMs,
      clock: systemClock,
      random: Math.random,
      log: this.options.log,
      onFrame: (bytes) => this.frame(feed, bytes),
      onState: (change) => this.stateChanged(feed, change),
      ...(scanner === undefined ? {} : { scanner: this.counted(scanner) }),
    });
    const feed: LiveFeed = {
      name,
      client,
      intake,
      state: 'down',
      reason: 'starting',
      ledger: new FeedLedger(name, coverage, coverage.untilMs(name), clock.nowMs()),
      provenMs: undefined,
      rhythms,
      silent: new Map(),
      isFirehose: () => this.plan(settings).mode === 'firehose',
      bytesCounted: 0,
      reconnectsCounted: 0,
      dropsCounted: {},
    };
    metrics.feedLastMessageAge(name, () => {
      const { silentMs } = client.stats();
      return silentMs === undefined ? Number.POSITIVE_INFINITY : silentMs / 1000;
    });
    return feed;
  }

  start(): void {
    for (const { client } of this.feeds) client.start();
    this.beating = setInterval(() => this.beat(), BEAT_MS);
    this.beating.unref();
  }

  async stop(): Promise<void> {
    clearTimeout(this.growing);
    clearInterval(this.beating);
    await Promise.all(this.feeds.map(({ client }) => client.stop()));
  }

  private frame(feed: LiveFeed, bytes: Buffer): void {
    const nowMs = this.options.clock.nowMs();
    this.options.recording?.frame(nowMs, feed.name, 'live', bytes);
    feed.intake.take(bytes, nowMs);
    this.options.afterInput();
  }

  /** What is settled on its bytes counts as judged with the next commit. */
  private counted(scanner: FrameScanner): FrameScanner {
    return {
      ...scanner,
      begin: () => {
        scanner.begin();
        this.options.afterInput();
      },
    };
  }

  private stateChanged(feed: LiveFeed, { state, reason, silentMs, blindInMs }: FeedChange): void {
    this.writeCoverage();
    const nowMs = this.options.clock.nowMs();
    const input: StateInput =
      state === 'live'
        ? { type: 'feed-state', feed: feed.name, state, reason }
        : {
            type: 'feed-state',
            feed: feed.name,
            state,
            reason,
            sinceMs: silentMs === undefined ? undefined : nowMs - silentMs,
            blindAtMs: nowMs + blindInMs,
          };
    feed.state = state;
    feed.reason = reason;
    feed.rhythms.excuse(systemClock.now());
    this.options.metrics.feedConnected(feed.name, state !== 'down');
    this.tell(input, nowMs);
    this.writeCoverage();
  }

  private tell(input: StateInput, nowMs: number): void {
    this.options.recording?.state(nowMs, input);
    this.options.driver.apply(input, nowMs);
    this.table.callInAll();
    this.options.afterInput();
  }

  // ------------------------------------------------------------ who is seen, and since when

  /** Once a second: does the process run, does each collector keep its rhythm? */
  private beat(): void {
    this.noteStandstill();
    if (this.feeds.length === 1) this.noteSettled(this.feeds[0]!);
    for (const feed of this.feeds) {
      feed.provenMs = this.provenMs(feed);
      if (feed.state === 'live') this.lookAtCollectors(feed);
    }
  }

  /** Who was heard in frames that were settled on their bytes. */
  private noteSettled({ rhythms }: LiveFeed): void {
    const atMs = systemClock.now();
    this.table.eachNew(({ collector }) => rhythms.heard(collector, atMs));
  }

  private lookAtCollectors(feed: LiveFeed): void {
    const changes = feed.rhythms.look(systemClock.now(), feed.isFirehose());
    for (const change of changes) this.collectorChanged(feed, change);
  }

  private collectorChanged(feed: LiveFeed, { collector, isSilent, silentMs, reason }: CollectorChange): void {
    this.writeCoverage();
    const nowMs = this.options.clock.nowMs();
    const sinceMs = nowMs - Math.round(silentMs);
    const { coverage, log } = this.options;
    if (isSilent) {
      const ledger = new FeedLedger(`${feed.name} ${collector}`, coverage, undefined, sinceMs);
      feed.silent.set(collector, { ledger, reason });
    } else feed.silent.delete(collector);
    const event = isSilent ? 'feed.collector-silent' : 'feed.collector-heard';
    log[isSilent ? 'warn' : 'info']({ event, feed: feed.name, collector, reason });
    const state = isSilent ? 'silent' : 'live';
    this.tell({ type: 'collector-state', feed: feed.name, collector, state, reason, sinceMs }, nowMs);
    this.writeCoverage();
  }

  /** Beats far apart: nothing was read and no timer ran between. */
  private noteStandstill(): void {
    const atMs = systemClock.now();
    const nowMs = this.options.clock.nowMs();
    const stoodMs = atMs - this.beatAt;
    if (stoodMs >= STANDSTILL_MS) {
      this.options.log.warn({ event: 'daemon.stood-still', seconds: Math.round(stoodMs / 1_000) });
      for (const { ledger, provenMs, client, rhythms } of this.feeds) {
        ledger.stoodStill(provenMs ?? this.beatMs, nowMs, client.stats().reconnects);
        rhythms.excuse(atMs);
      }
    }
    this.beatAt = atMs;
    this.beatMs = nowMs;
  }

  private provenMs({ client }: LiveFeed): number | undefined {
    const { silentMs } = client.stats();
    return silentMs === undefined ? undefined : this.options.clock.nowMs() - silentMs;
  }

  private moment(feed: LiveFeed): LedgerMoment {
    const nowMs = this.options.clock.nowMs();
    const { reconnects } = feed.client.stats();
    const { state, reason } = feed;
    return { nowMs, isLive: state === 'live', reason, provenMs: this.provenMs(feed), connection: reconnects };
  }

  /** How each collector of each feed is heard. */
  private collectors(): readonly CollectorGauge[] {
    const atMs = systemClock.now();
    return this.feeds.flatMap(({ name, rhythms }) =>
      rhythms.sights(atMs).map(({ collector, isSilent, silentMs }) => {
        return { feed: name, collector, isSilent, ageSeconds: silentMs / 1_000 };
      }),
    );
  }

  /** The stamps leapt to `nowMs`: while the machine was suspended nobody saw anything. */
  leapt({ cause, byMs }: Leap, nowMs: number): void {
    const reason = cause === 'suspended' ? 'the machine was suspended' : undefined;
    const isCommitted = this.options.commit();
    for (const feed of this.feeds) {
      const beforeMs = nowMs - byMs;
      if (isCommitted) feed.ledger.note({ ...this.moment(feed), nowMs: beforeMs });
      feed.ledger.leapt(nowMs, reason);
    }
    this.beatMs = nowMs;
  }

  /** Writes down what each feed could see, as far as that is certain. */
  writeCoverage(): void {
    this.noteStandstill();
    if (!this.options.commit()) return;
    for (const feed of this.feeds) {
      const moment = this.moment(feed);
      feed.ledger.note(moment);
      for (const { ledger, reason } of feed.silent.values())
        ledger.note({ ...moment, isLive: false, reason });
    }
  }

  /** What is not certain yet, up to now. */
  provisionalCoverage(): readonly CoverageInterval[] {
    return this.feeds.flatMap((feed) => feed.ledger.provisional(this.moment(feed)) ?? []);
  }

  readiness(): readonly FeedReadiness[] {
    return this.feeds.map((feed) => ({
      name: feed.name,
      connected: feed.client.stats().connected,
      fresh: feed.state === 'live',
    }));
  }

  /** Messages count when they are judged and what they changed is committed. */
  countJudged(): void {
    for (const { name, intake } of this.feeds) {
      const { reject, accept, slow } = intake.takeJudged();
      const judged = reject + accept + slow;
      if (judged === 0) continue;
      this.options.metrics.feedMessage(name, judged);
      this.options.metrics.feedRoad(name, 'reject', reject);
      this.options.metrics.feedRoad(name, 'accept', accept);
      this.options.metrics.feedRoad(name, 'slow', slow);
    }
  }

  /** Brings the counters of the clients into the metrics, before a scrape. */
  refreshMetrics(): void {
    const { metrics } = this.options;
    for (const feed of this.feeds) {
      const stats = feed.client.stats();
      metrics.feedBytes(feed.name, stats.bytes - feed.bytesCounted);
      feed.bytesCounted = stats.bytes;
      for (; feed.reconnectsCounted < stats.reconnects; feed.reconnectsCounted += 1)
        metrics.feedReconnects(feed.name);
      metrics.feedConnected(feed.name, stats.connected);
      for (const [reason, count] of Object.entries(stats.drops)) {
        metrics.dropped(reason, count - (feed.dropsCounted[reason] ?? 0));
        feed.dropsCounted[reason] = count;
      }
    }
  }

  reload(next: Settings): void {
    this.watchlist = next.watchlist;
    this.quick.watch(this.options.engine.view.watched());
    this.subscribe();
  }

  /** Watched ASes begin to originate prefixes: these are asked for too, or their withdrawals would not come. */
  followLearned(): void {
    if (this.growing !== undefined || this.options.engine.view.watchedSize === this.subscribed) return;
    this.growing = setTimeout(() => this.subscribe(), GROW_WITHIN_MS);
  }

  private subscribe(): void {
    clearTimeout(this.growing);
    this.growing = undefined;
    this.subscribed = this.options.engine.view.watchedSize;
    for (const [index, { client }] of this.feeds.entries()) {
      const settings = this.options.settings.feeds[index];
      if (settings !== undefined) client.updateSubscription(this.plan(settings));
    }
  }

  private plan(settings: Settings['feeds'][number]): SubscriptionPlan {
    return watchSubscription(this.watchlist, this.options.engine.view.learned(), settings);
  }
}
