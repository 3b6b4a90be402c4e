/**
 * Asking a proxy for a way through: CONNECT (RFC 9110 §9.3.6) and SOCKS 5 (RFC 1928, RFC 1929). Reads exactly the answer;
 * what follows it stays in the socket.
 */
import { isIPv4, isIPv6, type Socket } from 'node:net';
import { OutsideError } from './failure.ts';
import type { ProxyAddress } from './network.ts';

const ANSWER_BYTES_MAX = 16_384;

/** The proxy answered, and not with a way through. */
export class ProxyRefusal extends OutsideError {
  readonly status: number;

  constructor(status: number) {
    super(
      status === 407
        ? 'the proxy asks for a user and password (HTTP 407)'
        : `the proxy refuses (HTTP ${status})`,
    );
    this.status = status;
  }
}

export async function askForTunnel(
  socket: Socket,
  proxy: ProxyAddress,
  host: string,
  port: number,
): Promise<void> {
  if (proxy.scheme === 'socks5') await speakSocks(socket, proxy, host, port);
  else await speakConnect(socket, proxy, host, port);
}

/** `Basic …` of the proxy's user (RFC 7617); undefined when it has none. */
export function proxyAuthorization({ user, password }: ProxyAddress): string | undefined {
  return user === '' ? undefined : `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

async function speakConnect(socket: Socket, proxy: ProxyAddress, host: string, port: number): Promise<void> {
  const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const authorization = proxyAuthorization(proxy);
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
  if (authorization !== undefined) lines.push(`Proxy-Authorization: ${authorization}`);
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const head = await readUntil(socket, (bytes) => {
    const end = bytes.indexOf('\r\n\r\n');
    return end < 0 ? undefined : end + 4;
  });
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head.toString('latin1'))?.[1] ?? 0);
  if (status === 0) throw new OutsideError('the proxy does not speak HTTP');
  if (status < 200 || status > 299) throw new ProxyRefusal(status);
}

const SOCKS_REFUSALS: readonly string[] = [
  '',
  'general failure',
  'not allowed by its rules',
  'network unreachable',
  'host unreachable',
  'connection refused',
  'connection timed out',
];

async function speakSocks(socket: Socket, proxy: ProxyAddress, host: string, port: number): Promise<void> {
  const isNamed = proxy.user !== '';
  socket.write(Buffer.from(isNamed ? [5, 2, 0, 2] : [5, 1, 0]));
  const [version, method] = await readBytes(socket, 2);
  if (version !== 5) throw new OutsideError('the proxy does not speak SOCKS 5');
  if (method === 2 && isNamed) await speakPassword(socket, proxy);
  else if (method !== 0) throw new OutsideError('the proxy asks for a user and password');
  socket.write(
    Buffer.concat([Buffer.from([5, 1, 0]), socksAddress(host), Buffer.from([port >> 8, port & 255])]),
  );
  const [, reply, , type] = await readBytes(socket, 4);
  if (reply !== 0)
    throw new OutsideError(`the proxy refuses: ${SOCKS_REFUSALS[reply ?? 0] ?? `code ${reply}`}`);
  const length = type === 1 ? 4 : type === 4 ? 16 : ((await readBytes(socket, 1))[0] ?? 0);
  await readBytes(socket, length + 2);
}

async function speakPassword(socket: Socket, { user, password }: ProxyAddress): Promise<void> {
  const parts = [user, password].map((text) => Buffer.from(text).subarray(0, 255));
  socket.write(
    Buffer.concat([Buffer.from([1]), ...parts.flatMap((part) => [Buffer.from([part.length]), part])]),
  );
  const [, status] = await readBytes(socket, 2);
  if (status !== 0) throw new OutsideError('the proxy does not accept the user and password');
}

function socksAddress(host: string): Buffer {
  if (isIPv4(host)) return Buffer.from([1, ...host.split('.').map(Number)]);
  const name = Buffer.from(host);
  if (name.length > 255) throw new OutsideError('the name is too long for SOCKS');
  return Buffer.concat([Buffer.from([3, name.length]), name]);
}

function readBytes(socket: Socket, count: number): Promise<Buffer> {
  return readUntil(socket, (bytes) => (bytes.length >= count ? count : undefined));
}

/** `ends` says how many of the bytes so far are the answer; what is beyond goes back into the socket. */
function readUntil(socket: Socket, ends: (bytes: Buffer) => number | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const settle = (act: () => void): void => {
      socket.off('readable', read).off('error', failed).off('end', cut).off('close', cut);
      // Only then is the socket as new: nobody reads it, and it is not paused.
      setImmediate(act);
    };
    const failed = (error: Error): void => settle(() => reject(error));
    const cut = (): void => settle(() => reject(new OutsideError('the proxy cut the connection')));
    const read = (): void => {
      for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null)
        bytes = Buffer.concat([bytes, chunk]);
      const end = ends(bytes);
      if (end === undefined && bytes.length <= ANSWER_BYTES_MAX) return;
      if (end === undefined) {
        settle(() => reject(new OutsideError("the proxy's answer has no end")));
        return;
      }
      if (end < bytes.length) socket.unshift(bytes.subarray(end));
      settle(() => resolve(bytes.subarray(0, end)));
    };
    socket.on('readable', read).on('error', failed).on('end', cut).on('close', cut);
    if (socket.destroyed) cut();
  });
}
