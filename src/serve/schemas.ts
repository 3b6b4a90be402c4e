/**
 * What the API's answers look like, as JSON Schema 2020-12 for the OpenAPI document. The types are those of
 * `incident/alert.ts` and `engine/ports.ts`; a test holds real answers to them.
 */
import { SEVERITIES } from '../bgp/severity.ts';
import { ALERT_EVENTS, ALERT_REASONS, DETECTED_BY, KINDS, RESOLUTIONS } from '../incident/alert.ts';
import type { JsonSchema } from './parameters.ts';
import type { Described } from './route.ts';

/** A reference to one of `COMPONENTS`. */
export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

export function list(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

/** An object with these properties, all of them always there. */
export function object(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: 'object', properties, required: Object.keys(properties) };
}

/** An answer of a route. */
export function described(description: string, schema: JsonSchema, type = 'application/json'): Described {
  return { description, schema, type };
}

const text: JsonSchema = { type: 'string' };
const time: JsonSchema = { type: 'string', format: 'date-time' };
const timeOrNull: JsonSchema = { type: ['string', 'null'], format: 'date-time' };
const textOrNull: JsonSchema = { type: ['string', 'null'] };
const uuid: JsonSchema = { type: 'string', format: 'uuid' };
const count: JsonSchema = { type: 'integer', minimum: 0 };
const asn: JsonSchema = { type: 'integer', minimum: 0, maximum: 4_294_967_295 };
const truth: JsonSchema = { type: 'boolean' };
const oneOf = (values: readonly string[]): JsonSchema => ({ type: 'string', enum: values });

const originCount = object({ origin: asn, vantagePoints: count });
const visibility = object({ seeing: count, known: count });

const route = object({
  kind: oneOf(KINDS),
  taxonomy: { type: ['string', 'null'] },
  prefix: text,
  watch: text,
  name: text,
  expectedOrigins: list(asn),
  originAs: list(asn),
  active: truth,
  firstSeenAt: time,
  lastSeenAt: time,
  vantagePoints: visibility,
  peerAsns: list(asn),
  paths: list(object({ path: text, vantagePoints: count })),
});

const incident = object({
  id: uuid,
  group: text,
  family: oneOf(['hijack', 'own', 'path', 'visibility', 'feed']),
  kind: oneOf(KINDS),
  severity: oneOf(SEVERITIES),
  peakSeverity: oneOf(SEVERITIES),
  score: count,
  state: oneOf(['open', 'resolved']),
  acknowledged: truth,
  acknowledgedBy: textOrNull,
  acknowledgedAt: timeOrNull,
  resolvedBy: textOrNull,
  assignee: textOrNull,
  notes: list(object({ at: time, by: text, text })),
  peak: object({ seeing: count, known: count, at: time }),
  offender: { type: ['integer', 'null'] },
  summary: ref('Words'),
  routes: list(ref('Route')),
  routesTotal: count,
  evidence: list(ref('Evidence')),
  advice: object({ benign: ref('Words'), next: list(ref('Words')) }),
  firstSeenAt: time,
  openedAt: time,
  updatedAt: time,
  endedAt: timeOrNull,
  resolvedAt: timeOrNull,
  resolution: { type: ['string', 'null'], enum: [...RESOLUTIONS, null] },
  reopenedCount: count,
  detectedBy: oneOf(DETECTED_BY),
});

const silence = object({
  id: text,
  match: {
    type: 'object',
    properties: { group: text, prefix: text, kind: oneOf(KINDS), offender: asn },
  },
  startsAt: time,
  endsAt: time,
  expectedOrigin: { type: ['integer', 'null'] },
  by: text,
  note: text,
});

const roaChange = object({ prefix: text, origin: asn, maxLength: count, first: truth, why: ref('Words') });
const routerLines = object({ announce: text, withdraw: text });

/** Everything that answers refer to by name. */
export const COMPONENTS: Readonly<Record<string, JsonSchema>> = {
  Words: object({ en: text, ko: text }),
  Route: route,
  Evidence: object({ code: text, weight: { type: 'integer' }, source: text, text: ref('Words') }),
  Incident: incident,
  Alert: object({
    seq: { type: 'integer', minimum: 1 },
    id: uuid,
    event: oneOf(ALERT_EVENTS),
    at: time,
    reason: oneOf(ALERT_REASONS),
    incident: ref('Incident'),
  }),
  RawEvidence: object({ at: time, vantagePoint: text, frame: text }),
  IncidentDetail: {
    allOf: [
      ref('Incident'),
      object({
        alerts: list(ref('Alert')),
        raw: list(ref('RawEvidence')),
        acts: list(ref('AuditRow')),
        deliveries: list(ref('Delivery')),
      }),
    ],
  },
  Delivery: object({
    receiver: text,
    alert: text,
    seq: count,
    event: oneOf(ALERT_EVENTS),
    reminder: { type: ['string', 'null'] },
    state: oneOf(['waiting', 'delivered', 'given-up']),
    attempts: count,
    error: { type: ['string', 'null'] },
    nextAt: timeOrNull,
    at: timeOrNull,
  }),
  History: object({
    steps: list(object({ at: time, vantagePoint: text, prefix: text, path: textOrNull })),
    cut: truth,
  }),
  BaselineEntry: object({
    prefix: text,
    origin: asn,
    neighbors: list(asn),
    source: oneOf(['config', 'learned', 'provisional', 'observed', 'operator', 'rejected', 'snapshot']),
    firstSeenAt: timeOrNull,
    lastSeenAt: timeOrNull,
    peerAsns: list(asn),
    by: text,
    note: text,
  }),
  Silence: silence,
  WatchlistEntry: object({
    watch: text,
    name: text,
    group: text,
    expectedOrigins: list(asn),
    origins: list(originCount),
    visibility,
    rpki: oneOf(['valid', 'invalid', 'not-found', 'unknown']),
    lastChangeAt: timeOrNull,
    incidents: list(uuid),
  }),
  CoverageInterval: object({
    feed: text,
    from: time,
    to: time,
    state: oneOf(['live', 'backfilled', 'blind']),
    reason: text,
  }),
  Status: object({
    verdict: oneOf(['yes', 'no', 'unknown']),
    because: list(ref('Words')),
    origins: list(originCount),
    visibility,
    incidents: list(ref('Incident')),
    coverage: list(ref('CoverageInterval')),
  }),
  CountermeasureSheet: object({
    incident: object({
      id: uuid,
      group: text,
      kind: oneOf(KINDS),
      severity: oneOf(['info', 'warning', 'critical']),
      state: oneOf(['open', 'resolved']),
      offender: { type: ['integer', 'null'] },
      summary: ref('Words'),
    }),
    announce: list(
      object({
        prefix: text,
        origin: asn,
        against: text,
        watch: text,
        rpki: oneOf(['valid', 'invalid', 'not-found', 'unknown']),
        competes: truth,
        roa: { oneOf: [roaChange, { type: 'null' }] },
      }),
    ),
    announceTotal: count,
    roaChanges: list(roaChange),
    routers: object({ frr: routerLines, bird: routerLines, junos: routerLines, ios: routerLines }),
    contacts: list(
      object({
        asn,
        name: text,
        why: ref('Words'),
        contacts: list(
          object({ asn, name: text, role: text, mail: text, phone: text, source: text, date: text }),
        ),
      }),
    ),
    mail: {
      oneOf: [
        object({ to: list(text), cc: list(text), subject: ref('Words'), body: ref('Words') }),
        { type: 'null' },
      ],
    },
    limits: list(ref('Words')),
    watch: list(ref('Words')),
  }),
  Readiness: object({
    feeds: list(object({ name: text, connected: truth, fresh: truth })),
    store: oneOf(['ok', 'failed']),
  }),
  AuditRow: object({ at: time, who: text, action: text, subject: text, note: text }),
  NotifyTestResult: object({ receiver: text, ok: truth, detail: text }),
  Daemon: {
    type: 'object',
    properties: {
      now: time,
      you: object({ name: text, scope: oneOf(['none', 'read', 'write']) }),
      streams: count,
      version: text,
      startedAt: time,
      receivers: list({
        type: 'object',
        properties: { name: text, type: text, pending: count, lastError: { type: ['string', 'null'] } },
      }),
      givenUp: list({
        type: 'object',
        properties: { receiver: text, alertId: text, seq: count, incidentId: text, error: text, at: time },
      }),
      reload: { type: ['object', 'null'] },
    },
    required: ['now', 'you', 'streams'],
  },
  Problem: {
    type: 'object',
    properties: {
      type: text,
      title: text,
      status: { type: 'integer' },
      detail: text,
      errors: list(object({ at: text, detail: text })),
    },
    required: ['type', 'title', 'status', 'detail'],
  },
};
