import { describe, expect, test } from 'vitest';
import { watchDifference } from '../../src/config/compare.ts';
import type { CheckedWatchlist } from '../../src/config/watchlist-files.ts';
import { watchlist } from './files.ts';

const listed = (text: string, name?: string): CheckedWatchlist => watchlist(text, name).watchlist;

describe('what a reload of the watchlist changes', () => {
  test('is told by name: what came, what went, what says something else', () => {
    const old = listed(
      'watch: [ { prefix: 192.0.2.0/24 }, { prefix: 198.51.100.0/24, origins: [1] }, { asn: 7 } ]',
    );
    const next = listed('watch: [ { prefix: 198.51.100.0/24, origins: [2] }, { asn: 7 }, { asn: 8 } ]');
    expect(watchDifference(old, next)).toEqual({
      entries: 3,
      added: ['AS8'],
      removed: ['192.0.2.0/24'],
      changed: ['198.51.100.0/24'],
      more: 0,
    });
    expect(
      watchDifference(
        old,
        listed('watch: [ { prefix: 192.0.2.0/24 }, { prefix: 198.51.100.0/24, origins: [1] }, { asn: 7 } ]'),
      ),
    ).toBe(undefined);
  });

  test('is bounded', () => {
    const lines = (count: number): string =>
      Array.from({ length: count }, (_, n) => `{"asn":${n + 1}}`).join('\n');
    const difference = watchDifference(listed(lines(1), 'w.ndjson'), listed(lines(100), 'w.ndjson'));
    expect(difference).toMatchObject({ entries: 100, removed: [], more: 79 });
    expect(difference?.added).toHaveLength(20);
    expect(watchDifference(listed(lines(1), 'w.ndjson'), listed(lines(60_000), 'w.ndjson'))).toMatchObject({
      entries: 60_000,
      added: [],
      more: 59_999,
    });
  });
});
