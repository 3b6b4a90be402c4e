/**
 * Contracts between the engine and the edges. Edge rooms know these and not each other.
 */
import type { AsPath } from '../bgp/as-path.ts';
import type { OwnRoutesChange } from '../bgp/own-routes.ts';
import type { Prefix } from '../bgp/prefix.ts';
import type { Community, PeerStateChange, Update } from '../bgp/update.ts';
import type { VantagePoint } from '../bgp/vantage-point.ts';
import type { Alert, DetectedBy, Incident } from '../incident/alert.ts';
import type { CountermeasureSheet } from '../incident/answer/sheet.ts';
import type { Delivery } from '../incident/delivery.ts';
import type { History, HistoryStep } from '../incident/steps.ts';
import type { Words } from '../judge/vocabulary.ts';
import type { GapInput } from './feeds/gap.ts';

export type { Delivery } from '../incident/delivery.ts';
export type { History, HistoryStep } from '../incident/steps.ts';

// ---------------------------------------------------------------- what goes in

/** What a feed or a file hands to the driver, besides the driver's own stamp of arrival. */
export type FeedInput =
  | {
      readonly type: 'update';
      readonly feed: string;
      readonly via: DetectedBy;
      readonly update: Update;
      readonly raw: string;
      /** It says what was so at its own stamp, from a backfill or a snapshot: what is known of later stands. */
      readonly isLate?: true;
    }
  | {
      readonly type: 'peer-state';
      readonly feed: string;
      readonly via: DetectedBy;
      readonly change: PeerStateChange;
    }
  | {
      readonly type: 'feed-state';
      readonly feed: string;
      readonly state: FeedState;
      readonly reason: string;
      /** Since when nothing proves that it saw: the arrival of its last BGP message. Absent: since this input. */
      readonly sinceMs?: number | undefined;
      /** When it is an incident that it does not see. Absent: `blindAfterSeconds` after this input. */
      readonly blindAtMs?: number | undefined;
    }
  | {
      /** One collector of a feed that sees lost its rhythm, or is heard again. */
      readonly type: 'collector-state';
      readonly feed: string;
      readonly collector: string;
      readonly state: CollectorState;
      readonly reason: string;
      readonly sinceMs: number;
    }
  | GapInput
  | ({ readonly type: 'own-routes'; readonly feed: string } & OwnRoutesChange)
  | {
      /** Our own database cannot be written, or can be again. */
      readonly type: 'store-state';
      readonly state: 'ok' | 'away';
      readonly reason: StoreReason;
    }
  | {
      /** From an own recording: the daemon began, or began again after whatever ended it; or it stopped in order. */
      readonly type: 'daemon';
      readonly state: 'started' | 'stopped';
    };

/** What keeps the store from being written; `damaged`: it was, and a part of what it held is lost. */
export type StoreReason = 'none' | 'locked' | 'full' | 'read-only' | 'gone' | 'failing' | 'damaged';

/** `live`: subscribed and fresh. `stalled`: connected, silent. `down`: not connected. */
export type FeedState = 'live' | 'stalled' | 'down';
export type CollectorState = 'live' | 'silent';

// ---------------------------------------------------------------- what is kept

/** What changed in the watched RIB, in the form of the route log (`route-log.ts`): opaque bytes. */
export interface RouteChange {
  /** Appended behind all others; undefined: no route changed. */
  readonly segment: StoredSegment | undefined;
  /** Numbers of segments that nobody needs any more. */
  readonly dropped: readonly number[];
  /** The routes of the table that stood in the place of the log are in the segment now. */
  readonly replacesTable: boolean;
}

export interface StoredSegment {
  readonly number: number;
  readonly body: Uint8Array;
}

/** A route of one vantage point, as the table kept it that stood in the place of the log. */
export interface RibRow {
  readonly vantagePoint: VantagePoint;
  readonly prefix: string;
  readonly path: AsPath;
  readonly communities: readonly Community[];
  readonly observedMs: number;
  readonly arrivedMs: number;
  /** 0 known; 1 a gap of the feed lies between; 2 the session went down since. */
  readonly doubt: 0 | 1 | 2;
}

/** One expectation or memory: this origin was seen, declared or refused for this prefix. */
export interface BaselineRow {
  readonly prefix: string;
  readonly origin: number;
  readonly neighbors: readonly number[];
  /** `learned` counts once firm; `provisional` is the first sighting; `rejected` was refused by an operator. */
  readonly source: 'config' | 'learned' | 'provisional' | 'observed' | 'operator' | 'rejected' | 'snapshot';
  /** ISO; null: declared, never seen yet. */
  readonly firstSeenAt: string | null;
  readonly lastSeenAt: string | null;
  /** Distinct peer ASes that showed it, at most 16 kept. */
  readonly peerAsns: readonly number[];
  readonly by: string;
  readonly note: string;
}

/** A row with what the outside does not see: neighbours that do not count yet, opaque JSON text; absent or empty: none. */
export interface KeptBaselineRow extends BaselineRow {
  readonly candidates?: string;
}

/** A part of an incident that the outside does not see, as the incident room wants it back: opaque JSON text. */
export interface IncidentRecord {
  readonly incident: Incident;
  readonly key: string;
  readonly memory: string;
}

/** Prefixes of routes that an incident had no room to list (it lists 100): it is found by them too. */
export interface UnlistedPrefixes {
  readonly incidentId: string;
  readonly prefixes: readonly string[];
}

export interface SilenceMatch {
  readonly group?: string;
  readonly prefix?: string;
  readonly kind?: string;
  readonly offender?: number;
}

export interface Silence {
  readonly id: string;
  readonly match: SilenceMatch;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly expectedOrigin: number | null;
  readonly by: string;
  readonly note: string;
}

export interface RawEvidence {
  readonly at: string;
  readonly vantagePoint: string;
  readonly frame: string;
}

export interface CoverageInterval {
  readonly feed: string;
  readonly from: string;
  readonly to: string;
  readonly state: 'live' | 'backfilled' | 'blind';
  readonly reason: string;
}

/** What has to be sent to one receiver because of one alert. */
export interface OutboxRow {
  readonly receiver: string;
  readonly alert: Alert;
  /** Identity of the row beside the receiver; absent: the alert's id. A reminder of the same alert brings its own. */
  readonly key?: string;
}

/** Everything one batch of inputs changed; written in one transaction, or not at all. */
export interface Batch {
  readonly routes: RouteChange;
  readonly baseline: readonly KeptBaselineRow[];
  readonly baselineRemoved: readonly { readonly prefix: string; readonly origin: number }[];
  readonly incidents: readonly IncidentRecord[];
  /** Each prefix once is enough. A large incident's come little by little. */
  readonly unlisted?: readonly UnlistedPrefixes[];
  readonly incidentsForgotten: readonly string[];
  readonly alerts: readonly Alert[];
  readonly outbox: readonly OutboxRow[];
  readonly raw: readonly { readonly incidentId: string; readonly evidence: RawEvidence }[];
  /** Steps of incidents of this batch or before it. */
  readonly steps?: readonly { readonly incidentId: string; readonly steps: readonly HistoryStep[] }[];
  readonly silences: readonly Silence[];
  readonly silencesRemoved: readonly string[];
  readonly audit: readonly AuditRow[];
  /** Small named values of the engine, for instance the clock and vantage points heard from. */
  readonly memory: readonly { readonly key: string; readonly value: string }[];
}

export interface AuditRow {
  readonly at: string;
  readonly who: string;
  readonly action: string;
  readonly subject: string;
  readonly note: string;
}

/** What the engine starts from. */
export interface Remembered {
  readonly nextSeq: number;
  /** Segments of the route log, oldest first. */
  readonly segments: Iterable<StoredSegment>;
  /** Routes of the table that a database of an earlier version has in the place of the log. */
  readonly ribTable: Iterable<RibRow>;
  readonly baseline: Iterable<KeptBaselineRow>;
  /** Open ones, and those resolved not longer ago than the reopening window. */
  readonly incidents: Iterable<IncidentRecord>;
  readonly silences: readonly Silence[];
  readonly memory: ReadonlyMap<string, string>;
}

/** The store, as the driver sees it. Every method is synchronous; errors are `OperationalError('store-…')`. */
export interface Store {
  remember(): Remembered;
  /** One transaction. */
  commit(batch: Batch): void;
  close(): void;
}

// ---------------------------------------------------------------- what the API reads

export interface IncidentQuery {
  readonly state?: readonly string[];
  readonly kind?: readonly string[];
  readonly group?: readonly string[];
  readonly severity?: readonly string[];
  /** Any route overlaps it. */
  readonly prefix?: Prefix;
  /** ISO, on `openedAt`, inclusive. */
  readonly since?: string;
  readonly limit: number;
  readonly cursor?: string;
}

export interface IncidentPage {
  readonly incidents: readonly Incident[];
  readonly next: string | null;
}

export interface Archive {
  incidents(query: IncidentQuery): IncidentPage;
  incident(id: string): Incident | undefined;
  alertsOf(incidentId: string): readonly Alert[];
  rawOf(incidentId: string): readonly RawEvidence[];
  historyOf(incidentId: string): History;
  /** What people did to it, oldest first. */
  actsOn(incidentId: string): readonly AuditRow[];
  /** Newest first, at most 1000. */
  deliveriesOf(incidentId: string): readonly Delivery[];
  /** Oldest first, those with `seq > after`. */
  alertsAfter(after: number, limit: number): readonly Alert[];
  /** Newest first. */
  latestAlerts(limit: number): readonly Alert[];
  lastSeq(): number;
  baseline(): readonly BaselineRow[];
  silences(): readonly Silence[];
  coverage(from: string, to: string): readonly CoverageInterval[];
  audit(limit: number): readonly AuditRow[];
}

export interface CoverageWriter {
  /** Extends the running interval of the feed when state and reason are the same, else begins one. */
  coverage(interval: CoverageInterval): void;
}

// ---------------------------------------------------------------- what the API does

/** Who asks for a change, and why; shown in the incident's history and the audit. */
export interface Author {
  readonly by: string;
  readonly note: string;
  /** With whose rights, when that is known: the token's name or the dashboard. For the audit only. */
  readonly via?: string;
}

/** A refusal that is the caller's: not found, wrong state, bad value. */
export interface Refusal {
  readonly refused: 'not-found' | 'conflict' | 'bad-value';
  readonly detail: string;
}

export type Answer<T> = T | Refusal;

export interface Operator {
  acknowledge(id: string, author: Author): Answer<Incident>;
  resolve(id: string, author: Author): Answer<Incident>;
  note(id: string, author: Author): Answer<Incident>;
  assign(id: string, assignee: string | null, author: Author): Answer<Incident>;
  acceptOrigin(prefix: Prefix, origin: number, author: Author): Answer<BaselineRow>;
  rejectOrigin(prefix: Prefix, origin: number, author: Author): Answer<BaselineRow>;
  /** `origin` undefined: every one of the prefix. */
  forgetOrigin(
    prefix: Prefix,
    origin: number | undefined,
    author: Author,
  ): Answer<{ readonly forgotten: number }>;
  addSilence(silence: Omit<Silence, 'id'>, via?: string): Answer<Silence>;
  removeSilence(id: string, author: Author): Answer<undefined>;
  importBaseline(rows: readonly BaselineRow[], author: Author): Answer<{ readonly imported: number }>;
}

export interface WatchlistStateEntry {
  readonly watch: string;
  readonly name: string;
  readonly group: string;
  readonly expectedOrigins: readonly number[];
  readonly origins: readonly { readonly origin: number; readonly vantagePoints: number }[];
  readonly visibility: { readonly seeing: number; readonly known: number };
  readonly rpki: 'valid' | 'invalid' | 'not-found' | 'unknown';
  readonly lastChangeAt: string | null;
  readonly incidents: readonly string[];
}

export interface StatusAnswer {
  readonly verdict: 'yes' | 'no' | 'unknown';
  readonly because: readonly Words[];
  /** Of the asked address itself first, then inside it, then of what covers it; each with the prefix it stands at. */
  readonly origins: readonly {
    readonly origin: number;
    readonly vantagePoints: number;
    readonly prefix?: string;
  }[];
  readonly visibility: { readonly seeing: number; readonly known: number };
  readonly incidents: readonly Incident[];
  readonly coverage: readonly CoverageInterval[];
}

/** What the engine can tell of this moment. */
export interface Present {
  /** Made one by one while it is read. */
  watchlist(): Iterable<WatchlistStateEntry>;
  /** `resource`: prefix, address, AS number or host name. `at` ISO; undefined: now. */
  status(resource: string, at: string | undefined): Answer<StatusAnswer>;
  /** What to do against an incident, as things stand at this moment. */
  countermeasures(incidentId: string): Answer<CountermeasureSheet>;
  readiness(): {
    readonly feeds: readonly {
      readonly name: string;
      readonly connected: boolean;
      readonly fresh: boolean;
    }[];
    readonly store: 'ok' | 'failed';
  };
}

/** Told after the transaction: what the event stream passes on. */
export type Published =
  | { readonly type: 'alert'; readonly alert: Alert }
  | { readonly type: 'incident'; readonly incident: Incident };

export interface Publisher {
  /** Returns the way out. The listener must not throw and must not block. */
  subscribe(listener: (published: Published) => void): () => void;
}

// ---------------------------------------------------------------- the outbox

export interface OutboxItem {
  readonly alert: Alert;
  readonly receiver: string;
  readonly attempts: number;
  /** Ms since the epoch: not before. */
  readonly notBeforeMs: number;
  /** The row's identity, given back to `delivered`, `postponed`, `failed`; absent: the alert's id. */
  readonly key?: string;
}

/** Rows are claimed oldest first per receiver; of one incident, a later row waits for the earlier. */
/** No row is put off for longer, ms: the longest pause that another side can ask for. */
export const PUT_OFF_MS_MAX = 3_600_000;

export interface Outbox {
  /**
   * Rows due at `nowMs` of one receiver, at most `limit`, only the first unsent one of each incident. What was put off for
   * longer than `PUT_OFF_MS_MAX` was put off by a clock that ran ahead, in an earlier process: it is due.
   */
  due(receiver: string, nowMs: number, limit: number): readonly OutboxItem[];
  /** When the earliest row of the receiver becomes due; undefined when none waits. */
  nextDueMs(receiver: string): number | undefined;
  delivered(receiver: string, key: string, atMs: number): void;
  postponed(receiver: string, key: string, notBeforeMs: number, error: string): void;
  /** Given up for good; kept and shown. */
  failed(receiver: string, key: string, atMs: number, error: string): void;
  pending(receiver: string): number;
  /** Per-receiver memory, for instance the thread of an incident in Slack. */
  memo(receiver: string, key: string): string | undefined;
  setMemo(receiver: string, key: string, value: string): void;
}
