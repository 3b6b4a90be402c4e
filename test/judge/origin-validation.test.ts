/** Origin validation: the cases of RFC 6811, agreement with a naive scan, and a table of 600,000 VRPs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers, type Prefix, prefixFromWords, prefixOf } from '../../src/bgp/prefix.ts';
import type { Vrp } from '../../src/bgp/vrp.ts';
import { COVERING_MAX, VrpTableBuilder, vrpTableOf } from '../../src/judge/origin-validation.ts';

function vrp(text: string, asn: number, maxLength?: number): Vrp {
  const prefix = prefixOf(text);
  return { prefix, asn, maxLength: maxLength ?? prefix.length };
}

const TABLE = vrpTableOf([
  vrp('211.249.216.0/21', 7625, 22),
  vrp('211.249.216.0/21', 38099),
  vrp('192.0.2.0/24', 0),
  vrp('198.51.100.0/24', 0),
  vrp('198.51.100.0/24', 64500),
  vrp('2001:db8::/32', 7625, 48),
  vrp('0.0.0.0/0', 9, 0),
]);

describe('origin validation', () => {
  it.each([
    ['211.249.216.0/21', 7625, 'valid', undefined],
    ['211.249.216.0/22', 7625, 'valid', undefined],
    ['211.249.216.0/23', 7625, 'invalid', 'length'],
    ['211.249.216.0/22', 38099, 'invalid', 'length'],
    ['211.249.216.0/21', 9457, 'invalid', 'origin'],
    ['211.249.208.0/20', 7625, 'invalid', 'origin'],
    ['0.0.0.0/0', 9, 'valid', undefined],
    ['8.8.8.0/24', 9, 'invalid', 'length'],
    ['192.0.2.0/24', 7625, 'invalid', 'origin'],
    ['192.0.2.0/24', 0, 'invalid', 'origin'],
    ['198.51.100.0/24', 64500, 'valid', undefined],
    ['2001:db8:1::/48', 7625, 'valid', undefined],
    ['2001:db8:1::/49', 7625, 'invalid', 'length'],
    ['2001:db9::/32', 7625, 'not-found', undefined],
    ['::/0', 7625, 'not-found', undefined],
  ])('%s by AS%i is %s (%s)', (prefix, origin, state, reason) => {
    expect(TABLE.validate(prefixOf(prefix), origin)).toMatchObject({ state, reason });
  });

  it('treats an AS_SET as no origin: invalid where a VRP covers, else not found', () => {
    expect(TABLE.validate(prefixOf('211.249.216.0/21'), undefined)).toMatchObject({
      state: 'invalid',
      reason: 'origin',
    });
    expect(TABLE.validate(prefixOf('2001:db9::/32'), undefined).state).toBe('not-found');
  });

  it('names the VRP that decides first, then the others from the most specific', () => {
    const { covering } = TABLE.validate(prefixOf('211.249.216.0/23'), 7625);
    expect(covering.map((found) => [found.prefix.text, found.asn])).toEqual([
      ['211.249.216.0/21', 7625],
      ['211.249.216.0/21', 38099],
      ['0.0.0.0/0', 9],
    ]);
  });

  it('lists what covers a prefix and what lies inside it', () => {
    const names = (vrps: readonly Vrp[]): string[] =>
      vrps.map((found) => `${found.prefix.text} ${found.asn}`);
    expect(names(TABLE.vrpsCovering(prefixOf('198.51.100.0/25'))).sort()).toEqual([
      '0.0.0.0/0 9',
      '198.51.100.0/24 0',
      '198.51.100.0/24 64500',
    ]);
    expect(names(TABLE.vrpsInside(prefixOf('198.51.0.0/16')))).toEqual([
      '198.51.100.0/24 0',
      '198.51.100.0/24 64500',
    ]);
    expect(TABLE.vrpsInside(prefixOf('0.0.0.0/0'))).toHaveLength(6);
    expect(names(TABLE.vrpsInside(prefixOf('2001:db8::/32')))).toEqual(['2001:db8::/32 7625']);
    expect(TABLE.vrpsInside(prefixOf('2001:db8::/33'))).toEqual([]);
  });

  it('bounds what it names', () => {
    const many = vrpTableOf(Array.from({ length: 500 }, (_, index) => vrp('192.0.2.0/24', index + 1)));
    expect(many.validate(prefixOf('192.0.2.0/24'), 9_999).covering).toHaveLength(COVERING_MAX);
    expect(many.validate(prefixOf('192.0.2.0/24'), 500).state).toBe('valid');
    expect(many.vrpsInside(prefixOf('192.0.0.0/16'), 7)).toHaveLength(7);
  });

  it('agrees with a naive scan of all VRPs', () => {
    const small = fc
      .tuple(fc.constantFrom(4 as const, 6 as const), fc.nat(3), fc.nat(3), fc.nat(40))
      .map(([family, high, low, length]): Prefix => {
        const words: [number, number, number, number] = [
          ((high << 30) | (low << 22)) >>> 0,
          family === 6 ? (low << 30) >>> 0 : 0,
          0,
          0,
        ];
        return prefixFromWords(family, words, family === 4 ? Math.min(length, 32) : length).prefix;
      });
    const rows = fc
      .tuple(small, fc.nat(4), fc.nat(3))
      .map(([prefix, longer, asn]): Vrp => ({ prefix, maxLength: prefix.length + longer, asn }));
    fc.assert(
      fc.property(
        fc.array(rows, { maxLength: 30 }),
        small,
        fc.option(fc.nat(3), { nil: undefined }),
        (vrps, prefix, origin) => {
          const table = vrpTableOf(vrps);
          const covering = vrps.filter((row) => covers(row.prefix, prefix));
          const named = covering.filter((row) => row.asn === origin && origin !== 0);
          const expected =
            covering.length === 0
              ? ['not-found', undefined]
              : named.some((row) => prefix.length <= row.maxLength)
                ? ['valid', undefined]
                : ['invalid', named.length > 0 ? 'length' : 'origin'];
          const found = table.validate(prefix, origin);
          expect([found.state, found.reason]).toEqual(expected);
          expect(table.vrpsCovering(prefix, 100)).toHaveLength(covering.length);
          const inside = vrps.filter((row) => covers(prefix, row.prefix)).map((row) => row.prefix.text);
          expect(
            table
              .vrpsInside(prefix)
              .map((row) => row.prefix.text)
              .sort(),
          ).toEqual(inside.sort());
        },
      ),
    );
  });

  it('holds 600,000 VRPs in columns and finds each', () => {
    const builder = new VrpTableBuilder();
    const words = (index: number): [number, number, number, number] => [
      (index * 256) >>> 0,
      index % 5 === 0 ? index % 7 : 0,
      0,
      0,
    ];
    for (let index = 0; index < 600_000; index += 1) {
      const family = index % 5 === 0 ? 6 : 4;
      builder.add({
        family,
        words: words(index),
        length: family === 4 ? 24 : 64,
        maxLength: 64,
        asn: index + 1,
      });
    }
    const table = builder.build();
    expect(table.size).toBe(600_000);
    for (const index of [0, 1, 77_777, 599_999]) {
      const family = index % 5 === 0 ? 6 : 4;
      const { prefix } = prefixFromWords(family, words(index), family === 4 ? 24 : 64);
      expect(table.validate(prefix, index + 1).state).toBe('valid');
      expect(table.validate(prefix, index + 2).state).toBe('invalid');
    }
    expect(table.vrpsInside(prefixOf('0.1.0.0/16'))).toHaveLength(205);
  });
});
