/**
 * AS-SETs asked of an Internet Routing Registry over whois, by the query language of IRRd (`!iAS-SET,1`: all members, sets in
 * it followed). Answers are `A<octets>`, the members, `C`; `D` for a set that is not there, `F …` for a refusal.
 */
import type { Socket } from 'node:net';
import { parseAsn } from '../../bgp/asn.ts';
import { OperationalError } from '../../engine/errors.ts';
import { wordsOfFailure } from '../../outside/failure.ts';
import type { Outside } from '../../outside/outside.ts';

/** RADb answers for the other registries too. */
export const IRR_DEFAULT = 'whois.radb.net';
const PORT = 43;
const PATIENCE_MS = 30_000;
/** Members of the largest sets are a few hundred thousand, ten octets each. */
const ANSWER_MAX = 16 * 1024 * 1024;

export interface Irr {
  readonly host: string;
  readonly port: number;
}

/** `whois.radb.net`, `127.0.0.1:4343`, `[::1]:43`; undefined for what is none. */
export function parseIrr(text: string): Irr | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[3] ?? PORT);
  const host = match?.[1] ?? match?.[2];
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

/** `AS-KAKAO`, and hierarchical ones as `AS64500:AS-CUSTOMERS` (RFC 2622 §5). */
export function isAsSetName(text: string): boolean {
  const parts = text.split(':');
  return (
    parts.every((part) => /^AS(-[A-Z0-9_-]+|\d{1,10})$/i.test(part)) &&
    parts.some((part) => /^AS-/i.test(part))
  );
}

/** Members, ascending. Rejects with `irr-query`. */
export async function asSetMembers(
  name: string,
  { host, port }: Irr,
  outside: Outside,
): Promise<readonly number[]> {
  const failed = (detail: string, cause?: unknown): OperationalError =>
    new OperationalError('irr-query', `${host}:${port}, ${name}: ${detail}`, { cause, retryable: true });
  const answer = await outside
    .connect({ host, port, isTls: false }, { signal: AbortSignal.timeout(PATIENCE_MS) })
    .then((socket) => answerOf(socket, `!i${name},1\n`))
    .catch((error: unknown) => {
      throw failed(wordsOfFailure(error), error);
    });
  return membersIn(answer, failed);
}

/** What comes back on the connection, which ends with it. */
function answerOf(socket: Socket, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setTimeout(PATIENCE_MS, () =>
      socket.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)),
    );
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => {
      text += part;
      if (text.length > ANSWER_MAX) socket.destroy(new Error('the answer does not end'));
      else if (isWhole(text)) socket.end();
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(text));
    socket.write(question);
  });
}

/** One answer, to its last line: IRRd closes after it, others may wait for the next question. */
function isWhole(text: string): boolean {
  const [, octets] = /^A(\d+)\n/.exec(text) ?? [];
  if (octets === undefined) return /^[CDEF][^\n]*\n/.test(text);
  return text.length >= text.indexOf('\n') + 1 + Number(octets) + 2;
}

function membersIn(answer: string, failed: (detail: string) => OperationalError): readonly number[] {
  const [, octets] = /^A(\d+)\r?\n/.exec(answer) ?? [];
  if (octets === undefined) {
    if (answer.startsWith('D')) throw failed('there is no such set');
    throw failed(
      answer === '' ? 'it closed without an answer' : `it answered ${JSON.stringify(answer.slice(0, 80))}`,
    );
  }
  const start = answer.indexOf('\n') + 1;
  const body = answer.slice(start, start + Number(octets));
  if (body.length < Number(octets)) throw failed('the answer was cut short');
  const members = new Set<number>();
  for (const word of body.split(/\s+/)) {
    const asn = parseAsn(word);
    if (asn !== undefined && asn !== 0) members.add(asn);
  }
  if (members.size === 0) throw failed('the set has no members');
  return [...members].sort((a, b) => a - b);
}
