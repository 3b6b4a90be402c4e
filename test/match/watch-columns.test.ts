/** Watch entries in columns: whatever goes in comes out, each prefix and each AS is found again, damage is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lengthMax, prefixFromWords, prefixOf } from '../../src/bgp/prefix.ts';
import { columnsOf, WatchBuilder } from '../../src/match/watch-builder.ts';
import { HEADER, WatchColumns } from '../../src/match/watch-columns.ts';
import { type AsnEntry, type PrefixEntry, type WatchEntry, watchName } from '../../src/match/watchlist.ts';

const asn = fc.oneof(fc.constantFrom(0, 1, 64_500, 4_294_967_295), fc.nat({ max: 4_294_967_295 }));
const word = fc.oneof(fc.constantFrom(0, 0x0a000000, 0x20010db8, 0xffffffff), fc.nat({ max: 0xffffffff }));
const text = fc.oneof(
  fc.constantFrom('', 'Kakao', '카카오 개발자', '\u{1f6f0}'),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);
const asns = fc.array(asn, { maxLength: 3 });

const shared = {
  name: text,
  group: fc.constantFrom('default', 'kakao', '그룹'),
  services: fc.oneof(fc.constant([]), fc.array(fc.constantFrom('a.example', 'b.example'), { maxLength: 2 })),
  tags: fc.oneof(fc.constant([]), fc.array(fc.constantFrom('x', 'y'), { maxLength: 2 })),
  minPeers: fc.oneof(fc.constant(1), fc.nat({ max: 9 })),
  mitigation: fc.oneof(fc.constant([]), asns),
  mustSeeThrough: fc.oneof(fc.constant([]), asns),
  mute: fc.constantFrom([], ['visibility-loss']),
  upstreams: fc.option(asns, { nil: undefined }),
  path: fc.option(fc.constantFrom({ mustMatch: '_1_' }, { maxLength: 7 }), { nil: undefined }),
  severity: fc.option(fc.constantFrom('info' as const, 'critical' as const), { nil: undefined }),
};
const prefix = fc
  .tuple(fc.constantFrom(4 as const, 6 as const), word, word, word, word, fc.nat({ max: 128 }))
  .map(([family, w0, w1, w2, w3, length]) => {
    const words: [number, number, number, number] = family === 4 ? [w0, 0, 0, 0] : [w0, w1, w2, w3];
    return prefixFromWords(family, words, Math.min(length, lengthMax(family))).prefix;
  });
const prefixEntry: fc.Arbitrary<PrefixEntry> = fc.record({
  type: fc.constant('prefix' as const),
  prefix,
  ...shared,
  ignore: fc.boolean(),
  origins: fc.option(asns, { nil: undefined }),
  maxLength: fc.nat({ max: 128 }),
  moreSpecifics: fc.constantFrom('watch' as const, 'ignore' as const),
});
const asnEntry: fc.Arbitrary<AsnEntry> = fc.record({ type: fc.constant('asn' as const), asn, ...shared });
const entries = fc.uniqueArray(fc.oneof({ weight: 5, arbitrary: prefixEntry }, asnEntry), {
  selector: watchName,
  maxLength: 40,
});

function plain(cidr: string, more: Partial<PrefixEntry> = {}): PrefixEntry {
  const parsed = prefixOf(cidr);
  const base = {
    name: '',
    group: 'g',
    services: [],
    tags: [],
    minPeers: 1,
    mitigation: [],
    mustSeeThrough: [],
    mute: [],
  };
  return {
    type: 'prefix',
    prefix: parsed,
    ...base,
    upstreams: undefined,
    path: undefined,
    severity: undefined,
    ignore: false,
    origins: [64_500],
    maxLength: parsed.length,
    moreSpecifics: 'watch',
    ...more,
  };
}

describe('a watchlist in columns', () => {
  it('gives each entry back as it was, over the database too', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const columns = columnsOf({ entries: list });
        expect([...columns]).toEqual(list);
        const stored = WatchColumns.open(columns.bytes.slice());
        expect([...(stored as WatchColumns)]).toEqual(list);
        expect(stored?.equals(columns)).toBe(true);
      }),
    );
  });

  it('reads columns that lie anywhere in a larger buffer', () => {
    const { bytes } = columnsOf({ entries: [plain('10.0.0.0/8'), plain('2001:db8::/32')] });
    const larger = new Uint8Array(bytes.length + 3);
    larger.set(bytes, 3);
    expect(WatchColumns.open(larger.subarray(3))).toHaveLength(2);
  });

  it('finds every entry by its prefix or AS, and none that is not there', () => {
    fc.assert(
      fc.property(entries, entries, (list, others) => {
        const builder = new WatchBuilder();
        for (const entry of list) builder.add(entry);
        const names = list.map(watchName);
        for (const entry of [...list, ...others])
          expect(builder.find(entry)).toBe(names.indexOf(watchName(entry)));
      }),
    );
  });

  it('finds entries among thousands', () => {
    const builder = new WatchBuilder();
    const list = Array.from({ length: 3_000 }, (_, n) => plain(`10.${n >> 8}.${n & 255}.0/24`));
    for (const entry of list) {
      expect(builder.find(entry)).toBe(-1);
      builder.add(entry);
    }
    expect(list.map((entry) => builder.find(entry))).toEqual(list.map((_, n) => n));
  });

  it('tells in place whether two entries say the same', () => {
    fc.assert(
      fc.property(entries, entries, (list, others) => {
        const [ours, theirs] = [columnsOf({ entries: list }), columnsOf({ entries: others })];
        const sameTerms = ours.termsIn(theirs);
        for (const [row, mine] of list.entries())
          for (const [otherRow, other] of [...others].entries())
            if (mine.type === 'prefix' && other.type === 'prefix')
              expect(ours.saysTheSame(row, theirs, otherRow, sameTerms)).toBe(
                said(mine) === said({ ...other, prefix: mine.prefix }),
              );
      }),
    );
  });

  it('names the rows of an AS, as origin or as itself, and those with certain terms', () => {
    const list: WatchEntry[] = [
      plain('10.0.0.0/8', { origins: [1, 2] }),
      plain('11.0.0.0/8', { origins: undefined, services: ['a.example'] }),
      { ...plain('12.0.0.0/8'), type: 'asn', asn: 2 } as unknown as AsnEntry,
      plain('13.0.0.0/8', { origins: [2] }),
    ];
    const columns = columnsOf({ entries: list });
    expect(columns.rowsOfAs(2)).toEqual([0, 2, 3]);
    expect(columns.rowsOfAs(3)).toEqual([]);
    expect(columns.rowsWith(({ services }) => services.includes('a.example'))).toEqual([1]);
    expect(columns.counts).toEqual({ watched4: 3, watched6: 0, holes: 0, asns: 1 });
  });

  it('refuses bytes that are cut, of another form, or none of ours', () => {
    const { bytes } = columnsOf({ entries: [plain('10.0.0.0/8')] });
    expect(WatchColumns.open(bytes.slice(0, -8))).toBeUndefined();
    expect(WatchColumns.open(new Uint8Array(10))).toBeUndefined();
    for (const place of [HEADER.mark, HEADER.form, HEADER.rows]) {
      const other = bytes.slice();
      new Uint32Array(other.buffer)[place]! += 1;
      expect(WatchColumns.open(other)).toBeUndefined();
    }
  });
});

function said(entry: PrefixEntry): string {
  return JSON.stringify([entry, entry.origins === undefined, entry.upstreams === undefined]);
}
