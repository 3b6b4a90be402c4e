/**
 * unexpected-more-specific [S|-]: the origin is ours, the prefix is longer than the entry allows. A transit AS
 * that carries the entry's own prefix nowhere marks an optimizer or an interceptor with an honest tail.
 */
import { asnsOf } from '../../bgp/as-path.ts';
import { ignoresMoreSpecifics } from '../expectation.ts';
import type { Row } from '../finding.ts';
import { type Detector, isExpected, type Question } from './detector.ts';

export const unexpectedMoreSpecific: Detector = {
  kind: 'unexpected-more-specific',
  detect: (question) => {
    const { route, watched, world } = question;
    if (!isExpected(question) || !isTooSpecific(question) || ignoresMoreSpecifics(watched)) return undefined;
    return {
      taxonomy: 'S|-',
      offender: route.origins[0] ?? 0,
      weight: world.weights['unexpected-more-specific'],
      facts: [route.prefix.text, longestAllowed(question)],
      extra: strangeTransit(question),
    };
  },
};

/** True when an expected origin announces something longer than it may. */
export function isTooSpecific(question: Question): boolean {
  return question.route.prefix.length > longestAllowed(question);
}

export function longestAllowed(question: Question): number {
  return Math.max(...question.route.origins.map((origin) => question.expectation.maxLengthOf(origin)));
}

/** An AS on the path, other than the collector's peer, that carries the entry's own prefix at no vantage point. */
function strangeTransit(question: Question): readonly Row[] {
  const { route, watched, world } = question;
  const own = world.rib.at(watched.prefix.text);
  if (own === undefined || own.routes.size === 0) return [];
  const carriers = new Set<number>();
  for (const carried of own.routes.values()) for (const asn of asnsOf(carried.path)) carriers.add(asn);
  const first = route.path[0];
  const strange = route.path
    .slice(1)
    .flatMap((element) => (typeof element === 'number' ? [element] : [...element]))
    .find((asn) => asn !== first && !route.origins.includes(asn) && !carriers.has(asn));
  if (strange === undefined) return [];
  return [
    {
      code: 'strange-transit',
      weight: world.weights['strange-transit'],
      source: 'rib',
      facts: [strange, watched.prefix.text],
    },
  ];
}
