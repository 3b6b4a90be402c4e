/**
 * The watched RIB: for watched address space only, the current routes of every vantage point, kept exactly as
 * RFC 4271 §3.1 says: an announcement replaces that vantage point's earlier route for the prefix, a withdrawal
 * removes it. Where a session has several paths (RFC 7911), that holds for each path identifier by itself. A session that goes down puts its routes in doubt and removes none.
 *
 * Shape: rows of typed arrays, since the whole Internet has millions of routes. A prefix is a row of `prefix-rows.ts`, a route a
 * row of its own: vantage point, path and communities (each kept once, `sequences.ts`), stamps. The routes of a prefix are a list in the order
 * in which they came; (prefix, vantage point, path identifier) → route is a hash. About 70 bytes a route beside its path. `RibRoute` objects are made for who asks.
 * `T` is what the judge hangs on a route where something is wrong.
 */
import type { AsPath, PathElement } from '../bgp/as-path.ts';
import type { Prefix } from '../bgp/prefix.ts';
import type { Community } from '../bgp/update.ts';
import { grown } from './hash-cells.ts';
import { PrefixRows } from './prefix-rows.ts';
import type {
  GoneRoute,
  KeptRoute,
  PlainRoute,
  PrefixWords,
  RibRoute,
  Words,
  WrittenRoute,
} from './rib-route.ts';
import { RouteRows } from './route-rows.ts';
import { Sequences } from './sequences.ts';

/** The RIB's bit among the holders of a prefix row. */
const IN_RIB = 1;
const BAD_CLOCK = 1;
const HAS_FINDING = 2;
/** The path has an AS_SET and stands as an object of its own. */
const HAS_SET = 4;
const IS_CHANGED = 8;

export class WatchedRib<T> {
  readonly rows: PrefixRows;
  private readonly table = new RouteRows();
  private readonly sequences = new Sequences();
  private readonly setPaths = new Map<number, AsPath>();
  private readonly findings = new Map<number, T>();
  private prefixCount = 0;
  private changed: number[] = [];
  private gone: GoneRoute[] = [];
  private scratch = new Int32Array(256);

  constructor(rows = new PrefixRows()) {
    this.rows = rows;
  }

  /** Prefixes that somebody carries. */
  get prefixes(): number {
    return this.prefixCount;
  }

  get routes(): number {
    return this.table.size;
  }

  // ------------------------------------------------------------ by prefix

  has(prefix: Prefix): boolean {
    return this.countAt(prefix) > 0;
  }
  countAt(prefix: Prefix): number {
    const row = this.rows.findOf(prefix);
    return this.firstRoute(row) < 0 ? 0 : this.table.counts[row]!;
  }

  /** How many of those who carry the prefix are meant; a vantage point with several paths counts once. */
  countWhere(prefix: Prefix, isMeant: (vantagePoint: number) => boolean): number {
    const row = this.rows.findOf(prefix);
    return this.firstRoute(row) < 0 ? 0 : this.table.countPoints(row, isMeant);
  }

  /** Every route of the prefix, in the order in which they came. */
  routesAt(prefix: Prefix): RibRoute<T>[] {
    const found: RibRoute<T>[] = [];
    const row = this.rows.findOf(prefix);
    for (let route = this.firstRoute(row); route >= 0; route = this.nextRoute(route))
      found.push(this.routeObject(route));
    return found;
  }

  route(prefix: Prefix, vantagePoint: number, pathId = 0): RibRoute<T> | undefined {
    const row = this.rows.findOf(prefix);
    const route = row < 0 ? -1 : this.find(row, vantagePoint, pathId);
    return route < 0 ? undefined : this.routeObject(route);
  }

  /** Puts a route in, in place of the earlier one of its owner. */
  announce(prefix: Prefix, route: RibRoute<T>): void {
    const row = this.rows.makeOf(prefix);
    const index = this.place(row, route.vantagePoint, route.pathId);
    this.setPath(index, route.path);
    this.setCommunities(index, route.communities);
    this.stamp(index, route);
    this.table.flags[index] =
      (this.table.flags[index]! & ~BAD_CLOCK) | (route.hasBadClock === true ? BAD_CLOCK : 0);
    this.hang(index, route.finding);
    this.noteChanged(index);
  }

  /** What the judge made of a route that is there. */
  setFinding(prefix: Prefix, vantagePoint: number, finding: T | undefined, pathId = 0): void {
    const row = this.rows.findOf(prefix);
    const route = row < 0 ? -1 : this.find(row, vantagePoint, pathId);
    if (route >= 0) this.hang(route, finding);
  }

  /** Takes a route out; returns it. */
  withdraw(prefix: Prefix, vantagePoint: number, pathId = 0): RibRoute<T> | undefined {
    const row = this.rows.findOf(prefix);
    const index = row < 0 ? -1 : this.find(row, vantagePoint, pathId);
    if (index < 0) return undefined;
    const route = this.routeObject(index);
    this.withdrawRow(row, vantagePoint, pathId);
    return route;
  }

  /** The same by row, which may be −1. */
  withdrawRow(row: number, vantagePoint: number, pathId = 0): void {
    const index = row < 0 ? -1 : this.find(row, vantagePoint, pathId);
    if (index < 0) return;
    this.gone.push({ vantagePoint, pathId, ...this.prefixWords(row) });
    this.remove(index);
    if (this.table.counts[row] === 0) {
      this.prefixCount -= 1;
      this.rows.drop(row, IN_RIB);
    }
  }

  /** Puts a route in that the store kept, without a finding; its number. */
  restore({ shape, words }: PrefixWords, route: KeptRoute): number {
    const row = this.rows.make(shape, ...words);
    const known = this.find(row, route.vantagePoint, route.pathId);
    if (known >= 0 && !this.isPlain(known)) {
      this.clearPath(known);
      this.table.flags[known]! &= ~BAD_CLOCK;
    }
    const index = this.announcePlain(row, route);
    if (route.hasBadClock) this.table.flags[index]! |= BAD_CLOCK;
    if (route.setPath !== undefined) this.setPath(index, route.setPath);
    return index;
  }

  /** Prefixes with routes: the given one and what is more specific, in the order of routing tables. */
  inside(prefix: Prefix): readonly Prefix[] {
    const rows = this.rows.inside(prefix).filter((row) => this.rows.isHeld(row, IN_RIB));
    return rows.map((row) => this.rows.prefix(row));
  }

  /** Every prefix with routes. Changes while it is walked may or may not be seen. */
  *every(): Generator<Prefix> {
    for (const row of this.everyRow()) yield this.rows.prefix(row);
  }

  /** The same by row. */
  *everyRow(): Generator<number> {
    for (let row = 0; row < this.rows.end; row += 1) if (this.rows.isHeld(row, IN_RIB)) yield row;
  }

  // ------------------------------------------------------------ by row, for the hot path

  /** First route of a row, −1 when there is none. */
  firstRoute(row: number): number {
    return row < 0 || !this.rows.isHeld(row, IN_RIB) ? -1 : this.table.firstOf(row);
  }

  nextRoute(route: number): number {
    return this.table.nextOf(route);
  }

  /** Some route has a path identifier. */
  get hasPathIds(): boolean {
    return this.table.withPathId > 0;
  }
  /** Routes of the vantage point in the row, which may be −1, by any path identifier. */
  routesOf(row: number, vantagePoint: number): readonly number[] {
    return this.firstRoute(row) < 0 ? NO_ROUTES : this.table.ofPoint(row, vantagePoint);
  }

  pathIdOf(route: number): number {
    return this.table.pathIds[route]! >>> 0;
  }
  findingOf(route: number): T | undefined {
    return this.findings.get(route);
  }

  /** The route of a vantage point by this path identifier, −1 when it carries none. */
  find(row: number, vantagePoint: number, pathId = 0): number {
    return this.table.find(row, vantagePoint, pathId | 0);
  }

  /** Nothing is wrong with it, and its path is one of single ASes. */
  isPlain(route: number): boolean {
    return (this.table.flags[route]! & (HAS_FINDING | HAS_SET | BAD_CLOCK)) === 0;
  }

  pathLength(route: number): number {
    return this.sequences.lengthOf(this.table.paths[route]!);
  }

  /** The n-th AS of a plain path, as a signed word. */
  pathAt(route: number, n: number): number {
    return this.sequences.valueAt(this.table.paths[route]!, n);
  }

  /** The path of a plain route; valid until the RIB changes. */
  pathWords(route: number): Words {
    return this.sequences.words(this.table.paths[route]!);
  }

  hasPath(route: number, path: Words): boolean {
    return this.hasWords(this.table.paths[route]!, path);
  }

  private hasWords(id: number, { cells, at, count }: Words): boolean {
    return this.sequences.equals(id, cells, at, count);
  }

  /** The same as `announce`, for a route that is plain and replaces none or one that is plain. */
  announcePlain(row: number, route: PlainRoute): number {
    const index = this.place(row, route.vantagePoint, route.pathId);
    const { path, communities } = route;
    if (!this.hasPath(index, path) || !this.hasWords(this.table.communities[index]!, communities)) {
      this.swap(this.table.paths, index, path);
      this.swap(this.table.communities, index, communities);
    }
    this.stamp(index, route);
    this.noteChanged(index);
    return index;
  }

  // ------------------------------------------------------------ what has to be written

  /** Routes that changed and routes that went since the last call. What is in both was announced again. */
  takeChanged(): { readonly changed: readonly number[]; readonly gone: readonly GoneRoute[] } {
    const changed = this.changed.filter((route) => {
      const isFirst = (this.table.flags[route]! & IS_CHANGED) !== 0;
      this.table.flags[route]! &= ~IS_CHANGED;
      return isFirst;
    });
    const { gone } = this;
    this.changed = [];
    this.gone = [];
    return { changed, gone };
  }

  get hasChanged(): boolean {
    return this.changed.length > 0 || this.gone.length > 0;
  }

  /** Row of the route's prefix; −1 when it went. */
  rowOfRoute(route: number): number {
    return this.table.rowOf[route]!;
  }

  prefixWords(row: number): PrefixWords {
    const { rows } = this;
    return {
      shape: rows.shape(row),
      words: [rows.word(row, 0), rows.word(row, 1), rows.word(row, 2), rows.word(row, 3)],
    };
  }

  written(route: number): WrittenRoute {
    return {
      pathId: this.pathIdOf(route),
      observedMs: this.table.observed[route]!,
      arrivedMs: this.table.arrived[route]!,
      hasBadClock: (this.table.flags[route]! & BAD_CLOCK) !== 0,
      path: this.sequences.words(this.table.paths[route]!),
      setPath: this.setPaths.get(route),
      communities: this.sequences.words(this.table.communities[route]!),
    };
  }

  vantagePointOf(route: number): number {
    return this.table.points[route]!;
  }

  routeObject(route: number): RibRoute<T> {
    const flags = this.table.flags[route]!;
    const pathId = this.pathIdOf(route);
    return {
      vantagePoint: this.table.points[route]!,
      ...(pathId !== 0 ? { pathId } : {}),
      path: this.pathOf(route),
      communities: this.communitiesOf(route),
      observedMs: this.table.observed[route]!,
      arrivedMs: this.table.arrived[route]!,
      order: this.table.orders[route]!,
      ...((flags & BAD_CLOCK) !== 0 ? { hasBadClock: true } : {}),
      finding: this.findingOf(route),
    };
  }

  private pathOf(route: number): AsPath {
    const known = this.setPaths.get(route);
    if (known !== undefined) return known;
    const id = this.table.paths[route]!;
    return Array.from({ length: this.sequences.lengthOf(id) }, (_, n) => this.sequences.valueAt(id, n) >>> 0);
  }

  private communitiesOf(route: number): readonly Community[] {
    const id = this.table.communities[route]!;
    return Array.from({ length: this.sequences.lengthOf(id) }, (_, n): Community => {
      const word = this.sequences.valueAt(id, n);
      return [word >>> 16, word & 65_535];
    });
  }

  // ------------------------------------------------------------ keeping

  /** The vantage point's route of this row, made when it carries none. */
  private place(row: number, vantagePoint: number, pathId = 0): number {
    const known = this.find(row, vantagePoint, pathId);
    if (known >= 0) return known;
    if (!this.rows.isHeld(row, IN_RIB)) {
      this.rows.hold(row, IN_RIB);
      this.table.begin(row);
      this.prefixCount += 1;
    }
    return this.table.add(row, vantagePoint, pathId | 0);
  }

  private remove(route: number): void {
    this.sequences.release(this.table.paths[route]!);
    this.sequences.release(this.table.communities[route]!);
    this.setPaths.delete(route);
    this.findings.delete(route);
    this.table.remove(route);
  }

  private stamp(route: number, from: { observedMs: number; arrivedMs: number; order: number }): void {
    this.table.observed[route] = from.observedMs;
    this.table.arrived[route] = from.arrivedMs;
    this.table.orders[route] = from.order;
  }

  private hang(route: number, finding: T | undefined): void {
    if (finding === undefined) {
      this.table.flags[route]! &= ~HAS_FINDING;
      this.findings.delete(route);
    } else {
      this.table.flags[route]! |= HAS_FINDING;
      this.findings.set(route, finding);
    }
  }

  private setPath(route: number, path: AsPath): void {
    const numbers = path.every(isNumber) ? this.scratched(path.length, (n) => path[n] as number) : undefined;
    this.swap(this.table.paths, route, numbers ?? NO_WORDS);
    if (numbers === undefined) {
      this.table.flags[route]! |= HAS_SET;
      this.setPaths.set(route, path);
    } else this.clearPath(route);
  }

  private clearPath(route: number): void {
    if ((this.table.flags[route]! & HAS_SET) === 0) return;
    this.table.flags[route]! &= ~HAS_SET;
    this.setPaths.delete(route);
  }

  private setCommunities(route: number, communities: readonly Community[]): void {
    const words = this.scratched(communities.length, (n) => {
      const [high = 0, low = 0] = communities[n] ?? [];
      return (high << 16) | low;
    });
    this.swap(this.table.communities, route, words);
  }

  /** Words in the scratch array, for one call. */
  private scratched(count: number, wordAt: (n: number) => number): Words {
    while (count > this.scratch.length) this.scratch = grown(this.scratch);
    for (let n = 0; n < count; n += 1) this.scratch[n] = wordAt(n);
    return { cells: this.scratch, at: 0, count };
  }

  private swap(column: Int32Array, route: number, { cells, at, count }: Words): void {
    const old = column[route]!;
    column[route] = this.sequences.take(cells, at, count);
    this.sequences.release(old);
  }

  private noteChanged(route: number): void {
    if ((this.table.flags[route]! & IS_CHANGED) !== 0) return;
    this.table.flags[route]! |= IS_CHANGED;
    this.changed.push(route);
  }
}

const NO_ROUTES: readonly number[] = [];
const NO_WORDS: Words = { cells: new Int32Array(0), at: 0, count: 0 };

function isNumber(element: PathElement): element is number {
  return typeof element === 'number';
}
