/**
 * The one client for all that goes out by HTTP: receivers, VRPs, RIPEstat, heartbeats. Bounded in time, size and redirects,
 * through the proxy and with the authorities of `network`; no error has an address, a header or a body in it. Sockets for
 * what is not HTTP (feeds, mail, syslog) come from it, too.
 */
import {
  type ClientRequestArgs,
  type IncomingMessage,
  Agent as PlainAgent,
  request as requestPlain,
} from 'node:http';
import { request as requestTls, Agent as TlsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import type { SecureContext } from 'node:tls';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { type ConnectOptions, type Destination, openConnection } from './connection.ts';
import { OutsideError, wordsOfFailure } from './failure.ts';
import { ProxyRefusal, proxyAuthorization } from './handshakes.ts';
import { Network } from './network.ts';
import { isPrivateAddress } from './private-address.ts';

export interface Ask {
  readonly url: string;
  /** Default GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** For the whole exchange, the reading of the body included; absent: the signal alone bounds it. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Redirects that are followed, for GET alone; default none. */
  readonly redirectsMax?: number;
}

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body, content codings (RFC 9110 §8.4.1) undone. Throws an `OutsideError` where it breaks. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** To be called when no more is wanted; reading to the end does it, too. */
  close(): void;
}

export interface TextAnswer extends Pick<Answer, 'status' | 'headers'> {
  readonly text: string;
  readonly isWhole: boolean;
}

/** Idle connections are kept so long. */
const KEPT_MS = 5_000;
/** Bounds a connection of which whoever asked for it no longer waits. */
const CONNECT_MS = 30_000;

export class Outside {
  #network: Network;
  readonly #agents: { readonly plain: PlainAgent; readonly tls: TlsAgent };

  constructor(network: Network = new Network()) {
    this.#network = network;
    const kept = { keepAlive: true, scheduling: 'lifo', timeout: KEPT_MS } as const;
    this.#agents = { plain: new PlainAgent(kept), tls: new TlsAgent(kept) };
    // Its type names a socket; with a callback there may be none yet (Node's own documentation of `createConnection`).
    for (const [agent, isTls] of [
      [this.#agents.plain, false],
      [this.#agents.tls, true],
    ] as const)
      agent.createConnection = this.#connector(isTls, {}) as unknown as PlainAgent['createConnection'];
  }

  /** The same way out, trusting `ca` (PEM) besides. */
  trusting(ca: string | undefined): Outside {
    return ca === undefined ? this : new Outside(this.#network.trusting(ca));
  }

  /** From now on; connections that stand stay. */
  use(network: Network): void {
    this.#network = network;
    this.close();
  }

  /** For TLS that begins on a connection that stands (STARTTLS). Undefined: Node's own. */
  secureContext(): SecureContext | undefined {
    return this.#network.secureContext();
  }

  /** Closes idle connections. */
  close(): void {
    this.#agents.plain.destroy();
    this.#agents.tls.destroy();
  }

  /** Sends and waits for the head of the answer. Rejects with an `OutsideError`. */
  async ask(ask: Ask): Promise<Answer> {
    const limit = limitOf(ask);
    try {
      const response = await this.#follow(ask, limit.signal);
      const body = decoded(response);
      const close = (): void => {
        limit.close();
        body.destroy();
        response.destroy();
      };
      const { statusCode: status = 0, headers } = response;
      return { status, headers, chunks: chunksOf(body, limit, close), close };
    } catch (error) {
      limit.close();
      throw limit.failure(error);
    }
  }

  /** As `ask`, with the body as text; beyond `bytesMax` it is cut off there, and `isWhole` false. */
  async askText(ask: Ask, bytesMax: number): Promise<TextAnswer> {
    const { status, headers, chunks } = await this.ask(ask);
    const kept: Uint8Array[] = [];
    let bytes = 0;
    // Leaving the loop ends the connection.
    for await (const chunk of chunks) {
      kept.push(chunk);
      bytes += chunk.byteLength;
      if (bytes > bytesMax) break;
    }
    const text = Buffer.concat(kept).subarray(0, bytesMax).toString('utf8');
    return { status, headers, text, isWhole: bytes <= bytesMax };
  }

  /** A connection for what is not HTTP. Rejects with an `OutsideError`. */
  async connect(to: Destination, options: ConnectOptions = {}): Promise<Socket> {
    try {
      return await openConnection(this.#network, to, options);
    } catch (error) {
      throw new OutsideError(wordsOfFailure(error), { cause: error });
    }
  }

  /** `createConnection` of a request or WebSocket to `url`. */
  connector(url: string, options: ConnectOptions): Connector {
    return this.#connector(/^(?:wss|https):/.test(url), options);
  }

  #connector(isTls: boolean, options: ConnectOptions): Connector {
    return (request, done) => {
      const host = (request.hostname ?? request.host ?? '').replace(/^\[|\]$/g, '');
      const port = Number(request.port ?? (isTls ? 443 : 80));
      openConnection(
        this.#network,
        { host, port, isTls },
        { signal: AbortSignal.timeout(CONNECT_MS), ...options },
      ).then(
        (socket) => done(null, socket),
        (error: Error) => done(error),
      );
      return undefined;
    };
  }

  // ---------------------------------------------------------------- one exchange

  async #follow(ask: Ask, signal: AbortSignal): Promise<IncomingMessage> {
    const first = new URL(ask.url);
    let target = first;
    let isPublicOnly = false;
    let headers = ask.headers ?? {};
    for (let left = ask.redirectsMax ?? 0; ; left -= 1) {
      const sent = { ...ask, headers };
      const response = await this.#exchange(target, sent, signal, isPublicOnly);
      const location = isRedirect(response.statusCode) ? response.headers.location : undefined;
      if (location === undefined || ask.redirectsMax === undefined || (ask.method ?? 'GET') !== 'GET')
        return response;
      const isDirect = this.#network.proxyTo(target.hostname) === undefined;
      const address = isDirect ? (response.socket.remoteAddress ?? '') : target.hostname;
      response.destroy();
      if (left === 0) throw new OutsideError('too many redirects');
      const next = redirected(target, location);
      // Who answered from a private address may name others; a stranger may not, nor may a host of another name.
      isPublicOnly ||= next.hostname !== first.hostname && !isPrivateAddress(address);
      if (next.origin !== target.origin) headers = withoutCredentials(headers);
      target = next;
    }
  }

  async #exchange(url: URL, ask: Ask, signal: AbortSignal, isPublicOnly: boolean): Promise<IncomingMessage> {
    try {
      return await this.#send(url, ask, { signal, isPublicOnly, mayReuse: !isPublicOnly });
    } catch (error) {
      const isRefused = error instanceof ProxyRefusal && url.protocol === 'http:' && error.status !== 407;
      if (!isRefused) throw error;
      return this.#sendByProxy(url, ask, signal);
    }
  }

  #send(
    url: URL,
    ask: Ask,
    how: { readonly signal: AbortSignal; readonly isPublicOnly: boolean; readonly mayReuse: boolean },
  ): Promise<IncomingMessage> {
    const isTls = url.protocol === 'https:';
    const { signal, mayReuse } = how;
    const own = this.#connector(isTls, { isPublicOnly: how.isPublicOnly, signal });
    const route = mayReuse
      ? { agent: isTls ? this.#agents.tls : this.#agents.plain }
      : { createConnection: own as unknown as ClientRequestArgs['createConnection'] };
    return new Promise((resolve, reject) => {
      const request = (isTls ? requestTls : requestPlain)(
        url,
        { method: ask.method ?? 'GET', headers: headersOf(ask), signal, ...route } as ClientRequestArgs,
        resolve,
      );
      request.on('error', (error: NodeJS.ErrnoException) => {
        // A connection that was kept and turns out to be closed says nothing about the other side: once more, on a new one.
        const isStale =
          mayReuse && request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
        if (isStale && !signal.aborted) resolve(this.#send(url, ask, { ...how, mayReuse: false }));
        else reject(error);
      });
      request.end(ask.body);
    });
  }

  /** Many proxies refuse CONNECT to anything but TLS: plain HTTP is asked of them in absolute form (RFC 9112 §3.2.2). */
  #sendByProxy(url: URL, ask: Ask, signal: AbortSignal): Promise<IncomingMessage> {
    const proxy = this.#network.proxyTo(url.hostname);
    if (proxy === undefined || proxy.scheme === 'socks5') return Promise.reject(new OutsideError('no proxy'));
    const authorization = proxyAuthorization(proxy);
    const headers = {
      ...headersOf(ask),
      host: url.host,
      ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }),
    };
    const door = { host: proxy.host, port: proxy.port, isTls: proxy.scheme === 'https' };
    const open: Connector = (_, done) => {
      openConnection(this.#network.direct(), door, { signal }).then(
        (socket) => done(null, socket),
        (error: Error) => done(error),
      );
      return undefined;
    };
    return new Promise((resolve, reject) => {
      requestPlain(
        {
          method: ask.method ?? 'GET',
          path: url.href,
          headers,
          signal,
          createConnection: open as unknown as ClientRequestArgs['createConnection'],
        } as ClientRequestArgs,
        resolve,
      )
        .on('error', reject)
        .end(ask.body);
    });
  }
}

/** As Node calls it: answers by the callback. */
export type Connector = (
  options: {
    readonly host?: string | null;
    readonly hostname?: string | null;
    readonly port?: number | string | null;
  },
  done: (error: Error | null, socket?: Socket) => void,
) => undefined;

function headersOf({ headers, body }: Ask): Record<string, string> {
  const length: Record<string, string> =
    body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return { 'user-agent': 'originwatch', ...headers, ...length };
}

function isRedirect(status: number | undefined): boolean {
  return status !== undefined && [301, 302, 303, 307, 308].includes(status);
}

function redirected(from: URL, location: string): URL {
  const next = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (next === undefined || !/^https?:$/.test(next.protocol))
    throw new OutsideError('a redirect leads nowhere');
  if (from.protocol === 'https:' && next.protocol === 'http:')
    throw new OutsideError('a redirect leads from https to http');
  return next;
}

const CREDENTIALS: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'idempotency-key',
]);

function withoutCredentials(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIALS.has(name.toLowerCase())));
}

function decoded(response: IncomingMessage): Readable {
  const coding = response.headers['content-encoding']?.trim().toLowerCase();
  const decoder =
    coding === 'gzip' || coding === 'x-gzip'
      ? createGunzip()
      : coding === 'br'
        ? createBrotliDecompress()
        : coding === 'deflate'
          ? createInflate()
          : undefined;
  if (decoder === undefined) return response;
  // What breaks shows on the decoder, which is what is read.
  return pipeline(response, decoder, () => undefined);
}

interface Limit {
  readonly signal: AbortSignal;
  /** The error as its reader should see it. */
  failure(error: unknown): OutsideError;
  readonly close: () => void;
}

function limitOf({ timeoutMs, signal }: Ask): Limit {
  const controller = new AbortController();
  let isLate = false;
  const stop = (): void => controller.abort();
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          isLate = true;
          stop();
        }, timeoutMs);
  signal?.addEventListener('abort', stop);
  if (signal?.aborted === true) stop();
  return {
    signal: controller.signal,
    failure: (error) => {
      if (signal?.aborted === true) return new OutsideError('stopped');
      if (isLate) return new OutsideError(`no answer within ${timeoutMs} ms`);
      return new OutsideError(wordsOfFailure(error), { cause: error });
    },
    close: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    },
  };
}

async function* chunksOf(body: Readable, limit: Limit, close: () => void): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) yield chunk;
  } catch (error) {
    throw limit.failure(error);
  } finally {
    close();
  }
}
