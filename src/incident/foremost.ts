/**
 * The admitted routes that an incident lists, the heaviest first: those that stand, then by score, then the earlier
 * seen, then the earlier joined; of a swarm one of each watch entry before all others. Kept as routes change, so that listing a hundred of a million is no walk over all;
 * only when a listed one falls behind, the next listing looks for who follows.
 */
import { type RouteState, stands } from './incident-state.ts';

/** Routes listed at most. */
export const LISTED_MAX = 100;

export class Foremost {
  private list: RouteState[] = [];
  private count = 0;
  private isKnown = true;

  /** Admitted routes, listed or not. */
  get total(): number {
    return this.count;
  }

  /** What is kept does not hold any more, whatever changed. */
  forget(): void {
    this.isKnown = false;
  }

  /** All routes whose standing, score or first sighting changed since the last call; `added`: of them newly admitted. */
  change(routes: readonly RouteState[], added: number): void {
    this.count += added;
    if (!this.isKnown) return;
    const changed = this.takeOut(routes);
    const others = this.count - this.list.length - changed;
    for (const route of routes) if (route.isAdmitted) this.consider(route, others > 0);
    if (others > 0 && this.list.length < LISTED_MAX) this.isKnown = false;
  }

  /** Takes changed routes off the list; returns how many of them are admitted. */
  private takeOut(routes: readonly RouteState[]): number {
    let admitted = 0;
    for (const route of routes) {
      if (route.isAdmitted) admitted += 1;
      if (!route.isListed) continue;
      route.isListed = false;
      this.list.splice(this.list.indexOf(route), 1);
    }
    return admitted;
  }

  /** While there are unlisted others, only who goes before a listed one is certain to go before them. */
  private consider(route: RouteState, hasOthers: boolean): void {
    const { list } = this;
    const last = list.at(-1);
    const isBehind = last === undefined || compare(route, last) > 0;
    if (isBehind && (hasOthers || list.length >= LISTED_MAX)) return;
    let place = list.length;
    while (place > 0 && compare(route, list[place - 1] as RouteState) < 0) place -= 1;
    list.splice(place, 0, route);
    route.isListed = true;
    const tooMany = list.length > LISTED_MAX ? list.pop() : undefined;
    if (tooMany !== undefined) tooMany.isListed = false;
  }

  /** The listed routes; `routes` are all of the incident. */
  of(routes: readonly RouteState[]): readonly RouteState[] {
    if (!this.isKnown) this.choose(routes);
    return this.list;
  }

  private choose(routes: readonly RouteState[]): void {
    for (const route of this.list) route.isListed = false;
    this.list = [];
    this.count = 0;
    for (const route of routes) {
      if (!route.isAdmitted) continue;
      this.count += 1;
      this.consider(route, false);
    }
    this.isKnown = true;
  }
}

/** Below 0: `a` goes before `b`. */
function compare(a: RouteState, b: RouteState): number {
  return (
    Number(stands(b)) - Number(stands(a)) ||
    Number(b.isHerald) - Number(a.isHerald) ||
    b.score - a.score ||
    a.firstSeenMs - b.firstSeenMs ||
    a.place - b.place
  );
}
