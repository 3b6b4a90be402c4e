/**
 * The routes that change something: each needs a write token or the dashboard's session, goes to the operator's port,
 * and leaves one log line and one audit row that name who asked as well as who it was done for.
 */
import type { Answer, AuditRow, Author, Operator } from '../engine/ports.ts';
import { isoTime } from '../incident/alert.ts';
import {
  ASSIGN_BODY,
  AUTHOR_BODY,
  BASELINE_LINE_SCHEMA,
  type BodyShape,
  FORGET_BODY,
  NOTE_BODY,
  NOTIFY_TEST_BODY,
  OPTIONAL_AUTHOR_BODY,
  ORIGIN_BODY,
  readBaseline,
  SESSION_BODY,
  SILENCE_BODY,
} from './bodies.ts';
import type { Asker, Credentials } from './credentials.ts';
import { accepted, requireSameSite } from './gate.ts';
import { isPlain, plainText, wholePrefix } from './parameters.ts';
import { granted, Problem } from './problem.ts';
import { type Ask, json, type Reply, type Route, type RouteBody } from './route.ts';
import { described, list, object, ref } from './schemas.ts';

/** What one receiver answered to a test alert; `detail` holds no secret. */
export interface NotifyTestResult {
  readonly receiver: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface ChangeParts {
  readonly operator: Operator;
  readonly credentials: Credentials;
  readonly audit: (row: AuditRow) => void;
  readonly info: (fields: Readonly<Record<string, unknown>>) => void;
  readonly nowMs: () => number;
  /** To one receiver, or to all. */
  readonly notifyTest: (receiver: string | undefined) => Promise<Answer<readonly NotifyTestResult[]>>;
}

const JSON_ONLY = ['application/json'];
const FORM = 'application/x-www-form-urlencoded';
const NDJSON = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];

const BY = plainText('by', 'Who it is done for; default: who asks.', 200);
const NOTE = plainText('note', 'Why.', 2000);
const INCIDENT_ID = { id: 'The id of the incident.' };

function bodyOf(shape: BodyShape<unknown>, isRequired = true): RouteBody {
  return { types: JSON_ONLY, schema: shape.schema, isRequired, size: 'usual' };
}

const DONE = { description: 'Done.' };

export function changeRoutes(parts: ChangeParts): readonly Route[] {
  return [
    ...incidentChanges(parts),
    ...baselineChanges(parts),
    ...silenceChanges(parts),
    ...otherChanges(parts),
  ];
}

/** Writes down a change that was made: what, on what, for whom, by whom. */
function recorded(parts: ChangeParts, asker: Asker, action: string, subject: string, author: Author): void {
  parts.info({ event: 'serve.change', action, subject, who: asker.name, by: author.by });
  const note = `by ${author.by}${author.note === '' ? '' : `: ${author.note}`}`;
  parts.audit({ at: isoTime(parts.nowMs()), who: asker.name, action, subject, note });
}

function author(
  body: { readonly by?: string | undefined; readonly note?: string | undefined },
  asker: Asker,
): Author {
  return { by: body.by ?? asker.name, note: body.note ?? '', via: asker.name };
}

function incidentChanges(parts: ChangeParts): readonly Route[] {
  const change = (verb: 'acknowledge' | 'resolve', summary: string): Route => ({
    id: `${verb}Incident`,
    method: 'POST',
    path: `/api/v1/incidents/{id}/${verb}`,
    summary,
    access: 'write',
    tag: 'incidents',
    pathParameters: INCIDENT_ID,
    body: bodyOf(AUTHOR_BODY),
    answers: { 200: described('The incident.', ref('Incident')) },
    run(ask) {
      const id = pathId(ask);
      const who = author(AUTHOR_BODY.read(ask.body), ask.asker);
      const incident = granted(parts.operator[verb](id, who));
      recorded(parts, ask.asker, `incident.${verb}`, id, who);
      return json(incident);
    },
  });
  return [
    change('acknowledge', 'Somebody looks after it'),
    change('resolve', 'Declare it over; only new evidence reopens it'),
    {
      id: 'noteIncident',
      method: 'POST',
      path: '/api/v1/incidents/{id}/notes',
      summary: 'Write a note on it',
      access: 'write',
      tag: 'incidents',
      pathParameters: INCIDENT_ID,
      body: bodyOf(NOTE_BODY),
      answers: { 201: described('The incident.', ref('Incident')) },
      run(ask) {
        const id = pathId(ask);
        const { by, text } = NOTE_BODY.read(ask.body);
        const who = author({ by, note: text }, ask.asker);
        const incident = granted(parts.operator.note(id, who));
        recorded(parts, ask.asker, 'incident.note', id, who);
        return json(incident, 201);
      },
    },
    {
      id: 'assignIncident',
      method: 'POST',
      path: '/api/v1/incidents/{id}/assign',
      summary: 'Say who works on it',
      access: 'write',
      tag: 'incidents',
      pathParameters: INCIDENT_ID,
      body: bodyOf(ASSIGN_BODY),
      answers: { 200: described('The incident.', ref('Incident')) },
      run(ask) {
        const id = pathId(ask);
        const { assignee, ...body } = ASSIGN_BODY.read(ask.body);
        const who = author(body, ask.asker);
        const incident = granted(parts.operator.assign(id, assignee, who));
        recorded(parts, ask.asker, 'incident.assign', id, who);
        return json(incident);
      },
    },
  ];
}

function baselineChanges(parts: ChangeParts): readonly Route[] {
  const change = (verb: 'accept' | 'reject', summary: string): Route => ({
    id: `${verb}Origin`,
    method: 'POST',
    path: `/api/v1/baseline/${verb}`,
    summary,
    access: 'write',
    tag: 'state',
    body: bodyOf(ORIGIN_BODY),
    answers: { 200: described('The baseline entry.', ref('BaselineEntry')) },
    run(ask) {
      const body = ORIGIN_BODY.read(ask.body);
      const prefix = wholePrefix(body.prefix);
      if (prefix === undefined) throw new Problem(400, '/prefix: a prefix without host bits is needed');
      if (verb === 'accept' && body.origin === 0)
        throw new Problem(400, '/origin: AS 0 announces nothing (RFC 7607), so it cannot be accepted');
      const who = author(body, ask.asker);
      const act = verb === 'accept' ? parts.operator.acceptOrigin : parts.operator.rejectOrigin;
      const row = granted(act.call(parts.operator, prefix, body.origin, who));
      recorded(parts, ask.asker, `baseline.${verb}`, `${prefix.text} AS${body.origin}`, who);
      return json(row);
    },
  });
  return [
    change('accept', 'This origin is expected for this prefix'),
    change('reject', 'This origin is not to be learned for this prefix'),
    {
      id: 'forgetOrigin',
      method: 'POST',
      path: '/api/v1/baseline/forget',
      summary: 'Forget an origin of this prefix, or all of them, as if never seen',
      access: 'write',
      tag: 'state',
      body: bodyOf(FORGET_BODY),
      answers: { 200: described('How many.', object({ forgotten: { type: 'integer', minimum: 0 } })) },
      run(ask) {
        const body = FORGET_BODY.read(ask.body);
        const prefix = wholePrefix(body.prefix);
        if (prefix === undefined) throw new Problem(400, '/prefix: a prefix without host bits is needed');
        const who = author(body, ask.asker);
        const result = granted(parts.operator.forgetOrigin(prefix, body.origin, who));
        const which = body.origin === undefined ? 'every origin' : `AS${body.origin}`;
        recorded(parts, ask.asker, 'baseline.forget', `${prefix.text} ${which}`, who);
        return json(result);
      },
    },
    {
      id: 'importBaseline',
      method: 'POST',
      path: '/api/v1/baseline/import',
      summary: 'Import a baseline as NDJSON, one entry a line, whole or not at all',
      access: 'write',
      tag: 'state',
      parameters: [BY, NOTE],
      body: { types: NDJSON, schema: BASELINE_LINE_SCHEMA, isRequired: true, size: 'import' },
      answers: { 200: described('How many lines.', object({ imported: { type: 'integer', minimum: 0 } })) },
      run(ask) {
        const rows = readBaseline(typeof ask.body === 'string' ? ask.body : '');
        const who = author({ by: ask.query.get(BY), note: ask.query.get(NOTE) }, ask.asker);
        const result = granted(parts.operator.importBaseline(rows, who));
        recorded(parts, ask.asker, 'baseline.import', `${result.imported} entries`, who);
        return json(result);
      },
    },
  ];
}

function silenceChanges(parts: ChangeParts): readonly Route[] {
  return [
    {
      id: 'addSilence',
      method: 'POST',
      path: '/api/v1/silences',
      summary: 'Silence, or announce a planned change',
      access: 'write',
      tag: 'state',
      body: bodyOf(SILENCE_BODY),
      answers: { 201: described('The silence.', ref('Silence')) },
      run(ask) {
        const body = SILENCE_BODY.read(ask.body);
        const wanted = { ...body, note: body.note ?? '', expectedOrigin: body.expectedOrigin ?? null };
        const silence = granted(parts.operator.addSilence(wanted, ask.asker.name));
        recorded(parts, ask.asker, 'silence.add', silence.id, wanted);
        return json(silence, 201, { location: `/api/v1/silences/${encodeURIComponent(silence.id)}` });
      },
    },
    {
      id: 'removeSilence',
      method: 'DELETE',
      path: '/api/v1/silences/{id}',
      summary: 'End a silence',
      access: 'write',
      tag: 'state',
      pathParameters: { id: 'The id of the silence.' },
      body: bodyOf(OPTIONAL_AUTHOR_BODY, false),
      answers: { 204: DONE },
      run(ask) {
        const id = pathId(ask);
        const who = author(OPTIONAL_AUTHOR_BODY.read(ask.body ?? {}), ask.asker);
        granted(parts.operator.removeSilence(id, who));
        recorded(parts, ask.asker, 'silence.remove', id, who);
        return { status: 204 };
      },
    },
  ];
}

function otherChanges(parts: ChangeParts): readonly Route[] {
  const { credentials } = parts;
  return [
    {
      id: 'testReceivers',
      method: 'POST',
      path: '/api/v1/notify/test',
      summary: 'Send a marked test alert to one receiver, or to all',
      access: 'write',
      tag: 'machine',
      body: bodyOf(NOTIFY_TEST_BODY, false),
      isLong: true,
      answers: { 200: described('What came back.', object({ results: list(ref('NotifyTestResult')) })) },
      async run(ask) {
        const { receiver } = NOTIFY_TEST_BODY.read(ask.body ?? {});
        const results = granted(await parts.notifyTest(receiver));
        recorded(parts, ask.asker, 'notify.test', receiver ?? 'all', author({}, ask.asker));
        return json({ results });
      },
    },
    {
      id: 'logIn',
      method: 'POST',
      path: '/session',
      summary: "Begin the dashboard's session with a token",
      access: 'open',
      tag: 'pages',
      body: { types: [...JSON_ONLY, FORM], schema: SESSION_BODY.schema, isRequired: true, size: 'usual' },
      answers: {
        204: { description: 'The cookie is set.' },
        303: { description: 'The cookie is set; to the dashboard.' },
      },
      run: (ask) => logIn(ask, credentials, parts),
    },
    {
      id: 'logOut',
      method: 'DELETE',
      path: '/session',
      summary: "End the dashboard's session",
      access: 'read',
      tag: 'pages',
      answers: { 204: { description: 'The cookie is gone.' } },
      run(ask) {
        requireSameSite(ask.request);
        return { status: 204, headers: { 'set-cookie': credentials.endedCookie() } };
      },
    },
  ];
}

/** By form from the log-in page (answered with a way to the dashboard) or by JSON. */
function logIn(ask: Ask, credentials: Credentials, parts: ChangeParts): Reply {
  requireSameSite(ask.request);
  const isForm = typeof ask.body === 'string';
  const value = isForm ? { token: new URLSearchParams(String(ask.body)).get('token') ?? '' } : ask.body;
  const { token } = SESSION_BODY.read(value);
  const asker = accepted(credentials.logIn(ask.request.socket.remoteAddress, token.trim()));
  parts.info({ event: 'serve.login', who: asker.name });
  const headers = { 'set-cookie': credentials.sessionCookie(asker) };
  return isForm ? { status: 303, headers: { ...headers, location: '/' } } : { status: 204, headers };
}

/** The id in the path; one that can't be is simply not there. */
function pathId(ask: Ask): string {
  const id = ask.path('id');
  if (!isPlain(id, 100)) throw new Problem(404, 'There is nothing with this id.');
  return id;
}
