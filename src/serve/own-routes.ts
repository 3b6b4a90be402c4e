/**
 * The closed table, second part: what machines ask about the daemon itself, and the pages for people.
 */
import type { Present } from '../engine/ports.ts';
import { isoTime } from '../incident/alert.ts';
import type { Pages } from './pages.ts';
import { type Ask, json, type Route } from './route.ts';
import { described, ref } from './schemas.ts';
import type { Streams } from './stream.ts';

export interface OwnParts {
  readonly present: Present;
  readonly streams: Streams;
  readonly pages: Pages;
  readonly metricsText: () => Promise<string>;
  readonly nowMs: () => number;
  /** The daemon's own words for `GET /api/v1/daemon`. */
  readonly daemon: () => object;
  /** The `Set-Cookie` value for the dashboard. */
  readonly sessionCookie: (ask: Ask) => string;
}

export function machineRoutes({ present, streams, metricsText, daemon, nowMs }: OwnParts): readonly Route[] {
  return [
    {
      id: 'getDaemon',
      method: 'GET',
      path: '/api/v1/daemon',
      summary: 'The daemon itself, its receivers and its last reload, and who is asking',
      access: 'read',
      tag: 'machine',
      answers: { 200: described('The daemon.', ref('Daemon')) },
      run({ asker }) {
        const you = { name: asker.name, scope: asker.scope };
        return json({ now: isoTime(nowMs()), you, streams: streams.count(), ...daemon() });
      },
    },
    {
      id: 'getHealth',
      method: 'GET',
      path: '/healthz',
      summary: 'The process works',
      access: 'open',
      tag: 'machine',
      answers: { 200: described('It does, whatever the feeds do.', ref('Readiness')) },
      run: () => json(present.readiness()),
    },
    {
      id: 'getReadiness',
      method: 'GET',
      path: '/readyz',
      summary: 'Each feed is subscribed and fresh, and the store can be written',
      access: 'read',
      tag: 'machine',
      answers: { 200: described('Ready.', ref('Readiness')), 503: described('Not ready.', ref('Readiness')) },
      run() {
        const { feeds, store } = present.readiness();
        const isReady = store === 'ok' && feeds.every((feed) => feed.connected && feed.fresh);
        return json({ feeds, store }, isReady ? 200 : 503);
      },
    },
    {
      id: 'getMetrics',
      method: 'GET',
      path: '/metrics',
      summary: 'Metrics in the text form of Prometheus',
      access: 'read',
      tag: 'machine',
      answers: { 200: described('The metrics.', { type: 'string' }, 'text/plain') },
      async run() {
        return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: await metricsText() };
      },
    },
  ];
}

export function pageRoutes({ pages, sessionCookie }: OwnParts): readonly Route[] {
  const page = (id: string, path: string, summary: string): Route => ({
    id,
    method: 'GET',
    path,
    summary,
    access: 'read',
    tag: 'pages',
    answers: { 200: described('The page.', { type: 'string' }, 'text/html') },
    run(ask) {
      const index = pages.index();
      return { ...index, headers: { ...index.headers, 'set-cookie': sessionCookie(ask) } };
    },
  });
  return [
    page('getDashboard', '/', 'The dashboard; sets its session'),
    page('getWall', '/wall', 'The dashboard as a screen on the wall shows it; sets its session'),
    {
      id: 'getAsset',
      method: 'GET',
      path: '/assets/{path}',
      summary: 'A file of the dashboard',
      access: 'read',
      tag: 'pages',
      pathParameters: { path: 'The path of the file below assets.' },
      answers: {
        200: described('The file.', { type: 'string' }, 'application/octet-stream'),
        304: { description: 'As it was.' },
      },
      run: (ask) => pages.asset(ask.path('path'), ask.request),
    },
  ];
}
