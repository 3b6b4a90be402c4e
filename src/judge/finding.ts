/**
 * What the judge is asked and what it answers: Question → Finding. Plain data.
 */
import type { AsPath } from '../bgp/as-path.ts';
import type { Prefix } from '../bgp/prefix.ts';
import type { Community } from '../bgp/update.ts';
import type { WatchEntry } from '../match/watchlist.ts';
import type { EvidenceCode, Kind } from './vocabulary.ts';

/** One row of the score before it has words: the catalogue in `evidence-words.ts` makes them. */
export interface Row {
  readonly code: EvidenceCode;
  readonly weight: number;
  readonly source: string;
  /** What the words need: AS numbers, prefixes, counts; in the order the catalogue names. */
  readonly facts: readonly (string | number)[];
}

/** One announced route of one vantage point, taken apart once. */
export interface Route {
  readonly prefix: Prefix;
  readonly path: AsPath;
  /** Ascending, without duplicates; several for an AS_SET. Never empty. */
  readonly origins: readonly number[];
  readonly isSet: boolean;
  /** The AS next to the origin; undefined when there is none, or an AS_SET of several stands there. */
  readonly neighbor: number | undefined;
  /** The same with the members of an AS_SET, ascending; empty when the path is the origin alone. */
  readonly neighbors: readonly number[];
  readonly communities: readonly Community[];
  readonly peerAsn: number;
  readonly vantagePoint: number;
}

/** What is expected of the announced prefix, and from where we know. */
export interface Expectation {
  /** `none`: nobody may announce it. `unknown`: no list and no baseline yet. */
  readonly state: 'declared' | 'learned' | 'provisional' | 'none' | 'unknown';
  readonly origins: readonly number[];
  /** How specific each expected origin may announce. */
  readonly maxLengthOf: (origin: number) => number;
  /** ASes allowed next to this origin; undefined: anybody, we don't know. `isDeclared` false: learned, weaker. */
  readonly neighborsOf: (
    origin: number,
  ) => { readonly allowed: ReadonlySet<number>; readonly isDeclared: boolean } | undefined;
}

/** The judged entry: a line of the watchlist, or a prefix that a watched AS originates. */
export interface Watched {
  readonly entry: WatchEntry;
  /** The watched prefix; for an `asn` entry the prefix that its AS is known to originate. */
  readonly prefix: Prefix;
  /** As shown: the prefix of the entry, or `AS38099`. */
  readonly name: string;
}

export interface Relay {
  readonly origin: number;
  readonly expected: number;
  /** Its neighbour on the other side; undefined: the expected origin is the vantage point itself. */
  readonly before: number | undefined;
}

export interface Finding {
  readonly kind: Kind;
  /** ARTEMIS letters, null for kinds without. */
  readonly taxonomy: string | null;
  readonly watched: Watched;
  readonly offender: number;
  readonly expectedOrigins: readonly number[];
  readonly originAs: readonly number[];
  /** The kind first, then the other rows that this path earns by itself; weights included. */
  readonly rows: readonly Row[];
  /** The path shows a customer behind the owner: an expected origin, known by the AS before it, passes the route on. */
  readonly relay?: Relay | undefined;
}
