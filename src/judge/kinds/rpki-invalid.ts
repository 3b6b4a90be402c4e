/** rpki-invalid: the origin is ours, yet the route is RPKI-invalid: our own ROAs are wrong, or the length is (RFC 6811). */
import { validationOf } from '../evidence.ts';
import { type Detector, isExpected } from './detector.ts';

export const rpkiInvalid: Detector = {
  kind: 'rpki-invalid',
  plain: 'origin-and-neighbor',
  detect: (question) => {
    if (!isExpected(question)) return undefined;
    const validation = validationOf(question.route, question.world);
    if (validation?.state !== 'invalid') return undefined;
    const [vrp] = validation.covering;
    return {
      taxonomy: null,
      offender: question.route.origins[0] ?? 0,
      weight: question.world.weights['rpki-invalid'],
      facts: [
        question.route.prefix.text,
        validation.reason ?? 'origin',
        vrp === undefined ? '' : `${vrp.prefix.text}-${vrp.maxLength} AS${vrp.asn}`,
      ],
      extra: [],
    };
  },
};
