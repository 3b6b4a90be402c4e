/**
 * The HTTP server: gate, routes, errors. The edge through which people and programs read what was committed and
 * change what may be changed. It is handed every port it needs and knows no other room's inside.
 *
 * A request goes: connection (bounds) → gate (`Host`, authentication, rate) → route → scope → body → run.
 */
import type { FastifyInstance } from 'fastify';
import { OperationalError } from '../engine/errors.ts';
import type { Answer, Archive, AuditRow, Operator, Present, Publisher } from '../engine/ports.ts';
import { createHostCheck, isLoopback } from './addresses.ts';
import { createApp } from './app.ts';
import { changeRoutes, type NotifyTestResult } from './changes.ts';
import type { Refused } from './connections.ts';
import { createCredentials, type ServeToken } from './credentials.ts';
import { createGate } from './gate.ts';
import { createRateLimit, DEFAULT_LIMITS, type Limits } from './limits.ts';
import { openApiDocument } from './openapi.ts';
import { machineRoutes, pageRoutes } from './own-routes.ts';
import { loadPages } from './pages.ts';
import { type Ask, json, type Log, type Route } from './route.ts';
import { readRoutes } from './routes.ts';
import { object } from './schemas.ts';
import { createStreams } from './stream.ts';

export interface ServerOptions {
  readonly archive: Archive;
  readonly present: Present;
  readonly operator: Operator;
  readonly publisher: Publisher;
  readonly metricsText: () => Promise<string>;
  readonly settings: {
    readonly host: string;
    readonly port: number;
    readonly hosts: readonly string[];
    /** The daemon's own admin token is one of them. */
    readonly tokens: readonly ServeToken[];
  };
  readonly clock: { nowMs(): number };
  readonly log: Log;
  /** Called once for each change that was made; must not throw. */
  readonly audit?: (row: AuditRow) => void;
  /** Holds `index.html` and `assets/`. */
  readonly dashboardDirectory?: string;
  readonly notifyTest?: (receiver: string | undefined) => Promise<Answer<readonly NotifyTestResult[]>>;
  /** Added to `GET /api/v1/daemon`: `version`, `startedAt`, `receivers`, `reload`. No secrets. */
  readonly daemon?: () => object;
  /** Signs sessions; when it stays the same, sessions survive a restart. At least 32 secret bytes. Default: random. */
  readonly sessionKey?: Uint8Array;
  /** Counts what was refused or cut, by reason. */
  readonly refused?: Refused;
  readonly limits?: Partial<Limits>;
  /**
   * Who can reach the listen address; default: judged by the address. `beyond` asks for tokens on loopback too, as
   * behind a proxy on this machine.
   */
  readonly reach?: 'loopback' | 'beyond';
  readonly version?: string;
}

export interface Server {
  /** Throws `OperationalError('listen-failed')`. */
  listen(): Promise<{ readonly address: string; readonly port: number; readonly url: string }>;
  /** Ends streams and idle connections at once, requests in work after at most a second. */
  close(): Promise<void>;
  /** Replaces all tokens; sessions and streams of withdrawn ones end. */
  applyTokens(tokens: readonly ServeToken[]): void;
  /** Replaces `serve.hosts`. */
  applyHosts(hosts: readonly string[]): void;
}

/** Builds the server; it listens when told to. Throws when the dashboard's directory cannot be read. */
export function createServer(options: ServerOptions): Server {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const nowMs = (): number => options.clock.nowMs();
  const host = options.settings.host.replace(/^\[|\]$/g, '');
  const refused = options.refused ?? (() => {});
  const loopback = (options.reach ?? (isLoopback(host) ? 'loopback' : 'beyond')) === 'loopback';
  const hosts = createHostCheck(host, options.settings.hosts, nowMs);
  const credentials = createCredentials({
    tokens: options.settings.tokens,
    sessionKey: options.sessionKey,
    isLoopback: loopback,
    failedLoginsPerMinute: limits.failedLoginsPerMinute,
    nowMs,
  });
  const { archive, publisher } = options;
  const streams = createStreams({
    archive,
    publisher,
    limits,
    nowMs,
    onCut: refused,
    readiness: () => options.present.readiness(),
  });
  const routes = allRoutes(options, { streams, credentials, nowMs });
  const reads = createRateLimit(limits.readsPerSecond, limits.readsBurst, nowMs);
  const gate = createGate({ hosts, credentials, reads, isLoopback: loopback });
  const changes = createRateLimit(limits.changesPerSecond, limits.changesPerSecond, nowMs);
  const app = createApp({ limits, routes, gate, changes, witness: { log: options.log, refused } });

  return {
    async listen() {
      if (!loopback && options.settings.tokens.length === 0) {
        throw new OperationalError('listen-failed', 'beyond loopback a token is needed');
      }
      const bound = await listen(app, host, options.settings.port);
      streams.start();
      options.log.info({ event: 'serve.listening', ...bound });
      return bound;
    },
    async close() {
      streams.close();
      const force = setTimeout(() => app.server.closeAllConnections(), limits.closeMs);
      await app.close();
      clearTimeout(force);
    },
    applyTokens(tokens) {
      credentials.applyTokens(tokens);
      streams.cutUnless(credentials.isStillGood);
    },
    applyHosts: (next) => hosts.applyHosts(next),
  };
}

/** The whole table, with the document about itself at its end. */
function allRoutes(
  options: ServerOptions,
  own: {
    readonly streams: ReturnType<typeof createStreams>;
    readonly credentials: ReturnType<typeof createCredentials>;
    readonly nowMs: () => number;
  },
): readonly Route[] {
  const { archive, present, operator, metricsText, log } = options;
  const { streams, credentials, nowMs } = own;
  const sessionCookie = (ask: Ask): string => credentials.sessionCookie(ask.asker);
  const pages = loadPages(options.dashboardDirectory);
  const daemon = options.daemon ?? (() => ({}));
  const noReceivers = async (): Promise<readonly NotifyTestResult[]> => [];
  const ownParts = { present, metricsText, pages, daemon, sessionCookie, streams, nowMs };
  const all: Route[] = [
    ...readRoutes({ archive, present, streams, nowMs }),
    ...changeRoutes({
      operator,
      credentials,
      audit: options.audit ?? (() => {}),
      info: (fields) => log.info(fields),
      nowMs,
      notifyTest: options.notifyTest ?? noReceivers,
    }),
    ...machineRoutes(ownParts),
    ...pageRoutes(ownParts),
  ];
  let document: string | undefined;
  all.push({
    id: 'getOpenApi',
    method: 'GET',
    path: '/openapi.json',
    summary: 'This API, described',
    access: 'read',
    tag: 'machine',
    answers: {
      200: { description: 'An OpenAPI 3.1 document.', type: 'application/json', schema: object({}) },
    },
    run() {
      document ??= JSON.stringify(openApiDocument(all, options.version ?? '0'));
      return { ...json(null), body: document };
    },
  });
  return all;
}

/** Connections that may wait to be taken; with fewer, a crowd waits for seconds until it tries again. */
const BACKLOG = 4_096;

/** What would do, by what the system says. */
const LISTEN_ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'somebody else listens there (EADDRINUSE): stop that process, or set another serve.listen',
  EACCES: 'no right to listen there (EACCES): ports below 1024 need one, set another serve.listen',
  EADDRNOTAVAIL: 'no address of this machine (EADDRNOTAVAIL): set another serve.listen',
  ENOTFOUND: 'a name that cannot be found (ENOTFOUND): set another serve.listen',
};

async function listen(app: FastifyInstance, host: string, port: number) {
  try {
    await app.listen({ host, port, backlog: BACKLOG });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    throw new OperationalError('listen-failed', `${host}:${port}: ${LISTEN_ADVICE[code] ?? code}`, { cause });
  }
  const bound = app.server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the server listens on no TCP address');
  const reach = bound.address === '0.0.0.0' ? '127.0.0.1' : bound.address === '::' ? '::1' : bound.address;
  const url = `http://${reach.includes(':') ? `[${reach}]` : reach}:${bound.port}`;
  return { address: bound.address, port: bound.port, url };
}
