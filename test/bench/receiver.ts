/**
 * The limits, a process of its own: receives the bench's feed through `ws` and does nothing else (the ceiling), or
 * rejects on bytes and decodes the rest, or parses every message. Over IPC: `go`, then after `count` messages `done`.
 */
import { WebSocket } from 'ws';
import { decodeRisLive } from '../../src/decode/ris-live.ts';
import { quickRejectFor } from './watched.ts';
import { type Scale, World } from './world.ts';

export interface ReceiverOrder {
  readonly port: number;
  readonly mode: 'receive' | 'reject' | 'parse';
  readonly count: number;
  readonly scale: Scale;
  readonly seed: number;
}

export interface ReceiverWord {
  readonly word: 'open' | 'done';
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly rssBytes: number;
}

function takerOf(order: ReceiverOrder): (frame: Buffer) => void {
  if (order.mode === 'receive') return () => {};
  if (order.mode === 'parse') return (frame) => void decodeRisLive(frame.toString('utf8'));
  const quick = quickRejectFor(new World(order.seed), order.scale);
  return (frame) => {
    const verdict = quick.verdict(frame, 1);
    if (verdict === 'reject') return;
    const decoded = decodeRisLive(frame.toString('utf8'));
    if (verdict === 'stranger' && decoded.type === 'update' && decoded.problems.length === 0)
      quick.adopt(decoded.update.vantagePoint);
  };
}

function main(order: ReceiverOrder): void {
  const take = takerOf(order);
  let received = 0;
  let cpu = process.cpuUsage();
  let began = performance.now();
  const tell = (word: ReceiverWord['word']): void => {
    const { user, system } = process.cpuUsage(cpu);
    process.send?.({
      word,
      cpuMs: (user + system) / 1_000,
      wallMs: performance.now() - began,
      rssBytes: process.memoryUsage.rss(),
    } satisfies ReceiverWord);
  };
  const socket = new WebSocket(`ws://127.0.0.1:${order.port}/`, {
    perMessageDeflate: false,
    skipUTF8Validation: true,
  });
  socket.on('open', () => {
    socket.send('{"type":"ris_subscribe","data":{}}');
    tell('open');
  });
  socket.on('message', (data) => {
    if (received === 0) {
      cpu = process.cpuUsage();
      began = performance.now();
    }
    take(data as Buffer);
    received += 1;
    if (received < order.count) return;
    received = 0;
    tell('done');
  });
  process.on('disconnect', () => process.exit(0));
}

main(JSON.parse(process.argv[2] ?? '{}') as ReceiverOrder);
