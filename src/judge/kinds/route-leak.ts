/**
 * route-leak: the path has a valley (RFC 7908): two tier-1 ASes with another AS between them, or ASPA says invalid
 * by the downstream procedure. Declared `upstreams` serve as a private ASPA of the watched origin.
 */

import { verifyDownstream } from '../aspa.ts';
import { upstreamsOf } from '../expectation.ts';
import { findValley } from '../valley.ts';
import { type Detector, isExpected, type Question, type Verdict } from './detector.ts';

export const routeLeak: Detector = { kind: 'route-leak', plain: 'path', detect: detectRouteLeak };

function detectRouteLeak(question: Question): Verdict | undefined {
  const { route, world } = question;
  const weight = world.weights['route-leak'];
  const valley = findValley(route.path, world.tier1, world.topology);
  if (valley !== undefined) {
    return {
      taxonomy: null,
      offender: valley.leaker,
      weight,
      facts: ['valley', valley.leaker, valley.from, valley.to],
      extra: [],
    };
  }
  const outcome = verifyDownstream(route.path, (customer) => providersFor(question, customer));
  if (outcome.result !== 'invalid' || outcome.leaker === undefined) return undefined;
  return {
    taxonomy: null,
    offender: outcome.leaker,
    weight,
    facts: ['aspa', outcome.leaker, 0, 0],
    extra: [],
  };
}

/** Published ASPAs, and the entry's own `upstreams` for its expected origins. */
function providersFor(question: Question, customer: number): ReadonlySet<number> | undefined {
  if (isExpected(question) && question.expectation.origins.includes(customer)) {
    const upstreams = upstreamsOf(question.watched, customer, question.world);
    if (upstreams !== undefined) return new Set([...upstreams, ...question.expectation.origins]);
  }
  return question.world.rpki?.providersOf(customer);
}
