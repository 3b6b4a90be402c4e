/**
 * Known links: pairs of ASes that stood next to each other on conforming paths, in the topology file or in the
 * baseline. An offending path never teaches: else an attacker buys innocence by prepending the victim
 * (detection.md §3). A link is kept once seen, whatever becomes of the route that showed it.
 */
import type { AsPath } from '../bgp/as-path.ts';
import { grown, HashCells, mixed } from '../rows/hash-cells.ts';

/** Links kept at most; the first ones stay. Crossing it is counted in `refused`. */
const LINKS_MAX = 1_000_000;
const LINKS_MIN = 64;

export class KnownLinks {
  /** Smaller and greater AS of each link, by its number. */
  private lows = new Int32Array(LINKS_MIN);
  private highs = new Int32Array(LINKS_MIN);
  private readonly index = new HashCells();
  refused = 0;

  /** Learns every link of a conforming path; returns those that are new, as `a-b` with a < b. */
  learnPath(path: AsPath): string[] {
    const fresh: string[] = [];
    for (let index = 1; index < path.length; index += 1) {
      const left = path[index - 1];
      const right = path[index];
      if (typeof left !== 'number' || typeof right !== 'number' || left === right) continue;
      if (this.learn(left, right)) fresh.push(linkName(left, right));
    }
    return fresh;
  }

  /** True when the link was not known before. */
  learn(a: number, b: number): boolean {
    if (this.has(a, b)) return false;
    const link = this.index.size;
    if (link >= LINKS_MAX) {
      this.refused += 1;
      return false;
    }
    if (link === this.lows.length) {
      this.lows = grown(this.lows);
      this.highs = grown(this.highs);
    }
    const low = Math.min(a >>> 0, b >>> 0) | 0;
    const high = Math.max(a >>> 0, b >>> 0) | 0;
    this.lows[link] = low;
    this.highs[link] = high;
    this.index.insert(hashOf(low, high), link);
    return true;
  }

  /** In either direction. Numbers may be signed words. */
  has(a: number, b: number): boolean {
    const low = Math.min(a >>> 0, b >>> 0) | 0;
    const high = Math.max(a >>> 0, b >>> 0) | 0;
    const hash = hashOf(low, high);
    const { index } = this;
    for (let cell = index.start(hash); index.idAt(cell) >= 0; cell = index.after(cell)) {
      const link = index.idAt(cell);
      if (index.hashAt(cell) === hash && this.lows[link] === low && this.highs[link] === high) return true;
    }
    return false;
  }
}

/** As it is remembered: `a-b` with a < b. */
export function linkName(a: number, b: number): string {
  const [left, right] = [a >>> 0, b >>> 0];
  return left < right ? `${left}-${right}` : `${right}-${left}`;
}

function hashOf(low: number, high: number): number {
  return mixed(mixed(0, low), high);
}
