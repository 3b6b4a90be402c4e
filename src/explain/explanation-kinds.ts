/**
 * Why each kind holds or does not, for `explain`. Whether it holds is said by the detectors themselves, the very ones
 * that judge; the words for *no* are made here from what the detector was asked.
 */
import { formatAsn } from '../bgp/asn.ts';
import { validationOf } from '../judge/evidence.ts';
import { evidenceOf } from '../judge/evidence-words.ts';
import { ignoresMoreSpecifics, isExact } from '../judge/expectation.ts';
import {
  foreignOrigins,
  isExpected,
  type Question,
  slippingOrigin,
  type Verdict,
} from '../judge/kinds/detector.ts';
import { ROUTE_KINDS } from '../judge/kinds/index.ts';
import { isTooSpecific, longestAllowed } from '../judge/kinds/unexpected-more-specific.ts';
import type { Kind, Words } from '../judge/vocabulary.ts';
import type { KindAnswer } from './explanation-shape.ts';

type AsName = (asn: number) => string | undefined;

/** Every kind that a covered route can have, in the order in which they are asked. */
export function askKinds(question: Question, asName: AsName): readonly KindAnswer[] {
  let isDecided = false;
  return ROUTE_KINDS.map(({ kind, detect }) => {
    const verdict = detect(question);
    const isTheKind = verdict !== undefined && !isDecided;
    isDecided ||= isTheKind;
    const reason = verdict === undefined ? both(whyNot(kind, question)) : holding(kind, verdict, asName);
    return { kind, holds: verdict !== undefined, isTheKind, reason };
  });
}

function holding(kind: Kind, verdict: Verdict, asName: AsName): Words {
  return evidenceOf({ code: kind, weight: verdict.weight, source: '', facts: verdict.facts }, asName).text;
}

/** Technical remarks are the same in both languages. */
export function both(text: string): Words {
  return { en: text, ko: text };
}

function listed(asns: Iterable<number>): string {
  const names = [...asns].map(formatAsn);
  return names.length === 0 ? 'nobody' : names.join(', ');
}

function whyNot(kind: Kind, question: Question): string {
  switch (kind) {
    case 'squatting':
      return question.expectation.state === 'none'
        ? 'an operator accepted this origin'
        : 'the entry does not say that nobody may announce it';
    case 'sub-prefix':
    case 'origin-change':
      return whyNotForeign(kind, question);
    case 'forged-origin':
      return whyNotForged(question);
    case 'route-leak':
      return 'no valley in the path, and neither ASPA nor declared upstreams contradict it';
    case 'path-policy':
      return question.watched.entry.path === undefined
        ? 'the entry has no path rules'
        : 'the path keeps the rules of the entry';
    case 'rpki-invalid':
      return whyNotInvalid(question);
    case 'unexpected-more-specific':
      return whyNotTooSpecific(question);
    case 'misconfiguration':
      return foreignOrigins(question).length === 0
        ? 'the origin is an expected one'
        : 'no expected origin, known by its neighbour, stands directly before the last AS as in a slip';
    default:
      return 'not asked of a prefix that an entry covers';
  }
}

function whyNotForeign(kind: 'sub-prefix' | 'origin-change', question: Question): string {
  const { expectation, route, watched } = question;
  if (expectation.state === 'unknown')
    return 'nobody knows yet who should originate it: neither watchlist nor baseline';
  if (expectation.state === 'none') return 'nobody may announce it: that is squatting';
  if (foreignOrigins(question).length === 0) return `the origin ${listed(route.origins)} is an expected one`;
  if (slippingOrigin(question) !== undefined)
    return 'the odd origin is a slip of an expected one: misconfiguration';
  if (isExact(watched, route.prefix)) return kind === 'sub-prefix' ? 'it is the watched prefix itself' : '';
  return `it is more specific than ${watched.prefix.text}`;
}

function whyNotForged(question: Question): string {
  const { route, expectation } = question;
  if (!isExpected(question)) return 'the origin is not an expected one';
  if (route.neighbors.length === 0) return 'nobody stands next to the origin';
  const are = route.neighbors.length === 1 ? 'is' : 'are';
  if (route.neighbors.every((asn) => expectation.origins.includes(asn)))
    return `${listed(route.neighbors)} next to it ${are} expected as an origin`;
  const known = route.origins.flatMap((origin) => expectation.neighborsOf(origin) ?? []);
  if (known.length === 0) return `it is not known yet who stands next to ${listed(route.origins)}`;
  const how = known.some(({ isDeclared }) => isDeclared) ? 'declared' : 'learned';
  return `${listed(route.neighbors)} ${are} among the ${how} neighbours of ${listed(route.origins)}`;
}

function whyNotInvalid(question: Question): string {
  if (!isExpected(question)) return 'asked of expected origins only: for others RPKI is a row of evidence';
  const validation = validationOf(question.route, question.world);
  if (validation === undefined) return 'no VRPs are loaded';
  return validation.state === 'valid' ? 'RPKI says valid' : 'no VRP covers it';
}

function whyNotTooSpecific(question: Question): string {
  if (!isExpected(question)) return 'the origin is not an expected one';
  if (!isTooSpecific(question)) return `not longer than the /${longestAllowed(question)} that is allowed`;
  return ignoresMoreSpecifics(question.watched) ? 'the entry says moreSpecifics: ignore' : '';
}
