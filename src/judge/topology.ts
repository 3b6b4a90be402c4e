/**
 * AS relationships from the operator's topology file (`a|b|-1`: a is a provider of b; `a|b|0`: peers), as in the
 * serial-1 files of CAIDA. Inferred and old by nature: evidence for judging, never proof.
 *
 * Neighbours of each AS stand sorted in one typed array, so that half a million edges take about 6 MB and a question
 * is a binary search.
 */

export interface TopologyEdge {
  readonly a: number;
  readonly b: number;
  /** -1: a is a provider of b. 0: peers. */
  readonly relation: -1 | 0;
}

/** What the first AS is to the second: -1 its provider, 0 a peer, 1 its customer. */
export type Relation = -1 | 0 | 1;

export class Topology {
  /** Where the neighbours of an AS begin in the columns; they end where those of the next begin. */
  private readonly begins: ReadonlyMap<number, number>;
  private readonly ends: ReadonlyMap<number, number>;
  private readonly neighbors: Uint32Array;
  /** What the AS is to that neighbour. */
  private readonly relations: Int8Array;

  /** Each pair once: of contradicting lines the first counts. */
  constructor(edges: Iterable<TopologyEdge>) {
    const rows = sortedRows(edges);
    const begins = new Map<number, number>();
    const ends = new Map<number, number>();
    this.neighbors = new Uint32Array(rows.length);
    this.relations = new Int8Array(rows.length);
    let count = 0;
    for (const { from, to, relation } of rows) {
      if (!begins.has(from)) begins.set(from, count);
      else if (this.neighbors[count - 1] === to) continue;
      this.neighbors[count] = to;
      this.relations[count] = relation;
      count += 1;
      ends.set(from, count);
    }
    this.begins = begins;
    this.ends = ends;
  }

  /** ASes with at least one known neighbour. */
  get size(): number {
    return this.begins.size;
  }

  /** What `a` is to `b`; undefined when they are not known to be adjacent. */
  relation(a: number, b: number): Relation | undefined {
    let low = this.begins.get(a) ?? 0;
    let high = this.ends.get(a) ?? 0;
    const end = high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.neighbors[middle] ?? 0) < b) low = middle + 1;
      else high = middle;
    }
    return low < end && this.neighbors[low] === b ? (this.relations[low] as Relation) : undefined;
  }

  adjacent(a: number, b: number): boolean {
    return this.relation(a, b) !== undefined;
  }

  /** Ascending; empty when none is known. */
  providersOf(asn: number): readonly number[] {
    return this.neighborsTo(asn, 1);
  }

  customersOf(asn: number): readonly number[] {
    return this.neighborsTo(asn, -1);
  }

  /** Neighbours to which the AS is that. */
  private neighborsTo(asn: number, relation: Relation): readonly number[] {
    const found: number[] = [];
    for (let at = this.begins.get(asn) ?? 0; at < (this.ends.get(asn) ?? 0); at += 1) {
      if (this.relations[at] === relation) found.push(this.neighbors[at] ?? 0);
    }
    return found;
  }
}

interface Row {
  readonly from: number;
  readonly to: number;
  readonly relation: Relation;
}

/** Both directions of every edge by (from, to); the sort is stable, so the first line of a pair stays first. */
function sortedRows(edges: Iterable<TopologyEdge>): readonly Row[] {
  const rows: Row[] = [];
  for (const { a, b, relation } of edges) {
    if (a === b) continue;
    rows.push({ from: a, to: b, relation });
    rows.push({ from: b, to: a, relation: relation === 0 ? 0 : 1 });
  }
  return rows.sort((x, y) => x.from - y.from || x.to - y.to);
}
