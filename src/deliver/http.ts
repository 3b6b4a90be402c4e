/**
 * One HTTP POST, as every HTTP receiver makes it: bounded in time and size, no redirect followed (it would carry the
 * secret elsewhere), the answer graded into success, try again, or refused (RFC 9110 §15, RFC 6585 §4).
 * No address, header or body of ours stands in an error.
 */
import { type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { answerCode } from './clean-text.ts';
import { type Outcome, refused, tryAgain } from './receiver.ts';

/** Bytes of an answer that are read; the rest is not waited for. */
const ANSWER_BYTES_MAX = 65_536;

interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Cut out of whatever is quoted from the answer. */
  readonly secrets: readonly string[];
  /** For a `Retry-After` that is a date. */
  readonly nowMs: number;
}

export type Answered =
  | {
      readonly answered: true;
      readonly status: number;
      readonly body: string;
      readonly retryAfterMs: number | undefined;
    }
  | { readonly answered: false; readonly error: string };

/** Sends and reads the answer. Never throws. */
export async function post(request: Post): Promise<Answered> {
  const broken = new AbortController();
  let late = false;
  const stop = (): void => broken.abort();
  const limit = setTimeout(() => {
    late = true;
    stop();
  }, request.timeoutMs);
  request.signal.addEventListener('abort', stop);
  if (request.signal.aborted) stop();
  try {
    return await exchange(request, broken.signal);
  } catch (error) {
    if (request.signal.aborted) return { answered: false, error: 'stopped' };
    if (late) return { answered: false, error: `no answer within ${request.timeoutMs} ms` };
    return { answered: false, error: connectionError(error) };
  } finally {
    clearTimeout(limit);
    request.signal.removeEventListener('abort', stop);
  }
}

/**
 * By `node:http` and not by `fetch`, whose first call loads for a tenth of a second. Connections are kept for some
 * seconds. One that was kept and turns out to be closed says nothing about the receiver: once more, on a new one.
 */
async function exchange(request: Post, signal: AbortSignal): Promise<Answered> {
  const response = await asked(request, signal, true);
  const retryAfterMs = readRetryAfter(response.headers['retry-after'] ?? null, request.nowMs);
  const body = await readBounded(response);
  return { answered: true, status: response.statusCode ?? 0, body, retryAfterMs };
}

function asked(request: Post, signal: AbortSignal, mayReuse: boolean): Promise<IncomingMessage> {
  const { url, headers, body } = request;
  const begin = url.startsWith('https:') ? requestTls : requestPlain;
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const sent = begin(
      url,
      { method: 'POST', headers: { ...headers, ...length }, signal, ...(mayReuse ? {} : { agent: false }) },
      resolve,
    );
    sent.on('error', (error: NodeJS.ErrnoException) => {
      const isStale =
        mayReuse && sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      if (isStale && !signal.aborted) resolve(asked(request, signal, false));
      else reject(error);
    });
    sent.end(body);
  });
}

async function readBounded(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes >= ANSWER_BYTES_MAX) break;
  }
  return Buffer.concat(chunks).subarray(0, ANSWER_BYTES_MAX).toString('utf8');
}

/** RFC 9110 §10.2.3: seconds or a date. Undefined for anything else. */
export function readRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  const text = value.trim();
  if (/^\d{1,9}(\.\d{1,3})?$/.test(text)) return Math.ceil(Number(text) * 1000);
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

const CODE_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection cut',
  EPIPE: 'connection cut',
  UND_ERR_SOCKET: 'connection cut',
  ENOTFOUND: 'name not found',
  EAI_AGAIN: 'name not resolved',
  ETIMEDOUT: 'connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'connection timed out',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
};

/**
 * What went wrong with a connection, from its code alone: the messages of Node and OpenSSL may quote the address,
 * and the address may be the secret.
 */
export function connectionError(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code !== 'string' || !/^[A-Z][A-Z0-9_]{1,60}$/.test(code)) continue;
    const words = CODE_WORDS[code];
    if (words !== undefined) return `${words} (${code})`;
    return /CERT|SSL|TLS|SIGNED|ALTNAME|VERIFY/.test(code) ? `TLS failed (${code})` : `failed (${code})`;
  }
  return 'failed to connect';
}

/** Success is any 2xx; 408, 425, 429 and 5xx are tried again; all else is refused for good. */
export function gradeAnswer(answer: Answered, secrets: readonly string[]): Outcome {
  if (!answer.answered) return tryAgain(answer.error);
  const { status } = answer;
  if (status >= 200 && status < 300) return { ok: true };
  const code = answerCode(answer.body, secrets);
  const error = code === '' ? `HTTP ${status}` : `HTTP ${status}: ${code}`;
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return tryAgain(error, answer.retryAfterMs);
  }
  if (status >= 300 && status < 400) return refused(`HTTP ${status}: redirects are not followed`);
  return refused(error);
}

/** Sends JSON and grades the answer: all that most receivers need. */
export async function postJson(request: Omit<Post, 'body'> & { readonly json: unknown }): Promise<Outcome> {
  const { json, ...rest } = request;
  const headers = { 'content-type': 'application/json; charset=utf-8', ...request.headers };
  return gradeAnswer(await post({ ...rest, headers, body: JSON.stringify(json) }), request.secrets);
}
