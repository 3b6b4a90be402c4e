import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overlaps, prefixOf } from '../../src/bgp/prefix.ts';
import { BadCursor } from '../../src/engine/errors.ts';
import type { IncidentQuery } from '../../src/engine/ports.ts';
import type { Incident } from '../../src/incident/alert.ts';
import type { SqliteStore } from '../../src/store/store.ts';
import { alert, at, batch, incident, openingBatch, record, route, storeWith } from './samples.ts';

function ids(store: SqliteStore, query: Partial<IncidentQuery> = {}): string[] {
  return store.archive.incidents({ limit: 100, ...query }).incidents.map((each) => each.id);
}

function storeOf(...incidents: readonly Incident[]): SqliteStore {
  return storeWith(batch({ incidents: incidents.map((each) => record(each)) }));
}

describe('listing incidents', () => {
  const store = storeOf(
    incident('a', { openedAt: at(1), group: 'kakao', kind: 'sub-prefix', severity: 'critical' }),
    incident('b', { openedAt: at(3), group: 'naver', kind: 'origin-change', severity: 'warning' }),
    incident('c', {
      openedAt: at(2),
      group: 'kakao',
      state: 'resolved',
      resolvedAt: at(9),
      severity: 'info',
    }),
  );

  it('gives the newest first, as they are now', () => {
    expect(ids(store)).toEqual(['b', 'c', 'a']);
    const changed = storeOf(incident('a'));
    changed.commit(batch({ incidents: [record(incident('a', { acknowledged: true }))] }));
    expect(changed.archive.incidents({ limit: 1 })).toEqual({
      incidents: [incident('a', { acknowledged: true })],
      next: null,
    });
  });

  it.each<[Partial<IncidentQuery>, string[]]>([
    [{ state: ['open'] }, ['b', 'a']],
    [{ state: ['open', 'resolved'] }, ['b', 'c', 'a']],
    [{ kind: ['origin-change'] }, ['b']],
    [{ kind: ['origin-change', 'sub-prefix'], state: ['open'] }, ['b', 'a']],
    [{ group: ['kakao'] }, ['c', 'a']],
    [{ group: ['Kakao'] }, []],
    [{ group: [] }, []],
    [{ severity: ['critical', 'info'] }, ['c', 'a']],
    [{ severity: ['critical', 'info'], group: ['kakao'], state: ['resolved'], kind: ['sub-prefix'] }, ['c']],
    [{ since: at(2) }, ['b', 'c']],
    [{ since: at(2.001) }, ['b']],
    [{ since: '2022-02-03T10:04:19+09:00' }, ['b', 'c']],
    [{ since: at(2), state: ['open'] }, ['b']],
  ])('filters by %j', (query, expected) => {
    expect(ids(store, query)).toEqual(expected);
  });

  it('finds an unknown id nowhere', () => {
    expect(store.archive.incident('z')).toBeUndefined();
    expect(store.archive.alertsOf('z')).toEqual([]);
  });
});

describe('the filter by prefix', () => {
  const inside = incident('inside', { routes: [route('10.1.2.0/24'), route('192.0.2.0/24')] });
  const above = incident('above', { routes: [route('10.0.0.0/8')] });
  const six = incident('six', { routes: [route('2001:db8:1::/48')] });
  const none = incident('none', { routes: [] });
  const store = storeOf(inside, above, six, none);

  it.each([
    ['10.1.2.0/24', ['inside', 'above']],
    ['10.1.2.128/25', ['inside', 'above']],
    ['10.1.0.0/16', ['inside', 'above']],
    ['10.2.0.0/16', ['above']],
    ['0.0.0.0/0', ['inside', 'above']],
    ['11.0.0.0/8', []],
    ['192.0.2.7/32', ['inside']],
    ['2001:db8::/32', ['six']],
    ['2001:db8:1:2::3/128', ['six']],
    ['::/0', ['six']],
  ])('%s finds every incident with a route that overlaps it, once', (prefix, expected) => {
    expect(ids(store, { prefix: prefixOf(prefix) })).toEqual(expected);
  });

  it('goes together with the others and with paging', () => {
    expect(ids(store, { prefix: prefixOf('10.0.0.0/8'), state: ['resolved'] })).toEqual([]);
    const page = store.archive.incidents({ prefix: prefixOf('10.0.0.0/8'), limit: 1 });
    expect(ids(store, { prefix: prefixOf('10.0.0.0/8'), cursor: page.next ?? '' })).toEqual(['above']);
  });

  it('finds routes that the incident no longer lists, or never had room to list', () => {
    const many = storeWith(
      batch({ incidents: [record(incident('a', { routes: [route('10.1.2.0/24')] }))] }),
      batch({
        incidents: [record(incident('a', { routes: [route('10.9.0.0/16')] }))],
        unlisted: [{ incidentId: 'a', prefixes: ['172.16.0.0/12'] }],
      }),
    );
    expect(ids(many, { prefix: prefixOf('10.1.2.0/24') })).toEqual(['a']);
    expect(ids(many, { prefix: prefixOf('172.16.0.0/16') })).toEqual(['a']);
  });

  it('equals a look at every route', () => {
    const word = fc.integer({ min: 0, max: 7 });
    const text = fc
      .tuple(word, fc.integer({ min: 0, max: 3 }))
      .map(([bits, dropped]) => `${((bits >> dropped) << dropped) << 5}.0.0.0/${3 - dropped}`);
    fc.assert(
      fc.property(fc.array(fc.array(text, { maxLength: 3 }), { maxLength: 6 }), text, (lists, asked) => {
        const all = lists.map((list, index) => incident(`i${index}`, { routes: list.map(route) }));
        const expected = all.filter((each) =>
          each.routes.some((one) => overlaps(prefixOf(one.prefix), prefixOf(asked))),
        );
        const found = ids(storeOf(...all), { prefix: prefixOf(asked) });
        expect(found.sort()).toEqual(expected.map((each) => each.id).sort());
      }),
      { numRuns: 30 },
    );
  });
});

describe('paging through incidents', () => {
  it('shows each once, also those opened in the same millisecond', () => {
    const store = storeOf(
      ...Array.from({ length: 25 }, (_, n) => incident(`i${n}`, { openedAt: at(n % 3) })),
    );
    const seen: string[] = [];
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const page = store.archive.incidents({ limit: 4, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...page.incidents.map((each) => each.id));
      cursor = page.next;
    }
    expect(seen).toHaveLength(25);
    expect(new Set(seen).size).toBe(25);
    expect(seen).toEqual(ids(store));
  });

  it('neither skips nor repeats while incidents open, change and resolve', () => {
    const store = storeOf(...[1, 2, 3, 4].map((n) => incident(`i${n}`, { openedAt: at(n) })));
    const first = store.archive.incidents({ limit: 2 });
    store.commit(
      batch({
        incidents: [
          record(incident('new', { openedAt: at(9) })),
          record(incident('i3', { openedAt: at(3), state: 'resolved', updatedAt: at(10) })),
        ],
      }),
    );
    const second = store.archive.incidents({ limit: 2, cursor: first.next ?? '' });
    expect([first, second].map((page) => page.incidents.map((each) => each.id))).toEqual([
      ['i4', 'i3'],
      ['i2', 'i1'],
    ]);
    expect(second.next).toBeNull();
  });

  it('ends with null when the last page is exactly full', () => {
    expect(storeOf(incident('a'), incident('b')).archive.incidents({ limit: 2 }).next).toBeNull();
  });

  it.each(['', 'x', '!!!!', 'MTIz', Buffer.from('12 a b').toString('base64url'), 'MSBh=', 'a'.repeat(5000)])(
    'refuses %j as a cursor',
    (cursor) => {
      expect(() => ids(storeOf(incident('a')), { cursor })).toThrow(BadCursor);
    },
  );

  it('is bounded whatever is asked for', () => {
    const store = storeOf(...Array.from({ length: 1_001 }, (_, n) => incident(`i${n}`, { routes: [] })));
    expect(ids(store, { limit: 1e9 })).toHaveLength(1_000);
    expect(ids(store, { limit: 0 })).toHaveLength(1);
  });
});

describe('the feed of alerts', () => {
  const first = alert(1, incident('a'));
  const store = storeWith(
    openingBatch(1, incident('a')),
    openingBatch(2, incident('b')),
    batch({
      incidents: [record(incident('a', { severity: 'info' }))],
      alerts: [alert(3, incident('a', { severity: 'info' }), 'updated')],
    }),
  );

  it('gives what comes after a number, oldest first', () => {
    expect(store.archive.alertsAfter(0, 2).map((each) => each.seq)).toEqual([1, 2]);
    expect(store.archive.alertsAfter(2, 10).map((each) => each.seq)).toEqual([3]);
    expect(store.archive.alertsAfter(3, 10)).toEqual([]);
    expect(store.archive.latestAlerts(2).map((each) => each.seq)).toEqual([3, 2]);
    expect(store.archive.lastSeq()).toBe(3);
  });

  it('never changes what was said, to the byte', () => {
    expect(store.archive.alertTextsAfter(0, 1)).toEqual([JSON.stringify(first)]);
    expect(store.archive.alertsOf('a')).toEqual([
      first,
      alert(3, incident('a', { severity: 'info' }), 'updated'),
    ]);
  });
});

describe('an incident that an earlier version wrote down', () => {
  it('is read as one of which nobody said anything', () => {
    const { notes: _notes, peak: _peak, acknowledgedBy: _by, ...old } = incident('a', { acknowledged: true });
    const store = storeOf(old as Incident);
    const found = store.archive.incident('a');
    expect(found).toMatchObject({ acknowledged: true, acknowledgedBy: null, notes: [], peak: { seeing: 0 } });
    expect(store.archive.incidents({ limit: 1 }).incidents).toEqual([found]);
  });
});
