/** A daemon whose feed falls silent, and one that stands still itself: what is not seen is said, what came is judged. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { frameOf } from '../../src/demo/kakao-2022.ts';
import type { CoverageInterval } from '../../src/engine/ports.ts';
import { buildProgram, eventually, type Program } from './program.ts';
import { Stage } from './stage.ts';

const FROM = { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 3356 };
const OTHER = { collector: 'rrc06', peerAddress: '192.0.2.2', peerAsn: 1299 };
const WATCH = [{ prefix: '10.0.0.0/16', origins: [64500], group: 'ours' }];

let program: Program;
let stage: Stage;

beforeAll(async () => {
  program = await buildProgram();
});
afterAll(async () => {
  await stage?.close();
  program?.remove();
});
beforeEach(async () => {
  await stage?.close();
  stage = await Stage.set(program, { watch: WATCH, detection: { blindAfterSeconds: 1 } });
  await stage.start();
});

async function intervals(): Promise<readonly CoverageInterval[]> {
  return (await stage.get<{ intervals: CoverageInterval[] }>('/api/v1/coverage')).intervals;
}

function hijack(third: number, offender: number): string {
  return frameOf({ from: FROM, prefix: `10.0.${third}.0/24`, path: [3356, offender] }, Date.now());
}

test('a feed that answers pings and says nothing else is blind from its last BGP message on', async () => {
  stage.simulator.keepAlive([FROM], 100);
  await eventually('keepalives', async () => (await stage.metric('originwatch_feed_messages_total')) > 5);
  expect((await fetch(`${stage.url}/readyz`)).status).toBe(200);
  stage.simulator.faults.speechless = true;
  const lastMs = Date.now();
  const blind = await eventually(
    'feed-blind',
    async () => (await stage.incidents('?kind=feed-blind&state=open'))[0],
  );
  expect(Date.parse(blind.openedAt) - lastMs).toBeLessThan(3_000);
  expect((await fetch(`${stage.url}/readyz`)).status).toBe(503);
  const since = (await intervals()).findLast(({ state }) => state === 'blind');
  expect(Math.abs(Date.parse(since?.from ?? '') - lastMs)).toBeLessThan(500);
  expect(since?.reason).toMatch(/no BGP message/);
  stage.simulator.faults.speechless = false;
  await stage.alert('resolved');
});

test('a collector that falls silent is said to be, while the others speak', async () => {
  stage.simulator.keepAlive([FROM], 100);
  for (const point of [FROM, OTHER])
    await stage.play(
      frameOf({ from: point, prefix: '10.0.0.0/16', path: [point.peerAsn, 64500] }, Date.now()),
    );
  for (let n = 0; n < 5; n += 1) stage.simulator.broadcast(keepalive());
  await stage.play(frameOf({ from: OTHER, prefix: '10.0.0.0/16', path: [1299, 64500] }, Date.now()));
  await eventually(
    'the metric',
    async () => (await stage.metric('originwatch_feed_collector_silent', 'rrc06')) === 1,
  );
  const silent = (await intervals()).find(({ feed }) => feed === 'ris-live rrc06');
  expect(silent).toMatchObject({ state: 'blind', reason: expect.stringContaining('collector rrc06') });
  expect((await fetch(`${stage.url}/readyz`)).status).toBe(200);
  stage.simulator.broadcast(keepalive());
  await eventually(
    'the metric',
    async () => (await stage.metric('originwatch_feed_collector_silent', 'rrc06')) === 0,
  );
});

function keepalive(): string {
  const { collector: host, peerAddress: peer, peerAsn } = OTHER;
  const data = { timestamp: Date.now() / 1000, host, peer, peer_asn: String(peerAsn), type: 'KEEPALIVE' };
  return JSON.stringify({ type: 'ris_message', data });
}

describe('a process that is stopped for a while', () => {
  test('judges afterwards what came meanwhile, and says that it stood still', async () => {
    stage.simulator.keepAlive([FROM], 100);
    await eventually('keepalives', async () => (await stage.metric('originwatch_feed_messages_total')) > 5);
    stage.daemon.child.kill('SIGSTOP');
    const stoppedMs = Date.now();
    for (let n = 0; n < 10; n += 1) stage.simulator.send(hijack(n, 200_900 + n));
    await eventually('six seconds', () => Date.now() - stoppedMs > 6_000);
    stage.daemon.child.kill('SIGCONT');
    await eventually('ten incidents', async () => (await stage.incidents('?kind=sub-prefix')).length === 10);
    expect(stage.simulator.connections).toBe(1);
    const stood = await eventually('the interval', async () =>
      (await intervals()).find(({ reason }) => reason.includes('stood still')),
    );
    expect(stood.state).toBe('backfilled');
    expect(Date.parse(stood.to) - Date.parse(stood.from)).toBeGreaterThan(5_000);
    expect(stage.daemon.logged('daemon.stood-still')).toHaveLength(1);
  });

  test('is blind for as long as nothing ran, when it is killed', async () => {
    stage.simulator.keepAlive([FROM], 100);
    await eventually(
      'certain coverage',
      async () => (await stage.metric('originwatch_feed_messages_total')) > 20,
    );
    await stage.kill();
    const killedMs = Date.now();
    await stage.start();
    const down = (await intervals()).find(({ reason }) => reason === 'the daemon did not run');
    expect(down?.state).toBe('blind');
    expect(Date.parse(down?.from ?? '')).toBeLessThanOrEqual(killedMs);
    for (const { state, to } of await intervals())
      if (state === 'live' && Date.parse(to) < Date.now() - 5_000)
        expect(Date.parse(to)).toBeLessThanOrEqual(killedMs);
  });
});
