/**
 * What an incident remembers beyond its public JSON, as text for the store, and back. Carriers are not in it: they
 * come back from the watched RIB, and what they score with them. Bounded: routes beyond `ROUTES_MAX` are found again
 * by judging the RIB.
 */
import { parsePrefix } from '../bgp/prefix.ts';
import type { Severity } from '../bgp/severity.ts';
import type { Row } from '../judge/finding.ts';
import type { Kind } from '../judge/vocabulary.ts';
import { untouched, withoutRoutes } from './incident-making.ts';
import { type IncidentFacts, type IncidentState, RouteState } from './incident-state.ts';
import { knownRows } from './new-evidence.ts';

const ROUTES_MAX = 1000;

interface KeptRoute {
  readonly prefixText: string;
  readonly watch: string;
  readonly name: string;
  readonly kind: Kind;
  readonly taxonomy: string | null;
  readonly expectedOrigins: readonly number[];
  readonly originAs: readonly number[];
  readonly severityFloor?: Severity | undefined;
  readonly minPeers: number;
  readonly carriersPeak: number;
  readonly holds: boolean;
  readonly isInDoubt?: boolean;
  readonly ownRows: readonly Row[];
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly bornMs: number;
  readonly isGone?: boolean;
  readonly isAdmitted: boolean;
  readonly score: number;
  readonly severity: Severity;
}

type Kept = IncidentFacts & { readonly routes: readonly KeptRoute[] };

export function encodeIncident(incident: IncidentState): string {
  const {
    routes,
    seeing: _seeing,
    standing: _standing,
    foremost: _foremost,
    standingCount: _standingCount,
    vouchedCount: _vouchedCount,
    touched: _touched,
    isChanged: _isChanged,
    rowsFrom: _rowsFrom,
    freshSteps: _freshSteps,
    freshPrefixes: _fresh,
    freshWritten: _written,
    deadlines: _deadlines,
    swarm: _swarm,
    ...facts
  } = incident;
  return JSON.stringify({
    ...facts,
    told: { ...facts.told, updatedMs: finite(facts.told.updatedMs) },
    routes: routes.values().slice(0, ROUTES_MAX).map(keptRoute),
  });
}

function keptRoute(route: RouteState): KeptRoute {
  return {
    prefixText: route.prefixText,
    watch: route.watch,
    name: route.name,
    kind: route.kind,
    taxonomy: route.taxonomy,
    expectedOrigins: route.expectedOrigins,
    originAs: route.originAs,
    severityFloor: route.severityFloor,
    minPeers: route.minPeers,
    carriersPeak: route.carriersPeak,
    holds: route.holds,
    isInDoubt: route.isInDoubt,
    ownRows: route.ownRows,
    firstSeenMs: route.firstSeenMs,
    lastSeenMs: route.lastSeenMs,
    bornMs: route.bornMs,
    isGone: route.isGone,
    isAdmitted: route.isAdmitted,
    score: route.scored.score,
    severity: route.scored.severity,
  };
}

/** Undefined when the text is not what `encodeIncident` writes: the incident then begins anew. */
export function decodeIncident(text: string): IncidentState | undefined {
  const { routes, ...kept } = JSON.parse(text) as Kept;
  if (typeof kept.key !== 'string' || !Array.isArray(routes)) return undefined;
  // JSON has no undefined: absent keys come back as such.
  const incident = withoutRoutes({
    ...untouched(kept.openedMs),
    ...kept,
    acknowledgedBy: kept.acknowledgedBy ?? undefined,
    acknowledgedMs: kept.acknowledgedMs ?? undefined,
    resolvedBy: kept.resolvedBy ?? undefined,
    assignee: kept.assignee ?? undefined,
    endedMs: kept.endedMs ?? undefined,
    clearSinceMs: kept.clearSinceMs ?? undefined,
    resolvedMs: kept.resolvedMs ?? undefined,
    resolution: kept.resolution ?? undefined,
    // Records of earlier versions have but the rows that they show.
    resolvedOn: kept.resolvedOn ?? (kept.resolution === 'operator' ? knownRows(kept.rows) : undefined),
    told: {
      ...kept.told,
      updatedMs: kept.told.updatedMs ?? Number.NEGATIVE_INFINITY,
      pending: kept.told.pending ?? undefined,
    },
  });
  for (const route of routes as readonly KeptRoute[]) incident.routes.add(routeOf(route));
  incident.foremost.forget();
  return incident;
}

function routeOf(kept: KeptRoute): RouteState {
  const about = {
    kind: kept.kind,
    taxonomy: kept.taxonomy,
    watched: {
      name: kept.watch,
      entry: { name: kept.name, severity: kept.severityFloor ?? undefined, minPeers: kept.minPeers },
    },
    expectedOrigins: kept.expectedOrigins,
    originAs: kept.originAs,
  };
  const prefix = parsePrefix(kept.prefixText)?.prefix;
  const route = new RouteState(kept.prefixText, prefix, about, kept.firstSeenMs, kept.bornMs);
  route.lastSeenMs = kept.lastSeenMs;
  route.carriersPeak = kept.carriersPeak;
  route.holds = kept.holds;
  route.isInDoubt = kept.isInDoubt ?? false;
  route.ownRows = kept.ownRows;
  route.isGone = kept.isGone ?? false;
  route.isAdmitted = kept.isAdmitted;
  route.scored = { rows: [], score: kept.score, severity: kept.severity };
  return route;
}

function finite(ms: number): number | null {
  return Number.isFinite(ms) ? ms : null;
}
