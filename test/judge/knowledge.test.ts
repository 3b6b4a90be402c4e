/** Small knowledge: slips of the keyboard, AS relationships, mitigation services, RPKI data as a whole. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prefixOf } from '../../src/bgp/prefix.ts';
import { isKnownMitigation, mitigationName } from '../../src/judge/mitigation.ts';
import { RpkiDataBuilder } from '../../src/judge/rpki-data.ts';
import { asnSlip, prefixSlip } from '../../src/judge/slip.ts';
import { Topology } from '../../src/judge/topology.ts';

describe('a slip between AS numbers', () => {
  it.each([
    [7625, 7626, true],
    [7625, 7265, true],
    [7625, 6725, true],
    [7625, 762, true],
    [7625, 76_625, true],
    [7625, 625, true],
    [762, 7625, true],
    [7625, 7625, false],
    [7625, 5267, false],
    [7625, 5672, false],
    [7625, 76, false],
    [7625, 7733, false],
    [38_099, 38_909, true],
    [12, 21, true],
    [1, 2, true],
    [1, 23, false],
  ])('%i and %i: %s', (a, b, expected) => {
    expect(asnSlip(a, b)).toBe(expected);
    expect(asnSlip(b, a)).toBe(expected);
  });

  it('is found for every single edit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 99_999 }),
        fc.nat(5),
        fc.integer({ min: 1, max: 9 }),
        (asn, place, digit) => {
          const text = String(asn);
          const at = Math.min(place, text.length);
          const inserted = Number(text.slice(0, at) + digit + text.slice(at));
          expect(asnSlip(asn, inserted)).toBe(true);
          const changed = Number(text.slice(0, at) + digit + text.slice(at + 1));
          expect(asnSlip(asn, changed)).toBe(changed !== asn);
        },
      ),
    );
  });
});

describe('a slip between prefixes', () => {
  it.each([
    ['211.249.216.0/24', '211.249.215.0/24', true],
    ['211.249.216.0/24', '211.249.162.0/24', false],
    ['211.249.216.0/24', '211.249.21.0/24', true],
    ['211.249.216.0/24', '211.248.216.0/24', true],
    ['10.12.0.0/16', '10.21.0.0/16', true],
    ['10.12.0.0/16', '12.10.0.0/16', false],
    ['10.12.0.0/16', '10.12.0.0/15', true],
    ['10.12.0.0/16', '10.12.0.0/24', false],
    ['10.12.0.0/16', '10.12.0.0/16', false],
    ['2001:db8::/32', '2001:bd8::/32', true],
    ['2001:db8:10::/48', '2001:db8:1::/48', true],
    ['2001:db8:10::/48', '2001:db8:201::/48', false],
    ['0.0.0.0/0', '::/0', false],
  ])('%s and %s: %s', (p, q, expected) => {
    expect(prefixSlip(prefixOf(p), prefixOf(q))).toBe(expected);
    expect(prefixSlip(prefixOf(q), prefixOf(p))).toBe(expected);
  });
});

describe('AS relationships', () => {
  const topology = new Topology([
    { a: 3356, b: 7625, relation: -1 },
    { a: 174, b: 7625, relation: -1 },
    { a: 3356, b: 174, relation: 0 },
    { a: 174, b: 3356, relation: -1 },
    { a: 5, b: 5, relation: 0 },
  ]);

  it('are known from both sides, the first line of a pair counting', () => {
    expect(topology.relation(3356, 7625)).toBe(-1);
    expect(topology.relation(7625, 3356)).toBe(1);
    expect(topology.relation(174, 3356)).toBe(0);
    expect(topology.relation(3356, 174)).toBe(0);
    expect(topology.relation(3356, 4294967295)).toBeUndefined();
    expect(topology.relation(9, 3356)).toBeUndefined();
    expect(topology.adjacent(7625, 174)).toBe(true);
    expect(topology.adjacent(5, 5)).toBe(false);
    expect(topology.providersOf(7625)).toEqual([174, 3356]);
    expect(topology.customersOf(174)).toEqual([7625]);
    expect(topology.providersOf(9)).toEqual([]);
    expect(topology.size).toBe(3);
  });
});

describe('mitigation services', () => {
  it('are known by number', () => {
    expect(mitigationName(32_787)).toBe('Akamai Prolexic');
    expect(isKnownMitigation(13_335)).toBe(true);
    expect(isKnownMitigation(9457)).toBe(false);
    expect(mitigationName(9457)).toBeUndefined();
  });
});

describe('RPKI data', () => {
  it('is built row by row and answers for VRPs and ASPAs', () => {
    const builder = new RpkiDataBuilder();
    const { family, words, length } = prefixOf('192.0.2.0/24');
    builder.vrp({ family, words, length, maxLength: 24, asn: 7625 });
    builder.aspa({ customer: 7625, providers: [10_158] });
    builder.aspa({ customer: 7625, providers: [3356] });
    const data = builder.build();
    expect(data.validate(prefixOf('192.0.2.0/24'), 7625).state).toBe('valid');
    expect(data.providersOf(7625)).toEqual(new Set([10_158, 3356]));
    expect(data.providersOf(1)).toBeUndefined();
    expect(data.aspas).toEqual([{ customer: 7625, providers: [10_158, 3356] }]);
  });
});
