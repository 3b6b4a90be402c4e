/** Which alerts of a recording are told, and when: those that were committed. */
import { describe, expect, test } from 'vitest';
import { ReplayedAlerts } from '../../src/cli/commands/replayed-alerts.ts';
import type { Published } from '../../src/engine/ports.ts';
import type { Alert } from '../../src/incident/alert.ts';

function stage(): { told: number[]; alerts: ReplayedAlerts; judge(...seqs: number[]): void } {
  const told: number[] = [];
  const alerts = new ReplayedAlerts(({ seq }) => told.push(seq));
  const judge = (...seqs: number[]): void =>
    alerts.committed(seqs.map((seq): Published => ({ type: 'alert', alert: { seq } as Alert })));
  return { told, alerts, judge };
}

describe('alerts of a replay', () => {
  test('are told at once where nothing says what was committed', () => {
    const { told, judge } = stage();
    judge(1, 2);
    expect(told).toEqual([1, 2]);
  });

  test('of a recording are told when it says that they were committed', () => {
    const { told, alerts, judge } = stage();
    alerts.begin(1);
    judge(1, 2, 3);
    expect(told).toEqual([]);
    alerts.through(2);
    expect(told).toEqual([1, 2]);
  });

  test('that a kill took before they were committed are not told, and their numbers come again', () => {
    const { told, alerts, judge } = stage();
    alerts.begin(1);
    judge(1, 2, 3);
    alerts.through(1);
    alerts.begin(3);
    expect(told).toEqual([1, 2]);
    judge(3);
    alerts.through(3);
    expect(told).toEqual([1, 2, 3]);
  });

  test('behind which the recording ends are told: nobody knows better', () => {
    const { told, alerts, judge } = stage();
    alerts.begin(1);
    judge(1);
    alerts.end();
    expect(told).toEqual([1]);
  });
});
