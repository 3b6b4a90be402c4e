/** Killed with -9 at any point of the story, and started again on the same state: the story ends the same. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Alert } from '../../src/incident/alert.ts';
import { buildProgram, eventually, type Program, runProgram } from './program.ts';
import { Stage } from './stage.ts';
import { type Cast, castOf, EVENTS, OFFENDER, stepsOf, TOLD_AFTER, watchOf } from './story.ts';

let program: Program;
let stage: Stage;

beforeAll(async () => {
  program = await buildProgram();
});
afterEach(async () => {
  await stage?.close();
});
afterAll(() => program?.remove());

const LAST_STEP = TOLD_AFTER.length - 1;

test('killed with a story at every of its steps, and again a step later: each ends as if nothing had been', async () => {
  const casts = stepsOf(castOf(0)).map((_, number) => castOf(number));
  stage = await Stage.set(program, { watch: casts.flatMap(watchOf) });
  await start();
  await advance(casts, (number) => [0, number + 1]);
  await killAndStart();
  await advance(casts, (number) => [number + 1, number + 2]);
  await killAndStart();
  await advance(casts, (number) => [number + 2, LAST_STEP + 1]);
  for (const cast of casts) await told(cast, EVENTS.length);
  await killAndStart();
  await expectTheWholeStory(casts);
}, 90_000);

/** Every start goes on with the same recording. */
function start(): Promise<void> {
  return stage.start('--record', stage.file('live.ndjson'));
}

async function killAndStart(): Promise<void> {
  await stage.kill();
  await start();
}

/** Plays of each cast, by its number, the steps of this range. */
async function advance(
  casts: readonly Cast[],
  range: (number: number) => readonly [number, number],
): Promise<void> {
  for (const [number, cast] of casts.entries()) {
    const [from, to] = range(number);
    for (const [index, step] of stepsOf(cast).entries()) {
      if (index < from || index >= to) continue;
      await stage.play(...step(Date.now()));
      // The all-clears are waited for together.
      if (index !== LAST_STEP) await told(cast, TOLD_AFTER[index] ?? 0);
    }
  }
}

function told({ group }: Cast, count: number): Promise<boolean> {
  return eventually(
    `${count} alerts of ${group}`,
    async () => ofGroup(await stage.alerts(), group).length >= count,
  );
}

function ofGroup(alerts: readonly Alert[], group: string): readonly Alert[] {
  return alerts.filter(({ incident }) => incident.group === group);
}

async function expectTheWholeStory(casts: readonly Cast[]): Promise<void> {
  const alerts = await stage.alerts();
  expect(alerts.map(({ seq }) => seq)).toEqual(alerts.map((_, index) => index + 1));
  expect(new Set(alerts.map(({ id }) => id)).size).toBe(alerts.length);
  for (const { group, taken } of casts) {
    const own = ofGroup(alerts, group);
    expect(own.map(({ event }) => event)).toEqual(EVENTS);
    expect(new Set(own.map(({ incident }) => incident.id)).size).toBe(1);
    expect(own.at(-1)?.incident).toMatchObject({
      kind: 'sub-prefix',
      offender: OFFENDER,
      peakSeverity: 'critical',
      state: 'resolved',
      resolution: 'withdrawn',
      reopenedCount: 0,
      routes: taken.map((prefix) => ({ prefix, active: false })),
    });
  }
  expect(await stage.incidents()).toHaveLength(casts.length);
  await expectEveryDelivery(alerts);
  await expectTheSameReplayed();
}

/** The recording goes on in the same file with each start. */
async function expectTheSameReplayed(): Promise<void> {
  const args = ['replay', '--json', '--config', stage.configPath, stage.file('live.ndjson')];
  const { stdout } = await runProgram(program, args);
  const replayed = stdout.trimEnd().split('\n');
  expect(replayed.map((line) => JSON.parse(line))).toEqual(await stage.alerts());
}

/** At least once; and whatever came twice came under the same key with the same words. */
async function expectEveryDelivery(alerts: readonly Alert[]): Promise<void> {
  const { received } = stage.webhook;
  const keys = (): Set<unknown> => new Set(received.map(({ headers }) => headers['idempotency-key']));
  await eventually('every delivery', () => keys().size >= alerts.length);
  expect(keys()).toEqual(new Set(alerts.map(({ id }) => id)));
  const byId = new Map(alerts.map((alert) => [alert.id, alert]));
  for (const { headers, body } of received)
    expect(JSON.parse(body).data).toEqual(byId.get(String(headers['idempotency-key'])));
}
