/**
 * The table of routes on fastify: gate, route, scope, body, run. Fastify routes and reads bodies; what may be asked,
 * by whom and in which form is decided by our own table, so that the OpenAPI document can tell it.
 */
import type { IncomingMessage } from 'node:http';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { compressed } from './compress.ts';
import { createConnections } from './connections.ts';
import type { Asker } from './credentials.ts';
import { refuseAtGate, sendError, type Witness } from './failures.ts';
import { type Gate, requireWrite } from './gate.ts';
import type { Limits, RateLimit } from './limits.ts';
import { readQuery } from './parameters.ts';
import { Problem, tooLarge, tooMany } from './problem.ts';
import type { Reply, Route } from './route.ts';

export interface AppParts {
  readonly limits: Limits;
  readonly routes: readonly Route[];
  readonly gate: Gate;
  readonly changes: RateLimit;
  readonly witness: Witness;
}

interface Running extends AppParts {
  readonly askers: WeakMap<IncomingMessage, Asker>;
}

const SECURITY_HEADERS: readonly (readonly [string, string])[] = [
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-resource-policy', 'same-origin'],
  [
    'content-security-policy',
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  ],
  ['cache-control', 'no-store'],
];

/** Not yet listening. */
export function createApp(parts: AppParts): FastifyInstance {
  const running: Running = { ...parts, askers: new WeakMap() };
  const { limits, witness, gate } = running;
  const app = Fastify({
    logger: false,
    bodyLimit: limits.bodyBytesMax,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: 1_000 },
    frameworkErrors: (error, request, reply) => sendError(witness, error, request, reply),
    clientErrorHandler: () => {},
    serverFactory: (handle) =>
      createConnections(
        limits,
        (request, response) => {
          for (const [name, value] of SECURITY_HEADERS) response.setHeader(name, value);
          try {
            running.askers.set(request, gate.admit(request));
          } catch (error) {
            refuseAtGate(witness, error, request, response);
            return;
          }
          handle(request, response);
        },
        witness.refused,
      ),
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', async (request, reply) =>
    request.is404 ? answerUnknown(running, request, reply) : undefined,
  );
  app.setNotFoundHandler(() => {
    throw new Problem(404, 'There is nothing here; /openapi.json says what there is.');
  });
  app.setErrorHandler((error: FastifyError, request, reply) => sendError(witness, error, request, reply));
  for (const route of running.routes) register(app, running, route);
  return app;
}

function register(app: FastifyInstance, running: Running, route: Route): void {
  const { limits } = running;
  app.route({
    method: route.method,
    url: route.path.replace(/\{path\}$/, '*').replace(/\{(\w+)\}/g, ':$1'),
    bodyLimit: route.body?.size === 'import' ? limits.importBytesMax : limits.bodyBytesMax,
    onRequest: async (request) => {
      if (route.access === 'write') admitChange(running, request.raw);
      checkBodyHead(route, request, limits);
    },
    handler: async (request, reply) => {
      const query = readQuery(request.raw.url ?? '', route.parameters ?? []);
      const params = request.params as Readonly<Record<string, string | undefined>>;
      if (route.isLong) request.raw.socket.setTimeout(limits.longMs);
      const answer = await route.run({
        asker: askerOf(running, request.raw),
        query,
        path: (name) => params[name === 'path' ? '*' : name] ?? '',
        body: readBody(request),
        request: request.raw,
        response: reply.raw,
      });
      if (answer === 'taken') return reply.hijack();
      return send(reply, await compressed(answer, request.raw));
    },
  });
}

function askerOf(running: Running, request: IncomingMessage): Asker {
  const asker = running.askers.get(request);
  if (asker === undefined) throw new Error('a request came past the gate');
  return asker;
}

function admitChange(running: Running, request: IncomingMessage): void {
  const asker = askerOf(running, request);
  requireWrite(request, asker);
  const waitSeconds = running.changes.take(asker.key);
  if (waitSeconds > 0) throw tooMany('Too many changes by this token.', waitSeconds);
}

/** What the header says of the body, before a byte of it is taken. */
function checkBodyHead(route: Route, request: FastifyRequest, limits: Limits): void {
  const { headers } = request.raw;
  const length = Number(headers['content-length'] ?? 0);
  if (length === 0 && headers['transfer-encoding'] === undefined) return;
  if (request.method === 'GET' || request.method === 'HEAD') return;
  const lengthMax = route.body?.size === 'import' ? limits.importBytesMax : limits.bodyBytesMax;
  if (length > lengthMax) throw tooLarge();
  const [type = '', ...parameters] = (headers['content-type'] ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const charset = parameters
    .find((parameter) => parameter.startsWith('charset='))
    ?.slice(8)
    .replaceAll('"', '');
  const encoding = headers['content-encoding'];
  const types = route.body?.types ?? [];
  const isTaken =
    types.includes(type) && (charset === undefined || charset === 'utf-8' || charset === 'utf8');
  if (isTaken && (encoding === undefined || encoding === 'identity')) return;
  const wanted = types.length === 0 ? 'no body' : `${types.join(' or ')} in UTF-8, not compressed,`;
  throw new Problem(415, `${wanted} is needed`);
}

/** JSON as its value, other types as text; undefined for no body. Broken UTF-8 and broken JSON are a 400. */
function readBody(request: FastifyRequest): unknown {
  const bytes = request.body;
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) return undefined;
  const isJson = /^application\/json\b/i.test(request.headers['content-type'] ?? '');
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return isJson ? JSON.parse(text) : text;
  } catch {
    throw new Problem(400, isJson ? 'The body is not JSON in UTF-8.' : 'The body is not UTF-8.');
  }
}

function send(reply: FastifyReply, { status, type, headers, body }: Reply): FastifyReply {
  reply.code(status).headers({ ...headers });
  if (type !== undefined) reply.type(type);
  return reply.send(body ?? '');
}

/** A path or method that is in no route: 404, 405 with `Allow`, or what OPTIONS may know. */
function answerUnknown(running: Running, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const allowed = methodsOf(running.routes, (request.raw.url ?? '').split('?', 1)[0] ?? '');
  if (allowed.length === 0)
    throw new Problem(404, 'There is nothing here; /openapi.json says what there is.');
  const allow = allowed.join(', ');
  if (request.method === 'OPTIONS') return reply.code(204).header('allow', allow).send();
  throw new Problem(405, `${allow} would do here.`, { headers: { allow } });
}

function methodsOf(routes: readonly Route[], path: string): readonly string[] {
  let decoded = path;
  try {
    decoded = decodeURI(path);
  } catch {
    return [];
  }
  const methods = new Set(
    routes.filter((route) => pathPattern(route).test(decoded)).map((route) => String(route.method)),
  );
  if (methods.has('GET')) methods.add('HEAD');
  if (methods.size > 0) methods.add('OPTIONS');
  return [...methods];
}

function pathPattern(route: Route): RegExp {
  const literal = route.path.replaceAll('.', '\\.');
  return new RegExp(`^${literal.replace(/\{path\}$/, '.*').replace(/\{\w+\}/g, '[^/]+')}$`);
}
