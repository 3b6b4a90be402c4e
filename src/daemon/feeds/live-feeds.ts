/**
 * The live feeds on the driver: inputs in, state changes in, readiness and coverage out. A reload changes their
 * subscriptions, never their connections. Each is a `LiveFeed`; here is what they share.
 */
import type { Logger } from 'pino';
import type { Settings } from '../../config/settings.ts';
import type { Engine } from '../../engine/engine.ts';
import { AcceptRoad } from '../../engine/fast/accept.ts';
import type { Leap } from '../../engine/input.ts';
import type { CoverageInterval, FeedInput } from '../../engine/ports.ts';
import { ArchiveReader } from '../../feed/archive/reader.ts';
import type { WatchedSpace } from '../../feed/source.ts';
import { systemClock } from '../../feed/surroundings.ts';
import { QuickReject } from '../../match/quick-reject.ts';
import type { Scanner } from '../../match/scanner.ts';
import type { VantagePointTable } from '../../match/vantage-point-table.ts';
import type { Watchlist } from '../../match/watchlist.ts';
import type { CollectorGauge, Metrics } from '../../serve/metrics.ts';
import type { Driver } from '../driver.ts';
import type { FeedReadiness } from '../live-ports.ts';
import { Backfill } from './backfill.ts';
import { LiveFeed, type LiveFeedPorts } from './live-feed.ts';
import { hasHistory } from './sources.ts';

export interface LiveFeedsOptions
  extends Pick<LiveFeedPorts, 'outside' | 'recorder' | 'coverage' | 'afterInput'> {
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
  /** Commits what was judged; false where that has to wait. */
  readonly commit: () => boolean;
}

/** How often somebody looks whether the process runs, and whether collectors speak. */
const BEAT_MS = 1_000;
/** Between two beats that are further apart the process stood still. */
const STANDSTILL_MS = 5_000;

/** Prefixes that are learned within this time are subscribed together. */
const GROW_WITHIN_MS = 1_000;

export class LiveFeeds {
  private readonly options: LiveFeedsOptions;
  private readonly quick: QuickReject;
  private readonly feeds: readonly LiveFeed[];
  private readonly backfill: Backfill;
  private watchlist: Watchlist;
  /** Watched prefixes, learned ones among them, when the subscription was last made. */
  private subscribed: number;
  private growing: NodeJS.Timeout | undefined;
  private beating: NodeJS.Timeout | undefined;
  /** The last sign that the process runs: on the even clock, and as a stamp. */
  private beatAt = systemClock.now();
  private beatMs: number;

  constructor(options: LiveFeedsOptions) {
    this.options = options;
    const { settings, driver, engine, scanner, table, clock, metrics } = options;
    this.watchlist = settings.watchlist;
    this.subscribed = engine.view.watchedSize;
    this.beatMs = clock.nowMs();
    const roadOf = (quick: QuickReject): AcceptRoad =>
      new AcceptRoad(engine, {
        concerns: (tape, cell) => quick.concerns(tape, cell),
        pointOf: (row) => table.vantagePointOf(row),
        accepted: () => driver.accepted(),
      });
    this.quick = new QuickReject(scanner, table, engine.view.watched(), roadOf);
    const apply = (input: FeedInput, arrivedMs: number): void => void driver.apply(input, arrivedMs);
    const blindAfterMs = settings.detection.blindAfterSeconds * 1_000;
    this.backfill = new Backfill({
      ...options,
      settings: settings.backfill,
      archive: (url) => new ArchiveReader(url, options.outside),
      blindAfterMs,
      view: engine.view,
      space: () => this.space(),
      nowMs: () => clock.nowMs(),
      apply,
    });
    const ports: LiveFeedPorts = {
      ...options,
      interest: engine.view.interest(),
      blindAfterMs,
      fast: { quick: this.quick, table, isShared: settings.feeds.length > 1 },
      nowMs: () => clock.nowMs(),
      apply,
      missed: (feed, fromMs, toMs) =>
        hasHistory(feed) && this.backfill.missed(feed.name, feed.collectors, fromMs, toMs),
      began: (feed) => hasHistory(feed) && this.backfill.began(feed.name, feed.collectors),
      writeCoverage: () => this.writeCoverage(),
    };
    this.feeds = settings.feeds.map((feed) => new LiveFeed(feed, this.space(), ports));
    metrics.feedCollectors(() => this.collectors());
    for (const { name } of this.feeds) metrics.backfillLeft(name, () => this.backfill.left(name));
  }

  start(): void {
    for (const feed of this.feeds) feed.start();
    this.beating = setInterval(() => this.beat(), BEAT_MS);
    this.beating.unref();
  }

  async stop(): Promise<void> {
    clearTimeout(this.growing);
    clearInterval(this.beating);
    await Promise.all([this.backfill.stop(), ...this.feeds.map((feed) => feed.stop())]);
  }

  private beat(): void {
    this.noteStandstill();
    for (const feed of this.feeds) feed.beat();
  }

  /** Beats far apart: nothing was read and no timer ran between. */
  private noteStandstill(): void {
    const at = systemClock.now();
    const nowMs = this.options.clock.nowMs();
    const stoodMs = at - this.beatAt;
    if (stoodMs >= STANDSTILL_MS) {
      this.options.log.warn({ event: 'daemon.stood-still', seconds: Math.round(stoodMs / 1_000) });
      for (const feed of this.feeds) feed.stoodStill(this.beatMs, nowMs);
    }
    this.beatAt = at;
    this.beatMs = nowMs;
  }

  private collectors(): readonly CollectorGauge[] {
    return this.feeds.flatMap((feed) =>
      feed.collectors().map(({ collector, isSilent, silentMs }) => {
        return { feed: feed.name, collector, isSilent, ageSeconds: silentMs / 1_000 };
      }),
    );
  }

  /** The stamps leapt to `nowMs`: while the machine was suspended nobody saw anything. */
  leapt(leap: Leap, nowMs: number): void {
    const isCommitted = this.options.commit();
    for (const feed of this.feeds) feed.leapt(leap, nowMs, isCommitted);
    this.beatMs = nowMs;
  }

  /** Writes down what each feed could see, as far as that is certain. */
  writeCoverage(): void {
    this.noteStandstill();
    if (!this.options.commit()) return;
    for (const feed of this.feeds) feed.writeCoverage();
  }

  /** What is not certain yet, up to now. */
  provisionalCoverage(): readonly CoverageInterval[] {
    return this.feeds.flatMap((feed) => feed.provisionalCoverage() ?? []);
  }

  readiness(): readonly FeedReadiness[] {
    return this.feeds.map((feed) => feed.readiness());
  }

  countJudged(): void {
    for (const feed of this.feeds) feed.countJudged();
  }

  refreshMetrics(): void {
    for (const feed of this.feeds) feed.refreshMetrics();
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
    for (const feed of this.feeds) feed.watch(this.space());
  }

  private space(): WatchedSpace {
    return { watchlist: this.watchlist, learned: this.options.engine.view.learned() };
  }
}
