/** The dashboard's parts that need no browser: the stream's reader, the graph of paths, times, addresses of pages. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { incidentLink, pageLink, readPlace } from '../../src/dashboard/app/location.ts';
import { graphOf, hopsOf, lastWithPaths, placed } from '../../src/dashboard/app/pictures/as-graph.ts';
import { createStreamReader } from '../../src/dashboard/app/stream/sse.ts';
import { durationText, isoFromField, stampOf } from '../../src/dashboard/app/times.ts';
import { WORDS } from '../../src/dashboard/app/words.ts';
import { anAlert, anIncident } from '../serve/fakes.ts';
import { grownIncident } from './stage.ts';

describe('the reader of the event stream', () => {
  const text =
    ': originwatch\nretry: 2000\n\nid: 7\nevent: alert\ndata: {"a":1}\n\n:\n\nevent: incident\r\ndata: x\r\ndata:y\r\n\r\n';
  const whole = [
    { type: '', data: '' },
    { type: 'alert', data: '{"a":1}' },
    { type: '', data: '' },
    { type: 'incident', data: 'x\ny' },
  ];

  it('reads messages and comments', () => {
    expect(createStreamReader().push(text)).toEqual(whole);
  });

  it('reads the same however the text is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
        const reader = createStreamReader();
        const at = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const read = at.slice(1).flatMap((end, index) => reader.push(text.slice(at[index], end)));
        expect(read).toEqual(whole);
      }),
    );
  });
});

describe('the graph of AS paths', () => {
  it('goes from the prefix to the offender to those who see it, and marks who should originate it', () => {
    const { nodes, edges } = graphOf(anIncident(1));
    expect(nodes.map(({ label, role, vantagePoints }) => [label, role, vantagePoints])).toEqual([
      ['211.249.221.0/24', 'prefix', 0],
      ['AS9457', 'offender', 0],
      ['AS6461', 'viewer', 3],
      ['AS7625', 'victim', 0],
    ]);
    expect(edges.map(({ from, to, isExpected }) => [from, to, isExpected])).toEqual([
      ['prefix 211.249.221.0/24', '9457', false],
      ['9457', '6461', false],
      ['prefix 211.249.221.0/24', '7625', true],
    ]);
  });

  it('gives each prefix its own expected origin', () => {
    const expected = graphOf(grownIncident(1)).edges.filter(({ isExpected }) => isExpected);
    expect(expected.map(({ from, to }) => [from, to])).toEqual([
      ['prefix 211.249.221.0/24', '7625'],
      ['prefix 121.53.104.0/24', '38099'],
    ]);
  });

  it('folds prepending and keeps an AS_SET as one', () => {
    expect(hopsOf('6461 6461 9457 9457 {1,2}')).toEqual(['{1,2}', '9457', '6461']);
    expect(hopsOf('')).toEqual([]);
  });

  it('counts a vantage point that sees two prefixes once', () => {
    const base = anIncident(1);
    const routes = ['211.249.221.0/24', '211.249.222.0/24'].flatMap((prefix) =>
      base.routes.map((route) => ({ ...route, prefix })),
    );
    const viewer = graphOf({ ...base, routes }).nodes.find(({ id }) => id === '6461');
    expect(viewer?.vantagePoints).toBe(3);
  });

  it('stays readable however many paths there are, and says how many it left out', () => {
    const paths = Array.from({ length: 200 }, (_, index) => ({
      path: `${1000 + index} 9457`,
      vantagePoints: 1,
    }));
    const base = anIncident(1);
    const { nodes, edges, left } = graphOf({
      ...base,
      routes: base.routes.map((route) => ({ ...route, paths })),
    });
    expect(nodes.length).toBeLessThanOrEqual(12);
    expect(nodes.some(({ label }) => /^\+\d+ AS$/.test(label))).toBe(true);
    expect(
      edges.every(({ from, to }) => [from, to].every((id) => nodes.some((node) => node.id === id))),
    ).toBe(true);
    expect(left).toBeGreaterThan(90);
  });

  it('gives every node and edge a place', () => {
    const { nodes, edges, width } = placed(graphOf(grownIncident(1)));
    expect(nodes.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))).toBe(true);
    expect(edges.every(({ points }) => points.length >= 2)).toBe(true);
    expect(width).toBeGreaterThan(300);
  });

  it('falls back on the last alert that had paths, and says of when they are', () => {
    const seen = anIncident(1);
    const over = { ...seen, routes: seen.routes.map((route) => ({ ...route, active: false, paths: [] })) };
    expect(lastWithPaths(over, [anAlert(1, seen), anAlert(2, over, 'resolved')])).toEqual({
      incident: seen,
      at: anAlert(1).at,
    });
  });
});

describe('times', () => {
  const ms = Date.parse('2022-02-03T15:30:00.000Z');

  it('stand in Seoul with UTC beside them, with the date where it is another day', () => {
    expect(stampOf(ms, 'seoul', ms)).toEqual({ local: '02-04 00:30:00 KST', utc: '02-03 15:30:00 UTC' });
    expect(stampOf(ms, 'seoul', Date.parse('2026-01-01T00:00:00Z')).local).toBe('2022-02-04 00:30:00 KST');
  });

  it('are read from a field in the chosen zone', () => {
    expect(isoFromField('2022-02-03T10:04:18', 'seoul')).toBe('2022-02-03T01:04:18.000Z');
    expect(isoFromField('', 'seoul')).toBeUndefined();
    expect(isoFromField('nonsense', 'seoul')).toBeUndefined();
  });

  it.each([
    [-5, '0 s', '0초'],
    [59_000, '59 s', '59초'],
    [61_000, '1 min', '1분'],
    [3_660_000, '1 h 1 min', '1시간 1분'],
    [200 * 3_600_000, '8 d 8 h', '8일 8시간'],
  ])('say %d ms as people do', (length, en, ko) => {
    expect([durationText(length, WORDS.en), durationText(length, WORDS.ko)]).toEqual([en, ko]);
  });
});

describe('addresses of pages', () => {
  it('lead to an incident by any id, and back from it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (id) => {
        expect(readPlace(incidentLink(id))).toEqual({ page: 'incident', id });
      }),
    );
  });

  it('keep what was asked, and fall back on the first page', () => {
    const place = readPlace(pageLink('bgp', { resource: '211.249.216.0/21' }));
    expect(place.page === 'bgp' && place.query.get('resource')).toBe('211.249.216.0/21');
    expect(readPlace('#/nowhere').page).toBe('open');
    expect(readPlace('#/incidents/%E0%A4%A').page).toBe('incident');
  });
});

describe('the catalogue', () => {
  it('says everything in both languages, in words of its own', () => {
    const texts = (value: unknown, path: string): readonly (readonly [string, string])[] => {
      if (typeof value === 'string') return [[path, value]];
      if (typeof value !== 'object' || value === null) return [];
      return Object.entries(value).flatMap(([key, each]) => texts(each, `${path}.${key}`));
    };
    const korean = new Map(texts(WORDS.ko, ''));
    const same = texts(WORDS.en, '').filter(([path, text]) => korean.get(path) === text);
    expect(same.map(([path]) => path)).toEqual(['.watchlist.rpki']);
    expect([...korean.values()].filter((text) => text.trim() === '')).toEqual([]);
  });
});
