/**
 * forged-origin [E|1, S|1]: the origin is ours, the AS next to it is not one that we buy from. Declared
 * `upstreams` weigh full, learned neighbours half. On an unexpected more-specific it is the way RPKI is walked around.
 */
import { ignoresMoreSpecifics, isExact } from '../expectation.ts';
import type { Row } from '../finding.ts';
import { type Detector, isExpected, type Question, type Verdict } from './detector.ts';
import { isTooSpecific } from './unexpected-more-specific.ts';

export const forgedOrigin: Detector = {
  kind: 'forged-origin',
  plain: 'origin-and-neighbor',
  detect: detectForgedOrigin,
};

/**
 * Behind an AS_SET whose members are all expected the AS before the set is the neighbour; of a set in the neighbour's place every member must
 * be allowed, and the lowest that is not is the false neighbour.
 */
function detectForgedOrigin(question: Question): Verdict | undefined {
  const { route, watched, expectation, world } = question;
  const [origin] = route.origins;
  if (origin === undefined || !isExpected(question)) return undefined;
  const known = route.origins.flatMap((asn) => expectation.neighborsOf(asn) ?? []);
  const isAllowed = (asn: number): boolean =>
    expectation.origins.includes(asn) || known.some(({ allowed }) => allowed.has(asn));
  const neighbor = known.length === 0 ? undefined : route.neighbors.find((asn) => !isAllowed(asn));
  if (neighbor === undefined) return undefined;
  const isDeclared = known.some((one) => one.isDeclared);
  const allowed = new Set(known.flatMap((one) => [...one.allowed]));
  const full = world.weights['forged-origin'];
  return {
    taxonomy: isExact(watched, route.prefix) ? 'E|1' : 'S|1',
    offender: neighbor,
    weight: isDeclared ? full : Math.floor(full / 2),
    facts: [
      origin,
      neighbor,
      isDeclared ? 'declared' : 'learned',
      [...allowed].sort((a, b) => a - b).join(' '),
    ],
    extra: extraRows(question, origin, neighbor, isDeclared),
  };
}

function extraRows(
  question: Question,
  origin: number,
  neighbor: number,
  isDeclared: boolean,
): readonly Row[] {
  const { route, watched, world } = question;
  const rows: Row[] = [];
  if (isTooSpecific(question) && !ignoresMoreSpecifics(watched)) {
    rows.push({
      code: 'unexpected-length',
      weight: world.weights['unexpected-length'],
      source: 'watchlist',
      facts: [route.prefix.text, watched.prefix.text],
    });
  }
  if (isDeclared) {
    rows.push({
      code: 'upstream-conflict',
      weight: world.weights['upstream-conflict'],
      source: 'watchlist',
      facts: [neighbor, origin],
    });
  }
  return rows;
}
