/**
 * What the incidents ask of the state around them: who stands accused, whose collectors a vantage point belongs to, and what is true of a prefix
 * only when all who carry it are looked at. Between the book (`incident/book-contract.ts`) and the judge.
 */
import type { Prefix } from '../../bgp/prefix.ts';
import { OWN_ROUTERS, type SightSource, sightSourceOf } from '../../bgp/vantage-point.ts';
import type { Carriers } from '../../incident/carriers.ts';
import type { IncidentState } from '../../incident/incident-state.ts';
import { asksSpread, NO_SPREAD, type Spread, spreadOf } from '../../judge/spread.ts';
import type { Core } from '../core.ts';

/** ASes that stand accused by an open incident of hijack or path: what leads through them teaches nothing. */
export class Accused {
  private readonly counts = new Map<number, number>();

  get isNobody(): boolean {
    return this.counts.size === 0;
  }

  has(asn: number): boolean {
    return this.counts.has(asn);
  }

  /** An incident opened, reopened or ended. */
  change({ family, offender, state }: Pick<IncidentState, 'family' | 'offender' | 'state'>): void {
    if (offender === null || (family !== 'hijack' && family !== 'path')) return;
    const count = (this.counts.get(offender) ?? 0) + (state === 'open' ? 1 : -1);
    if (count > 0) this.counts.set(offender, count);
    else this.counts.delete(offender);
  }
}

export function sourceOf(core: Core, id: number): SightSource {
  const { feed, point } = core.vantagePoints.byId(id);
  return core.config.ownFeeds?.has(feed) === true ? OWN_ROUTERS : sightSourceOf(point);
}

export function spreadOfRoute(core: Core, prefix: Prefix, carriers: Carriers): Spread {
  const { only } = carriers;
  if (only !== undefined && !asksSpread(only.finding)) return NO_SPREAD;
  return spreadOf(core.world, prefix, [...carriers.values()]);
}
