/**
 * New incidents, and the names they go by in the book: what makes two sightings one incident.
 */
import type { RouteOwner } from '../bgp/vantage-point.ts';
import { FAMILY_OF, type Family, type Kind } from '../judge/vocabulary.ts';
import type { DetectedBy } from './alert.ts';
import type { Condition } from './book-contract.ts';
import { Foremost } from './foremost.ts';
import {
  type BookDeadline,
  type BookDeadlineKind,
  type DeadlineNames,
  type IncidentFacts,
  type IncidentRoutes,
  type IncidentState,
  RouteState,
} from './incident-state.ts';
import { RouteTable } from './route-table.ts';
import { Standing } from './standing.ts';
import { isSwarm, Swarm } from './swarm.ts';

function deadlineNames(key: string): DeadlineNames {
  return {
    resolve: `resolve\u0000${key}`,
    evidence: `evidence\u0000${key}`,
    update: `update\u0000${key}`,
    forget: `forget\u0000${key}`,
  };
}

/** What is waited for, and the key of the incident. */
export function partsOfDeadline(name: BookDeadline): [kind: BookDeadlineKind, key: string] {
  const at = name.indexOf('\u0000');
  return [name.slice(0, at) as BookDeadlineKind, name.slice(at + 1)];
}

export interface Key {
  readonly text: string;
  readonly group: string;
  readonly family: Family;
  readonly kind: Kind;
  readonly offender: number | null;
}

export function keyOf(group: string, kind: Kind, offender: number | null): Key {
  const family = FAMILY_OF[kind];
  return { text: `${group}|${family}|${offender ?? ''}`, group, family, kind, offender };
}

export function newIncident(
  key: Key,
  sighting: { observedMs: number; via: DetectedBy },
  nowMs: number,
): IncidentState {
  return withoutRoutes({
    id: '',
    key: key.text,
    group: key.group,
    family: key.family,
    offender: key.offender,
    state: 'pending',
    kind: key.kind,
    severity: 'info',
    peakSeverity: 'info',
    score: 0,
    rows: [],
    ...untouched(nowMs),
    firstSeenMs: sighting.observedMs,
    openedMs: nowMs,
    updatedMs: nowMs,
    endedMs: undefined,
    clearSinceMs: undefined,
    resolvedMs: undefined,
    resolution: undefined,
    resolvedOn: undefined,
    lastCause: 'withdrawn',
    lastEvidenceMs: nowMs,
    reopenedCount: 0,
    detectedBy: sighting.via,
    told: { severity: 'info', reach: 0, updatedMs: Number.NEGATIVE_INFINITY, pending: undefined },
    toldReceivers: [],
    rawKept: 0,
    writtenMs: 0,
    returned: false,
  });
}

/** Nobody has done or said anything yet, and nobody has seen it. */
export function untouched(
  nowMs: number,
): Pick<
  IncidentFacts,
  | 'acknowledged'
  | 'acknowledgedBy'
  | 'acknowledgedMs'
  | 'resolvedBy'
  | 'assignee'
  | 'notes'
  | 'peak'
  | 'stepsKept'
> {
  return {
    acknowledged: false,
    acknowledgedBy: undefined,
    acknowledgedMs: undefined,
    resolvedBy: undefined,
    assignee: undefined,
    notes: [],
    peak: { seeing: 0, known: 0, atMs: nowMs },
    stepsKept: 0,
  };
}

/** An incident of these facts that has no routes yet. */
export function withoutRoutes(facts: IncidentFacts): IncidentState {
  const routes: IncidentRoutes = {
    routes: new RouteTable(),
    seeing: new Map(),
    standing: new Standing(),
    foremost: new Foremost(),
    standingCount: 0,
    vouchedCount: 0,
    touched: [],
    isChanged: false,
    rowsFrom: undefined,
    freshSteps: [],
    freshPrefixes: [],
    freshWritten: 0,
    deadlines: deadlineNames(facts.key),
    swarm: isSwarm(facts.family, facts.offender) ? new Swarm() : undefined,
  };
  return { ...facts, ...routes };
}

/** A condition without carriers as a route of its incident. */
export function addCondition(incident: IncidentState, condition: Condition, nowMs: number): RouteState {
  const { kind, prefix, prefixText, expectedOrigins, observedMs } = condition;
  const entry = { name: condition.name, severity: undefined, minPeers: 1 };
  const watched = { name: condition.watch, entry };
  const originAs = condition.offender === undefined ? [] : [condition.offender];
  const about = { kind, taxonomy: null, watched, expectedOrigins, originAs };
  const route = new RouteState(prefixText, prefix, about, observedMs, nowMs);
  incident.routes.add(route);
  return route;
}

/** Nobody vouches for any of its routes any more: they end when they were last seen, and leave the RIB. */
export function leaveToNobody(
  incident: IncidentState,
  purge: (prefix: string, owner: RouteOwner | undefined) => void,
  file: (route: RouteState) => void,
): void {
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const route of incident.routes.values()) lastMs = Math.max(lastMs, route.lastSeenMs);
  incident.endedMs ??= lastMs;
  for (const route of incident.routes.values()) {
    for (const carrier of route.carriers.values()) purge(route.prefixText, carrier);
    route.carriers.clear();
    route.isGone = true;
    if (route.holds) purge(route.prefixText, undefined);
    route.holds = false;
    file(route);
  }
  incident.seeing.clear();
  incident.swarm?.left();
  incident.foremost.forget();
}
