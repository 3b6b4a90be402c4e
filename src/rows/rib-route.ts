/** The shapes in which routes go into the watched RIB (`watched-rib.ts`) and come out: objects for readers, numbers for the hot path. */
import type { AsPath } from '../bgp/as-path.ts';
import type { Community } from '../bgp/update.ts';
import type { RouteOwner } from '../bgp/vantage-point.ts';

/** 0 known; 1 a gap of the feed lies between; 2 the session went down since. Derived by `VantagePoints.doubtOf`. */
export type Doubt = 0 | 1 | 2;

export interface RibRoute<T> extends RouteOwner {
  readonly path: AsPath;
  readonly communities: readonly Community[];
  /** The collector's stamp, ms. */
  readonly observedMs: number;
  readonly arrivedMs: number;
  /** The stamp was impossible, and `observedMs` is the arrival. */
  readonly hasBadClock?: boolean;
  /** Number of the input that brought it; 0 remembered from before a restart, -1 remembered as lost with its session. */
  readonly order: number;
  /** What was made of it; undefined: nothing is wrong. */
  readonly finding: T | undefined;
}

/** A path or a list of communities on its way into the RIB: `count` words from `at` on. */
export interface Words {
  readonly cells: Int32Array;
  readonly at: number;
  readonly count: number;
}

/** What the hot path brings instead of a `RibRoute`: the same, in numbers. */
export interface PlainRoute extends RouteOwner {
  readonly path: Words;
  readonly communities: Words;
  readonly observedMs: number;
  readonly arrivedMs: number;
  readonly order: number;
}

/** A prefix in words: see `prefix-rows.ts`. */
export interface PrefixWords {
  readonly shape: number;
  readonly words: readonly [number, number, number, number];
}

/** A route that went, as it has to be written: who carried what. */
export interface GoneRoute extends PrefixWords {
  readonly vantagePoint: number;
  readonly pathId: number;
}

/** A route as it is written and read; its words are valid until the RIB changes, or the next one is read. */
export interface WrittenRoute {
  readonly pathId: number;
  readonly observedMs: number;
  readonly arrivedMs: number;
  readonly hasBadClock: boolean;
  readonly path: Words;
  /** Instead of the words, where it has an AS_SET. */
  readonly setPath: AsPath | undefined;
  readonly communities: Words;
}

export type KeptRoute = WrittenRoute & { readonly vantagePoint: number; readonly order: number };
