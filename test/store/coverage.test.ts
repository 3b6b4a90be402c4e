import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CoverageInterval } from '../../src/engine/ports.ts';
import { openStore } from '../../src/store/store.ts';
import { at, storeWith } from './samples.ts';

function interval(from: number, to: number, change: Partial<CoverageInterval> = {}): CoverageInterval {
  return { feed: 'ris-live', from: at(from), to: at(to), state: 'live', reason: 'fresh', ...change };
}
const blind = (from: number, to: number): CoverageInterval =>
  interval(from, to, { state: 'blind', reason: 'silent' });

function written(
  ...intervals: readonly CoverageInterval[]
): (from?: number, to?: number) => readonly CoverageInterval[] {
  const store = storeWith();
  for (const each of intervals) store.coverage.coverage(each);
  return (from = -1_000_000, to = 1_000_000) => store.archive.coverage(at(from), at(to));
}

describe('coverage', () => {
  it('extends the running interval while state and reason are the same', () => {
    expect(written(interval(0, 1), interval(1, 2), interval(5, 9), interval(9, 9))()).toEqual([
      interval(0, 9),
    ]);
  });

  it('begins another when the state or the reason changes', () => {
    expect(written(interval(0, 10), blind(10, 20), interval(20, 30))()).toEqual([
      interval(0, 10),
      blind(10, 20),
      interval(20, 30),
    ]);
  });

  it('keeps feeds apart', () => {
    const other = interval(0, 20, { feed: 'bmp' });
    expect(written(interval(0, 10), other, interval(10, 20))()).toEqual([other, interval(0, 20)]);
  });

  it('lets a gap that was filled later replace what stood there, and goes on as before', () => {
    const filled = interval(10, 18, { state: 'backfilled', reason: 'archive' });
    const read = written(interval(0, 10), blind(10, 20), interval(20, 30), filled, interval(30, 40));
    expect(read()).toEqual([interval(0, 10), filled, blind(18, 20), interval(20, 40)]);
  });

  it('cuts in two what a later word falls into', () => {
    expect(written(interval(0, 30), blind(10, 20), interval(30, 40))()).toEqual([
      interval(0, 10),
      blind(10, 20),
      interval(20, 40),
    ]);
  });

  it('is clipped to what was asked for', () => {
    const read = written(interval(0, 10), blind(10, 20), interval(20, 30));
    expect(read(5, 15)).toEqual([interval(5, 10), blind(10, 15)]);
    expect(read(10, 20)).toEqual([blind(10, 20)]);
    expect(read(12, 12)).toEqual([blind(12, 12)]);
    expect(read(31, 40)).toEqual([]);
  });

  it('shows a feed that has only just begun', () => {
    expect(written(interval(3, 3))(0, 10)).toEqual([interval(3, 3)]);
  });

  it('never overlaps within a feed', () => {
    const any = fc
      .tuple(
        fc.nat(50),
        fc.nat(10),
        fc.constantFrom<CoverageInterval['state']>('live', 'blind', 'backfilled'),
      )
      .map(([from, length, state]) => interval(from, from + length, { state }));
    fc.assert(
      fc.property(fc.array(any, { maxLength: 20 }), (intervals) => {
        const rows = written(...intervals)().filter((row) => row.from !== row.to);
        for (const [index, row] of rows.entries()) {
          if (index > 0) expect(row.from >= (rows[index - 1]?.to ?? '')).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('does not stretch over the time in which nothing ran', () => {
    const directory = mkdtempSync(join(tmpdir(), 'originwatch-'));
    const path = join(directory, 'store.sqlite');
    for (const each of [interval(0, 10), interval(100, 110), interval(110, 120)]) {
      const store = openStore(path, { lock: true });
      store.coverage.coverage(each);
      store.close();
    }
    const store = openStore(path, { lock: false, readOnly: true });
    expect(store.archive.coverage(at(0), at(1000))).toEqual([interval(0, 10), interval(100, 120)]);
    store.close();
    rmSync(directory, { recursive: true });
  });
});
