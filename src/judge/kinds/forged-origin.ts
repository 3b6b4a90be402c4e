/**
 * forged-origin [E|1, S|1]: the origin is ours, the AS next to it is not one that we buy from. Declared
 * `upstreams` weigh full, learned neighbours half. On an unexpected more-specific it is the way RPKI is walked around.
 */
import { ignoresMoreSpecifics, isExact } from '../expectation.ts';
import type { Row } from '../finding.ts';
import { type Detector, isExpected, type Question, type Verdict } from './detector.ts';
import { isTooSpecific } from './unexpected-more-specific.ts';

export const forgedOrigin: Detector = { kind: 'forged-origin', detect: detectForgedOrigin };

function detectForgedOrigin(question: Question): Verdict | undefined {
  const { route, watched, expectation, world } = question;
  const { neighbor } = route;
  const [origin] = route.origins;
  if (origin === undefined || neighbor === undefined || route.isSet || !isExpected(question))
    return undefined;
  if (expectation.origins.includes(neighbor)) return undefined;
  const known = expectation.neighborsOf(origin);
  if (known === undefined || known.allowed.has(neighbor)) return undefined;
  const full = world.weights['forged-origin'];
  return {
    taxonomy: isExact(watched, route.prefix) ? 'E|1' : 'S|1',
    offender: neighbor,
    weight: known.isDeclared ? full : Math.floor(full / 2),
    facts: [
      origin,
      neighbor,
      known.isDeclared ? 'declared' : 'learned',
      [...known.allowed].sort((a, b) => a - b).join(' '),
    ],
    extra: extraRows(question, origin, neighbor, known.isDeclared),
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
