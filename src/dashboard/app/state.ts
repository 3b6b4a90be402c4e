/**
 * All that the page knows, in one immutable value, and what changes it. The stream and the polls put in here what
 * they hear; the view is drawn from it as a whole.
 */
import type { CoverageInterval, Silence, WatchlistStateEntry } from '../../engine/ports.ts';
import type { Incident } from '../../incident/alert.ts';
import type { DaemonView, IncidentDetail, Readiness } from './api.ts';
import { type Place, readPlace } from './location.ts';
import type { Preferences } from './preferences.ts';

export interface Link {
  readonly state: 'connecting' | 'live' | 'lost' | 'logged-out';
  /** When the daemon was last heard, by this machine's clock. */
  readonly heardMs: number;
  /** Too long ago: what is shown may be untrue. */
  readonly isStale: boolean;
}

export interface Reading {
  readonly seeing: number;
  readonly known: number;
}

export interface Detail {
  readonly id: string;
  readonly value?: IncidentDetail;
  /** Problem's words; '' when nobody answered. */
  readonly error?: { readonly status: number; readonly text: string };
}

export interface State {
  readonly place: Place;
  readonly preferences: Preferences;
  readonly link: Link;
  readonly isLoaded: boolean;
  readonly open: ReadonlyMap<string, Incident>;
  readonly detail: Detail | undefined;
  readonly watchlist: readonly WatchlistStateEntry[] | undefined;
  /** Of each watch entry since this page was opened, oldest first. */
  readonly readings: ReadonlyMap<string, readonly Reading[]>;
  readonly readiness: Readiness | undefined;
  readonly coverage: readonly CoverageInterval[] | undefined;
  readonly daemon: DaemonView | undefined;
  /** The version that this page came with. */
  readonly ownVersion: string | undefined;
  readonly silences: readonly Silence[] | undefined;
  /** The daemon's clock minus ours, ms. */
  readonly skewMs: number;
  /** Said aloud at once by screen readers. */
  readonly announcement: string;
  /** What became of the last action. */
  readonly notice: { readonly text: string; readonly isGood: boolean } | undefined;
  readonly isHelpOpen: boolean;
}

export interface App {
  readonly state: State;
  update(change: Partial<State>): void;
}

export function firstState(preferences: Preferences, hash: string): State {
  return {
    place: readPlace(hash),
    preferences,
    link: { state: 'connecting', heardMs: Date.now(), isStale: false },
    isLoaded: false,
    open: new Map(),
    detail: undefined,
    watchlist: undefined,
    readings: new Map(),
    readiness: undefined,
    coverage: undefined,
    daemon: undefined,
    ownVersion: undefined,
    silences: undefined,
    skewMs: 0,
    announcement: '',
    notice: undefined,
    isHelpOpen: false,
  };
}

/** The daemon's time now. */
export function nowMs(state: State): number {
  return Date.now() + state.skewMs;
}

/** Puts one incident as it now is into the open ones, or takes it out. */
export function withIncident(
  open: ReadonlyMap<string, Incident>,
  incident: Incident,
): ReadonlyMap<string, Incident> {
  const next = new Map(open);
  if (incident.state === 'open') next.set(incident.id, incident);
  else next.delete(incident.id);
  return next;
}

/** Critical ones nobody saw before or that got worse, of those that are open in `after`. */
export function newCriticals(
  before: ReadonlyMap<string, Incident>,
  after: Iterable<Incident>,
): readonly Incident[] {
  return [...after].filter(
    (incident) =>
      incident.state === 'open' &&
      incident.severity === 'critical' &&
      !incident.acknowledged &&
      before.get(incident.id)?.severity !== 'critical',
  );
}

const RANK = { critical: 0, warning: 1, info: 2 } as const;

/** Vantage points of the most seen route that stands, times the routes: how much of the world, and of ours. */
export function extentOf({ routes, routesTotal }: Incident): number {
  const standing = routes.filter(({ active }) => active);
  return Math.max(0, ...standing.map(({ vantagePoints }) => vantagePoints.seeing)) * routesTotal;
}

/** The worst first: by severity, then score, then reach times routes, then the newest. */
export function byUrgency(a: Incident, b: Incident): number {
  return (
    RANK[a.severity] - RANK[b.severity] ||
    b.score - a.score ||
    extentOf(b) - extentOf(a) ||
    (a.openedAt < b.openedAt ? 1 : a.openedAt > b.openedAt ? -1 : a.id < b.id ? -1 : 1)
  );
}

const READINGS_MAX = 120;
/** Beyond this many entries no history is kept: a long list is read by filter, not by curve. */
const HISTORY_ENTRIES_MAX = 5_000;

export function withReadings(
  readings: State['readings'],
  entries: readonly WatchlistStateEntry[],
): State['readings'] {
  if (entries.length > HISTORY_ENTRIES_MAX) return new Map();
  return new Map(
    entries.map(({ watch, visibility }) => [
      watch,
      [...(readings.get(watch) ?? []), visibility].slice(-READINGS_MAX),
    ]),
  );
}

export type Sight = 'yes' | 'partly' | 'no' | 'unknown';

/** Can we see? A feed counts when it is connected and fresh. */
export function sightOf(readiness: Readiness | undefined): Sight {
  if (readiness === undefined) return 'unknown';
  const live = readiness.feeds.filter((feed) => feed.connected && feed.fresh).length;
  if (live === 0) return 'no';
  return live === readiness.feeds.length && readiness.store === 'ok' ? 'yes' : 'partly';
}
