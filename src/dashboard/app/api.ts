/**
 * The daemon's API as the page uses it. Answers are typed by the contracts and otherwise not trusted: every text in
 * them is shown as text. A refusal is an `ApiError` with the problem's own words (RFC 9457).
 */
import type {
  AuditRow,
  CoverageInterval,
  Delivery,
  History,
  RawEvidence,
  Silence,
  StatusAnswer,
  WatchlistStateEntry,
} from '../../engine/ports.ts';
import type { Alert, Incident } from '../../incident/alert.ts';

export interface IncidentDetail extends Incident {
  readonly alerts: readonly Alert[];
  readonly raw: readonly RawEvidence[];
  /** What people did to it, oldest first. */
  readonly acts?: readonly AuditRow[];
  readonly deliveries?: readonly Delivery[];
}

export interface Readiness {
  readonly feeds: readonly { readonly name: string; readonly connected: boolean; readonly fresh: boolean }[];
  readonly store: 'ok' | 'failed';
}

/** The daemon says what it knows; all of it but the first two may be missing. */
export interface DaemonView {
  readonly now: string;
  readonly you: { readonly name: string; readonly scope: 'none' | 'read' | 'write' };
  readonly version?: string;
  readonly startedAt?: string;
  readonly receivers?: readonly ReceiverView[];
  readonly reload?: ReloadView | null;
}

export interface ReceiverView {
  readonly name?: string;
  readonly receiver?: string;
  readonly type?: string;
  readonly pending?: number;
  readonly failingSince?: string | null;
  readonly lastError?: string | null;
  readonly lastErrorAt?: string | null;
  readonly lastDeliveredAt?: string | null;
}

export interface ReloadView {
  readonly at?: string;
  readonly result?: string;
  readonly problems?: readonly string[];
}

export interface IncidentPage {
  readonly incidents: readonly Incident[];
  readonly next: string | null;
}

export class ApiError extends Error {
  /** 0: nobody answered. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

/** Marks that turn the direction of all text after them: shown as what they are, nothing. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;
/** A browser lays out a word of 100 kB for minutes: no text is shown beyond this. */
const TEXT_MAX = 2_000;
const LONG_TEXT = /(?:[^"\\]|\\.){2000}/;

/** Reads JSON from the daemon; texts in it may come from anybody. */
export function parse<T>(text: string): T {
  const plain = text.replace(TURNING, '\ufffd');
  return JSON.parse(plain, LONG_TEXT.test(plain) ? shortened : undefined) as T;
}

function shortened(_key: string, value: unknown): unknown {
  return typeof value === 'string' && value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}…` : value;
}

const TIMEOUT_MS = 15_000;

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS), ...init });
  } catch {
    throw new ApiError(0, '');
  }
}

async function problemOf(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => undefined);
  const detail = typeof body === 'object' && body !== null && 'detail' in body ? body.detail : undefined;
  return new ApiError(response.status, typeof detail === 'string' ? detail : `HTTP ${response.status}`);
}

async function read<T>(path: string): Promise<T> {
  const response = await ask(path);
  if (!response.ok) throw await problemOf(response);
  return parse(await response.text());
}

function query(values: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
  return new URLSearchParams(given as [string, string][]).toString();
}

export function fetchIncidents(values: Readonly<Record<string, string | undefined>>): Promise<IncidentPage> {
  return read(`/api/v1/incidents?${query(values)}`);
}

export function fetchIncident(id: string): Promise<IncidentDetail> {
  return read(`/api/v1/incidents/${encodeURIComponent(id)}`);
}

export function fetchHistory(id: string): Promise<History> {
  return read(`/api/v1/incidents/${encodeURIComponent(id)}/history`);
}

export async function fetchWatchlist(): Promise<readonly WatchlistStateEntry[]> {
  return (await read<{ entries: readonly WatchlistStateEntry[] }>('/api/v1/watchlist')).entries;
}

export async function fetchSilences(): Promise<readonly Silence[]> {
  return (await read<{ silences: readonly Silence[] }>('/api/v1/silences')).silences;
}

export async function fetchCoverage(): Promise<readonly CoverageInterval[]> {
  return (await read<{ intervals: readonly CoverageInterval[] }>('/api/v1/coverage')).intervals;
}

export function fetchDaemon(): Promise<DaemonView> {
  return read('/api/v1/daemon');
}

export function fetchStatus(resource: string, at: string | undefined): Promise<StatusAnswer> {
  return read(`/api/v1/status?${query({ resource, at })}`);
}

/** 503 is an answer here: not ready, and why. */
export async function fetchReadiness(): Promise<Readiness> {
  const response = await ask('/readyz');
  if (response.ok || response.status === 503) return parse(await response.text());
  throw await problemOf(response);
}

/** A change through the session: with the header that a page of another site can't set. */
export async function change(method: 'POST' | 'DELETE', path: string, body: object): Promise<void> {
  const send = (): Promise<Response> =>
    ask(path, {
      method,
      headers: { 'content-type': 'application/json', 'x-originwatch': '1' },
      body: JSON.stringify(body),
    });
  let response = await send();
  if (response.status === 401) {
    // After a restart of a daemon on loopback the cookie is nobody's: the page itself brings a new one.
    await ask('/', { headers: { accept: 'text/html' } });
    response = await send();
  }
  if (!response.ok) throw await problemOf(response);
}
