/**
 * The bare HTTP server under the routes: bounds on headers, time and connections. A slow connection is closed, and
 * when there are too many, the one that has waited longest without a whole request makes room for the newcomer, so
 * that whoever holds connections open keeps nobody else out. RFC 9112.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Limits } from './limits.ts';
import { PROBLEM_TYPE, Problem, problemBody } from './problem.ts';

/** Why something of the outside was refused or cut, for the metrics. */
export type Refused = (reason: string) => void;

export function createConnections(
  limits: Limits,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
  refused: Refused,
): Server {
  const busy: Busy = new Map();
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.slowMs,
      requestTimeout: limits.slowMs,
      keepAliveTimeout: limits.slowMs,
      connectionsCheckingInterval: limits.sweepMs,
      requireHostHeader: false,
      noDelay: true,
    },
    (request, response) => {
      track(busy, request.socket, response);
      onRequest(request, response);
    },
  );
  server.timeout = limits.slowMs;
  // An expectation we do not know is no reason to refuse: the request is answered as it is (RFC 9110 §10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('connection', (socket: Socket) => {
    busy.set(socket, undefined);
    socket.on('close', () => busy.delete(socket));
    if (busy.size > limits.connectionsMax) {
      longestWaiting(busy, socket).destroy();
      refused('connection-bound');
    }
  });
  server.on('timeout', (socket: Socket) => {
    // An idle connection between two requests ends here too, which is nobody's fault.
    if (busy.get(socket) !== undefined) refused('slow-connection');
    socket.destroy();
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    refused('malformed-request');
    if (busy.get(socket)?.headersSent === true) socket.destroy();
    else answerBare(socket, problemOfClient(error.code));
  });
  return server;
}

/** Each connection, oldest first, with the answer it waits for. */
type Busy = Map<Socket, ServerResponse | undefined>;

function track(busy: Busy, socket: Socket, response: ServerResponse): void {
  busy.set(socket, response);
  response.on('close', () => {
    if (busy.get(socket) === response) busy.set(socket, undefined);
  });
}

/** The oldest connection without a whole request in work; the newcomer itself when all are at work. */
function longestWaiting(busy: Busy, newcomer: Socket): Socket {
  for (const [socket, response] of busy) if (response === undefined || !response.req.complete) return socket;
  return newcomer;
}

function problemOfClient(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') return new Problem(431, 'The header is too large.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Problem(408, 'The request did not arrive in time.');
  return new Problem(400, 'This is not HTTP.');
}

/** Answers where no request could be read, and closes. */
function answerBare(socket: Socket, problem: Problem): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = problemBody(problem);
  const head = [
    `HTTP/1.1 ${problem.status} Problem`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    'x-content-type-options: nosniff',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
