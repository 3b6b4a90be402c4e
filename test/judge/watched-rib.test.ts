/** The watched RIB against Maps of Maps, for any story of announcements, withdrawals and findings. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePrefixes, covers, prefixOf } from '../../src/bgp/prefix.ts';
import type { RibRoute } from '../../src/rows/rib-route.ts';
import { WatchedRib } from '../../src/rows/watched-rib.ts';
import { numbersAsWords } from '../store/routes.ts';

const PREFIXES = ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24', '2001:db8::/32', '2001:db8:1::/48', '::/0'].map(
  prefixOf,
);
type Route = RibRoute<string>;

const asn = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.constantFrom(4_294_967_295, 2_147_483_648, 64_500));
const plainPath = fc.array(asn, { maxLength: 4 });
const path = fc.oneof(
  plainPath,
  fc.array(fc.oneof(asn, fc.array(asn, { minLength: 1, maxLength: 3 })), { maxLength: 3 }),
);
const communities = fc.array(
  fc.tuple(fc.constantFrom(0, 1, 65_535, 40_000), fc.constantFrom(0, 666, 65_535)),
  { maxLength: 3 },
);
const step = fc.record({
  what: fc.constantFrom('announce', 'announce', 'plain', 'plain', 'withdraw', 'finding', 'take'),
  prefix: fc.constantFrom(...PREFIXES),
  vantagePoint: fc.nat(4),
  pathId: fc.constantFrom(0, 0, 1, 4_294_967_295),
  path,
  plainPath,
  communities,
  observedMs: fc.constantFrom(1, 1.25, 1_700_000_000_123),
  hasBadClock: fc.boolean(),
  finding: fc.constantFrom(undefined, 'a', 'b'),
});

describe('the watched RIB', () => {
  it('equals a Map of Maps after any story, the order of the routes included', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const rib = new WatchedRib<string>();
        const naive = new Map(PREFIXES.map(({ text }) => [text, new Map<string, Route>()]));
        /** `prefix vantage point` of what was touched since the last `take`. */
        const touched = new Set<string>();
        const withdrawn: string[] = [];
        const checkTaken = (): void => {
          const { changed, gone } = rib.takeChanged();
          const rows = changed.map(
            (route) =>
              `${rib.rows.prefix(rib.rowOfRoute(route)).text} ${rib.vantagePointOf(route)}/${rib.written(route).pathId}`,
          );
          const standing = [...touched].filter((name) => {
            const [text = '', point] = name.split(' ');
            return naive.get(text)?.has(point ?? '');
          });
          expect(rows.sort()).toEqual(standing.sort());
          expect(
            gone.map(
              ({ vantagePoint, pathId, shape, words }) =>
                `${shape} ${words.join()} ${vantagePoint}/${pathId}`,
            ),
          ).toEqual(withdrawn);
          expect(rib.hasChanged).toBe(false);
          touched.clear();
          withdrawn.length = 0;
        };
        for (const [order, { what, prefix, vantagePoint, pathId, finding, ...rest }] of steps.entries()) {
          const routes = naive.get(prefix.text) as Map<string, Route>;
          const key = `${vantagePoint}/${pathId}`;
          const owner = { vantagePoint, ...(pathId === 0 ? {} : { pathId }) };
          const known = routes.get(key);
          const stamps = { observedMs: rest.observedMs, arrivedMs: rest.observedMs + 1, order };
          if (what === 'take') checkTaken();
          else if (what === 'announce') {
            const clock = rest.hasBadClock ? { hasBadClock: true } : {};
            const route = {
              ...owner,
              path: rest.path,
              communities: rest.communities,
              ...stamps,
              ...clock,
              finding,
            };
            rib.announce(prefix, route);
            routes.set(key, route);
            touched.add(`${prefix.text} ${key}`);
          } else if (what === 'withdraw') {
            if (known !== undefined) {
              const row = rib.rows.findOf(prefix);
              const { shape, words } = rib.prefixWords(row);
              withdrawn.push(`${shape} ${words.join()} ${key}`);
            }
            expect(rib.withdraw(prefix, vantagePoint, pathId)).toEqual(known);
            routes.delete(key);
          } else if (what === 'finding') {
            rib.setFinding(prefix, vantagePoint, finding, pathId);
            if (known !== undefined) routes.set(key, { ...known, finding });
          } else {
            const row = rib.rows.findOf(prefix);
            const index = row < 0 ? -1 : rib.find(row, vantagePoint, pathId);
            const isPlain =
              known === undefined ||
              (known.finding === undefined &&
                known.hasBadClock !== true &&
                known.path.every((each) => typeof each === 'number'));
            expect(index < 0 || rib.isPlain(index)).toBe(isPlain);
            if (!isPlain) continue;
            rib.announcePlain(rib.rows.makeOf(prefix), {
              ...owner,
              path: numbersAsWords(rest.plainPath),
              communities: numbersAsWords(rest.communities.map(([high, low]) => high * 65_536 + low)),
              ...stamps,
            });
            routes.set(key, {
              ...owner,
              path: rest.plainPath,
              communities: rest.communities,
              ...stamps,
              finding: undefined,
            });
            touched.add(`${prefix.text} ${key}`);
          }
          expect(rib.routesAt(prefix)).toEqual([...routes.values()]);
          const own = [...routes.values()].filter((each) => each.vantagePoint === vantagePoint);
          const found = rib.routesOf(rib.rows.findOf(prefix), vantagePoint);
          expect(found.map((each) => [rib.pathIdOf(each), rib.findingOf(each)])).toEqual(
            own.map((each) => [each.pathId ?? 0, each.finding]),
          );
        }
        checkTaken();
        const carried = PREFIXES.filter(({ text }) => (naive.get(text)?.size ?? 0) > 0);
        expect(rib.prefixes).toBe(carried.length);
        expect(rib.routes).toBe([...naive.values()].reduce((sum, routes) => sum + routes.size, 0));
        expect([...rib.every()].map(({ text }) => text).sort()).toEqual(
          carried.map(({ text }) => text).sort(),
        );
        for (const prefix of PREFIXES) {
          const routes = naive.get(prefix.text) as Map<string, Route>;
          expect([rib.has(prefix), rib.countAt(prefix)]).toEqual([routes.size > 0, routes.size]);
          expect(rib.countWhere(prefix, (point) => point > 1)).toBe(
            new Set([...routes.values()].map((each) => each.vantagePoint).filter((n) => n > 1)).size,
          );
          for (let point = 0; point < 5; point += 1)
            for (const id of [0, 1, 4_294_967_295])
              expect(rib.route(prefix, point, id)).toEqual(routes.get(`${point}/${id}`));
          expect(rib.inside(prefix)).toEqual(
            carried.filter((each) => covers(prefix, each)).sort(comparePrefixes),
          );
        }
      }),
      { numRuns: 100 },
    );
  });

  it('keeps thousands of communities and paths of hundreds of ASes', () => {
    const rib = new WatchedRib<never>();
    const [prefix] = PREFIXES;
    if (prefix === undefined) expect.fail('no prefix');
    const route = {
      vantagePoint: 1,
      path: Array.from({ length: 500 }, (_, n) => 4_294_967_295 - n),
      communities: Array.from({ length: 4_000 }, (_, n) => [n, 65_535 - n] as const),
      observedMs: 1,
      arrivedMs: 2,
      order: 3,
      finding: undefined,
    };
    rib.announce(prefix, route);
    expect(rib.route(prefix, 1)).toEqual(route);
  });
});
