/**
 * Everything the judge may look at besides the announcement: the state it keeps, and what the operator and the
 * RPKI know. The kinds read it and never write.
 */
import type { AsPath } from '../bgp/as-path.ts';
import type { Prefix } from '../bgp/prefix.ts';
import type { Vrp } from '../bgp/vrp.ts';
import type { WatchedRib } from '../rows/watched-rib.ts';
import type { Baseline } from './baseline.ts';
import type { Finding } from './finding.ts';
import type { KnownLinks } from './links/known-links.ts';
import type { Topology } from './topology.ts';
import type { VantagePoints } from './vantage-points.ts';
import type { Weights } from './vocabulary.ts';

/** Which ASes belong to one organisation, by CAIDA's as2org. */
export interface Organisations {
  /** AS → the id of its organisation. */
  readonly of: ReadonlyMap<number, string>;
  /** Id → name. */
  readonly names: ReadonlyMap<string, string>;
}

/** What our own routers originate at this moment, as they tell by BMP (Loc-RIB, Adj-RIB-Out). */
export interface OwnOriginations {
  /** Routers of our own are watched and up: only then their silence says something. */
  readonly isUp: boolean;
  /** They originate exactly this route. */
  originates(prefix: Prefix, origin: number): boolean;
  /** They originate the prefix, or something that covers it. */
  coversAny(prefix: Prefix): boolean;
}

/** What one export of the RPKI says, asked for a time, ms; what is past its end then counts for nothing. Without a time all counts. */
export interface RpkiView {
  validate(
    prefix: Prefix,
    origin: number | undefined,
    nowMs?: number,
  ): {
    readonly state: 'valid' | 'invalid' | 'not-found';
    readonly reason: 'origin' | 'length' | undefined;
    readonly covering: readonly Vrp[];
  };
  /** Undefined: no ASPA of that customer. */
  providersOf(customer: number, nowMs?: number): ReadonlySet<number> | undefined;
  /** Some VRP holds at that time: without any, RPKI is unknown. */
  holds?(nowMs: number): boolean;
  /** When what is said of the prefix, or of the customer, changes next by itself, ms; Infinity: never. */
  nextEndMs?(about: Prefix | number, nowMs: number): number;
  /** The end of each ROA that makes the origin valid for the prefix, ms; Infinity where the export does not say. */
  roaEndsMs?(prefix: Prefix, origin: number, nowMs: number): readonly number[];
}

export interface World {
  readonly weights: Weights;
  readonly tier1: ReadonlySet<number>;
  readonly siblings: readonly ReadonlySet<number>[];
  readonly organisations?: Organisations | undefined;
  /** Undefined: no router of our own is watched. */
  readonly own?: OwnOriginations | undefined;
  readonly dropList: ReadonlySet<number>;
  readonly asNames: ReadonlyMap<number, string>;
  readonly topology: Topology | undefined;
  /** Undefined: no VRPs loaded; the judge says nothing about RPKI then. */
  readonly rpki: RpkiView | undefined;
  readonly rib: WatchedRib<Finding>;
  readonly baseline: Baseline;
  readonly links: KnownLinks;
  readonly vantagePoints: VantagePoints;
  /** The clock of the engine: the stamp of what is applied. */
  readonly nowMs: () => number;
  /** `upstreams` of the line of the watchlist that watches this AS. */
  readonly upstreamsOf: (asn: number) => readonly number[] | undefined;
  /** True when the prefix was carried once and no vantage point carries it any more. */
  readonly isWithdrawn: (prefix: Prefix) => boolean;
  /** Compiled path rules, by the pattern as written. */
  readonly pathMatches: (pattern: string, path: AsPath) => boolean;
}
