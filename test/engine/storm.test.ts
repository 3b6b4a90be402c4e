/** A storm of routes of one attacker: one incident, whose record is written now and then and never left behind. */
import { describe, expect, it } from 'vitest';
import { prefixOf } from '../../src/bgp/prefix.ts';
import { configOf, Machine, T0, watch } from './fixture.ts';

const WIDE = watch('10.0.0.0/8', { origins: [64_500] });

/** One hijacked /24 a millisecond, each committed as a batch under load is. */
function storm(machine: Machine, count: number): void {
  for (let n = 0; n < count; n += 1) {
    const atMs = T0 + n;
    machine.driver.apply(
      {
        type: 'update',
        feed: 'replay',
        via: 'replay',
        raw: `storm ${n}`,
        update: {
          vantagePoint: { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 6461 },
          observedMs: atMs,
          path: [6461, 666],
          communities: [],
          announced: [prefixOf(`10.${n >> 8}.${n & 255}.0/24`)],
          withdrawn: [],
        },
      },
      atMs,
    );
    machine.driver.commit();
  }
}

function routesTotal(machine: Machine): number | undefined {
  const { incidents } = machine.store.archive.incidents({ limit: 10 });
  expect(incidents).toHaveLength(1);
  return incidents[0]?.routesTotal;
}

describe('a storm', () => {
  it('is one incident, written about once a second while it lasts and in full when quiet returns', () => {
    const machine = new Machine(configOf([WIDE]));
    storm(machine, 2_500);
    const written = routesTotal(machine) ?? 0;
    expect(written).toBeGreaterThan(1_000);
    expect(written).toBeLessThan(2_500);
    machine.driver.commit(true);
    expect(routesTotal(machine)).toBe(2_500);
    expect(machine.driver.isDirty).toBe(false);
  });

  it('that a crash cuts short is found again in the watched RIB', () => {
    const machine = new Machine(configOf([WIDE]));
    storm(machine, 2_500);
    machine.crash(T0 + 2_600);
    machine.runTo(T0 + 2_700);
    expect(routesTotal(machine)).toBe(2_500);
  });
});
