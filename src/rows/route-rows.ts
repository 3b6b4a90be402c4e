/**
 * Routes as rows of typed arrays: the columns of the watched RIB (`watched-rib.ts`), a list of routes for each prefix row in the order in which they
 * came, and (prefix row, vantage point, path identifier) → route as a hash. What the columns mean is the RIB's business.
 */
import { grown, HashCells, mixed } from './hash-cells.ts';

const ROUTES_MIN = 64;

export class RouteRows {
  /** By prefix row: first and last route + 1, 0 for none, and how many. */
  private first = new Int32Array(ROUTES_MIN);
  private last = new Int32Array(ROUTES_MIN);
  counts = new Int32Array(ROUTES_MIN);

  /** By route. Its prefix row; −1: the route is free. */
  rowOf = new Int32Array(ROUTES_MIN);
  points = new Int32Array(ROUTES_MIN);
  /** Path identifiers (RFC 7911), signed; 0 where the session has none. */
  pathIds = new Int32Array(ROUTES_MIN);
  /** Routes with an identifier other than 0. */
  withPathId = 0;
  /** Lists by route + 1; 0 ends one. */
  private next = new Int32Array(ROUTES_MIN);
  private before = new Int32Array(ROUTES_MIN);
  paths = new Int32Array(ROUTES_MIN);
  communities = new Int32Array(ROUTES_MIN);
  orders = new Float64Array(ROUTES_MIN);
  observed = new Float64Array(ROUTES_MIN);
  arrived = new Float64Array(ROUTES_MIN);
  flags = new Uint8Array(ROUTES_MIN);
  private readonly index = new HashCells();
  private readonly free: number[] = [];
  private end = 0;

  get size(): number {
    return this.index.size;
  }

  /** A prefix row joins: it has no routes yet. */
  begin(row: number): void {
    while (row >= this.first.length) {
      this.first = grown(this.first);
      this.last = grown(this.last);
      this.counts = grown(this.counts);
    }
    this.first[row] = this.last[row] = this.counts[row] = 0;
  }

  /** First route of a row that joined, −1 when it has none. */
  firstOf(row: number): number {
    return this.first[row]! - 1;
  }

  nextOf(route: number): number {
    return this.next[route]! - 1;
  }

  /** The route of a vantage point by this path identifier, −1 when it carries none. */
  find(row: number, vantagePoint: number, pathId: number): number {
    const hash = hashOf(row, vantagePoint, pathId);
    const { index } = this;
    for (let cell = index.start(hash); index.idAt(cell) >= 0; cell = index.after(cell)) {
      const route = index.idAt(cell);
      if (
        index.hashAt(cell) === hash &&
        this.rowOf[route] === row &&
        this.points[route] === vantagePoint &&
        this.pathIds[route] === pathId
      )
        return route;
    }
    return -1;
  }

  /** How many vantage points of a row that joined are meant; one with several paths counts once. */
  countPoints(row: number, isMeant: (vantagePoint: number) => boolean): number {
    const counted = this.withPathId > 0 ? new Set<number>() : undefined;
    let count = 0;
    for (let route = this.firstOf(row); route >= 0; route = this.nextOf(route)) {
      const point = this.points[route]!;
      if (counted?.has(point) === true) continue;
      counted?.add(point);
      if (isMeant(point)) count += 1;
    }
    return count;
  }

  /** Routes of the vantage point in a row that joined, by any path identifier. */
  ofPoint(row: number, vantagePoint: number): readonly number[] {
    if (this.withPathId === 0) {
      const route = this.find(row, vantagePoint, 0);
      return route < 0 ? [] : [route];
    }
    const found: number[] = [];
    for (let route = this.firstOf(row); route >= 0; route = this.nextOf(route))
      if (this.points[route] === vantagePoint) found.push(route);
    return found;
  }

  /** A route that is not there yet, at the end of its list; paths, communities and flags are 0. */
  add(row: number, vantagePoint: number, pathId: number): number {
    const route = this.free.pop() ?? this.append();
    this.counts[row]! += 1;
    this.rowOf[route] = row;
    this.points[route] = vantagePoint;
    this.pathIds[route] = pathId;
    if (pathId !== 0) this.withPathId += 1;
    this.paths[route] = this.communities[route] = 0;
    this.flags[route] = 0;
    this.next[route] = 0;
    this.before[route] = this.last[row]!;
    if (this.last[row] === 0) this.first[row] = route + 1;
    else this.next[this.last[row]! - 1] = route + 1;
    this.last[row] = route + 1;
    this.index.insert(hashOf(row, vantagePoint, pathId), route);
    return route;
  }

  private append(): number {
    if (this.end === this.points.length) this.grow();
    this.end += 1;
    return this.end - 1;
  }

  private grow(): void {
    this.rowOf = grown(this.rowOf);
    this.points = grown(this.points);
    this.pathIds = grown(this.pathIds);
    this.next = grown(this.next);
    this.before = grown(this.before);
    this.paths = grown(this.paths);
    this.communities = grown(this.communities);
    this.orders = grown(this.orders);
    this.observed = grown(this.observed);
    this.arrived = grown(this.arrived);
    this.flags = grown(this.flags);
  }

  remove(route: number): void {
    const row = this.rowOf[route]!;
    const [next = 0, before = 0] = [this.next[route], this.before[route]];
    if (before === 0) this.first[row] = next;
    else this.next[before - 1] = next;
    if (next === 0) this.last[row] = before;
    else this.before[next - 1] = before;
    this.counts[row]! -= 1;
    this.index.remove(hashOf(row, this.points[route]!, this.pathIds[route]!), route);
    if (this.pathIds[route] !== 0) this.withPathId -= 1;
    this.flags[route] = 0;
    this.rowOf[route] = -1;
    this.free.push(route);
  }
}

function hashOf(row: number, vantagePoint: number, pathId: number): number {
  const hash = mixed(mixed(0, row), vantagePoint);
  return pathId === 0 ? hash : mixed(hash, pathId);
}
