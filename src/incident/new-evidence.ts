/**
 * What an operator knew when they declared an incident over while its route stands, and what would be new to them
 * (detection.md §4): a row that no route had, or a heavier one. The same seen again is not; neither is a row that lowers.
 */
import type { Row } from '../judge/finding.ts';
import { type KnownRows, type RouteState, type Score, stands } from './incident-state.ts';

/** Of these rows; where a code stands twice the heavier one counts. */
export function knownRows(rows: Iterable<Row>): KnownRows {
  const known: Record<string, number> = {};
  for (const { code, weight } of rows)
    known[code] = Math.max(weight, known[code] ?? Number.NEGATIVE_INFINITY);
  return known;
}

/** Of every route that stands and was shown. Routes of one attack share their rows, which are looked at once. */
export function knownRowsOf(routes: readonly RouteState[]): KnownRows {
  const scores = new Set<Score>();
  for (const route of routes) if (route.isAdmitted && stands(route)) scores.add(route.scored);
  return knownRows([...scores].flatMap(({ rows }) => rows));
}

/** Some of the routes has a row that was not known. */
export function hasNewEvidence(known: KnownRows, routes: readonly RouteState[]): boolean {
  return routes.some((route) => route.isAdmitted && stands(route) && route.scored.rows.some(isNew));

  function isNew({ code, weight }: Row): boolean {
    return weight >= 0 && weight > (known[code] ?? -1);
  }
}
