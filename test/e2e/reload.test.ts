/** The daemon and its operator: signals, a second one, edits of the watchlist while it runs. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frameOf } from '../../src/demo/kakao-2022.ts';
import { buildProgram, eventually, type Program, runProgram } from './program.ts';
import { AlertStream, Stage } from './stage.ts';

let program: Program;
let stage: Stage;

const BASE = [
  { prefix: '10.1.0.0/16', origins: [64501], group: 'first' },
  { prefix: '10.2.0.0/16', origins: [64502], group: 'second' },
  { asn: 64510, group: 'learns' },
];
const FROM = { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 3356 };

beforeAll(async () => {
  program = await buildProgram();
  stage = await Stage.set(program, { watch: BASE });
  await stage.start();
});
afterAll(async () => {
  await stage?.close();
  program?.remove();
});

const said = (prefix: string, origin: number | undefined): string =>
  frameOf(
    { from: FROM, prefix, path: origin === undefined ? undefined : [FROM.peerAsn, origin] },
    Date.now(),
  );

const reloads = (result: string): Promise<number> =>
  stage.metric('originwatch_reloads_total', `result="${result}"`);

const metrics = async (): Promise<string> => (await fetch(`${stage.url}/metrics`)).text();

/** Puts the watchlist in place and waits until the daemon has taken it over, told by the file alone. */
async function edit(watch: readonly unknown[]): Promise<void> {
  const before = await reloads('ok');
  stage.writeWatchlist(watch);
  await eventually('the reload', async () => (await reloads('ok')) > before);
}

const received = (): readonly Record<string, unknown>[] => stage.simulator.clients[0]?.received ?? [];
const changes = (from: number) =>
  received()
    .slice(from)
    .filter(({ type }) => type !== 'ping')
    .map(({ type, data }) => ({ ask: type, ...(data as Record<string, unknown>) }));

test('an edit subscribes what is new, unsubscribes what is gone, and keeps the connection', async () => {
  const { connections } = stage.simulator;
  const before = received().length;
  await edit([BASE[0], BASE[2], { prefix: '10.3.0.0/16', origins: [64503] }, { asn: 64511 }]);
  await stage.simulator.until(() => changes(before).length >= 3);
  const common = { type: 'UPDATE', socketOptions: { acknowledge: true, includeRaw: false } };
  const prefix = { ...common, moreSpecific: true, lessSpecific: true };
  expect(changes(before)).toEqual([
    { ask: 'ris_subscribe', ...prefix, prefix: ['10.3.0.0/16'] },
    { ask: 'ris_subscribe', ...common, path: '64511$' },
    { ask: 'ris_unsubscribe', ...prefix, prefix: ['10.2.0.0/16'] },
  ]);
  expect(stage.simulator.connections).toBe(connections);
  expect(stage.daemon.logged('reload.ok').at(-1)).toMatchObject({
    sections: ['watchlist'],
    watchlist: { added: ['10.3.0.0/16', 'AS64511'], removed: ['10.2.0.0/16'], changed: [], more: 0 },
  });
  const afterwards = received().length;
  await edit(BASE);
  await stage.simulator.until(() => changes(afterwards).length >= 3);
  expect(stage.simulator.connections).toBe(connections);
});

test('SIGHUP reloads too, and a reload without a change subscribes nothing', async () => {
  const [ok, before] = [await reloads('ok'), received().length];
  stage.daemon.child.kill('SIGHUP');
  await eventually('the reload', async () => (await reloads('ok')) > ok);
  expect(changes(before)).toEqual([]);
});

test('a wrong edit keeps the old watchlist in force and is shown', async () => {
  const before = await reloads('error');
  stage.writeWatchlist([...BASE, { prefix: '10.2.0.1/16' }, { prefx: '10.9.0.0/16' }]);
  await eventually('the refusal', async () => (await reloads('error')) > before);
  const [failed] = stage.daemon.logged('reload.failed').slice(-1);
  expect(JSON.stringify(failed)).toMatch(/10\.2\.0\.1\/16[\s\S]*prefx/);
  expect((await fetch(`${stage.url}/readyz`)).status).toBe(200);
  await stage.play(said('10.2.5.0/24', 64009));
  expect((await stage.alert('opened', 'second')).incident.offender).toBe(64009);
  await stage.play(said('10.2.5.0/24', undefined));
  await stage.alert('resolved', 'second');
  await edit(BASE);
});

test('an origin that the watchlist accepts resolves at once; refused again, the incident reopens', async () => {
  await stage.play(said('10.1.0.0/16', 64007));
  const { incident } = await stage.alert('opened', 'first');
  expect(incident).toMatchObject({ kind: 'origin-change', offender: 64007 });
  await edit([{ ...BASE[0], origins: [64501, 64007] }, BASE[1], BASE[2]]);
  const resolved = await stage.alert('resolved', 'first');
  expect(resolved).toMatchObject({
    reason: 'accepted',
    incident: { id: incident.id, state: 'resolved', resolution: 'accepted' },
  });
  await edit(BASE);
  const reopened = await stage.alert('reopened', 'first');
  expect(reopened).toMatchObject({
    reason: 'returned',
    incident: { id: incident.id, state: 'open', resolution: null, reopenedCount: 1 },
  });
  await stage.play(said('10.1.0.0/16', undefined));
});

test('what a watched AS begins to originate is subscribed, so that its withdrawal is seen', async () => {
  const subscribed = (): boolean =>
    stage.simulator.clients.some(({ subscriptions }) =>
      subscriptions.some(({ prefix }) => prefix === '203.0.113.0/24'),
    );
  await stage.play(said('203.0.113.0/24', 64510));
  await stage.simulator.until(subscribed);
  await stage.play(said('203.0.113.0/24', undefined));
});

test('changed receivers take over from the old ones; what needs a restart is named and left as it is', async () => {
  const config = readFileSync(stage.configPath, 'utf8');
  const { connections } = stage.simulator;
  const ok = await reloads('ok');
  stage.replace(
    'originwatch.yaml',
    config
      .replace('name: siem', 'name: archive')
      .replace('/siem', '/archive')
      .replace('url: ws:', 'name: other\n    url: ws:'),
  );
  await eventually('the reload', async () => (await reloads('ok')) > ok);
  expect(stage.daemon.logged('reload.restart-needed').at(-1)?.keys).toEqual(['feeds']);
  await eventually('the new receiver', async () => (await metrics()).includes('receiver="archive"'));
  expect(await metrics()).not.toContain('originwatch_outbox_pending{receiver="siem"}');
  await stage.play(said('10.1.7.0/24', 64011));
  await eventually('the delivery', () => stage.webhook.received.some(({ path }) => path === '/archive'));
  expect(stage.simulator.connections).toBe(connections);
  await stage.play(said('10.1.7.0/24', undefined));
  stage.replace('originwatch.yaml', config);
  await eventually('the reload back', async () => (await reloads('ok')) > ok + 1);
});

test('a second daemon on the same state directory ends with 1 and says why', async () => {
  const { code, stderr } = await runProgram(program, ['run', '--config', stage.configPath]);
  expect(code).toBe(1);
  expect(stderr).toContain('another daemon runs on');
  expect(stderr).not.toContain('    at ');
  expect((await fetch(`${stage.url}/readyz`)).status).toBe(200);
});

test('a long watchlist is read in the background and changed in place, and a wrong one refused', async () => {
  const own = await Stage.set(program, { watch: BASE });
  const list = Array.from(
    { length: 50_000 },
    (_, n) =>
      `{"prefix":"10.${n >> 8}.${n & 255}.0/24","name":"n ${n}","group":"g${n % 3}","origins":[64501]}`,
  );
  const write = (lines: readonly string[]): void => own.replace('long.ndjson', `${lines.join('\n')}\n`);
  write(list);
  own.replace(
    'originwatch.yaml',
    readFileSync(own.configPath, 'utf8').replace('watchlist.yaml', 'long.ndjson'),
  );
  await own.start();
  await own.play(said('10.4.210.0/24', 64009));
  expect((await own.alert('opened', 'g1')).incident.offender).toBe(64009);
  const { connections } = own.simulator;
  const rightly = list.map((line, n) => (n === 1_234 ? line.replace('64501', '64009') : line));
  write([...rightly.slice(2), '{"prefix":"192.0.2.0/24","group":"new","origins":[64502]}']);
  expect((await own.alert('resolved', 'g1')).reason).toBe('accepted');
  await own.play(said('192.0.2.0/24', 64008));
  expect((await own.alert('opened', 'new')).incident.offender).toBe(64008);
  expect(own.simulator.connections).toBe(connections);
  write([...rightly.slice(0, 7), '{"prefix":"192.0.2.0"}', ...rightly.slice(7)]);
  const failed = await eventually('the refusal', () => own.daemon.logged('reload.failed')[0]);
  expect(JSON.stringify(failed.problems)).toContain('long.ndjson:8:');
  write([...rightly.slice(2), '{"prefix":"192.0.2.0/24","group":"new","origins":[64502]}']);
  await eventually('the reload', () => own.daemon.logged('reload.ok').length === 2);
  expect((await own.get<{ entries: unknown[] }>('/api/v1/watchlist')).entries).toHaveLength(49_999);
  await own.close();
});

test('SIGTERM ends it with 0, though a receiver hangs and a reader listens', async () => {
  const own = await Stage.set(program, { watch: BASE });
  own.webhook.mode = 'hang';
  await own.start();
  expect(statSync(own.file('state/admin-token')).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(own.file('state/daemon.json'), 'utf8'))).toMatchObject({
    url: own.url,
    pid: own.daemon.child.pid,
  });
  const stream = await AlertStream.open(own.url);
  await own.play(said('10.1.5.0/24', 64009));
  await eventually('the alert', () => stream.alerts.length > 0);
  const { code } = await own.daemon.end('SIGTERM');
  expect(code).toBe(0);
  expect(existsSync(own.file('state/daemon.json'))).toBe(false);
  stream.close();
  await own.close();
});
