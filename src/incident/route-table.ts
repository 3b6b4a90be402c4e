/**
 * The routes of one incident, in the order in which they joined it. A route is known by its prefix, the watch entry and
 * the origins: two entries or two origins make two routes of one prefix. None ever leaves.
 */
import type { Kind } from '../judge/vocabulary.ts';
import type { RouteState } from './incident-state.ts';

export class RouteTable {
  private readonly all: RouteState[] = [];
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

  /** Puts it in and hands it back. */
  added(route: RouteState): RouteState {
    this.add(route);
    return route;
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

function isSame(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}
