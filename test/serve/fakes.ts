/**
 * Small ports in memory that honour the contracts, a real server on a free port, and bare sockets for what no
 * client would send.
 */
import { createConnection } from 'node:net';
import { overlaps, type Prefix, prefixOf } from '../../src/bgp/prefix.ts';
import { BadCursor } from '../../src/engine/errors.ts';
import type {
  Archive,
  AuditRow,
  Author,
  BaselineRow,
  HistoryStep,
  Operator,
  Present,
  Published,
  Publisher,
  RawEvidence,
  Silence,
} from '../../src/engine/ports.ts';
import { type Alert, type AlertEvent, type Incident, isoTime, NO_CASE } from '../../src/incident/alert.ts';
import { countermeasuresFor } from '../../src/incident/answer/sheet.ts';
import type { ServeToken } from '../../src/serve/credentials.ts';
import { createServer, type Server, type ServerOptions } from '../../src/serve/server.ts';

export const START_MS = Date.UTC(2022, 1, 3, 1, 4, 18);

export function uuid(number: number): string {
  return `0194c8e2-0000-7000-8000-${String(number).padStart(12, '0')}`;
}

export function anIncident(number: number, change: Partial<Incident> = {}): Incident {
  const at = isoTime(START_MS + number * 1000);
  return {
    id: uuid(number),
    group: 'kakao',
    family: 'hijack',
    kind: 'sub-prefix',
    severity: 'critical',
    peakSeverity: 'critical',
    score: 14,
    state: 'open',
    ...NO_CASE,
    peak: { seeing: 3, known: 350, at: '2022-02-03T01:04:18.000Z' },
    offender: 9457,
    summary: { en: 'AS9457 announces 211.249.221.0/24.', ko: 'AS9457이 211.249.221.0/24를 광고합니다.' },
    routes: [
      {
        kind: 'sub-prefix',
        taxonomy: 'S|0',
        prefix: '211.249.221.0/24',
        watch: '211.249.216.0/21',
        name: 'Kakao developers API and SDK',
        expectedOrigins: [7625],
        originAs: [9457],
        active: true,
        firstSeenAt: at,
        lastSeenAt: at,
        vantagePoints: { seeing: 3, known: 350 },
        peerAsns: [6461],
        paths: [{ path: '6461 9457', vantagePoints: 3 }],
      },
    ],
    routesTotal: 1,
    evidence: [
      {
        code: 'sub-prefix',
        weight: 6,
        source: 'watchlist',
        text: { en: 'More specific.', ko: '더 구체적.' },
      },
    ],
    advice: {
      benign: { en: 'A new customer.', ko: '새 고객.' },
      next: [{ en: 'Call AS9457.', ko: '전화.' }],
    },
    firstSeenAt: at,
    openedAt: at,
    updatedAt: at,
    endedAt: null,
    resolvedAt: null,
    resolution: null,
    reopenedCount: 0,
    detectedBy: 'live',
    ...change,
  };
}

export function anAlert(
  seq: number,
  incident: Incident = anIncident(seq),
  event: AlertEvent = 'opened',
): Alert {
  return {
    seq,
    id: uuid(1_000_000 + seq),
    event,
    at: isoTime(START_MS + seq * 1000),
    reason: 'first-sighting',
    incident,
  };
}

export interface World {
  readonly incidents: Map<string, Incident>;
  readonly alerts: Alert[];
  readonly silences: Silence[];
  readonly baselineRows: BaselineRow[];
  readonly raw: Map<string, RawEvidence[]>;
  readonly steps: Map<string, HistoryStep[]>;
  readonly audit: AuditRow[];
  readonly logged: Readonly<Record<string, unknown>>[];
  readonly refused: string[];
  readonly changes: unknown[];
  readonly clock: { ms: number };
  readonly archive: Archive;
  readonly operator: Operator;
  readonly present: Present;
  readonly publisher: Publisher;
  /** Commits and publishes the next alert. */
  alert(change?: Partial<Incident>): Alert;
  publish(published: Published): void;
  /** Reads of `alertsAfter` so far. */
  reads: number;
}

export function aWorld(): World {
  const listeners = new Set<(published: Published) => void>();
  const world: World = {
    incidents: new Map(),
    alerts: [],
    silences: [],
    baselineRows: [],
    raw: new Map(),
    steps: new Map(),
    audit: [],
    logged: [],
    refused: [],
    changes: [],
    clock: { ms: START_MS },
    reads: 0,
    archive: {} as Archive,
    operator: {} as Operator,
    present: {} as Present,
    publisher: {
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    alert(change = {}) {
      const seq = world.alerts.length + 1;
      const alert = anAlert(seq, anIncident(seq, change));
      world.alerts.push(alert);
      world.incidents.set(alert.incident.id, alert.incident);
      world.publish({ type: 'alert', alert });
      return alert;
    },
    publish(published) {
      for (const listener of listeners) listener(published);
    },
  };
  Object.assign(world.archive, fakeArchive(world));
  Object.assign(world.operator, fakeOperator(world));
  Object.assign(world.present, fakePresent(world.incidents));
  return world;
}

function fakeArchive(world: World): Archive {
  return {
    incidents(query) {
      const found = [...world.incidents.values()]
        .filter((each) => query.state?.includes(each.state) ?? true)
        .filter((each) => query.kind?.includes(each.kind) ?? true)
        .filter((each) => query.group?.includes(each.group) ?? true)
        .filter((each) => query.severity?.includes(each.severity) ?? true)
        .filter((each) => query.since === undefined || each.openedAt >= query.since)
        .filter((each) => touches(each, query.prefix))
        .sort((a, b) => (a.openedAt < b.openedAt ? 1 : -1));
      if (query.cursor !== undefined && !/^at\d+$/.test(query.cursor)) throw new BadCursor();
      const from = query.cursor === undefined ? 0 : Number(query.cursor.slice(2));
      const incidents = found.slice(from, from + query.limit);
      return { incidents, next: from + query.limit < found.length ? `at${from + query.limit}` : null };
    },
    incident: (id) => world.incidents.get(id),
    alertsOf: (id) => world.alerts.filter((alert) => alert.incident.id === id),
    rawOf: (id) => world.raw.get(id) ?? [],
    historyOf: (id) => ({ steps: world.steps.get(id) ?? [], cut: false }),
    actsOn: (id) => world.audit.filter(({ subject }) => subject === id),
    deliveriesOf: () => [],
    alertsAfter(after, limit) {
      world.reads += 1;
      return world.alerts.filter((alert) => alert.seq > after).slice(0, limit);
    },
    latestAlerts: (limit) => world.alerts.toReversed().slice(0, limit),
    lastSeq: () => world.alerts.at(-1)?.seq ?? 0,
    baseline: () => world.baselineRows,
    silences: () => world.silences,
    coverage: (from, to) => [{ feed: 'ris-live', from, to, state: 'live', reason: '' }],
    audit: (limit) => world.audit.toReversed().slice(0, limit),
  };
}

function touches(incident: Incident, prefix: Prefix | undefined): boolean {
  return prefix === undefined || incident.routes.some((route) => overlaps(prefixOf(route.prefix), prefix));
}

/** Without the token's name, which is the audit's. */
function named({ by, note }: Author): Author {
  return { by, note };
}

function fakeOperator(world: World): Operator {
  const changed = (id: string, change: Partial<Incident>, author: Author) => {
    const incident = world.incidents.get(id);
    if (incident === undefined)
      return { refused: 'not-found', detail: 'There is no such incident.' } as const;
    const next = { ...incident, ...change };
    world.incidents.set(id, next);
    world.changes.push({ id, change, author: named(author) });
    world.publish({ type: 'incident', incident: next });
    return next;
  };
  const row = (
    prefix: Prefix,
    origin: number,
    source: BaselineRow['source'],
    author: Author,
  ): BaselineRow => {
    const at = isoTime(world.clock.ms);
    world.changes.push({ prefix: prefix.text, origin, source, author: named(author) });
    return {
      prefix: prefix.text,
      origin,
      neighbors: [],
      source,
      firstSeenAt: at,
      lastSeenAt: null,
      peerAsns: [],
      ...named(author),
    };
  };
  return {
    acknowledge: (id, author) =>
      changed(
        id,
        { acknowledged: true, acknowledgedBy: author.by, acknowledgedAt: isoTime(world.clock.ms) },
        author,
      ),
    note(id, author) {
      const notes = world.incidents.get(id)?.notes ?? [];
      const written = { at: isoTime(world.clock.ms), by: author.by, text: author.note };
      return changed(id, { notes: [...notes, written] }, author);
    },
    assign: (id, assignee, author) => changed(id, { assignee }, author),
    resolve: (id, author) =>
      world.incidents.get(id)?.state === 'resolved'
        ? { refused: 'conflict', detail: 'It is resolved.' }
        : changed(id, { state: 'resolved', resolution: 'operator' }, author),
    acceptOrigin: (prefix, origin, author) => row(prefix, origin, 'operator', author),
    rejectOrigin: (prefix, origin, author) => row(prefix, origin, 'rejected', author),
    forgetOrigin: () => ({ forgotten: 1 }),
    addSilence(silence) {
      const added = { id: uuid(500 + world.silences.length), ...silence };
      world.silences.push(added);
      return added;
    },
    removeSilence(id, author) {
      const index = world.silences.findIndex((silence) => silence.id === id);
      if (index < 0) return { refused: 'not-found', detail: 'There is no such silence.' };
      world.silences.splice(index, 1);
      world.changes.push({ removed: id, author: named(author) });
      return undefined;
    },
    importBaseline(rows, author) {
      world.baselineRows.push(...rows);
      world.changes.push({ imported: rows.length, author: named(author) });
      return { imported: rows.length };
    },
  };
}

function fakePresent(incidents: ReadonlyMap<string, Incident>): Present {
  return {
    watchlist: () => [
      {
        watch: '211.249.216.0/21',
        name: 'Kakao',
        group: 'kakao',
        expectedOrigins: [7625],
        origins: [{ origin: 7625, vantagePoints: 350 }],
        visibility: { seeing: 350, known: 350 },
        rpki: 'unknown',
        lastChangeAt: null,
        incidents: [],
      },
    ],
    status(resource, at) {
      if (resource === 'nonsense!') return { refused: 'bad-value', detail: 'Not a resource.' };
      if (resource === 'unknown.example')
        return { refused: 'not-found', detail: 'Nothing is watched for it.' };
      return {
        verdict: 'no',
        because: [{ en: `${resource} at ${at ?? 'now'}`, ko: '…' }],
        origins: [{ origin: 7625, vantagePoints: 350 }],
        visibility: { seeing: 350, known: 350 },
        incidents: [],
        coverage: [],
      };
    },
    countermeasures(id) {
      const incident = incidents.get(id);
      if (incident === undefined) return { refused: 'not-found', detail: 'There is no such incident.' };
      const book = { name: () => undefined, contacts: () => [] };
      return countermeasuresFor(incident, { validate: () => undefined, book });
    },
    readiness: () => ({ feeds: [{ name: 'ris-live', connected: true, fresh: true }], store: 'ok' }),
  };
}

export const READ = 'read-token-of-the-wall';
export const WRITE = 'write-token-of-the-noc';

export function token(name: string, text: string, scope: 'read' | 'write'): ServeToken {
  return { name, scope, token: { reveal: () => text } };
}

export const TOKENS = [token('wall', READ, 'read'), token('noc', WRITE, 'write')];

export interface Running {
  readonly world: World;
  readonly server: Server;
  readonly url: string;
  readonly port: number;
  /** `fetch` below the server's address, without following redirects. */
  get(path: string, init?: RequestInit): Promise<Response>;
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
}

type Change = Partial<Omit<ServerOptions, 'settings'>> & {
  readonly settings?: Partial<ServerOptions['settings']>;
};

/** A server on loopback with both tokens; `change` overrides. */
export async function started(change: Change = {}, world: World = aWorld()): Promise<Running> {
  const note = (fields: Readonly<Record<string, unknown>>): void => void world.logged.push(fields);
  const server = createServer({
    archive: world.archive,
    present: world.present,
    operator: world.operator,
    publisher: world.publisher,
    metricsText: async () => 'up 1\n',
    clock: { nowMs: () => world.clock.ms },
    log: { info: note, warn: note, error: note },
    audit: (row) => void world.audit.push(row),
    refused: (reason) => void world.refused.push(reason),
    ...change,
    settings: { host: '127.0.0.1', port: 0, hosts: [], tokens: TOKENS, ...change.settings },
  });
  const { url, port } = await server.listen();
  const get = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${url}${path}`, { redirect: 'manual', ...init });
  return {
    world,
    server,
    url,
    port,
    get,
    post: (path, body, init = {}) =>
      get(path, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        ...init,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${WRITE}`, ...init.headers },
      }),
  };
}

export function bearer(text: string): RequestInit {
  return { headers: { authorization: `Bearer ${text}` } };
}

/** Sends bytes as they are and returns all that comes until the other side closes. */
export function bare(port: number, bytes: string, host = '127.0.0.1'): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host });
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', (error) => (text === '' ? reject(error) : resolve(text)));
    socket.on('close', () => resolve(text));
    socket.write(bytes);
  });
}

/** A GET as bytes, with these header lines besides, closing after the answer. */
export function bareGet(port: number, target: string, ...lines: readonly string[]): Promise<string> {
  const host = lines.some((line) => /^host:/i.test(line)) ? [] : [`Host: 127.0.0.1:${port}`];
  return bare(port, [`GET ${target} HTTP/1.1`, ...host, ...lines, 'Connection: close', '', ''].join('\r\n'));
}

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
}

/** Waits for a condition by looking again whenever the loop turns; the test's own timeout is the end of it. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
}
