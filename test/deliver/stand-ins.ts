/** Stand-ins for the places that receivers send to: real sockets on loopback that behave as they are told. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { TEST_CERTIFICATE, TEST_KEY } from './tls.ts';

/** `refuse`: no for good. `busy`: not now. `limit`: not now, and says when. `slow`: in pieces, never the end. */
export type Mode =
  | 'ok'
  | 'hang'
  | 'cut'
  | 'refuse'
  | 'busy'
  | 'limit'
  | 'slow'
  | 'echo'
  | 'endless'
  | 'redirect'
  | 'locked'
  | 'barred'
  | 'missing'
  | 'gone'
  | 'small';

export interface StandIn {
  readonly port: number;
  mode: Mode;
  /** Whole messages as text, oldest first. */
  readonly received: Received[];
  /** Breaks every connection and listens no more. */
  close(): Promise<void>;
}

export interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

const TLS = { key: TEST_KEY, cert: TEST_CERTIFICATE };

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

function closer(server: Server, sockets: Set<Socket>): () => Promise<void> {
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createTcp();
  const port = await listen(server, 0);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// ---------------------------------------------------------------- HTTP

export interface HttpStandIn extends StandIn {
  /** What `ok` answers; by path. */
  answer: (request: Received) => { readonly status: number; readonly body: string };
}

export async function httpStandIn(options: { tls?: boolean; port?: number } = {}): Promise<HttpStandIn> {
  const sockets = new Set<Socket>();
  const standIn = {
    mode: 'ok' as Mode,
    received: [] as Received[],
    answer: (_: Received) => ({ status: 200, body: 'ok' }),
    port: 0,
    close: async () => undefined,
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const received = {
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      respond(standIn, received, response);
    });
  };
  const server = options.tls === true ? createHttps(TLS, onRequest) : createHttp(onRequest);
  const close = closer(server, sockets);
  const port = await listen(server, options.port ?? 0);
  return Object.assign(standIn, { port, close });
}

/** What a rotated token, a firewall or a wrong path makes of an answer. */
const ANSWERS: Partial<Record<Mode, number>> = { locked: 401, barred: 403, missing: 404, gone: 410 };
/** Characters that `small` takes. */
const SMALL = 20_000;

function respond(
  standIn: Omit<HttpStandIn, 'port' | 'close'>,
  received: Received,
  response: ServerResponse,
): void {
  const { mode } = standIn;
  if (mode === 'hang') return;
  if (mode === 'cut') {
    response.socket?.destroy();
    return;
  }
  if (mode === 'slow' || mode === 'endless') {
    response.writeHead(200, { 'content-type': 'text/plain' });
    const pour = (): void => {
      if (!response.destroyed && response.write('x'.repeat(mode === 'slow' ? 1 : 65_536))) setImmediate(pour);
    };
    if (mode === 'slow') response.write('x');
    else {
      response.on('drain', pour);
      pour();
    }
    return;
  }
  if (mode === 'redirect') response.writeHead(307, { location: 'http://127.0.0.1:9/elsewhere' }).end();
  else if (mode === 'limit') response.writeHead(429, { 'retry-after': '7' }).end('rate_limited');
  else if (mode === 'busy') response.writeHead(503).end('later');
  else if (ANSWERS[mode] !== undefined) response.writeHead(ANSWERS[mode]).end('no');
  else if (mode === 'small' && received.body.length > SMALL) response.writeHead(413).end('too large');
  else if (mode === 'refuse') response.writeHead(400).end('invalid_payload');
  else if (mode === 'echo') response.writeHead(400).end(JSON.stringify(received));
  else {
    standIn.received.push(received);
    const { status, body } = standIn.answer(received);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  }
}

// ---------------------------------------------------------------- SMTP (RFC 5321)

export interface SmtpStandIn extends StandIn {
  /** What a recipient is answered, by address; all others by the mode. */
  readonly recipients: Map<string, string>;
}

export async function smtpStandIn(port = 0): Promise<SmtpStandIn> {
  const sockets = new Set<Socket>();
  const standIn = {
    mode: 'ok' as Mode,
    received: [] as Received[],
    recipients: new Map<string, string>(),
    port: 0,
    close: async () => undefined,
  };
  const server = createTcp((socket) => {
    if (standIn.mode === 'cut') socket.destroy();
    else if (standIn.mode !== 'hang' && standIn.mode !== 'slow') talkSmtp(socket, standIn);
  });
  const close = closer(server, sockets);
  return Object.assign(standIn, { close, port: await listen(server, port) });
}

const RCPT: Partial<Record<Mode, string>> = {
  refuse: '550 no',
  echo: '550 no',
  busy: '451 later',
  limit: '450 later',
};

function talkSmtp(socket: Socket, standIn: Pick<SmtpStandIn, 'mode' | 'received' | 'recipients'>): void {
  let path = '';
  let buffer = '';
  let inData = false;
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  say('220 stand-in');
  socket.on('data', (chunk) => {
    buffer += chunk.toString();
    for (;;) {
      const end = inData ? buffer.indexOf('\r\n.\r\n') : buffer.indexOf('\r\n');
      if (end < 0) return;
      const line = buffer.slice(0, end);
      buffer = buffer.slice(end + (inData ? 5 : 2));
      if (inData) {
        inData = false;
        standIn.received.push({ path: path.trim(), headers: {}, body: line });
        path = '';
        say('250 taken');
      } else if (/^EHLO|^HELO/.test(line)) say('250-stand-in\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME');
      else if (line.startsWith('AUTH')) say(standIn.mode === 'echo' ? `535 bad ${line}` : '235 in');
      else if (line.startsWith('RCPT')) {
        const address = /<(.*?)>/.exec(line)?.[1] ?? '';
        const answer = standIn.recipients.get(address) ?? RCPT[standIn.mode] ?? '250 ok';
        if (answer.startsWith('2')) path += ` ${address}`;
        say(answer);
      } else if (line === 'DATA') {
        inData = true;
        say('354 go');
      } else if (line === 'QUIT') socket.end('221 bye\r\n');
      else say('250 ok');
    }
  });
}

// ---------------------------------------------------------------- syslog

export async function syslogStandIn(protocol: 'tcp' | 'tls', port = 0): Promise<StandIn> {
  const sockets = new Set<Socket>();
  const standIn = { mode: 'ok' as Mode, received: [] as Received[], port: 0, close: async () => undefined };
  const onSocket = (socket: Socket): void => {
    if (standIn.mode === 'cut') {
      socket.destroy();
      return;
    }
    const chunks: Buffer[] = [];
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const all = Buffer.concat(chunks);
      // RFC 6587 §3.4.1: MSG-LEN SP SYSLOG-MSG
      const space = all.indexOf(0x20);
      const length = Number(all.subarray(0, space).toString());
      if (all.length === space + 1 + length) {
        standIn.received.push({ path: '', headers: {}, body: all.subarray(space + 1).toString() });
      }
    });
  };
  const server = protocol === 'tcp' ? createTcp(onSocket) : createTls(TLS, onSocket);
  const close = closer(server, sockets);
  return Object.assign(standIn, { close, port: await listen(server, port) });
}

export async function udpStandIn(
  address = '127.0.0.1',
): Promise<StandIn & { readonly next: () => Promise<string> }> {
  const socket: UdpSocket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const received: Received[] = [];
  const waiting: ((text: string) => void)[] = [];
  socket.on('message', (message) => {
    const body = message.toString();
    received.push({ path: '', headers: {}, body });
    waiting.shift()?.(body);
  });
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  const close = () => new Promise<void>((resolve) => socket.close(() => resolve()));
  const next = () => new Promise<string>((resolve) => waiting.push(resolve));
  return { mode: 'ok', received, port: socket.address().port, close, next };
}
