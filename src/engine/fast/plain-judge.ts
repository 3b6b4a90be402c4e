/**
 * Is nothing wrong with this route, told from numbers alone? The quick half of the judge, for routes as they nearly always are: a watched prefix
 * itself, from the origin that is expected, through a neighbour that is expected, on a path of single ASes. `true` is a proof that
 * `judgeCovered` makes no finding of it; `false` says nothing, and the judge is asked. Pure, hot, no allocation.
 *
 * What it rests on: a finding depends on prefix, origin and neighbour, and on the whole path only through `route-leak` and `path-policy`. So a route
 * conforms when one with the same prefix, origin and neighbour stands in the RIB without a finding and nobody could call its path a leak; the
 * RIB is judged anew whenever what is expected changes. That holds for lines of the watchlist; prefixes of watched ASes are for the judge.
 */

import type { Detector } from '../../judge/kinds/detector.ts';
import { ROUTE_KINDS } from '../../judge/kinds/index.ts';
import type { WatchPlan } from '../../judge/watch-plan.ts';
import type { World } from '../../judge/world.ts';
import type { WatchEntry } from '../../match/watchlist.ts';
import type { Words } from '../../rows/rib-route.ts';
import type { WatchedRib } from '../../rows/watched-rib.ts';

/** Routes of a prefix that are looked at for one that is alike. */
const ALIKE_MAX = 8;
/** Not asked yet; of an entry: has rules of its own for paths, or leaves only origins and neighbours to be asked. */
const UNKNOWN = 0;
const OWN_RULES = 1;
const SIMPLE = 2;
/** Of the path that is asked about. */
const LEAK_FREE = 1;
const MAY_LEAK = 2;
/** Of the RPKI state of an entry's prefix and only origin. */
const NOT_INVALID = 1;
const INVALID = 2;

export class PlainJudge {
  private readonly world: World;
  private readonly plan: WatchPlan;
  private readonly version: number;
  private readonly rib: WatchedRib<unknown>;
  /** By slot; what a slot holds never changes while this judge lives. */
  private rules = new Uint8Array(64);
  /** The only declared origin, signed; 0: none, or several. */
  private origins = new Int32Array(64);
  private rpki = new Uint8Array(64);
  private path: Words = { cells: new Int32Array(0), at: 0, count: 0 };
  private leak = UNKNOWN;
  /** Each kind says why it need not be asked; one that does not makes every route go the slow path. */
  private readonly isProven: boolean;

  /** For one plan and one state of knowledge: a new one is made when either changes. */
  constructor(plan: WatchPlan, world: World, kinds: readonly Detector[] = ROUTE_KINDS) {
    this.isProven = kinds.every(({ plain }) => plain !== undefined);
    this.plan = plan;
    this.version = plan.version;
    this.world = world;
    this.rib = world.rib;
  }

  isFor(plan: WatchPlan, world: World): boolean {
    return this.plan === plan && this.version === plan.version && this.world === world;
  }

  /** The path that `conforms` is asked about from now on. */
  begin(path: Words): void {
    this.path = path;
    this.leak = UNKNOWN;
  }

  /**
   * A route of this vantage point with the path of `begin`: `slot` is the one whose prefix it is, exactly, `row` that of the prefix
   * in `PrefixRows`, −1 when nothing is remembered of it.
   */
  conforms(slot: number, row: number, vantagePoint: number): boolean {
    // What a watched AS is known for may stand in the RIB unjudged: it was learned, and then watched.
    if (!this.isProven || !this.plan.isListed(slot)) return false;
    const before = row < 0 ? -1 : this.rib.find(row, vantagePoint);
    if (before >= 0) {
      if (!this.rib.isPlain(before)) return false;
      if (this.rib.hasPath(before, this.path)) return true;
    }
    if (this.rulesOf(slot) !== SIMPLE || !this.isLeakFree()) return false;
    return (before >= 0 && this.isAlike(before)) || this.hasAlike(row) || this.isDeclared(slot, row);
  }

  /**
   * The same for a route of the RIB that was not judged yet, told from the watchlist and the baseline alone. `route` is its number.
   */
  conformsUnseen(slot: number, row: number, route: number): boolean {
    if (!this.isProven || !this.rib.isPlain(route) || this.rulesOf(slot) !== SIMPLE) return false;
    this.begin(this.rib.pathWords(route));
    return this.isLeakFree() && this.isDeclared(slot, row);
  }

  private isLeakFree(): boolean {
    if (this.leak === UNKNOWN) this.leak = this.looksLeakFree() ? LEAK_FREE : MAY_LEAK;
    return this.leak === LEAK_FREE;
  }

  /** No two tier-1 ASes with somebody between them, and no ASPA that could speak against it. */
  private looksLeakFree(): boolean {
    const { cells, at, count } = this.path;
    const { tier1, rpki } = this.world;
    let hasTier1 = false;
    let isBehind = false;
    for (let n = 0; n < count; n += 1) {
      const asn = cells[at + n]! >>> 0;
      if (rpki !== undefined && rpki.providersOf(asn) !== undefined) return false;
      if (!tier1.has(asn)) isBehind = hasTier1;
      else if (isBehind) return false;
      else hasTier1 = true;
    }
    return true;
  }

  private hasAlike(row: number): boolean {
    let route = this.rib.firstRoute(row);
    for (let looked = 0; route >= 0 && looked < ALIKE_MAX; looked += 1) {
      if (this.rib.isPlain(route) && this.isAlike(route)) return true;
      route = this.rib.nextRoute(route);
    }
    return false;
  }

  /** Same origin, same neighbour. */
  private isAlike(route: number): boolean {
    const { cells, at, count } = this.path;
    const origin = cells[at + count - 1]!;
    let last = this.rib.pathLength(route) - 1;
    if (last < 0 || this.rib.pathAt(route, last) !== origin) return false;
    while (last >= 0 && this.rib.pathAt(route, last) === origin) last -= 1;
    const neighbor = neighborAt(cells, at, count);
    return last < 0 ? neighbor < 0 : neighbor >= 0 && cells[neighbor] === this.rib.pathAt(route, last);
  }

  /** The watchlist names this origin and no other, and neither operator, RPKI nor learned neighbours object. */
  private isDeclared(slot: number, row: number): boolean {
    const { cells, at, count } = this.path;
    const origin = cells[at + count - 1]!;
    if (origin === 0 || this.origins[slot] !== origin) return false;
    const { baseline } = this.world;
    if (row >= 0 && baseline.hasDecisions && baseline.isDecidedAt(row)) return false;
    const neighbor = neighborAt(cells, at, count);
    const known = row < 0 ? -1 : baseline.findAt(row, origin);
    if (known >= 0 && neighbor >= 0 && !baseline.allowsNeighbor(known, cells[neighbor]!)) return false;
    return this.rpkiOf(slot, origin) === NOT_INVALID;
  }

  private rulesOf(slot: number): number {
    this.reach(slot);
    const known = this.rules[slot]!;
    return known === UNKNOWN ? this.learnSlot(slot) : known;
  }

  private learnSlot(slot: number): number {
    const watched = this.plan.watchedAt(slot);
    const entry = watched?.entry;
    const isSimple =
      entry !== undefined &&
      entry.upstreams === undefined &&
      entry.mustSeeThrough.length === 0 &&
      !this.inheritsUpstreams(entry) &&
      entry.path === undefined &&
      (entry.type === 'asn' || !entry.ignore);
    this.rules[slot] = isSimple ? SIMPLE : OWN_RULES;
    if (isSimple && entry.type === 'prefix' && entry.origins?.length === 1) {
      const [origin = 0] = entry.origins;
      if (entry.maxLength >= entry.prefix.length) this.origins[slot] = origin;
    }
    return this.rules[slot]!;
  }

  /** A line that watches one of its origins says who may stand next to it. */
  private inheritsUpstreams(entry: WatchEntry): boolean {
    const origins = entry.type === 'prefix' ? entry.origins : [entry.asn];
    const asns = origins ?? [...this.plan.asns.keys()];
    return asns.some((asn) => this.world.upstreamsOf(asn) !== undefined);
  }

  private rpkiOf(slot: number, origin: number): number {
    const { rpki } = this.world;
    if (rpki === undefined) return NOT_INVALID;
    if (this.rpki[slot] === UNKNOWN) {
      const prefix = this.plan.watchedAt(slot)?.prefix;
      const isInvalid = prefix === undefined || rpki.validate(prefix, origin >>> 0).state === 'invalid';
      this.rpki[slot] = isInvalid ? INVALID : NOT_INVALID;
    }
    return this.rpki[slot]!;
  }

  private reach(slot: number): void {
    if (slot < this.rules.length) return;
    const length = Math.max(slot + 1, Math.ceil(this.rules.length * 1.5));
    const [rules, origins, rpki] = [this.rules, this.origins, this.rpki];
    this.rules = new Uint8Array(length);
    this.origins = new Int32Array(length);
    this.rpki = new Uint8Array(length);
    this.rules.set(rules);
    this.origins.set(origins);
    this.rpki.set(rpki);
  }
}

/** Where the neighbour of the origin stands in the cells, −1 when the path is the origin alone: `neighborOf` in numbers. */
export function neighborAt(cells: Int32Array, at: number, count: number): number {
  const origin = cells[at + count - 1];
  for (let n = at + count - 2; n >= at; n -= 1) if (cells[n] !== origin) return n;
  return -1;
}
