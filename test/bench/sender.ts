/**
 * The feed of the bench, a process of its own: a WebSocket server that can do nothing but send. Frames are rendered
 * before the clock starts and written to the raw socket in large pieces, so that the sender is never the bottleneck.
 * Several clients may be there, the ceiling beside the daemon: each round is for one of them. Speaks to its parent over
 * IPC: `ready {port}`, then `subscribed` for each client; on a `SenderGo` one round, then `sent`.
 */
import { createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { nowMs } from './histogram.ts';
import { framed, type Reel, reelOf } from './reel.ts';
import { type StormName, stormOf, streamOf } from './stream.ts';
import { acceptKey, ClientFrames, OPCODE_PING, OPCODE_PONG, OPCODE_TEXT } from './websocket.ts';
import { type Scale, World } from './world.ts';
import { LAST_HIJACK, Writer } from './writer.ts';

export type ReelName = 'stream' | StormName;

export interface SenderOrder {
  readonly scale: Scale;
  /** Messages in the reel `stream`. */
  readonly count: number;
  readonly seed: number;
  readonly reels: readonly ReelName[];
}

/** One round. */
export interface SenderGo {
  /** Which client, in the order of their subscriptions. */
  readonly to: number;
  readonly reel: ReelName;
  /** How often the reel is played. */
  readonly loops: number;
  /** Messages a second, 0 for as fast as it goes. */
  readonly rate: number;
  /** Names the attackers of the round. */
  readonly round: number;
  /** Hijacks among the messages, evenly spread, beside the last one that ends the round. */
  readonly hijacks: number;
  /** A ping every so many ms, to see how long the client takes to come to what is sent. */
  readonly pingEveryMs?: number;
}

/** What the sender tells. Moments are those of the machine's monotonic clock, in ms. */
export type SenderWord =
  | { readonly word: 'ready'; readonly port: number; readonly counts: readonly number[] }
  | { readonly word: 'subscribed' }
  | {
      readonly word: 'sent';
      /** Messages, hijacks among them. */
      readonly count: number;
      readonly cpuMs: number;
      readonly wallMs: number;
      /** When each hijack was handed to the socket. */
      readonly hijackSentAt: readonly (readonly [number, number])[];
      /** How long each ping took. */
      readonly pingsMs: readonly number[];
    };

const PIECE_FRAMES = 600;
const PONG_WITHIN_MS = 5_000;

function tell(word: SenderWord): void {
  process.send?.(word);
}

class Client {
  readonly socket: Socket;
  readonly pingsMs: number[] = [];
  private outstanding = 0;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  async write(bytes: Buffer): Promise<void> {
    if (this.socket.destroyed) throw new Error('the client is gone');
    if (!this.socket.write(bytes)) await new Promise((resolve) => this.socket.once('drain', resolve));
  }

  ping(): void {
    const frame = Buffer.alloc(10);
    frame[0] = 0x80 | OPCODE_PING;
    frame[1] = 8;
    frame.writeDoubleBE(nowMs(), 2);
    this.outstanding += 1;
    this.socket.write(frame);
  }

  pong(payload: Buffer): void {
    if (payload.length !== 8) return;
    this.outstanding -= 1;
    this.pingsMs.push(nowMs() - payload.readDoubleBE(0));
  }

  async pongs(): Promise<void> {
    const deadline = nowMs() + PONG_WITHIN_MS;
    while (this.outstanding > 0 && nowMs() < deadline) await pause(5);
  }
}

/** One round under way. */
class Playing {
  readonly hijackSentAt: (readonly [number, number])[] = [];
  private readonly total: number;
  private done = 0;
  private hijack = 0;
  private readonly client: Client;
  private readonly reel: Reel;
  private readonly go: SenderGo;
  private readonly hijacks: readonly Buffer[];

  constructor(client: Client, reel: Reel, go: SenderGo, hijacks: readonly Buffer[]) {
    this.client = client;
    this.reel = reel;
    this.go = go;
    this.hijacks = hijacks;
    this.total = reel.count * go.loops;
  }

  async play(): Promise<void> {
    const began = nowMs();
    const { rate } = this.go;
    while (this.done < this.total) {
      const elapsedMs = nowMs() - began;
      const due = rate === 0 ? this.done + PIECE_FRAMES : Math.ceil((elapsedMs * rate) / 1_000);
      await this.sendUpTo(Math.min(due, this.total));
      if (rate > 0) await pause(1);
    }
    await this.sendHijack(LAST_HIJACK, this.hijacks.at(-1)!);
  }

  private async sendUpTo(due: number): Promise<void> {
    const { starts, count, bytes } = this.reel;
    while (this.done < due) {
      if (this.hijack < this.go.hijacks && this.done >= this.hijackAt(this.hijack)) {
        await this.sendHijack(this.hijack, this.hijacks[this.hijack]!);
        this.hijack += 1;
      }
      const first = this.done % count;
      const next = this.hijack < this.go.hijacks ? this.hijackAt(this.hijack) : due;
      const frames = Math.max(1, Math.min(due, next) - this.done);
      const last = Math.min(count, first + Math.min(frames, PIECE_FRAMES));
      await this.client.write(bytes.subarray(starts[first], starts[last]));
      this.done += last - first;
    }
  }

  private hijackAt(n: number): number {
    return Math.floor(((n + 0.5) * this.total) / this.go.hijacks);
  }

  private async sendHijack(n: number, frame: Buffer): Promise<void> {
    this.hijackSentAt.push([n, nowMs()]);
    await this.client.write(frame);
  }
}

async function playRound(
  client: Client,
  reel: Reel,
  go: SenderGo,
  hijacks: readonly Buffer[],
): Promise<void> {
  const playing = new Playing(client, reel, go, hijacks);
  client.pingsMs.length = 0;
  const timer = go.pingEveryMs === undefined ? undefined : setInterval(() => client.ping(), go.pingEveryMs);
  const began = nowMs();
  const cpu = process.cpuUsage();
  try {
    await playing.play();
  } finally {
    clearInterval(timer);
  }
  const { user, system } = process.cpuUsage(cpu);
  const wallMs = nowMs() - began;
  await client.pongs();
  tell({
    word: 'sent',
    count: reel.count * go.loops + go.hijacks + 1,
    cpuMs: (user + system) / 1_000,
    wallMs,
    hijackSentAt: playing.hijackSentAt,
    pingsMs: client.pingsMs,
  });
}

function main(order: SenderOrder): void {
  const world = new World(order.seed);
  const { scale } = order;
  const reels = new Map<ReelName, Reel>(
    order.reels.map((name) => [
      name,
      reelOf(
        name === 'stream'
          ? streamOf(world, scale, order.count, order.seed + 1)
          : stormOf(world, scale, order.seed + 2, name),
      ),
    ]),
  );
  const writer = new Writer(world, order.seed + 3);
  const clients: Client[] = [];
  const server = createServer((socket) => serveClient(socket, clients));
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    const counts = [...reels.values()].map(({ count }) => count);
    if (typeof address === 'object' && address !== null) tell({ word: 'ready', port: address.port, counts });
  });
  process.on('message', (go: SenderGo) => {
    const client = clients[go.to];
    const reel = reels.get(go.reel);
    if (client === undefined || reel === undefined) throw new Error('nobody subscribed');
    const hijacks = [...Array(go.hijacks).keys(), LAST_HIJACK].map((n) =>
      framed(writer.hijack(go.round, n, scale.watched)),
    );
    void playRound(client, reel, go, hijacks);
  });
  process.on('disconnect', () => process.exit(0));
}

function serveClient(socket: Socket, clients: Client[]): void {
  const client = new Client(socket);
  const frames = new ClientFrames((opcode, payload) => {
    if (opcode === OPCODE_PONG) client.pong(payload);
    // The first text of a client is its subscription; nobody reads what it says.
    if (opcode !== OPCODE_TEXT || clients.includes(client)) return;
    clients.push(client);
    tell({ word: 'subscribed' });
  });
  let isUpgraded = false;
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('data', (data) => {
    if (isUpgraded) {
      frames.push(data);
      return;
    }
    isUpgraded = true;
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(data.toString('latin1'))}\r\n\r\n`,
    );
  });
}

main(JSON.parse(process.argv[2] ?? '{}') as SenderOrder);
