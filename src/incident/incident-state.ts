/**
 * An incident as the middle keeps it: routes with their carriers, what was told, and when. Mutable state, changed
 * only by `IncidentBook`; `render.ts` makes the JSON of it. An incident may have a million routes: what they have in
 * common is shared between them, and nothing that is asked of the whole is found by walking over them.
 */
import type { Prefix } from '../bgp/prefix.ts';
import type { Severity } from '../bgp/severity.ts';
import type { Row } from '../judge/finding.ts';
import type { Family, Kind } from '../judge/vocabulary.ts';
import type { AlertReason, DetectedBy, Resolution } from './alert.ts';
import { Carriers } from './carriers.ts';
import type { Foremost } from './foremost.ts';
import type { RouteTable } from './route-table.ts';
import type { Shelf, Standing } from './standing.ts';
import type { Swarm } from './swarm.ts';

export type { Carrier } from './carriers.ts';

/** What a route is, beside its prefix: mostly the finding of its heaviest carrier itself. */
export interface About {
  readonly kind: Kind;
  readonly taxonomy: string | null;
  readonly watched: {
    readonly name: string;
    /** Where its rows name it. */
    readonly prefix?: Prefix;
    /** Floor and cap of the entry, and how many peer ASes must show it. */
    readonly entry: {
      readonly name: string;
      readonly severity: Severity | undefined;
      readonly minPeers: number;
    };
  };
  readonly expectedOrigins: readonly number[];
  readonly originAs: readonly number[];
}

/** Rows of a route, marks in them (`judge/sharing.ts`), with what they add up to; the same object for routes that have all of it in common. */
export interface Score {
  readonly rows: readonly Row[];
  readonly score: number;
  readonly severity: Severity;
}

export const UNSCORED: Score = { rows: [], score: 0, severity: 'info' };

export class RouteState {
  readonly prefix: Prefix | undefined;
  /** As shown; for a feed its name. */
  readonly prefixText: string;
  about: About;
  readonly carriers = new Carriers();
  /** Most vantage points that carried it at one time. */
  carriersPeak = 0;
  /** For families without carriers: the condition holds. */
  holds = false;
  /** Who would know whether it still holds is silent: a day of that ends it without evidence. */
  isInDoubt = false;
  /** Rows of the condition, where there are no carriers to earn them. */
  ownRows: readonly Row[] = UNSCORED.rows;
  /** Observed, ms. */
  firstSeenMs: number;
  lastSeenMs: number;
  /** Arrived, ms: since when it stands, as known here. */
  bornMs: number;
  /** It went: when it returns, it is new again. */
  isGone = false;
  /** Shown by enough peer ASes once: part of the incident from then on. */
  isAdmitted = false;
  scored: Score = UNSCORED;
  /** Changed since it was last settled. */
  isTouched = false;
  /** How it was counted when it was last settled. */
  wasStanding = false;
  wasVouchedFor = false;
  /** Where it stands in `IncidentState.standing`; undefined while it does not stand. */
  shelf: Shelf | undefined = undefined;
  shelfSeverity: Severity = 'info';
  before: RouteState | undefined = undefined;
  after: RouteState | undefined = undefined;
  /** Of a swarm: the heaviest of its watch entry, listed first. */
  isHerald = false;
  /** In `IncidentState.foremost`. */
  isListed = false;
  /** In `IncidentState.routes`, and the next one of the same prefix there. */
  place = 0;
  alike: RouteState | undefined = undefined;
  /** Its deadline. */
  due: object | undefined = undefined;

  constructor(
    prefixText: string,
    prefix: Prefix | undefined,
    about: About,
    observedMs: number,
    nowMs: number,
  ) {
    this.prefix = prefix;
    this.prefixText = prefixText;
    this.about = about;
    this.firstSeenMs = observedMs;
    this.lastSeenMs = observedMs;
    this.bornMs = nowMs;
  }

  get kind(): Kind {
    return this.about.kind;
  }
  get taxonomy(): string | null {
    return this.about.taxonomy;
  }
  get watch(): string {
    return this.about.watched.name;
  }
  get name(): string {
    return this.about.watched.entry.name;
  }
  get expectedOrigins(): readonly number[] {
    return this.about.expectedOrigins;
  }
  get originAs(): readonly number[] {
    return this.about.originAs;
  }
  get severityFloor(): Severity | undefined {
    return this.about.watched.entry.severity;
  }
  get minPeers(): number {
    return this.about.watched.entry.minPeers;
  }
  get score(): number {
    return this.scored.score;
  }
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

/** A note with its stamp of arrival, ms. */
export interface KeptNote {
  readonly atMs: number;
  readonly by: string;
  readonly text: string;
}

/** One vantage point began to carry a path, changed it, or let go of it. */
export interface KeptStep {
  /** Arrived, ms. */
  readonly atMs: number;
  readonly vantagePoint: number;
  readonly prefixText: string;
  /** As routers print it; null: none any more. */
  readonly path: string | null;
}

/** What an incident waits for. */
export type BookDeadlineKind = 'resolve' | 'evidence' | 'update' | 'forget';
/** A deadline of the book: what, and the key of the incident. */
export type BookDeadline = `${BookDeadlineKind}\u0000${string}`;
/** Names of the deadlines of an incident. */
export type DeadlineNames = { readonly [Kind in BookDeadlineKind]: `${Kind}\u0000${string}` };

/** Evidence code → the heaviest weight it had. */
export type KnownRows = Readonly<Record<string, number>>;

/** What of an incident is plain data, and remembered as it is. */
export interface IncidentFacts {
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
  acknowledgedBy: string | undefined;
  /** Arrived, ms. */
  acknowledgedMs: number | undefined;
  resolvedBy: string | undefined;
  assignee: string | undefined;
  /** Oldest first. */
  notes: KeptNote[];
  /** Most vantage points that carried any of its routes at one time, of how many that were known then. */
  peak: { seeing: number; known: number; atMs: number };
  firstSeenMs: number;
  openedMs: number;
  updatedMs: number;
  /** Observed: when the last offending route went. */
  endedMs: number | undefined;
  /** Arrived: since when nothing stands, as far as that was covered. */
  clearSinceMs: number | undefined;
  resolvedMs: number | undefined;
  resolution: Resolution | undefined;
  /** Resolved by hand: what was known then; anything heavier reopens it. */
  resolvedOn: KnownRows | undefined;
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
  /** Steps of its history kept so far. */
  stepsKept: number;
  /** Raw frames kept as evidence so far. */
  rawKept: number;
  /** After a resolution: something new was seen that may reopen it. */
  returned: boolean;
}

/** What is found again from the watched RIB, or counted as routes come and go. */
export interface IncidentRoutes {
  readonly routes: RouteTable;
  /** Vantage point → number of standing routes it carries. */
  readonly seeing: Map<number, number>;
  /** Admitted routes that stand. */
  readonly standing: Standing;
  /** Those that are listed. */
  readonly foremost: Foremost;
  /** Of all its routes: how many stand, and how many of those somebody is known to vouch for now. */
  standingCount: number;
  vouchedCount: number;
  /** Routes that changed since it was last settled, in the order of their first change. */
  touched: RouteState[];
  /** It changed since its record was last asked for. */
  isChanged: boolean;
  /** Whose rows `rows` are: the heaviest route's, as it was scored and judged then. */
  rowsFrom: { readonly scored: Score; readonly about: About } | undefined;
  /** Who carried what since its record was last written; undefined where nobody did. */
  freshSteps: KeptStep[];
  /** Prefixes that joined since all were written, and how many of them are written. */
  freshPrefixes: string[];
  freshWritten: number;
  readonly deadlines: DeadlineNames;
  /** Set where the offenders are many (`swarm.ts`). */
  readonly swarm: Swarm | undefined;
}

export type IncidentState = IncidentFacts & IncidentRoutes;

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

/** Somebody is known to carry it now, or its condition holds. */
export function isVouchedFor(route: RouteState): boolean {
  if (route.holds) return !route.isInDoubt;
  const { only } = route.carriers;
  if (only !== undefined) return only.doubt === 0;
  for (const carrier of route.carriers.values()) if (carrier.doubt === 0) return true;
  return false;
}

/** One more, or one fewer, of its routes is carried by the vantage point. */
export function countSeeing({ seeing }: IncidentState, vantagePoint: number, step: 1 | -1): void {
  const next = (seeing.get(vantagePoint) ?? 0) + step;
  if (next <= 0) seeing.delete(vantagePoint);
  else seeing.set(vantagePoint, next);
}
