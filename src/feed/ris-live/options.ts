/**
 * What the RIS Live client is told and what it tells of itself: options with their defaults, limits, counters.
 */
import type { FeedState } from '../../engine/ports.ts';
import type { Outside } from '../../outside/outside.ts';
import type { FeedChange } from '../source.ts';
import type { FeedClock, FeedLog } from '../surroundings.ts';
import type { FrameScanner } from './frame-tap.ts';
import type { SubscriptionPlan } from './subscription.ts';

/** Frames up to this size, in bytes, are taken. */
export const FRAME_BYTES_MAX = 8 * 1024 * 1024;

/** Why a frame did not reach the driver. */
export const FEED_DROPS = {
  'binary-frame': 'RIS Live speaks text; a binary frame is left out.',
  'oversize-frame': 'A frame beyond 8 MiB ends the connection.',
} as const;
export type FeedDrop = keyof typeof FEED_DROPS;

export interface RisLiveTimings {
  /** Between two pings. */
  readonly pingEveryMs: number;
  /** Without any frame, pongs among them, the connection is dead and made again. */
  readonly deadAfterMs: number;
  /** A connection that is made because of silence gets this long at least to say something. */
  readonly doubtedForMs: number;
  /** Acknowledgements that are missing then are asked for again. */
  readonly acknowledgeWithinMs: number;
  readonly connectWithinMs: number;
}

export const RIS_LIVE_TIMINGS: RisLiveTimings = {
  pingEveryMs: 10_000,
  deadAfterMs: 30_000,
  doubtedForMs: 30_000,
  acknowledgeWithinMs: 5_000,
  connectWithinMs: 10_000,
};

export interface RisLiveOptions {
  /** The way out; default: direct. */
  readonly outside?: Outside;
  /** The label in logs and metrics. */
  readonly name: string;
  /** `ws://` or `wss://`; `?client=` is added when it names none. */
  readonly url: string;
  readonly clientId: string;
  readonly plan: SubscriptionPlan;
  /** Without a BGP message for this long, beyond the rhythm of the feed (`sight.ts`), it is blind. */
  readonly blindAfterMs: number;
  readonly clock: FeedClock;
  /** 0…1; spreads the delays of reconnecting. */
  readonly random: () => number;
  readonly log: FeedLog;
  /** What differs from `RIS_LIVE_TIMINGS`. */
  readonly timings?: Partial<RisLiveTimings>;
  /** A text frame as it came, control answers among them. The buffer is the receiver's from then on. Must not throw. */
  readonly onFrame: (bytes: Buffer) => void;
  /** Settles route messages on their bytes; what it settles does not come to `onFrame`. */
  readonly scanner?: FrameScanner;
  /** Only changes are told; the state before the first call is `down`. */
  readonly onState: (change: FeedChange) => void;
}

export interface FeedStats {
  readonly state: FeedState;
  readonly connected: boolean;
  /** Text and binary payload received. */
  readonly bytes: number;
  readonly frames: number;
  /** Connections begun after the first. */
  readonly reconnects: number;
  /** How long ago the last BGP message came; undefined before the first. */
  readonly silentMs: number | undefined;
  /** Prefixes, paths and types subscribed and not yet acknowledged on this connection. */
  readonly unacknowledged: number;
  /** `ris_error` answers so far. */
  readonly serverErrors: number;
  readonly drops: Readonly<Record<FeedDrop, number>>;
}

/** `url` with `client=` in its query; what it already names stays. Unreadable addresses come back as they are. */
export function withClient(url: string, clientId: string): string {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  if (!parsed.searchParams.has('client')) parsed.searchParams.set('client', clientId);
  return parsed.href;
}
