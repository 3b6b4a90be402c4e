/**
 * The routes of one incident, in the order in which they joined it. A route is known by its prefix, the watch entry and
 * the origins: two entries or two origins make two routes of one prefix. Only a swarm lets go of routes that went.
 */
import type { Kind } from '../judge/vocabulary.ts';
import type { RouteState } from './incident-state.ts';

export class RouteTable {
  private all: RouteState[] = [];
  /** The first of each prefix; the others follow through `alike`. */
  private readonly byPrefix = new Map<string, RouteState>();

  get size(): number {
    return this.all.length;
  }

  values(): readonly RouteState[] {
    return this.all;
  }

  find(prefixText: string, watch: string, originAs: readonly number[]): RouteState | undefined {
    let route = this.byPrefix.get(prefixText);
    while (route !== undefined && !(route.watch === watch && isSame(route.originAs, originAs)))
      route = route.alike;
    return route;
  }

  /** The condition of this kind that holds or held for the prefix, or for what stands in its place. */
  condition(kind: Kind, prefixText: string): RouteState | undefined {
    let route = this.byPrefix.get(prefixText);
    while (route !== undefined && route.kind !== kind) route = route.alike;
    return route;
  }

  /** Lets go of all routes that went but the last `max` of them. */
  keepGone(max: number): void {
    let tooMany = -max;
    for (const route of this.all) if (isOver(route)) tooMany += 1;
    const kept = this.all.filter((route) => !(isOver(route) && tooMany-- > 0));
    this.all = [];
    this.byPrefix.clear();
    for (const route of kept) {
      route.alike = undefined;
      this.add(route);
    }
  }

  add(route: RouteState): void {
    route.place = this.all.length;
    this.all.push(route);
    const first = this.byPrefix.get(route.prefixText);
    if (first === undefined) {
      this.byPrefix.set(route.prefixText, route);
      return;
    }
    let last = first;
    while (last.alike !== undefined) last = last.alike;
    last.alike = route;
  }
}

/** Nobody carries it, and that is counted already. */
function isOver(route: RouteState): boolean {
  return route.isGone && !route.isTouched;
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}
