/** squatting [Q|0]: the entry says `origins: []`, nobody may announce it. */
import { isExact } from '../expectation.ts';
import { actorOf, type Detector, foreignOrigins } from './detector.ts';

export const squatting: Detector = {
  kind: 'squatting',
  plain: 'origin-and-neighbor',
  detect: (question) => {
    if (question.expectation.state !== 'none' || foreignOrigins(question).length === 0) return undefined;
    return {
      taxonomy: 'Q|0',
      offender: actorOf(question),
      weight: question.world.weights.squatting,
      facts: [
        question.route.prefix.text,
        isExact(question.watched, question.route.prefix) ? 'exact' : 'inside',
      ],
      extra: [],
    };
  },
};
