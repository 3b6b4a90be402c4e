/**
 * Who carries an offending route: vantage point → carrier, in the order in which they came. Most routes of a large
 * incident have one carrier, and a map for one entry costs more than the carrier itself.
 */
import type { AsPath } from '../bgp/as-path.ts';
import type { Finding } from '../judge/finding.ts';

/** One vantage point that carries an offending route. */
export interface Carrier {
  readonly vantagePoint: number;
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

  get size(): number {
    return this.more?.size ?? (this.only === undefined ? 0 : 1);
  }

  get(vantagePoint: number): Carrier | undefined {
    if (this.more !== undefined) return this.more.get(vantagePoint);
    return this.only?.vantagePoint === vantagePoint ? this.only : undefined;
  }

  /** Puts it in, in place of the earlier one of its vantage point. Returns that one. */
  set(carrier: Carrier): Carrier | undefined {
    const before = this.get(carrier.vantagePoint);
    if (this.more === undefined) {
      if (this.only === undefined || before !== undefined) {
        this.only = carrier;
        return before;
      }
      this.more = new Map([[this.only.vantagePoint, this.only]]);
      this.only = undefined;
    }
    this.more.set(carrier.vantagePoint, carrier);
    return before;
  }

  delete(vantagePoint: number): boolean {
    if (this.more !== undefined) return this.more.delete(vantagePoint);
    if (this.only?.vantagePoint !== vantagePoint) return false;
    this.only = undefined;
    return true;
  }

  clear(): void {
    this.only = undefined;
    this.more = undefined;
  }

  values(): Iterable<Carrier> {
    if (this.more !== undefined) return this.more.values();
    return this.only === undefined ? NOBODY : [this.only];
  }
}

const NOBODY: readonly Carrier[] = [];
