/**
 * Keeps the page alive: the event stream, the polls, and the watch over both. After every (re)connection, so after
 * sleep too, everything is read anew: the stream begins *now* and the snapshot follows it, so that nothing falls
 * between and nothing old overwrites what is new.
 */
import type { Alert, Incident } from '../../incident/alert.ts';
import {
  ApiError,
  fetchCoverage,
  fetchDaemon,
  fetchIncident,
  fetchIncidents,
  fetchReadiness,
  fetchSilences,
  fetchWatchlist,
  parse,
  type Readiness,
} from './api.ts';
import { type App, newCriticals, type State, withIncident, withReadings } from './state.ts';
import type { StreamMessage } from './stream/sse.ts';
import { createStream, type Stream } from './stream/stream.ts';

/** The daemon gives a sign every 10 s, by contract at least every 15 s. */
const RECONNECT_AFTER_MS = 25_000;
const STALE_AFTER_MS = 30_000;
const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000];
const POLL_MS = 15_000;
const PAGES_MAX = 50;

export interface LiveOptions {
  readonly app: App;
  /** Told of critical incidents that are new to this page. */
  readonly onCritical: (incidents: readonly Incident[]) => void;
}

export interface Live {
  /** Reads the incident of the current place, and what its page shows besides. */
  refreshPlace(): void;
  /** Reads the silences anew. */
  refreshSilences(): void;
  /** Takes an incident as it now is. */
  take(incident: Incident): void;
}

interface Running extends LiveOptions {
  readonly stream: Stream;
  connection: AbortController | undefined;
  /** Incidents heard of while the snapshot is on its way; undefined: none is. */
  touched: Set<string> | undefined;
  attempts: number;
  wake: (() => void) | undefined;
  detailTimer: number | undefined;
}

export function keepLive(options: LiveOptions): Live {
  const running: Running = {
    ...options,
    stream: createStream(),
    connection: undefined,
    touched: undefined,
    attempts: 0,
    wake: undefined,
    detailTimer: undefined,
  };
  void streamForever(running);
  setInterval(() => watch(running), 1_000);
  setInterval(() => void poll(running), POLL_MS);
  for (const name of ['online', 'pageshow', 'focus']) addEventListener(name, () => lookUp(running));
  document.addEventListener('visibilitychange', () => lookUp(running));
  return {
    refreshPlace: () => void refreshPlace(running),
    refreshSilences: () => void loadSilences(running),
    take: (incident) => take(running, incident),
  };
}

// ---------------------------------------------------------------- the stream

async function streamForever(running: Running): Promise<never> {
  for (;;) {
    const ended = await streamOnce(running).catch((error: unknown) => error);
    const isLoggedOut = ended instanceof ApiError && ended.status === 401;
    setLink(running, { state: isLoggedOut ? 'logged-out' : 'lost' });
    const wait = RETRY_MS[Math.min(running.attempts, RETRY_MS.length - 1)] ?? 0;
    running.attempts += 1;
    await new Promise<void>((resolve) => {
      running.wake = resolve;
      setTimeout(resolve, wait);
    });
  }
}

/** One connection from its begin to its end. */
function streamOnce(running: Running): Promise<void> {
  const connection = new AbortController();
  running.connection = connection;
  return running.stream.listen(
    {
      onOpen() {
        running.touched = new Set();
        heard(running);
        void snapshot(running, connection);
      },
      onMessages(messages) {
        heard(running);
        for (const message of messages) receive(running, message);
      },
    },
    connection.signal,
  );
}

function receive(running: Running, { type, data }: StreamMessage): void {
  if (type === 'alert') take(running, parse<Alert>(data).incident);
  if (type === 'incident') take(running, parse<Incident>(data));
  if (type === 'readiness') running.app.update({ readiness: parse<Readiness>(data) });
}

function take(running: Running, incident: Incident): void {
  const { app } = running;
  running.touched?.add(incident.id);
  const criticals = app.state.isLoaded ? newCriticals(app.state.open, [incident]) : [];
  const { detail } = app.state;
  app.update({
    open: withIncident(app.state.open, incident),
    ...(detail?.value?.id === incident.id && {
      detail: { id: detail.id, value: { ...detail.value, ...incident } },
    }),
  });
  if (detail?.id === incident.id) reloadDetailSoon(running);
  if (criticals.length > 0) running.onCritical(criticals);
}

/** A burst of alerts about the incident on the screen is one reading of its timeline. */
function reloadDetailSoon(running: Running): void {
  clearTimeout(running.detailTimer);
  running.detailTimer = setTimeout(() => void loadDetail(running), 250);
}

// ---------------------------------------------------------------- the snapshot

async function snapshot(running: Running, connection: AbortController): Promise<void> {
  const { app } = running;
  try {
    const found = await openIncidents();
    if (connection.signal.aborted) return;
    const before = app.state.open;
    const open = new Map(found.map((incident) => [incident.id, incident]));
    for (const id of running.touched ?? []) {
      const heardOf = before.get(id);
      if (heardOf === undefined) open.delete(id);
      else open.set(id, heardOf);
    }
    const criticals = app.state.isLoaded ? newCriticals(before, open.values()) : [];
    running.touched = undefined;
    running.attempts = 0;
    app.update({ open, isLoaded: true });
    setLink(running, { state: 'live', isStale: false });
    if (criticals.length > 0) running.onCritical(criticals);
    await Promise.all([poll(running), refreshPlace(running)]);
  } catch {
    connection.abort();
  }
}

async function openIncidents(): Promise<readonly Incident[]> {
  const found: Incident[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { incidents, next } = await fetchIncidents({ state: 'open', limit: '1000', cursor });
    found.push(...incidents);
    if (next === null) break;
    cursor = next;
  }
  return found;
}

// ---------------------------------------------------------------- the watch

function setLink(running: Running, change: Partial<State['link']>): void {
  const { app } = running;
  app.update({ link: { ...app.state.link, ...change } });
}

function heard(running: Running): void {
  setLink(running, { heardMs: Date.now() });
}

/** Every second: a connection that says nothing is given up, and a page that hears nothing says so. */
function watch(running: Running): void {
  const { link } = running.app.state;
  const silentMs = Date.now() - link.heardMs;
  if (silentMs > RECONNECT_AFTER_MS) running.connection?.abort();
  const isStale = silentMs > STALE_AFTER_MS;
  if (isStale && !link.isStale) setLink(running, { isStale });
  // Ages on the page go on.
  else if (isStale || silentMs % 5_000 < 1_000) running.app.update({});
}

/** Somebody looks again, or the network is back: no waiting for the next try. */
function lookUp(running: Running): void {
  watch(running);
  if (running.app.state.link.state !== 'live') running.wake?.();
}

// ---------------------------------------------------------------- the polls

async function poll(running: Running): Promise<void> {
  const { app } = running;
  const quietly = async (part: Promise<Partial<State>>): Promise<void> => {
    await part.then(
      (change) => app.update(change),
      () => undefined,
    );
  };
  await Promise.all([
    quietly(fetchReadiness().then((readiness) => ({ readiness }))),
    quietly(fetchCoverage().then((coverage) => ({ coverage }))),
    quietly(
      fetchDaemon().then((daemon) => ({
        daemon,
        skewMs: Date.parse(daemon.now) - Date.now() || 0,
        ownVersion: app.state.ownVersion ?? daemon.version,
      })),
    ),
    quietly(
      fetchWatchlist().then((watchlist) => ({
        watchlist,
        readings: withReadings(app.state.readings, watchlist),
      })),
    ),
    app.state.place.page === 'silences' ? loadSilences(running) : undefined,
  ]);
}

async function loadSilences({ app }: Running): Promise<void> {
  const silences = await fetchSilences().catch(() => undefined);
  if (silences !== undefined) app.update({ silences });
}

async function refreshPlace(running: Running): Promise<void> {
  const { place } = running.app.state;
  if (place.page === 'incident') await loadDetail(running);
  if (place.page === 'silences') await loadSilences(running);
}

async function loadDetail({ app }: Running): Promise<void> {
  const { place } = app.state;
  if (place.page !== 'incident') return;
  const { id } = place;
  if (app.state.detail?.id !== id) app.update({ detail: { id } });
  const found = await fetchIncident(id).then(
    (value) => ({ value }),
    (error: unknown) => ({
      error: { status: error instanceof ApiError ? error.status : 0, text: messageOf(error) },
    }),
  );
  if (app.state.detail?.id !== id) return;
  // What is on the screen stays when a later reading fails; the link says that it is old.
  if ('error' in found && app.state.detail.value !== undefined && found.error.status !== 404) return;
  app.update({ detail: { id, ...found } });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
