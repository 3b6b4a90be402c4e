/**
 * Seeds through the simulated world: crashes, stalls and lost sessions in any order. `SIMULATION_SEEDS=1000` runs more;
 * a failing seed is named, and `SIMULATION_SEED=N` runs it alone.
 */
import { describe, expect, it } from 'vitest';
import { World } from './world.ts';

const ONE = process.env.SIMULATION_SEED;
const SEEDS =
  ONE === undefined
    ? Array.from({ length: Number(process.env.SIMULATION_SEEDS ?? 20) }, (_, index) => index + 1)
    : [Number(ONE)];
const STEPS = 120;

describe('whatever happens', () => {
  it.each(SEEDS)(
    'nothing that stands is missed and nothing that is gone stays open (SIMULATION_SEED=%i)',
    (seed) => {
      const world = new World(seed);
      world.run(STEPS);
      expect(world.violations).toEqual([]);
    },
  );

  it('the same seed tells the same alerts, byte for byte', () => {
    const [one, two] = [new World(7), new World(7)];
    one.run(STEPS);
    two.run(STEPS);
    expect(JSON.stringify(two.machine.alerts())).toBe(JSON.stringify(one.machine.alerts()));
    expect(one.machine.alerts().length).toBeGreaterThan(3);
  });
});

describe('the canary', () => {
  it('is found dead: a world that loses withdrawals violates what must be true', () => {
    const violations = SEEDS.slice(0, 5).flatMap((seed) => {
      const world = new World(seed, { losesWithdrawals: true });
      world.run(STEPS);
      return world.violations;
    });
    expect(violations.join('\n')).toMatch(/still open/);
  });
});
