/** path-policy: the entry's `path` rules are broken. Offender: the AS that breaks the rule where one stands out, else the origin. */

import type { AsPath } from '../../bgp/as-path.ts';
import { formatAsPath } from '../../bgp/as-path.ts';
import type { Route } from '../finding.ts';
import type { Detector, Question, Verdict } from './detector.ts';

export const pathPolicy: Detector = { kind: 'path-policy', plain: 'entry', detect: detectPathPolicy };

function detectPathPolicy(question: Question): Verdict | undefined {
  const { route, watched, world } = question;
  const rules = watched.entry.path;
  if (rules === undefined) return undefined;
  const broken = (rule: string, pattern: string | number, offender: number): Verdict => ({
    taxonomy: null,
    offender,
    weight: world.weights['path-policy'],
    facts: [rule, pattern, formatAsPath(route.path)],
    extra: [],
  });
  const origin = route.origins[0] ?? 0;
  if (rules.mustNotMatch !== undefined && world.pathMatches(rules.mustNotMatch, route.path)) {
    return broken(
      'mustNotMatch',
      rules.mustNotMatch,
      forbiddenAs(route, rules.mustNotMatch, world.pathMatches) ?? origin,
    );
  }
  if (rules.mustMatch !== undefined && !world.pathMatches(rules.mustMatch, route.path)) {
    return broken('mustMatch', rules.mustMatch, origin);
  }
  if (rules.maxLength !== undefined && route.path.length > rules.maxLength)
    return broken('maxLength', rules.maxLength, origin);
  return undefined;
}

/**
 * The AS whose absence would have kept the rule: the one that, taken out of the path, makes the forbidden pattern
 * fail. Undefined when there is none or more than one: then nobody stands out.
 */
function forbiddenAs(
  route: Route,
  pattern: string,
  matches: (pattern: string, path: AsPath) => boolean,
): number | undefined {
  const singles = new Set(route.path.filter((element) => typeof element === 'number'));
  const guilty = [...singles].filter(
    (asn) =>
      !matches(
        pattern,
        route.path.filter((element) => element !== asn),
      ),
  );
  return guilty.length === 1 ? guilty[0] : undefined;
}
