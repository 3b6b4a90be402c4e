/**
 * The score of a route: what its heaviest path earns by itself, plus the rows of spread and time (detection.md §3).
 * Severity follows the score; the own family never rises above warning, but for the `severity` of the entry, and
 * that `severity` is a floor for hijack and path.
 */
import { type Severity, severityRank } from '../bgp/severity.ts';
import type { Row } from '../judge/finding.ts';
import { FAMILY_OF, type Family, type Kind, type Weights } from '../judge/vocabulary.ts';
import type { Carrier, RouteState } from './incident-state.ts';

/** Steps of `reach`: more than 3, 12, 48 vantage points. */
const REACH_STEPS = [3, 12, 48];
/** A route known this long and still seen by one vantage point is likely that one's own trouble. */
export const SINGLE_AFTER_MS = 600_000;
/** A route that stands unchanged for this long is more likely an arrangement than an attack. */
export const HELD_LONG_MS = 30 * 86_400_000;

export interface ScoreRules {
  readonly weights: Weights;
  readonly criticalScore: number;
  readonly warningScore: number;
}

export interface Scored {
  readonly kind: Kind;
  readonly carrier: Carrier | undefined;
  readonly rows: readonly Row[];
  readonly score: number;
  readonly severity: Severity;
}

/** Scores a route that stands; `seeing` is how many vantage points are known to carry it now. */
export function scoreRoute(route: RouteState, seeing: number, nowMs: number, rules: ScoreRules): Scored {
  const carrier = heaviestCarrier(route);
  const own = carrier?.finding.rows ?? route.ownRows;
  const kind = carrier?.finding.kind ?? route.kind;
  const rows = [...own, ...spreadRows(route, kind, seeing, nowMs, rules.weights)];
  const score = Math.max(0, sum(rows));
  return {
    kind,
    carrier,
    rows,
    score,
    severity: severityOf(score, FAMILY_OF[kind], route.severityFloor, rules),
  };
}

function heaviestCarrier(route: RouteState): Carrier | undefined {
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

function spreadRows(
  route: RouteState,
  kind: Kind,
  seeing: number,
  nowMs: number,
  weights: Weights,
): readonly Row[] {
  if (route.carriers.size === 0) return [];
  const rows: Row[] = [];
  const family = FAMILY_OF[kind];
  const steps = REACH_STEPS.filter((step) => seeing > step).length;
  if (steps > 0 && (family === 'hijack' || family === 'path')) {
    rows.push({ code: 'reach', weight: steps * weights.reach, source: 'rib', facts: [seeing] });
  }
  if (nowMs - route.bornMs >= HELD_LONG_MS)
    rows.push({ code: 'held-long', weight: weights['held-long'], source: 'rib', facts: [] });
  if (route.carriersPeak === 1 && nowMs - route.bornMs >= SINGLE_AFTER_MS) {
    rows.push({
      code: 'single-vantage-point',
      weight: weights['single-vantage-point'],
      source: 'rib',
      facts: [],
    });
  }
  for (const carrier of route.carriers.values()) {
    if (!carrier.hasBadClock) continue;
    rows.push({ code: 'clock', weight: weights.clock, source: 'update', facts: [] });
    break;
  }
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
