/** The composition itself: what only goes wrong when the parts are put together. */
import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { machineClocks } from '../../src/daemon/clock/machine-clocks.ts';
import { httpStandIn } from '../deliver/stand-ins.ts';
import { eventually } from '../e2e/program.ts';
import { LiveDaemon, type LiveDaemonOptions } from './live-daemon.ts';

const PREFIX = '203.0.113.0/24';
const HOUR_MS = 3_600_000;

let live: LiveDaemon | undefined;
afterEach(async () => {
  await live?.close();
  live = undefined;
});

async function started(options: LiveDaemonOptions = {}): Promise<LiveDaemon> {
  live = await LiveDaemon.start(options);
  return live;
}

describe('a wall clock that is set while the daemon runs', () => {
  test.each([
    ['90 s back', -90_000],
    ['an hour back', -HOUR_MS],
    ['two days ahead', 48 * HOUR_MS],
  ])('%s moves no deadline and no stamp, and is said', async (_, byMs) => {
    let stepMs = 0;
    const machine = { ...machineClocks, wallMs: () => Date.now() + stepMs };
    const { logged } = await started({ machine });
    live?.say(PREFIX, [3356, 666]);
    await live?.alert('opened');
    live?.say(PREFIX, undefined);
    stepMs = byMs;
    const beganMs = Date.now();
    const resolved = await live?.alert('resolved');
    expect(Date.now() - beganMs).toBeLessThan(10_000);
    expect(Math.abs(Date.parse(resolved?.at ?? '') - Date.now())).toBeLessThan(20_000);
    expect(logged.filter(({ event }) => event === 'clock.jumped')).toMatchObject([{ level: 40 }]);
    expect(await live?.metric('originwatch_clock_jumps_total')).toBe(1);
    expect(await live?.metric('originwatch_clock_ahead_seconds')).toBeCloseTo(byMs / 1_000, 0);
    live?.say(PREFIX, [3356, 666]);
    await live?.alert('reopened');
  });

  test('freezes no delivery that is to be tried again, and dates signatures by the machine’s clock', async () => {
    const receiver = await httpStandIn();
    receiver.mode = 'busy';
    let stepMs = 0;
    const machine = { ...machineClocks, wallMs: () => Date.now() + stepMs };
    const url = `http://127.0.0.1:${receiver.port}/`;
    const before = (one: LiveDaemon): void =>
      writeFileSync(one.file('hook-secret'), 'of this test alone', { mode: 0o600 });
    const hook = { name: 'hook', type: 'webhook', url, secret: { file: 'hook-secret' } };
    try {
      const { logged } = await started({ machine, config: { receivers: [hook] }, before });
      live?.say(PREFIX, [3356, 666]);
      await eventually('a failed try', () => logged.some(({ event }) => event === 'delivery.waiting'));
      stepMs = -HOUR_MS;
      receiver.mode = 'ok';
      await eventually(
        'the delivery',
        async () => (await live?.metric('originwatch_outbox_pending{receiver="hook"}')) === 0,
      );
      const told = receiver.received.at(-1)?.headers['originwatch-signature'];
      const seconds = Number(/t=(\d+)/.exec(String(told))?.[1]);
      expect(Math.abs(seconds * 1_000 + HOUR_MS - Date.now())).toBeLessThan(20_000);
    } finally {
      await receiver.close();
    }
  });

  test('over a suspended machine is followed at once, and the time is blind', async () => {
    let sleptMs = 0;
    const machine = {
      ...machineClocks,
      wallMs: () => Date.now() + sleptMs,
      uptimeMs: () => machineClocks.uptimeMs() + sleptMs,
    };
    const { logged } = await started({ machine, detection: { resolveAfterSeconds: 300 } });
    live?.say(PREFIX, [3356, 666]);
    await live?.alert('opened');
    live?.say(PREFIX, undefined);
    sleptMs = HOUR_MS;
    await eventually('the leap', () => logged.some(({ event }) => event === 'clock.followed'));
    live?.say('203.0.112.0/24', [3356, 667]);
    const { at } = (await live?.alert('opened', ({ offender }) => offender === 667)) ?? { at: '' };
    expect(Math.abs(Date.parse(at) - Date.now() - HOUR_MS)).toBeLessThan(20_000);
    expect((await live?.alerts())?.map(({ event }) => event)).not.toContain('resolved');
    const { intervals } = (await live?.get<{ intervals: { state: string; reason: string }[] }>(
      `/api/v1/coverage?from=${new Date(Date.now() - HOUR_MS).toISOString()}`,
    )) ?? { intervals: [] };
    expect(intervals).toContainEqual(
      expect.objectContaining({ state: 'blind', reason: 'the machine was suspended' }),
    );
  });
});
