/** A proxy on loopback: CONNECT, absolute form and SOCKS 5, as strict as it is told, and it writes down who asked for what. */
import { request as askHttp, createServer as createHttp } from 'node:http';
import { type AddressInfo, connect, createServer as createTcp, type Server, type Socket } from 'node:net';

export interface ProxyStandIn {
  readonly port: number;
  /** `CONNECT host:port`, `GET http://…`, `SOCKS host:port`, in their order. */
  readonly asked: string[];
  close(): Promise<void>;
}

export interface ProxyRules {
  /** `user:password`. */
  readonly credentials?: string;
  /** Status for every CONNECT. */
  readonly refuseConnect?: number;
  /** Names that only the proxy knows. */
  readonly names?: Readonly<Record<string, string>>;
}

async function listening(server: Server, asked: string[]): Promise<ProxyStandIn> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return { port: (server.address() as AddressInfo).port, asked, close };
}

function joined(from: Socket, host: string, port: number, ready: () => void): void {
  const to = connect(port, host, () => {
    ready();
    from.pipe(to).pipe(from);
  });
  to.on('error', () => from.destroy());
  from.on('error', () => to.destroy()).on('close', () => to.destroy());
}

export function httpProxy(rules: ProxyRules = {}): Promise<ProxyStandIn> {
  const asked: string[] = [];
  const wanted =
    rules.credentials === undefined
      ? undefined
      : `Basic ${Buffer.from(rules.credentials).toString('base64')}`;
  const server = createHttp((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const passed = askHttp(
      request.url ?? '',
      { method: request.method, headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });
  server.on('connect', (request, socket: Socket) => {
    asked.push(`CONNECT ${request.url}`);
    const given = request.headers['proxy-authorization'];
    const refusal = wanted !== undefined && given !== wanted ? 407 : rules.refuseConnect;
    if (refusal !== undefined) {
      socket.end(`HTTP/1.1 ${refusal} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(request.url ?? '') ?? [];
    joined(socket, rules.names?.[host] ?? host, Number(port), () =>
      socket.write('HTTP/1.1 200 Connected\r\n\r\n'),
    );
  });
  return listening(server, asked);
}

export function socksProxy(rules: ProxyRules = {}): Promise<ProxyStandIn> {
  const asked: string[] = [];
  const server = createTcp((socket) => {
    let stage: 'greeting' | 'password' | 'request' = 'greeting';
    const take = (bytes: Buffer): void => {
      if (stage === 'greeting') {
        stage = rules.credentials === undefined ? 'request' : 'password';
        socket.write(Buffer.from([5, stage === 'request' ? 0 : bytes.includes(2, 2) ? 2 : 255]));
      } else if (stage === 'password') {
        const userLength = bytes[1] ?? 0;
        const user = bytes.subarray(2, 2 + userLength).toString();
        const password = bytes.subarray(3 + userLength).toString();
        stage = 'request';
        socket.write(Buffer.from([1, `${user}:${password}` === rules.credentials ? 0 : 1]));
      } else {
        socket.off('data', take);
        const isName = bytes[3] === 3;
        const host = isName ? bytes.subarray(5, -2).toString() : [...bytes.subarray(4, 8)].join('.');
        const port = bytes.readUInt16BE(bytes.length - 2);
        asked.push(`SOCKS ${host}:${port}`);
        joined(socket, rules.names?.[host] ?? host, port, () =>
          socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])),
        );
      }
    };
    socket.on('data', take);
  });
  return listening(server, asked);
}
