/** A time that a feed did not see, as an input of the engine. Plain data. */

/** Still unknown; filled from elsewhere; or beyond recovery. */
export type GapState = 'unfilled' | 'filled' | 'lost';

export interface GapInput {
  readonly type: 'gap';
  readonly feed: string;
  readonly state: GapState;
  readonly reason: string;
  readonly sinceMs: number;
}
