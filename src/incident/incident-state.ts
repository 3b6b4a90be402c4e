/**
 * An incident as the middle keeps it: routes with their carriers, what was told, and when. Mutable state, changed
 * only by `IncidentBook`; `render.ts` makes the JSON of it.
 */
import type { AsPath } from '../bgp/as-path.ts';
import type { Prefix } from '../bgp/prefix.ts';
import type { Severity } from '../bgp/severity.ts';
import type { Finding, Row } from '../judge/finding.ts';
import type { Family, Kind } from '../judge/vocabulary.ts';
import type { AlertReason, DetectedBy, Resolution } from './alert.ts';

/** One vantage point that carries an offending route. */
export interface Carrier {
  readonly path: AsPath;
  readonly peerAsn: number;
  readonly finding: Finding;
  /** The collector's stamp is impossible. */
  readonly hasBadClock: boolean;
  /** 0 known; 1 a gap of the feed lies between; 2 its session went down since. */
  doubt: 0 | 1 | 2;
}

export interface RouteState {
  readonly key: string;
  readonly prefix: Prefix | undefined;
  /** As shown; for a feed its name. */
  readonly prefixText: string;
  watch: string;
  name: string;
  kind: Kind;
  taxonomy: string | null;
  expectedOrigins: readonly number[];
  originAs: readonly number[];
  /** Floor and cap of the entry, and how many peer ASes must show it. */
  severityFloor: Severity | undefined;
  minPeers: number;
  readonly carriers: Map<number, Carrier>;
  /** Most vantage points that carried it at one time. */
  carriersPeak: number;
  /** For families without carriers: the condition holds. */
  holds: boolean;
  /** Who would know whether it still holds is silent: a day of that ends it without evidence. */
  isInDoubt: boolean;
  /** Rows of the condition, where there are no carriers to earn them. */
  ownRows: readonly Row[];
  /** Observed, ms. */
  firstSeenMs: number;
  lastSeenMs: number;
  /** Arrived, ms: since when it stands, as known here. */
  bornMs: number;
  /** It went: when it returns, it is new again. */
  isGone: boolean;
  /** Shown by enough peer ASes once: part of the incident from then on. */
  isAdmitted: boolean;
  rows: readonly Row[];
  score: number;
  severity: Severity;
  /** Where it stands in `IncidentState.standing`; undefined while it does not stand. */
  filedUnder: { readonly score: number; readonly severity: Severity } | undefined;
}

/** What the last alert said, so that the next one is sent only for something new. */
export interface Told {
  severity: Severity;
  reach: number;
  /** Stamp of the last `updated`; -Infinity: none yet. */
  updatedMs: number;
  /** An `updated` that is held back. */
  pending: AlertReason | undefined;
}

export interface IncidentState {
  /** Given when it opens: until then nobody outside knows of it. */
  id: string;
  readonly key: string;
  readonly group: string;
  readonly family: Family;
  readonly offender: number | null;
  /** `pending`: something was seen, not yet by enough peer ASes. */
  state: 'pending' | 'open' | 'resolved';
  kind: Kind;
  severity: Severity;
  peakSeverity: Severity;
  score: number;
  rows: readonly Row[];
  acknowledged: boolean;
  readonly routes: Map<string, RouteState>;
  /** Vantage point → number of standing routes it carries. */
  readonly seeing: Map<number, number>;
  /** Admitted routes that stand, by score: the first of the highest shelf is the heaviest. */
  readonly standing: Map<number, Set<RouteState>>;
  /** How many of them have each severity. */
  readonly severities: Record<Severity, number>;
  firstSeenMs: number;
  openedMs: number;
  updatedMs: number;
  /** Observed: when the last offending route went. */
  endedMs: number | undefined;
  /** Arrived: since when nothing stands, as far as that was covered. */
  clearSinceMs: number | undefined;
  resolvedMs: number | undefined;
  resolution: Resolution | undefined;
  /** How the last offending route went. */
  lastCause: 'withdrawn' | 'replaced' | 'accepted';
  lastEvidenceMs: number;
  reopenedCount: number;
  detectedBy: DetectedBy;
  readonly told: Told;
  /** Receivers that were told of it, and so are told of its end. */
  toldReceivers: string[];
  /** When its record was last written, ms. */
  writtenMs: number;
  /** Prefixes that joined since its record was last written. */
  freshPrefixes: string[];
  /** Raw frames kept as evidence so far. */
  rawKept: number;
  /** After a resolution: something new was seen that may reopen it. */
  returned: boolean;
}

/** True while somebody carries it, for certain or in doubt, or its condition holds. */
export function stands(route: RouteState): boolean {
  return route.holds || route.carriers.size > 0;
}

/** Distinct peer ASes among the carriers. */
export function peerAsnsOf(route: RouteState): ReadonlySet<number> {
  const peers = new Set<number>();
  for (const carrier of route.carriers.values()) peers.add(carrier.peerAsn);
  return peers;
}
