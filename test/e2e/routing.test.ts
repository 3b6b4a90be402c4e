/** Routes, escalation, reminders, silences and planned changes, from the configuration to what receivers get. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frameOf } from '../../src/demo/kakao-2022.ts';
import type { Incident } from '../../src/incident/alert.ts';
import { buildProgram, eventually, type Program, runProgram } from './program.ts';
import { Stage } from './stage.ts';
import { type Cast, castOf, OFFENDER, stepsOf, watchOf } from './story.ts';

let program: Program;
let stage: Stage;
/** Told and escalated; routed elsewhere; acknowledged in time; silenced; a planned change. */
const [LOUD, OTHER, SEEN, QUIET, PLANNED] = [0, 1, 2, 3, 4].map(castOf) as [Cast, Cast, Cast, Cast, Cast];
/** 60 ms, and 90 ms for a reminder: small, so that reminders come while the test looks. */
const ESCALATE = { afterMinutes: 0.001, receivers: ['boss'] };
const LATE = { afterMinutes: 10, receivers: ['boss'] };

beforeAll(async () => {
  program = await buildProgram();
  const options = { watch: [LOUD, OTHER, SEEN, QUIET, PLANNED].flatMap(watchOf) };
  stage = await Stage.set(program, {
    ...options,
    receivers: [{ name: 'boss', type: 'webhook', url: { file: 'boss-url' } }],
    routes: [
      { match: { group: LOUD.group }, receivers: ['siem'], escalate: ESCALATE, repeatMinutes: 0.0015 },
      { match: { group: OTHER.group, severity: 'critical' }, receivers: ['boss'] },
      { match: { prefix: SEEN.taken[0] }, receivers: ['siem'], escalate: LATE },
      { receivers: ['siem'] },
    ],
  });
  stage.replace('boss-url', `http://127.0.0.1:${stage.webhook.port}/boss`);
  await stage.start();
});
afterAll(async () => {
  await stage?.close();
  program?.remove();
});

interface Told {
  readonly path: string;
  readonly type: string;
  readonly key: unknown;
  readonly incident: Incident;
}

function told({ group }: Cast): readonly Told[] {
  return stage.webhook.received
    .map(({ path, headers, body }) => {
      const { type, data } = JSON.parse(body);
      return { path, type, key: headers['idempotency-key'], incident: data.incident as Incident };
    })
    .filter(({ incident }) => incident.group === group);
}

async function begin(cast: Cast): Promise<void> {
  for (const step of stepsOf(cast).slice(0, 2)) await stage.play(...step(Date.now()));
}

async function end(cast: Cast): Promise<void> {
  for (const step of stepsOf(cast).slice(4)) await stage.play(...step(Date.now()));
}

async function operate(...args: string[]): Promise<void> {
  const { code, stderr } = await runProgram(program, [...args, '--config', stage.configPath]);
  expect([code, stderr]).toEqual([0, '']);
}

test('an incident goes to its route, to more people when nobody acknowledges, and again and again', async () => {
  await begin(LOUD);
  const escalated = await eventually('the boss', () => told(LOUD).find(({ path }) => path === '/boss'));
  const [first] = told(LOUD);
  expect(first).toMatchObject({ path: '/siem', type: 'org.originwatch.alert.opened' });
  expect(escalated.key).toBe(first?.key);
  await eventually('two reminders', () => told(LOUD).filter(({ path }) => path === '/siem').length >= 3);
  await operate('incidents', 'ack', first?.incident.id ?? '', '--by', 'duty');
  await end(LOUD);
  const over = await eventually('the all-clear for both', () => {
    const found = told(LOUD).filter(({ type }) => type.endsWith('.resolved'));
    return found.length >= 2 && found;
  });
  expect(over.map(({ path }) => path).sort()).toEqual(['/boss', '/siem']);
});

test('the first route that matches decides', async () => {
  await begin(OTHER);
  await begin(SEEN);
  await eventually('both', () => told(OTHER).length + told(SEEN).length === 2);
  expect(told(OTHER).map(({ path }) => path)).toEqual(['/boss']);
  expect(told(SEEN).map(({ path }) => path)).toEqual(['/siem']);
  const view = await runProgram(program, [
    'notify',
    'route',
    OTHER.taken[0],
    `6461 ${OFFENDER}`,
    '--config',
    stage.configPath,
  ]);
  expect(view.stdout).toMatch(/boss.*route 2 matches/);
});

test('of what is silenced nobody hears until the silence ends, and then of what still stands', async () => {
  await operate('silence', 'add', '--group', QUIET.group, '--ends', '1h', '--by', 'duty');
  await begin(QUIET);
  await stage.alert('opened', QUIET.group);
  expect(told(QUIET)).toEqual([]);
  const { silences } = await stage.get<{ silences: { id: string }[] }>('/api/v1/silences');
  await operate('silence', 'expire', silences[0]?.id ?? '', '--by', 'duty');
  await eventually('what still stands', () => told(QUIET).length > 0);
});

test('a planned change is no incident while it lasts, and one when it has ended', async () => {
  const [entry] = PLANNED.watch;
  const planned = ['--prefix', entry?.prefix ?? '', '--expected-origin', '64999'];
  await operate('silence', 'add', ...planned, '--ends', '1h', '--by', 'duty', '--note', 'CHG-7');
  const from = { collector: 'rrc00', peerAddress: '192.0.2.61', peerAsn: 6461 };
  const moved = { from, prefix: entry?.prefix ?? '', path: [6461, 64999] };
  await stage.play(frameOf(moved, Date.now()));
  expect(await stage.incidents(`?group=${PLANNED.group}`)).toEqual([]);
  const { silences } = await stage.get<{ silences: { id: string; note: string }[] }>('/api/v1/silences');
  const change = silences.find(({ note }) => note === 'CHG-7');
  await operate('silence', 'expire', change?.id ?? '', '--by', 'duty');
  await stage.alert('opened', PLANNED.group);
});
