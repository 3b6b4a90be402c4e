/**
 * Who carries an offending route: (vantage point, path identifier) → carrier, in the order in which they came. Most routes
 * of a large incident have one carrier, and a map for one entry costs more than the carrier itself. A vantage point with
 * several paths (RFC 7911) sees the route while any of them does, and counts once.
 */
import type { AsPath } from '../bgp/as-path.ts';
import type { Finding } from '../judge/finding.ts';

/** One vantage point that carries an offending route. */
export interface Carrier {
  readonly vantagePoint: number;
  /** 0 where the session has one path for each prefix. */
  readonly pathId: number;
  readonly path: AsPath;
  readonly peerAsn: number;
  readonly finding: Finding;
  /** The collector's stamp is impossible. */
  readonly hasBadClock: boolean;
  /** 0 known; 1 a gap of the feed lies between; 2 its session went down since. */
  doubt: 0 | 1 | 2;
}

export class Carriers {
  /** The only one; undefined when there is none, or `more` holds them. */
  only: Carrier | undefined = undefined;
  private more: Map<number, Carrier> | undefined = undefined;
  /** Vantage point → how many of the carriers are its; only once one has a path identifier. */
  private counts: Map<number, number> | undefined = undefined;

  get size(): number {
    return this.more?.size ?? (this.only === undefined ? 0 : 1);
  }

  /** Distinct vantage points. */
  get points(): number {
    return this.counts?.size ?? this.size;
  }

  get(vantagePoint: number, pathId = 0): Carrier | undefined {
    if (this.more !== undefined) return this.more.get(keyOf(vantagePoint, pathId));
    const { only } = this;
    return only?.vantagePoint === vantagePoint && only.pathId === pathId ? only : undefined;
  }

  /** Puts it in, in place of the earlier one of its vantage point and path identifier. Returns that one. */
  set(carrier: Carrier): Carrier | undefined {
    const before = this.get(carrier.vantagePoint, carrier.pathId);
    if (before === undefined) this.count(carrier, 1);
    if (this.more === undefined) {
      if (this.only === undefined || before !== undefined) {
        this.only = carrier;
        return before;
      }
      this.more = new Map([[keyOf(this.only.vantagePoint, this.only.pathId), this.only]]);
      this.only = undefined;
    }
    this.more.set(keyOf(carrier.vantagePoint, carrier.pathId), carrier);
    return before;
  }

  delete(vantagePoint: number, pathId = 0): boolean {
    const before = this.get(vantagePoint, pathId);
    if (before === undefined) return false;
    if (this.more === undefined) this.only = undefined;
    else this.more.delete(keyOf(vantagePoint, pathId));
    this.count(before, -1);
    return true;
  }

  private count({ vantagePoint, pathId }: Carrier, step: 1 | -1): void {
    if (this.counts === undefined) {
      if (pathId === 0) return;
      // Until now each carrier had a vantage point of its own.
      this.counts = new Map(Array.from(this.values(), (carrier) => [carrier.vantagePoint, 1]));
    }
    const next = (this.counts.get(vantagePoint) ?? 0) + step;
    if (next <= 0) this.counts.delete(vantagePoint);
    else this.counts.set(vantagePoint, next);
  }

  clear(): void {
    this.only = undefined;
    this.more = undefined;
    this.counts = undefined;
  }

  values(): Iterable<Carrier> {
    if (this.more !== undefined) return this.more.values();
    return this.only === undefined ? NOBODY : [this.only];
  }

  /** How many vantage points have a carrier that is meant. */
  pointsWhere(isMeant: (carrier: Carrier) => boolean): number {
    if (this.only !== undefined) return isMeant(this.only) ? 1 : 0;
    let count = 0;
    const counted = this.counts === undefined ? undefined : new Set<number>();
    for (const carrier of this.values()) {
      if (counted?.has(carrier.vantagePoint) === true || !isMeant(carrier)) continue;
      counted?.add(carrier.vantagePoint);
      count += 1;
    }
    return count;
  }
}

/** Numbers of vantage points stay far below 2²¹, so that a key is a whole number below 2⁵³. */
const POINTS_MAX = 2_097_152;

function keyOf(vantagePoint: number, pathId: number): number {
  return pathId * POINTS_MAX + vantagePoint;
}

const NOBODY: readonly Carrier[] = [];
