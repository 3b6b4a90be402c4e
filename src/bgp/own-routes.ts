/** What a router of our own originates, as one session and view of its BMP shows it. Vocabulary. */
import type { Prefix } from './prefix.ts';

export interface OwnRoutesChange {
  /** Router, session and view; several of one router may say the same. */
  readonly from: string;
  /** False: it is not seen any more, and what it said counts for nothing. */
  readonly isUp: boolean;
  readonly announced: readonly { readonly prefix: Prefix; readonly origin: number }[];
  readonly withdrawn: readonly Prefix[];
}
