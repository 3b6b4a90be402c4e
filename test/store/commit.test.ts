import { describe, expect, it } from 'vitest';
import type { Silence } from '../../src/engine/ports.ts';
import { FRAME_CHARACTERS_MAX, RAW_FIRST, RAW_NEWEST } from '../../src/store/incident-table.ts';
import { NO_ROUTES, routes, routesOf } from './routes.ts';
import {
  alert,
  at,
  baselineRow,
  batch,
  incident,
  openingBatch,
  record,
  ribRow,
  START_MS,
  storeWith,
} from './samples.ts';

const elsewhere = { collector: 'rrc25', peerAddress: '2001:db8::25', peerAsn: 4_200_000_001 };
const silence: Silence = {
  id: 'silence-1',
  match: { group: 'kakao' },
  startsAt: at(0),
  endsAt: at(3600),
  expectedOrigin: null,
  by: 'kim',
  note: 'move',
};

describe('the watched RIB', () => {
  it('comes back as it was committed, sets, communities and broken stamps included', () => {
    const rows = [
      ribRow(),
      ribRow({
        prefix: '2001:db8::/32',
        path: [1, [2, 3], 4_294_967_295],
        communities: [[65_535, 666]],
        hasBadClock: true,
      }),
      ribRow({ vantagePoint: elsewhere, path: [], observedMs: START_MS + 0.25 }),
    ];
    const found = routesOf(storeWith(batch({ routes: routes(1, rows) })).remember());
    expect(found).toHaveLength(3);
    expect(found).toEqual(expect.arrayContaining(rows));
  });

  it('keeps one route per vantage point and prefix: the last', () => {
    const changed = ribRow({ path: [9457], hasBadClock: true });
    const store = storeWith(
      batch({ routes: routes(1, [ribRow()]) }),
      batch({ routes: routes(2, [changed]) }),
    );
    expect(routesOf(store.remember())).toEqual([changed]);
  });

  it('loses what was withdrawn, and nothing else', () => {
    const store = storeWith(batch({ routes: routes(1, [ribRow(), ribRow({ vantagePoint: elsewhere })]) }));
    const gone = [
      { vantagePoint: elsewhere, prefix: '211.249.216.0/21' },
      { vantagePoint: { ...elsewhere, collector: 'never seen' }, prefix: '10.0.0.0/8' },
    ];
    store.commit(batch({ routes: routes(2, [], gone) }));
    expect(routesOf(store.remember())).toEqual([ribRow()]);
  });

  it('learns the AS of a vantage point that had none before', () => {
    const unnamed = ribRow({ vantagePoint: { ...elsewhere, peerAsn: 0 } });
    const named = ribRow({ vantagePoint: elsewhere });
    const store = storeWith(batch({ routes: routes(1, [unnamed]) }), batch({ routes: routes(2, [named]) }));
    expect(routesOf(store.remember())).toEqual([named]);
  });

  it('is read page by page, oldest segment first, and may be added to meanwhile', () => {
    const rows = Array.from({ length: 45 }, (_, index) => ribRow({ prefix: `10.0.${index}.0/24` }));
    const store = storeWith(...rows.map((row, index) => batch({ routes: routes(index + 1, [row]) })));
    const seen: number[] = [];
    for (const { number } of store.remember().segments) {
      if (number === 10) store.commit(batch({ routes: routes(46, [ribRow({ prefix: '1.0.0.0/8' })]) }));
      seen.push(number);
    }
    expect(seen).toEqual(Array.from({ length: 46 }, (_, index) => index + 1));
    expect(routesOf(store.remember())).toHaveLength(46);
  });

  it('lacks the segments that were dropped, and has the one that was added with that', () => {
    const store = storeWith(...[1, 2, 3].map((number) => batch({ routes: routes(number, [ribRow()]) })));
    store.commit(batch({ routes: { ...routes(4, [ribRow()]), dropped: [1, 2] } }));
    store.commit(batch({ routes: { ...NO_ROUTES, dropped: [3] } }));
    expect([...store.remember().segments].map(({ number }) => number)).toEqual([4]);
    expect(routesOf(store.remember())).toEqual([ribRow()]);
  });
});

describe('the baseline', () => {
  it('comes back in the order of routing tables, rows that were never seen included', () => {
    const rows = [
      baselineRow({ prefix: '10.0.0.0/8', origin: 1, neighbors: [], peerAsns: [] }),
      baselineRow({ origin: 7625, source: 'operator', by: 'kim', note: 'ticket 7' }),
      baselineRow({ origin: 4_294_967_295, source: 'config', firstSeenAt: null, lastSeenAt: null }),
      baselineRow({ prefix: '2001:db8::/32' }),
    ];
    const store = storeWith(batch({ baseline: rows.toReversed() }));
    expect(store.archive.baseline()).toEqual(rows);
    expect([...store.remember().baseline]).toHaveLength(rows.length);
    expect([...store.remember().baseline]).toEqual(
      expect.arrayContaining(rows.map((row) => ({ ...row, candidates: '' }))),
    );
  });

  it('keeps neighbours that do not count yet for the engine, and shows them to nobody else', () => {
    const candidates = '[[10158,1,[6461]]]';
    const store = storeWith(batch({ baseline: [{ ...baselineRow(), candidates }] }));
    expect([...store.remember().baseline]).toEqual([{ ...baselineRow(), candidates }]);
    expect(store.archive.baseline()).toEqual([baselineRow()]);
    store.commit(batch({ baseline: [baselineRow()] }));
    expect([...store.remember().baseline]).toEqual([{ ...baselineRow(), candidates: '' }]);
  });

  it('replaces and removes by prefix and origin', () => {
    const store = storeWith(batch({ baseline: [baselineRow(), baselineRow({ origin: 1 })] }));
    store.commit(batch({ baseline: [baselineRow({ source: 'rejected' })] }));
    store.commit(batch({ baselineRemoved: [{ prefix: '211.249.216.0/21', origin: 1 }] }));
    expect(store.archive.baseline()).toEqual([baselineRow({ source: 'rejected' })]);
  });

  it('is read page by page without a gap', () => {
    const rows = Array.from({ length: 4_100 }, (_, index) => baselineRow({ origin: index + 1 }));
    expect(storeWith(batch({ baseline: rows })).archive.baseline()).toHaveLength(4_100);
  });
});

describe('what the engine starts from', () => {
  it('is empty and begins with alert 1 in a new database', () => {
    const remembered = storeWith().remember();
    expect(remembered.nextSeq).toBe(1);
    expect([
      ...remembered.segments,
      ...remembered.ribTable,
      ...remembered.baseline,
      ...remembered.incidents,
    ]).toEqual([]);
    expect([remembered.silences, remembered.memory]).toEqual([[], new Map()]);
  });

  it('holds the incidents that no batch has forgotten, with the memory handed over last', () => {
    const store = storeWith(openingBatch(1, incident('a')), openingBatch(2, incident('b')));
    const resolved = incident('b', { state: 'resolved', resolvedAt: at(400) });
    store.commit(batch({ incidents: [record(resolved, { memory: '{"n":2}' })] }));
    expect([...store.remember().incidents]).toEqual([
      record(incident('a')),
      record(resolved, { memory: '{"n":2}' }),
    ]);
    store.commit(batch({ incidentsForgotten: ['b'] }));
    expect([...store.remember().incidents].map((each) => each.incident.id)).toEqual(['a']);
    expect(store.archive.incident('b')).toEqual(resolved);
  });

  it('never lacks an open incident, even if it was to be forgotten', () => {
    const store = storeWith(openingBatch(1, incident('a')), batch({ incidentsForgotten: ['a'] }));
    expect([...store.remember().incidents]).toEqual([record(incident('a'))]);
  });

  it('remembers a forgotten incident again when it returns', () => {
    const resolved = incident('a', { state: 'resolved', resolvedAt: at(400) });
    const store = storeWith(batch({ incidents: [record(resolved)] }), batch({ incidentsForgotten: ['a'] }));
    store.commit(batch({ incidents: [record(incident('a'))] }));
    expect([...store.remember().incidents]).toEqual([record(incident('a'))]);
  });

  it('holds named values and silences as they are now', () => {
    const store = storeWith(
      batch({ memory: [{ key: 'clock', value: '1' }], silences: [silence, { ...silence, id: 'silence-2' }] }),
      batch({ memory: [{ key: 'clock', value: '2' }], silencesRemoved: ['silence-2'] }),
      batch({ silences: [{ ...silence, note: 'longer' }] }),
    );
    const remembered = store.remember();
    expect(remembered.memory).toEqual(new Map([['clock', '2']]));
    expect(remembered.silences).toEqual([{ ...silence, note: 'longer' }]);
    expect(store.archive.silences()).toEqual(remembered.silences);
  });
});

describe('a batch', () => {
  it('that cannot be written whole is not written at all', () => {
    const store = storeWith(openingBatch(1, incident('a')));
    const broken = batch({
      routes: routes(1, [ribRow()]),
      baseline: [baselineRow()],
      incidents: [record(incident('b'))],
      alerts: [alert(2, incident('b')), { ...alert(3, incident('b')), id: 'alert-1' }],
      memory: [{ key: 'clock', value: '9' }],
    });
    expect(() => store.commit(broken)).toThrow(/store-write/);
    const { nextSeq, segments, baseline, memory } = store.remember();
    expect([nextSeq, [...segments], [...baseline], memory.size]).toEqual([2, [], [], 0]);
    expect(store.archive.incident('b')).toBeUndefined();
  });

  it('after a failed one uses nothing that was taken back', () => {
    const store = storeWith();
    const broken = batch({ routes: routes(1, [ribRow({ path: [] })]), alerts: [alert(7, incident('x'))] });
    expect(() => store.commit(broken)).toThrow();
    store.commit(batch({ routes: routes(1, [ribRow({ vantagePoint: elsewhere })]) }));
    store.commit(batch({ routes: routes(2, [ribRow()]) }));
    expect(routesOf(store.remember())).toEqual([ribRow({ vantagePoint: elsewhere }), ribRow()]);
  });

  it('with an alert out of turn is our own error', () => {
    const store = storeWith(openingBatch(1, incident('a')));
    expect(() => store.commit(openingBatch(3, incident('a')))).toThrow('alert 3 after 1');
  });

  it('with an alert of an incident that nobody stored is our own error', () => {
    expect(() => storeWith(batch({ alerts: [alert(1, incident('a'))] }))).toThrow('no incident a');
  });
});

describe('raw evidence', () => {
  const frames = (from: number, count: number): ReturnType<typeof batch>['raw'] =>
    Array.from({ length: count }, (_, index) => ({
      incidentId: 'a',
      evidence: { at: at(from + index), vantagePoint: 'rrc00 192.0.2.1', frame: `frame ${from + index}` },
    }));
  const expected = (count: number): string[] =>
    frames(0, count)
      .map(({ evidence }) => evidence.frame)
      .filter((_, index) => index < RAW_FIRST || index >= count - RAW_NEWEST);

  it('is kept in the order it came', () => {
    const store = storeWith(openingBatch(1, incident('a')), batch({ raw: frames(0, 3) }));
    expect(store.archive.rawOf('a')).toEqual(frames(0, 3).map(({ evidence }) => evidence));
    expect(store.archive.rawOf('b')).toEqual([]);
  });

  it.each([[[1000]], [[150, 150]], [[90, 20, 90, 5, 1, 300]], [[200, 1]]])(
    'keeps the first and the newest of batches of %j frames',
    (sizes) => {
      const store = storeWith(openingBatch(1, incident('a')));
      let count = 0;
      for (const size of sizes) {
        store.commit(batch({ raw: frames(count, size) }));
        count += size;
      }
      expect(store.archive.rawOf('a').map(({ frame }) => frame)).toEqual(expected(count));
    },
  );

  it('cuts a frame of megabytes and says so', () => {
    const evidence = { at: at(0), vantagePoint: 'rrc00 192.0.2.1', frame: 'x'.repeat(1_000_000) };
    const store = storeWith(openingBatch(1, incident('a')), batch({ raw: [{ incidentId: 'a', evidence }] }));
    const frame = store.archive.rawOf('a')[0]?.frame ?? '';
    expect(frame).toHaveLength(FRAME_CHARACTERS_MAX + '… (1000000 characters in all)'.length);
    expect(frame.endsWith('… (1000000 characters in all)')).toBe(true);
  });
});

describe('the small tables', () => {
  it('show the audit newest first', () => {
    const row = (n: number) => ({
      at: at(n),
      who: 'kim',
      action: 'acknowledge',
      subject: `incident ${n}`,
      note: '',
    });
    const store = storeWith(batch({ audit: [row(1), row(2)] }), batch({ audit: [row(3)] }));
    expect(store.archive.audit(2)).toEqual([row(3), row(2)]);
  });

  it('give compiled data back only for the source it was made from', () => {
    const store = storeWith();
    store.setCompiled('watchlist', 'sha-1', new Uint8Array([1, 2, 3]).subarray(1));
    expect(store.compiled('watchlist', 'sha-1')).toEqual(Buffer.from([2, 3]));
    expect(store.compiled('watchlist', 'sha-2')).toBeUndefined();
    store.setCompiled('watchlist', 'sha-2', new Uint8Array(0));
    expect(store.compiled('watchlist', 'sha-2')).toEqual(Buffer.alloc(0));
  });
});
