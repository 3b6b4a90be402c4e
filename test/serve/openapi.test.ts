/** The document about the API equals the API: the routes, the parameters, the bodies, and real answers. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anIncident, type Running, started, uuid } from './fakes.ts';

type Json = Record<string, unknown>;
interface Operation {
  readonly operationId: string;
  readonly parameters: {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: Json;
  }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Json }> };
  readonly responses: Record<string, Json & { readonly content?: Record<string, { readonly schema: Json }> }>;
  readonly security: Json[];
}

let running: Running;
let document: {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Json> };
};
beforeAll(async () => {
  running = await started({
    limits: { changesPerSecond: 1_000 },
    daemon: () => ({ version: '1', startedAt: '2022-02-03T00:00:00.000Z' }),
  });
  running.world.alert();
  document = (await (await running.get('/openapi.json')).json()) as typeof document;
});
afterAll(() => running.server.close());

const operations = (): (readonly [string, string, Operation])[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => [method.toUpperCase(), path, operation] as const),
  );

/** The routes that product.md fixes. */
const FIXED = [
  'GET /api/v1/incidents',
  'GET /api/v1/incidents/{id}',
  'POST /api/v1/incidents/{id}/acknowledge',
  'POST /api/v1/incidents/{id}/resolve',
  'POST /api/v1/incidents/{id}/notes',
  'GET /api/v1/incidents/{id}/history',
  'GET /api/v1/alerts',
  'GET /api/v1/alerts/stream',
  'GET /feed.atom',
  'GET /api/v1/watchlist',
  'GET /api/v1/baseline',
  'GET /api/v1/silences',
  'POST /api/v1/baseline/accept',
  'POST /api/v1/baseline/reject',
  'POST /api/v1/silences',
  'DELETE /api/v1/silences/{id}',
  'GET /api/v1/status',
  'GET /api/v1/coverage',
  'GET /healthz',
  'GET /readyz',
  'GET /metrics',
  'GET /openapi.json',
  'GET /',
];

describe('the document', () => {
  test('is OpenAPI 3.1 and names every route that is promised', () => {
    expect(document.openapi).toBe('3.1.0');
    const names = operations().map(([method, path]) => `${method} ${path}`);
    expect(names).toEqual(expect.arrayContaining(FIXED));
  });

  test('has what a generator needs: unique names, declared path parameters, references that lead somewhere', () => {
    const ids = operations().map(([, , operation]) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, path, operation] of operations()) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const declared = operation.parameters.filter((each) => each.in === 'path');
      expect(declared.map((each) => each.name)).toEqual(inPath);
      expect(declared.every((each) => each.required)).toBe(true);
      expect(Object.keys(operation.responses).some((status) => /^[23]/.test(status))).toBe(true);
    }
    for (const [, target] of JSON.stringify(document).matchAll(/"\$ref":"#([^"]+)"/g)) {
      const found = (target ?? '')
        .slice(1)
        .split('/')
        .reduce<unknown>((at, key) => (at as Json)[key], document);
      expect([target, typeof found]).toEqual([target, 'object']);
    }
  });

  test('holds no route that does not answer, and no route answers beside it', async () => {
    for (const [method, path] of operations()) {
      const response = await running.get(path.replace(/\{\w+\}/g, 'x'), { method: 'OPTIONS' });
      expect([path, response.status]).toEqual([path, 204]);
      const methods = operations()
        .filter(([, each]) => each === path)
        .map(([each]) => each);
      const allowed = (response.headers.get('allow') ?? '')
        .split(', ')
        .filter((each) => !['HEAD', 'OPTIONS'].includes(each));
      expect(allowed.toSorted()).toEqual(methods.toSorted());
      expect(allowed).toContain(method);
    }
    // The only way to register a route is the table: no file of the room calls fastify but for the loop over it.
    const source = readFileSync(new URL('../../src/serve/app.ts', import.meta.url), 'utf8');
    expect(source.match(/app\.(route|get|post|put|delete|patch|all|register)\(/g)).toEqual(['app.route(']);
  });

  test('names every parameter that is looked at: each refuses a value that is none', async () => {
    const closed = operations().flatMap(([method, path, operation]) =>
      method === 'GET' && !path.includes('{')
        ? operation.parameters.filter((each) => each.in === 'query').map((each) => [path, each.name] as const)
        : [],
    );
    expect(closed.length).toBeGreaterThan(12);
    for (const [path, name] of closed) {
      if (name === 'token') continue;
      const twice = await running.get(`${path}?${name}=%00&${name}=%00&resource=AS1`);
      expect([path, name, twice.status]).toEqual([path, name, 400]);
    }
  });

  test('says of each change that it needs a token or a session', () => {
    for (const [method, path, operation] of operations()) {
      if (path === '/session' || method === 'GET') continue;
      expect(operation.security).toEqual([{ token: [] }, { session: [] }]);
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['401', '403', '429']));
    }
  });

  test('gives each body the keys that the check takes', async () => {
    const { post } = running;
    for (const [method, path, operation] of operations()) {
      const schema = operation.requestBody?.content['application/json']?.schema;
      if (schema === undefined || method !== 'POST' || path === '/session') continue;
      const response = await post(path.replace('{id}', uuid(1)), { nobodyKnowsThis: 1 });
      const problem = (await response.json()) as { detail: string };
      expect(response.status).toBe(400);
      expect(problem.detail).toContain(Object.keys(schema.properties as Json).join(', '));
      expect(schema.additionalProperties).toBe(false);
    }
  });
});

describe('real answers are as described', () => {
  test.each([
    ['/api/v1/incidents', '/api/v1/incidents'],
    [`/api/v1/incidents/${uuid(1)}`, '/api/v1/incidents/{id}'],
    ['/api/v1/alerts', '/api/v1/alerts'],
    ['/api/v1/watchlist', '/api/v1/watchlist'],
    ['/api/v1/baseline', '/api/v1/baseline'],
    ['/api/v1/silences', '/api/v1/silences'],
    ['/api/v1/status?resource=AS7625', '/api/v1/status'],
    ['/api/v1/coverage', '/api/v1/coverage'],
    ['/api/v1/audit', '/api/v1/audit'],
    ['/api/v1/daemon', '/api/v1/daemon'],
    ['/healthz', '/healthz'],
    ['/readyz', '/readyz'],
  ])('%s', async (target, path) => {
    const { world, post } = running;
    world.incidents.set(uuid(1), anIncident(1));
    await post('/api/v1/silences', {
      match: { group: 'kakao' },
      startsAt: '2022-02-03T00:00:00Z',
      endsAt: '2022-02-04T00:00:00Z',
      by: 'Kim',
    });
    await post('/api/v1/baseline/accept', { prefix: '192.0.2.0/24', origin: 1, by: 'Kim' });
    const answer: unknown = await (await running.get(target)).json();
    const schema = document.paths[path]?.get?.responses['200']?.content?.['application/json']?.schema ?? {};
    expect(deviations(schema, answer, '')).toEqual([]);
  });

  test('an error is a problem', async () => {
    const answer: unknown = await (await running.get('/api/v1/incidents?limit=0')).json();
    expect(deviations(document.components.schemas.Problem ?? {}, answer, '')).toEqual([]);
  });
});

/** Where a value is not as a schema says; keys that the schema does not name are deviations too. */
function deviations(schema: Json, value: unknown, at: string): string[] {
  if (typeof schema.$ref === 'string') {
    return deviations(document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, value, at);
  }
  if (Array.isArray(schema.allOf)) return allOf(schema.allOf as Json[], value, at);
  const types = [schema.type].flat();
  if (!types.includes(typeOf(value)) && !(types.includes('number') && typeOf(value) === 'integer'))
    return [`${at}: ${typeOf(value)}`];
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) return [`${at}: ${String(value)}`];
  if (Array.isArray(value))
    return value.flatMap((each, index) => deviations(schema.items as Json, each, `${at}/${index}`));
  if (typeof value !== 'object' || value === null || schema.properties === undefined) return [];
  const properties = schema.properties as Record<string, Json>;
  const missing = ((schema.required as string[] | undefined) ?? []).filter((key) => !(key in value));
  const strange = Object.keys(value).filter((key) => !(key in properties));
  return [
    ...missing.map((key) => `${at}/${key}: missing`),
    ...strange.map((key) => `${at}/${key}: not described`),
    ...Object.entries(value).flatMap(([key, each]) =>
      key in properties ? deviations(properties[key] ?? {}, each, `${at}/${key}`) : [],
    ),
  ];
}

function allOf(schemas: readonly Json[], value: unknown, at: string): string[] {
  const plain = schemas.map((schema) =>
    typeof schema.$ref === 'string'
      ? (document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {})
      : schema,
  );
  const properties = Object.assign({}, ...plain.map((schema) => schema.properties)) as Json;
  return deviations(
    { type: 'object', properties, required: plain.flatMap((schema) => schema.required as string[]) },
    value,
    at,
  );
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
