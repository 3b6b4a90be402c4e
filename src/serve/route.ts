/**
 * What a route is: one entry of the closed table in `routes.ts`, from which both the registration and the OpenAPI
 * document are made. `run` gets checked input only and answers with plain data.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Asker } from './credentials.ts';
import type { JsonSchema, Parameter, Query } from './parameters.ts';

/** What is used of pino. */
export interface Log {
  info(fields: Readonly<Record<string, unknown>>): void;
  warn(fields: Readonly<Record<string, unknown>>): void;
  error(fields: Readonly<Record<string, unknown>>): void;
}

/** One request, checked up to here: who asks, the query, the path and the body as they came. */
export interface Ask {
  readonly asker: Asker;
  readonly query: Query;
  /** Decoded path parameter; '' for one that the path does not have. */
  path(name: string): string;
  /** JSON value, text for other types; undefined when there was none. */
  readonly body: unknown;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export interface Reply {
  readonly status: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | Readable;
}

/** `taken`: the route writes to the response itself, as the event stream does. */
type Answered = Reply | 'taken';

export interface RouteBody {
  readonly types: readonly string[];
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
  /** `import` for the larger of the two bounds. */
  readonly size: 'usual' | 'import';
}

export interface Described {
  readonly description: string;
  /** Content type and schema; absent for an answer without content. */
  readonly type?: string;
  readonly schema?: JsonSchema;
}

export interface Route {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With `{name}` for a path parameter, or `{path}` for the rest of the path at the end. */
  readonly path: string;
  readonly summary: string;
  /** `open`: nobody is asked. `read`: beyond loopback a token. `write`: a write token or the dashboard's session. */
  readonly access: 'open' | 'read' | 'write';
  readonly tag: string;
  readonly parameters?: readonly Parameter[];
  readonly pathParameters?: Readonly<Record<string, string>>;
  readonly body?: RouteBody;
  readonly answers: Readonly<Record<number, Described>>;
  /** True when the answer may take longer than a slow connection is given. */
  readonly isLong?: boolean;
  run(ask: Ask): Answered | Promise<Answered>;
}

export const JSON_TYPE = 'application/json; charset=utf-8';

export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, type: JSON_TYPE, body: JSON.stringify(value), headers };
}
