/**
 * One BGP UPDATE of one peer, as the pure middle sees it: whatever wire form it came in. Vocabulary.
 */
import type { AsPath } from './as-path.ts';
import type { Prefix } from './prefix.ts';
import type { VantagePoint } from './vantage-point.ts';

/** A standard community (RFC 1997): its two halves. */
export type Community = readonly [number, number];

/** RFC 7999: 65535:666. */
export function isBlackhole(community: Community): boolean {
  return community[0] === 65_535 && community[1] === 666;
}

/** Path identifiers (RFC 7911 §3), as unsigned numbers: one for each prefix of the list. */
export interface PathIds {
  readonly announced: readonly number[];
  readonly withdrawn: readonly number[];
  /** False: nobody said that the session has identifiers, the bytes alone show it. */
  readonly areDeclared: boolean;
}

export interface Update {
  readonly vantagePoint: VantagePoint;
  /** The collector's stamp in ms since the epoch, whole or not; undefined when it had no usable one. */
  readonly observedMs: number | undefined;
  /** Path of the announcements; empty for pure withdrawals. */
  readonly path: AsPath;
  readonly communities: readonly Community[];
  /** Announced, each once (with ADD-PATH: once for each identifier). What is withdrawn and announced in one UPDATE stands only here. */
  readonly announced: readonly Prefix[];
  readonly withdrawn: readonly Prefix[];
  /** Several paths of one session are several routes. Absent: the session has one for each prefix, and its identifier is 0. */
  readonly pathIds?: PathIds | undefined;
}

/** A session came up or went down (RIS_PEER_STATE, MRT state change, BMP peer up/down). */
export interface PeerStateChange {
  readonly vantagePoint: VantagePoint;
  readonly observedMs: number | undefined;
  readonly state: 'up' | 'down';
}

/** What a decoder could not use, as a value: counted, sampled, never thrown. */
export interface Problem {
  /** From the closed list of the decoder that reports it, for instance `bad-prefix`. */
  readonly code: string;
  /** Where: a field, an attribute, an offset; and the RFC section where one decides. Never more than 200 characters. */
  readonly detail: string;
}
