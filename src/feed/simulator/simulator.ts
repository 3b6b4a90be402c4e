/**
 * A RIS Live server on loopback that speaks the real protocol over real WebSockets: for `demo` and for tests.
 *
 * It honours subscriptions, acknowledges when asked, answers `ping` and `request_rrc_list`, says `ris_error` to what it
 * does not understand, and cuts off who reads too slowly. Beyond that it misbehaves on command: every fault a client
 * has to survive is a method or a field of `faults`. Protocol: RIS Live manual, with the shapes real clients have seen.
 */
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { VantagePoint } from '../../bgp/vantage-point.ts';
import { type FeedClock, systemClock, type Timer } from '../surroundings.ts';
import { type RoutedMessage, routeMessage, subscriptionTakes } from './subscription-match.ts';

type Json = Readonly<Record<string, unknown>>;

export interface SimulatorOptions {
  /** 0 takes a free port. Always on loopback. */
  readonly port?: number;
  readonly collectors?: readonly string[];
  /** Bytes waiting for one client beyond which it is told so and closed; the real server says 262,144,000. */
  readonly slowBytesMax?: number;
  readonly clock?: FeedClock;
}

/** What goes wrong until it is set back. */
export interface SimulatorFaults {
  /** Connections are refused with HTTP 503. */
  refuseUpgrades: boolean;
  /** Nothing is sent any more, no answers either; connections stay open. */
  silent: boolean;
  /** Subscriptions are acknowledged, and that is all it says: no pongs, no messages. */
  speechless: boolean;
  /** `ris_subscribe` is heard and honoured, and not acknowledged. */
  unacknowledged: boolean;
  /** `ris_subscribe` is neither honoured nor acknowledged. */
  deaf: boolean;
}

/** One frame to play; `atMs` undefined: right after the one before. */
export interface PlayFrame {
  readonly atMs: number | undefined;
  readonly text: string;
}

export interface PlayOptions {
  /** 0 sends without waiting, 1 in real time, 60 a minute in a second. */
  readonly speed: number;
  /** Longest pause between two frames, in ms of the player's clock. */
  readonly pauseMaxMs?: number;
  /** Replaces each `timestamp` by the moment of sending, so that old captures look like now. */
  readonly restamp?: boolean;
  /** Ends the playing early. */
  readonly signal?: AbortSignal;
  /** Told before each frame. */
  readonly onFrame?: (frame: PlayFrame, index: number) => void;
}

/** What one client said, for tests and for the curious. */
export interface SimulatedClient {
  /** Path and query of its request. */
  readonly url: string;
  /** In force now: the `data` of each `ris_subscribe`, prefix arrays taken apart into one each. */
  readonly subscriptions: readonly Json[];
  /** Every frame it sent, parsed, in order. */
  readonly received: readonly Json[];
}

class Client implements SimulatedClient {
  readonly socket: WebSocket;
  readonly url: string;
  readonly subscriptions: Json[] = [];
  readonly received: Json[] = [];
  includeRaw = false;
  acknowledge = false;

  constructor(socket: WebSocket, url: string) {
    this.socket = socket;
    this.url = url;
  }
}

const CLOSE_POLICY = 1008;
const COLLECTORS = ['rrc00', 'rrc01', 'rrc03', 'rrc04', 'rrc05', 'rrc06', 'rrc10', 'rrc23', 'rrc25'];

export class RisLiveSimulator {
  readonly faults: SimulatorFaults = {
    refuseUpgrades: false,
    silent: false,
    speechless: false,
    unacknowledged: false,
    deaf: false,
  };
  readonly #options: SimulatorOptions;
  readonly #clients = new Set<Client>();
  readonly #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];
  #server: WebSocketServer | undefined;
  #connections = 0;
  #refused = 0;
  #alive: Timer;

  constructor(options: SimulatorOptions = {}) {
    this.#options = options;
  }

  /** Listens; resolves with the address clients are to use. */
  async listen(): Promise<string> {
    const server = new WebSocketServer({
      host: '127.0.0.1',
      port: this.#options.port ?? 0,
      perMessageDeflate: false,
      verifyClient: (_info, answer) => this.#admit(answer),
    });
    this.#server = server;
    server.on('connection', (socket, request) => this.#connected(socket, request.url ?? '/'));
    await new Promise<void>((resolve, reject) => server.once('listening', resolve).once('error', reject));
    return this.url;
  }

  get url(): string {
    const address = this.#server?.address() as AddressInfo | null | undefined;
    return `ws://127.0.0.1:${address?.port ?? 0}/v1/ws/`;
  }

  /** Clients connected now, oldest first. */
  get clients(): readonly SimulatedClient[] {
    return [...this.#clients];
  }

  /** Connections accepted since the beginning. */
  get connections(): number {
    return this.#connections;
  }

  /** Connections refused since the beginning. */
  get refused(): number {
    return this.#refused;
  }

  /** Resolves as soon as `holds` is true; it is asked again whenever a client connects, leaves or says something. */
  async until(holds: () => boolean): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve) => this.#waiting.push({ holds, resolve }));
  }

  async close(): Promise<void> {
    this.#clock.clearTimeout(this.#alive);
    for (const client of this.#clients) client.socket.terminate();
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  // ---------------------------------------------------------------- what it sends

  /** Sends a message to every client whose subscriptions take it; returns to how many. No message: to nobody. */
  send(text: string): number {
    const message = routeMessage(text);
    if (message === undefined || this.faults.silent || this.faults.speechless) return 0;
    let taken = 0;
    for (const client of this.#clients) {
      if (!client.subscriptions.some((subscription) => subscriptionTakes(subscription, message))) continue;
      this.#deliver(client, client.includeRaw ? text : withoutRaw(text, message));
      taken += 1;
    }
    return taken;
  }

  /** Every peer sends a KEEPALIVE each `everyMs` from now on, as real ones do each minute, until the simulator is closed. */
  keepAlive(peers: readonly VantagePoint[], everyMs: number): void {
    for (const peer of peers) this.send(keepaliveOf(peer, this.#clock.now()));
    this.#clock.clearTimeout(this.#alive);
    this.#alive = this.#clock.setTimeout(() => this.keepAlive(peers, everyMs), everyMs);
  }

  /** Sends anything to every client, whatever it subscribed: garbage, oversize, bytes that are no UTF-8, binary. */
  broadcast(payload: string | Buffer, options: { readonly binary?: boolean } = {}): void {
    for (const client of this.#clients) client.socket.send(payload, { binary: options.binary ?? false });
  }

  /** Plays frames at a pace; resolves after the last with the number of frames played. */
  async play(frames: Iterable<PlayFrame> | AsyncIterable<PlayFrame>, options: PlayOptions): Promise<number> {
    let index = 0;
    let beforeMs: number | undefined;
    for await (const frame of frames) {
      const gapMs = frame.atMs === undefined || beforeMs === undefined ? 0 : frame.atMs - beforeMs;
      beforeMs = frame.atMs ?? beforeMs;
      if (options.speed > 0 && gapMs > 0)
        await this.#wait(Math.min(gapMs / options.speed, options.pauseMaxMs ?? Infinity), options.signal);
      if (options.signal?.aborted === true) break;
      options.onFrame?.(frame, index);
      this.send(options.restamp === true ? restamped(frame.text, this.#clock.now()) : frame.text);
      index += 1;
    }
    return index;
  }

  // ---------------------------------------------------------------- what goes wrong

  /** Closes every connection in good order. */
  closeClients(code = 1001): void {
    for (const client of this.#clients) client.socket.close(code);
  }

  /** Cuts every connection. */
  terminateClients(): void {
    for (const client of this.#clients) client.socket.terminate();
  }

  /** Tells every client what the real server tells a slow one, and closes. */
  rejectAsSlow(): void {
    for (const client of this.#clients) this.#closeSlow(client);
  }

  // ---------------------------------------------------------------- within

  get #clock(): FeedClock {
    return this.#options.clock ?? systemClock;
  }

  #admit(answer: (admitted: boolean, code?: number) => void): void {
    if (this.faults.refuseUpgrades) {
      this.#refused += 1;
      answer(false, 503);
    } else answer(true);
    this.#changed();
  }

  #connected(socket: WebSocket, url: string): void {
    const client = new Client(socket, url);
    this.#clients.add(client);
    this.#connections += 1;
    socket.on('message', (data, isBinary) => {
      this.#heard(client, isBinary ? undefined : String(data));
      this.#changed();
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      this.#clients.delete(client);
      this.#changed();
    });
    this.#changed();
  }

  #heard(client: Client, text: string | undefined): void {
    const frame = text === undefined ? undefined : parseFrame(text);
    if (frame === undefined) {
      this.#answer(client, 'ris_error', { message: 'Invalid JSON' });
      return;
    }
    client.received.push(frame);
    const data = (frame.data ?? {}) as Json;
    if (frame.type === 'ris_subscribe') this.#subscribe(client, data);
    else if (frame.type === 'ris_unsubscribe') this.#unsubscribe(client, data);
    else if (frame.type === 'ping') this.#pong(client);
    else if (frame.type === 'request_rrc_list')
      this.#answer(client, 'ris_rrc_list', this.#options.collectors ?? COLLECTORS);
    else this.#answer(client, 'ris_error', { message: 'Unknown command type', command_type: frame.type });
  }

  #subscribe(client: Client, data: Json): void {
    if (this.faults.deaf) return;
    const { socketOptions, ...subscription } = data;
    if (typeof socketOptions === 'object' && socketOptions !== null) {
      client.includeRaw = (socketOptions as Json).includeRaw === true;
      client.acknowledge = (socketOptions as Json).acknowledge === true;
    }
    const known = new Set(client.subscriptions.map((one) => keyOf(one)));
    client.subscriptions.push(...takenApart(subscription).filter((one) => !known.has(keyOf(one))));
    if (client.acknowledge && !this.faults.unacknowledged)
      this.#answer(client, 'ris_subscribe_ok', { subscription, socketOptions: socketOptions ?? {} });
  }

  #unsubscribe(client: Client, data: Json): void {
    const { socketOptions: _, ...subscription } = data;
    const gone = new Set(takenApart(subscription).map((one) => keyOf(one)));
    const kept = client.subscriptions.filter((one) => !gone.has(keyOf(one)));
    client.subscriptions.splice(0, client.subscriptions.length, ...kept);
    if (client.acknowledge) this.#answer(client, 'ris_unsubscribe_ok', { subscription });
  }

  #pong(client: Client): void {
    if (!this.faults.speechless) this.#answer(client, 'pong', null);
  }

  #answer(client: Client, type: string, data: unknown): void {
    if (!this.faults.silent) client.socket.send(JSON.stringify({ type, data }));
  }

  #deliver(client: Client, text: string): void {
    client.socket.send(text);
    if (client.socket.bufferedAmount > (this.#options.slowBytesMax ?? 262_144_000)) this.#closeSlow(client);
  }

  #closeSlow(client: Client): void {
    const message = 'Closing connection after being behind by more than 262144000 bytes over 30 seconds';
    client.socket.send(
      JSON.stringify({ type: 'ris_error', data: { message, bufferSize: client.socket.bufferedAmount } }),
    );
    client.socket.close(CLOSE_POLICY);
  }

  #wait(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#clock.clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.#clock.setTimeout(done, delayMs);
      signal?.addEventListener('abort', done);
      if (signal?.aborted === true) done();
    });
  }

  #changed(): void {
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.holds()) waiting.resolve();
      else this.#waiting.push(waiting);
    }
  }
}

/** The manual: each prefix of an array becomes a subscription of its own. */
function takenApart(subscription: Json): readonly Json[] {
  if (!Array.isArray(subscription.prefix)) return [subscription];
  return subscription.prefix.map((prefix: unknown) => ({ ...subscription, prefix }));
}

/** Same data, same subscription, in whatever order of keys. */
function keyOf(subscription: Json): string {
  return JSON.stringify(Object.entries(subscription).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function parseFrame(text: string): Json | undefined {
  try {
    const frame: unknown = JSON.parse(text);
    return typeof frame === 'object' && frame !== null ? (frame as Json) : undefined;
  } catch {
    return undefined;
  }
}

function withoutRaw(text: string, message: RoutedMessage): string {
  if (message.data.raw === undefined) return text;
  const { raw: _, ...data } = message.data;
  return JSON.stringify({ type: 'ris_message', data });
}

function keepaliveOf({ collector, peerAddress, peerAsn }: VantagePoint, nowMs: number): string {
  const data = {
    timestamp: nowMs / 1_000,
    peer: peerAddress,
    peer_asn: String(peerAsn),
    id: `${peerAddress}-keepalive`,
    host: `${collector}.ripe.net`,
    type: 'KEEPALIVE',
  };
  return JSON.stringify({ type: 'ris_message', data });
}

/** The same message with another stamp; its text is otherwise kept as it was. */
function restamped(text: string, nowMs: number): string {
  return text.replace(/("timestamp"\s*:\s*)[\d.]+/, (_, key: string) => `${key}${nowMs / 1_000}`);
}
