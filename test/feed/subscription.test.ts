import { describe, expect, test } from 'vitest';
import { prefixOf } from '../../src/bgp/prefix.ts';
import { Acknowledgements } from '../../src/feed/ris-live/acknowledgements.ts';
import {
  changeSubscription,
  keepsCollector,
  PREFIXES_PER_FRAME,
  planSubscription,
  type SubscriptionPlan,
  subscriptionsOf,
} from '../../src/feed/ris-live/subscription.ts';

const SOCKET_OPTIONS = { acknowledge: true, includeRaw: false };
const FILTER = { type: 'UPDATE', moreSpecific: true, lessSpecific: true, socketOptions: SOCKET_OPTIONS };
const BEACONS = { ...FILTER, prefix: ['84.205.66.0/24', '2001:7fb:ff02::/48'] };
const KEEPALIVE = { type: 'KEEPALIVE', socketOptions: SOCKET_OPTIONS };
const PEER_STATE = { type: 'RIS_PEER_STATE', socketOptions: SOCKET_OPTIONS };

function plan(
  subscribe: 'auto' | 'filtered' | 'firehose',
  prefixes: readonly string[],
  asns: readonly number[] = [],
): SubscriptionPlan {
  return planSubscription(prefixes.map(prefixOf), asns, { subscribe, filterPrefixesMax: 3 });
}

const many = Array.from({ length: PREFIXES_PER_FRAME + 1 }, (_, index) => `10.0.${index}.0/24`);

describe('the plan', () => {
  test('filters by default, up to as many prefixes as filters carry', () => {
    expect(plan('auto', ['192.0.2.0/24', '192.0.2.0/24', '2001:db8::/32'], [64500])).toMatchObject({
      mode: 'filtered',
      prefixes: ['192.0.2.0/24', '2001:db8::/32'],
      asns: [64500],
    });
    expect(plan('auto', many)).toMatchObject({ mode: 'firehose', prefixes: [], asns: [] });
    expect(plan('auto', [], [1, 2, 3, 4]).mode).toBe('firehose');
  });

  test('follows the configuration where it says so', () => {
    expect(plan('filtered', many).prefixes).toHaveLength(many.length);
    expect(plan('firehose', ['192.0.2.0/24']).mode).toBe('firehose');
  });

  test('becomes prefix arrays, a path for each watched AS, and the signs of life', () => {
    expect(subscriptionsOf(plan('filtered', ['192.0.2.0/24', '2001:db8::/32'], [64500, 64501]))).toEqual([
      PEER_STATE,
      { ...FILTER, prefix: ['192.0.2.0/24', '2001:db8::/32'] },
      { type: 'UPDATE', path: '64500$', socketOptions: SOCKET_OPTIONS },
      { type: 'UPDATE', path: '64501$', socketOptions: SOCKET_OPTIONS },
      BEACONS,
      KEEPALIVE,
    ]);
  });

  test('has no prefix and no path for the firehose', () => {
    expect(subscriptionsOf(plan('firehose', many, [64500]))).toEqual([
      PEER_STATE,
      { type: 'UPDATE', socketOptions: SOCKET_OPTIONS },
      KEEPALIVE,
    ]);
  });

  test('cuts long arrays into frames and loses none', () => {
    const arrays = subscriptionsOf(plan('filtered', many)).flatMap(({ prefix }) =>
      prefix === undefined ? [] : [prefix],
    );
    expect(arrays.map((prefixes) => prefixes.length)).toEqual([PREFIXES_PER_FRAME, 1, 2]);
    expect(arrays.slice(0, 2).flat()).toEqual(many);
  });
});

describe('a change of plan', () => {
  test('speaks of what changed only', () => {
    const change = changeSubscription(
      plan('filtered', ['192.0.2.0/24', '198.51.100.0/24'], [1, 2]),
      plan('filtered', ['198.51.100.0/24', '203.0.113.0/24'], [2, 3]),
    );
    expect(change).toEqual({
      subscribe: [
        { ...FILTER, prefix: ['203.0.113.0/24'] },
        { type: 'UPDATE', path: '3$', socketOptions: SOCKET_OPTIONS },
      ],
      unsubscribe: [
        { ...FILTER, prefix: ['192.0.2.0/24'] },
        { type: 'UPDATE', path: '1$', socketOptions: SOCKET_OPTIONS },
      ],
    });
  });

  test('that changes nothing sends nothing', () => {
    for (const mode of ['filtered', 'firehose'] as const)
      expect(changeSubscription(plan(mode, many), plan(mode, [...many].reverse()))).toEqual({
        subscribe: [],
        unsubscribe: [],
      });
  });

  test('of mode exchanges the routes and leaves peer states alone', () => {
    const [filtered, firehose] = [plan('auto', ['192.0.2.0/24']), plan('auto', many)];
    const change = changeSubscription(filtered, firehose);
    expect(change.subscribe).toEqual([{ type: 'UPDATE', socketOptions: SOCKET_OPTIONS }]);
    expect(change.unsubscribe).toEqual([{ ...FILTER, prefix: ['192.0.2.0/24'] }, BEACONS]);
    const back = changeSubscription(firehose, filtered);
    expect([back.subscribe, back.unsubscribe]).toEqual([change.unsubscribe, change.subscribe]);
  });

  test('never takes the beacons back, though somebody watched them', () => {
    const change = changeSubscription(
      plan('filtered', ['192.0.2.0/24', '84.205.66.0/24']),
      plan('filtered', ['192.0.2.0/24']),
    );
    expect(change).toEqual({ subscribe: [], unsubscribe: [] });
  });
});

describe('acknowledgements', () => {
  const subscriptions = subscriptionsOf(plan('filtered', ['192.0.2.0/24', '2001:db8::/32'], [64500]));

  function awaiting(): Acknowledgements {
    const acknowledgements = new Acknowledgements();
    for (const subscription of subscriptions) acknowledgements.sent(subscription);
    return acknowledgements;
  }

  test('may repeat the arrays, or come for each prefix, canonical or not', () => {
    const whole = awaiting();
    for (const subscription of subscriptions) whole.confirmed({ subscription });
    expect(whole.missing).toBe(0);
    const single = awaiting();
    single.confirmed({ subscription: { prefix: '192.0.2.0/24' } });
    expect(single.unconfirmed()).toContainEqual({ ...FILTER, prefix: ['2001:db8::/32'] });
    single.confirmed({ subscription: { prefix: '2001:DB8:0::/32' } });
    single.confirmed({ subscription: { path: '64500$' } });
    single.confirmed({ type: 'RIS_PEER_STATE' });
    expect(single.missing).toBe(0);
  });

  test('that say nothing confirm in the order of the questions', () => {
    const acknowledgements = awaiting();
    for (const data of [undefined, {}, null]) acknowledgements.confirmed(data);
    expect(acknowledgements.missing).toBe(0);
  });

  test('of something never asked for confirm nothing', () => {
    const acknowledgements = awaiting();
    acknowledgements.confirmed({ subscription: { prefix: '10.0.0.0/8' } });
    expect(acknowledgements.missing).toBe(4);
  });
});

test('collectors are the same with and without their domain', () => {
  expect(keepsCollector([], 'rrc00')).toBe(true);
  expect(keepsCollector(['rrc25.ripe.net'], 'rrc25')).toBe(true);
  expect(keepsCollector(['rrc25'], 'rrc00')).toBe(false);
});
