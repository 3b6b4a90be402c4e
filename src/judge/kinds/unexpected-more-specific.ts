/**
 * unexpected-more-specific [S|-]: the origin is ours, the prefix is longer than the entry allows. A transit AS
 * that carries the entry's own prefix nowhere marks an optimizer or an interceptor with an honest tail.
 */
import { asnsOf } from '../../bgp/as-path.ts';
import { ignoresMoreSpecifics } from '../expectation.ts';
import type { Row } from '../finding.ts';
import { FAMILY_OF } from '../vocabulary.ts';
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
      extra: strangeRows(question),
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

/** The row `strange-transit` of a route that our own origin announces too specifically. */
export function strangeRows(question: Question): readonly Row[] {
  const strange = strangeTransit(question);
  if (strange === undefined) return [];
  const { watched, world } = question;
  const weight = world.weights['strange-transit'];
  return [{ code: 'strange-transit', weight, source: 'rib', facts: [strange, watched.prefix.text] }];
}

/**
 * The first AS on the path, other than the collector's peer, that carries the entry's own prefix at no vantage point.
 * Undefined as well while nobody sees that prefix.
 */
export function strangeTransit({ route, watched, world }: Question): number | undefined {
  const own = world.rib.routesAt(watched.prefix);
  if (own.length === 0) return undefined;
  const carriers = new Set<number>();
  for (const { path, finding } of own) {
    // What an attacker announces of the prefix itself makes nobody a carrier of it.
    if (finding !== undefined && FAMILY_OF[finding.kind] !== 'own') continue;
    for (const asn of asnsOf(path)) carriers.add(asn);
  }
  const [first] = route.path;
  return route.path
    .slice(1)
    .flatMap((element) => (typeof element === 'number' ? [element] : [...element]))
    .find((asn) => asn !== first && !route.origins.includes(asn) && !carriers.has(asn));
}
