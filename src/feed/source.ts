/**
 * What a live source of updates is to the rest of the program: the contract that RIS Live meets and every further source. The
 * daemon, the configuration, metrics and coverage know sources only by it; `source-types.ts` lists them all, and
 * `test/feed/source-conformance.test.ts` runs on each.
 *
 *   open(settings, ports) → source:  start, stop, watch(space) ⇢  yields into its ports: updates, states, signs of life, problems
 */
import type { Prefix } from '../bgp/prefix.ts';
import type { VantagePoint } from '../bgp/vantage-point.ts';
import type { Interest } from '../decode/bgp/update.ts';
import type { FeedInput, FeedState } from '../engine/ports.ts';
import type { QuickReject } from '../match/quick-reject.ts';
import type { VantagePointTable } from '../match/vantage-point-table.ts';
import type { Watchlist } from '../match/watchlist.ts';
import type { Outside } from '../outside/outside.ts';
import type { FeedClock, FeedLog } from './surroundings.ts';

/** What a source yields to be judged. Its `feed` is the source's name. */
export type SourceInput = Extract<FeedInput, { type: 'update' | 'peer-state' | 'own-routes' }>;

/** What is watched, for sources that ask for nothing else. */
export interface WatchedSpace {
  readonly watchlist: Watchlist;
  /** Prefixes of watched ASes beyond the watchlist, so that their withdrawals are seen too. */
  readonly learned: readonly Prefix[];
}

/** A source changed its state. Durations are of the monotonic clock, counted from now. */
export interface FeedChange {
  readonly state: FeedState;
  readonly reason: string;
  /** How long ago the last BGP message came: since then nothing proves that the source saw. Undefined: none ever came. */
  readonly silentMs: number | undefined;
  /** How soon the source is blind, if it does not come back; 0 for now. Of no meaning while it is live. */
  readonly blindInMs: number;
}

export interface SourceStats {
  readonly state: FeedState;
  readonly connected: boolean;
  /** Payload received. */
  readonly bytes: number;
  /** Connections begun after the first. */
  readonly reconnects: number;
  /** How long ago the last BGP message came; undefined before the first. */
  readonly silentMs: number | undefined;
  /** It always has something to say, so that every pause of a collector tells something. */
  readonly isSteady: boolean;
  /** Messages that did not reach the driver, by reason: the keys of the type's `drops`. */
  readonly drops: Readonly<Record<string, number>>;
}

/** Messages judged by each road: rejected or accepted on their bytes, or decoded. */
export type RoadCounts = Readonly<Record<'reject' | 'accept' | 'slow', number>>;

/** The hot path, for sources whose frames it can read (`match/scan/`). */
export interface FastRoads {
  readonly quick: QuickReject;
  readonly table: VantagePointTable;
  /** Other sources use the same table: what one must not believe, another may have settled. */
  readonly isShared: boolean;
}

/** What a source is handed. Callbacks must not throw. */
export interface SourcePorts {
  readonly clock: FeedClock;
  /** 0…1; spreads the delays of reconnecting. */
  readonly random: () => number;
  readonly log: FeedLog;
  readonly outside: Outside;
  /** What we call ourselves to whoever runs the other side. */
  readonly clientId: string;
  /** Without a BGP message for this long, beyond the rhythm of the source, it is blind (`sight.ts`). */
  readonly blindAfterMs: number;
  readonly space: WatchedSpace;
  /** What of an UPDATE in bytes is worth an object, as the plan stands at each moment; undefined: all. */
  readonly interest: Interest | undefined;
  /** Undefined: everything is decoded. */
  readonly fast: FastRoads | undefined;
  /** The driver's stamp of arrival, now. */
  readonly nowMs: () => number;
  /** A raw message, before anything is judged of it: for a recording. Undefined: nobody records. */
  readonly record: ((arrivedMs: number, bytes: Buffer) => void) | undefined;
  readonly apply: (input: SourceInput, arrivedMs: number) => void;
  /** Something was judged: commit soon. */
  readonly judged: () => void;
  /** A vantage point spoke; what was settled on its bytes stands in the table of the fast roads. */
  readonly heard: (vantagePoint: VantagePoint, isKeepalive: boolean) => void;
  readonly problem: (code: string) => void;
  readonly dropped: (reason: string) => void;
  /** Only changes are told; the state before the first call is `down`. */
  readonly changed: (change: FeedChange) => void;
}

export interface LiveSource {
  /** Connects, or listens, and stays so until `stop`. */
  start(): void;
  /** Ends politely, within half a second. No port is called any more. */
  stop(): Promise<void>;
  /** What is watched changed: asks for what is new, lets go of what is not, and drops no connection for it. */
  watch(space: WatchedSpace): void;
  stats(): SourceStats;
  /** Messages judged since the last call. */
  takeJudged(): RoadCounts;
}

/** What `check` says of a source. */
export interface SourceReport {
  readonly name: string;
  readonly type: string;
  readonly url: string;
  readonly collectors: readonly string[];
  readonly mode: string;
  readonly why: string;
  readonly prefixes: number;
  readonly asns: number;
  /** Subscriptions that will be sent. */
  readonly subscriptions: number;
}

/** What every source's settings have. */
export interface SourceSettings {
  readonly type: string;
  /** The label in logs, metrics and coverage. */
  readonly name: string;
  /** Collectors to keep, without domain; empty: all. */
  readonly collectors: readonly string[];
  /** Vantage points that are not believed: AS numbers, addresses in canonical form. */
  readonly ignorePeers: readonly (number | string)[];
}

export interface SourceType<Settings extends SourceSettings> {
  /** Every code that `problem` may be told, with what it means for people. */
  readonly problems: Readonly<Record<string, string>>;
  /** Every reason that `dropped` or `stats().drops` may name, with what it means. */
  readonly drops: Readonly<Record<string, string>>;
  /** Where else its vantage points are written down: what it did not see can be asked for there. */
  readonly history: 'ris' | undefined;
  open(settings: Settings, ports: SourcePorts): LiveSource;
  describe(settings: Settings, space: WatchedSpace): SourceReport;
}

/** Reasons that every source may drop a message for. */
export const COMMON_DROPS = {
  'other-collector': 'The collector is none of those that the feed keeps.',
  'ignored-peer': 'The operator does not believe this vantage point.',
} as const satisfies Readonly<Record<string, string>>;

/** The change as an input of the engine that arrives at `nowMs`. */
export function feedStateOf(
  feed: string,
  { state, reason, silentMs, blindInMs }: FeedChange,
  nowMs: number,
): Extract<FeedInput, { type: 'feed-state' }> {
  if (state === 'live') return { type: 'feed-state', feed, state, reason };
  const sinceMs = silentMs === undefined ? undefined : nowMs - silentMs;
  return { type: 'feed-state', feed, state, reason, sinceMs, blindAtMs: nowMs + blindInMs };
}
