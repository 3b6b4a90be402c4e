/** A storm of routes of one attacker: one incident, whose record is written now and then and never left behind. */
import { describe, expect, it } from 'vitest';
import { prefixOf } from '../../src/bgp/prefix.ts';
import { configOf, Machine, MINUTE, T0, watch } from './fixture.ts';

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

  it('is found by every prefix, of which no transaction writes more than some', () => {
    const sizes: number[] = [];
    const machine = new Machine(configOf([{ ...WIDE, minPeers: 2 }]));
    const { store, driver } = machine;
    const commit = store.commit.bind(store);
    store.commit = (batch) => {
      sizes.push((batch.unlisted ?? []).reduce((sum, { prefixes }) => sum + prefixes.length, 0));
      commit(batch);
    };
    // Held back until a second peer AS shows one of them: then all of it comes at once.
    storm(machine, 6_000);
    expect(machine.alerts()).toEqual([]);
    for (let n = 0; n < 6_000; n += 200) machine.announce(T0 + 6_001, prefixesFrom(n, 200), '1299 666', 2);
    driver.commitAll();
    expect(routesTotal(machine)).toBe(6_000);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2_000);
    for (const n of [0, 999, 2_001, 5_999]) {
      const prefix = prefixOf(prefixesFrom(n, 1));
      expect(store.archive.incidents({ limit: 10, prefix }).incidents).toHaveLength(1);
    }
  });

  it('whose routes all turn ten minutes old tells it once, and ends when the last one goes', () => {
    const machine = new Machine(configOf([WIDE]));
    storm(machine, 3_000);
    machine.runTo(T0 + 15 * MINUTE);
    for (let n = 0; n < 2_999; n += 200)
      machine.withdraw(T0 + 16 * MINUTE + n, prefixesFrom(n, Math.min(200, 2_999 - n)));
    machine.runTo(T0 + 30 * MINUTE);
    expect(machine.story().filter((told) => told.startsWith('resolved'))).toEqual([]);
    machine.withdraw(T0 + 31 * MINUTE, prefixesFrom(2_999, 1));
    machine.runTo(T0 + 40 * MINUTE);
    expect(machine.story().filter((told) => told.startsWith('resolved'))).toEqual(['resolved ended']);
    expect(routesTotal(machine)).toBe(3_000);
  });
});

/** Prefixes of the storm from the n-th on, as text. */
function prefixesFrom(n: number, count: number): string {
  return Array.from({ length: count }, (_, at) => `10.${(n + at) >> 8}.${(n + at) & 255}.0/24`).join(' ');
}
