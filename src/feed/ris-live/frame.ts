/**
 * What a frame of RIS Live is, by a few bytes and without parsing it: the client reads answers about the connection itself,
 * leaves messages to whoever judges, and counts those that prove that the feed sees.
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

/**
 * `keepalive` and `bgp` are BGP messages of a peer and prove that the feed sees. `message` is a word of a collector (the state of a
 * session, a type yet unknown) and `answer` one about the connection: they prove nothing.
 */
export type Sign = 'answer' | 'message' | 'keepalive' | 'bgp';

const KEEPALIVE = Buffer.from('"KEEPALIVE"');
const BGP_TYPES = ['"UPDATE"', '"OPEN"', '"NOTIFICATION"', '"announcements"', '"withdrawals"'].map((text) =>
  Buffer.from(text),
);

export function signOf(bytes: Buffer): Sign {
  if (!isMessageFrame(bytes)) return 'answer';
  if (BGP_TYPES.some((type) => bytes.includes(type))) return 'bgp';
  return bytes.includes(KEEPALIVE) ? 'keepalive' : 'message';
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
