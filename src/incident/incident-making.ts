/**
 * New incidents, new routes and the names they go by in the book: what makes two sightings one incident, and one route.
 */
import type { Prefix } from '../bgp/prefix.ts';
import type { Finding } from '../judge/finding.ts';
import { FAMILY_OF, type Family, type Kind } from '../judge/vocabulary.ts';
import type { DetectedBy } from './alert.ts';
import type { IncidentState, RouteState } from './incident-state.ts';

export const SEPARATOR = '\u0000';

export function deadlineName(what: string, ...keys: readonly string[]): string {
  return [what, ...keys].join(SEPARATOR);
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

export function routeKeyOf(prefixText: string, finding: Finding): string {
  return `${prefixText}|${finding.watched.name}|${finding.originAs.join(',')}`;
}

export function emptyRoute(
  key: string,
  prefixText: string,
  prefix: Prefix | undefined,
  observedMs: number,
  nowMs: number,
): RouteState {
  return {
    key,
    prefix,
    prefixText,
    watch: '',
    name: '',
    kind: 'feed-blind',
    taxonomy: null,
    expectedOrigins: [],
    originAs: [],
    severityFloor: undefined,
    minPeers: 1,
    carriers: new Map(),
    carriersPeak: 0,
    holds: false,
    isInDoubt: false,
    ownRows: [],
    firstSeenMs: observedMs,
    lastSeenMs: observedMs,
    bornMs: nowMs,
    isGone: false,
    isAdmitted: false,
    rows: [],
    score: 0,
    severity: 'info',
    filedUnder: undefined,
  };
}

export function newIncident(
  key: Key,
  sighting: { observedMs: number; via: DetectedBy },
  nowMs: number,
): IncidentState {
  return {
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
    acknowledged: false,
    routes: new Map(),
    seeing: new Map(),
    standing: new Map(),
    severities: { info: 0, warning: 0, critical: 0 },
    firstSeenMs: sighting.observedMs,
    openedMs: nowMs,
    updatedMs: nowMs,
    endedMs: undefined,
    clearSinceMs: undefined,
    resolvedMs: undefined,
    resolution: undefined,
    lastCause: 'withdrawn',
    lastEvidenceMs: nowMs,
    reopenedCount: 0,
    detectedBy: sighting.via,
    told: { severity: 'info', reach: 0, updatedMs: Number.NEGATIVE_INFINITY, pending: undefined },
    toldReceivers: [],
    rawKept: 0,
    freshPrefixes: [],
    writtenMs: 0,
    returned: false,
  };
}
