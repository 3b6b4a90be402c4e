import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { retryDelayMs } from '../../src/feed/retry-delay.ts';
import { isMessageFrame, signOf } from '../../src/feed/ris-live/frame.ts';
import { FRAME_BYTES_MAX, withClient } from '../../src/feed/ris-live/options.ts';
import { RisLiveSimulator } from '../../src/feed/simulator/simulator.ts';
import { FILTERED, FIREHOSE, keepalive, message, Stage } from './feed-fixture.ts';

let stage: Stage;

afterEach(async () => {
  await stage?.close();
});

const SOCKET_OPTIONS = { acknowledge: true, includeRaw: false };

describe('a client that connects', () => {
  test('names itself, subscribes what is watched, and is live when all is acknowledged', async () => {
    stage = await (await new Stage().open()).live();
    const [client] = stage.simulator.clients;
    expect(client?.url).toBe('/v1/ws/?client=originwatch-test');
    expect(client?.received).toEqual([
      { type: 'ris_subscribe', data: { type: 'RIS_PEER_STATE', socketOptions: SOCKET_OPTIONS } },
      {
        type: 'ris_subscribe',
        data: {
          type: 'UPDATE',
          prefix: FILTERED.prefixes,
          moreSpecific: true,
          lessSpecific: true,
          socketOptions: SOCKET_OPTIONS,
        },
      },
      { type: 'ris_subscribe', data: { type: 'UPDATE', path: '64501$', socketOptions: SOCKET_OPTIONS } },
      {
        type: 'ris_subscribe',
        data: {
          type: 'UPDATE',
          prefix: ['84.205.66.0/24', '2001:7fb:ff02::/48'],
          moreSpecific: true,
          lessSpecific: true,
          socketOptions: SOCKET_OPTIONS,
        },
      },
      { type: 'ris_subscribe', data: { type: 'KEEPALIVE', socketOptions: SOCKET_OPTIONS } },
    ]);
    expect(stage.states).toEqual(['live']);
    expect(stage.feed.stats()).toMatchObject({ connected: true, unacknowledged: 0, reconnects: 0 });
  });

  test('hears what concerns its prefixes, their more- and less-specifics, its ASes and its peers, and nothing else', async () => {
    stage = await (await new Stage().open()).live();
    const wanted = [
      message(),
      message({ announcements: [], path: [], withdrawals: ['198.51.101.0/24'] }),
      message({ announcements: [{ prefixes: ['198.0.0.0/8'] }] }),
      message({ announcements: [{ prefixes: ['203.0.113.0/24'] }], path: [64_500, 64_501] }),
      message({ type: 'RIS_PEER_STATE', state: 'down' }),
      message({ announcements: [], path: [], withdrawals: ['84.205.66.0/24'] }),
      keepalive(),
    ];
    expect(stage.simulator.send(message({ announcements: [{ prefixes: ['203.0.113.0/24'] }] }))).toBe(0);
    for (const text of wanted) expect(stage.simulator.send(text)).toBe(1);
    await stage.until(() => stage.messages.length === wanted.length);
    expect(stage.messages).toEqual(wanted);
    expect(stage.feed.stats().silentMs).toBe(0);
  });

  test('takes the firehose with one subscription beside those to peer states and keepalives', async () => {
    stage = await (await new Stage().open({ plan: FIREHOSE })).live();
    expect(stage.simulator.clients[0]?.subscriptions).toEqual([
      { type: 'RIS_PEER_STATE' },
      { type: 'UPDATE' },
      { type: 'KEEPALIVE' },
    ]);
  });
});

describe('acknowledgements', () => {
  test('that stay away are counted, said and asked for again; then the connection is given up', async () => {
    stage = new Stage();
    stage.simulator.faults.deaf = true;
    await stage.open();
    await stage.until(() => stage.count('feed.connected') === 1);
    expect(stage.feed.stats()).toMatchObject({ state: 'down', unacknowledged: 4 });
    for (let round = 1; round <= 2; round += 1) {
      stage.clock.advance(5_000);
      const heard = 5 + round * 3;
      await stage.simulator.until(() => stage.simulator.clients[0]?.received.length === heard);
    }
    stage.simulator.faults.deaf = false;
    stage.clock.advance(5_000);
    await stage.live();
    expect(stage.count('feed.unacknowledged')).toBe(3);
    expect([stage.states, stage.feed.stats().reconnects]).toEqual([['live'], 1]);
  });

  test('are not needed where messages flow: after a while they are proof enough, and what is missing is shown', async () => {
    stage = new Stage();
    stage.simulator.faults.unacknowledged = true;
    await stage.open();
    await stage.simulator.until(() => stage.simulator.clients[0]?.subscriptions.length === 7);
    stage.simulator.send(message());
    await stage.until(() => stage.messages.length === 1);
    expect(stage.states).toEqual([]);
    for (let round = 0; round < 4; round += 1) stage.clock.advance(5_000);
    expect(stage.states).toEqual(['live']);
    expect(stage.feed.stats()).toMatchObject({ connected: true, reconnects: 0, unacknowledged: 4 });
  });
});

describe('a connection that ends', () => {
  test.each(['close', 'terminate', 'slow'] as const)(
    'by %s comes back at once, subscribed as before',
    async (how) => {
      stage = await (await new Stage().open()).live();
      if (how === 'close') stage.simulator.closeClients();
      else if (how === 'terminate') stage.simulator.terminateClients();
      else stage.simulator.rejectAsSlow();
      await stage.until(() => stage.states.length === 3);
      expect(stage.states).toEqual(['live', 'down', 'live']);
      expect(stage.simulator.clients.at(-1)?.subscriptions).toHaveLength(7);
      expect(stage.feed.stats()).toMatchObject({ reconnects: 1, serverErrors: how === 'slow' ? 1 : 0 });
      expect(stage.clock.delays).toContain(0);
    },
  );

  test('and is refused comes back after growing delays, which start over once the server answers', async () => {
    stage = await (await new Stage().open()).live();
    stage.simulator.faults.refuseUpgrades = true;
    stage.simulator.terminateClients();
    for (const [refusals, delayMs] of [
      [1, 1_000],
      [2, 2_000],
      [3, 4_000],
      [4, 8_000],
    ] as const) {
      await stage.until(() => stage.count('feed.disconnected') === refusals + 1);
      expect(stage.simulator.refused).toBe(refusals);
      expect(stage.logged.at(-1)).toMatchObject({ event: 'feed.disconnected', retryInMs: delayMs });
      stage.clock.advance(delayMs - 1);
      expect(stage.count('feed.disconnected')).toBe(refusals + 1);
      if (refusals === 4) stage.simulator.faults.refuseUpgrades = false;
      stage.clock.advance(1);
    }
    await stage.live();
    expect(stage.feed.stats().reconnects).toBe(5);
    stage.simulator.terminateClients();
    await stage.until(() => stage.count('feed.disconnected') === 6);
    expect(stage.logged.at(-1)).toMatchObject({ retryInMs: 0 });
  });

  test('because nobody listens is an ordinary failure', async () => {
    stage = await new Stage().open({ url: 'ws://127.0.0.1:1/' });
    await stage.until(() => stage.count('feed.disconnected') === 2);
    expect(stage.logged.map(({ reason }) => String(reason))).toEqual([
      expect.stringContaining('ECONNREFUSED'),
      expect.stringContaining('ECONNREFUSED'),
    ]);
    expect(stage.feed.stats()).toMatchObject({ connected: false, state: 'down' });
  });

  test('before it was one does not hang: there is a limit for connecting', async () => {
    stage = await new Stage().open();
    stage.clock.advance(10_000);
    await stage.live();
    expect(stage.feed.stats().reconnects).toBe(1);
  });

  test('by our own stop does not come back', async () => {
    stage = await (await new Stage().open()).live();
    await stage.feed.stop();
    await stage.simulator.until(() => stage.simulator.clients.length === 0);
    stage.clock.advance(100_000);
    expect(stage.simulator.connections).toBe(1);
    expect(stage.states).toEqual(['live']);
  });
});

/** Sends and waits until the client has it. */
async function hear(text: string): Promise<void> {
  const heard = stage.messages.length;
  stage.simulator.broadcast(text);
  await stage.until(() => stage.messages.length > heard);
}

async function acknowledged(subscriptions: number): Promise<void> {
  const answers = (): number => stage.frames.filter((text) => text.includes('ris_subscribe_ok')).length;
  await stage.until(() => answers() === subscriptions);
}

/** As many turns of the event loop as judging a silence takes. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Time passes second by second, pongs come and nothing else. */
async function pongs(seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 5) {
    const before = stage.frames.length;
    stage.simulator.broadcast('{"type":"pong","data":null}');
    await stage.until(() => stage.frames.length > before || stage.states.includes('stalled'));
    stage.clock.advance(5_000);
    await turns();
  }
}

describe('silence', () => {
  const blindAfterMs = 10_000;

  test('of a firehose for the configured time is blindness, although pongs come; it counts from the last message', async () => {
    stage = await (await new Stage().open({ plan: FIREHOSE, blindAfterMs })).live();
    await hear(message());
    await pongs(5);
    expect(stage.states).toEqual(['live']);
    await pongs(5);
    await stage.until(() => stage.states.length === 2);
    expect(stage.changes.at(-1)).toEqual({
      state: 'stalled',
      reason: 'no BGP message for 10 s',
      silentMs: 10_000,
      blindInMs: 0,
    });
  });

  test('of filters on a connection that had keepalives is the same', async () => {
    stage = await (await new Stage().open({ blindAfterMs })).live();
    await hear(keepalive());
    await pongs(10);
    await stage.until(() => stage.states.length === 2);
    expect(stage.changes.at(-1)).toMatchObject({ state: 'stalled', silentMs: 10_000 });
  });

  test('is none on a quiet watchlist while keepalives flow', async () => {
    stage = await (await new Stage().open({ blindAfterMs })).live();
    for (let passed = 0; passed < 100; passed += 5) {
      await hear(keepalive());
      stage.clock.advance(5_000);
    }
    expect([stage.states, stage.simulator.connections]).toEqual([['live'], 1]);
  });

  test('of filters without keepalives has the rhythm of the beacons', async () => {
    stage = await (await new Stage().open({ blindAfterMs })).live();
    await hear(message());
    await pongs(605);
    expect(stage.states).toEqual(['live']);
    await pongs(5);
    await stage.until(() => stage.states.length === 2);
    expect(stage.changes.at(-1)).toMatchObject({ reason: 'no BGP message for 610 s', silentMs: 610_000 });
  });

  test('from the beginning is said to prove nothing, whatever was acknowledged', async () => {
    stage = await (await new Stage().open({ blindAfterMs })).live();
    await pongs(610);
    await stage.until(() => stage.states.length === 2);
    expect(stage.changes.at(-1)).toMatchObject({
      state: 'stalled',
      reason: expect.stringContaining('nothing proves that the feed sees'),
      silentMs: undefined,
      blindInMs: 0,
    });
  });

  test('is not broken by states of sessions, answers and what is no BGP message', async () => {
    stage = await (await new Stage().open({ plan: FIREHOSE, blindAfterMs })).live();
    stage.clock.advance(5_000);
    await hear(
      message({
        type: 'RIS_PEER_STATE',
        state: 'down',
        announcements: undefined,
        withdrawals: undefined,
        path: undefined,
      }),
    );
    await hear('{"type":"ris_message","data":null}');
    await pongs(5);
    await stage.until(() => stage.states.length === 2);
    expect(stage.changes.at(-1)?.reason).toMatch(/within 10 s of connecting/);
  });

  test('is over with a BGP message, not because subscriptions are acknowledged again', async () => {
    stage = await (await new Stage().open({ plan: FIREHOSE, blindAfterMs })).live();
    await pongs(10);
    await acknowledged(6);
    await pongs(5);
    expect(stage.states).toEqual(['live', 'stalled']);
    await hear(keepalive());
    expect(stage.states).toEqual(['live', 'stalled', 'live']);
    expect(stage.feed.stats().reconnects).toBe(1);
  });

  test('does not make it connect again and again in a hurry', async () => {
    stage = await (await new Stage().open({ plan: FIREHOSE, blindAfterMs: 1_000 })).live();
    await pongs(5);
    await acknowledged(6);
    await pongs(25);
    expect(stage.simulator.connections).toBe(2);
    await pongs(5);
    await stage.until(() => stage.count('feed.connected') === 3);
  });

  test('of the server itself means that the connection is dead', async () => {
    stage = await (await new Stage().open()).live();
    await hear(message());
    stage.simulator.faults.silent = true;
    stage.clock.advance(29_999);
    await turns();
    expect(stage.states).toEqual(['live']);
    stage.clock.advance(1);
    await stage.until(() => stage.states.length === 2);
    expect(stage.changes.at(-1)).toEqual({
      state: 'stalled',
      reason: 'no answer to pings for 30 s',
      silentMs: 30_000,
      blindInMs: 60_000,
    });
  });

  test('that ends in no connection at all is down', async () => {
    stage = await (await new Stage().open()).live();
    stage.simulator.faults.silent = true;
    stage.simulator.faults.refuseUpgrades = true;
    stage.clock.advance(30_000);
    await stage.until(() => stage.states.length === 3);
    expect(stage.states).toEqual(['live', 'stalled', 'down']);
  });

  test('is not judged while we do not read', async () => {
    stage = await (await new Stage().open()).live();
    stage.feed.pause();
    stage.clock.advance(900_000);
    await turns();
    expect(stage.states).toEqual(['live']);
    stage.simulator.send(message());
    stage.feed.resume();
    await stage.until(() => stage.messages.length === 1);
    expect(stage.simulator.connections).toBe(1);
  });

  test('is not judged before what lies in the socket was read: nothing of it is lost', async () => {
    stage = await (await new Stage().open({ plan: FIREHOSE, blindAfterMs })).live();
    const texts = Array.from({ length: 200 }, (_, index) => message({ id: `${index}` }));
    for (const text of texts) stage.simulator.send(text);
    // All of it is on its way or in the socket, and the timer is due before anybody read.
    stage.clock.leap(35_000);
    await stage.until(() => stage.messages.length === texts.length);
    expect([stage.states, stage.simulator.connections]).toEqual([['live'], 1]);
  });
});

test('a connection that is lost after a silence tells since when, and how soon that is blindness', async () => {
  stage = await (await new Stage().open({ plan: FIREHOSE })).live();
  await hear(message());
  stage.clock.advance(29_000);
  stage.simulator.terminateClients();
  await stage.until(() => stage.states.length >= 2);
  expect(stage.changes[1]).toMatchObject({ state: 'down', silentMs: 29_000, blindInMs: 31_000 });
});

describe('a frame that is wrong', () => {
  test('costs itself only, whether it is garbage, binary, empty or no UTF-8', async () => {
    stage = await (await new Stage().open()).live();
    const broken = Buffer.concat([
      Buffer.from('{"type":"ris_message","data":"'),
      Buffer.from([0xff, 0xc3, 0x28]),
      Buffer.from('"}'),
    ]);
    stage.simulator.broadcast('{"type":"ris_message","data":');
    stage.simulator.broadcast('');
    stage.simulator.broadcast(Buffer.from([1, 2, 3]), { binary: true });
    stage.simulator.broadcast(broken);
    stage.simulator.broadcast(
      JSON.stringify({ type: 'ris_error', data: { message: `odd\n\u2028${'x'.repeat(500)}` } }),
    );
    stage.simulator.send(message());
    await stage.until(() => stage.messages.at(-1) === message());
    expect(stage.bytes.some((bytes) => bytes.equals(broken))).toBe(true);
    expect(stage.feed.stats()).toMatchObject({
      state: 'live',
      reconnects: 0,
      serverErrors: 1,
      drops: { 'binary-frame': 1 },
    });
    const error = stage.logged.find(({ event }) => event === 'feed.server-error');
    expect(String(error?.text)).toMatch(/^odd x{1,196}$/);
  });

  test('of 8 MiB is taken', async () => {
    stage = await (await new Stage().open()).live();
    stage.simulator.broadcast(message().padEnd(FRAME_BYTES_MAX));
    await stage.until(() => stage.messages.length === 1);
    expect(stage.messages[0]).toHaveLength(FRAME_BYTES_MAX);
  });

  test('beyond 8 MiB costs the connection, which is counted and comes back at once', async () => {
    stage = await (await new Stage().open()).live();
    stage.simulator.broadcast(message().padEnd(FRAME_BYTES_MAX + 1));
    await stage.until(() => stage.states.length === 3);
    expect(stage.states).toEqual(['live', 'down', 'live']);
    expect(stage.feed.stats()).toMatchObject({ reconnects: 1, drops: { 'oversize-frame': 1 } });
    stage.simulator.send(message());
    await stage.until(() => stage.messages.length === 1);
  });
});

describe('a reload', () => {
  test('sends only what changed, on the same connection', async () => {
    stage = await (await new Stage().open()).live();
    const before = stage.simulator.clients[0]?.received.length ?? 0;
    stage.feed.updateSubscription({ ...FILTERED, prefixes: ['2001:db8::/32', '203.0.113.0/24'] });
    await stage.simulator.until(() => stage.simulator.clients[0]?.received.length === before + 2);
    const filter = { type: 'UPDATE', moreSpecific: true, lessSpecific: true, socketOptions: SOCKET_OPTIONS };
    expect(stage.simulator.clients[0]?.received.slice(before)).toEqual([
      { type: 'ris_subscribe', data: { ...filter, prefix: ['203.0.113.0/24'] } },
      { type: 'ris_unsubscribe', data: { ...filter, prefix: ['198.51.100.0/22'] } },
    ]);
    await stage.until(() => stage.frames.some((text) => text.includes('ris_unsubscribe_ok')));
    expect(stage.simulator.send(message())).toBe(0);
    expect(stage.simulator.send(message({ announcements: [{ prefixes: ['203.0.113.0/25'] }] }))).toBe(1);
    expect([stage.states, stage.simulator.connections]).toEqual([['live'], 1]);
  });

  test('from filters to the firehose and back never leaves a gap', async () => {
    stage = await (await new Stage().open()).live();
    stage.feed.updateSubscription(FIREHOSE);
    stage.feed.updateSubscription(FILTERED);
    const received = (): readonly unknown[] =>
      stage.simulator.clients[0]?.received.map(({ type }) => type) ?? [];
    await stage.simulator.until(() => received().length === 13);
    expect(received().slice(5)).toEqual([
      'ris_subscribe',
      ...Array(3).fill('ris_unsubscribe'),
      ...Array(3).fill('ris_subscribe'),
      'ris_unsubscribe',
    ]);
    expect(stage.simulator.clients[0]?.subscriptions).toHaveLength(7);
    expect(stage.simulator.connections).toBe(1);
  });

  test('that takes back what was never acknowledged leaves nothing to wait for', async () => {
    stage = new Stage();
    stage.simulator.faults.unacknowledged = true;
    await stage.open();
    await stage.simulator.until(() => stage.simulator.clients[0]?.received.length === 5);
    stage.feed.updateSubscription({ ...FILTERED, prefixes: [], asns: [] });
    expect(stage.feed.stats()).toMatchObject({ unacknowledged: 1, state: 'down' });
    stage.simulator.faults.unacknowledged = false;
    stage.clock.advance(5_000);
    await stage.live();
  });

  test('while not connected is what the next connection subscribes', async () => {
    stage = new Stage();
    stage.simulator.faults.refuseUpgrades = true;
    await stage.open();
    await stage.until(() => stage.count('feed.disconnected') === 2);
    stage.feed.updateSubscription(FIREHOSE);
    stage.simulator.faults.refuseUpgrades = false;
    stage.clock.advance(1_000);
    await stage.live();
    expect(stage.simulator.clients[0]?.subscriptions).toEqual([
      { type: 'RIS_PEER_STATE' },
      { type: 'UPDATE' },
      { type: 'KEEPALIVE' },
    ]);
  });
});

test('nothing is lost when the driver stops reading for a while', async () => {
  stage = await (await new Stage(new RisLiveSimulator()).open({ plan: FIREHOSE })).live();
  stage.feed.pause();
  const texts = Array.from({ length: 3_000 }, (_, index) => message({ id: `${index}`.padEnd(2_000) }));
  for (const text of texts) stage.simulator.send(text);
  stage.feed.resume();
  await stage.until(() => stage.messages.length === texts.length);
  expect(stage.messages).toEqual(texts);
});

test('nothing is taken while the driver does not read, though others get it', async () => {
  stage = await (await new Stage().open({ plan: FIREHOSE })).live();
  const other = new WebSocket(stage.simulator.url);
  const texts: string[] = [];
  other.on('message', (data) => texts.push(data.toString()));
  const others = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => other.once('message', resolve));
  };
  other.on('open', () =>
    other.send('{"type":"ris_subscribe","data":{"type":"UPDATE","socketOptions":{"acknowledge":true}}}'),
  );
  await others(() => texts.some((text) => text.includes('ris_subscribe_ok')));
  texts.length = 0;
  stage.feed.pause();
  for (let sent = 0; sent < 500; sent += 1) {
    stage.simulator.send(message());
    await others(() => texts.length > sent);
  }
  expect(stage.messages).toEqual([]);
  stage.feed.resume();
  await stage.until(() => stage.messages.length === 500);
  other.terminate();
});

test('delays double with jitter up to 30 s and never beyond', () => {
  const delays = (random: number): readonly number[] =>
    [0, 1, 2, 3, 4, 5, 6, 7, 100].map((tries) => retryDelayMs(tries, () => random));
  expect(delays(0.5)).toEqual([0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  expect(delays(0).slice(0, 3)).toEqual([0, 800, 1_600]);
  expect(Math.max(...delays(1))).toBe(30_000);
});

test('the address keeps the client it names', () => {
  expect(withClient('ws://127.0.0.1:1/v1/ws/', 'a b')).toBe('ws://127.0.0.1:1/v1/ws/?client=a+b');
  expect(withClient('wss://x/?client=mine&y=1', 'other')).toBe('wss://x/?client=mine&y=1');
  expect(withClient('no address', 'x')).toBe('no address');
});

test.each([
  ['keepalive', keepalive()],
  ['bgp', message()],
  ['bgp', message({ type: 'OPEN' })],
  ['bgp', message({ type: 'NOTIFICATION' })],
  ['bgp', message({ type: undefined })],
  ['message', message({ type: 'RIS_PEER_STATE', announcements: undefined, withdrawals: undefined })],
  ['message', '{"type":"ris_message","data":null}'],
  ['answer', '{"type":"pong","data":null}'],
  ['answer', '{"type":"ris_subscribe_ok","data":{"subscription":{"type":"KEEPALIVE"}}}'],
])('a frame is a sign of %s', (sign, text) => {
  expect(signOf(Buffer.from(text))).toBe(sign);
});

test('messages are told from answers wherever the type stands', () => {
  const { data } = JSON.parse(message()) as { data: object };
  for (const text of [
    message(),
    JSON.stringify({ type: 'ris_message', data }, null, 1),
    JSON.stringify({ data, type: 'ris_message' }),
  ])
    expect(isMessageFrame(Buffer.from(text))).toBe(true);
  for (const text of ['', '{}', '{"type":"pong"}', '{"type":"ris_subscribe_ok","data":{}}'])
    expect(isMessageFrame(Buffer.from(text))).toBe(false);
});
