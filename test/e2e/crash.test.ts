/** Killed with -9 at any point of the story, and started again on the same state: the story ends the same. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Alert } from '../../src/incident/alert.ts';
import { buildProgram, eventually, type Program } from './program.ts';
import { Stage } from './stage.ts';
import { type Cast, castOf, EVENTS, OFFENDER, type Step, stepsOf, TOLD_AFTER, watchOf } from './story.ts';

let program: Program;
let stage: Stage;

beforeAll(async () => {
  program = await buildProgram();
});
afterEach(async () => {
  await stage?.close();
});
afterAll(() => program?.remove());

const LAST = EVENTS.length;
const LAST_STEP = TOLD_AFTER.length - 1;

test('killed once, with a story at every of its steps: each ends as if nothing had been', async () => {
  const casts = stepsOf(castOf(0)).map((_, number) => castOf(number));
  await setUp(casts);
  for (const [number, cast] of casts.entries()) {
    for (const [index, step] of stepsOf(cast).entries()) if (index <= number) await tell(cast, step, index);
  }
  await stage.kill();
  await stage.start();
  for (const [number, cast] of casts.entries()) {
    for (const [index, step] of stepsOf(cast).entries()) {
      if (index <= number) continue;
      // The all-clears are waited for together.
      if (index === LAST_STEP) await stage.play(...step(Date.now()));
      else await tell(cast, step, index);
    }
  }
  for (const cast of casts) await told(cast, LAST);
  await expectTheWholeStory(casts);
});

test('killed after every step, and again before the all-clear: it ends as if nothing had been', async () => {
  const cast = castOf(0);
  await setUp([cast]);
  for (const [index, step] of stepsOf(cast).entries()) {
    if (index === LAST_STEP) await stage.play(...step(Date.now()));
    else await tell(cast, step, index);
    await stage.kill();
    await stage.start();
  }
  await told(cast, LAST);
  await stage.kill();
  await stage.start();
  await expectTheWholeStory([cast]);
});

async function setUp(casts: readonly Cast[]): Promise<void> {
  stage = await Stage.set(program, { watch: casts.flatMap(watchOf) });
  await stage.start();
}

async function tell(cast: Cast, step: Step, index: number): Promise<void> {
  await stage.play(...step(Date.now()));
  await told(cast, TOLD_AFTER[index] ?? 0);
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
