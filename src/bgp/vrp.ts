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
}
