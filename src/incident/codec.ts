/**
 * What an incident remembers beyond its public JSON, as text for the store, and back. Carriers are not in it: they
 * come back from the watched RIB. Bounded: routes beyond `ROUTES_MAX` are found again by judging the RIB.
 */
import { parsePrefix } from '../bgp/prefix.ts';
import type { IncidentState, RouteState } from './incident-state.ts';

const ROUTES_MAX = 1000;

/** Fields of a route that are plain data. */
type KeptRoute = Omit<RouteState, 'prefix' | 'carriers' | 'filedUnder'>;
type Kept = Omit<IncidentState, 'routes' | 'seeing' | 'standing' | 'severities' | 'freshPrefixes'> & {
  routes: KeptRoute[];
};

export function encodeIncident(incident: IncidentState): string {
  const {
    routes,
    seeing: _seeing,
    standing: _standing,
    severities: _severities,
    freshPrefixes: _fresh,
    ...plain
  } = incident;
  const kept: KeptRoute[] = [];
  for (const { prefix: _prefix, carriers: _carriers, filedUnder: _filed, ...route } of routes.values()) {
    if (kept.length >= ROUTES_MAX) break;
    kept.push(route);
  }
  return JSON.stringify({
    ...plain,
    told: { ...incident.told, updatedMs: finite(incident.told.updatedMs) },
    routes: kept,
  });
}

/** Undefined when the text is not what `encodeIncident` writes: the incident then begins anew. */
export function decodeIncident(text: string): IncidentState | undefined {
  const kept = JSON.parse(text) as Kept;
  if (typeof kept.key !== 'string' || !Array.isArray(kept.routes)) return undefined;
  const routes = new Map<string, RouteState>();
  for (const route of kept.routes) {
    routes.set(route.key, { ...withOptionals(route), carriers: new Map(), filedUnder: undefined });
  }
  return {
    ...kept,
    endedMs: kept.endedMs ?? undefined,
    clearSinceMs: kept.clearSinceMs ?? undefined,
    resolvedMs: kept.resolvedMs ?? undefined,
    resolution: kept.resolution ?? undefined,
    told: {
      ...kept.told,
      updatedMs: kept.told.updatedMs ?? Number.NEGATIVE_INFINITY,
      pending: kept.told.pending ?? undefined,
    },
    routes,
    seeing: new Map(),
    freshPrefixes: [],
    standing: new Map(),
    severities: { info: 0, warning: 0, critical: 0 },
  };
}

/** JSON has no undefined: absent keys come back as such. */
function withOptionals(route: KeptRoute): Omit<RouteState, 'carriers' | 'filedUnder'> {
  return {
    ...route,
    severityFloor: route.severityFloor ?? undefined,
    isInDoubt: route.isInDoubt ?? false,
    isGone: route.isGone ?? false,
    prefix: parsePrefix(route.prefixText)?.prefix,
  };
}

function finite(ms: number): number | null {
  return Number.isFinite(ms) ? ms : null;
}
