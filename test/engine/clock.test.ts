/** What the engine makes of stamps that leap, and of a clock that was ahead before a restart. */
import { describe, expect, test } from 'vitest';
import { configOf, HOUR, Machine, MINUTE, SECOND, T0, watch } from './fixture.ts';

const OURS = watch('203.0.113.0/24', { origins: [64500] });
const DAY = 24 * HOUR;
const author = { by: 'kim', note: 'planned' };

function leap(machine: Machine, cause: 'suspended' | 'stepped', byMs: number, atMs: number): void {
  machine.act({ type: 'clock', leap: { cause, byMs } }, atMs);
  machine.driver.commit(true);
}

/** A hijack that is over since T0 + 1 min. */
function ended(feeds: readonly string[] = []): Machine {
  const machine = new Machine(configOf([OURS]), { feeds });
  if (feeds.length > 0) machine.feed(T0, 'live');
  machine.announce(T0, '203.0.113.0/24', '6461 666');
  machine.withdraw(T0 + MINUTE, '203.0.113.0/24');
  return machine;
}

const resolvedAt = (machine: Machine): readonly string[] =>
  machine.alerts().flatMap(({ event, at }) => (event === 'resolved' ? [at] : []));

describe('a leap of the clock', () => {
  test('fires nothing, and what is due so long after something is due as much later', () => {
    const machine = ended();
    leap(machine, 'stepped', 2 * DAY, T0 + 2 * MINUTE + 2 * DAY);
    expect(machine.story()).toEqual(['opened first-sighting']);
    machine.runTo(T0 + 6 * MINUTE + 2 * DAY - 1);
    expect(machine.story()).toEqual(['opened first-sighting']);
    machine.runTo(T0 + 6 * MINUTE + 2 * DAY);
    expect(resolvedAt(machine)).toEqual(['2026-01-03T00:06:00.000Z']);
  });

  test('comes after what was due before it, which fires at its own time', () => {
    const machine = ended();
    leap(machine, 'stepped', DAY, T0 + 10 * MINUTE + DAY);
    expect(resolvedAt(machine)).toEqual(['2026-01-01T00:06:00.000Z']);
  });

  test('leaves silences where the calendar has them', () => {
    const machine = new Machine(configOf([OURS]));
    const span = { startsAt: new Date(T0).toISOString(), endsAt: new Date(T0 + HOUR).toISOString() };
    const silence = { match: {}, expectedOrigin: 666, ...span, ...author };
    machine.actions.addSilence(silence, author, T0);
    machine.announce(T0 + MINUTE, '203.0.113.0/24', '6461 666');
    expect(machine.story()).toEqual([]);
    leap(machine, 'stepped', 2 * HOUR, T0 + 2 * MINUTE + 2 * HOUR);
    expect(machine.story()).toEqual(['opened first-sighting']);
  });

  test('over a suspended machine is no clear time: the minutes begin anew, and what was carried is in doubt', () => {
    const machine = ended(['ris']);
    machine.announce(T0 + MINUTE, '203.0.113.0/25', '6461 667', 2);
    leap(machine, 'suspended', HOUR, T0 + 5 * MINUTE + HOUR);
    machine.runTo(T0 + 10 * MINUTE + HOUR - 1);
    expect(resolvedAt(machine)).toEqual([]);
    machine.runTo(T0 + 10 * MINUTE + HOUR);
    expect(resolvedAt(machine)).toEqual(['2026-01-01T01:10:00.000Z']);
    const standing = [...machine.core.book.every()].find(({ offender }) => offender === 667);
    const doubts = standing?.routes.values().flatMap(({ carriers }) => [...carriers.values()]);
    expect(doubts?.map(({ doubt }) => doubt)).toEqual([1]);
    machine.runTo(T0 + DAY);
    expect(machine.alerts().filter(({ incident }) => incident.offender === 667)).toHaveLength(1);
  });

  test('keeps the order in which things are due', () => {
    const machine = new Machine(configOf([OURS, watch('198.51.100.0/24', { origins: [64500] })]));
    machine.announce(T0, '198.51.100.0/24', '6461 667');
    machine.announce(T0, '203.0.113.0/24', '6461 666');
    machine.withdraw(T0 + SECOND, '203.0.113.0/24');
    machine.withdraw(T0 + SECOND, '198.51.100.0/24');
    leap(machine, 'stepped', DAY, T0 + MINUTE + DAY);
    machine.runTo(T0 + 2 * DAY);
    expect(machine.alerts().map(({ event, incident }) => `${event} ${incident.offender}`)).toEqual([
      'opened 667',
      'opened 666',
      'resolved 666',
      'resolved 667',
    ]);
  });
});

describe('a restart with a clock that was ahead before', () => {
  test('waits for nothing longer than it ever does', () => {
    const machine = ended(['ris']);
    machine.crash(T0 - 2 * DAY);
    machine.feed(T0 - 2 * DAY + SECOND, 'live');
    machine.runTo(T0 - 2 * DAY + 6 * MINUTE);
    expect(machine.story()).toEqual(['opened first-sighting', 'resolved ended']);
  });

  test('holds updates back no longer', () => {
    const machine = new Machine(configOf([OURS]));
    machine.announce(T0, '203.0.113.0/24', '6461 666');
    machine.announce(T0 + SECOND, '203.0.113.0/25', '6461 666');
    machine.announce(T0 + 2 * SECOND, '203.0.113.128/25', '6461 666');
    expect(machine.story()).toEqual(['opened first-sighting', 'updated route-added']);
    machine.crash(T0 - DAY);
    machine.runTo(T0 - DAY + MINUTE);
    expect(machine.story()).toEqual(['opened first-sighting', 'updated route-added', 'updated route-added']);
  });
});
