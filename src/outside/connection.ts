/**
 * One connection to somewhere outside: direct or through the proxy, plain or TLS, with the certificate looked at here, so
 * that what is wrong with it can be said in words. Everything that connects goes through this file.
 */
import { connect as connectTcp, isIP, type LookupFunction, type OnReadOpts, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { OutsideError, wordsOfCertificate, wordsOfFailure } from './failure.ts';
import { askForTunnel } from './handshakes.ts';
import type { Network, ProxyAddress } from './network.ts';
import { publicLookup, refusePrivate } from './private-address.ts';

export interface Destination {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

export interface ConnectOptions {
  /** Breaks off. */
  readonly signal?: AbortSignal | undefined;
  /** Somebody else's redirect leads here: private addresses are refused. */
  readonly isPublicOnly?: boolean | undefined;
  /** Every read goes into one buffer; ignored where a proxy stands between. */
  readonly onread?: OnReadOpts | undefined;
  /** Sees the socket before anything is read of what `Destination` sends. */
  readonly attach?: ((socket: Socket) => void) | undefined;
}

/** Resolves with a socket that is connected, and for TLS with one whose certificate holds. Rejects with what went wrong. */
export async function openConnection(
  network: Network,
  to: Destination,
  options: ConnectOptions = {},
): Promise<Socket> {
  if (options.isPublicOnly === true) refusePrivate(to.host);
  const proxy = network.proxyTo(to.host);
  if (proxy !== undefined) return openThrough(network, proxy, to, options);
  const lookup = options.isPublicOnly === true ? { lookup: publicLookup } : {};
  const socket = start(network, to, { ...(options.onread && { onread: options.onread }), ...lookup });
  options.attach?.(socket);
  return settled(socket, to, options.signal);
}

async function openThrough(
  network: Network,
  proxy: ProxyAddress,
  to: Destination,
  options: ConnectOptions,
): Promise<Socket> {
  const door = { host: proxy.host, port: proxy.port, isTls: proxy.scheme === 'https' };
  const tunnel = await whileProxy(settled(start(network, door, {}), door, options.signal));
  try {
    await untilAborted(tunnel, options.signal, askForTunnel(tunnel, proxy, to.host, to.port));
  } catch (error) {
    tunnel.destroy();
    throw error;
  }
  if (!to.isTls) {
    options.attach?.(tunnel);
    return tunnel;
  }
  const socket = start(network, to, { socket: tunnel });
  options.attach?.(socket);
  return settled(socket, to, options.signal);
}

interface StartOptions {
  readonly socket?: Socket;
  readonly onread?: OnReadOpts;
  readonly lookup?: LookupFunction;
}

function start(network: Network, { host, port, isTls }: Destination, options: StartOptions): Socket {
  if (!isTls) return connectTcp({ host, port, ...options });
  const secureContext = network.secureContext();
  return connectTls({
    host,
    port,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(secureContext === undefined ? {} : { secureContext }),
    // Looked at in `believed`, which says why: nobody gets the socket before.
    rejectUnauthorized: false,
    ...options,
  } as ConnectionOptions);
}

/** Waits for the connection, and for TLS until the certificate was believed. */
function settled(socket: Socket, { isTls }: Destination, signal: AbortSignal | undefined): Promise<Socket> {
  const connected = new Promise<Socket>((resolve, reject) => {
    const done = (error?: Error): void => {
      socket.off('error', done).off('close', closed);
      if (error === undefined) {
        resolve(socket);
        return;
      }
      socket.on('error', () => undefined).destroy();
      reject(error);
    };
    const closed = (): void => done(new OutsideError('connection cut'));
    socket.on('error', done).on('close', closed);
    socket.once(isTls ? 'secureConnect' : 'connect', () =>
      done(isTls ? believed(socket as TLSSocket) : undefined),
    );
  });
  return untilAborted(socket, signal, connected);
}

/** What keeps us from believing who answers; undefined: it is who it should be. */
function believed(socket: TLSSocket): OutsideError | undefined {
  if (socket.authorized) return undefined;
  const reason: unknown = socket.authorizationError;
  const code =
    typeof reason === 'string' ? reason : ((reason as NodeJS.ErrnoException | null)?.code ?? 'UNKNOWN');
  return new OutsideError(wordsOfCertificate(code, socket.getPeerCertificate(), Date.now()));
}

async function untilAborted<T>(
  socket: Socket,
  signal: AbortSignal | undefined,
  work: Promise<T>,
): Promise<T> {
  if (signal === undefined) return work;
  const stop = (): void => void socket.destroy(new OutsideError('stopped'));
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  try {
    return await work;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** So that nobody looks for the fault at the destination. */
async function whileProxy(connecting: Promise<Socket>): Promise<Socket> {
  try {
    return await connecting;
  } catch (error) {
    throw new OutsideError(`the proxy cannot be reached: ${wordsOfFailure(error)}`);
  }
}
