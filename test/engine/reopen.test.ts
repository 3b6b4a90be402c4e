/** Resolved by hand while its route stands: reopened by new evidence alone, and by all of it (detection.md §4). */
import { describe, expect, it } from 'vitest';
import { configOf, HOUR, Machine, MINUTE, SECOND, T0, watch } from './fixture.ts';

const OURS = watch('203.0.113.0/24', { origins: [64_500], maxLength: 24 });
const AUTHOR = { by: 'kim', note: 'known', scope: 'write' } as never;
const RESOLVED = ['opened first-sighting', 'resolved operator'];

/** A hijack at one vantage point, resolved by hand a minute later. */
function resolved(): Machine {
  const machine = new Machine(configOf([OURS]));
  machine.announce(T0, '203.0.113.0/24', '3356 666', 1);
  resolve(machine, T0 + MINUTE);
  expect(machine.story()).toEqual(RESOLVED);
  return machine;
}

function resolve(machine: Machine, atMs: number): void {
  const id = machine.alerts()[0]?.incident.id ?? expect.fail('no incident');
  machine.act({ type: 'resolve', id, author: AUTHOR }, atMs);
  machine.driver.commit(true);
}

const seenBy = (machine: Machine, atMs: number, first: number, last: number): void => {
  for (let from = first; from <= last; from += 1)
    machine.announce(atMs + from, '203.0.113.0/24', `${3000 + from} 666`, from);
};

describe('an incident that was resolved by hand while its route stands', () => {
  it('reopens when the route is seen by more than three vantage points, and again with each further step', () => {
    const machine = resolved();
    seenBy(machine, T0 + 2 * MINUTE, 2, 3);
    expect(machine.story()).toEqual(RESOLVED);
    seenBy(machine, T0 + 3 * MINUTE, 4, 6);
    expect(machine.story()).toEqual([...RESOLVED, 'reopened returned']);
    expect(
      machine
        .alerts()
        .at(-1)
        ?.incident.evidence.map(({ code }) => code),
    ).toContain('reach');
    resolve(machine, T0 + 4 * MINUTE);
    seenBy(machine, T0 + 5 * MINUTE, 7, 12);
    expect(machine.story()).toHaveLength(4);
    seenBy(machine, T0 + 6 * MINUTE, 13, 13);
    expect(machine.story().slice(3)).toEqual(['resolved operator', 'reopened returned']);
  });

  it('stays resolved when the same is announced again, and when only what lowers the score comes', () => {
    const machine = resolved();
    for (let minute = 2; minute < 9; minute += 1)
      machine.announce(T0 + minute * MINUTE, '203.0.113.0/24', '3356 666', 1);
    machine.announce(T0 + 9 * MINUTE, '203.0.113.0/24', '3356 3356 666', 1);
    // Ten minutes old and at one vantage point; thirty days old.
    machine.runTo(T0 + 23 * HOUR);
    expect(machine.story()).toEqual(RESOLVED);
  });

  it.each([
    ['a new route', '203.0.113.128/25', '3356 666'],
    ['a row that it did not have', '203.0.113.0/24', '3356 2914 174 9999 3257 666'],
  ])('reopens with %s', (_what, prefix, path) => {
    const machine = resolved();
    machine.announce(T0 + 2 * MINUTE, prefix, path, 1);
    expect(machine.story()).toEqual([...RESOLVED, 'reopened returned']);
  });

  it('keeps what was known over a restart', () => {
    const machine = new Machine(configOf([OURS]));
    seenBy(machine, T0, 1, 4);
    resolve(machine, T0 + MINUTE);
    const before = machine.story();
    machine.crash(T0 + 2 * MINUTE);
    seenBy(machine, T0 + 3 * MINUTE, 1, 4);
    machine.runTo(T0 + 20 * MINUTE);
    expect(machine.story()).toEqual(before);
    seenBy(machine, T0 + 21 * MINUTE, 5, 13);
    expect(machine.story()).toEqual([...before, 'reopened returned']);
  });

  it('reopens when its route went and comes back', () => {
    const machine = resolved();
    machine.withdraw(T0 + 2 * MINUTE, '203.0.113.0/24', 1);
    machine.announce(T0 + 2 * MINUTE + SECOND, '203.0.113.0/24', '3356 666', 1);
    expect(machine.story()).toEqual([...RESOLVED, 'reopened returned']);
  });
});
