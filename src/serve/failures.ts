/**
 * How anything that goes wrong is answered: always a problem (RFC 9457), never a word about our inside. Errors of the
 * gate come before any routing and are written on the bare response.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BadCursor, ERROR_CODES, OperationalError } from '../engine/errors.ts';
import type { Refused } from './connections.ts';
import { logInPage } from './pages.ts';
import { PROBLEM_TYPE, Problem, problemBody, tooLarge } from './problem.ts';
import type { Log, Reply } from './route.ts';

/** Where refusals are counted and failures are written down. */
export interface Witness {
  readonly log: Log;
  readonly refused: Refused;
}

/** Answers within a route or instead of one. */
export function sendError(
  witness: Witness,
  error: Error,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const problem = problemOf(witness, error, request.raw);
  // What fastify says of the connection is undone; what the client asked for is said (RFC 9112 §9.6).
  if (asksToClose(request.raw)) reply.header('connection', 'close');
  else reply.removeHeader('connection');
  const answer = isLogInForm(request.raw) ? logInPage(problem, false) : plainAnswer(problem);
  reply
    .code(answer.status)
    .headers({ ...answer.headers })
    .type(answer.type ?? PROBLEM_TYPE);
  return reply.send(answer.body);
}

function plainAnswer(problem: Problem): Reply {
  return { status: problem.status, type: PROBLEM_TYPE, headers: problem.headers, body: problemBody(problem) };
}

function asksToClose({ headers, httpVersion }: IncomingMessage): boolean {
  const wishes = String(headers.connection ?? '').toLowerCase();
  return (
    /(?:^|,)\s*close\s*(?:,|$)/.test(wishes) || (httpVersion === '1.0' && !wishes.includes('keep-alive'))
  );
}

/** Somebody mistyped: the form comes again, and not a text for programs. */
function isLogInForm({ method, url, headers }: IncomingMessage): boolean {
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '');
  return method === 'POST' && /^\/session(?:\?|$)/.test(url ?? '') && isForm;
}

/** Any error as a problem that says nothing of our inside. */
function problemOf(witness: Witness, error: unknown, request: IncomingMessage): Problem {
  if (error instanceof Problem) {
    note(witness, error, request);
    return error;
  }
  if (error instanceof BadCursor) return new Problem(400, 'cursor: the next of an earlier page is needed');
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return tooLarge();
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') return new Problem(404, 'There is nothing here.');
  if (code === 'FST_ERR_BAD_URL') return new Problem(400, 'The percent-encoding of the path is broken.');
  if (code.startsWith('FST_ERR_CTP') || code === 'ECONNRESET')
    return new Problem(400, 'The body did not arrive whole.');
  const path = (request.url ?? '').split('?', 1)[0];
  witness.log.error({ event: 'serve.failed', method: request.method, path, err: error });
  if (error instanceof OperationalError)
    return new Problem(
      503,
      ERROR_CODES[error.code],
      error.retryable ? { headers: { 'retry-after': '1' } } : {},
    );
  return new Problem(500, 'Something went wrong here; the log says what.');
}

/** Answers on the bare response; a person's browser without a session gets the page that asks for the token. */
export function refuseAtGate(
  witness: Witness,
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const problem = problemOf(witness, error, request);
  const isPerson = request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');
  const isPage =
    isPerson &&
    /^\/(?:wall)?(?:\?|$)/.test(request.url ?? '') &&
    (problem.status === 401 || problem.status === 429);
  const answer: Reply = isPage
    ? logInPage(problem, request.headers['sec-fetch-site'] === 'cross-site')
    : plainAnswer(problem);
  const body = String(answer.body);
  response.writeHead(answer.status, {
    ...answer.headers,
    'content-type': answer.type ?? '',
    'content-length': Buffer.byteLength(body),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Counts what is refused to whom asks too often; a wrong token is worth a line. */
function note(witness: Witness, problem: Problem, request: IncomingMessage): void {
  if (problem.status === 429) witness.refused('rate-limited');
  if (!problem.headers['www-authenticate']?.includes('invalid_token')) return;
  witness.refused('failed-login');
  witness.log.warn({ event: 'serve.login.failed', address: request.socket.remoteAddress });
}
