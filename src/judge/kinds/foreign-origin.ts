/** sub-prefix [S|0] and origin-change [E|0]: an origin that is not expected, for a more-specific or for the prefix itself. */
import { isExact } from '../expectation.ts';
import { actorOf, type Detector, foreignOrigins, type Question, type Verdict } from './detector.ts';

function foreign(
  question: Question,
  wantExact: boolean,
  taxonomy: string,
  weight: number,
): Verdict | undefined {
  if (question.expectation.state === 'none' || foreignOrigins(question).length === 0) return undefined;
  if (isExact(question.watched, question.route.prefix) !== wantExact) return undefined;
  return {
    taxonomy,
    offender: actorOf(question),
    weight,
    facts: [question.route.prefix.text, question.watched.prefix.text],
    extra: [],
  };
}

export const subPrefix: Detector = {
  kind: 'sub-prefix',
  plain: 'origin-and-neighbor',
  detect: (question) => foreign(question, false, 'S|0', question.world.weights['sub-prefix']),
};

export const originChange: Detector = {
  kind: 'origin-change',
  plain: 'origin-and-neighbor',
  detect: (question) => foreign(question, true, 'E|0', question.world.weights['origin-change']),
};
