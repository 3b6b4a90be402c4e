/**
 * The running daemon's HTTP API, from the commands of the same machine: the address and the token come from the state
 * directory, problems (RFC 9457) become errors that a person understands.
 */
import { join } from 'node:path';
import { show } from '../config/words.ts';
import { ADMIN_TOKEN_FILE, readToken } from '../daemon/state-directory.ts';
import { OperationalError } from '../engine/errors.ts';
import { printable } from '../words/printable.ts';
import { answers, type Place, type PlaceOptions, placeOf } from './place.ts';
import { UsageError } from './usage.ts';

/** A request may wait for a transaction, never for long. */
const TIMEOUT_MS = 30_000;

type Query = Readonly<Record<string, string | number | undefined>>;

export class ApiClient {
  private readonly url: string;
  private readonly token: string | undefined;
  private readonly place: Pick<Place, 'directory' | 'by'>;

  constructor(url: string, token: string | undefined, place: Pick<Place, 'directory' | 'by'>) {
    this.url = url;
    this.token = token;
    this.place = place;
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
      `no daemon answers at ${this.url} (${reason}); is one running on the state directory ${this.place.directory}? Start it with: originwatch run, or name another with --state DIR`,
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
    const file = join(this.place.directory, ADMIN_TOKEN_FILE);
    return this.place.by === 'guess'
      ? ` (a daemon answers at ${this.url}, and its state directory is not known here: name it with --state DIR; nothing was changed)`
      : ` (${file} cannot be read: ask as the user that runs the daemon)`;
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

/** The client for the daemon that the options point to; connects to nothing yet. Throws when there is none. */
export function apiClientAt(place: Place): ApiClient {
  const { directory, daemon } = place;
  // A state directory that was named and can be looked into, and where nobody says to run, has no daemon.
  const url = daemon?.url ?? (place.by === 'option' ? undefined : place.configuredUrl);
  if (url === undefined)
    throw new OperationalError(
      'daemon-unreachable',
      `no daemon runs on the state directory ${directory}; start one with: originwatch run, or name another with --state DIR`,
      { retryable: true },
    );
  return new ApiClient(url, readToken(directory), place);
}

/** Undefined where no daemon is found and none answers where this configuration listens. */
export async function runningClient(place: Place): Promise<ApiClient | undefined> {
  const isThere =
    place.daemon !== undefined ||
    (place.by === 'guess' && place.configuredUrl !== undefined && (await answers(place.configuredUrl)));
  return isThere ? apiClientAt(place) : undefined;
}

/** Finds the daemon by the rules of `place.ts`. */
export async function apiClientOf(options: PlaceOptions): Promise<ApiClient> {
  return apiClientAt(await placeOf(options, process.env));
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
