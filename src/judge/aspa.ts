/**
 * AS path verification with ASPA objects (draft-ietf-sidrops-aspa-verification §5 and §6). An AS attests who its
 * providers are; a path that goes down to a customer and up again contradicts such attestations. A collector's peer
 * exports to it as to a customer, so judging asks the downstream procedure.
 */
import { type AsPath, withoutPrepending } from '../bgp/as-path.ts';
import type { Aspa } from '../bgp/vrp.ts';
import type { Relation } from './topology.ts';
import { attributeLeak } from './valley.ts';

/** Who an AS says its providers are; undefined when it says nothing. */
export type ProvidersOf = (customer: number) => ReadonlySet<number> | undefined;

/** What one customer attests: each object with its end, and the union of those that hold. */
interface Attested {
  readonly parts: { readonly providers: readonly number[]; readonly untilMs: number }[];
  /** Of the parts that hold until `validMs`; made again when that has passed, or time went back. */
  union: ReadonlySet<number> | undefined;
  fromMs: number;
  validMs: number;
}

/** Every validated ASPA; several of one customer are united, as the draft asks. What is past its end counts for nothing. */
export class AspaTable {
  private readonly attested = new Map<number, Attested>();

  constructor(aspas: Iterable<Aspa> = []) {
    for (const aspa of aspas) this.add(aspa);
  }

  add({ customer, providers, untilSeconds = 0 }: Aspa): void {
    const untilMs = untilSeconds === 0 ? Number.POSITIVE_INFINITY : untilSeconds * 1_000;
    const known = this.attested.get(customer);
    const parts = known?.parts ?? [];
    parts.push({ providers, untilMs });
    this.attested.set(customer, { parts, union: undefined, fromMs: Number.POSITIVE_INFINITY, validMs: 0 });
  }

  /** Customers that attest. */
  get size(): number {
    return this.attested.size;
  }

  /** At this time, ms; without one whatever is listed counts. */
  providersOf(customer: number, nowMs = Number.NEGATIVE_INFINITY): ReadonlySet<number> | undefined {
    const known = this.attested.get(customer);
    if (known === undefined) return undefined;
    if (nowMs < known.fromMs || nowMs >= known.validMs) unite(known, nowMs);
    return known.union;
  }

  /** When what the customer attests changes next by itself, ms; Infinity: never. */
  nextEndMs(customer: number, nowMs: number): number {
    const ends = this.attested.get(customer)?.parts.map(({ untilMs }) => untilMs) ?? [];
    return Math.min(Number.POSITIVE_INFINITY, ...ends.filter((untilMs) => untilMs > nowMs));
  }

  /** Every object that was added, those of one customer together. */
  *rows(): Generator<Required<Aspa>> {
    for (const [customer, { parts }] of this.attested)
      for (const { providers, untilMs } of parts)
        yield { customer, providers, untilSeconds: Number.isFinite(untilMs) ? untilMs / 1_000 : 0 };
  }

  all(): readonly Aspa[] {
    return [...this.attested].flatMap(([customer]) => {
      const providers = this.providersOf(customer);
      return providers === undefined ? [] : [{ customer, providers: [...providers] }];
    });
  }
}

function unite(attested: Attested, nowMs: number): void {
  const holding = attested.parts.filter(({ untilMs }) => untilMs > nowMs);
  attested.union = holding.length === 0 ? undefined : new Set(holding.flatMap(({ providers }) => providers));
  attested.fromMs = nowMs;
  attested.validMs = Math.min(Number.POSITIVE_INFINITY, ...holding.map(({ untilMs }) => untilMs));
}

/**
 * What is published, with the declared `upstreams` of a watch entry as the attestation of its origin. What the operator
 * declares replaces what is published: it is nearer to the truth, and only about the operator's own AS.
 */
export function withDeclaredUpstreams(
  published: ProvidersOf | undefined,
  origin: number,
  upstreams: readonly number[],
): ProvidersOf {
  const declared = new Set(upstreams);
  return (customer) => (customer === origin ? declared : published?.(customer));
}

/** An attestation that the path contradicts: `customer` names its providers and `other` is none of them. */
export interface Contradiction {
  readonly customer: number;
  readonly other: number;
}

export interface PathVerification {
  readonly result: 'valid' | 'invalid' | 'unknown';
  /** The AS that passed the route on against the rule; undefined unless invalid, and for a path with an AS_SET. */
  readonly leaker: number | undefined;
  /** What makes it invalid: first where the climb from the origin ends, then where the descent begins. */
  readonly contradictions: readonly Contradiction[];
}

type Hop = 'provider' | 'not-provider' | 'no-attestation';

const VALID: PathVerification = { result: 'valid', leaker: undefined, contradictions: [] };
const UNKNOWN: PathVerification = { result: 'unknown', leaker: undefined, contradictions: [] };
/** An AS_SET hides who gave the route to whom: invalid by the draft, but nobody to name. */
const INVALID_SET: PathVerification = { result: 'invalid', leaker: undefined, contradictions: [] };

/** The draft's hop check: is `other` an attested provider of `customer`? */
function hopOf(providersOf: ProvidersOf, customer: number, other: number): Hop {
  const providers = providersOf(customer);
  if (providers === undefined) return 'no-attestation';
  return providers.has(other) ? 'provider' : 'not-provider';
}

/** From the origin to the vantage point, prepending collapsed; undefined when a set stands in it. */
function travelled(path: AsPath): readonly number[] | undefined {
  const hops = withoutPrepending(path).filter((element) => typeof element === 'number');
  return path.every((element) => typeof element === 'number') ? hops.toReversed() : undefined;
}

/** For a route received from a customer or a lateral peer: every hop has to climb. */
export function verifyUpstream(path: AsPath, providersOf: ProvidersOf): PathVerification {
  const asns = travelled(path);
  if (asns === undefined) return INVALID_SET;
  const hops = asns.slice(1).map((asn, index) => hopOf(providersOf, asns[index] ?? 0, asn));
  const wrong = hops.indexOf('not-provider');
  if (wrong >= 0) {
    const [customer, other] = [asns[wrong] ?? 0, asns[wrong + 1] ?? 0];
    return { result: 'invalid', leaker: other, contradictions: [{ customer, other }] };
  }
  return asns.length === 0 || hops.includes('no-attestation') ? UNKNOWN : VALID;
}

/**
 * For a route received from a provider: a climb from the origin, at most one step sideways, a descent. Invalid when
 * climb and descent, each as long as the attestations allow at most, do not meet.
 */
export function verifyDownstream(path: AsPath, providersOf: ProvidersOf): PathVerification {
  const asns = travelled(path);
  if (asns === undefined) return INVALID_SET;
  if (asns.length === 0) return UNKNOWN;
  if (asns.length <= 2) return VALID;
  const fromTop = asns.toReversed();
  const maxUp = rampOf(asns, providersOf, false);
  const maxDown = rampOf(fromTop, providersOf, false);
  if (maxUp + maxDown < asns.length) return invalid(asns, providersOf, maxUp, asns.length - maxDown);
  const minUp = rampOf(asns, providersOf, true);
  const minDown = rampOf(fromTop, providersOf, true);
  return minUp + minDown < asns.length ? UNKNOWN : VALID;
}

/** ASes of the ramp that begins with the first; `strict` ends it at a hop without attestation too. */
function rampOf(asns: readonly number[], providersOf: ProvidersOf, strict: boolean): number {
  for (let at = 0; at + 1 < asns.length; at += 1) {
    const hop = hopOf(providersOf, asns[at] ?? 0, asns[at + 1] ?? 0);
    if (hop === 'not-provider' || (strict && hop === 'no-attestation')) return at + 1;
  }
  return asns.length;
}

/** `climbed` ASes went up; the descent begins with the AS at `descent`, counted from the origin as 0. */
function invalid(
  asns: readonly number[],
  providersOf: ProvidersOf,
  climbed: number,
  descent: number,
): PathVerification {
  const relation = (a: number, b: number): Relation | undefined => {
    const upwards = hopOf(providersOf, b, a);
    if (upwards === 'provider') return -1;
    if (hopOf(providersOf, a, b) === 'provider') return 1;
    return upwards === 'not-provider' ? 0 : undefined;
  };
  const { leaker } = attributeLeak(asns.slice(climbed - 1, descent + 1), relation);
  const contradictions = [
    { customer: asns[climbed - 1] ?? 0, other: asns[climbed] ?? 0 },
    { customer: asns[descent] ?? 0, other: asns[descent - 1] ?? 0 },
  ];
  return { result: 'invalid', leaker, contradictions };
}
