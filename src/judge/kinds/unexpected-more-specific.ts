/**
 * unexpected-more-specific [S|-]: the origin is ours, the prefix is longer than the entry allows. Whether a strange transit marks an optimizer
 * or an interceptor with an honest tail is seen only by looking at all who carry it: `spread.ts`.
 */
import { ignoresMoreSpecifics } from '../expectation.ts';
import { type Detector, isExpected, type Question } from './detector.ts';

export const unexpectedMoreSpecific: Detector = {
  kind: 'unexpected-more-specific',
  plain: 'origin-and-neighbor',
  detect: (question) => {
    const { route, watched, world } = question;
    if (!isExpected(question) || !isTooSpecific(question) || ignoresMoreSpecifics(watched)) return undefined;
    return {
      taxonomy: 'S|-',
      offender: route.origins[0] ?? 0,
      weight: world.weights['unexpected-more-specific'],
      facts: [route.prefix.text, longestAllowed(question)],
      extra: [],
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
