/**
 * The contract of a kind: one file, one detector, one line in `index.ts`. A detector answers for one announced
 * route against one watched entry; it reads the world and changes nothing.
 */

import { withoutPrepending } from '../../bgp/as-path.ts';
import { AS_TRANS, isUnroutableAsn } from '../../bgp/asn.ts';
import type { Expectation, Route, Row, Watched } from '../finding.ts';
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

export interface Detector {
  readonly kind: Kind;
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
 * The AS that acted, for a foreign origin: the lowest foreign member; behind a private tail the first public AS
 * to its left; a tail that is private throughout is itself the offender (detection.md §1).
 */
export function actorOf(question: Question): number {
  const [lowest] = foreignOrigins(question);
  const origin = lowest ?? question.route.origins[0] ?? 0;
  if (question.route.isSet || !isUnroutableAsn(origin)) return origin;
  const path = withoutPrepending(question.route.path);
  for (let index = path.length - 2; index >= 0; index -= 1) {
    const element = path[index];
    if (typeof element !== 'number') break;
    if (!isUnroutableAsn(element)) return element;
  }
  return origin;
}

/** The greatest number of a prepend slip: `prepend 3` typed as an AS number (`… 7625 3`). */
const PREPEND_SLIP_MAX = 64;

/**
 * An expected origin that made a slip of its own: it stands directly before a tiny, private or reserved last AS;
 * or AS_TRANS stands where the expected origin needs four bytes. Returns the expected origin.
 */
export function slippingOrigin(question: Question): number | undefined {
  const { route, expectation } = question;
  const [origin] = route.origins;
  if (origin === undefined || route.isSet || expectation.origins.includes(origin)) return undefined;
  if (origin === AS_TRANS) return expectation.origins.find((expected) => expected > 65_535);
  if (origin > PREPEND_SLIP_MAX && !isUnroutableAsn(origin)) return undefined;
  const before = withoutPrepending(route.path).at(-2);
  return typeof before === 'number' && expectation.origins.includes(before) ? before : undefined;
}
