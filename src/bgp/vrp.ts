/**
 * Validated ROA payloads and ASPA objects (RFC 6811, draft-ietf-sidrops-aspa-profile). Vocabulary.
 */
import type { Prefix } from './prefix.ts';

export interface Vrp {
  readonly prefix: Prefix;
  readonly maxLength: number;
  /** 0 means: nobody may originate it (RFC 6483 §4). */
  readonly asn: number;
}

export interface Aspa {
  readonly customer: number;
  readonly providers: readonly number[];
  /** Unix seconds from which on it counts for nothing; absent or 0: the export does not say. */
  readonly untilSeconds?: number;
}

/** One VRP as bare numbers; host bits are zero. */
export interface VrpRow {
  readonly family: 4 | 6;
  readonly words: readonly [number, number, number, number];
  readonly length: number;
  readonly maxLength: number;
  readonly asn: number;
  /** Unix seconds from which on it counts for nothing: the end of its chain. Absent or 0: the export does not say. */
  readonly untilSeconds?: number;
  /** Unix seconds of the end of the ROA itself, its own `notAfter`; absent or 0: the export does not say. */
  readonly roaEndsSeconds?: number;
}

/**
 * Takes the rows of an export one by one, so that 600,000 of them need not stand in memory as objects.
 * The row and its words are the caller's and are used again: copy what is kept.
 */
export interface RpkiRows {
  vrp(row: VrpRow): void;
  aspa(aspa: Aspa): void;
}
