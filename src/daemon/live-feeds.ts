/**
 * The live feeds on the driver: frames in, state changes in, readiness and coverage out. A reload changes their
 * subscriptions, never their connections.
 */
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.ts';
import type { Engine } from '../engine/engine.ts';
import { AcceptRoad } from '../engine/fast/accept.ts';
import type { Leap } from '../engine/input.ts';
import type { CoverageWriter, FeedState } from '../engine/ports.ts';
import type { RecordingWriter } from '../feed/files/recording.ts';
import { RisLiveFeed } from '../feed/ris-live/client.ts';
import type { FrameScanner } from '../feed/ris-live/frame-tap.ts';
import type { SubscriptionPlan } from '../feed/ris-live/subscription.ts';
import { systemClock } from '../feed/surroundings.ts';
import { isoTime } from '../incident/alert.ts';
import { QuickReject } from '../match/quick-reject.ts';
import type { Scanner } from '../match/scanner.ts';
import type { VantagePointTable } from '../match/vantage-point-table.ts';
import type { Watchlist } from '../match/watchlist.ts';
import type { Outside } from '../outside/outside.ts';
import type { Metrics } from '../serve/metrics.ts';
import { clientId } from './client-id.ts';
import type { Driver } from './driver.ts';
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
  readonly coverage: CoverageWriter;
  /** Something was applied: commit soon. */
  readonly afterInput: () => void;
}

interface LiveFeed {
  readonly name: string;
  readonly client: RisLiveFeed;
  readonly intake: FrameIntake;
  state: FeedState;
  reason: string;
  /** Since when the state holds, as far as coverage was written. */
  coveredMs: number;
  bytesCounted: number;
  reconnectsCounted: number;
  dropsCounted: Record<string, number>;
}

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

  constructor(options: LiveFeedsOptions) {
    this.options = options;
    this.watchlist = options.settings.watchlist;
    const { driver, engine, scanner, table } = options;
    this.subscribed = engine.view.watchedSize;
    this.table = table;
    const roadOf = (quick: QuickReject): AcceptRoad =>
      new AcceptRoad(engine, {
        concerns: (tape, cell) => quick.concerns(tape, cell),
        pointOf: (row) => table.vantagePointOf(row),
        accepted: () => driver.accepted(),
      });
    this.quick = new QuickReject(scanner, table, engine.view.watched(), roadOf);
    this.feeds = options.settings.feeds.map((settings) => this.makeFeed(settings));
  }

  private makeFeed(settings: Settings['feeds'][number]): LiveFeed {
    const { name } = settings;
    const { metrics, driver } = this.options;
    const intake = new FrameIntake({
      feed: name,
      collectors: settings.collectors,
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
      clock: systemClock,
      random: Math.random,
      log: this.options.log,
      onFrame: (bytes) => this.frame(feed, bytes),
      onState: (state, reason) => this.stateChanged(feed, state, reason),
      ...(scanner === undefined ? {} : { scanner: this.counted(scanner) }),
    });
    const feed: LiveFeed = {
      name,
      client,
      intake,
      state: 'down',
      reason: 'starting',
      coveredMs: this.options.clock.nowMs(),
      bytesCounted: 0,
      reconnectsCounted: 0,
      dropsCounted: {},
    };
    metrics.feedLastMessageAge(name, () => {
      const lastMs = client.stats().lastMessageMs;
      return lastMs === undefined ? Number.POSITIVE_INFINITY : (systemClock.now() - lastMs) / 1000;
    });
    return feed;
  }

  start(): void {
    for (const { client } of this.feeds) client.start();
  }

  async stop(): Promise<void> {
    clearTimeout(this.growing);
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

  private stateChanged(feed: LiveFeed, state: FeedState, reason: string): void {
    this.writeCoverage();
    const nowMs = this.options.clock.nowMs();
    feed.state = state;
    feed.reason = reason;
    this.options.recording?.feedState(nowMs, feed.name, state, reason);
    this.options.driver.apply({ type: 'feed-state', feed: feed.name, state, reason }, nowMs);
    this.options.metrics.feedConnected(feed.name, state !== 'down');
    this.table.callInAll();
    this.options.afterInput();
  }

  /** The stamps leapt to `nowMs`: while the machine was suspended nobody saw anything. */
  leapt({ cause, byMs }: Leap, nowMs: number): void {
    this.writeCoverage(nowMs - byMs);
    for (const feed of this.feeds) {
      if (cause === 'suspended')
        this.options.coverage.coverage({
          feed: feed.name,
          from: isoTime(feed.coveredMs),
          to: isoTime(nowMs),
          state: 'blind',
          reason: 'the machine was suspended',
        });
      feed.coveredMs = nowMs;
    }
  }

  /** Writes down until now what each feed could see. */
  writeCoverage(nowMs = this.options.clock.nowMs()): void {
    for (const feed of this.feeds) {
      if (nowMs <= feed.coveredMs) continue;
      const isLive = feed.state === 'live';
      this.options.coverage.coverage({
        feed: feed.name,
        from: isoTime(feed.coveredMs),
        to: isoTime(nowMs),
        state: isLive ? 'live' : 'blind',
        reason: isLive ? '' : feed.reason,
      });
      feed.coveredMs = nowMs;
    }
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
