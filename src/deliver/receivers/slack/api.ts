/**
 * Calls of Slack's Web API: bearer token in a header, JSON both ways, the answer's `ok` and `error` graded. Slack
 * says "no" with status 200; only 429 and failures of the transport look like HTTP failures.
 */
import type { Outside } from '../../../outside/outside.ts';
import { gradeAnswer, post } from '../../http.ts';
import { type Outcome, refused, tryAgain } from '../../receiver.ts';

export interface SlackCall {
  readonly outside: Outside;
  readonly apiUrl: string;
  readonly method: 'chat.postMessage' | 'chat.update' | 'apps.connections.open';
  readonly token: string;
  readonly body: unknown;
  readonly idempotencyKey: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly wallMs: number;
}

export type SlackAnswer =
  | { readonly ok: true; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly code: string; readonly outcome: Outcome };

/**
 * What Slack says of the message itself: it would refuse it tomorrow as well. All else passes (its own trouble, too much at once) or
 * is put right by somebody: a token, a scope, an invitation to the channel.
 */
const ABOUT_THE_MESSAGE: ReadonlySet<string> = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'invalid_attachments',
  'invalid_arguments',
  'msg_too_long',
  'msg_blocks_too_long',
  'attachment_payload_limit_exceeded',
  'too_many_attachments',
  'no_text',
]);

export async function callSlack(call: SlackCall): Promise<SlackAnswer> {
  const secrets = [call.token];
  const headers: Record<string, string> = {
    'content-type': 'application/json; charset=utf-8',
    authorization: `Bearer ${call.token}`,
  };
  if (call.idempotencyKey !== undefined) headers['idempotency-key'] = call.idempotencyKey;
  const { timeoutMs, signal, wallMs } = call;
  const url = `${call.apiUrl}/${call.method}`;
  const answer = await post({
    outside: call.outside,
    url,
    headers,
    body: JSON.stringify(call.body),
    timeoutMs,
    signal,
    secrets,
    wallMs,
  });
  const outcome = gradeAnswer(answer, secrets);
  if (!answer.answered || !outcome.ok) return { ok: false, code: '', outcome };
  const fields = readObject(answer.body);
  if (fields === undefined)
    return { ok: false, code: '', outcome: tryAgain(`${call.method}: no JSON in the answer`) };
  if (fields.ok === true) return { ok: true, fields };
  const code =
    typeof fields.error === 'string' && /^[a-z_]{1,60}$/.test(fields.error) ? fields.error : 'unknown';
  const error = `${call.method}: ${code}`;
  return {
    ok: false,
    code,
    outcome: ABOUT_THE_MESSAGE.has(code) ? refused(error) : tryAgain(error, answer.retryAfterMs),
  };
}

function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
