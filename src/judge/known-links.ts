/**
 * Known links: pairs of ASes that stood next to each other on conforming paths, in the topology file or in the
 * baseline. An offending path never teaches: else an attacker buys innocence by prepending the victim
 * (detection.md §3). A link is kept once seen, whatever becomes of the route that showed it.
 */
import type { AsPath } from '../bgp/as-path.ts';

/** Links kept at most; the first ones stay. Crossing it is counted in `refused`. */
const LINKS_MAX = 1_000_000;

export class KnownLinks {
  private readonly neighbors = new Map<number, Set<number>>();
  private count = 0;
  refused = 0;

  /** Learns every link of a conforming path; returns those that are new, as `a-b` with a < b. */
  learnPath(path: AsPath): string[] {
    const fresh: string[] = [];
    for (let index = 1; index < path.length; index += 1) {
      const left = path[index - 1];
      const right = path[index];
      if (typeof left !== 'number' || typeof right !== 'number' || left === right) continue;
      if (this.learn(left, right)) fresh.push(left < right ? `${left}-${right}` : `${right}-${left}`);
    }
    return fresh;
  }

  /** True when the link was not known before. */
  learn(a: number, b: number): boolean {
    if (this.has(a, b)) return false;
    if (this.count >= LINKS_MAX) {
      this.refused += 1;
      return false;
    }
    this.count += 1;
    this.side(a).add(b);
    this.side(b).add(a);
    return true;
  }

  /** In either direction. */
  has(a: number, b: number): boolean {
    return this.neighbors.get(a)?.has(b) ?? false;
  }

  private side(asn: number): Set<number> {
    const known = this.neighbors.get(asn);
    if (known !== undefined) return known;
    const made = new Set<number>();
    this.neighbors.set(asn, made);
    return made;
  }
}
