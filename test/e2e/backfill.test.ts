/** What a feed did not see is fetched from elsewhere, applied late, and said: a daemon beside stand-ins for RIS Live and RIPEstat. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { frameOf } from '../../src/demo/kakao-2022.ts';
import type { CoverageInterval } from '../../src/engine/ports.ts';
import { DATABASE_FILE, openStore } from '../../src/store/store.ts';
import { buildProgram, eventually, type Program, runProgram } from './program.ts';
import { RipestatStandIn } from './ripestat-stand-in.ts';
import { Stage } from './stage.ts';

const FROM = { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 3356 };
const SOURCE = '00-192.0.2.1';
const OURS = '10.0.0.0/16';
const TAKEN = '10.0.5.0/24';
const GOOD = [3356, 64500];
const BAD = [3356, 200_666];

let program: Program;
let stage: Stage;
let ripestat: RipestatStandIn;

beforeAll(async () => {
  program = await buildProgram();
});
afterAll(() => program?.remove());
beforeEach(async () => {
  ripestat = await RipestatStandIn.open();
});
afterEach(async () => {
  await stage?.close();
  await ripestat.close();
});

/** A daemon that has seen our own route, with a rhythm that the simulator keeps. */
async function begin(blindAfterSeconds = 60, ...args: string[]): Promise<void> {
  stage = await Stage.set(program, {
    watch: [{ prefix: OURS, origins: [64500], group: 'ours' }],
    detection: { blindAfterSeconds },
    backfill: { ripestat: ripestat.url, archive: null },
  });
  await stage.start(...args.map((arg) => (arg.startsWith('-') ? arg : stage.file(arg))));
  stage.simulator.keepAlive([FROM], 100);
  await stage.play(frameOf({ from: FROM, prefix: OURS, path: GOOD }, Date.now()));
}

/** The feed is away for a moment; resolves with when that was. */
async function cut(ms = 300): Promise<{ readonly fromMs: number; readonly toMs: number }> {
  const fromMs = Date.now();
  stage.simulator.faults.refuseUpgrades = true;
  stage.simulator.terminateClients();
  await eventually('the gap', () => Date.now() >= fromMs + ms);
  stage.simulator.faults.refuseUpgrades = false;
  await stage.ready();
  return { fromMs, toMs: Date.now() };
}

async function intervals(): Promise<readonly CoverageInterval[]> {
  return (await stage.get<{ intervals: CoverageInterval[] }>('/api/v1/coverage')).intervals;
}

const happened = (atMs: number, prefix: string, path?: readonly number[]) => ({
  atMs,
  prefix,
  path,
  source: SOURCE,
});

test('a hijack that began and ended in a gap is told, late and marked, and the gap is backfilled', async () => {
  await begin();
  const beganMs = Date.now() + 50;
  ripestat.updates = [happened(beganMs, TAKEN, BAD), happened(beganMs + 100, TAKEN)];
  await cut();
  const opened = await stage.alert('opened', 'ours');
  expect(opened.incident).toMatchObject({ detectedBy: 'backfill', offender: 200_666, kind: 'sub-prefix' });
  expect(opened.incident.firstSeenAt).toBe(new Date(Math.floor(beganMs / 1_000) * 1_000).toISOString());
  const resolved = await stage.alert('resolved', 'ours');
  expect(resolved.incident.endedAt).toBe(new Date(Math.floor((beganMs + 100) / 1_000) * 1_000).toISOString());
  const filled = await eventually('the interval', async () =>
    (await intervals()).find(({ state }) => state === 'backfilled'),
  );
  expect(filled).toMatchObject({ feed: 'ris-live', reason: 'filled from RIPEstat' });
  expect((await intervals()).some(({ state, from }) => state === 'blind' && from >= filled.from)).toBe(false);
  expect((await stage.alerts()).filter(({ event }) => event === 'opened')).toHaveLength(1);
});

test('a hijack that began in a gap and stands is open, and one that ended in it is over', async () => {
  await begin();
  await stage.play(frameOf({ from: FROM, prefix: '10.0.6.0/24', path: [3356, 200_667] }, Date.now() - 5_000));
  await stage.alert('opened', 'ours');
  ripestat.updates = [happened(Date.now() + 50, TAKEN, BAD), happened(Date.now() + 60, '10.0.6.0/24')];
  await cut();
  await eventually('the new one', async () =>
    (await stage.incidents('?state=open')).some(({ offender }) => offender === 200_666),
  );
  await eventually('the old one', async () =>
    (await stage.incidents('?state=resolved')).some(({ offender }) => offender === 200_667),
  );
});

test('what is missing in the state after the gap is withdrawn, where its vantage point is heard of', async () => {
  await begin();
  await stage.play(frameOf({ from: FROM, prefix: TAKEN, path: BAD }, Date.now() - 5_000));
  await stage.alert('opened', 'ours');
  ripestat.state = [{ prefix: OURS, path: GOOD, source: SOURCE }];
  await cut();
  await stage.alert('resolved', 'ours');
});

test('a state that is empty takes nothing back', async () => {
  await begin();
  await stage.play(frameOf({ from: FROM, prefix: TAKEN, path: BAD }, Date.now() - 5_000));
  await cut();
  await eventually('filled', async () => (await intervals()).some(({ state }) => state === 'backfilled'));
  expect(await stage.incidents('?state=open')).toHaveLength(1);
});

test.each(['error', 'rate', 'garbage'] as const)(
  'an answer that fails (%s) leaves the gap blind, as an incident until it is filled',
  async (fails) => {
    await begin(0.5);
    ripestat.fails = fails;
    ripestat.updates = [happened(Date.now() + 100, TAKEN, BAD)];
    await cut(1_500);
    await eventually('a failure', () => stage.daemon.logged('backfill.failed').length > 0);
    expect(await stage.incidents('?kind=feed-blind&state=open')).toHaveLength(1);
    expect((await intervals()).some(({ state }) => state === 'backfilled')).toBe(false);
    expect((await intervals()).some(({ state }) => state === 'blind')).toBe(true);
    ripestat.fails = 'not';
    expect((await stage.alert('opened', 'ours')).incident.detectedBy).toBe('backfill');
    await eventually(
      'it is over',
      async () => (await stage.incidents('?kind=feed-blind&state=resolved')).length === 1,
    );
    expect(ripestat.atOnceMax).toBeLessThanOrEqual(8);
  },
);

test('answers about other prefixes and other times invent nothing', async () => {
  await begin();
  ripestat.fails = 'lies';
  ripestat.updates = [
    happened(Date.now() + 50, '192.0.2.0/24', BAD),
    happened(Date.now() - 86_400_000, TAKEN, BAD),
    happened(Date.now() + 86_400_000, TAKEN, BAD),
  ];
  await cut();
  await eventually('filled', async () => (await intervals()).some(({ state }) => state === 'backfilled'));
  expect(await stage.incidents('?group=ours')).toEqual([]);
});

test('a hijack under way when the daemon first starts is found from a snapshot', async () => {
  ripestat.state = [
    { prefix: OURS, path: GOOD, source: SOURCE },
    { prefix: TAKEN, path: BAD, source: SOURCE },
  ];
  await begin();
  expect((await stage.alert('opened', 'ours')).incident).toMatchObject({
    detectedBy: 'snapshot',
    offender: 200_666,
  });
});

test('what a backfill brought is in the recording, which replays to the same alerts, byte for byte', async () => {
  await begin(60, '--record', 'live.ndjson');
  ripestat.updates = [happened(Date.now() + 50, TAKEN, BAD), happened(Date.now() + 150, TAKEN)];
  await cut();
  await stage.alert('resolved', 'ours');
  await stage.daemon.end('SIGTERM');
  const store = openStore(stage.file(`state/${DATABASE_FILE}`), { lock: false, readOnly: true });
  const lived = store.archive.alertTextsAfter(0, 1_000);
  store.close();
  const args = ['replay', '--json', '--config', stage.configPath, stage.file('live.ndjson')];
  const { stdout } = await runProgram(program, args);
  expect(stdout.trimEnd().split('\n')).toEqual(lived);
});

test('what happened while the daemon did not run is fetched when it runs again', async () => {
  await begin();
  await eventually(
    'certain coverage',
    async () => (await stage.metric('originwatch_feed_messages_total')) > 20,
  );
  await stage.get('/api/v1/coverage');
  await stage.kill();
  ripestat.updates = [happened(Date.now(), TAKEN, BAD), happened(Date.now() + 10, TAKEN)];
  await eventually('a while', () => Date.now() > (ripestat.updates[1]?.atMs ?? 0) + 1_000);
  await stage.start();
  expect((await stage.alert('opened', 'ours')).incident.detectedBy).toBe('backfill');
  await eventually('filled', async () =>
    (await intervals()).some(({ state, reason }) => state === 'backfilled' && reason.includes('RIPEstat')),
  );
});
