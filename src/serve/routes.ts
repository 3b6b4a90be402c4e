/**
 * The closed table of what the API offers, first part: reading what was committed and what stands now. All parts are
 * put together in `server.ts`; the registration and the OpenAPI document are both made from the table, so that
 * neither can say what the other doesn't.
 */
import { Readable } from 'node:stream';
import { setImmediate as aTurn } from 'node:timers/promises';
import { SEVERITIES } from '../bgp/severity.ts';
import type { Archive, IncidentQuery, Present } from '../engine/ports.ts';
import { isoTime, KINDS } from '../incident/alert.ts';
import { ATOM_ALERTS, ATOM_TYPE, atomFeed } from './atom.ts';
import {
  isPlain,
  namesOf,
  type Parameter,
  plainText,
  prefixParameter,
  textList,
  timeParameter,
  wholeNumber,
} from './parameters.ts';
import { granted, Problem } from './problem.ts';
import { type Ask, JSON_TYPE, json, type Reply, type Route } from './route.ts';
import { described, list, object, ref } from './schemas.ts';
import { STREAM_HEADERS, type Streams } from './stream.ts';

export interface ReadParts {
  readonly archive: Archive;
  readonly present: Present;
  readonly streams: Streams;
  readonly nowMs: () => number;
}

const PAGE_MAX = 1_000;
const DAY_MS = 86_400_000;
/** Longer lists are written in pieces, so that one answer does not hold up the feed. */
const PIECE_ROWS = 500;

const LIMIT = wholeNumber('limit', 'How many at most; more than 1000 count as 1000.', {
  min: 1,
  usual: 100,
  clampMax: PAGE_MAX,
});
const AFTER = wholeNumber('after', 'Alerts with a greater seq than this.', { min: 0, usual: 0 });
const STREAM_AFTER: Parameter<number> = {
  ...wholeNumber('after', 'Begin with the alert after this seq; `Last-Event-ID` goes first.', {
    min: 0,
    usual: 0,
  }),
  schema: { type: 'integer', minimum: 0 },
};
const ALSO = namesOf(
  'also',
  'What else to tell: `readiness`, as an event of that name, at once and when it changes.',
  ['readiness'],
);
const STATE = namesOf('state', 'States, by comma.', ['open', 'resolved']);
const KIND = namesOf('kind', 'Kinds, by comma.', KINDS);
const SEVERITY = namesOf('severity', 'Severities, by comma.', SEVERITIES);
const GROUP = textList('group', 'Groups, by comma.');
const PREFIX = prefixParameter('prefix', 'Incidents with a route that overlaps this prefix.');
const SINCE = timeParameter('since', 'Incidents opened at this time or later.');
const CURSOR = plainText('cursor', 'The `next` of the page before.', 1_000);
const RESOURCE: Parameter<string> = {
  ...plainText('resource', 'A prefix, an address, an AS number or a host name.', 253),
  required: true,
};
const AT = timeParameter('at', 'How it was at this time; absent: now.');
const FROM = timeParameter('from', 'Begin; default: 24 hours before `to`.');
const TO = timeParameter('to', 'End; default: now.');
const TOKEN = plainText('token', 'A token, for feed readers that cannot send a header.', 4096);

const ID = { id: 'The id of the incident.' };

export function readRoutes(parts: ReadParts): readonly Route[] {
  return [...incidentRoutes(parts), ...alertRoutes(parts), ...stateRoutes(parts), ...questionRoutes(parts)];
}

function incidentRoutes({ archive, present }: ReadParts): readonly Route[] {
  return [
    {
      id: 'listIncidents',
      method: 'GET',
      path: '/api/v1/incidents',
      summary: 'Incidents, newest first',
      access: 'read',
      tag: 'incidents',
      parameters: [STATE, KIND, GROUP, SEVERITY, PREFIX, SINCE, LIMIT, CURSOR],
      answers: {
        200: described(
          'A page.',
          object({ incidents: list(ref('Incident')), next: { type: ['string', 'null'] } }),
        ),
      },
      run: (ask) => json(archive.incidents(incidentQuery(ask))),
    },
    {
      id: 'getIncident',
      method: 'GET',
      path: '/api/v1/incidents/{id}',
      summary: 'One incident with its timeline, raw evidence and deliveries',
      access: 'read',
      tag: 'incidents',
      pathParameters: ID,
      answers: { 200: described('The incident.', ref('IncidentDetail')) },
      run(ask) {
        const id = ask.path('id');
        const incident = isPlain(id, 100) ? archive.incident(id) : undefined;
        if (incident === undefined) throw new Problem(404, 'There is no incident with this id.');
        return json({
          ...incident,
          alerts: archive.alertsOf(id),
          raw: archive.rawOf(id),
          acts: archive.actsOn(id),
          deliveries: archive.deliveriesOf(id),
        });
      },
    },
    {
      id: 'getIncidentHistory',
      method: 'GET',
      path: '/api/v1/incidents/{id}/history',
      summary: 'Who carried what when, from before the first offending route on',
      access: 'read',
      tag: 'incidents',
      pathParameters: ID,
      answers: { 200: described('The steps, oldest first.', ref('History')) },
      run(ask) {
        const id = ask.path('id');
        if (!isPlain(id, 100) || archive.incident(id) === undefined)
          throw new Problem(404, 'There is no incident with this id.');
        return json(archive.historyOf(id));
      },
    },
    {
      id: 'getCountermeasures',
      method: 'GET',
      path: '/api/v1/incidents/{id}/countermeasures',
      summary:
        'What to announce and what our ROAs say to it, router lines, whom to call, a mail to their NOC',
      access: 'read',
      tag: 'incidents',
      pathParameters: ID,
      answers: { 200: described('The sheet.', ref('CountermeasureSheet')) },
      run(ask) {
        const id = ask.path('id');
        if (!isPlain(id, 100)) throw new Problem(404, 'There is no incident with this id.');
        return json(granted(present.countermeasures(id)));
      },
    },
  ];
}

function alertRoutes({ archive, streams, nowMs }: ReadParts): readonly Route[] {
  return [
    {
      id: 'listAlerts',
      method: 'GET',
      path: '/api/v1/alerts',
      summary: 'The NOC alert feed, oldest first',
      access: 'read',
      tag: 'alerts',
      parameters: [AFTER, LIMIT],
      answers: {
        200: described('A page.', object({ alerts: list(ref('Alert')), next: { type: 'integer' } })),
      },
      run({ query }) {
        const after = query.get(AFTER) ?? 0;
        const alerts = archive.alertsAfter(after, query.get(LIMIT) ?? 100);
        return json({ alerts, next: alerts.at(-1)?.seq ?? after });
      },
    },
    {
      id: 'streamAlerts',
      method: 'GET',
      path: '/api/v1/alerts/stream',
      summary: 'Alerts as they happen, as server-sent events: `alert` with an id, `incident` without one',
      access: 'read',
      tag: 'alerts',
      parameters: [STREAM_AFTER, ALSO],
      answers: { 200: described('The stream.', { type: 'string' }, 'text/event-stream') },
      run(ask) {
        const after = lastEventId(ask) ?? ask.query.get(STREAM_AFTER);
        if (ask.request.method === 'HEAD') return { status: 200, headers: STREAM_HEADERS };
        streams.open(ask.response, ask.asker, after, ask.query.get(ALSO)?.includes('readiness'));
        return 'taken';
      },
    },
    {
      id: 'alertFeed',
      method: 'GET',
      path: '/feed.atom',
      summary: 'The last 100 alerts for feed readers',
      access: 'read',
      tag: 'alerts',
      parameters: [TOKEN],
      answers: { 200: described('An Atom feed.', { type: 'string' }, 'application/atom+xml') },
      run(ask) {
        const base = `http://${ask.request.headers.host ?? ''}`;
        return {
          status: 200,
          type: ATOM_TYPE,
          body: atomFeed(archive.latestAlerts(ATOM_ALERTS), base, nowMs()),
        };
      },
    },
  ];
}

function stateRoutes({ archive, present }: ReadParts): readonly Route[] {
  return [
    {
      id: 'listWatchlist',
      method: 'GET',
      path: '/api/v1/watchlist',
      summary: 'What is watched, and how it stands',
      access: 'read',
      tag: 'state',
      answers: { 200: described('The entries.', object({ entries: list(ref('WatchlistEntry')) })) },
      run: () => listed('entries', present.watchlist()),
    },
    {
      id: 'listBaseline',
      method: 'GET',
      path: '/api/v1/baseline',
      summary: 'Which origins are expected, seen or refused',
      access: 'read',
      tag: 'state',
      answers: { 200: described('The baseline.', object({ baseline: list(ref('BaselineEntry')) })) },
      run: () => listed('baseline', archive.baseline()),
    },
    {
      id: 'listSilences',
      method: 'GET',
      path: '/api/v1/silences',
      summary: 'Silences and planned changes',
      access: 'read',
      tag: 'state',
      answers: { 200: described('The silences.', object({ silences: list(ref('Silence')) })) },
      run: () => listed('silences', archive.silences()),
    },
  ];
}

function questionRoutes({ archive, present, nowMs }: ReadParts): readonly Route[] {
  return [
    {
      id: 'getStatus',
      method: 'GET',
      path: '/api/v1/status',
      summary: 'Is it BGP?',
      access: 'read',
      tag: 'state',
      parameters: [RESOURCE, AT],
      answers: { 200: described('The answer.', ref('Status')) },
      run: ({ query }) => json(granted(present.status(query.get(RESOURCE) ?? '', query.get(AT)))),
    },
    {
      id: 'getCoverage',
      method: 'GET',
      path: '/api/v1/coverage',
      summary: 'When each feed could see',
      access: 'read',
      tag: 'state',
      parameters: [FROM, TO],
      answers: { 200: described('The intervals.', object({ intervals: list(ref('CoverageInterval')) })) },
      run({ query }) {
        const to = query.get(TO) ?? isoTime(nowMs());
        const from = query.get(FROM) ?? isoTime(Date.parse(to) - DAY_MS);
        if (from > to) throw new Problem(400, 'from: a time before to is needed');
        return listed('intervals', archive.coverage(from, to));
      },
    },
    {
      id: 'listAudit',
      method: 'GET',
      path: '/api/v1/audit',
      summary: 'Who changed what, newest first',
      access: 'read',
      tag: 'state',
      parameters: [LIMIT],
      answers: { 200: described('The last changes.', object({ audit: list(ref('AuditRow')) })) },
      run: ({ query }) => json({ audit: archive.audit(query.get(LIMIT) ?? 100) }),
    },
  ];
}

function incidentQuery({ query }: Ask): IncidentQuery {
  const filters = {
    state: query.get(STATE),
    kind: query.get(KIND),
    group: query.get(GROUP),
    severity: query.get(SEVERITY),
    prefix: query.get(PREFIX),
    since: query.get(SINCE),
    cursor: query.get(CURSOR),
  };
  const given = Object.entries(filters).filter(([, value]) => value !== undefined);
  return { ...(Object.fromEntries(given) as Omit<IncidentQuery, 'limit'>), limit: query.get(LIMIT) ?? 100 };
}

/** The seq that the browser says it got last; a 400 when it is none. */
function lastEventId({ request }: Ask): number | undefined {
  const header = request.headers['last-event-id'];
  if (header === undefined || header === '') return undefined;
  const found = AFTER.read(String(header));
  if ('wanted' in found) throw new Problem(400, `Last-Event-ID: ${found.wanted}`);
  return found.value;
}

/** `{ "name": rows }`; a long list is made and written piece by piece as the reader takes it. */
function listed(name: string, rows: Iterable<unknown>): Reply {
  const reading = rows[Symbol.iterator]();
  const first = pieceOf(reading);
  if (first.length < PIECE_ROWS) return json({ [name]: first });
  return { status: 200, type: JSON_TYPE, body: Readable.from(pieces(name, first, reading)) };
}

/** Between two pieces everybody else has a turn: a reader on this machine takes them as fast as they are made. */
async function* pieces(
  name: string,
  first: readonly unknown[],
  reading: Iterator<unknown>,
): AsyncGenerator<string> {
  yield `{"${name}":[${JSON.stringify(first).slice(1, -1)}`;
  for (let piece = pieceOf(reading); piece.length > 0; piece = pieceOf(reading)) {
    yield `,${JSON.stringify(piece).slice(1, -1)}`;
    await aTurn();
  }
  yield ']}';
}

function pieceOf(reading: Iterator<unknown>): unknown[] {
  const piece: unknown[] = [];
  while (piece.length < PIECE_ROWS) {
    const next = reading.next();
    if (next.done === true) break;
    piece.push(next.value);
  }
  return piece;
}
