import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AsPath, formatAsPath } from '../../src/bgp/as-path.ts';
import {
  comparePrefixes,
  covers,
  overlaps,
  type Prefix,
  prefixFromWords,
  prefixOf,
} from '../../src/bgp/prefix.ts';
import {
  coveringKeys,
  keyOfText,
  keyRange,
  prefixKey,
  readCommunities,
  readNumbers,
  readPath,
  writeCommunities,
  writeNumbers,
} from '../../src/store/codec.ts';

/** Few different bits, so that prefixes often contain each other. */
const narrow = fc.constantFrom(0, 0x80_00_00_00, 0xc0_00_00_00, 0xff_00_00_00, 0xff_ff_ff_ff);
const anyPrefix = (words: fc.Arbitrary<number>): fc.Arbitrary<Prefix> =>
  fc.oneof(
    fc
      .tuple(words, fc.integer({ min: 0, max: 32 }))
      .map(([a, length]) => prefixFromWords(4, [a, 0, 0, 0], length).prefix),
    fc
      .tuple(words, words, words, words, fc.integer({ min: 0, max: 128 }))
      .map(([a, b, c, d, length]) => prefixFromWords(6, [a, b, c, d], length).prefix),
  );
const asn = fc.integer({ min: 0, max: 4_294_967_295 });
const anyPath: fc.Arbitrary<AsPath> = fc.array(fc.oneof(asn, fc.array(asn, { maxLength: 5 })), {
  maxLength: 12,
});

describe('keys of prefixes', () => {
  it('are the family, the address and the length', () => {
    expect(prefixKey(prefixOf('211.249.216.0/21')).toString('hex')).toBe('04d3f9d80015');
    expect(keyOfText('2001:db8::/32')?.toString('hex')).toBe(`0620010db8${'0'.repeat(24)}20`);
  });

  it('sort as routing tables do', () => {
    fc.assert(
      fc.property(anyPrefix(narrow), anyPrefix(narrow), (a, b) => {
        expect(Math.sign(Buffer.compare(prefixKey(a), prefixKey(b)))).toBe(Math.sign(comparePrefixes(a, b)));
      }),
    );
  });

  it('find everything that overlaps a prefix by one range and the keys that cover it', () => {
    fc.assert(
      fc.property(anyPrefix(narrow), anyPrefix(narrow), (asked, stored) => {
        const key = prefixKey(stored);
        const { low, high } = keyRange(asked);
        const inRange = Buffer.compare(low, key) <= 0 && Buffer.compare(key, high) <= 0;
        const isCovering = coveringKeys(asked).some((covering) => covering.equals(key));
        expect(inRange || isCovering).toBe(overlaps(asked, stored));
        if (isCovering) expect(covers(stored, asked)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('are not made of what is no prefix', () => {
    expect(keyOfText('AS38099')).toBeUndefined();
  });
});

describe('lists as text', () => {
  it('keep AS paths with their sets, empty ones too', () => {
    fc.assert(
      fc.property(anyPath, (path) => {
        expect(readPath(formatAsPath(path))).toEqual(path);
      }),
    );
  });

  it('keep communities and numbers', () => {
    const half = fc.integer({ min: 0, max: 65_535 });
    fc.assert(
      fc.property(fc.array(fc.tuple(half, half)), fc.array(asn), (communities, numbers) => {
        expect(readCommunities(writeCommunities(communities))).toEqual(communities);
        expect(readNumbers(writeNumbers(numbers))).toEqual(numbers);
      }),
    );
  });
});
