/** misconfiguration: the odd origin is a slip of an expected one, which stands directly before it. Offender: the expected origin. */
import { type Detector, foreignOrigins, slippingOrigin } from './detector.ts';

export const misconfiguration: Detector = {
  kind: 'misconfiguration',
  plain: 'origin-and-neighbor',
  detect: (question) => {
    if (foreignOrigins(question).length === 0) return undefined;
    const expected = slippingOrigin(question);
    if (expected === undefined) return undefined;
    return {
      taxonomy: null,
      offender: expected,
      weight: question.world.weights.misconfiguration,
      facts: [expected, question.route.origins[0] ?? 0],
      extra: [],
    };
  },
};
