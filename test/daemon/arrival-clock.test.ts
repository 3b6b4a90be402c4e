/** Stamps of arrival while the machine's clocks are set, stand still, or go wrong for a moment. */
import { describe, expect, test } from 'vitest';
import { ArrivalClock, SETTLED_MS } from '../../src/daemon/clock/arrival-clock.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const SECOND = 1_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A machine whose clocks the test turns. */
class Machine {
  wall = START + 0.25;
  steady = 5_000.5;
  up = 77_000;
  readonly jumps: number[] = [];
  readonly clock = new ArrivalClock({
    machine: { wallMs: () => this.wall, steadyMs: () => this.steady, uptimeMs: () => this.up },
    onJump: (aheadMs) => this.jumps.push(aheadMs),
  });

  /** Time passes. */
  pass(ms: number): void {
    this.wall += ms;
    this.steady += ms;
    this.up += ms;
  }

  sleep(ms: number): void {
    this.wall += ms;
    this.up += ms;
  }
}

describe('stamps of arrival', () => {
  test('are those of the wall clock, in whole ms, while it runs evenly, drift and all', () => {
    const machine = new Machine();
    for (let n = 0; n < 1_000; n += 1) {
      machine.pass(SECOND);
      machine.wall += 0.5;
      expect(machine.clock.nowMs()).toBe(Math.floor(machine.wall));
    }
    expect(machine.jumps).toEqual([]);
    expect(machine.clock.leap()).toBeUndefined();
  });

  test.each([
    ['90 s back', -90 * SECOND],
    ['an hour back', -HOUR],
    ['two days back', -2 * DAY],
    ['two days ahead', 2 * DAY],
  ])('pass evenly over a wall clock that is set %s, and the jump is said once', (_, byMs) => {
    const machine = new Machine();
    const before = machine.clock.nowMs();
    machine.wall += byMs;
    for (let n = 1; n <= 60; n += 1) {
      machine.pass(SECOND);
      expect(machine.clock.nowMs()).toBe(before + n * SECOND);
      expect(machine.clock.leap()).toBeUndefined();
    }
    expect(machine.jumps).toEqual([byMs]);
    expect(machine.clock.aheadMs()).toBeCloseTo(byMs, -1);
  });

  test('are the wall clock’s again when it comes back, and that is said too', () => {
    const machine = new Machine();
    machine.clock.nowMs();
    machine.wall += 2 * DAY;
    machine.pass(3 * SECOND);
    machine.clock.nowMs();
    machine.wall -= 2 * DAY;
    machine.pass(SECOND);
    expect(machine.clock.nowMs()).toBe(Math.floor(machine.wall));
    expect(machine.jumps).toEqual([2 * DAY, 0]);
    expect(machine.clock.aheadMs()).toBe(0);
  });

  test('never decrease, whatever the wall clock does', () => {
    const machine = new Machine();
    let last = machine.clock.nowMs();
    for (const byMs of [-999, 500, -HOUR, 10 * DAY, -11 * DAY, 999, HOUR, 0]) {
      machine.wall += byMs;
      machine.pass(10);
      const now = machine.clock.nowMs();
      expect(now).toBeGreaterThanOrEqual(last);
      expect(now - last).toBeLessThanOrEqual(1_010);
      last = now;
    }
  });

  test('leap over the time that the machine was suspended, at once', () => {
    const machine = new Machine();
    const before = machine.clock.nowMs();
    machine.sleep(2 * HOUR);
    machine.pass(SECOND);
    expect(machine.clock.nowMs()).toBe(before + SECOND);
    expect(machine.clock.leap()).toEqual({ cause: 'suspended', byMs: 2 * HOUR });
    expect(machine.clock.nowMs()).toBe(Math.floor(machine.wall));
    expect(machine.clock.leap()).toBeUndefined();
    machine.sleep(HOUR);
    expect(machine.clock.leap()).toEqual({ cause: 'suspended', byMs: HOUR });
  });

  test('follow a wall clock that was put right when it has stayed so for a while, forward only', () => {
    const machine = new Machine();
    machine.clock.nowMs();
    machine.wall += HOUR;
    machine.clock.nowMs();
    machine.pass(SETTLED_MS - 1);
    expect(machine.clock.leap()).toBeUndefined();
    machine.pass(1);
    expect(machine.clock.leap()).toEqual({ cause: 'stepped', byMs: HOUR });
    machine.wall -= 2 * HOUR;
    machine.clock.nowMs();
    machine.pass(10 * SETTLED_MS);
    expect(machine.clock.leap()).toBeUndefined();
  });

  test('wait anew when the wall clock jumps again meanwhile', () => {
    const machine = new Machine();
    machine.clock.nowMs();
    machine.wall += HOUR;
    machine.clock.nowMs();
    machine.pass(SETTLED_MS - SECOND);
    machine.wall += DAY;
    machine.clock.nowMs();
    machine.pass(2 * SECOND);
    expect(machine.clock.leap()).toBeUndefined();
    expect(machine.jumps).toEqual([HOUR, HOUR + DAY]);
  });
});
