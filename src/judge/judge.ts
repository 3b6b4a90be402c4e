/**
 * One announced route → what is wrong with it. The match before it decides *whose* entry it is; here it is decided
 * *what* it is. `trace` tells each decision for `explain`, from the very same run.
 */

import type { AsPath } from '../bgp/as-path.ts';
import { endsInSet, neighborsOf, originsOf } from '../bgp/as-path.ts';
import { covers, type Prefix } from '../bgp/prefix.ts';
import type { Community } from '../bgp/update.ts';
import { commonRows } from './evidence.ts';
import { expectationOf } from './expectation.ts';
import type { Expectation, Finding, Route, Row, Watched } from './finding.ts';
import { actorOf, foreignOrigins, type Question, relayOf, type Verdict } from './kinds/detector.ts';
import { ROUTE_KINDS } from './kinds/index.ts';
import type { Kind } from './vocabulary.ts';
import type { World } from './world.ts';

/** Shortest covering prefix that is judged: a default route or a /7 covers everybody and nobody. */
export const COVERING_LENGTH_MIN = { 4: 8, 6: 16 } as const;

/** What the judge says of one route, with the reasoning. */
export interface Judgement {
  readonly expectation: Expectation;
  readonly finding: Finding | undefined;
}

/** Takes a route apart. Undefined when the path has no origin (empty path, empty AS_SET): nothing can be judged. */
export function routeOf(
  prefix: Prefix,
  path: AsPath,
  communities: readonly Community[],
  from: { readonly vantagePoint: number; readonly peerAsn: number },
): Route | undefined {
  const origins = originsOf(path);
  if (origins.length === 0) return undefined;
  const neighbors = neighborsOf(path);
  const neighbor = neighbors.length === 1 ? neighbors[0] : undefined;
  return { prefix, path, origins, isSet: endsInSet(path), neighbor, neighbors, communities, ...from };
}

/** Judges a route against the entry that covers it. */
export function judgeCovered(route: Route, watched: Watched, world: World): Judgement {
  const question: Question = {
    route,
    watched,
    expectation: expectationOf(watched, route.prefix, world),
    world,
  };
  const [first, ...others] = heldBy(question);
  if (first === undefined) return { expectation: question.expectation, finding: undefined };
  return {
    expectation: question.expectation,
    finding: findingOf(question, first.kind, first.verdict, others),
  };
}

interface Held {
  readonly kind: Kind;
  readonly verdict: Verdict;
}

/** Every kind that holds, in the order of kinds; a slip of the expected origin itself explains the odd origin and goes first. */
function heldBy(question: Question): readonly Held[] {
  const held = ROUTE_KINDS.flatMap(({ kind, detect }) => {
    const verdict = detect(question);
    return verdict === undefined ? [] : [{ kind, verdict }];
  });
  const isSlip = ({ kind }: Held): boolean => kind === 'misconfiguration';
  return [...held.filter(isSlip), ...held.filter((one) => !isSlip(one))];
}

function findingOf(question: Question, kind: Kind, verdict: Verdict, others: readonly Held[]): Finding {
  const own: Row = {
    code: kind,
    weight: verdict.weight,
    source: sourceOf(question, kind),
    facts: verdict.facts,
  };
  const also = others.map(
    (other): Row => ({
      code: other.kind,
      weight: 0,
      source: sourceOf(question, other.kind),
      facts: other.verdict.facts,
    }),
  );
  const relay = kind === 'misconfiguration' ? undefined : relayOf(question);
  return {
    kind,
    taxonomy: verdict.taxonomy,
    watched: question.watched,
    offender: verdict.offender,
    expectedOrigins: question.expectation.origins,
    originAs: question.route.origins,
    rows: [own, ...verdict.extra, ...commonRows(question, kind, verdict.offender), ...also],
    ...(relay === undefined ? {} : { relay }),
  };
}

function sourceOf(question: Question, kind: Kind): string {
  if (kind === 'rpki-invalid') return 'rpki';
  return question.expectation.state === 'declared' || question.expectation.state === 'none'
    ? 'watchlist'
    : 'baseline';
}

/**
 * `unexpected-origination`: a watched AS originates what neither the watchlist nor its baseline knows. What else is
 * wrong with such a route (a false neighbour, a leak, our own ROAs) comes before it in the order of kinds.
 */
export function judgeOrigination(
  route: Route,
  watched: Watched,
  asn: number,
  world: World,
): Finding | undefined {
  const known = world.baseline.sourceOf(route.prefix, asn);
  if (known !== undefined && known !== 'rejected') return undefined;
  const { upstreams } = watched.entry;
  const expectation: Expectation = {
    state: 'learned',
    origins: [asn],
    maxLengthOf: () => route.prefix.length,
    neighborsOf: () =>
      upstreams === undefined ? undefined : { allowed: new Set(upstreams), isDeclared: true },
  };
  const question: Question = { route, watched, expectation, world };
  const itself: Verdict = {
    taxonomy: null,
    offender: asn,
    weight: world.weights['unexpected-origination'],
    facts: [asn, route.prefix.text],
    extra: [],
  };
  const own: Held = { kind: 'unexpected-origination', verdict: itself };
  const held = route.isSet ? [] : heldBy(question);
  const [first = own, ...others] = [...held, own];
  return findingOf(question, first.kind, first.verdict, others);
}

/**
 * `covering-prefix`: less specific than a watched prefix, by an origin that is not expected there and that the
 * baseline does not know for it. It weighs when the watched prefix is gone: traffic then follows it.
 */
export function judgeCovering(route: Route, watched: Watched, world: World): Finding | undefined {
  if (route.prefix.length < COVERING_LENGTH_MIN[route.prefix.family] || !covers(route.prefix, watched.prefix))
    return undefined;
  const expectation = expectationOf(watched, watched.prefix, world);
  const question: Question = { route, watched, expectation, world };
  if (expectation.state === 'unknown' || foreignOrigins(question).length === 0) return undefined;
  const known = route.origins.every((origin) => isRemembered(world, route.prefix, origin));
  if (known) return undefined;
  const exposed = world.isWithdrawn(watched.prefix);
  const extra: Row[] = exposed
    ? [{ code: 'exposed', weight: world.weights.exposed, source: 'rib', facts: [watched.prefix.text] }]
    : [];
  const verdict: Verdict = {
    taxonomy: null,
    offender: actorOf(question),
    weight: world.weights['covering-prefix'],
    facts: [route.prefix.text, watched.prefix.text],
    extra,
  };
  return findingOf(question, 'covering-prefix', verdict, []);
}

function isRemembered(world: World, prefix: Prefix, origin: number): boolean {
  const source = world.baseline.sourceOf(prefix, origin);
  return source === 'learned' || source === 'snapshot' || source === 'operator' || source === 'config';
}
