/** Routes as bytes and back, and the log of them: what a store keeps of it is the watched RIB, whatever happened. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AsPath } from '../../src/bgp/as-path.ts';
import { prefixFromWords, prefixOf } from '../../src/bgp/prefix.ts';
import type { VantagePoint } from '../../src/bgp/vantage-point.ts';
import { readSegment, SegmentWriter } from '../../src/engine/route-codec.ts';
import { RouteLog } from '../../src/engine/route-log.ts';
import { VantagePoints } from '../../src/judge/vantage-points.ts';
import type { PrefixWords, Words, WrittenRoute } from '../../src/rows/rib-route.ts';
import { WatchedRib } from '../../src/rows/watched-rib.ts';
import { numbersAsWords, wordsOf, writeRoute } from '../store/routes.ts';

const POINTS: readonly VantagePoint[] = [
  { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 1 },
  { collector: 'rrc25', peerAddress: '2001:db8::25', peerAsn: 4_294_967_295 },
  { collector: 'peer é', peerAddress: '192.0.2.3', peerAsn: 0 },
];

/** What a body says, record by record, in plain data. */
function recordsOf(body: Uint8Array): unknown[] {
  const numbers = ({ cells, at, count }: Words): number[] =>
    [...cells.subarray(at, at + count)].map((word) => word >>> 0);
  const records: unknown[] = [];
  readSegment(body, {
    route: (point: VantagePoint, prefix: PrefixWords, route: WrittenRoute) =>
      records.push({
        point,
        ...prefix,
        ...route,
        path: numbers(route.path),
        communities: numbers(route.communities),
      }),
    gone: (point, prefix, pathId) => records.push({ gone: point, pathId, ...prefix }),
  });
  return records;
}

const word = fc.nat({ max: 0xffffffff });
const anyPrefix = fc.oneof(
  fc.tuple(word, fc.nat({ max: 32 })).map(([w, length]) => prefixFromWords(4, [w, 0, 0, 0], length).prefix),
  fc
    .tuple(word, word, word, word, fc.nat({ max: 128 }))
    .map(([a, b, c, d, length]) => prefixFromWords(6, [a, b, c, d], length).prefix),
);
const stamp = fc.oneof(fc.constantFrom(0, 1.25, 1_700_000_000_123.5), fc.double({ noNaN: true }));
const record = fc.record({
  isGone: fc.boolean(),
  point: fc.nat(POINTS.length - 1),
  prefix: anyPrefix,
  pathId: fc.oneof(fc.constantFrom(0, 1, 4_294_967_295), word),
  observedMs: stamp,
  arrivedMs: stamp,
  hasBadClock: fc.boolean(),
  path: fc.array(word, { maxLength: 12 }),
  setPath: fc.option(fc.array(fc.oneof(word, fc.array(word, { maxLength: 3 })), { maxLength: 4 }), {
    nil: undefined,
  }),
  communities: fc.array(word, { maxLength: 12 }),
});

describe('the codec of routes', () => {
  it('reads what it wrote: any prefix, path, set, stamp and list of communities', () => {
    const writer = new SegmentWriter();
    fc.assert(
      fc.property(fc.array(record, { maxLength: 30 }), (records) => {
        const expected: unknown[] = [];
        for (const { isGone, point: id, prefix: text, ...route } of records) {
          const [point, prefix] = [POINTS[id] as VantagePoint, wordsOf(text)];
          const path = route.setPath === undefined ? route.path : [];
          if (isGone) writer.gone(id, point, prefix, route.pathId);
          else
            writer.route(id, point, prefix, {
              ...route,
              path: numbersAsWords(path),
              communities: numbersAsWords(route.communities),
            });
          expected.push(
            isGone ? { gone: point, pathId: route.pathId, ...prefix } : { point, ...prefix, ...route, path },
          );
        }
        expect(writer.records).toBe(records.length);
        expect(recordsOf(writer.take())).toEqual(expected);
        expect([writer.records, writer.take().length]).toEqual([0, 0]);
      }),
    );
  });

  it('keeps every length of prefix, thousands of communities, and long paths', () => {
    const writer = new SegmentWriter();
    const words = Array.from({ length: 4_000 }, (_, n) => 0xffffffff - n * 1_000_003);
    const address = [0x20010db8, 0x85a308d3, 0x93198a2e, 0x03707344] as const;
    const prefixes = Array.from({ length: 129 }, (_, n) => wordsOf(prefixFromWords(6, address, n).prefix));
    const point = POINTS[0] as VantagePoint;
    const route = {
      pathId: 7,
      observedMs: 1,
      arrivedMs: 2,
      hasBadClock: false,
      path: numbersAsWords(words.map((each) => each >>> 0)),
      setPath: undefined,
      communities: numbersAsWords(words.map((each) => each >>> 0)),
    };
    for (const prefix of prefixes) writer.route(0, point, prefix, route);
    const numbers = words.map((each) => each >>> 0);
    expect(recordsOf(writer.take())).toEqual(
      prefixes.map((prefix) => ({ ...route, point, ...prefix, path: numbers, communities: numbers })),
    );
  });

  it('reads a body that was cut off or changed to its end, or fails: it never loops and never fills the memory', () => {
    const writer = new SegmentWriter();
    const vantagePoint = POINTS[0] as VantagePoint;
    const more = { vantagePoint, prefix: '10.0.0.0/8', observedMs: 1, arrivedMs: 2 };
    writeRoute(writer, 0, { ...more, path: [1, 70_000, 4_294_967_295], communities: [[1, 2]] });
    writeRoute(writer, 0, { ...more, path: [1, [2, 3]], communities: [] });
    const body = writer.take();
    const whole = recordsOf(body);
    const attempt = (damaged: Uint8Array): unknown[] | undefined => {
      try {
        return recordsOf(damaged);
      } catch {
        return undefined;
      }
    };
    for (let length = 1; length < body.length; length += 1) {
      const found = attempt(body.slice(0, length));
      if (found !== undefined) expect(whole.slice(0, found.length)).toEqual(found);
    }
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.nat(255), fc.nat(255), (at, first, second) => {
        const damaged = body.slice();
        damaged.set([first, second].slice(0, body.length - at), at);
        expect((attempt(damaged) ?? []).length).toBeLessThanOrEqual(body.length);
      }),
      { numRuns: 2_000 },
    );
    expect(() => recordsOf(Uint8Array.of(9, 1))).toThrow('form 9');
    expect(() => recordsOf(Uint8Array.of(1, 3, 0, 0))).toThrow('assert: ');
  });
});

/** Segments as a store keeps them, and what they say: the newest record of a route counts. */
class FakeStore {
  readonly segments = new Map<number, Uint8Array>();

  commit(log: RouteLog): void {
    const { segment, dropped } = log.take();
    for (const number of dropped) expect(this.segments.delete(number)).toBe(true);
    if (segment === undefined) return;
    expect(segment.number).toBeGreaterThan(Math.max(0, ...this.segments.keys()));
    this.segments.set(segment.number, segment.body);
  }

  get records(): number {
    return [...this.segments.values()].reduce((sum, body) => sum + recordsOf(body).length, 0);
  }
}

/** An engine's part of it: a RIB, its log, and how they start from a store. */
class Side {
  readonly rib = new WatchedRib<never>();
  readonly points = new VantagePoints();
  readonly log: RouteLog;

  constructor(store: FakeStore, slackRecords: number) {
    this.log = new RouteLog(this.rib, (id) => this.points.byId(id).point, slackRecords);
    for (const [number, body] of store.segments) {
      let records = 0;
      readSegment(body, {
        route: (point, prefix, route) => {
          records += 1;
          const vantagePoint = this.points.meet(point, '').id;
          this.log.restored(number, this.rib.restore(prefix, { ...route, vantagePoint, order: 0 }));
        },
        gone: (point, { shape, words }) => {
          records += 1;
          this.rib.withdrawRow(this.rib.rows.find(shape, ...words), this.points.meet(point, '').id);
        },
      });
      this.log.restoredSegment(number, records);
    }
    this.log.discard();
  }

  announce(prefix: string, point: VantagePoint, path: AsPath, observedMs: number): void {
    const vantagePoint = this.points.meet(point, '').id;
    const rest = { communities: [], observedMs, arrivedMs: observedMs, order: 1, finding: undefined };
    this.rib.announce(prefixOf(prefix), { vantagePoint, path, ...rest });
  }

  withdraw(prefix: string, point: VantagePoint): void {
    this.rib.withdraw(prefixOf(prefix), this.points.meet(point, '').id);
  }

  /** `prefix collector path stamp`, in order of text. */
  told(): string[] {
    const routes = [...this.rib.every()].flatMap((prefix) =>
      this.rib.routesAt(prefix).map(({ vantagePoint, path, observedMs }) => {
        const { collector } = this.points.byId(vantagePoint).point;
        return `${prefix.text} ${collector} ${JSON.stringify(path)} ${observedMs}`;
      }),
    );
    return routes.sort();
  }
}

describe('the route log', () => {
  const change = fc.record({
    prefix: fc.nat(5).map((n) => `10.0.${n}.0/24`),
    point: fc.constantFrom(...POINTS),
    withdraws: fc.boolean(),
    path: fc.oneof(fc.constant([1, 2]), fc.constant([3, [4, 5]]), fc.constant([])),
  });
  const commit = fc.record({
    changes: fc.array(change, { maxLength: 25, size: 'max' }),
    restarts: fc.nat(9).map((n) => n === 0),
    isLost: fc.nat(9).map((n) => n === 0),
  });

  it('tells the RIB as of the last commit, after any changes, crashes and cleaning, and stays within its bound', () => {
    const slack = 10;
    let isCleaned = false;
    fc.assert(
      fc.property(fc.array(commit, { maxLength: 60, size: 'max' }), (commits) => {
        const store = new FakeStore();
        let side = new Side(store, slack);
        let committed: string[] = [];
        let largest = 0;
        for (const [stamp, { changes, restarts, isLost }] of commits.entries()) {
          for (const { prefix, point, withdraws, path } of changes) {
            if (withdraws) side.withdraw(prefix, point);
            else side.announce(prefix, point, path, stamp);
          }
          if (!isLost) {
            store.commit(side.log);
            committed = side.told();
            largest = Math.max(largest, side.rib.routes);
            isCleaned ||= !store.segments.has(1) && store.segments.size > 0;
            // A commit cleans three records for each that it brings: a RIB that shrank at once is followed later.
            expect(store.records).toBeLessThanOrEqual(2 * largest + slack);
          }
          if (isLost || restarts) side = new Side(store, slack);
          expect(side.told()).toEqual(committed);
        }
        expect(new Side(store, slack).told()).toEqual(committed);
      }),
      { numRuns: 60 },
    );
    expect(isCleaned).toBe(true);
  });

  it('writes nothing where nothing changed, and only what did', () => {
    const store = new FakeStore();
    const side = new Side(store, 20);
    const point = POINTS[0] as VantagePoint;
    expect(side.log.hasChanged).toBe(false);
    store.commit(side.log);
    expect(store.segments.size).toBe(0);
    for (const n of [1, 2, 3]) side.announce(`10.0.${n}.0/24`, point, [1], 1);
    expect(side.log.hasChanged).toBe(true);
    store.commit(side.log);
    side.announce('10.0.2.0/24', point, [2], 2);
    side.announce('10.0.2.0/24', point, [3], 3);
    store.commit(side.log);
    expect([...store.segments.values()].map((body) => recordsOf(body).length)).toEqual([3, 1]);
    side.announce('10.0.9.0/24', point, [3], 4);
    side.log.discard();
    store.commit(side.log);
    expect(store.segments.size).toBe(2);
  });

  it('goes back to twice the RIB when most of it went at once', () => {
    const store = new FakeStore();
    const side = new Side(store, 0);
    const point = POINTS[0] as VantagePoint;
    const names = Array.from({ length: 2_000 }, (_, n) => `10.${n >> 8}.${n & 255}.0/24`);
    for (const name of names) side.announce(name, point, [1], 1);
    store.commit(side.log);
    for (const name of names.slice(10)) side.withdraw(name, point);
    store.commit(side.log);
    for (let n = 0; n < 100; n += 1) {
      side.announce('10.0.0.0/24', point, [n], n);
      store.commit(side.log);
    }
    expect(side.rib.routes).toBe(10);
    expect(store.records).toBeLessThanOrEqual(20);
    expect(new Side(store, 0).told()).toEqual(side.told());
  });
});
