/**
 * What the book of incidents is told, asks for and says: its contract with the engine. Plain data.
 */
import type { Prefix } from '../bgp/prefix.ts';
import type { SightSource } from '../bgp/vantage-point.ts';
import type { Finding, Row } from '../judge/finding.ts';
import type { Spread } from '../judge/spread.ts';
import type { Kind } from '../judge/vocabulary.ts';
import type { AlertEvent, AlertReason, DetectedBy } from './alert.ts';
import type { Carriers } from './carriers.ts';
import type { BookDeadline, Carrier, IncidentState, RouteState } from './incident-state.ts';
import type { ScoreRules } from './score.ts';

export interface BookRules extends ScoreRules {
  readonly resolveAfterMs: number;
  readonly updateEveryMs: number;
  readonly reopenWithinMs: number;
  readonly noEvidenceMs: number;
}

/** What the book asks of its surroundings. */
export interface BookPorts {
  /** Sets or moves a deadline; it comes back through `onDeadline`. */
  setDeadline(name: BookDeadline, atMs: number): void;
  clearDeadline(name: BookDeadline): void;
  /** Sets or moves the one deadline of a route; it comes back through `onRouteDeadline`. */
  setRouteDeadline(incident: IncidentState, route: RouteState, atMs: number): void;
  /** True while the vantage point's session and feed are up. */
  isUp(vantagePoint: number): boolean;
  /** True while every feed delivers: only then silence counts as clear. */
  isCovered(): boolean;
  /** Whose collectors the vantage point belongs to: sources are independent of each other. */
  sourceOf(vantagePoint: number): SightSource;
  /** What is true of an announced prefix only when all who carry it are looked at. */
  spreadOf(prefix: Prefix, carriers: Carriers): Spread;
  /** Vantage points of the family that are up and were heard in the last 24 h. */
  known(family: 4 | 6): number;
}

/** Somebody who acts on incidents, and why; '' without a reason. */
export interface Actor {
  readonly by: string;
  readonly note: string;
}

/** Something to be said now; the engine numbers and renders it. */
export interface Notice {
  readonly incident: IncidentState;
  readonly event: AlertEvent;
  readonly reason: AlertReason;
  readonly atMs: number;
}

/** One sighting of an offending route. */
export interface Sighting {
  readonly finding: Finding;
  readonly prefix: Prefix;
  readonly carrier: Carrier;
  readonly observedMs: number;
  /** Arrival of the announcement: judging it again is no new evidence. */
  readonly arrivedMs: number;
  readonly via: DetectedBy;
}

/** A condition without carriers: lost visibility, a blind feed, a ROA that ends. */
export interface Condition {
  readonly group: string;
  readonly kind: Kind;
  readonly prefix: Prefix | undefined;
  readonly prefixText: string;
  readonly watch: string;
  readonly name: string;
  readonly expectedOrigins: readonly number[];
  /** Of the family own: the origin that it is about. */
  readonly offender?: number;
  readonly rows: readonly Row[];
  /** False: it stands because nobody says otherwise, and nobody could. */
  readonly isKnown: boolean;
  readonly observedMs: number;
  readonly via: DetectedBy;
}

/** How a route left a vantage point. */
export interface Gone {
  readonly cause: Cause;
  readonly observedMs: number;
  /** What it carries instead, as routers print it; null: nothing. Undefined: the same route, judged otherwise. */
  readonly path?: string | null;
  /** Of a condition that has one. */
  readonly offender?: number;
}

/** What became of a sighting. */
export interface Carried {
  readonly incident: IncidentState;
  /** The route is new to it. */
  readonly isNew: boolean;
}

export type Cause = 'withdrawn' | 'replaced' | 'accepted';
