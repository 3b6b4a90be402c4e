/** What of an MRT file is worth an object: watched space, what covers it, and what watched ASes originate. */
import type { Interest } from '../decode/bgp-update.ts';
import { COVERING_LENGTH_MIN } from '../judge/judge.ts';
import type { WatchPlan } from '../judge/watch-plan.ts';

export function interestOf(plan: WatchPlan): Interest {
  const { index } = plan;
  return {
    prefix: (family, w0, w1, w2, w3, length) =>
      family === 4
        ? index.covering4(w0, length) >= 0 ||
          (length >= COVERING_LENGTH_MIN[4] && index.anyInside4(w0, length))
        : index.covering6(w0, w1, w2, w3, length) >= 0 ||
          (length >= COVERING_LENGTH_MIN[6] && index.anyInside6(w0, w1, w2, w3, length)),
    origin: plan.asns.size === 0 ? undefined : (asn) => plan.asns.has(asn),
  };
}
