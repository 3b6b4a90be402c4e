/** The prefix index against a naive scan: random sets, inserts and removes, both families, all lengths. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Family } from '../../src/bgp/address.ts';
import {
  comparePrefixes,
  covers,
  lengthMax,
  type Prefix,
  prefixFromWords,
  prefixOf,
} from '../../src/bgp/prefix.ts';
import { PrefixIndex } from '../../src/match/prefix-index.ts';

/** Few distinct bit patterns, so that random prefixes meet, nest and share nodes. */
const wordArbitrary = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(0, 0xffffffff, 0x0a000000, 0x0a0a0a0a, 0x20010db8, 0x80000000, 0x00000001),
  },
  { weight: 1, arbitrary: fc.nat({ max: 0xffffffff }) },
  { weight: 2, arbitrary: fc.nat({ max: 31 }).map((bit) => (1 << bit) >>> 0) },
);

function prefixArbitrary(family: Family): fc.Arbitrary<Prefix> {
  const words =
    family === 4
      ? fc.tuple(wordArbitrary, fc.constant(0), fc.constant(0), fc.constant(0))
      : fc.tuple(wordArbitrary, wordArbitrary, wordArbitrary, wordArbitrary);
  return fc
    .tuple(words, fc.nat({ max: lengthMax(family) }))
    .map(([w, length]) => prefixFromWords(family, w, length).prefix);
}

const anyPrefix = fc.oneof(prefixArbitrary(4), prefixArbitrary(6));

/** What the index must equal: a list, searched from end to end. */
class NaiveIndex {
  readonly kept = new Map<string, { prefix: Prefix; slot: number }>();

  coveringChain(prefix: Prefix): number[] {
    const found = [...this.kept.values()].filter((entry) => covers(entry.prefix, prefix));
    return found.sort((a, b) => b.prefix.length - a.prefix.length).map((entry) => entry.slot);
  }

  inside(prefix: Prefix): number[] {
    const found = [...this.kept.values()].filter(
      (entry) => entry.prefix.length > prefix.length && covers(prefix, entry.prefix),
    );
    return found.sort((a, b) => comparePrefixes(a.prefix, b.prefix)).map((entry) => entry.slot);
  }
}

function compare(index: PrefixIndex, naive: NaiveIndex, asked: Prefix): void {
  const [w0, w1, w2, w3] = asked.words;
  const chain = naive.coveringChain(asked);
  const inside = naive.inside(asked);
  const context = `${asked.text} in ${[...naive.kept.keys()].join(' ')}`;
  expect(index.exact(asked), context).toBe(naive.kept.get(asked.text)?.slot ?? -1);
  expect(index.coveringOf(asked), context).toBe(chain[0] ?? -1);
  expect(index.chainOf(asked), context).toEqual(chain);
  expect(index.insideOf(asked, 1000), context).toEqual(inside);
  expect(index.insideOf(asked, 2), context).toEqual(inside.slice(0, 2));
  const isFree =
    asked.family === 4 ? index.isFree4(w0 | 0, asked.length) : index.isFree6(w0 | 0, asked.length);
  if (isFree) expect([...chain, ...inside], context).toEqual([]);
  else if (naive.kept.size === 0) expect(asked.length, context).toBeLessThan(16);
  if (asked.family === 4) {
    for (const word of [w0, w0 | 0]) {
      expect(index.covering4(word, asked.length), context).toBe(chain[0] ?? -1);
      expect(index.anyInside4(word, asked.length), context).toBe(inside.length > 0);
    }
  } else {
    expect(index.covering6(w0, w1, w2, w3, asked.length), context).toBe(chain[0] ?? -1);
    expect(index.covering6(w0 | 0, w1 | 0, w2 | 0, w3 | 0, asked.length), context).toBe(chain[0] ?? -1);
    expect(index.anyInside6(w0, w1, w2, w3, asked.length), context).toBe(inside.length > 0);
    expect(index.anyInside6(w0 | 0, w1 | 0, w2 | 0, w3 | 0, asked.length), context).toBe(inside.length > 0);
  }
}

describe('the prefix index', () => {
  it('equals a naive scan after any inserts and removes', () => {
    const step = fc.record({ remove: fc.boolean(), prefix: anyPrefix, slot: fc.nat(1_000_000) });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.array(anyPrefix, { maxLength: 30 }),
        (steps, questions) => {
          const index = new PrefixIndex();
          const naive = new NaiveIndex();
          for (const [number, { remove, prefix, slot }] of steps.entries()) {
            // Half of the removals name something that is there.
            const victims = [...naive.kept.values()];
            const target =
              remove && number % 2 === 0
                ? (victims[slot % Math.max(1, victims.length)]?.prefix ?? prefix)
                : prefix;
            if (remove) {
              index.remove(target);
              naive.kept.delete(target.text);
            } else {
              index.insert(target, slot);
              naive.kept.set(target.text, { prefix: target, slot });
            }
            expect(index.size).toBe(naive.kept.size);
            compare(index, naive, target);
          }
          for (const prefix of questions) compare(index, naive, prefix);
          for (const { prefix } of [...naive.kept.values()]) compare(index, naive, prefix);
        },
      ),
      { numRuns: 250 },
    );
  });

  it('finds every length from the default route to a single address', () => {
    const index = new PrefixIndex();
    const address = [0x20010db8, 0x85a308d3, 0x13198a2e, 0x03707344] as const;
    const nested = Array.from({ length: 129 }, (_, length) => prefixFromWords(6, address, length).prefix);
    for (const prefix of nested) index.insert(prefix, prefix.length);
    for (const prefix of nested) expect(index.coveringOf(prefix)).toBe(prefix.length);
    for (const prefix of nested)
      expect(index.anyInside6(...address, prefix.length)).toBe(prefix.length < 128);
    expect(index.chainOf(nested[128]!)).toEqual(Array.from({ length: 129 }, (_, n) => 128 - n));
    for (const prefix of nested) index.remove(prefix);
    expect(index.size).toBe(0);
    for (const prefix of nested) expect(index.coveringOf(prefix)).toBe(-1);
    for (const prefix of nested) expect(index.insideOf(prefix, 10)).toEqual([]);
  });

  it('keeps the two families apart', () => {
    const index = new PrefixIndex();
    index.insert(prefixOf('32.1.0.0/16'), 1);
    expect(index.coveringOf(prefixOf('2001::/16'))).toBe(-1);
    index.insert(prefixOf('2001::/16'), 2);
    expect(index.coveringOf(prefixOf('32.1.13.0/24'))).toBe(1);
    expect(index.coveringOf(prefixOf('2001:db8::/32'))).toBe(2);
  });

  it('replaces the slot of a prefix that is inserted again', () => {
    const index = new PrefixIndex();
    for (const text of ['10.0.0.0/8', '10.0.0.0/24', '2001:db8::/48']) {
      index.insert(prefixOf(text), 1);
      index.insert(prefixOf(text), 7);
      expect(index.exact(prefixOf(text))).toBe(7);
      expect(index.coveringOf(prefixOf(text))).toBe(7);
    }
    expect(index.size).toBe(3);
  });

  it('gives memory of removed prefixes to later ones', () => {
    const index = new PrefixIndex();
    const block = (n: number) => prefixFromWords(4, [(0x0b000000 + n * 256) >>> 0, 0, 0, 0], 24).prefix;
    for (let n = 0; n < 20_000; n += 1) index.insert(block(n), n);
    const bytes = index.bytes;
    for (let round = 0; round < 3; round += 1) {
      for (let n = 0; n < 20_000; n += 1) index.remove(block(n));
      expect(index.size).toBe(0);
      for (let n = 0; n < 20_000; n += 1) index.insert(block(n), n);
    }
    expect(index.bytes).toBeLessThanOrEqual(bytes * 1.5);
  });
});
