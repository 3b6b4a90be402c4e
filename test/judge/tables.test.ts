/** The tables of typed arrays under the watched RIB and the baseline, each against plain Maps and lists. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePrefixes, covers, type Prefix, prefixFromWords, prefixOf } from '../../src/bgp/prefix.ts';
import { HashCells } from '../../src/rows/hash-cells.ts';
import { PrefixRows } from '../../src/rows/prefix-rows.ts';
import { RowQueue } from '../../src/rows/row-queue.ts';
import { Sequences } from '../../src/rows/sequences.ts';

describe('hash cells', () => {
  function idsAt(cells: HashCells, hash: number): number[] {
    const found: number[] = [];
    for (let cell = cells.start(hash); cells.idAt(cell) >= 0; cell = cells.after(cell))
      if (cells.hashAt(cell) === hash) found.push(cells.idAt(cell));
    return found.sort((a, b) => a - b);
  }

  it('find every id under its hash after any inserts and removals, however much collides', () => {
    const hash = fc.oneof(
      fc.constantFrom(0, 15, 16, -1, 31),
      fc.integer({ min: -40, max: 40 }),
      fc.integer(),
    );
    const step = fc.tuple(hash, fc.nat(), fc.boolean());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const cells = new HashCells();
        const kept = new Map<number, number>();
        for (const [id, [hashOfId, pick, isRemoval]] of steps.entries()) {
          const victim = [...kept.keys()][pick % Math.max(1, kept.size)];
          if (isRemoval && victim !== undefined) {
            cells.remove(kept.get(victim) as number, victim);
            kept.delete(victim);
          } else {
            cells.insert(hashOfId, id);
            kept.set(id, hashOfId);
          }
        }
        expect(cells.size).toBe(kept.size);
        for (const asked of new Set(steps.map(([each]) => each)))
          expect(idsAt(cells, asked)).toEqual([...kept].filter(([, h]) => h === asked).map(([id]) => id));
      }),
    );
  });
});

describe('sequences', () => {
  const word = fc.oneof(fc.integer({ min: 0, max: 2 }), fc.integer());
  const step = fc.tuple(fc.array(word, { maxLength: 6 }), fc.nat(), fc.boolean());

  it('are kept once each, come back whole, and are gone with their last use', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
        const sequences = new Sequences();
        const uses: { id: number; text: string }[] = [];
        for (const [values, pick, isRelease] of steps) {
          if (isRelease && uses.length > 0) {
            const [use] = uses.splice(pick % uses.length, 1);
            sequences.release(use?.id ?? 0);
          } else {
            // With something on either side, which is no part of it.
            const id = sequences.take(Int32Array.of(7, ...values, 7), 1, values.length);
            uses.push({ id, text: values.join() });
          }
          const ids = new Map(uses.map(({ id, text }) => [text, id]));
          const found = uses.map(({ id }) => {
            const { cells, at, count } = sequences.words(id);
            return `${id} ${cells.subarray(at, at + count).join()}`;
          });
          expect(found).toEqual(uses.map(({ text }) => `${ids.get(text)} ${text}`));
          expect(sequences.size).toBe(ids.size - (ids.has('') ? 1 : 0));
        }
      }),
    );
  });

  it('give the room of what is gone to others of the same length', () => {
    const sequences = new Sequences();
    const first = sequences.take(Int32Array.of(1, 2, 3), 0, 3);
    sequences.release(first);
    expect(sequences.take(Int32Array.of(4, 5), 0, 2)).not.toBe(first);
    expect(sequences.take(Int32Array.of(4, 5, 6), 0, 3)).toBe(first);
    expect(sequences.equals(first, Int32Array.of(4, 5, 6), 0, 3)).toBe(true);
    expect(sequences.equals(first, Int32Array.of(4, 5, 7), 0, 3)).toBe(false);
  });
});

const word = fc.constantFrom(0, 0xffffffff, 0x0a000000, 0x0a0a0a0a, 0x20010db8, 0x80000000, 1, 0x0000ffff);
const four = fc
  .tuple(word, fc.nat({ max: 32 }))
  .map(([first, length]) => prefixFromWords(4, [first, 0, 0, 0], length).prefix);
const six = fc
  .tuple(word, word, word, word, fc.nat({ max: 128 }))
  .map(([a, b, c, d, length]) => prefixFromWords(6, [a, b, c, d], length).prefix);
const anyPrefix = fc.oneof(four, six);

describe('prefix rows', () => {
  const step = fc.record({
    prefix: anyPrefix,
    holder: fc.constantFrom(1, 2),
    drops: fc.boolean(),
    pick: fc.nat(),
  });

  it('find a prefix while somebody holds it, and what is inside another in the order of routing tables', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 120, size: 'max' }),
        fc.array(anyPrefix, { maxLength: 20 }),
        (steps, asked) => {
          const rows = new PrefixRows();
          const kept = new Map<string, { prefix: Prefix; row: number; held: number }>();
          for (const { prefix, holder, drops, pick } of steps) {
            const victim = [...kept.values()][pick % Math.max(1, kept.size)];
            if (drops && victim !== undefined) {
              rows.drop(victim.row, holder);
              victim.held &= ~holder;
              if (victim.held === 0) kept.delete(victim.prefix.text);
              continue;
            }
            const row = rows.makeOf(prefix);
            rows.hold(row, holder);
            const known = kept.get(prefix.text) ?? { prefix, row, held: 0 };
            expect(row).toBe(known.row);
            kept.set(prefix.text, { ...known, held: known.held | holder });
          }
          expect(rows.size).toBe(kept.size);
          expect(rows.end).toBeGreaterThanOrEqual(kept.size);
          const all = [...kept.values()].map(({ prefix }) => prefix);
          const short = [
            prefixOf('0.0.0.0/0'),
            prefixOf('::/0'),
            prefixOf('2000::/3'),
            prefixOf('10.0.0.0/7'),
          ];
          for (const prefix of [...asked, ...all, ...short]) {
            const known = kept.get(prefix.text);
            expect(rows.findOf(prefix)).toBe(known?.row ?? -1);
            const inside = all.filter((each) => covers(prefix, each)).sort(comparePrefixes);
            expect(rows.inside(prefix).map((row) => rows.prefix(row).text)).toEqual(
              inside.map(({ text }) => text),
            );
          }
          for (const { prefix, row, held } of kept.values()) {
            expect(rows.prefix(row)).toEqual(prefix);
            expect([1, 2].map((holder) => rows.isHeld(row, holder))).toEqual([
              (held & 1) > 0,
              (held & 2) > 0,
            ]);
          }
        },
      ),
    );
  });

  it('use a row again that nobody holds', () => {
    const rows = new PrefixRows();
    for (let round = 0; round < 5; round += 1) {
      const made = Array.from({ length: 200 }, (_, n) => rows.makeOf(prefixOf(`10.${round}.${n}.0/24`)));
      for (const row of made) rows.hold(row, 1);
      for (const row of made) rows.drop(row, 1);
    }
    expect([rows.size, rows.end]).toEqual([0, 200]);
    expect(rows.inside(prefixOf('0.0.0.0/0'))).toEqual([]);
  });
});

describe('a row queue', () => {
  it('gives back what was pushed, in that order and with its time, and uses its room again', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(), fc.nat(90), fc.nat(90)), { maxLength: 40, size: 'max' }),
        (steps) => {
          const queue = new RowQueue();
          const kept: [number, number][] = [];
          for (const [first, pushes, takes] of steps) {
            for (let n = 0; n < pushes; n += 1) {
              queue.push(first, first * 2 + n);
              kept.push([first, first * 2 + n]);
            }
            const taken: [number, number][] = [];
            for (let n = 0; n < takes && queue.size > 0; n += 1) {
              const atMs = queue.nextMs() ?? Number.NaN;
              taken.push([queue.take(), atMs]);
            }
            expect(taken).toEqual(kept.splice(0, takes));
            expect(queue.size).toBe(kept.length);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
