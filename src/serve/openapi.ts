/**
 * The OpenAPI 3.1 document, made from the table of routes that also registers them.
 */

import { OWN_HEADER } from './gate.ts';
import type { JsonSchema, Parameter } from './parameters.ts';
import type { Described, Route, RouteBody } from './route.ts';
import { COMPONENTS, ref } from './schemas.ts';

const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'A parameter or the body is wrong.',
  401: 'No token, or a wrong one.',
  403: 'The token has not the scope.',
  404: 'There is no such thing.',
  405: 'Not with this method.',
  413: 'The body is too large.',
  415: 'The body is of the wrong type.',
  421: 'The Host is not ours.',
  429: 'Too many requests; Retry-After says when to come back.',
};

/** The document as plain data. `version` is the program's. */
export function openApiDocument(routes: readonly Route[], version: string): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Originwatch',
      version,
      description: 'BGP hijack detection: incidents, the NOC alert feed, and what is watched.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: COMPONENTS,
      responses: Object.fromEntries(
        Object.entries(PROBLEMS).map(([status, text]) => [`Problem${status}`, problem(text)]),
      ),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'originwatch_session',
          description: `Set by GET /; a change needs the header ${OWN_HEADER} beside it.`,
        },
      },
    },
  };
}

function operation(route: Route): JsonSchema {
  return {
    operationId: route.id,
    summary: route.summary,
    tags: [route.tag],
    security: securityOf(route),
    parameters: [...pathParameters(route), ...(route.parameters ?? []).map(queryParameter)],
    ...(route.body !== undefined && { requestBody: requestBody(route.body) }),
    responses: { ...answers(route), ...problems(route) },
  };
}

/** An empty requirement says: none is needed, as for reading on loopback. */
function securityOf(route: Route): readonly JsonSchema[] {
  if (route.access === 'open') return [];
  const either = [{ token: [] }, { session: [] }];
  return route.access === 'read' ? [{}, ...either] : either;
}

function pathParameters(route: Route): readonly JsonSchema[] {
  return Object.entries(route.pathParameters ?? {}).map(([name, description]) => ({
    name,
    in: 'path',
    required: true,
    description,
    schema: { type: 'string' },
  }));
}

function queryParameter(parameter: Parameter): JsonSchema {
  return {
    name: parameter.name,
    in: 'query',
    required: parameter.required ?? false,
    description: parameter.description,
    schema: parameter.schema,
    ...(parameter.list && { style: 'form', explode: false }),
  };
}

function requestBody(body: RouteBody): JsonSchema {
  const content = Object.fromEntries(body.types.map((type) => [type, { schema: body.schema }]));
  return { required: body.isRequired, content };
}

function answers(route: Route): JsonSchema {
  const entries = Object.entries(route.answers);
  return Object.fromEntries(entries.map(([status, described]) => [status, response(described)]));
}

function response({ description, type, schema }: Described): JsonSchema {
  return { description, ...(type !== undefined && { content: { [type]: { schema } } }) };
}

function problem(description: string): JsonSchema {
  return { description, content: { 'application/problem+json': { schema: ref('Problem') } } };
}

/** Which problems a route may answer with, besides its own answers. */
function problems(route: Route): JsonSchema {
  const statuses = [421, 429];
  if (route.access !== 'open' || route.id === 'logIn') statuses.push(401);
  if (route.access === 'write' || route.tag === 'pages') statuses.push(403);
  if (route.parameters !== undefined || route.body !== undefined) statuses.push(400);
  if (route.pathParameters !== undefined) statuses.push(404);
  if (route.body !== undefined) statuses.push(413, 415);
  const sorted = statuses.sort((a, b) => a - b);
  return Object.fromEntries(
    sorted.map((status) => [status, { $ref: `#/components/responses/Problem${status}` }]),
  );
}
