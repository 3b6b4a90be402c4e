/** The engine with its store: restarts, reloads, operators, silences, reminders. */
import { describe, expect, it } from 'vitest';
import { resourceOf } from '../../src/engine/present-view.ts';
import { statusNow } from '../../src/engine/status-view.ts';
import type { WatchEntry } from '../../src/match/watchlist.ts';
import { routesOf } from '../store/routes.ts';
import { configOf, HOUR, Machine, MINUTE, SECOND, T0, watch, watchAs } from './fixture.ts';

const OURS = watch('203.0.113.0/24', { origins: [64500], name: 'shop' });
const author = { by: 'kim', note: 'planned' };

describe('a restart in the middle of an incident', () => {
  const steps: readonly ((machine: Machine) => void)[] = [
    (machine) => machine.announce(T0, '203.0.113.0/24', '3356 64510 64500', 9),
    (machine) => machine.announce(T0 + SECOND, '203.0.113.0/25 203.0.113.128/25', '6461 666', 1),
    (machine) => machine.announce(T0 + 2 * SECOND, '203.0.113.0/25', '174 6461 666', 2),
    (machine) => machine.announce(T0 + 3 * SECOND, '203.0.113.0/25', '1299 6461 666', 3),
    (machine) => machine.withdraw(T0 + MINUTE, '203.0.113.0/25 203.0.113.128/25', 1),
    (machine) => machine.withdraw(T0 + MINUTE, '203.0.113.0/25', 2),
    (machine) => machine.withdraw(T0 + 2 * MINUTE, '203.0.113.0/25', 3),
    (machine) => machine.runTo(T0 + 10 * MINUTE),
  ];

  function play(crashAfter: number | undefined): Machine {
    const machine = new Machine(configOf([OURS]));
    for (const [index, step] of steps.entries()) {
      step(machine);
      if (index === crashAfter) machine.crash(machine.core.nowMs);
    }
    return machine;
  }

  const whole = play(undefined);

  it('is told as one story without it', () => {
    expect(whole.story()).toEqual(['opened first-sighting', 'updated reach-doubled', 'resolved ended']);
  });

  it.each(steps.map((_, index) => index))(
    'tells the same alerts with the same ids after step %i',
    (index) => {
      const machine = play(index);
      const ids = (told: Machine): unknown =>
        told.alerts().map(({ seq, id, event, reason, at }) => [seq, id, event, reason, at]);
      expect(ids(machine)).toEqual(ids(whole));
      expect(
        machine
          .alerts()
          .at(-1)
          ?.incident.routes.map(({ prefix, active }) => [prefix, active]),
      ).toEqual(
        whole
          .alerts()
          .at(-1)
          ?.incident.routes.map(({ prefix, active }) => [prefix, active]),
      );
    },
  );
});

describe('a live feed', () => {
  it('does not let an incident end while it is down, and counts five clear minutes anew when it is back', () => {
    const machine = new Machine(configOf([OURS]), { feeds: ['ris'] });
    machine.feed(T0, 'live');
    machine.announce(T0 + SECOND, '203.0.113.0/24', '6461 666');
    machine.withdraw(T0 + 10 * SECOND, '203.0.113.0/24');
    machine.feed(T0 + MINUTE, 'down');
    machine.runTo(T0 + HOUR);
    expect(machine.story()).toEqual(['opened first-sighting', 'opened first-sighting']);
    expect(machine.alerts()[1]?.incident).toMatchObject({
      kind: 'feed-blind',
      group: 'ris',
      severity: 'warning',
      offender: null,
    });
    machine.feed(T0 + HOUR, 'live');
    machine.runTo(T0 + HOUR + 299 * SECOND);
    expect(machine.story()).toHaveLength(2);
    machine.runTo(T0 + HOUR + 301 * SECOND);
    expect(machine.story().slice(2)).toEqual(['resolved ended', 'resolved ended']);
  });

  it('says that it is blind when it never came up', () => {
    const machine = new Machine(configOf([OURS]), { feeds: ['ris'] });
    machine.runTo(T0 + 61 * SECOND);
    expect(machine.alerts()[0]?.at).toBe('2026-01-01T00:01:00.000Z');
    expect(machine.alerts()[0]?.incident.kind).toBe('feed-blind');
  });

  it('does not resolve by what it missed while the daemon was away', () => {
    const machine = new Machine(configOf([OURS]), { feeds: ['ris'] });
    machine.feed(T0, 'live');
    machine.announce(T0 + SECOND, '203.0.113.0/24', '6461 666');
    machine.withdraw(T0 + 2 * SECOND, '203.0.113.0/24');
    machine.crash(T0 + HOUR);
    machine.runTo(T0 + HOUR + 30 * SECOND);
    expect(machine.story()).toEqual(['opened first-sighting']);
    machine.feed(T0 + HOUR + 30 * SECOND, 'live');
    machine.runTo(T0 + HOUR + 331 * SECOND);
    expect(machine.story()).toEqual(['opened first-sighting', 'resolved ended']);
  });

  it('keeps a lost session from resolving anything, until a day has passed without evidence', () => {
    const machine = new Machine(configOf([OURS]), { feeds: ['ris'] });
    machine.feed(T0, 'live');
    machine.announce(T0 + SECOND, '203.0.113.0/24', '6461 666');
    machine.session(T0 + MINUTE, 1, 'down');
    machine.runTo(T0 + 23 * HOUR);
    expect(machine.story()).toEqual(['opened first-sighting']);
    const open = machine.core.book.every().next().value;
    expect(open?.state).toBe('open');
    machine.runTo(T0 + 25 * HOUR);
    expect(machine.story()).toEqual(['opened first-sighting', 'resolved no-evidence']);
    expect(machine.alerts()[1]?.incident).toMatchObject({ state: 'resolved', resolution: 'no-evidence' });
  });
});

describe('is it BGP?', () => {
  it.each([
    ['AS64500', /It is watched, but no prefix of it was seen yet/],
    ['www.example.net', /It is watched, but no prefix of it was seen yet/],
    ['AS64501', /It is not watched/],
    ['198.51.100.0/24', /It is not watched/],
  ])('is unknown for %s while nothing of it was seen, and says why', (resource, word) => {
    const entry: WatchEntry = { ...watchAs(64500), services: ['www.example.net'] };
    const { core } = new Machine(configOf([entry]), { feeds: ['ris'] });
    const answer = statusNow(core, resourceOf(core, resource) ?? expect.fail('no resource'));
    expect(answer.verdict).toBe('unknown');
    expect(answer.because.map(({ en }) => en).join()).toMatch(word);
  });
});

describe('a reload', () => {
  it('resolves at once what is explained now, and reopens what is wrong again', () => {
    const machine = new Machine(configOf([OURS]));
    machine.announce(T0, '203.0.113.0/24', '6461 666');
    machine.reload(configOf([watch('203.0.113.0/24', { origins: [64500, 666] })]), T0 + MINUTE);
    machine.reload(configOf([OURS]), T0 + 2 * MINUTE);
    expect(machine.story()).toEqual(['opened first-sighting', 'resolved accepted', 'reopened returned']);
    expect(machine.alerts()[1]?.incident).toMatchObject({
      resolution: 'accepted',
      resolvedAt: '2026-01-01T00:01:00.000Z',
    });
    expect(new Set(machine.alerts().map(({ incident }) => incident.id)).size).toBe(1);
  });

  it('forgets space that is no longer watched', () => {
    const machine = new Machine(configOf([OURS]));
    machine.announce(T0, '203.0.113.0/24', '6461 666');
    machine.reload(configOf([]), T0 + MINUTE);
    expect(machine.story()).toEqual(['opened first-sighting', 'resolved accepted']);
    expect(routesOf(machine.store.remember())).toEqual([]);
  });
});

describe('a watched AS', () => {
  it('leaves nothing in the index of what it originates outside of every entry, once nobody carries that', () => {
    const machine = new Machine(configOf([OURS, watchAs(64500)]));
    const { index } = machine.core.plan;
    for (const from of [1, 2]) machine.announce(T0 + from, '198.51.100.0/24', `${6460 + from} 64500`, from);
    expect(machine.story()[0]).toBe('opened first-sighting');
    expect(index.size).toBe(2);
    machine.withdraw(T0 + SECOND, '198.51.100.0/24', 1);
    expect(index.size).toBe(2);
    machine.withdraw(T0 + SECOND, '198.51.100.0/24', 2);
    expect(index.size).toBe(1);
  });

  it('is not known for a default route: the whole Internet would be ours', () => {
    const machine = new Machine(configOf([watchAs(64500)]));
    for (const from of [1, 2, 3])
      machine.announce(T0 + from, '0.0.0.0/0 203.0.113.0/24', `${6460 + from} 64500`, from);
    expect([...machine.core.plan.every()].map(({ prefix }) => prefix.text)).toEqual(['203.0.113.0/24']);
  });
});

describe('an operator', () => {
  it('acknowledges without an alert, and resolves by hand until something new is seen', () => {
    const machine = new Machine(configOf([OURS]));
    machine.announce(T0, '203.0.113.0/24', '6461 666');
    const id = machine.alerts()[0]?.incident.id ?? '';
    expect(machine.actions.acknowledge(id, author, T0 + SECOND)).toMatchObject({ acknowledged: true });
    expect(machine.actions.resolve(id, author, T0 + 2 * SECOND)).toMatchObject({
      state: 'resolved',
      resolution: 'operator',
    });
    machine.driver.commit(true);
    machine.announce(T0 + MINUTE, '203.0.113.0/24', '6461 6461 666');
    expect(machine.story()).toEqual(['opened first-sighting', 'resolved operator']);
    machine.announce(T0 + 2 * MINUTE, '203.0.113.0/25', '6461 666');
    expect(machine.story().at(-1)).toBe('reopened returned');
    expect(machine.store.archive.audit(10).map(({ who, action }) => [who, action])).toEqual([
      ['kim', 'incident.resolve'],
      ['kim', 'incident.acknowledge'],
    ]);
  });

  it('has resolved by hand for good: a restart finds the route still standing and says nothing', () => {
    const machine = new Machine(configOf([OURS]), { feeds: ['ris'] });
    machine.feed(T0, 'live');
    machine.announce(T0 + SECOND, '203.0.113.0/24', '6461 666');
    machine.actions.resolve(machine.alerts()[0]?.incident.id ?? '', author, T0 + 2 * SECOND);
    machine.driver.commit(true);
    machine.crash(T0 + MINUTE);
    machine.feed(T0 + MINUTE, 'live');
    machine.announce(T0 + 2 * MINUTE, '203.0.113.0/24', '6461 666');
    expect(machine.story()).toEqual(['opened first-sighting', 'resolved operator']);
    machine.announce(T0 + 3 * MINUTE, '203.0.113.0/25', '6461 666');
    expect(machine.story().at(-1)).toBe('reopened returned');
  });

  it('accepts an origin, which resolves what it explains, and refuses it again', () => {
    const machine = new Machine(configOf([OURS]));
    machine.announce(T0, '203.0.113.0/24', '6461 666');
    expect(machine.actions.decideOrigin(OURS.prefix, 666, true, author, T0 + MINUTE)).toMatchObject({
      origin: 666,
      source: 'operator',
      neighbors: [6461],
    });
    machine.driver.commit(true);
    machine.actions.decideOrigin(OURS.prefix, 666, false, author, T0 + 2 * MINUTE);
    machine.driver.commit(true);
    expect(machine.story()).toEqual(['opened first-sighting', 'resolved accepted', 'reopened returned']);
    expect(machine.alerts()[1]?.incident.endedAt).toBe(new Date(T0 + MINUTE).toISOString());
    expect(machine.store.archive.baseline().find(({ origin }) => origin === 666)).toMatchObject({
      source: 'rejected',
      by: 'kim',
    });
  });
});

describe('a silence', () => {
  const span = { startsAt: new Date(T0).toISOString(), endsAt: new Date(T0 + HOUR).toISOString(), ...author };

  it('with an expected origin opens nothing while it lasts, and what still stands when it ends', () => {
    const machine = new Machine(configOf([OURS]));
    machine.actions.addSilence(
      { match: { prefix: '203.0.113.0/24' }, expectedOrigin: 666, ...span },
      author,
      T0,
    );
    machine.announce(T0 + MINUTE, '203.0.113.0/24', '6461 666');
    expect(machine.story()).toEqual([]);
    machine.announce(T0 + 2 * MINUTE, '203.0.113.0/24', '6461 667', 2);
    expect(machine.alerts().map(({ incident }) => incident.offender)).toEqual([667]);
    machine.runTo(T0 + 2 * HOUR);
    expect(machine.alerts().map(({ incident, at }) => [incident.offender, at])).toEqual([
      [667, '2026-01-01T00:02:00.000Z'],
      [666, '2026-01-01T01:00:00.000Z'],
    ]);
  });

  it('without one records the incident, tells nobody, and tells what still stands at its end', () => {
    const machine = new Machine(configOf([OURS]));
    machine.actions.addSilence({ match: { group: 'g' }, expectedOrigin: null, ...span }, author, T0);
    machine.announce(T0 + MINUTE, '203.0.113.0/24', '6461 666');
    expect(machine.story()).toEqual(['opened first-sighting']);
    expect(machine.outbox).toEqual([]);
    machine.crash(T0 + 30 * MINUTE);
    machine.runTo(T0 + 2 * HOUR);
    expect(machine.story()).toEqual(['opened first-sighting', 'updated operator']);
    expect(machine.outbox.map(({ receiver, alert }) => [receiver, alert.at])).toEqual([
      ['noc', '2026-01-01T01:00:00.000Z'],
    ]);
  });
});

describe('an incident that nobody acknowledges', () => {
  const routes = [
    { match: {}, receivers: ['noc'], escalate: { afterMinutes: 15, receivers: ['boss'] }, repeatMinutes: 60 },
  ];
  const receivers = [
    { name: 'noc', minSeverity: 'info' as const },
    { name: 'boss', minSeverity: 'info' as const },
  ];

  it('is told to more people, then repeated, over a restart, until somebody does', () => {
    const machine = new Machine(configOf([OURS], { routes, receivers }));
    machine.announce(T0, '203.0.113.0/24', '6461 666');
    machine.crash(T0 + MINUTE);
    machine.runTo(T0 + 16 * MINUTE);
    machine.runTo(T0 + 80 * MINUTE);
    expect(machine.outbox.map(({ receiver, key }) => `${receiver} ${key?.split('#')[1] ?? 'first'}`)).toEqual(
      ['noc first', 'boss escalate-1', 'noc repeat-2', 'boss repeat-2'],
    );
    machine.actions.acknowledge(machine.alerts()[0]?.incident.id ?? '', author, T0 + 81 * MINUTE);
    machine.runTo(T0 + 10 * HOUR);
    expect(machine.outbox).toHaveLength(4);
  });
});

describe('a watched AS', () => {
  it('is learned before it is judged, and its prefixes are watched from then on', () => {
    const machine = new Machine(configOf([watchAs(64500)]));
    for (const [index, peer] of [3356, 174, 1299].entries()) {
      machine.announce(T0 + index * SECOND, '198.51.100.0/24', `${peer} 64510 64500`, index + 1);
    }
    expect(machine.story()).toEqual([]);
    machine.announce(T0 + MINUTE, '198.51.100.0/24', '6461 666', 4);
    expect(machine.alerts()[0]?.incident).toMatchObject({ kind: 'origin-change', offender: 666 });
    expect(machine.alerts()[0]?.incident.routes[0]).toMatchObject({
      watch: 'AS64500',
      expectedOrigins: [64500],
    });
    machine.runTo(T0 + 25 * HOUR);
    machine.announce(T0 + 26 * HOUR, '192.0.2.0/24', '3356 64510 64500', 1);
    expect(machine.alerts().at(-1)?.incident).toMatchObject({
      kind: 'unexpected-origination',
      offender: 64500,
      family: 'own',
    });
  });
});
