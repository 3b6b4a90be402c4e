/** A flood of offenders: a thousand incidents and one more that takes the rest; nobody's real one is hidden in it. */
import { describe, expect, it } from 'vitest';
import { type Prefix, prefixOf } from '../../src/bgp/prefix.ts';
import type { Alert, Incident } from '../../src/incident/alert.ts';
import { configOf, Machine, MINUTE, T0, watch } from '../engine/fixture.ts';

const FLOODED = watch('10.0.0.0/8', { origins: [64_500] });
const REAL = watch('203.0.113.0/24', { origins: [64_501], name: 'the bank' });
const OTHER_GROUP = watch('198.51.100.0/24', { origins: [64_502], group: 'other' });
const FAMILY_MAX = 1_001;
const DROPPED = 666_666;

function stage(): Machine {
  const config = configOf([FLOODED, REAL, OTHER_GROUP]);
  return new Machine({ ...config, knowledge: { ...config.knowledge, dropList: new Set([DROPPED]) } });
}

/** One offender each, one more-specific each; committed in company, as under load. */
function flood(machine: Machine, from: number, to: number, atMs = T0): void {
  for (let n = from; n < to; n += 1)
    say(machine, atMs + n, [prefixOf(prefixText(n))], [], [6461, 200_000 + n]);
  machine.driver.commit();
}

function ebb(machine: Machine, from: number, to: number, atMs: number): void {
  for (let n = from; n < to; n += 1) say(machine, atMs + n, [], [prefixOf(prefixText(n))], []);
  machine.driver.commit();
}

function prefixText(n: number): string {
  return `10.${(n >> 8) & 255}.${n & 255}.0/24`;
}

function say(machine: Machine, atMs: number, announced: Prefix[], withdrawn: Prefix[], path: number[]): void {
  const vantagePoint = { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 6461 };
  const update = { vantagePoint, observedMs: atMs, path, communities: [], announced, withdrawn };
  machine.driver.apply({ type: 'update', feed: 'replay', via: 'replay', raw: '', update }, atMs);
}

function open(machine: Machine): readonly Incident[] {
  const found: Incident[] = [];
  let cursor: string | undefined;
  do {
    const page = machine.store.archive.incidents({ state: ['open'], limit: 1000, ...(cursor && { cursor }) });
    found.push(...page.incidents);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return found;
}

function swarmsOf(machine: Machine): readonly Incident[] {
  return open(machine).filter(({ offender, group }) => offender === null && group === 'g');
}

function alertsSince(machine: Machine, seq: number): readonly Alert[] {
  return machine.store.archive.alertsAfter(seq, 1000);
}

describe('a flood of offenders', () => {
  it('is a thousand incidents and one that takes the rest, which says how many and names the heaviest', () => {
    const machine = stage();
    flood(machine, 0, 1_500);
    machine.runTo(T0 + 2 * MINUTE);
    expect(open(machine)).toHaveLength(FAMILY_MAX + 1);
    const [swarm] = swarmsOf(machine);
    expect(swarm).toMatchObject({
      offender: null,
      family: 'hijack',
      kind: 'sub-prefix',
      severity: 'critical',
    });
    expect(swarm?.routesTotal).toBe(1_500 - FAMILY_MAX);
    expect(swarm?.summary.en).toContain('499 networks at once announce 499 routes of 1 watched entries');
    expect(swarm?.summary.en).toContain('The heaviest: AS201001 announces 10.3.233.0/24');
    expect(swarm?.summary.ko).toContain('499');
  });

  it('tells a watch entry that it comes to at once, and lists it', () => {
    const machine = stage();
    flood(machine, 0, 1_300);
    const before = machine.store.archive.lastSeq();
    machine.announce(T0 + 1_301, '203.0.113.0/24', '6461 666');
    const [told] = alertsSince(machine, before);
    expect(told).toMatchObject({ event: 'updated', reason: 'route-added', incident: { offender: null } });
    const named = told?.incident.routes.find(({ prefix }) => prefix === '203.0.113.0/24');
    expect(named).toMatchObject({ originAs: [666], name: 'the bank', active: true });
    expect(told?.incident.summary.en).toContain('2 watched entries');
  });

  it('tells at once what is heavier than all before, and names it', () => {
    const machine = stage();
    flood(machine, 0, 1_300);
    const before = machine.store.archive.lastSeq();
    machine.announce(T0 + 1_301, '10.200.0.0/24', '6461 900000');
    expect(alertsSince(machine, before)).toEqual([]);
    machine.announce(T0 + 1_302, '10.201.0.0/24', `6461 ${DROPPED}`);
    const told = alertsSince(machine, before);
    expect(told).toMatchObject([{ event: 'updated', incident: { offender: null } }]);
    expect(told[0]?.incident.summary.en).toContain(`The heaviest: AS${DROPPED} announces 10.201.0.0/24`);
  });

  it('does not touch another group', () => {
    const machine = stage();
    flood(machine, 0, 1_300);
    const before = machine.store.archive.lastSeq();
    machine.announce(T0 + 1_301, '198.51.100.0/24', '6461 666');
    expect(alertsSince(machine, before)).toMatchObject([
      { event: 'opened', incident: { group: 'other', offender: 666 } },
    ]);
  });

  it('ends as its routes go, and leaves nothing standing', () => {
    const machine = stage();
    flood(machine, 0, 1_200);
    for (let n = 0; n < 1_200; n += 1) machine.withdraw(T0 + 10_000 + n, `10.${n >> 8}.${n & 255}.0/24`);
    machine.runTo(T0 + 20 * MINUTE);
    expect(open(machine)).toEqual([]);
    const [swarm] = machine.store.archive
      .incidents({ limit: 1000, state: ['resolved'] })
      .incidents.filter(({ offender }) => offender === null);
    expect(swarm).toMatchObject({ state: 'resolved', resolution: 'withdrawn' });
    expect(swarm?.summary.en).toContain('Up to 199 networks at once announced');
  });

  it('goes on after a crash with the same incidents', () => {
    const machine = stage();
    flood(machine, 0, 1_200);
    machine.driver.commit(true);
    const before = new Set(open(machine).map(({ id }) => id));
    machine.crash(T0 + 5_000);
    machine.runTo(T0 + 6_000);
    expect(new Set(open(machine).map(({ id }) => id))).toEqual(before);
    flood(machine, 1_200, 1_210, T0 + 7_000);
    expect(open(machine)).toHaveLength(FAMILY_MAX + 1);
  });

  it('of new offenders every few minutes keeps no more in memory than a bound, however long it goes on', () => {
    const machine = stage();
    let n = 0;
    for (let round = 0; round < 4; round += 1) {
      const atMs = T0 + round * 20 * MINUTE;
      flood(machine, n, n + 1_100, atMs);
      ebb(machine, n, n + 1_100, atMs + MINUTE);
      n += 1_100;
      machine.runTo(atMs + 15 * MINUTE);
      machine.driver.commitAll();
    }
    expect(open(machine)).toEqual([]);
    const kept = [...machine.store.remember().incidents];
    expect(kept.length).toBeLessThanOrEqual(2_000);
    expect(machine.store.archive.lastSeq()).toBeGreaterThan(8_000);
  }, 60_000);
});
