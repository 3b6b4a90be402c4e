/**
 * Incidents and alerts in the shape the outside sees: `replay --json`, the HTTP API, the event stream, webhooks.
 * Key order here is key order there. Plain data, immutable, JSON-ready.
 */
import type { Severity } from '../bgp/severity.ts';
import type { Evidence, Family, Kind, Words } from '../judge/vocabulary.ts';

/** For the edges, which filter, check and word by kind and do not know `judge/`. */
export type { Kind, Words } from '../judge/vocabulary.ts';
export { KINDS } from '../judge/vocabulary.ts';

export const ALERT_EVENTS = ['opened', 'escalated', 'updated', 'resolved', 'reopened'] as const;
export type AlertEvent = (typeof ALERT_EVENTS)[number];

export const ALERT_REASONS = [
  'first-sighting',
  'severity-raised',
  'route-added',
  'reach-doubled',
  'ended',
  'operator',
  'accepted',
  'no-evidence',
  'returned',
] as const;
export type AlertReason = (typeof ALERT_REASONS)[number];

export const RESOLUTIONS = ['withdrawn', 'replaced', 'accepted', 'operator', 'no-evidence'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

export const DETECTED_BY = ['live', 'backfill', 'snapshot', 'replay'] as const;
export type DetectedBy = (typeof DETECTED_BY)[number];

export interface RoutePath {
  /** As routers print it. */
  readonly path: string;
  readonly vantagePoints: number;
}

export interface IncidentRoute {
  readonly kind: Kind;
  /** ARTEMIS letters (`S|0`), null for kinds without. */
  readonly taxonomy: string | null;
  readonly prefix: string;
  /** The prefix of the watch entry, or `AS38099`. */
  readonly watch: string;
  readonly name: string;
  readonly expectedOrigins: readonly number[];
  readonly originAs: readonly number[];
  readonly active: boolean;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
  readonly vantagePoints: { readonly seeing: number; readonly known: number };
  readonly peerAsns: readonly number[];
  /** At most 20, most seen first. */
  readonly paths: readonly RoutePath[];
}

/** What somebody wrote on an incident, also as the reason of an act. */
export interface Note {
  readonly at: string;
  readonly by: string;
  readonly text: string;
}

/** The widest reach there was: distinct vantage points that carried any of its routes at one moment. */
export interface Peak {
  readonly seeing: number;
  readonly known: number;
  readonly at: string;
}

/** What people made of an incident. */
export interface Case {
  readonly acknowledged: boolean;
  readonly acknowledgedBy: string | null;
  readonly acknowledgedAt: string | null;
  /** Who resolved it by hand, or accepted what explains it; null where it ended by itself. */
  readonly resolvedBy: string | null;
  /** Who works on it. */
  readonly assignee: string | null;
  /** Oldest first, at most `NOTES_MAX`. */
  readonly notes: readonly Note[];
}

export const NOTES_MAX = 100;

export const NO_CASE: Case = {
  acknowledged: false,
  acknowledgedBy: null,
  acknowledgedAt: null,
  resolvedBy: null,
  assignee: null,
  notes: [],
};

export interface Incident extends Case {
  readonly id: string;
  readonly group: string;
  readonly family: Family;
  readonly kind: Kind;
  readonly severity: Severity;
  readonly peakSeverity: Severity;
  readonly score: number;
  readonly state: 'open' | 'resolved';
  readonly peak: Peak;
  /** AS number; null for the families visibility and feed. */
  readonly offender: number | null;
  readonly summary: Words;
  /** At most 100, the heaviest first. */
  readonly routes: readonly IncidentRoute[];
  readonly routesTotal: number;
  readonly evidence: readonly Evidence[];
  /** What an engineer should know beside the evidence: the likeliest benign reading, and what to do next. */
  readonly advice: { readonly benign: Words; readonly next: readonly Words[] };
  readonly firstSeenAt: string;
  readonly openedAt: string;
  readonly updatedAt: string;
  readonly endedAt: string | null;
  readonly resolvedAt: string | null;
  readonly resolution: Resolution | null;
  readonly reopenedCount: number;
  readonly detectedBy: DetectedBy;
}

export interface Alert {
  /** 1, 2, 3 … for the life of the database. */
  readonly seq: number;
  readonly id: string;
  readonly event: AlertEvent;
  readonly at: string;
  readonly reason: AlertReason;
  readonly incident: Incident;
}

/** Milliseconds since the epoch as ISO 8601 UTC with milliseconds. */
export function isoTime(ms: number): string {
  return new Date(Math.floor(ms)).toISOString();
}

/** An incident as an earlier version wrote it down: nobody had said anything of it that could be kept. */
export function completed(incident: Incident): Incident {
  if ('notes' in incident) return incident;
  const { acknowledged, openedAt, routes } = incident as Incident;
  const peak = { seeing: 0, known: routes[0]?.vantagePoints.known ?? 0, at: openedAt };
  return { ...(incident as Incident), ...NO_CASE, acknowledged, peak };
}
