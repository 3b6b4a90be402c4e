/** What the outside sees of an incident: the heaviest routes and the most seen paths, bounded, in their order. */
import { describe, expect, it } from 'vitest';
import { Carriers } from '../../src/incident/carriers.ts';
import { newIncident } from '../../src/incident/incident-making.ts';
import type { Carrier, IncidentState, RouteState } from '../../src/incident/incident-state.ts';
import { renderIncident } from '../../src/incident/render.ts';

const PORTS = { known: () => 30, isUp: (id: number) => id !== 7, asName: () => undefined };
const KEY = {
  text: 'k',
  group: 'default',
  family: 'hijack',
  kind: 'origin-change',
  offender: 64_500,
} as const;

function routeState(prefixText: string, score: number, changes: Partial<RouteState> = {}): RouteState {
  const made = {
    kind: 'origin-change',
    taxonomy: 'E|0',
    prefixText,
    watch: prefixText,
    name: '',
    expectedOrigins: [64_501],
    originAs: [64_500],
    carriers: new Carriers(),
    holds: true,
    firstSeenMs: 0,
    lastSeenMs: 0,
    isAdmitted: true,
    rows: [],
    score,
    severity: 'info',
    ...changes,
  };
  return made as unknown as RouteState;
}

function incidentWith(routes: readonly RouteState[]): IncidentState {
  const incident = newIncident(KEY, { observedMs: 0, via: 'live' } as never, 0);
  for (const route of routes) incident.routes.add(route);
  incident.foremost.forget();
  return incident;
}

const shown = (routes: readonly RouteState[]): readonly string[] =>
  renderIncident(incidentWith(routes), PORTS).routes.map(({ prefix }) => prefix);

describe('the routes of an incident', () => {
  it('that stand come first, then the heavier, then the earlier', () => {
    const gone = routeState('10.0.0.0/24', 20, { holds: false });
    const late = routeState('10.0.1.0/24', 5, { firstSeenMs: 2 });
    const early = routeState('10.0.2.0/24', 5, { firstSeenMs: 1 });
    const heavy = routeState('10.0.3.0/24', 9);
    const hidden = routeState('10.0.4.0/24', 30, { isAdmitted: false });
    expect(shown([gone, late, early, heavy, hidden])).toEqual([
      '10.0.3.0/24',
      '10.0.2.0/24',
      '10.0.1.0/24',
      '10.0.0.0/24',
    ]);
  });

  it('are a hundred at most, the same as a sort would choose', () => {
    const routes = Array.from({ length: 150 }, (_, at) => routeState(`10.0.${at}.0/24`, (at * 37) % 50));
    const sorted = [...routes].sort((a, b) => b.score - a.score).map(({ prefixText }) => prefixText);
    expect(shown(routes)).toEqual(sorted.slice(0, 100));
    expect(renderIncident(incidentWith(routes), PORTS).routesTotal).toBe(150);
  });
});

it('paths are the most seen first, twenty at most, without who is down or in doubt', () => {
  const carriers = new Carriers();
  const carry = (id: number, path: number[], doubt: 0 | 2 = 0, pathId = 0): unknown =>
    carriers.set({
      vantagePoint: id,
      pathId,
      path,
      peerAsn: path[0] ?? 0,
      doubt,
      hasBadClock: false,
    } as unknown as Carrier);
  for (let id = 10; id < 35; id += 1) carry(id, [id, 1]);
  carry(40, [34, 1]);
  carry(7, [7, 1]);
  carry(41, [8, 1], 2);
  // Several paths of one session: it sees the route once, and each of the paths.
  carry(42, [34, 1], 0, 1);
  carry(42, [34, 1], 0, 2);
  carry(42, [10, 1], 0, 3);
  const [route] = renderIncident(incidentWith([routeState('10.0.0.0/24', 4, { carriers })]), PORTS).routes;
  expect(route?.vantagePoints.seeing).toBe(27);
  expect(route?.paths).toHaveLength(20);
  expect(route?.paths.slice(0, 3)).toEqual([
    { path: '34 1', vantagePoints: 3 },
    { path: '10 1', vantagePoints: 2 },
    { path: '11 1', vantagePoints: 1 },
  ]);
});
