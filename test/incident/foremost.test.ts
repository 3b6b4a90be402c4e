/** The listed routes as they change, against a sort of all; the shelves of those that stand; carriers against a map. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Carrier, Carriers } from '../../src/incident/carriers.ts';
import { Foremost } from '../../src/incident/foremost.ts';
import { RouteState, stands } from '../../src/incident/incident-state.ts';
import { Standing } from '../../src/incident/standing.ts';

const ABOUT = {
  kind: 'origin-change',
  taxonomy: null,
  watched: { name: '', entry: { name: '', severity: undefined, minPeers: 1 } },
  expectedOrigins: [],
  originAs: [],
} as const;

/** A change of several routes at once: which, and what becomes of them. */
const changes = fc.array(
  fc.array(
    fc.record({
      at: fc.nat(259),
      score: fc.nat(6),
      holds: fc.boolean(),
      firstSeenMs: fc.nat(5),
      isAdmitted: fc.boolean(),
    }),
    { minLength: 1, maxLength: 40 },
  ),
  { maxLength: 60 },
);

function sorted(routes: readonly RouteState[]): readonly RouteState[] {
  return routes
    .filter(({ isAdmitted }) => isAdmitted)
    .sort(
      (a, b) => Number(stands(b)) - Number(stands(a)) || b.score - a.score || a.firstSeenMs - b.firstSeenMs,
    );
}

function routesOf(count: number): RouteState[] {
  return Array.from({ length: count }, (_, place) => {
    const route = new RouteState(`10.0.${place}.0/24`, undefined, ABOUT, 0, 0);
    route.place = place;
    return route;
  });
}

describe('the listed routes', () => {
  it('are the first hundred of a stable sort after any changes, and all are counted', () => {
    fc.assert(
      fc.property(changes, (steps) => {
        const routes = routesOf(260);
        const foremost = new Foremost();
        for (const step of steps) {
          const touched = new Set<RouteState>();
          let added = 0;
          for (const { at, score, holds, firstSeenMs, isAdmitted } of step) {
            const route = routes[at] as RouteState;
            touched.add(route);
            route.scored = { rows: [], score, severity: 'info' };
            route.holds = holds;
            route.firstSeenMs = firstSeenMs;
            if (!isAdmitted || route.isAdmitted) continue;
            route.isAdmitted = true;
            added += 1;
          }
          foremost.change([...touched], added);
          const wanted = sorted(routes);
          if (step.length % 3 !== 0) continue;
          expect(foremost.of(routes)).toEqual(wanted.slice(0, 100));
          expect(foremost.total).toBe(wanted.length);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('the routes that stand', () => {
  it('have the first filed of the highest score as the heaviest, whoever is taken off', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(19), fc.nat(3), fc.boolean())), (steps) => {
        const routes = routesOf(20);
        const standing = new Standing();
        const filed: RouteState[] = [];
        for (const [at, score, isPut] of steps) {
          const route = routes[at] as RouteState;
          standing.take(route);
          if (filed.includes(route)) filed.splice(filed.indexOf(route), 1);
          if (isPut) {
            route.scored = { rows: [], score, severity: score > 2 ? 'critical' : 'warning' };
            standing.put(route);
            filed.push(route);
          }
          const highest = Math.max(...filed.map((each) => each.score));
          expect(standing.heaviest()).toBe(filed.find((each) => each.score === highest));
          expect(standing.isEmpty).toBe(filed.length === 0);
          expect(standing.worstSeverity()).toBe(
            filed.length === 0 ? 'info' : highest > 2 ? 'critical' : 'warning',
          );
        }
      }),
    );
  });
});

describe('carriers', () => {
  const anyPathId = fc.constantFrom(0, 0, 1, 4_294_967_295);
  const pointsOf = (all: readonly Carrier[]): number =>
    new Set(all.map(({ vantagePoint }) => vantagePoint)).size;

  it('are a map in the order of coming; a vantage point with several paths counts once', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.boolean(), anyPathId)), (steps) => {
        const carriers = new Carriers();
        const map = new Map<string, Carrier>();
        for (const [vantagePoint, isSet, pathId] of steps) {
          const carrier = { vantagePoint, pathId } as Carrier;
          const key = `${vantagePoint} ${pathId}`;
          if (isSet) {
            expect(carriers.set(carrier)).toBe(map.get(key));
            map.set(key, carrier);
          } else expect(carriers.delete(vantagePoint, pathId)).toBe(map.delete(key));
          const all = [...map.values()];
          expect([...carriers.values()]).toEqual(all);
          expect(carriers.size).toBe(map.size);
          expect(carriers.get(vantagePoint, pathId)).toBe(map.get(key));
          expect(carriers.points).toBe(pointsOf(all));
          const isMeant = (each: Carrier): boolean => each.pathId !== 1;
          expect(carriers.pointsWhere(isMeant)).toBe(pointsOf(all.filter(isMeant)));
        }
      }),
    );
  });
});
