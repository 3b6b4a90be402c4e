/**
 * The limits, a process of its own: receives the bench's feed through `ws` and does nothing else (the ceiling), or
 * decodes every message. Over IPC: `open`, then after each `count` messages `done`.
 */
import { WebSocket } from 'ws';
import { decodeRisLive } from '../../src/decode/ris-live/ris-live.ts';

export interface ReceiverOrder {
  readonly port: number;
  readonly mode: 'receive' | 'parse';
  readonly count: number;
}

export interface ReceiverWord {
  readonly word: 'open' | 'done';
  readonly cpuMs: number;
  readonly wallMs: number;
}

function main(order: ReceiverOrder): void {
  const isParsing = order.mode === 'parse';
  let received = 0;
  let cpu = process.cpuUsage();
  let began = performance.now();
  const tell = (word: ReceiverWord['word']): void => {
    const { user, system } = process.cpuUsage(cpu);
    process.send?.({
      word,
      cpuMs: (user + system) / 1_000,
      wallMs: performance.now() - began,
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
    if (isParsing) decodeRisLive((data as Buffer).toString('utf8'));
    received += 1;
    if (received < order.count) return;
    received = 0;
    tell('done');
  });
  process.on('disconnect', () => process.exit(0));
}

main(JSON.parse(process.argv[2] ?? '{}') as ReceiverOrder);
