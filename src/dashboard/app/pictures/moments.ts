/**
 * What every vantage point carried at a moment, out of the steps of an incident's history; in the shape that the graph
 * of paths is drawn from. Pure.
 */
import type { HistoryStep } from '../../../engine/ports.ts';
import type { Incident, IncidentRoute } from '../../../incident/alert.ts';

/** The incident as its picture at a moment needs it: `upTo` steps are done. Paths that should not be are its routes. */
export function incidentAt(incident: Incident, steps: readonly HistoryStep[], upTo: number): Incident {
  const carried = new Map<string, { readonly prefix: string; readonly path: string }>();
  for (const { vantagePoint, prefix, path } of steps.slice(0, upTo)) {
    if (path === null) carried.delete(`${vantagePoint} ${prefix}`);
    else carried.set(`${vantagePoint} ${prefix}`, { prefix, path });
  }
  const byPrefix = new Map<string, Map<string, number>>();
  for (const { prefix, path } of carried.values()) {
    const paths = byPrefix.get(prefix) ?? new Map<string, number>();
    byPrefix.set(prefix, paths);
    paths.set(path, (paths.get(path) ?? 0) + 1);
  }
  return { ...incident, routes: [...byPrefix].map(([prefix, paths]) => routeOf(incident, prefix, paths)) };
}

function routeOf(incident: Incident, prefix: string, paths: ReadonlyMap<string, number>): IncidentRoute {
  const known =
    incident.routes.find((route) => route.prefix === prefix) ??
    incident.routes.find((route) => route.watch === prefix) ??
    incident.routes[0];
  const list = [...paths].map(([path, vantagePoints]) => ({ path, vantagePoints }));
  list.sort((a, b) => b.vantagePoints - a.vantagePoints || (a.path < b.path ? -1 : 1));
  const seeing = list.reduce((sum, { vantagePoints }) => sum + vantagePoints, 0);
  return {
    ...(known as IncidentRoute),
    prefix,
    active: true,
    paths: list,
    vantagePoints: { seeing, known: known?.vantagePoints.known ?? seeing },
  };
}

/** The ends of the moments that can be shown: steps of the same instant are one. */
export function momentsOf(steps: readonly HistoryStep[]): readonly number[] {
  return steps.flatMap(({ at }, index) => (steps[index + 1]?.at === at ? [] : [index + 1]));
}
