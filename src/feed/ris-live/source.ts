/**
 * RIS Live as a live source (`../source.ts`): the client keeps the connection, the intake judges its frames on their bytes or
 * decodes them.
 */
import { RIS_LIVE_PROBLEMS } from '../../decode/ris-live/ris-live.ts';
import { ignoring } from '../peers.ts';
import {
  COMMON_DROPS,
  type LiveSource,
  type RoadCounts,
  type SourcePorts,
  type SourceReport,
  type SourceSettings,
  type SourceStats,
  type SourceType,
  type WatchedSpace,
} from '../source.ts';
import { RisLiveFeed } from './client.ts';
import { FrameIntake } from './frame-intake.ts';
import type { FrameScanner } from './frame-tap.ts';
import { FEED_DROPS } from './options.ts';
import { type SubscriptionPlan, type SubscriptionSettings, subscriptionsOf } from './subscription.ts';
import { watchSubscription } from './watch-subscription.ts';

export interface RisLiveSettings extends SourceSettings, SubscriptionSettings {
  readonly type: 'ris-live';
  readonly url: string;
}

export const risLive: SourceType<RisLiveSettings> = {
  problems: RIS_LIVE_PROBLEMS,
  drops: { ...FEED_DROPS, ...COMMON_DROPS },
  history: 'ris',
  open: (settings, ports) => new RisLiveSource(settings, ports),
  describe,
};

class RisLiveSource implements LiveSource {
  readonly #settings: RisLiveSettings;
  readonly #ports: SourcePorts;
  readonly #intake: FrameIntake;
  readonly #client: RisLiveFeed;
  #plan: SubscriptionPlan;

  constructor(settings: RisLiveSettings, ports: SourcePorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#plan = watchSubscription(ports.space, settings);
    this.#intake = new FrameIntake({
      feed: settings.name,
      collectors: settings.collectors,
      ignores: ignoring(settings.ignorePeers),
      decodesAll: settings.ignorePeers.length > 0 && ports.fast?.isShared === true,
      heard: ports.heard,
      fast: ports.fast,
      apply: ports.apply,
      problem: ports.problem,
      dropped: ports.dropped,
    });
    const { clientId, blindAfterMs, clock, random, log, outside } = ports;
    // A recording wants every frame.
    const scanner = ports.record === undefined ? this.#intake.scanner(ports.nowMs) : undefined;
    this.#client = new RisLiveFeed({
      name: settings.name,
      url: settings.url,
      outside,
      clientId,
      plan: this.#plan,
      blindAfterMs,
      clock,
      random,
      log,
      onFrame: (bytes) => this.#frame(bytes),
      onState: ports.changed,
      ...(scanner === undefined ? {} : { scanner: this.#counted(scanner) }),
    });
  }

  start(): void {
    this.#client.start();
  }

  stop(): Promise<void> {
    return this.#client.stop();
  }

  watch(space: WatchedSpace): void {
    this.#plan = watchSubscription(space, this.#settings);
    this.#client.updateSubscription(this.#plan);
  }

  stats(): SourceStats {
    const { state, connected, bytes, reconnects, silentMs, drops } = this.#client.stats();
    return { state, connected, bytes, reconnects, silentMs, drops, isSteady: this.#plan.mode === 'firehose' };
  }

  takeJudged(): RoadCounts {
    return this.#intake.takeJudged();
  }

  #frame(bytes: Buffer): void {
    const { nowMs, record, judged } = this.#ports;
    const arrivedMs = nowMs();
    record?.(arrivedMs, bytes);
    this.#intake.take(bytes, arrivedMs);
    judged();
  }

  /** What is settled on its bytes counts as judged with the next commit. */
  #counted(scanner: FrameScanner): FrameScanner {
    return {
      ...scanner,
      begin: () => {
        scanner.begin();
        this.#ports.judged();
      },
    };
  }
}

function describe(settings: RisLiveSettings, space: WatchedSpace): SourceReport {
  const { mode, why, prefixes, asns } = watchSubscription(space, settings);
  return {
    name: settings.name,
    type: settings.type,
    // What stands behind the path may be a key.
    url: settings.url.replace(/[?#].*$/s, ''),
    collectors: settings.collectors,
    mode,
    why,
    prefixes: prefixes.length,
    asns: asns.length,
    subscriptions: subscriptionsOf({ mode, why, prefixes, asns }).length,
  };
}
