/** What people made of an incident stands in it: who acknowledged and resolved it and why, notes, the widest reach. */
import { describe, expect, it } from 'vitest';
import { prefixOf } from '../../src/bgp/prefix.ts';
import { type Incident, NOTES_MAX } from '../../src/incident/alert.ts';
import { STEPS_MAX } from '../../src/incident/steps.ts';
import { configOf, HOUR, Machine, MINUTE, SECOND, T0, watch } from './fixture.ts';

const OURS = watch('203.0.113.0/24', { origins: [64500] });
const kim = { by: 'kim', note: '' };
const lee = { by: 'lee', note: 'It is a customer of ours.' };

function hijacked(): { readonly machine: Machine; readonly id: string } {
  const machine = new Machine(configOf([OURS]));
  machine.announce(T0, '203.0.113.0/24', '6461 666');
  return { machine, id: machine.alerts()[0]?.incident.id ?? '' };
}

describe('the case of an incident', () => {
  it('begins with nothing but its reach', () => {
    const { machine } = hijacked();
    expect(machine.alerts()[0]?.incident).toMatchObject({
      acknowledged: false,
      acknowledgedBy: null,
      acknowledgedAt: null,
      resolvedBy: null,
      assignee: null,
      notes: [],
      peak: { seeing: 1, known: 1, at: '2026-01-01T00:00:00.000Z' },
    });
  });

  it('says who acknowledged it, when and why, and that they work on it', () => {
    const { machine, id } = hijacked();
    const answer = machine.actions.acknowledge(id, lee, T0 + SECOND);
    expect(answer).toMatchObject({
      acknowledgedBy: 'lee',
      acknowledgedAt: '2026-01-01T00:00:01.000Z',
      assignee: 'lee',
      notes: [{ at: '2026-01-01T00:00:01.000Z', by: 'lee', text: lee.note }],
    });
    machine.announce(T0 + 2 * MINUTE, '203.0.113.0/25', '6461 666');
    expect(machine.alerts().at(-1)?.incident).toMatchObject({
      acknowledgedBy: 'lee',
      notes: [{ by: 'lee' }],
    });
  });

  it('passes to another, and to nobody', () => {
    const { machine, id } = hijacked();
    machine.actions.acknowledge(id, kim, T0 + SECOND);
    expect(machine.actions.assign(id, 'park', lee, T0 + MINUTE)).toMatchObject({
      acknowledgedBy: 'kim',
      assignee: 'park',
    });
    expect(machine.actions.assign(id, null, kim, T0 + MINUTE)).toMatchObject({ assignee: null });
  });

  it('takes notes while it is open and afterwards, and keeps them over a restart', () => {
    const { machine, id } = hijacked();
    machine.actions.note(id, { by: 'kim', note: 'Called.' }, T0 + SECOND);
    machine.actions.resolve(id, lee, T0 + MINUTE);
    machine.driver.commit(true);
    machine.crash(T0 + 2 * MINUTE);
    const answer = machine.actions.note(id, { by: 'kim', note: 'Report sent.' }, T0 + 3 * MINUTE) as Incident;
    expect(answer.notes.map(({ by, text }) => `${by}: ${text}`)).toEqual([
      'kim: Called.',
      `lee: ${lee.note}`,
      'kim: Report sent.',
    ]);
    expect(answer).toMatchObject({ resolvedBy: 'lee', resolution: 'operator' });
    expect(machine.actions.note('nobody', lee, T0 + 3 * MINUTE)).toMatchObject({ refused: 'not-found' });
  });

  it('keeps a bounded number of notes, the newest', () => {
    const { machine, id } = hijacked();
    for (let number = 0; number <= NOTES_MAX; number += 1)
      machine.actions.note(id, { by: 'kim', note: `note ${number}` }, T0 + SECOND);
    const { notes } = machine.actions.acknowledge(id, kim, T0 + SECOND) as Incident;
    expect(notes).toHaveLength(NOTES_MAX);
    expect(notes.at(-1)?.text).toBe(`note ${NOTES_MAX}`);
  });

  it('names who accepted what explains it', () => {
    const { machine, id } = hijacked();
    machine.actions.decideOrigin(prefixOf('203.0.113.0/24'), 666, true, lee, T0 + MINUTE);
    machine.driver.commit(true);
    expect(machine.alerts().at(-1)).toMatchObject({
      event: 'resolved',
      incident: { id, resolution: 'accepted', resolvedBy: 'lee', notes: [{ by: 'lee', text: lee.note }] },
    });
  });

  it('names nobody where it ended by itself, and begins anew with its return', () => {
    const { machine, id } = hijacked();
    machine.actions.acknowledge(id, lee, T0 + SECOND);
    machine.withdraw(T0 + MINUTE, '203.0.113.0/24');
    machine.runTo(T0 + HOUR);
    expect(machine.alerts().at(-1)).toMatchObject({
      event: 'resolved',
      incident: { acknowledgedBy: 'lee', resolvedBy: null },
    });
    machine.announce(T0 + 2 * HOUR, '203.0.113.0/24', '6461 666');
    expect(machine.alerts().at(-1)).toMatchObject({
      event: 'reopened',
      incident: { acknowledged: false, acknowledgedBy: null, acknowledgedAt: null, notes: [{ by: 'lee' }] },
    });
  });
});

describe('the widest reach', () => {
  it('is what was seen at one moment, and stays when less is seen', () => {
    const { machine } = hijacked();
    for (const from of [2, 3, 4])
      machine.announce(T0 + from * MINUTE, '203.0.113.0/24', `${6460 + from} 666`, from);
    machine.withdraw(T0 + 5 * MINUTE, '203.0.113.0/24', 2);
    machine.announce(T0 + 6 * MINUTE, '203.0.113.0/25', '6464 666', 4);
    machine.runTo(T0 + HOUR);
    expect(machine.alerts().at(-1)?.incident.peak).toEqual({
      seeing: 4,
      known: 4,
      at: '2026-01-01T00:04:00.000Z',
    });
  });

  it('counts a vantage point once, however many routes it carries', () => {
    const { machine } = hijacked();
    machine.announce(T0 + MINUTE, '203.0.113.0/25', '6461 666');
    machine.announce(T0 + 2 * MINUTE, '203.0.113.128/25', '6461 666');
    machine.runTo(T0 + HOUR);
    expect(machine.alerts().at(-1)?.incident.peak.seeing).toBe(1);
  });
});

describe('the history of an incident', () => {
  it('begins with who carried the watched prefix rightfully, and goes on with each change', () => {
    const machine = new Machine(configOf([OURS]));
    machine.announce(T0, '203.0.113.0/24', '6461 64500', 1);
    machine.announce(T0 + SECOND, '203.0.113.0/24', '3356 64500', 2);
    machine.announce(T0 + MINUTE, '203.0.113.0/25', '6461 666', 1);
    machine.announce(T0 + 2 * MINUTE, '203.0.113.0/25', '6461 1299 666', 1);
    machine.announce(T0 + 3 * MINUTE, '203.0.113.0/25', '6461 1299 666', 1);
    machine.announce(T0 + 4 * MINUTE, '203.0.113.0/25', '3356 666', 2);
    machine.crash(T0 + 5 * MINUTE);
    machine.withdraw(T0 + 6 * MINUTE, '203.0.113.0/25', 2);
    machine.announce(T0 + 7 * MINUTE, '203.0.113.0/25', '6461 64500', 1);
    const id = machine.alerts()[0]?.incident.id ?? '';
    const { steps, cut } = machine.store.archive.historyOf(id);
    expect(cut).toBe(false);
    expect(
      steps.map(({ at, vantagePoint, prefix, path }) => [at.slice(14, 19), vantagePoint, prefix, path]),
    ).toEqual([
      ['00:00', 'rrc00 192.0.2.1', '203.0.113.0/24', '6461 64500'],
      ['00:01', 'rrc00 192.0.2.2', '203.0.113.0/24', '3356 64500'],
      ['01:00', 'rrc00 192.0.2.1', '203.0.113.0/25', '6461 666'],
      ['02:00', 'rrc00 192.0.2.1', '203.0.113.0/25', '6461 1299 666'],
      ['04:00', 'rrc00 192.0.2.2', '203.0.113.0/25', '3356 666'],
      ['06:00', 'rrc00 192.0.2.2', '203.0.113.0/25', null],
      ['07:00', 'rrc00 192.0.2.1', '203.0.113.0/25', '6461 64500'],
    ]);
  });

  it('of a storm is cut, and says so', () => {
    const { machine, id } = hijacked();
    for (let round = 0; round < STEPS_MAX; round += 500) {
      const prefixes = Array.from({ length: 125 }, (_, index) => `203.0.113.${index % 128}/32`);
      for (const half of [1, 2, 3, 4])
        machine.announce(T0 + MINUTE + round, prefixes.join(' '), `${round + half} 666`, 1);
    }
    const { steps, cut } = machine.store.archive.historyOf(id);
    expect([steps.length, cut]).toEqual([STEPS_MAX, true]);
  });
});
