/**
 * Valleys: a route that went down to a customer and up again (Gao–Rexford; RFC 7908 types 1 to 4). Called by the kind
 * `route-leak`; ASPA (`aspa.ts`) answers the same question from signed objects and shares the attribution.
 *
 * A tier-1 AS has no provider, so whoever stands between two of them passed a provider's or peer's route on to a
 * provider or peer. With one AS between, that is the leaker. With several, the leaker is the first, in the direction
 * in which the route travelled, whose onward export is not known to have gone to its own customer: exporting downwards
 * is always fine, and the first that did not do so broke the rule. Where nothing is known of the relations, that is
 * the AS that had the route from the tier-1 nearer to the origin.
 */
import { type AsPath, withoutPrepending } from '../bgp/as-path.ts';
import type { Relation } from './topology.ts';

/** What is known of the relations between ASes: a is to b a provider (-1), peer (0) or customer (1). */
export interface KnownRelations {
  relation(a: number, b: number): Relation | undefined;
}

export interface Valley {
  /** Who passed the route on against the rule. */
  readonly leaker: number;
  /** From whom the leaker had it, and to whom it gave it. */
  readonly from: number;
  readonly to: number;
  /** The tier-1 ASes on both sides, or in a valley by relations the same as `to` and `from`. */
  readonly left: number;
  readonly right: number;
  /** What stands between them, from left to right, at least one AS. */
  readonly between: readonly number[];
}

/**
 * ASes run by a tier-1 beside its main number: on a path they are that tier-1, not somebody between two.
 * Verizon (UUNET), Lumen (Qwest, Global Crossing), GTT (nLayer, KPN), Cogent (Sprint), AT&T.
 */
const RUN_BY: ReadonlyMap<number, number> = new Map([
  [702, 701],
  [703, 701],
  [3549, 3356],
  [209, 3356],
  [4436, 3257],
  [286, 3257],
  [1239, 174],
  [7132, 7018],
]);

/**
 * The valley between two different tier-1 ASes that is nearest to the origin: the leak that came first.
 * AS_SETs on the path have no order and are passed over.
 */
export function findValley(
  path: AsPath,
  tier1: ReadonlySet<number>,
  topology?: KnownRelations,
): Valley | undefined {
  const asns = singleAsns(path);
  let right = asns.length;
  for (let at = asns.length - 1; at >= 0; at -= 1) {
    const asn = asns[at] ?? 0;
    if (!tier1.has(asn)) continue;
    if (right < asns.length) {
      const found = valleyBetween(asns.slice(at, right + 1), tier1, topology);
      if (found !== undefined) return found;
    }
    right = at;
  }
  return undefined;
}

/** `span` runs from one tier-1 to the next. */
function valleyBetween(
  span: readonly number[],
  tier1: ReadonlySet<number>,
  topology: KnownRelations | undefined,
): Valley | undefined {
  const left = span[0] ?? 0;
  const right = span.at(-1) ?? 0;
  const between = span.slice(1, -1).filter((asn) => !tier1.has(RUN_BY.get(asn) ?? asn));
  if (left === right || between.length === 0) return undefined;
  const relation = (a: number, b: number): Relation | undefined =>
    tier1.has(b) ? 0 : topology?.relation(a, b);
  return { ...attributeLeak([right, ...between.toReversed(), left], relation), left, right, between };
}

/**
 * A valley by the operator's topology file alone: an AS that had the route from a provider or peer and gave it to a
 * provider or peer. Such files are inferred and age, so this is evidence rather than a verdict; a tier-1 AS is not
 * accused by it, because there a customer listed as a peer is the likelier mistake.
 */
export function findTopologyValley(
  path: AsPath,
  topology: KnownRelations,
  tier1: ReadonlySet<number>,
): Valley | undefined {
  const asns = singleAsns(path);
  for (let at = asns.length - 2; at > 0; at -= 1) {
    const [to, leaker, from] = [asns[at - 1] ?? 0, asns[at] ?? 0, asns[at + 1] ?? 0];
    if (tier1.has(leaker)) continue;
    const received = topology.relation(from, leaker);
    const given = topology.relation(leaker, to);
    if ((given === 0 || given === 1) && (received === -1 || received === 0)) {
      return { leaker, from, to, left: to, right: from, between: [leaker] };
    }
  }
  return undefined;
}

/**
 * Who leaked along `chain`, ASes in the direction of travel: the first gave the route to one that is not its
 * provider, the last took it from one that is not its provider. `relation(a, b)` is what a is to b, where known.
 */
export function attributeLeak(
  chain: readonly number[],
  relation: (a: number, b: number) => Relation | undefined,
): { readonly leaker: number; readonly from: number; readonly to: number } {
  const last = chain.length - 2;
  for (let at = 1; at <= last; at += 1) {
    const [from, leaker, to] = [chain[at - 1] ?? 0, chain[at] ?? 0, chain[at + 1] ?? 0];
    if (at === last || relation(leaker, to) !== -1) return { leaker, from, to };
  }
  return { leaker: chain[1] ?? 0, from: chain[0] ?? 0, to: chain[2] ?? 0 };
}

/** Numbers only, prepending collapsed. */
function singleAsns(path: AsPath): readonly number[] {
  const numbers = path.filter((element) => typeof element === 'number');
  return withoutPrepending(numbers).filter((element) => typeof element === 'number');
}
