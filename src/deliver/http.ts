/**
 * One HTTP POST, as every HTTP receiver makes it through `outside/`: no redirect followed (it would carry the secret
 * elsewhere), the answer graded into success, try again, or refused (RFC 9110 §15, RFC 6585 §4).
 * No address, header or body of ours stands in an error.
 */
import type { Outside } from '../outside/outside.ts';
import { answerCode } from './clean-text.ts';
import { type Outcome, refused, tooLarge, tryAgain } from './receiver.ts';

/** Bytes of an answer that are read; the rest is not waited for. */
const ANSWER_BYTES_MAX = 65_536;

interface Post {
  readonly outside: Outside;
  readonly url: string;
  /** Default POST. */
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Cut out of whatever is quoted from the answer. */
  readonly secrets: readonly string[];
  /** For a `Retry-After` that is a date. */
  readonly wallMs: number;
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
  const { outside, url, method = 'POST', headers, body, timeoutMs, signal } = request;
  try {
    const ask = { url, method, headers, body, timeoutMs, signal };
    const answer = await outside.askText(ask, ANSWER_BYTES_MAX);
    const retryAfter = answer.headers['retry-after'];
    const retryAfterMs = readRetryAfter(typeof retryAfter === 'string' ? retryAfter : null, request.wallMs);
    return { answered: true, status: answer.status, body: answer.text, retryAfterMs };
  } catch (error) {
    return { answered: false, error: (error as Error).message };
  }
}

/** RFC 9110 §10.2.3: seconds or a date. Undefined for anything else. */
export function readRetryAfter(value: string | null, wallMs: number): number | undefined {
  if (value === null) return undefined;
  const text = value.trim();
  if (/^\d{1,9}(\.\d{1,3})?$/.test(text)) return Math.ceil(Number(text) * 1000);
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - wallMs);
}

/**
 * About what was sent, and not about who sent it or where: the same body will be refused tomorrow as well. All else
 * (401, 403, 404, 410, redirects) passes when a token, an address or a firewall is put right.
 */
const ABOUT_THE_BODY: ReadonlySet<number> = new Set([400, 406, 411, 415, 422]);

/** Success is any 2xx. 413 asks for less; what is said of the body is refused for good; all else is tried again. */
export function gradeAnswer(answer: Answered, secrets: readonly string[]): Outcome {
  if (!answer.answered) return tryAgain(answer.error);
  const { status } = answer;
  if (status >= 200 && status < 300) return { ok: true };
  const code = answerCode(answer.body, secrets);
  const error = code === '' ? `HTTP ${status}` : `HTTP ${status}: ${code}`;
  if (status >= 300 && status < 400) return tryAgain(`HTTP ${status}: redirects are not followed`);
  if (status === 413) return tooLarge(error);
  return ABOUT_THE_BODY.has(status) ? refused(error) : tryAgain(error, answer.retryAfterMs);
}

/** Sends JSON and grades the answer: all that most receivers need. */
export async function postJson(request: Omit<Post, 'body'> & { readonly json: unknown }): Promise<Outcome> {
  const { json, ...rest } = request;
  const headers = { 'content-type': 'application/json; charset=utf-8', ...request.headers };
  return gradeAnswer(await post({ ...rest, headers, body: JSON.stringify(json) }), request.secrets);
}

/**
 * Sends the first size, and a smaller one each time that the other side finds it too large. When the smallest is too
 * large as well, its limit is a mistake that somebody may mend: tried again later.
 */
export async function sendSmaller(
  sizes: readonly number[],
  send: (bytesMax: number) => Promise<Outcome>,
): Promise<Outcome> {
  let outcome: Outcome = tryAgain('nothing sent');
  for (const bytesMax of sizes) {
    outcome = await send(bytesMax);
    if (outcome.ok || outcome.isTooLarge !== true) return outcome;
  }
  return outcome;
}
