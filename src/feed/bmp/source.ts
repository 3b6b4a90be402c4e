/**
 * Our own routers as a live source: they connect to us and say by BMP what their sessions carry (RFC 7854, 8671, 9069).
 * A listener with bounds; what a router sends is read by `session.ts`. The router never reads anything from us. A recording
 * holds what was judged, not the router's bytes: a table that is dumped anew is a million routes that concern nobody.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { formatAddress, parseAddress } from '../../bgp/address.ts';
import type { Update } from '../../bgp/update.ts';
import type { VantagePoint } from '../../bgp/vantage-point.ts';
import { ignoring } from '../peers.ts';
import { keepsCollector } from '../ris-live/subscription.ts';
import {
  COMMON_DROPS,
  type LiveSource,
  type RoadCounts,
  type SourcePorts,
  type SourceReport,
  type SourceSettings,
  type SourceStats,
  type SourceType,
} from '../source.ts';
import { updateText } from './frame-text.ts';
import { BMP_PROBLEMS } from './problems.ts';
import { type JudgedView, type OwnChange, RouterSession } from './session.ts';

export interface BmpSettings extends SourceSettings {
  readonly type: 'bmp';
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Who may connect; empty: whoever reaches us, which is only allowed on loopback. */
  readonly routers: readonly { readonly address: string; readonly name: string }[];
  readonly view: JudgedView;
  readonly ours: boolean;
}

/** Connections at the same time: two from one router while the old one is not known to be dead. */
const CONNECTIONS_MAX = 256;
/** A router that has said nothing whole within this time of connecting is none. */
const FIRST_MESSAGE_MS = 30_000;
const KEEP_ALIVE_MS = 10_000;

export const bmp: SourceType<BmpSettings> = {
  problems: BMP_PROBLEMS,
  drops: {
    ...COMMON_DROPS,
    'unknown-router': 'Somebody connected who is none of the routers that may.',
    'too-many-routers': 'More connections than are kept at the same time.',
  },
  history: undefined,
  open: (settings, ports) => new BmpSource(settings, ports),
  describe,
};

interface Connection {
  readonly socket: Socket;
  readonly session: RouterSession;
  readonly router: string;
  hasSpoken: boolean;
}

class BmpSource implements LiveSource {
  readonly #settings: BmpSettings;
  readonly #ports: SourcePorts;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #ignores: (vantagePoint: VantagePoint) => boolean;
  #bytes = 0;
  #accepted = 0;
  #judged = 0;
  #lastMs: number | undefined;
  #isLive = false;
  #stopped = false;
  /** Listening again, or saying that nobody came. */
  #retry: unknown;

  constructor(settings: BmpSettings, ports: SourcePorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#ignores = ignoring(settings.ignorePeers);
    this.#server = createServer((socket) => this.#take(socket));
    this.#server.on('error', (error: NodeJS.ErrnoException) => this.#cannotListen(error));
    this.#server.on('listening', () => this.#listening());
  }

  start(): void {
    this.#listen();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#ports.clock.clearTimeout(this.#retry);
    for (const { socket } of this.#connections) socket.destroy();
    this.#connections.clear();
    if (this.#server.listening) await new Promise<void>((done) => this.#server.close(() => done()));
  }

  /** Routers send everything; what is of interest is asked anew with each message. */
  watch(): void {}

  stats(): SourceStats {
    return {
      state: this.#isLive ? 'live' : 'down',
      connected: this.#connections.size > 0,
      bytes: this.#bytes,
      reconnects: Math.max(0, this.#accepted - 1),
      silentMs: this.#lastMs === undefined ? undefined : this.#ports.clock.now() - this.#lastMs,
      isSteady: false,
      drops: {},
    };
  }

  takeJudged(): RoadCounts {
    const slow = this.#judged;
    this.#judged = 0;
    return { reject: 0, accept: 0, slow };
  }

  #listen(): void {
    this.#server.listen({ ...this.#settings.listen, backlog: 64 });
  }

  #listening(): void {
    const address = this.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : this.#settings.listen.port;
    this.#ports.log.info({
      event: 'feed.listening',
      feed: this.#settings.name,
      host: this.#settings.listen.host,
      port,
    });
    this.#retry = this.#ports.clock.setTimeout(() => this.#sayNobodyCame(), this.#ports.blindAfterMs);
  }

  #sayNobodyCame(): void {
    if (this.#accepted > 0 || this.#stopped) return;
    this.#ports.changed({
      state: 'down',
      reason: 'no router has connected',
      silentMs: undefined,
      blindInMs: 0,
    });
  }

  /** The address may come, or be free again, later: our eyes are not given up for it. */
  #cannotListen(error: NodeJS.ErrnoException): void {
    const { host, port } = this.#settings.listen;
    this.#ports.log.warn({
      event: 'feed.cannot-listen',
      feed: this.#settings.name,
      detail: `${host}:${port}: ${error.code ?? error.message}`,
    });
    if (!this.#stopped) this.#retry = this.#ports.clock.setTimeout(() => this.#listen(), KEEP_ALIVE_MS);
  }

  // ------------------------------------------------------------ connections

  #take(socket: Socket): void {
    socket.on('error', () => undefined);
    const router = this.#routerOf(socket.remoteAddress);
    const refusal =
      router === undefined
        ? 'unknown-router'
        : this.#connections.size >= CONNECTIONS_MAX
          ? 'too-many-routers'
          : undefined;
    if (router === undefined || refusal !== undefined) {
      this.#ports.dropped(refusal ?? 'unknown-router');
      this.#ports.log.warn({
        event: 'bmp.refused',
        feed: this.#settings.name,
        from: socket.remoteAddress ?? null,
        reason: refusal,
      });
      socket.destroy();
      return;
    }
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const connection: Connection = { socket, router, session: this.#session(router), hasSpoken: false };
    this.#connections.add(connection);
    const timer = this.#ports.clock.setTimeout(() => {
      if (!connection.hasSpoken) socket.destroy();
    }, FIRST_MESSAGE_MS);
    socket.on('data', (chunk: Buffer) => this.#read(connection, chunk));
    socket.on('close', () => {
      this.#ports.clock.clearTimeout(timer);
      this.#ended(connection);
    });
  }

  /** Its name; undefined: it may not connect. */
  #routerOf(remote: string | undefined): string | undefined {
    const address =
      remote === undefined
        ? undefined
        : parseAddress(remote.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, ''));
    if (address === undefined) return undefined;
    const text = formatAddress(address.family, address.words);
    const { routers } = this.#settings;
    if (routers.length === 0) return text;
    return routers.find((router) => router.address === text)?.name;
  }

  #session(router: string): RouterSession {
    const { ports, settings } = { ports: this.#ports, settings: this.#settings };
    return new RouterSession({
      router,
      view: settings.view,
      interest: ports.interest,
      nowMs: () => ports.clock.now(),
      update: (update) => this.#update(update),
      state: (vantagePoint, observedMs, state) => this.#state(vantagePoint, observedMs, state),
      own: (from, change) => this.#own(from, change),
      heard: (vantagePoint, isRegular) => this.#heard(vantagePoint, isRegular),
      said: (fields) => ports.log.info({ ...fields, feed: settings.name, router }),
      problem: ports.problem,
    });
  }

  #read(connection: Connection, chunk: Buffer): void {
    if (this.#stopped) return;
    this.#bytes += chunk.length;
    const { messages, routes } = connection.session.take(chunk);
    if (messages > 0) {
      this.#lastMs = this.#ports.clock.now();
      if (!connection.hasSpoken) this.#spoke(connection);
      this.#judged += routes;
      this.#ports.judged();
    }
    const { lost } = connection.session;
    if (lost === undefined) return;
    this.#ports.problem('bmp-stream');
    this.#ports.log.warn({
      event: 'bmp.unreadable',
      feed: this.#settings.name,
      router: connection.router,
      detail: lost,
    });
    connection.socket.destroy();
  }

  /** The first whole message: now it is known to be a router, and the same router's older connection is dead. */
  #spoke(connection: Connection): void {
    connection.hasSpoken = true;
    this.#accepted += 1;
    for (const other of this.#connections)
      if (
        other !== connection &&
        other.router === connection.router &&
        other.hasSpoken &&
        this.#settings.routers.length > 0
      )
        other.socket.destroy();
    if (this.#isLive) return;
    this.#isLive = true;
    this.#ports.changed({
      state: 'live',
      reason: `${connection.router} is connected`,
      silentMs: 0,
      blindInMs: 0,
    });
  }

  #ended(connection: Connection): void {
    this.#connections.delete(connection);
    if (this.#stopped) return;
    if (connection.session.unread > 0) this.#ports.problem('bmp-cut');
    connection.session.end();
    this.#ports.judged();
    const isLive = [...this.#connections].some(({ hasSpoken }) => hasSpoken);
    if (!this.#isLive || isLive) return;
    this.#isLive = false;
    const { silentMs } = this.stats();
    const blindInMs = this.#ports.blindAfterMs;
    this.#ports.changed({
      state: 'down',
      reason: `${connection.router} closed the connection`,
      silentMs,
      blindInMs,
    });
  }

  // ------------------------------------------------------------ what they say

  #update(update: Update): void {
    if (!this.#isKept(update.vantagePoint)) return;
    const arrivedMs = this.#ports.nowMs();
    const raw = updateText(update);
    this.#ports.heard(update.vantagePoint, false);
    this.#ports.apply({ type: 'update', feed: this.#settings.name, via: 'live', update, raw }, arrivedMs);
  }

  #state(vantagePoint: VantagePoint, observedMs: number | undefined, state: 'up' | 'down'): void {
    if (!this.#isKept(vantagePoint)) return;
    const arrivedMs = this.#ports.nowMs();
    const change = { vantagePoint, observedMs, state };
    this.#ports.apply({ type: 'peer-state', feed: this.#settings.name, via: 'live', change }, arrivedMs);
  }

  #own(from: string, change: OwnChange | undefined): void {
    if (!this.#settings.ours) return;
    const { announced, withdrawn } = change ?? { announced: [], withdrawn: [] };
    const isUp = change !== undefined;
    const input = {
      type: 'own-routes',
      feed: this.#settings.name,
      from,
      isUp,
      announced,
      withdrawn,
    } as const;
    this.#ports.apply(input, this.#ports.nowMs());
  }

  #heard(vantagePoint: VantagePoint, isRegular: boolean): void {
    if (this.#isKept(vantagePoint)) this.#ports.heard(vantagePoint, isRegular);
  }

  #isKept(vantagePoint: VantagePoint): boolean {
    const { collectors } = this.#settings;
    if (!keepsCollector(collectors, vantagePoint.collector)) this.#ports.dropped('other-collector');
    else if (this.#ignores(vantagePoint)) this.#ports.dropped('ignored-peer');
    else return true;
    return false;
  }
}

function describe({ name, type, listen, routers, view, collectors }: BmpSettings): SourceReport {
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return {
    name,
    type,
    url: `bmp://${host}:${listen.port}`,
    collectors,
    mode: view,
    why:
      routers.length === 0 ? 'any router that reaches this address' : `${routers.length} routers may connect`,
    prefixes: 0,
    asns: 0,
    subscriptions: 0,
  };
}
