/**
 * The contract of a kind: one file, one detector, one line in `index.ts`. A detector answers for one announced
 * route against one watched entry; it reads the world and changes nothing.
 */

import { type AsPath, neighborsOf, returnsOnPath, withoutPrepending } from '../../bgp/as-path.ts';
import { AS_TRANS, isUnroutableAsn } from '../../bgp/asn.ts';
import type { Expectation, Relay, Route, Row, Watched } from '../finding.ts';
import { isFirmLink } from '../links/firm-links.ts';
import type { Kind } from '../vocabulary.ts';
import type { World } from '../world.ts';

export interface Question {
  readonly route: Route;
  readonly watched: Watched;
  readonly expectation: Expectation;
  readonly world: World;
}

export interface Verdict {
  readonly taxonomy: string | null;
  readonly offender: number;
  /** Starting weight of the kind here. */
  readonly weight: number;
  /** For the words of the kind's own row. */
  readonly facts: readonly (string | number)[];
  /** Rows that belong to this kind alone (`unexpected-length`, `strange-transit`, …). */
  readonly extra: readonly Row[];
}

/**
 * Why the fast path (`engine/fast/plain-judge.ts`) may accept a route without asking this kind. `origin-and-neighbor`: it depends on prefix, origin and
 * neighbour alone; `path`: further on tier-1 ASes and ASPAs of the path; `entry`: on rules that only entries have which are refused.
 */
export type PlainProof = 'origin-and-neighbor' | 'path' | 'entry';

export interface Detector {
  readonly kind: Kind;
  /** Absent: nothing is proven, and while such a kind is in the list every route of ours goes the slow path. */
  readonly plain?: PlainProof;
  readonly detect: (question: Question) => Verdict | undefined;
}

/** Origins of the route that nobody expects here; ascending. */
export function foreignOrigins(question: Question): readonly number[] {
  const { route, expectation } = question;
  if (expectation.state === 'unknown') return [];
  return route.origins.filter((origin) => !expectation.origins.includes(origin));
}

/** True when every origin of the route is an expected one. */
export function isExpected(question: Question): boolean {
  return question.expectation.state !== 'unknown' && foreignOrigins(question).length === 0;
}

/**
 * The AS that acted, for a foreign origin: the lowest foreign member of a set. Behind a private tail, or AS_TRANS, the first AS to its left that is
 * public and no expected origin: whoever made the tail could put the victim into it. A tail that is private throughout is itself the offender.
 */
export function actorOf(question: Question): number {
  const { route, expectation } = question;
  const [lowest] = foreignOrigins(question);
  const origin = lowest ?? route.origins[0] ?? 0;
  if (route.isSet || !isNobodys(origin)) return origin;
  const left = withoutPrepending(route.path).slice(0, -1).reverse();
  const isActor = (asn: number): boolean => !isNobodys(asn) && !expectation.origins.includes(asn);
  for (const element of left) {
    const members = typeof element === 'number' ? [element] : [...element].sort((a, b) => a - b);
    const actor = members.find(isActor);
    if (actor !== undefined) return actor;
  }
  const { peerAsn } = route;
  const isVictims = left.some(
    (element) => typeof element === 'number' && expectation.origins.includes(element),
  );
  return isVictims && peerAsn !== 0 && isActor(peerAsn) ? peerAsn : origin;
}

/** A number that stands for nobody: private, reserved, or AS_TRANS. */
function isNobodys(asn: number): boolean {
  return asn === AS_TRANS || isUnroutableAsn(asn);
}

/** The greatest number of a prepend slip: `prepend 3` typed as an AS number (`… 7625 3`). */
const PREPEND_SLIP_MAX = 64;

/**
 * An expected origin that made a slip of its own: it stands directly before a tiny, private or reserved last AS; or AS_TRANS stands where the
 * expected origin needs four bytes. The AS before it must be known as its neighbour, else anybody could make the victim its own offender.
 * Returns the expected origin.
 */
export function slippingOrigin(question: Question): number | undefined {
  const { route, expectation } = question;
  const [origin] = route.origins;
  if (origin === undefined || route.isSet || expectation.origins.includes(origin)) return undefined;
  if (origin === AS_TRANS) {
    const wide = expectation.origins.filter((expected) => expected > 65_535);
    return wide.find((expected) => isVouchedFor(question, expected, route.path));
  }
  if (origin > PREPEND_SLIP_MAX && !isUnroutableAsn(origin)) return undefined;
  const path = withoutPrepending(route.path).slice(0, -1);
  const expected = path.at(-1);
  if (typeof expected !== 'number' || !expectation.origins.includes(expected)) return undefined;
  return isVouchedFor(question, expected, path) ? expected : undefined;
}

/**
 * A customer behind the owner: an expected origin stands next to the foreign one on the path, and the AS before it is known as its neighbour.
 */
export function relayOf(question: Question): Relay | undefined {
  const { route, expectation } = question;
  const [origin] = route.origins;
  if (origin === undefined || route.isSet || expectation.origins.includes(origin)) return undefined;
  const path = withoutPrepending(route.path).slice(0, -1);
  const expected = path.at(-1);
  if (typeof expected !== 'number' || !expectation.origins.includes(expected)) return undefined;
  if (!isVouchedFor(question, expected, path)) return undefined;
  return { origin, expected, before: neighborsOf(path)[0] };
}

/** Whoever stands before the expected origin, at the end of this path, is known as its neighbour; or it is the vantage point itself. */
function isVouchedFor(question: Question, expected: number, path: AsPath): boolean {
  const before = neighborsOf(path);
  if (returnsOnPath(question.route.path)) return false;
  if (before.length === 0) return question.route.peerAsn === expected;
  return before.every((asn) => isKnownNeighbor(question, expected, asn));
}

/** Declared as its upstream, or where none are declared learned for good. */
function isKnownNeighbor(
  { route, watched, expectation, world }: Question,
  expected: number,
  asn: number,
): boolean {
  const known = expectation.neighborsOf(expected);
  if (known?.allowed.has(asn) === true) return true;
  if (known?.isDeclared === true) return false;
  const [offender = asn] = route.origins;
  return isFirmLink(world, asn, expected, { prefix: watched.prefix, offender });
}
