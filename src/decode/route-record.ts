/**
 * One route as people print it: richer than what is judged. Every source (MRT, RIS Live, own recordings) ends here,
 * and the two printers (`bgpdump-line.ts`, `route-json.ts`) start here.
 */
import type { Prefix } from '../bgp/prefix.ts';
import type { Problem } from '../bgp/update.ts';
import type { VantagePoint } from '../bgp/vantage-point.ts';
import type { PathAttributes } from './bgp/update-attributes.ts';

/** The record family as `bgpdump -m` names it. */
export type RecordFormat = 'BGP' | 'BGP4MP' | 'BGP4MP_ET' | 'TABLE_DUMP' | 'TABLE_DUMP2';

interface RecordBase {
  readonly format: RecordFormat;
  /** Whole seconds since the epoch. */
  readonly seconds: number;
  /** Only where the source has them. */
  readonly microseconds: number | undefined;
  readonly vantagePoint: VantagePoint;
  /** What was wrong with the record this route came in; shared by its routes. */
  readonly problems: readonly Problem[];
}

export interface RouteRecord extends RecordBase {
  /** `A` announced, `W` withdrawn, `B` a row of a RIB. */
  readonly type: 'A' | 'W' | 'B';
  /** `sent`: the collector itself sent it to the peer (the LOCAL subtypes, RFC 6396 §4.4.5). */
  readonly direction: 'received' | 'sent';
  readonly prefix: Prefix;
  /** 1 unicast, 2 multicast, 3 both. */
  readonly safi: number;
  /** RFC 7911; undefined where the session had none. */
  readonly pathId: number | undefined;
  /** Of announcements and RIB rows. */
  readonly attributes: PathAttributes | undefined;
  /** The next hop that goes with this prefix; undefined when there was none. */
  readonly nextHop: string | undefined;
  /** RIB rows: when the peer's route was last changed, seconds since the epoch. */
  readonly originatedSeconds: number | undefined;
}

export interface StateRecord extends RecordBase {
  readonly type: 'STATE';
  /** RFC 4271 §8.2.2: 1 Idle … 6 Established. */
  readonly oldState: number;
  readonly newState: number;
}

export type PrintedRecord = RouteRecord | StateRecord;
