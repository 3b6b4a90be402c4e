/** The daemon and a feed that misbehaves: what is wrong costs itself, what is not seen is said. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { frameOf } from '../../src/demo/kakao-2022.ts';
import { DATABASE_FILE, openStore } from '../../src/store/store.ts';
import { buildProgram, eventually, type Program, runProgram } from './program.ts';
import { Stage } from './stage.ts';

let program: Program;
let stage: Stage;

/** Each test has a group with address space of its own. */
const GROUPS = ['held', 'brief', 'odd', 'closed', 'mutated', 'blind', 'last'] as const;
type Group = (typeof GROUPS)[number];
const WATCH = GROUPS.map((group, index) => ({
  prefix: `10.${index}.0.0/16`,
  origins: [64500],
  group,
}));
const FROM = { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 3356 };
const OTHER = { collector: 'rrc01', peerAddress: '192.0.2.2', peerAsn: 1299 };

beforeAll(async () => {
  program = await buildProgram();
  stage = await Stage.set(program, { watch: WATCH, detection: { blindAfterSeconds: 0.3 } });
  await stage.start('--record', stage.file('live.ndjson'));
});
afterAll(async () => {
  await stage?.close();
  program?.remove();
});

function inside(group: Group, third = 5): string {
  return `10.${GROUPS.indexOf(group)}.${third}.0/24`;
}

function bogus(group: Group, offender: number, from = FROM): string {
  return frameOf({ from, prefix: inside(group), path: [from.peerAsn, offender] }, Date.now());
}

function withdrawn(group: Group, from = FROM): string {
  return frameOf({ from, prefix: inside(group), path: undefined }, Date.now());
}

/** Sends a hijack and waits until it is told: the daemon lives and sees. */
async function expectSeen(group: Group, offender: number): Promise<void> {
  await eventually('a subscriber', () => stage.simulator.send(bogus(group, offender)) > 0);
  await eventually(`AS${offender} found`, async () =>
    (await stage.incidents(`?group=${group}`)).some((incident) => incident.offender === offender),
  );
}

test('a session that goes down resolves nothing, however long its routes are not seen', async () => {
  await stage.play(bogus('held', 64009), bogus('brief', 64009, OTHER));
  const data = {
    type: 'RIS_PEER_STATE',
    timestamp: Date.now() / 1000,
    host: 'rrc00.ripe.net',
    peer: FROM.peerAddress,
    peer_asn: String(FROM.peerAsn),
    state: 'down',
  };
  await stage.play(JSON.stringify({ type: 'ris_message', data }));
  await stage.play(withdrawn('brief', OTHER));
  await stage.alert('resolved', 'brief');
  const [held] = await stage.incidents('?group=held');
  expect(held).toMatchObject({ state: 'open', routes: [{ vantagePoints: { seeing: 0 } }] });
  expect(JSON.stringify(await stage.get('/api/v1/watchlist'))).toContain('10.0.0.0/16');
});

describe('odd frames cost themselves only', () => {
  test('binary, broken UTF-8, no JSON, nothing at all', async () => {
    const before = await stage.metric('originwatch_dropped_messages_total', 'binary-frame');
    const { connections } = stage.simulator;
    stage.simulator.broadcast(Buffer.from(bogus('odd', 64001)), { binary: true });
    const broken = Buffer.from(bogus('odd', 64002).replace('rrc00', 'rrc\u00ff'), 'latin1');
    stage.simulator.broadcast(broken, { binary: false });
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '"x"',
      '{"type":"ris_message","data":null}',
      '\u0000'.repeat(99),
    ])
      stage.simulator.broadcast(text);
    await expectSeen('odd', 64003);
    expect(await stage.metric('originwatch_dropped_messages_total', 'binary-frame')).toBe(before + 1);
    expect(await stage.incidents('?group=odd')).not.toContainEqual(
      expect.objectContaining({ offender: 64001 }),
    );
    expect(stage.simulator.connections).toBe(connections);
    expect(await stage.metric('originwatch_decode_problems_total')).toBeGreaterThan(0);
  });

  test('a frame of 9 MiB costs at most the connection, which is there again at once', async () => {
    const before = await stage.metric('originwatch_dropped_messages_total', 'oversize-frame');
    const reconnects = await stage.metric('originwatch_feed_reconnects_total');
    stage.simulator.broadcast(`{"type":"ris_message","data":"${'x'.repeat(9 * 1024 * 1024)}"}`);
    await eventually(
      'it is counted',
      async () => (await stage.metric('originwatch_dropped_messages_total', 'oversize-frame')) > before,
    );
    await expectSeen('odd', 64004);
    expect(await stage.metric('originwatch_feed_reconnects_total')).toBe(reconnects + 1);
    expect(stage.daemon.logged('feed.disconnected').at(-1)?.retryInMs).toBe(0);
  });

  test('a frame just below 8 MiB is judged', async () => {
    const { connections } = stage.simulator;
    const padding = ' '.repeat(8 * 1024 * 1024 - 1024);
    stage.simulator.broadcast(bogus('odd', 64005).replace('{', `{${padding}`));
    await eventually('AS64005 found', async () =>
      (await stage.incidents('?group=odd')).some(({ offender }) => offender === 64005),
    );
    expect(stage.simulator.connections).toBe(connections);
  });

  test('ten thousand mutated frames: whatever follows them is found', async () => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
    console.log(
      `SEED=${seed} npx vitest run --config test/vitest.config.ts test/e2e/feed.test.ts -t mutated`,
    );
    const random = randomFrom(seed);
    for (let batch = 0; batch < 20; batch += 1) {
      for (let index = 0; index < 500; index += 1)
        stage.simulator.broadcast(mutated(Buffer.from(sampleFrame(random)), random));
      await expectSeen('mutated', 200_000 + batch);
    }
    expect(stage.daemon.isRunning).toBe(true);
    expect((await fetch(`${stage.url}/readyz`)).status).toBe(200);
  });
});

test('a closed connection is there again at once, and what is open stays open', async () => {
  await expectSeen('closed', 64009);
  const { connections } = stage.simulator;
  stage.simulator.closeClients(1001);
  await stage.simulator.until(() => stage.simulator.connections > connections);
  expect(stage.daemon.logged('feed.disconnected').at(-1)?.retryInMs).toBe(0);
  await stage.ready();
  expect(await stage.incidents('?group=closed')).toMatchObject([{ state: 'open' }]);
  stage.simulator.send(withdrawn('closed'));
  await stage.alert('resolved', 'closed');
});

test('without a feed it works but is not ready, says that it is blind, and says when it sees again', async () => {
  stage.simulator.faults.refuseUpgrades = true;
  stage.simulator.terminateClients();
  await eventually('not ready', async () => (await fetch(`${stage.url}/readyz`)).status === 503);
  const ready = await fetch(`${stage.url}/readyz`);
  expect(await ready.json()).toEqual({
    feeds: [{ name: 'ris-live', connected: false, fresh: false }],
    store: 'ok',
  });
  expect((await fetch(`${stage.url}/healthz`)).status).toBe(200);
  const blind = await eventually(
    'feed-blind',
    async () => (await stage.incidents('?kind=feed-blind&state=open'))[0],
  );
  expect(blind).toMatchObject({ family: 'feed', group: 'ris-live', offender: null });
  expect(await stage.metric('originwatch_feed_connected')).toBe(0);
  stage.simulator.faults.refuseUpgrades = false;
  await stage.ready();
  await eventually('it is over', async () =>
    (await stage.incidents('?kind=feed-blind&state=resolved')).some(({ id }) => id === blind.id),
  );
  const { intervals } = await stage.get<{ intervals: { state: string; reason: string }[] }>(
    '/api/v1/coverage',
  );
  expect(intervals.some(({ state, reason }) => state === 'blind' && reason !== '')).toBe(true);
  await expectSeen('blind', 64009);
});

test('the recording of all that replays to the same alerts, byte for byte', async () => {
  await expectSeen('last', 64009);
  await stage.daemon.end('SIGTERM');
  const store = openStore(stage.file(`state/${DATABASE_FILE}`), { lock: false, readOnly: true });
  const lived = store.archive.alertTextsAfter(0, 1_000_000);
  store.close();
  const args = ['replay', '--json', '--config', stage.configPath, stage.file('live.ndjson')];
  const { code, stdout } = await runProgram(program, args);
  expect(code).toBe(0);
  expect(stdout.trimEnd().split('\n')).toEqual(lived);
});

function sampleFrame(random: () => number): string {
  const third = Math.floor(random() * 256);
  const samples = [
    frameOf({ from: FROM, prefix: '10.4.0.0/16', path: [3356, 10158, 64500] }, Date.now()),
    frameOf({ from: OTHER, prefix: `10.4.${third}.0/24`, path: undefined }, Date.now()),
    frameOf({ from: OTHER, prefix: `2001:db8:${third}::/48`, path: [1299, 64500] }, Date.now()),
    JSON.stringify({
      type: 'ris_message',
      data: { type: 'OPEN', timestamp: 1, peer: '192.0.2.9', peer_asn: '9', host: 'rrc00', capabilities: {} },
    }),
    JSON.stringify({ type: 'ris_subscribe_ok', data: { subscription: { prefix: '10.0.0.0/8' } } }),
    JSON.stringify({ type: 'ris_error', data: { message: 'no' } }),
  ];
  return samples[Math.floor(random() * samples.length)] ?? '';
}

/** A few bytes replaced, cut out, doubled, or something else put in the place of a value. */
function mutated(bytes: Buffer, random: () => number): Buffer {
  let result = bytes;
  const changes = 1 + Math.floor(random() * 4);
  for (let change = 0; change < changes; change += 1) {
    const at = Math.floor(random() * result.length);
    const to = at + Math.floor(random() * 12);
    const [head, middle, tail] = [result.subarray(0, at), result.subarray(at, to), result.subarray(to)];
    const odd = ODD[Math.floor(random() * ODD.length)] ?? '';
    const kind = Math.floor(random() * 4);
    if (kind === 0) result = Buffer.concat([head, Buffer.from([Math.floor(random() * 256)]), tail]);
    else if (kind === 1) result = Buffer.concat([head, tail]);
    else if (kind === 2) result = Buffer.concat([head, middle, middle, tail]);
    else result = Buffer.concat([head, Buffer.from(odd), tail]);
  }
  return result;
}

const ODD = [
  'null',
  '[]',
  '{}',
  '""',
  '-1',
  '1e999',
  '"\\ud800"',
  '[[[',
  '999999999999',
  'true',
  '\u2028',
  '"10.4.0.0/33"',
];

/** mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
