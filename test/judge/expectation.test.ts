/** What is expected of a prefix, by trust: watchlist, operator, baseline. */
import { beforeEach, describe, expect, test } from 'vitest';
import { prefixOf } from '../../src/bgp/prefix.ts';
import { Baseline, type BaselineSource } from '../../src/judge/baseline.ts';
import { expectationOf, ignoresMoreSpecifics, isExact } from '../../src/judge/expectation.ts';
import type { Expectation, Watched } from '../../src/judge/finding.ts';
import type { World } from '../../src/judge/world.ts';
import type { PrefixEntry } from '../../src/match/watchlist.ts';
import { watch, watchAs } from '../engine/fixture.ts';

const OUTER = '203.0.112.0/22';
const INNER = '203.0.113.0/24';
let baseline: Baseline;
function world(): World {
  return { baseline, upstreamsOf: () => undefined } as unknown as World;
}

beforeEach(() => {
  baseline = new Baseline({ learnPeers: 1, learnAfterMs: 0 });
});

function remember(
  prefix: string,
  origin: number,
  source: BaselineSource,
  neighbors: readonly number[] = [],
): void {
  const firm = { firm: true, firstSeenMs: 0, peerAsns: new Set<number>() };
  baseline.put(
    {
      prefix: prefixOf(prefix),
      origin,
      source,
      firstSeenMs: 0,
      lastSeenMs: 0,
      peerAsns: new Set(),
      neighbors: new Map(neighbors.map((asn) => [asn, firm])),
      by: '',
      note: '',
    },
    false,
  );
}

function ask(more: Partial<PrefixEntry>, prefix = INNER): Expectation {
  const entry = watch(OUTER, more);
  const watched: Watched = { entry, prefix: entry.prefix, name: OUTER };
  return expectationOf(watched, prefixOf(prefix), world());
}

describe('the origins', () => {
  test('are those that the watchlist declares, in order', () => {
    expect(ask({ origins: [20, 10] })).toMatchObject({ state: 'declared', origins: [10, 20] });
    expect(ask({ origins: [] })).toMatchObject({ state: 'none', origins: [] });
  });

  test('are not learned beside declared ones', () => {
    remember(OUTER, 30, 'learned');
    remember(INNER, 31, 'snapshot');
    expect(ask({ origins: [10] }).origins).toEqual([10]);
  });

  test.each([
    ['learned', 'learned'],
    ['snapshot', 'learned'],
    ['config', 'learned'],
    ['provisional', 'provisional'],
    ['observed', 'unknown'],
  ] as const)('of an entry without any come from the baseline: %s is %s', (source, state) => {
    remember(OUTER, 30, source);
    expect(ask({})).toMatchObject({ state, origins: state === 'unknown' ? [] : [30] });
  });

  test('of the announced prefix count while nothing is known of the watched one, firm before provisional', () => {
    remember(INNER, 31, 'provisional');
    expect(ask({})).toMatchObject({ state: 'provisional', origins: [31] });
    remember(INNER, 32, 'learned');
    expect(ask({})).toMatchObject({ state: 'learned', origins: [32] });
    expect(ask({}, OUTER).state).toBe('unknown');
  });

  test('of the watched prefix hold for what is inside it: who was there first earns nothing', () => {
    remember(INNER, 31, 'provisional');
    remember(INNER, 32, 'learned');
    remember(OUTER, 30, 'provisional');
    expect(ask({})).toMatchObject({ state: 'provisional', origins: [30] });
    remember(OUTER, 33, 'learned');
    expect(ask({})).toMatchObject({ state: 'learned', origins: [33] });
  });

  test('that a snapshot showed inside are expected there as well', () => {
    remember(INNER, 31, 'snapshot');
    remember(OUTER, 30, 'learned');
    expect(ask({})).toMatchObject({ state: 'learned', origins: [30, 31] });
    expect(ask({}, OUTER).origins).toEqual([30]);
  });

  test('that an operator accepted join, wherever they cover the announced prefix', () => {
    remember('203.0.112.0/23', 40, 'operator');
    expect(ask({ origins: [10] })).toMatchObject({ state: 'declared', origins: [10, 40] });
    expect(ask({})).toMatchObject({ state: 'learned', origins: [40] });
    expect(ask({ origins: [] })).toMatchObject({ state: 'none', origins: [40] });
    expect(ask({ origins: [10] }, '203.0.114.0/24').origins).toEqual([10]);
  });

  test('that were refused are none, unless the watchlist declares them', () => {
    remember(OUTER, 30, 'learned');
    remember(INNER, 30, 'rejected');
    expect(ask({}).origins).toEqual([]);
    expect(ask({ origins: [30, 10] }).origins).toEqual([10, 30]);
  });
});

describe('how specific an origin may announce', () => {
  test('is what the entry says for declared ones', () => {
    expect(ask({ origins: [10], maxLength: 23 }).maxLengthOf(10)).toBe(23);
    expect(ask({ origins: [10] }).maxLengthOf(10)).toBe(22);
  });

  test('is the accepted prefix for accepted ones, the entry’s where they were accepted for it', () => {
    remember('203.0.112.0/23', 40, 'operator');
    remember(OUTER, 41, 'operator');
    const expectation = ask({ origins: [10], maxLength: 24 });
    expect(expectation.maxLengthOf(40)).toBe(23);
    expect(expectation.maxLengthOf(41)).toBe(24);
  });

  test('is the announced length where that very prefix was learned, and for anybody else', () => {
    remember(INNER, 30, 'learned');
    expect(ask({}).maxLengthOf(30)).toBe(24);
    expect(ask({ origins: [10] }).maxLengthOf(999)).toBe(24);
  });

  test('is the prefix itself under a watched AS', () => {
    const prefix = prefixOf(OUTER);
    remember(OUTER, 64500, 'learned');
    const watched: Watched = { entry: watchAs(64500), prefix, name: 'AS64500' };
    const expectation = expectationOf(watched, prefixOf(INNER), world());
    expect(expectation).toMatchObject({ state: 'learned', origins: [64500] });
    expect(expectation.maxLengthOf(64500)).toBe(22);
    expect(ignoresMoreSpecifics(watched)).toBe(false);
  });
});

describe('who may stand next to an origin', () => {
  test('is unknown where nothing is declared or learned', () => {
    expect(ask({ origins: [10] }).neighborsOf(10)).toBeUndefined();
  });

  test('is declared, and joined by what an operator accepted', () => {
    remember(INNER, 10, 'operator', [5]);
    remember(OUTER, 10, 'learned', [6]);
    const known = ask({ origins: [10], upstreams: [1, 2] }).neighborsOf(10);
    expect(known?.isDeclared).toBe(true);
    expect([...(known?.allowed ?? [])].sort()).toEqual([1, 2, 5]);
  });

  test('is learned from every row that covers it', () => {
    remember(INNER, 10, 'learned', [5]);
    remember(OUTER, 10, 'config', [6]);
    const known = ask({ origins: [10] }).neighborsOf(10);
    expect(known?.isDeclared).toBe(false);
    expect([...(known?.allowed ?? [])].sort()).toEqual([5, 6]);
  });

  test('is declared by the line that watches the origin, where the entry declares nothing itself', () => {
    const inherited = { baseline, upstreamsOf: (asn: number) => (asn === 10 ? [7] : undefined) };
    const of = (more: Partial<PrefixEntry>, origin: number): unknown => {
      const entry = watch(OUTER, { origins: [10, 11], ...more });
      const watched: Watched = { entry, prefix: entry.prefix, name: OUTER };
      return expectationOf(watched, prefixOf(INNER), inherited as unknown as World).neighborsOf(origin);
    };
    expect(of({}, 10)).toEqual({ allowed: new Set([7]), isDeclared: true });
    expect(of({}, 11)).toBeUndefined();
    expect(of({ upstreams: [8] }, 10)).toEqual({ allowed: new Set([8]), isDeclared: true });
  });

  test('is nobody where the list of upstreams is empty', () => {
    expect(ask({ origins: [10], upstreams: [] }).neighborsOf(10)).toEqual({
      allowed: new Set(),
      isDeclared: true,
    });
  });
});

test('exact is the watched prefix itself; more-specifics are ignored where the entry says so', () => {
  const entry = watch(OUTER, { moreSpecifics: 'ignore' });
  const watched: Watched = { entry, prefix: entry.prefix, name: OUTER };
  expect(isExact(watched, prefixOf(OUTER))).toBe(true);
  expect(isExact(watched, prefixOf(INNER))).toBe(false);
  expect(ignoresMoreSpecifics(watched)).toBe(true);
  expect(ignoresMoreSpecifics({ ...watched, entry: watch(OUTER) })).toBe(false);
});
