/** What of an MRT file is worth an object: watched space, what covers it, and what watched ASes originate. */
import type { Interest } from '../decode/bgp/update.ts';
import { COVERING_LENGTH_MIN } from '../judge/judge.ts';
import type { WatchPlan } from '../judge/watch-plan.ts';

/** Asks the plan of the moment: what a watched AS is known to originate joins while the file is read. */
export function interestOf(plan: () => WatchPlan): Interest {
  return {
    prefix: (family, w0, w1, w2, w3, length) => {
      const { index } = plan();
      return family === 4
        ? index.covering4(w0, length) >= 0 ||
            (length >= COVERING_LENGTH_MIN[4] && index.anyInside4(w0, length))
        : index.covering6(w0, w1, w2, w3, length) >= 0 ||
            (length >= COVERING_LENGTH_MIN[6] && index.anyInside6(w0, w1, w2, w3, length));
    },
    origin: (asn) => plan().asns.has(asn),
  };
}
