/**
 * The admitted routes of an incident that stand, on shelves by score: the first of the highest shelf is the heaviest.
 * Each shelf is a chain through the routes themselves, so that filing, taking off and finding the heaviest cost the
 * same with ten routes and with a million.
 */
import { SEVERITIES, type Severity } from '../bgp/severity.ts';
import type { RouteState } from './incident-state.ts';

export interface Shelf {
  readonly score: number;
  first: RouteState | undefined;
  last: RouteState | undefined;
}

export class Standing {
  private readonly shelves = new Map<number, Shelf>();
  private readonly severities: Record<Severity, number> = { info: 0, warning: 0, critical: 0 };

  get isEmpty(): boolean {
    return this.shelves.size === 0;
  }

  /** The one of the highest score that was filed first. */
  heaviest(): RouteState | undefined {
    let highest: Shelf | undefined;
    for (const shelf of this.shelves.values())
      if (highest === undefined || shelf.score > highest.score) highest = shelf;
    return highest?.first;
  }

  worstSeverity(): Severity {
    return SEVERITIES.findLast((name) => this.severities[name] > 0) ?? 'info';
  }

  /** Files a route that is on no shelf behind those of its score. */
  put(route: RouteState): void {
    const { score, severity } = route.scored;
    let shelf = this.shelves.get(score);
    if (shelf === undefined) {
      shelf = { score, first: undefined, last: undefined };
      this.shelves.set(score, shelf);
    }
    route.shelf = shelf;
    route.shelfSeverity = severity;
    route.before = shelf.last;
    if (shelf.last === undefined) shelf.first = route;
    else shelf.last.after = route;
    shelf.last = route;
    this.severities[severity] += 1;
  }

  /** Takes a route off its shelf, if it is on one. */
  take(route: RouteState): void {
    const { shelf, before, after } = route;
    if (shelf === undefined) return;
    if (before === undefined) shelf.first = after;
    else before.after = after;
    if (after === undefined) shelf.last = before;
    else after.before = before;
    if (shelf.first === undefined) this.shelves.delete(shelf.score);
    route.shelf = route.before = route.after = undefined;
    this.severities[route.shelfSeverity] -= 1;
  }
}
