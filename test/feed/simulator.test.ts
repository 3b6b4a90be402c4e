import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type PlayFrame, RisLiveSimulator } from '../../src/feed/simulator/simulator.ts';
import { pathMatches, routeMessage, subscriptionTakes } from '../../src/feed/simulator/subscription-match.ts';
import { message, TestClock } from './feed-fixture.ts';

let simulator: RisLiveSimulator;
let socket: WebSocket;
let heard: string[];

async function connect(options: ConstructorParameters<typeof RisLiveSimulator>[0] = {}): Promise<void> {
  simulator = new RisLiveSimulator(options);
  socket = new WebSocket(await simulator.listen(), { perMessageDeflate: false });
  socket.on('message', (data) => heard.push(String(data)));
  await once(socket, 'open');
}

beforeEach(() => {
  heard = [];
});

afterEach(async () => {
  socket?.terminate();
  await simulator?.close();
});

/** Says something and gives back the parsed answer. */
async function ask(frame: unknown): Promise<unknown> {
  const answer = once(socket, 'message') as Promise<[Buffer]>;
  socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  return JSON.parse(String((await answer)[0]));
}

async function heardInAll(count: number): Promise<void> {
  while (heard.length < count) await once(socket, 'message');
}

const ACKNOWLEDGE = { socketOptions: { acknowledge: true } };

describe('the simulator answers', () => {
  beforeEach(() => connect());

  test('pings, and asks for its collectors', async () => {
    expect(await ask({ type: 'ping' })).toEqual({ type: 'pong', data: null });
    expect(await ask({ type: 'request_rrc_list', data: null })).toMatchObject({
      type: 'ris_rrc_list',
      data: expect.arrayContaining(['rrc00']),
    });
  });

  test('an error to what it does not understand, and lives on', async () => {
    expect(await ask({ type: 'wrong' })).toEqual({
      type: 'ris_error',
      data: { message: 'Unknown command type', command_type: 'wrong' },
    });
    expect(await ask('{')).toMatchObject({ type: 'ris_error' });
    expect(await ask('5')).toMatchObject({ type: 'ris_error' });
    expect(await ask({ type: 'ping' })).toMatchObject({ type: 'pong' });
  });

  test('subscriptions with an acknowledgement, when asked for it', async () => {
    const data = { prefix: ['198.51.100.0/24', '203.0.113.0/24'], ...ACKNOWLEDGE };
    expect(await ask({ type: 'ris_subscribe', data })).toEqual({
      type: 'ris_subscribe_ok',
      data: { subscription: { prefix: data.prefix }, socketOptions: { acknowledge: true } },
    });
    expect(simulator.clients[0]?.subscriptions).toEqual(data.prefix.map((prefix) => ({ prefix })));
    expect(await ask({ type: 'ris_unsubscribe', data: { prefix: ['203.0.113.0/24'] } })).toMatchObject({
      type: 'ris_unsubscribe_ok',
    });
    expect(simulator.clients[0]?.subscriptions).toEqual([{ prefix: '198.51.100.0/24' }]);
  });

  test('with raw bytes only where they were asked for', async () => {
    const text = message({ raw: 'FF' });
    await ask({ type: 'ris_subscribe', data: { ...ACKNOWLEDGE } });
    simulator.send(text);
    await once(socket, 'message');
    await ask({ type: 'ris_subscribe', data: { socketOptions: { acknowledge: true, includeRaw: true } } });
    simulator.send(text);
    await once(socket, 'message');
    const messages = heard.filter((one) => one.includes('ris_message'));
    expect(messages.map((one) => one.includes('"raw"'))).toEqual([false, true]);
  });
});

test('a reader that is too slow is told and cut off', async () => {
  await connect({ slowBytesMax: 1_000 });
  await ask({ type: 'ris_subscribe', data: ACKNOWLEDGE });
  socket.pause();
  const text = message({ id: 'x'.repeat(1_000_000) });
  for (let sent = 0; sent < 20; sent += 1) simulator.send(text);
  socket.resume();
  const [code] = (await once(socket, 'close')) as [number];
  expect(code).toBe(1008);
  expect(heard.some((one) => one.includes('Closing connection after being behind'))).toBe(true);
});

test('playing keeps the distance between frames, divided by the speed, and can be stopped', async () => {
  const clock = new TestClock();
  await connect({ clock });
  await ask({ type: 'ris_subscribe', data: ACKNOWLEDGE });
  const frames: PlayFrame[] = [0, 10_000, undefined, 70_000].map((atMs) => ({ atMs, text: message() }));
  const stop = new AbortController();
  const told: number[] = [];
  const playing = simulator.play(frames, {
    speed: 10,
    pauseMaxMs: 3_000,
    restamp: true,
    signal: stop.signal,
    onFrame: (_frame, index) => told.push(index),
  });
  await heardInAll(2);
  expect(clock.delays).toEqual([1_000]);
  clock.advance(1_000);
  await heardInAll(4);
  expect(clock.delays).toEqual([1_000, 3_000]);
  stop.abort();
  expect(await playing).toBe(3);
  expect(told).toEqual([0, 1, 2]);
  const stamps = heard
    .slice(1)
    .map((one) => (JSON.parse(one) as { data: { timestamp: number } }).data.timestamp);
  expect(stamps).toEqual([1_000, 1_001, 1_001]);
});

describe('a path filter', () => {
  const path = [1, 22, 3, [789, 10_111], 5];
  test.each([
    ['5$', true],
    ['3$', false],
    ['^1', true],
    ['^22', false],
    ['22,3', true],
    ['1,3', false],
    ['2', false],
    ['^1,22,3,[789,10111],5$', true],
    ['[789,10111]', true],
    ['[10111,789]', false],
    ['!5$', false],
    ['!6666$', true],
    ['^1,22,3,[789,10111],5,6$', false],
  ])('%s: %s', (pattern, expected) => {
    expect(pathMatches(pattern, path)).toBe(expected);
  });

  test('takes nothing without a path', () => {
    expect(pathMatches('!5$', [])).toBe(false);
    expect(pathMatches('5$', undefined)).toBe(false);
  });
});

describe('a subscription', () => {
  function takes(subscription: Record<string, unknown>, change: object = {}): boolean {
    const routed = routeMessage(message(change));
    return routed !== undefined && subscriptionTakes(subscription, routed);
  }

  test('without filters takes everything', () => {
    expect(takes({})).toBe(true);
    expect(takes({}, { type: 'KEEPALIVE' })).toBe(true);
  });

  test.each([
    [{ host: 'rrc00' }, true],
    [{ host: 'rrc00.ripe.net' }, true],
    [{ host: 'rrc01' }, false],
    [{ type: 'UPDATE' }, true],
    [{ type: 'OPEN' }, false],
    [{ peer: '192.0.2.1' }, true],
    [{ peer: '192.0.2.2' }, false],
    [{ require: 'announcements' }, true],
    [{ require: 'withdrawals' }, false],
    [{ prefix: '198.51.100.0/24', moreSpecific: false }, true],
    [{ prefix: '198.51.0.0/16' }, true],
    [{ prefix: '198.51.0.0/16', moreSpecific: false }, false],
    [{ prefix: '198.51.100.0/25' }, false],
    [{ prefix: '198.51.100.0/25', lessSpecific: true }, true],
    [{ prefix: ['203.0.113.0/24', '198.51.100.0/24'] }, true],
    [{ prefix: 'nonsense' }, false],
    [{ prefix: '198.51.100.0/24', path: '64502$' }, true],
    [{ prefix: '198.51.100.0/24', path: '1$' }, false],
  ] as const)('%j: %s', (subscription, expected) => {
    expect(takes(subscription)).toBe(expected);
  });

  test('of a prefix takes withdrawals too', () => {
    expect(takes({ prefix: '203.0.113.0/24' }, { withdrawals: ['203.0.113.0/25'] })).toBe(true);
  });
});
