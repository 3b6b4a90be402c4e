/** What the ROAs of watched space leave open, with and without knowledge of what is announced. */
import { describe, expect, it } from 'vitest';
import { type Prefix, prefixOf } from '../../src/bgp/prefix.ts';
import type { Vrp } from '../../src/bgp/vrp.ts';
import { vrpTableOf } from '../../src/judge/origin-validation.ts';
import { type AnnouncementKnowledge, type RoaExposure, roaExposures } from '../../src/judge/roa-exposure.ts';
import type { AsnEntry, PrefixEntry } from '../../src/match/watchlist.ts';

const BASE = {
  name: '',
  group: 'default',
  services: [],
  tags: [],
  minPeers: 1,
  mitigation: [],
  mustSeeThrough: [],
  mute: [],
  upstreams: undefined,
  path: undefined,
  severity: undefined,
};

function entry(text: string, given: Partial<PrefixEntry> = {}): PrefixEntry {
  const prefix = prefixOf(text);
  return {
    ...BASE,
    type: 'prefix',
    prefix,
    ignore: false,
    origins: [7625],
    maxLength: prefix.length,
    moreSpecifics: 'watch',
    ...given,
  };
}

function vrp(text: string, maxLength: number, asn = 7625): Vrp {
  return { prefix: prefixOf(text), maxLength, asn };
}

function brief(rows: readonly RoaExposure[]): string[] {
  return rows.map((row) => `${row.code} ${row.prefix} ${row.origins.join(',')}`);
}

const all24 = Array.from({ length: 8 }, (_, index): Prefix => prefixOf(`211.249.${216 + index}.0/24`));
const announcing = (prefixes: readonly Prefix[]): AnnouncementKnowledge => ({
  announcedInside: () => prefixes.map((prefix) => ({ prefix, origin: 7625 })),
});
const KAKAO = entry('211.249.216.0/21');

describe('the ROAs of watched space', () => {
  it('are fine when they allow exactly what is watched', () => {
    expect(roaExposures([KAKAO], vrpTableOf([vrp('211.249.216.0/21', 21)]))).toEqual([]);
  });

  it('leave a forged-origin hijack open when maxLength goes beyond', () => {
    const rows = roaExposures(
      [KAKAO],
      vrpTableOf([vrp('211.249.216.0/21', 24), vrp('211.249.216.0/21', 24, 1)]),
    );
    expect(rows).toMatchObject([
      {
        code: 'open-maxlength',
        prefix: '211.249.216.0/21',
        watch: '211.249.216.0/21',
        origins: [7625],
        announcedLength: 21,
      },
    ]);
    expect(rows[0]?.vrps).toHaveLength(1);
    expect(rows[0]?.text.en).toContain('211.249.216.0/21-24 AS7625');
    expect(rows[0]?.text.ko).toContain('RFC 9319');
  });

  it('leave it open through a ROA for a more specific that nobody announces', () => {
    const table = vrpTableOf([vrp('211.249.216.0/21', 21), vrp('211.249.220.0/24', 24)]);
    expect(brief(roaExposures([KAKAO], table))).toEqual(['open-maxlength 211.249.216.0/21 7625']);
    expect(roaExposures([KAKAO, entry('211.249.220.0/24')], table)).toEqual([]);
  });

  it('are taken at the declared maxLength while announcements are not known', () => {
    const table = vrpTableOf([vrp('211.249.216.0/21', 24)]);
    const declared = entry('211.249.216.0/21', { maxLength: 24 });
    expect(roaExposures([declared], table)).toEqual([]);
    expect(brief(roaExposures([declared], table, announcing([KAKAO.prefix])))).toEqual([
      'open-maxlength 211.249.216.0/21 7625',
    ]);
  });

  it('are closed when every more specific that they allow is announced', () => {
    const table = vrpTableOf([vrp('211.249.216.0/21', 24)]);
    expect(roaExposures([KAKAO], table, announcing(all24))).toEqual([]);
    expect(roaExposures([KAKAO], table, announcing([...all24, ...all24]))).toEqual([]);
    expect(
      brief(roaExposures([KAKAO], table, announcing([...all24.slice(1), ...all24.slice(1)]))),
    ).toHaveLength(1);
    const foreign: AnnouncementKnowledge = {
      announcedInside: () => all24.map((prefix) => ({ prefix, origin: 1 })),
    };
    expect(brief(roaExposures([KAKAO], table, foreign))).toHaveLength(1);
  });

  it('may be missing', () => {
    const rows = roaExposures([entry('211.249.216.0/21', { origins: [7625, 38_099] })], vrpTableOf([]));
    expect(rows).toMatchObject([{ code: 'no-roa', origins: [7625, 38_099], vrps: [] }]);
    expect(rows[0]?.text.en).toContain('AS7625, AS38099');
  });

  it('may make an expected origin invalid, by the AS or by the length', () => {
    const table = vrpTableOf([vrp('211.249.208.0/20', 20), vrp('192.0.2.0/24', 24, 0)]);
    const rows = roaExposures(
      [entry('211.249.216.0/21', { origins: [7625, 38_099] }), entry('192.0.2.0/24')],
      table,
    );
    expect(brief(rows)).toEqual([
      'invalid-origin 192.0.2.0/24 7625',
      'invalid-origin 211.249.216.0/21 7625',
      'invalid-origin 211.249.216.0/21 38099',
    ]);
    expect(rows[1]?.text.en).toContain('ends at /20');
    expect(rows[2]?.text.en).toContain('name others');
    expect(rows[0]?.text.en).toContain('name others');
  });

  it('are not asked of holes, of space that nobody may announce, and of what is not known yet', () => {
    const entries = [
      entry('10.0.0.0/8', { ignore: true }),
      entry('11.0.0.0/8', { origins: [] }),
      entry('12.0.0.0/8', { origins: undefined }),
    ];
    expect(roaExposures(entries, vrpTableOf([]))).toEqual([]);
    expect(brief(roaExposures(entries, vrpTableOf([]), { expectedOrigins: () => [9] }))).toEqual([
      'no-roa 12.0.0.0/8 9',
    ]);
  });

  it('are asked of what a watched AS announces beside the list', () => {
    const watched: AsnEntry = { ...BASE, type: 'asn', asn: 38_099 };
    const known: AnnouncementKnowledge = { announcedBy: () => [prefixOf('192.0.2.0/24'), KAKAO.prefix] };
    const table = vrpTableOf([vrp('211.249.216.0/21', 21)]);
    expect(roaExposures([watched, KAKAO], table, known)).toMatchObject([
      { code: 'no-roa', prefix: '192.0.2.0/24', watch: 'AS38099' },
    ]);
    expect(roaExposures([watched], table)).toEqual([]);
  });

  it('of IPv6 are judged alike', () => {
    expect(brief(roaExposures([entry('2001:db8::/32')], vrpTableOf([vrp('2001:db8::/32', 48)])))).toEqual([
      'open-maxlength 2001:db8::/32 7625',
    ]);
  });
});
