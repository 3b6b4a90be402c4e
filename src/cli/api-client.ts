/**
 * The running daemon's HTTP API, from the commands of the same machine: the address and the token come from the state
 * directory, problems (RFC 9457) become errors that a person understands.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { show } from '../config/words.ts';
import { ADMIN_TOKEN_FILE, DAEMON_FILE, readToken, stateDirectoryOf } from '../daemon/state-directory.ts';
import { OperationalError } from '../engine/errors.ts';
import { printable } from '../words/printable.ts';
import { UsageError } from './usage.ts';

/** A request may wait for a transaction, never for long. */
const TIMEOUT_MS = 30_000;

type Query = Readonly<Record<string, string | number | undefined>>;

export class ApiClient {
  private readonly url: string;
  private readonly token: string | undefined;
  private readonly directory: string;

  constructor(url: string, token: string | undefined, directory: string) {
    this.url = url;
    this.token = token;
    this.directory = directory;
  }

  /** The parsed answer. Errors: `daemon-unreachable`, `daemon-refused`, `UsageError` for a value that is refused. */
  get<T>(path: string, query: Query = {}): Promise<T> {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(
      given.map(([name, value]): [string, string] => [name, String(value)]),
    ).toString();
    return this.ask('GET', search === '' ? path : `${path}?${search}`, undefined);
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.ask('POST', path, { type: 'application/json', text: JSON.stringify(body) });
  }

  postLines<T>(path: string, query: Record<string, string>, text: string): Promise<T> {
    const search = new URLSearchParams(query).toString();
    return this.ask('POST', `${path}?${search}`, { type: 'application/x-ndjson', text });
  }

  delete(path: string, body: unknown): Promise<void> {
    return this.ask('DELETE', path, { type: 'application/json', text: JSON.stringify(body) });
  }

  private async ask<T>(
    method: string,
    path: string,
    body: { type: string; text: string } | undefined,
  ): Promise<T> {
    const answer = await this.send(method, path, body);
    if (answer.status === 204) return undefined as T;
    const value = parsed(answer.text);
    if (value === undefined || typeof value !== 'object' || value === null)
      throw this.unreachable('what answers there is no Originwatch daemon');
    if (answer.status >= 400) throw this.refusal(answer.status, value as ProblemBody);
    return value as T;
  }

  private async send(
    method: string,
    path: string,
    body: { type: string; text: string } | undefined,
  ): Promise<{ status: number; text: string }> {
    const headers = {
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': body.type }),
      ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
    };
    try {
      const response = await fetch(`${this.url}${path}`, {
        method,
        headers,
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body !== undefined && { body: body.text }),
      });
      return { status: response.status, text: await response.text() };
    } catch (cause) {
      throw this.unreachable(reasonOf(cause), cause);
    }
  }

  private unreachable(reason: string, cause?: unknown): OperationalError {
    return new OperationalError(
      'daemon-unreachable',
      `no daemon answers at ${this.url} (${reason}); is one running on the state directory ${this.directory}? Start it with: originwatch run`,
      { cause, retryable: true },
    );
  }

  /** A value that the daemon does not take is the caller's mistake; all else is a failure. */
  private refusal(status: number, problem: ProblemBody): Error {
    const faults = (problem.errors ?? []).map(({ at, detail }) => `${at}: ${detail}`);
    const detail = printable([problem.detail ?? problem.title ?? `status ${status}`, ...faults].join('; '));
    if (status === 400) return new UsageError(detail);
    const more = (status === 401 || status === 403) && this.token === undefined ? this.tokenWord() : '';
    return new OperationalError('daemon-refused', `${detail}${more}`, {
      retryable: status === 429 || status >= 500,
    });
  }

  private tokenWord(): string {
    return ` (${join(this.directory, ADMIN_TOKEN_FILE)} can not be read: ask as the user that runs the daemon)`;
  }
}

interface ProblemBody {
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly at: string; readonly detail: string }[];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `no answer within ${TIMEOUT_MS / 1000} s`;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ECONNREFUSED') return 'connection refused';
    if (typeof code === 'string') return code;
  }
  return 'no connection';
}

/** The client for the daemon on the state directory of these settings; connects to nothing yet. */
export function apiClientOf(
  settings: Settings,
  env: Readonly<Record<string, string | undefined>>,
): ApiClient {
  const directory = stateDirectoryOf(settings, env);
  const url = writtenAddress(directory) ?? configuredAddress(settings);
  if (url === undefined)
    throw new OperationalError(
      'daemon-unreachable',
      `no daemon runs on the state directory ${directory}; start one with: originwatch run`,
      {
        retryable: true,
      },
    );
  return new ApiClient(url, readToken(directory), directory);
}

/** What the daemon wrote down when it began to listen. */
function writtenAddress(directory: string): string | undefined {
  const value = parsed(textOf(join(directory, DAEMON_FILE))) as { url?: unknown } | null | undefined;
  const url = value?.url;
  if (typeof url !== 'string' || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    return undefined;
  return url.replace(/\/+$/, '');
}

/** Undefined for port 0: which one it took is only known from the file. */
function configuredAddress({ serve }: Settings): string | undefined {
  if (serve.port === 0) return undefined;
  const host = serve.host === '0.0.0.0' ? '127.0.0.1' : serve.host === '::' ? '::1' : serve.host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${serve.port}`;
}

/** Empty for a file that is not there or not for us. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

interface HasId {
  readonly id: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The whole id of what people name by its first characters; `pages` are asked until one page is the last. */
export async function wholeId(
  given: string,
  what: string,
  page: (cursor: string | undefined) => Promise<{ rows: readonly HasId[]; next: string | null }>,
): Promise<string> {
  if (UUID.test(given)) return given.toLowerCase();
  if (!/^[0-9a-f-]{4,36}$/i.test(given))
    throw new UsageError(`${show(given)} is no id of ${what}; write at least its first 4 characters`);
  const found = new Set<string>();
  let cursor: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const { rows, next } = await page(cursor);
    for (const { id } of rows) if (id.startsWith(given.toLowerCase())) found.add(id);
    if (next === null) break;
    cursor = next;
  }
  const [only] = found;
  if (only === undefined)
    throw new OperationalError('daemon-refused', `there is no ${what} with an id that begins with ${given}`);
  if (found.size > 1)
    throw new UsageError(
      `${given} is the beginning of ${found.size} ids: ${[...found].slice(0, 5).join(', ')}`,
    );
  return only;
}

/** Pages of 1000 that are searched for a short id. */
const PAGES_MAX = 50;
