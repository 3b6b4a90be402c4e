/**
 * The score of a route: what its heaviest path earns by itself, plus the rows of spread and time (detection.md §3).
 * Severity follows the score; the own family never rises above warning, but for the `severity` of the entry, and
 * that `severity` is a floor for hijack and path.
 */
import { type Severity, severityRank } from '../bgp/severity.ts';
import type { Row } from '../judge/finding.ts';
import { type Spread, withSpread } from '../judge/spread.ts';
import { type EvidenceCode, FAMILY_OF, type Family, type Kind, type Weights } from '../judge/vocabulary.ts';
import type { Carrier, RouteState, Score } from './incident-state.ts';

/** Steps of `reach`: more than 3, 12, 48 vantage points. */
const REACH_MIN = 3;
const REACH_STEPS = [REACH_MIN, 12, 48];
/** A route known this long and still seen by one vantage point is likely that one's own trouble. */
export const SINGLE_AFTER_MS = 600_000;
/** A route that stands unchanged for this long is more likely an arrangement than an attack. */
export const HELD_LONG_MS = 30 * 86_400_000;

export interface ScoreRules {
  readonly weights: Weights;
  readonly criticalScore: number;
  readonly warningScore: number;
}

export interface Scored extends Score {
  readonly kind: Kind;
  readonly carrier: Carrier | undefined;
}

/** Who is known to carry a route now, taken together. */
export interface Sight {
  /** Vantage points. */
  readonly seeing: number;
  /** Independent sources that they belong to: RIS, RouteViews, routers of our own. */
  readonly sources: number;
  /** One of them is a router of our own. */
  readonly isOurs: boolean;
  readonly spread: Spread;
}

/** Scores a route that stands. */
export function scoreRoute(route: RouteState, sight: Sight, nowMs: number, rules: ScoreRules): Scored {
  const carrier = heaviestCarrier(route);
  return {
    kind: kindOf(route, carrier),
    carrier,
    ...scoreOf(premisesOf(route, carrier, sight, nowMs, rules)),
  };
}

/** Everything that the score of a route follows from. */
interface Premises {
  readonly own: readonly Row[];
  readonly kind: Kind;
  readonly floor: Severity | undefined;
  readonly rules: ScoreRules;
  /** Vantage points that see it, where that makes a row, else 0. */
  readonly reach: number;
  readonly isHeldLong: boolean;
  readonly isSingle: boolean;
  readonly hasBadClock: boolean;
  readonly hasSecondSource: boolean;
  readonly spread: Spread;
}

/** Scores kept for the routes that follow from the same premises. */
const KEPT_MAX = 8;

/** The scores of routes: one object for all that have rows, spread and severity in common, as those of one attack have. */
export class Scores {
  private readonly kept: { readonly premises: Premises; readonly scored: Score }[] = [];
  private next = 0;

  of(route: RouteState, carrier: Carrier | undefined, sight: Sight, nowMs: number, rules: ScoreRules): Score {
    const premises = premisesOf(route, carrier, sight, nowMs, rules);
    for (const known of this.kept) if (isSame(known.premises, premises)) return known.scored;
    const scored = scoreOf(premises);
    this.kept[this.next] = { premises, scored };
    this.next = (this.next + 1) % KEPT_MAX;
    return scored;
  }
}

function isSame(a: Premises, b: Premises): boolean {
  return (
    a.own === b.own &&
    a.kind === b.kind &&
    a.floor === b.floor &&
    a.rules === b.rules &&
    a.reach === b.reach &&
    a.isHeldLong === b.isHeldLong &&
    a.isSingle === b.isSingle &&
    a.hasBadClock === b.hasBadClock &&
    a.hasSecondSource === b.hasSecondSource &&
    isSameSpread(a.spread, b.spread)
  );
}

function isSameSpread(a: Spread, b: Spread): boolean {
  return (
    a === b ||
    (a.strange === b.strange &&
      a.relay?.origin === b.relay?.origin &&
      a.relay?.expected === b.relay?.expected &&
      a.relay?.before === b.relay?.before)
  );
}

function kindOf(route: RouteState, carrier: Carrier | undefined): Kind {
  return carrier?.finding.kind ?? route.kind;
}

function premisesOf(
  route: RouteState,
  carrier: Carrier | undefined,
  { seeing, sources, isOurs, spread }: Sight,
  nowMs: number,
  rules: ScoreRules,
): Premises {
  const kind = kindOf(route, carrier);
  const family = FAMILY_OF[kind];
  const ageMs = nowMs - route.bornMs;
  const isCarried = route.carriers.size > 0;
  const own = carrier?.finding.rows ?? route.ownRows;
  const reaches = isCarried && seeing > REACH_MIN && (family === 'hijack' || family === 'path');
  return {
    own,
    kind,
    floor: route.severityFloor,
    rules,
    reach: reaches ? seeing : 0,
    isHeldLong: isCarried && ageMs >= HELD_LONG_MS,
    isSingle:
      isCarried && route.carriersPeak === 1 && ageMs >= SINGLE_AFTER_MS && !isOurs && !isStealthy(kind, own),
    hasBadClock: hasBadClock(route),
    hasSecondSource: isCarried && sources > 1,
    spread,
  };
}

/** Networks that validate don't pass an RPKI-invalid sub-prefix on: that few see it makes it no better. */
function isStealthy(kind: Kind, rows: readonly Row[]): boolean {
  return kind === 'sub-prefix' && rows.some(({ code }) => code.startsWith('rpki-invalid-'));
}

function hasBadClock(route: RouteState): boolean {
  const { only } = route.carriers;
  if (only !== undefined) return only.hasBadClock;
  for (const carrier of route.carriers.values()) if (carrier.hasBadClock) return true;
  return false;
}

function scoreOf(premises: Premises): Score {
  const own = withSpread(premises.own, premises.spread, premises.rules.weights);
  const rows = [...own, ...spreadRows(premises)];
  const score = Math.max(0, sum(rows));
  return {
    rows,
    score,
    severity: severityOf(score, FAMILY_OF[premises.kind], premises.floor, premises.rules),
  };
}

/** The first of those that weigh the most. */
export function heaviestCarrier(route: RouteState): Carrier | undefined {
  const { only } = route.carriers;
  if (only !== undefined) return only;
  let best: Carrier | undefined;
  let weight = Number.NEGATIVE_INFINITY;
  for (const carrier of route.carriers.values()) {
    const own = sum(carrier.finding.rows);
    if (own > weight) {
      best = carrier;
      weight = own;
    }
  }
  return best;
}

function sum(rows: readonly Row[]): number {
  let total = 0;
  for (const row of rows) total += row.weight;
  return total;
}

function spreadRows(premises: Premises): readonly Row[] {
  const { weights } = premises.rules;
  const rows: Row[] = [];
  const add = (code: EvidenceCode, weight: number, source: string, facts: Row['facts']): void => {
    rows.push({ code, weight, source, facts });
  };
  const steps = REACH_STEPS.filter((step) => premises.reach > step).length;
  if (steps > 0) add('reach', steps * weights.reach, 'rib', [premises.reach]);
  if (premises.hasSecondSource) add('second-source', weights['second-source'], 'rib', []);
  if (premises.isHeldLong) add('held-long', weights['held-long'], 'rib', []);
  if (premises.isSingle) add('single-vantage-point', weights['single-vantage-point'], 'rib', []);
  if (premises.hasBadClock) add('clock', weights.clock, 'update', []);
  return rows;
}

export function severityOf(
  score: number,
  family: Family,
  floor: Severity | undefined,
  rules: ScoreRules,
): Severity {
  const byScore =
    score >= rules.criticalScore ? 'critical' : score >= rules.warningScore ? 'warning' : 'info';
  if (family === 'hijack' || family === 'path') return floor === undefined ? byScore : worse(byScore, floor);
  if (family !== 'own') return byScore;
  const cap = floor === undefined ? 'warning' : worse('warning', floor);
  return severityRank(byScore) > severityRank(cap) ? cap : byScore;
}

export function worse(a: Severity, b: Severity): Severity {
  return severityRank(a) >= severityRank(b) ? a : b;
}
