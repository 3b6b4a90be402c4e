/** Who hears of an end: those that were told of this episode, and nobody who was told of an earlier one only. */
import { expect, test } from 'vitest';
import { configOf, HOUR, Machine, MINUTE, T0, watch } from './fixture.ts';

const PREFIX = '203.0.113.0/24';
const KIM = { by: 'kim', note: '' };

test('an episode that a silence hid ends without a word to who was told of the one before', () => {
  const machine = new Machine(configOf([watch('203.0.112.0/22', { origins: [64500] })]));
  machine.announce(T0, PREFIX, '3356 64666');
  machine.withdraw(T0 + MINUTE, PREFIX);
  machine.runTo(T0 + 10 * MINUTE);
  expect(machine.outbox.map(({ alert }) => alert.event)).toEqual(['opened', 'resolved']);
  const span = {
    startsAt: new Date(T0 + 11 * MINUTE).toISOString(),
    endsAt: new Date(T0 + HOUR).toISOString(),
  };
  machine.actions.addSilence(
    { match: { group: 'g' }, expectedOrigin: null, ...span, ...KIM },
    KIM,
    T0 + 11 * MINUTE,
  );
  machine.announce(T0 + 12 * MINUTE, PREFIX, '3356 64666');
  machine.withdraw(T0 + 13 * MINUTE, PREFIX);
  machine.runTo(T0 + 30 * MINUTE);
  expect(machine.alerts().map(({ event }) => event)).toEqual(['opened', 'resolved', 'reopened', 'resolved']);
  expect(machine.outbox).toHaveLength(2);
});

test('an episode that began under a silence is told once that ends, and its end too', () => {
  const machine = new Machine(configOf([watch('203.0.112.0/22', { origins: [64500] })]));
  const span = { startsAt: new Date(T0).toISOString(), endsAt: new Date(T0 + HOUR).toISOString() };
  machine.actions.addSilence({ match: { group: 'g' }, expectedOrigin: null, ...span, ...KIM }, KIM, T0);
  machine.announce(T0 + MINUTE, PREFIX, '3356 64666');
  machine.runTo(T0 + 2 * HOUR);
  machine.withdraw(T0 + 2 * HOUR, PREFIX);
  machine.runTo(T0 + 3 * HOUR);
  expect(machine.outbox.map(({ alert: { event, reason } }) => [event, reason])).toEqual([
    ['updated', 'operator'],
    ['resolved', 'ended'],
  ]);
});
