/**
 * The watched RIB: for watched address space only, the current route of every vantage point, kept exactly as
 * RFC 4271 §3.1 says: an announcement replaces that vantage point's earlier route for the prefix, a withdrawal
 * removes it. A session that goes down puts its routes in doubt and removes none.
 *
 * Shape: prefix text → { prefix, routes by vantage point id }. `T` is what the judge hangs on a route.
 */
import type { AsPath } from '../bgp/as-path.ts';
import type { Prefix } from '../bgp/prefix.ts';
import type { Community } from '../bgp/update.ts';
import { PrefixIndex } from '../match/prefix-index.ts';

/** Prefixes listed inside another at most; a /8 may hold no more than this many watched ones. */
const INSIDE_MAX = 2_000_000;

/** 0 known; 1 a gap of the feed lies between; 2 the session went down since. Derived by `VantagePoints.doubtOf`. */
export type Doubt = 0 | 1 | 2;

export interface RibRoute<T> {
  readonly vantagePoint: number;
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
  finding: T | undefined;
}

export interface RibPrefix<T> {
  readonly prefix: Prefix;
  readonly routes: Map<number, RibRoute<T>>;
  /** Its place in the index of the RIB. */
  readonly slot: number;
}

export class WatchedRib<T> {
  private readonly table = new Map<string, RibPrefix<T>>();
  private readonly index = new PrefixIndex();
  private readonly slots: (RibPrefix<T> | undefined)[] = [];
  private readonly free: number[] = [];
  private count = 0;

  get prefixes(): number {
    return this.table.size;
  }

  get routes(): number {
    return this.count;
  }

  at(text: string): RibPrefix<T> | undefined {
    return this.table.get(text);
  }

  route(text: string, vantagePoint: number): RibRoute<T> | undefined {
    return this.table.get(text)?.routes.get(vantagePoint);
  }

  /** Puts a route in; returns the one it replaced. */
  announce(prefix: Prefix, route: RibRoute<T>): RibRoute<T> | undefined {
    let row = this.table.get(prefix.text);
    if (row === undefined) {
      row = { prefix, routes: new Map(), slot: this.free.pop() ?? this.slots.length };
      this.table.set(prefix.text, row);
      this.slots[row.slot] = row;
      this.index.insert(prefix, row.slot);
    }
    const replaced = row.routes.get(route.vantagePoint);
    row.routes.set(route.vantagePoint, route);
    if (replaced === undefined) this.count += 1;
    return replaced;
  }

  /** Takes a route out; returns it. */
  withdraw(text: string, vantagePoint: number): RibRoute<T> | undefined {
    const row = this.table.get(text);
    const gone = row?.routes.get(vantagePoint);
    if (row === undefined || gone === undefined) return undefined;
    row.routes.delete(vantagePoint);
    this.count -= 1;
    if (row.routes.size === 0) this.remove(row);
    return gone;
  }

  private remove(row: RibPrefix<T>): void {
    this.table.delete(row.prefix.text);
    this.index.remove(row.prefix);
    this.slots[row.slot] = undefined;
    this.free.push(row.slot);
  }

  /** The prefix itself and everything more specific that is in the RIB. */
  inside(prefix: Prefix): readonly RibPrefix<T>[] {
    const own = this.table.get(prefix.text);
    const rows = this.index.insideOf(prefix, INSIDE_MAX).flatMap((slot) => this.slots[slot] ?? []);
    return own === undefined ? rows : [own, ...rows];
  }

  every(): IterableIterator<RibPrefix<T>> {
    return this.table.values();
  }
}
