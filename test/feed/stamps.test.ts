import fc from 'fast-check';
import { expect, test } from 'vitest';
import { STAMP_AHEAD_MAX_MS, StampRules } from '../../src/feed/files/stamps.ts';

const HOUR = STAMP_AHEAD_MAX_MS;

/** Arrival times of records with these stamps; those shown as `clock` in brackets. */
function arrivals(...stamps: readonly (number | undefined)[]): readonly (number | [number])[] {
  const rules = new StampRules<number>();
  const settled = stamps.flatMap((stamp, index) => rules.push(index, stamp));
  const all = [...settled, ...rules.end()];
  expect(all.map(({ record }) => record)).toEqual(stamps.map((_, index) => index));
  return all.map(({ arrivedMs, mistaken }) => (mistaken ? [arrivedMs] : arrivedMs));
}

test('a record arrives at its own time', () => {
  expect(arrivals(1_000, 2_000, 2_000, 9_000)).toEqual([1_000, 2_000, 2_000, 9_000]);
});

test('out of order it arrives at the time of the clock', () => {
  expect(arrivals(5_000, 4_000, 4_500, 6_000)).toEqual([5_000, 5_000, 5_000, 6_000]);
});

test('without a usable stamp it arrives with the record before', () => {
  expect(arrivals(5_000, undefined, undefined, 7_000)).toEqual([5_000, 5_000, 5_000, 7_000]);
});

test('without a usable stamp at the beginning it arrives with the first that has one', () => {
  expect(arrivals(undefined, undefined, 7_000)).toEqual([7_000, 7_000, 7_000]);
  expect(arrivals(undefined)).toEqual([0]);
});

test('more than an hour beyond the next it is a mistake, at the time of the clock', () => {
  expect(arrivals(5_000, 6_001 + HOUR, 6_000, 7_000)).toEqual([5_000, [5_000], 6_000, 7_000]);
  expect(arrivals(5_000, 6_000 + HOUR, 6_000)).toEqual([5_000, 6_000 + HOUR, 6_000 + HOUR]);
});

test('a mistake is seen through records without a stamp, and at the very beginning', () => {
  expect(arrivals(5_000, 9 * HOUR, undefined, 6_000)).toEqual([5_000, [5_000], 5_000, 6_000]);
  expect(arrivals(9 * HOUR, 6_000)).toEqual([[6_000], 6_000]);
});

test('the last record has none after it that could prove it wrong', () => {
  expect(arrivals(5_000, 9 * HOUR)).toEqual([5_000, 9 * HOUR]);
});

test('the clock never goes back, whatever comes, and nothing is lost', () => {
  const stamp = fc.option(fc.integer({ min: 1, max: 20 * HOUR }), { nil: undefined });
  fc.assert(
    fc.property(fc.array(stamp, { maxLength: 50 }), (stamps) => {
      const times = arrivals(...stamps).flat();
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }),
  );
});
