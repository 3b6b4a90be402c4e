/**
 * One live feed on the driver, whatever its source: inputs in, state changes in, and what it could see out, for coverage,
 * readiness and metrics. `live-feeds.ts` has them all.
 */
import type { Logger } from 'pino';
import type { FeedSettings } from '../../config/settings.ts';
import type { Interest } from '../../decode/bgp/update.ts';
import type { Leap } from '../../engine/input.ts';
import type { CoverageInterval, CoverageWriter, FeedInput } from '../../engine/ports.ts';
import type { StateInput } from '../../feed/files/recording.ts';
import { type CollectorChange, type CollectorSight, Rhythms } from '../../feed/rhythm.ts';
import {
  type FastRoads,
  type FeedChange,
  feedStateOf,
  type LiveSource,
  type WatchedSpace,
} from '../../feed/source.ts';
import { systemClock } from '../../feed/surroundings.ts';
import type { Outside } from '../../outside/outside.ts';
import type { Metrics } from '../../serve/metrics.ts';
import { clientId } from '../client-id.ts';
import type { FeedReadiness } from '../live-ports.ts';
import type { Recorder } from '../recorder.ts';
import { FeedLedger, type LedgerMoment } from './feed-ledger.ts';
import { openSource } from './sources.ts';

export interface LiveFeedPorts {
  readonly blindAfterMs: number;
  readonly outside: Outside;
  readonly fast: FastRoads;
  readonly interest: Interest;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly recorder: Recorder | undefined;
  readonly coverage: CoverageWriter & { untilMs(feed: string): number | undefined };
  /** The driver's stamp of arrival. */
  readonly nowMs: () => number;
  readonly apply: (input: FeedInput, arrivedMs: number) => void;
  /** Something was applied: commit soon. */
  readonly afterInput: () => void;
  /** It sees again since `toMs` and did not since `fromMs`. */
  readonly missed: (feed: FeedSettings, fromMs: number, toMs: number) => void;
  /** It begins, and nothing is known from before. */
  readonly began: (feed: FeedSettings) => void;
  /** Writes the coverage of every feed until now. */
  readonly writeCoverage: () => void;
}

export class LiveFeed {
  readonly name: string;
  private readonly ports: LiveFeedPorts;
  private readonly source: LiveSource;
  private readonly ledger: FeedLedger;
  private readonly rhythms: Rhythms;
  /** Of collectors that are silent. */
  private readonly silent = new Map<string, { readonly ledger: FeedLedger; readonly reason: string }>();
  private state: FeedChange['state'] = 'down';
  private reason = 'starting';
  /** When the last BGP message had come, at the last beat. */
  private provenAtBeatMs: number | undefined;
  /** Since when it sees nothing; undefined: it sees, or never did. */
  private blindSinceMs: number | undefined;
  private readonly settings: FeedSettings;
  private bytesCounted = 0;
  private reconnectsCounted = 0;
  private readonly dropsCounted = new Map<string, number>();

  constructor(settings: FeedSettings, space: WatchedSpace, ports: LiveFeedPorts) {
    const { name } = settings;
    const { metrics, coverage, log, outside, fast, interest, recorder, blindAfterMs, nowMs } = ports;
    this.name = name;
    this.ports = ports;
    this.settings = settings;
    this.blindSinceMs = coverage.untilMs(name);
    const { ignorePeers } = settings;
    const note =
      ignorePeers.length === 0 ? '' : `peers not believed: ${ignorePeers.map(peerText).join(', ')}`;
    this.ledger = new FeedLedger(name, coverage, this.blindSinceMs, nowMs(), note);
    this.rhythms = new Rhythms(blindAfterMs);
    this.source = openSource(settings, {
      clock: systemClock,
      random: Math.random,
      log,
      outside,
      clientId: clientId(),
      blindAfterMs,
      space,
      fast,
      interest,
      nowMs,
      record: recorder && ((arrivedMs, bytes) => recorder.frame(arrivedMs, name, bytes)),
      apply: ports.apply,
      judged: ports.afterInput,
      heard: ({ collector, peerAddress }, isKeepalive) => {
        if (isKeepalive) this.rhythms.keepalive(collector, peerAddress, systemClock.now());
        else this.rhythms.heard(collector, systemClock.now());
      },
      problem: (code) => metrics.decodeProblem(code, 1),
      dropped: (reason) => metrics.dropped(reason, 1),
      changed: (change) => this.changed(change),
    });
    metrics.feedLastMessageAge(name, () => {
      const { silentMs } = this.source.stats();
      return silentMs === undefined ? Number.POSITIVE_INFINITY : silentMs / 1000;
    });
  }

  start(): void {
    if (this.blindSinceMs === undefined) this.ports.began(this.settings);
    this.source.start();
  }

  stop(): Promise<void> {
    return this.source.stop();
  }

  watch(space: WatchedSpace): void {
    this.source.watch(space);
  }

  readiness(): FeedReadiness {
    return { name: this.name, connected: this.source.stats().connected, fresh: this.state === 'live' };
  }

  private changed(change: FeedChange): void {
    const { nowMs, metrics, writeCoverage, missed } = this.ports;
    writeCoverage();
    if (this.state === 'live') this.blindSinceMs = this.provenMs() ?? nowMs();
    this.state = change.state;
    this.reason = change.reason;
    this.rhythms.excuse(systemClock.now());
    metrics.feedConnected(this.name, change.state !== 'down');
    const atMs = nowMs();
    this.tell(feedStateOf(this.name, change, atMs), atMs);
    writeCoverage();
    if (change.state !== 'live' || this.blindSinceMs === undefined) return;
    missed(this.settings, this.blindSinceMs, atMs);
    this.blindSinceMs = undefined;
  }

  private tell(input: StateInput, atMs: number): void {
    const { apply, fast, afterInput } = this.ports;
    apply(input, atMs);
    fast.table.callInAll();
    afterInput();
  }

  // ------------------------------------------------------------ who is seen, and since when

  /** Once a second: does each collector keep its rhythm? */
  beat(): void {
    const atMs = systemClock.now();
    const { fast } = this.ports;
    if (!fast.isShared) fast.table.eachNew(({ collector }) => this.rhythms.heard(collector, atMs));
    this.provenAtBeatMs = this.provenMs();
    if (this.state !== 'live') return;
    for (const change of this.rhythms.look(atMs, this.source.stats().isSteady)) this.collectorChanged(change);
  }

  private collectorChanged({ collector, isSilent, silentMs, reason }: CollectorChange): void {
    const { coverage, log, nowMs, writeCoverage } = this.ports;
    writeCoverage();
    const atMs = nowMs();
    const sinceMs = atMs - Math.round(silentMs);
    if (isSilent) {
      const ledger = new FeedLedger(`${this.name} ${collector}`, coverage, undefined, sinceMs);
      this.silent.set(collector, { ledger, reason });
    } else this.silent.delete(collector);
    const event = isSilent ? 'feed.collector-silent' : 'feed.collector-heard';
    log[isSilent ? 'warn' : 'info']({ event, feed: this.name, collector, reason });
    const state = isSilent ? 'silent' : 'live';
    this.tell({ type: 'collector-state', feed: this.name, collector, state, reason, sinceMs }, atMs);
    writeCoverage();
  }

  /** How each collector is heard. */
  collectors(): readonly CollectorSight[] {
    return this.rhythms.sights(systemClock.now());
  }

  /** The process did nothing since `sinceMs`. */
  stoodStill(sinceMs: number, nowMs: number): void {
    this.ledger.stoodStill(this.provenAtBeatMs ?? sinceMs, nowMs, this.source.stats().reconnects);
    this.rhythms.excuse(systemClock.now());
  }

  /** The stamps leapt to `nowMs`; `isCommitted`: everything before is. */
  leapt({ cause, byMs }: Leap, nowMs: number, isCommitted: boolean): void {
    if (isCommitted) this.ledger.note({ ...this.moment(), nowMs: nowMs - byMs });
    this.ledger.leapt(nowMs, cause === 'suspended' ? 'the machine was suspended' : undefined);
  }

  /** Writes down what it could see, as far as that is certain: everything until now is committed. */
  writeCoverage(): void {
    const moment = this.moment();
    this.ledger.note(moment);
    for (const { ledger, reason } of this.silent.values()) ledger.note({ ...moment, isLive: false, reason });
  }

  /** What is not certain yet, up to now. */
  provisionalCoverage(): CoverageInterval | undefined {
    return this.ledger.provisional(this.moment());
  }

  private provenMs(): number | undefined {
    const { silentMs } = this.source.stats();
    return silentMs === undefined ? undefined : this.ports.nowMs() - silentMs;
  }

  private moment(): LedgerMoment {
    const { state, reason } = this;
    const { reconnects } = this.source.stats();
    const nowMs = this.ports.nowMs();
    return { nowMs, isLive: state === 'live', reason, provenMs: this.provenMs(), connection: reconnects };
  }

  // ------------------------------------------------------------ counters

  /** Messages count when they are judged and what they changed is committed. */
  countJudged(): void {
    const { reject, accept, slow } = this.source.takeJudged();
    const judged = reject + accept + slow;
    if (judged === 0) return;
    const { metrics } = this.ports;
    metrics.feedMessage(this.name, judged);
    metrics.feedRoad(this.name, 'reject', reject);
    metrics.feedRoad(this.name, 'accept', accept);
    metrics.feedRoad(this.name, 'slow', slow);
  }

  /** Brings the counters of the source into the metrics, before a scrape. */
  refreshMetrics(): void {
    const { metrics } = this.ports;
    const stats = this.source.stats();
    metrics.feedBytes(this.name, stats.bytes - this.bytesCounted);
    this.bytesCounted = stats.bytes;
    for (; this.reconnectsCounted < stats.reconnects; this.reconnectsCounted += 1)
      metrics.feedReconnects(this.name);
    metrics.feedConnected(this.name, stats.connected);
    for (const [reason, count] of Object.entries(stats.drops)) {
      metrics.dropped(reason, count - (this.dropsCounted.get(reason) ?? 0));
      this.dropsCounted.set(reason, count);
    }
  }
}

function peerText(peer: number | string): string {
  return typeof peer === 'number' ? `AS${peer}` : peer;
}
