/**
 * An alert that keeps to so many bytes of JSON, whoever made it long: paths by prepending, sets of origins, a thousand
 * routes. What goes first is what repeats itself: paths, then peers, then routes, the heaviest staying longest; at last
 * every text and list is cut. `routesTotal` stays whole. Pure.
 */
import type { Alert, IncidentRoute } from '../incident/alert.ts';
import { shorten } from './clean-text.ts';

/** Most of each that stays, step by step. */
const STEPS: readonly (readonly [routes: number, paths: number, peers: number])[] = [
  [100, 20, 1_000],
  [100, 5, 200],
  [100, 2, 50],
  [50, 1, 20],
  [20, 1, 10],
  [10, 1, 10],
  [10, 0, 0],
  [3, 0, 0],
  [1, 0, 0],
];
/** Longest text and longest list, where even that is too much. */
const CUTS: readonly (readonly [text: number, items: number])[] = [
  [2_000, 100],
  [500, 20],
  [200, 5],
  [60, 2],
];

export function boundedAlert(alert: Alert, bytesMax: number): Alert {
  let smaller = alert;
  for (const [routes, paths, peers] of STEPS) {
    if (bytesOf(smaller) <= bytesMax) return smaller;
    const kept = alert.incident.routes.slice(0, routes).map((route) => shortRoute(route, paths, peers));
    smaller = { ...alert, incident: { ...alert.incident, routes: kept } };
  }
  let cut = smaller;
  for (const [text, items] of CUTS) {
    if (bytesOf(cut) <= bytesMax) break;
    cut = cutTo(smaller, text, items) as Alert;
  }
  return cut;
}

function shortRoute(route: IncidentRoute, paths: number, peers: number): IncidentRoute {
  return { ...route, paths: route.paths.slice(0, paths), peerAsns: route.peerAsns.slice(0, peers) };
}

function cutTo(value: unknown, textMax: number, itemsMax: number): unknown {
  if (typeof value === 'string') return shorten(value, textMax);
  if (Array.isArray(value)) return value.slice(0, itemsMax).map((item) => cutTo(item, textMax, itemsMax));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, cutTo(item, textMax, itemsMax)]),
  );
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
