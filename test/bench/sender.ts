/**
 * The feed of the bench, a process of its own: a WebSocket server that can do nothing but send. Frames are rendered
 * before the clock starts and written to the raw socket in large pieces, so that the sender is never the bottleneck.
 * Speaks to its parent over IPC: `ready {port}`, then `subscribed`; on `{rate, round}` one round, then `sent`.
 */
import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { attackerOf, type Scale, stormOf, streamOf, World } from './world.ts';

export interface SenderOrder {
  readonly scale: Scale;
  readonly count: number;
  readonly hijacks: number;
  readonly seed: number;
  /** Instead of the usual mix: every watched prefix, taken by one attacker. */
  readonly isStorm?: boolean;
}

/** One round: messages a second, 0 for as fast as it goes; the number of the round names its attackers. */
export interface SenderGo {
  readonly rate: number;
  readonly round: number;
}

/** What the sender tells: when each hijack of the round was handed to the socket, ms since the epoch. */
export type SenderWord =
  | { readonly word: 'ready'; readonly port: number }
  | { readonly word: 'subscribed' }
  | {
      readonly word: 'sent';
      readonly wallMs: number;
      readonly hijackSentAt: readonly (readonly [number, number])[];
    };

const PIECE_BYTES = 256 * 1_024;

/** An unmasked text frame, RFC 6455 §5.2. */
function framed(payload: Buffer): Buffer {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([0x81, length]), payload]);
  if (length > 65_535) throw new Error('message too long for the bench');
  return Buffer.concat([Buffer.from([0x81, 126, length >> 8, length & 255]), payload]);
}

function acceptKey(request: string): string {
  const key = /sec-websocket-key: *(\S+)/i.exec(request)?.[1] ?? '';
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

function tell(word: SenderWord): void {
  process.send?.(word);
}

async function written(socket: Socket, bytes: Buffer): Promise<void> {
  if (!socket.write(bytes)) await new Promise((resolve) => socket.once('drain', resolve));
}

/** Frames in one buffer; `starts[n]` is where the n-th begins. */
interface Reel {
  readonly bytes: Buffer;
  readonly starts: Float64Array;
  readonly hijackAt: ReadonlyMap<number, number>;
}

function reelOf(order: SenderOrder): Reel {
  const world = new World(order.seed);
  const { messages, hijackAt } =
    order.isStorm === true
      ? { messages: stormOf(world, order.scale, order.seed), hijackAt: new Map<number, number>() }
      : streamOf(world, order.scale, order.count, order.hijacks, order.seed + 1);
  const frames = messages.map(framed);
  const starts = new Float64Array(frames.length + 1);
  for (const [n, frame] of frames.entries()) starts[n + 1] = starts[n]! + frame.length;
  return { bytes: Buffer.concat(frames), starts, hijackAt };
}

/** Gives the hijacks of this round attackers of their own, in place: what is already an incident would be no news. */
function castAttackers(reel: Reel, round: number): void {
  for (const [position, n] of reel.hijackAt) {
    const end = reel.bytes.indexOf('],"community"', reel.starts[position]);
    reel.bytes.write(String(attackerOf(round, n)), end - 6, 'latin1');
  }
}

async function playAtFullSpeed(socket: Socket, reel: Reel): Promise<void> {
  for (let at = 0; at < reel.bytes.length; at += PIECE_BYTES)
    await written(socket, reel.bytes.subarray(at, at + PIECE_BYTES));
}

/** Paced by the wall clock: what is due is sent, then a millisecond is waited. */
async function playAtRate(socket: Socket, reel: Reel, rate: number): Promise<(readonly [number, number])[]> {
  const sentAt: (readonly [number, number])[] = [];
  const count = reel.starts.length - 1;
  const began = performance.now();
  for (let next = 0; next < count; ) {
    const due = Math.min(count, Math.ceil(((performance.now() - began) * rate) / 1_000));
    if (due > next) {
      const nowMs = performance.timeOrigin + performance.now();
      for (let n = next; n < due; n += 1)
        if (reel.hijackAt.has(n)) sentAt.push([reel.hijackAt.get(n)!, nowMs]);
      await written(socket, reel.bytes.subarray(reel.starts[next], reel.starts[due]));
      next = due;
    }
    await pause(1);
  }
  return sentAt;
}

function main(order: SenderOrder): void {
  const reel = reelOf(order);
  let current: Socket | undefined;
  const server = createServer((socket) => {
    let isUpgraded = false;
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      if (isUpgraded) {
        // The first frame of a client is its subscription; nobody reads what it says.
        if (current !== socket) {
          current = socket;
          tell({ word: 'subscribed' });
        }
        return;
      }
      isUpgraded = true;
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(data.toString('latin1'))}\r\n\r\n`,
      );
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (typeof address === 'object' && address !== null) tell({ word: 'ready', port: address.port });
  });
  process.on('message', async ({ rate, round }: SenderGo) => {
    if (current === undefined) throw new Error('nobody subscribed');
    castAttackers(reel, round);
    const began = performance.now();
    let hijackSentAt: (readonly [number, number])[] = [];
    if (rate > 0) hijackSentAt = await playAtRate(current, reel, rate);
    else await playAtFullSpeed(current, reel);
    tell({ word: 'sent', wallMs: performance.now() - began, hijackSentAt });
  });
  process.on('disconnect', () => process.exit(0));
}

main(JSON.parse(process.argv[2] ?? '{}') as SenderOrder);
