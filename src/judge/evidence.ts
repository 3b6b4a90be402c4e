/**
 * The rows of the score that one announced route earns beside its kind (detection.md §3). Each asks one question
 * of the world; none suppresses anything. Rows that depend on spread and time (`reach`, `single-vantage-point`,
 * `held-long`, `clock`) are the incident's.
 */

import { lengthMax } from '../bgp/prefix.ts';
import { isBlackhole } from '../bgp/update.ts';
import { isFirm } from './baseline.ts';
import type { Route, Row, Watched } from './finding.ts';
import { foreignOrigins, isExpected, type Question } from './kinds/detector.ts';
import { isFirmLink } from './links/firm-links.ts';
import { mitigationName } from './mitigation.ts';
import { asnSlip, prefixSlip } from './slip.ts';
import type { EvidenceCode, Kind } from './vocabulary.ts';
import type { RpkiView, World } from './world.ts';

/** RFC 6811: an AS_SET has the origin NONE. Undefined without VRPs. */
export function validationOf(route: Route, world: World): ReturnType<RpkiView['validate']> | undefined {
  return world.rpki?.validate(route.prefix, route.isSet ? undefined : route.origins[0]);
}

/** All rows but the kind's own; `exposed` and the like come with the verdict of the kind. */
export function commonRows(question: Question, kind: Kind, offender: number): readonly Row[] {
  const rows: Row[] = [];
  const add = (
    code: EvidenceCode,
    source: string,
    facts: Row['facts'],
    weight = question.world.weights[code],
  ): void => {
    rows.push({ code, weight, source, facts });
  };
  const isForeign = foreignOrigins(question).length > 0 && kind !== 'misconfiguration';
  rpkiRows(question, kind, isForeign, add);
  if (isForeign) noveltyRows(question, offender, add);
  if (kind === 'forged-origin') siblingNeighborRow(question, offender, add);
  if (asksNewLink(question, kind, isForeign)) newLinkRow(question, kind, offender, add);
  actorRows(question, kind, offender, isForeign, add);
  if (isForeign) slipRow(question, add);
  ownRows(question, isForeign, add);
  if (isBlackholed(question)) add('blackhole', 'update', [question.route.prefix.text]);
  if (question.expectation.state === 'provisional' && foreignOrigins(question).length > 0)
    add('baseline-provisional', 'baseline', [question.watched.prefix.text]);
  return rows;
}

type Add = (code: EvidenceCode, source: string, facts: Row['facts'], weight?: number) => void;

/**
 * An origin that no covering VRP names is asked of every kind, a wrong length of foreign origins only: of our own it is
 * the kind `rpki-invalid`. Where the origin is not what is in doubt (a false neighbour, a leak, a strange transit), the
 * route is valid by construction, and the word `rpki-valid` would acquit everybody.
 */
function rpkiRows(question: Question, kind: Kind, isForeign: boolean, add: Add): void {
  const { route, world } = question;
  const validation = validationOf(route, world);
  if (validation === undefined || validation.state === 'not-found') return;
  const [vrp] = validation.covering;
  const named = vrp === undefined ? '' : `${vrp.prefix.text}-${vrp.maxLength} AS${vrp.asn}`;
  if (validation.state === 'valid') {
    if (isForeign || vouchesFor(kind)) add('rpki-valid', 'rpki', [route.prefix.text, route.origins[0] ?? 0]);
  } else if (validation.reason !== 'length') add('rpki-invalid-origin', 'rpki', [route.prefix.text, named]);
  else if (isForeign) add('rpki-invalid-length', 'rpki', [route.prefix.text, named]);
}

/** A VRP speaks for the length or the newness of what our own origin announces; not beside a strange transit (`spread.ts`). */
function vouchesFor(kind: Kind): boolean {
  return kind === 'unexpected-origination' || kind === 'unexpected-more-specific';
}

/** Never while the watched prefix stands under a covering one: a longer match keeps the traffic. */
function asksNovelty(question: Question): boolean {
  return !isCovering(question) || !stands(question.watched, question.world);
}

function isCovering(question: Question): boolean {
  return question.route.prefix.length < question.watched.prefix.length;
}

/** False only when the watched prefix was carried and no vantage point carries it any more. */
export function stands(watched: Watched, world: World): boolean {
  return !world.isWithdrawn(watched.prefix);
}

function noveltyRows(question: Question, offender: number, add: Add): void {
  const related = relatedPair(question, offender);
  if (related !== undefined) add('related', related.source, [related.origin, related.expected]);
  const siblings = siblingPair(question, foreignOrigins(question));
  if (siblings !== undefined) add('siblings', 'operator', [siblings.origin, siblings.expected]);
  const organisation = organisationPair(question);
  if (organisation !== undefined)
    add('same-organisation', 'registry', [organisation.origin, organisation.expected]);
  if ([related, siblings, organisation].some((pair) => pair !== undefined) || !asksNovelty(question)) return;
  const fresh = foreignOrigins(question).find((origin) => !wasSeen(question, origin));
  if (fresh !== undefined) add('never-seen', 'baseline', [fresh, question.route.prefix.text]);
}

/**
 * Remembered for good: a passing or provisional sighting may have been the offending path itself, which buys no innocence.
 */
function wasSeen(question: Question, origin: number): boolean {
  const { route, watched, world } = question;
  const [inner, outer] = isCovering(question)
    ? [watched.prefix, route.prefix]
    : [route.prefix, watched.prefix];
  return world.baseline.between(inner, outer).some((prefix) => {
    const source = world.baseline.sourceOf(prefix, origin);
    return source !== undefined && isFirm(source);
  });
}

function relatedPair(
  question: Question,
  offender: number,
): { origin: number; expected: number; source: string } | undefined {
  const { expectation, watched, world } = question;
  for (const origin of foreignOrigins(question)) {
    for (const expected of expectation.origins) {
      const relation = world.topology?.relation(origin, expected);
      // Peers are nobody's provider or customer, and don't announce for each other.
      if (relation === -1 || relation === 1) return { origin, expected, source: 'topology' };
      if (relation === undefined && isFirmLink(world, origin, expected, { prefix: watched.prefix, offender }))
        return { origin, expected, source: 'rib' };
    }
  }
  return undefined;
}

/** A neighbour of the same organisation is no stranger either. */
function siblingNeighborRow(question: Question, neighbor: number, add: Add): void {
  const pair = siblingPair(question, [neighbor]);
  if (pair !== undefined) add('siblings', 'operator', [pair.origin, pair.expected]);
}

/** The first of `asns` that is one organisation with an expected origin. */
function siblingPair(
  { expectation, world }: Question,
  asns: readonly number[],
): { origin: number; expected: number } | undefined {
  for (const origin of asns) {
    for (const expected of expectation.origins) {
      if (world.siblings.some((set) => set.has(origin) && set.has(expected))) return { origin, expected };
    }
  }
  return undefined;
}

/** The first foreign origin that is one organisation with an expected one. */
function organisationPair(question: Question): { origin: number; expected: number } | undefined {
  const of = question.world.organisations?.of;
  if (of === undefined || of.size === 0) return undefined;
  for (const origin of foreignOrigins(question)) {
    const organisation = of.get(origin);
    if (organisation === undefined) continue;
    const expected = question.expectation.origins.find((asn) => of.get(asn) === organisation);
    if (expected !== undefined) return { origin, expected };
  }
  return undefined;
}

/** What our own routers say to it: a set of origins is nobody's route. */
function ownRows(question: Question, isForeign: boolean, add: Add): void {
  const { route, world } = question;
  if (world.own === undefined || !world.own.isUp) return;
  const [origin = 0] = route.origins;
  if (!route.isSet && world.own.originates(route.prefix, origin))
    add('announced-by-us', 'own-routers', [route.prefix.text, origin]);
  else if (isForeign && !world.own.coversAny(route.prefix))
    add('unannounced-by-us', 'own-routers', [route.prefix.text]);
}

function asksNewLink(question: Question, kind: Kind, isForeign: boolean): boolean {
  return kind === 'forged-origin' || (isForeign && asksNovelty(question));
}

/** Of a forged origin the link is that of the false neighbour, of a set in whose place it may stand as well. */
function newLinkRow(question: Question, kind: Kind, offender: number, add: Add): void {
  const { route, watched, world } = question;
  const isForged = kind === 'forged-origin';
  if (route.isSet && !isForged) return;
  const neighbors = isForged ? [offender] : route.neighbors;
  const beside = { prefix: watched.prefix, offender };
  const isKnown = (neighbor: number): boolean =>
    route.origins.some(
      (origin) =>
        world.topology?.relation(neighbor, origin) !== undefined ||
        isFirmLink(world, neighbor, origin, beside),
    );
  const fresh = neighbors.find((neighbor) => !isKnown(neighbor));
  if (fresh !== undefined) add('new-link', 'rib', [fresh, route.origins[0] ?? 0]);
}

/** What is known of the AS that acted, or of the one next to it. */
function actorRows(question: Question, kind: Kind, offender: number, isForeign: boolean, add: Add): void {
  const { route, watched, world } = question;
  if (aspaContradicts(question)) add('aspa-invalid', 'rpki', [route.neighbor ?? 0, route.origins[0] ?? 0]);
  const listed = [offender, ...route.origins, route.neighbor].find(
    (asn) => asn !== undefined && world.dropList.has(asn),
  );
  if (listed !== undefined) add('drop-list', 'operator', [listed]);
  if (!isForeign && kind !== 'forged-origin') return;
  const declared = watched.entry.mitigation.find(
    (asn) => asn === offender || (isForeign && route.origins.includes(asn)),
  );
  if (declared !== undefined) add('mitigation-declared', 'watchlist', [declared]);
  else if (mitigationName(offender) !== undefined) add('mitigation-known', 'catalogue', [offender]);
}

/** A published ASPA of the origin does not name the AS next to it. */
function aspaContradicts(question: Question): boolean {
  const { route, world } = question;
  const [origin] = route.origins;
  if (origin === undefined || route.neighbor === undefined || route.isSet) return false;
  const providers = world.rpki?.providersOf(origin);
  return providers !== undefined && !providers.has(route.neighbor) && isExpected(question);
}

function slipRow(question: Question, add: Add): void {
  for (const origin of foreignOrigins(question)) {
    const expected = question.expectation.origins.find((asn) => asnSlip(origin, asn));
    const rightful = expected === undefined ? rightfulNearby(question, origin) : '';
    if (rightful === undefined) continue;
    add('slip', expected === undefined ? 'baseline' : 'watchlist', [origin, expected ?? origin, rightful]);
    return;
  }
}

/** A prefix that the origin announces rightfully, one slip away from the announced one. */
function rightfulNearby({ route, world }: Question, origin: number): string | undefined {
  for (const { prefix, source } of world.baseline.ofOrigin(origin))
    if (isFirm(source) && prefixSlip(route.prefix, prefix)) return prefix.text;
  return undefined;
}

function isBlackholed(question: Question): boolean {
  const { route } = question;
  return (
    route.prefix.length === lengthMax(route.prefix.family) &&
    isExpected(question) &&
    route.communities.some(isBlackhole)
  );
}
