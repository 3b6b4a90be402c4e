/**
 * An incident's state as the JSON that the outside sees. Bounded: 100 routes, 20 paths a route. Pure.
 */
import { formatAsPath } from '../bgp/as-path.ts';
import { evidenceOf } from '../judge/evidence-words.ts';
import type { Row } from '../judge/finding.ts';
import type { Evidence, Words } from '../judge/vocabulary.ts';
import { adviceFor } from './advice.ts';
import {
  type Alert,
  type AlertEvent,
  type AlertReason,
  type Incident,
  type IncidentRoute,
  isoTime,
  type RoutePath,
} from './alert.ts';
import { idOf } from './ids.ts';
import { type Carrier, type IncidentState, type RouteState, stands } from './incident-state.ts';
import { overOf, summaryOf } from './summary.ts';

const PATHS_MAX = 20;

export interface RenderPorts {
  /** Vantage points of the family that are up and were heard in the last 24 h. */
  known(family: 4 | 6): number;
  isUp(vantagePoint: number): boolean;
  asName(asn: number): string | undefined;
}

export function renderIncident(incident: IncidentState, ports: RenderPorts): Incident {
  const routes = incident.foremost.of(incident.routes.values()).map((route) => renderRoute(route, ports));
  const { total } = incident.foremost;
  const evidence = incident.rows
    .map((row) => renderRow(row, ports))
    .map((row) => ({ ...row, text: thenOf(incident, row) }));
  return {
    id: incident.id,
    group: incident.group,
    family: incident.family,
    kind: incident.kind,
    severity: incident.severity,
    peakSeverity: incident.peakSeverity,
    score: incident.score,
    state: incident.state === 'resolved' ? 'resolved' : 'open',
    acknowledged: incident.acknowledged,
    acknowledgedBy: incident.acknowledgedBy ?? null,
    acknowledgedAt: optionalTime(incident.acknowledgedMs),
    resolvedBy: incident.resolvedBy ?? null,
    assignee: incident.assignee ?? null,
    notes: incident.notes.map(({ atMs, by, text }) => ({ at: isoTime(atMs), by, text })),
    peak: {
      seeing: incident.peak.seeing,
      known: incident.peak.known,
      at: isoTime(incident.peak.atMs),
    },
    offender: incident.offender,
    summary: summaryOf(incident, routes, total, ports.asName),
    routes,
    routesTotal: total,
    evidence,
    advice: adviceFor(incident, routes, ports.asName),
    firstSeenAt: isoTime(incident.firstSeenMs),
    openedAt: isoTime(incident.openedMs),
    updatedAt: isoTime(incident.updatedMs),
    endedAt: optionalTime(incident.endedMs),
    resolvedAt: optionalTime(incident.resolvedMs),
    resolution: incident.resolution ?? null,
    reopenedCount: incident.reopenedCount,
    detectedBy: incident.detectedBy,
  };
}

/** The alert of one notice. `incident` in it is the incident as it is now. */
export function renderAlert(
  incident: Incident,
  notice: { readonly event: AlertEvent; readonly reason: AlertReason; readonly atMs: number },
  seq: number,
): Alert {
  return {
    seq,
    id: idOf('alert', incident.id, seq, notice.event),
    event: notice.event,
    at: isoTime(notice.atMs),
    reason: notice.reason,
    incident,
  };
}

function optionalTime(ms: number | undefined): string | null {
  return ms === undefined ? null : isoTime(ms);
}

/** What a row says once it is over, where it speaks of a condition that has ended. */
function thenOf(incident: IncidentState, { code, text }: Evidence): Words {
  const facts = incident.rows.find((row) => row.code === code)?.facts.map(String) ?? [];
  return incident.state === 'resolved' && code === incident.kind
    ? (overOf(incident.kind, facts) ?? text)
    : text;
}

function renderRow(row: Row, ports: RenderPorts): Evidence {
  return evidenceOf(row, ports.asName);
}

function renderRoute(route: RouteState, ports: RenderPorts): IncidentRoute {
  const isSeen = (carrier: Carrier): boolean => carrier.doubt !== 2 && ports.isUp(carrier.vantagePoint);
  return {
    kind: route.kind,
    taxonomy: route.taxonomy,
    prefix: route.prefixText,
    watch: route.watch,
    name: route.name,
    expectedOrigins: route.expectedOrigins,
    originAs: route.originAs,
    active: stands(route),
    firstSeenAt: isoTime(route.firstSeenMs),
    lastSeenAt: isoTime(route.lastSeenMs),
    vantagePoints: {
      seeing: route.carriers.pointsWhere(isSeen),
      known: route.prefix === undefined ? 0 : ports.known(route.prefix.family),
    },
    peerAsns: peersOf(route, isSeen),
    paths: mostSeenFirst(pathsOf(route, isSeen)),
  };
}

function peersOf(route: RouteState, isSeen: (carrier: Carrier) => boolean): readonly number[] {
  const peers = new Set<number>();
  for (const carrier of route.carriers.values()) if (isSeen(carrier)) peers.add(carrier.peerAsn);
  return [...peers].sort((a, b) => a - b);
}

/** Path → the vantage points that show it. */
function pathsOf(
  route: RouteState,
  isSeen: (carrier: Carrier) => boolean,
): ReadonlyMap<string, ReadonlySet<number>> {
  const paths = new Map<string, Set<number>>();
  for (const carrier of route.carriers.values()) {
    if (!isSeen(carrier)) continue;
    const text = formatAsPath(carrier.path);
    const points = paths.get(text);
    if (points === undefined) paths.set(text, new Set([carrier.vantagePoint]));
    else points.add(carrier.vantagePoint);
  }
  return paths;
}

function mostSeenFirst(paths: ReadonlyMap<string, ReadonlySet<number>>): readonly RoutePath[] {
  return [...paths]
    .map(([path, points]) => ({ path, vantagePoints: points.size }))
    .sort((a, b) => b.vantagePoints - a.vantagePoints || (a.path < b.path ? -1 : 1))
    .slice(0, PATHS_MAX);
}
