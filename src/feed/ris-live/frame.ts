/**
 * Tells route messages of RIS Live from answers about the connection by a few bytes, without parsing them: the client
 * reads answers itself and leaves messages to whoever judges.
 */
import { wordsOfFailure } from '../../outside/failure.ts';

const MARK = Buffer.from('"ris_message"');
/** The type stands within this many bytes of the start, or of the end where `data` comes first. */
const REACH = 48;

/**
 * True for a `ris_message`. False for anything else and for messages in a shape never seen (the reader of answers
 * parses those and finds that they are none). Allocates nothing for the usual shapes `{"type":"ris_message"` and
 * `{"type": "ris_message"`.
 */
export function isMessageFrame(bytes: Buffer): boolean {
  if (marksAt(bytes, 8) || marksAt(bytes, 9)) return true;
  const head = bytes.toString('latin1', 0, REACH);
  const tail = bytes.toString('latin1', Math.max(0, bytes.length - REACH));
  return head.includes('"ris_message"') || tail.includes('"ris_message"');
}

function marksAt(bytes: Buffer, start: number): boolean {
  if (bytes.length < start + MARK.length) return false;
  for (let index = 0; index < MARK.length; index += 1) if (bytes[start + index] !== MARK[index]) return false;
  return true;
}

/** The server's words, on one line and short. */
export function errorText(data: unknown): string {
  const isObject = typeof data === 'object' && data !== null;
  const text = isObject && 'message' in data ? data.message : data;
  return String(typeof text === 'string' ? text : typeof text)
    .replace(/[\p{C}\u2028\u2029]+/gu, ' ')
    .slice(0, 200);
}

/** What ended a connection: words of `ws` for its protocol, ours for the network. */
export function failureText(error: Error & { readonly code?: string }): string {
  return /^(?:WS_.*)?$/.test(error.code ?? '') ? error.message || 'connection failed' : wordsOfFailure(error);
}
