/**
 * The engine as those see it who only ask: the hot path (what is watched), the API and the metrics. Nothing in here
 * changes anything; what comes back is plain data, or a structure that the engine goes on changing in place.
 */
import type { Family } from '../bgp/address.ts';
import type { Prefix } from '../bgp/prefix.ts';
import type { VantagePoint } from '../bgp/vantage-point.ts';
import type { Interest } from '../decode/bgp/update.ts';
import type { Incident } from '../incident/alert.ts';
import { renderIncident } from '../incident/render.ts';
import type { Validation } from '../judge/origin-validation.ts';
import type { PlanChange } from '../judge/watch-plan.ts';
import { AsnSet } from '../match/asn-set.ts';
import type { Watched } from '../match/quick-reject.ts';
import type { Watchlist } from '../match/watchlist.ts';
import type { Core } from './core.ts';
import { interestOf } from './interest.ts';
import type { WatchlistStateEntry } from './ports.ts';
import { type Resource, resourceOf, watchlistState } from './present-view.ts';
import { type PresentStatus, statusNow } from './status-view.ts';

export class EngineView {
  private readonly core: Core;

  constructor(core: Core) {
    this.core = core;
  }

  /** The greatest stamp applied, ms since the epoch. */
  get nowMs(): number {
    return this.core.nowMs;
  }

  /** The earliest deadline: when a `clock` input is due at the latest; undefined: not before the next input. */
  get nextDeadlineMs(): number | undefined {
    return this.core.deadlines.nextMs();
  }

  /** Announcements and withdrawals of watched space so far. */
  get observations(): number {
    return this.core.observations;
  }

  /** Watched prefixes, learned ones among them. */
  get watchedSize(): number {
    return this.core.plan.size;
  }

  /** How much is remembered. */
  sizes(): { readonly prefixes: number; readonly routes: number; readonly baselineRows: number } {
    const { rib, baseline } = this.core;
    return { prefixes: rib.prefixes, routes: rib.routes, baselineRows: baseline.size };
  }

  /** Prefixes that watched ASes are known to originate. */
  learned(): readonly Prefix[] {
    return Array.from(this.core.plan.everyLearned(), ({ prefix }) => prefix);
  }

  /** What is watched, for the hot path: the index changes in place between two inputs. Anew after a reload. */
  watched(): Watched {
    const { plan } = this.core;
    return { index: plan.index, holes: plan.holes(), origins: new AsnSet(plan.asns.keys()) };
  }

  /** What of MRT files is worth an object, as the plan stands at each moment. */
  interest(): Interest {
    return interestOf(() => this.core.plan);
  }

  /** What the ROAs say of an announcement; undefined where no RPKI data is loaded. */
  validate(prefix: Prefix, origin: number): Validation | undefined {
    return this.core.rpki?.validate(prefix, origin);
  }

  /** How another watchlist differs, for a `config` input; long work, in steps. */
  compare(watchlist: Watchlist): Generator<void, PlanChange> {
    return this.core.plan.compare(watchlist);
  }

  /** Incidents that were told, open ones and those resolved lately. */
  *incidents(): Generator<Pick<Incident, 'state' | 'kind' | 'severity'>> {
    for (const { state, kind, severity } of this.core.book.every())
      if (state !== 'pending') yield { state, kind, severity };
  }

  /** Open incidents that a receiver was told of, as they stand. */
  *toldOf(receiver: string): Generator<Incident> {
    for (const incident of this.core.book.every())
      if (incident.state === 'open' && incident.toldReceivers.includes(receiver))
        yield renderIncident(incident, this.core.renderPorts());
  }

  /** Vantage points of the family that are up and were heard in the last 24 h. */
  known(family: Family): number {
    return this.core.known(family);
  }

  /** Who carries exactly this prefix, and since when. */
  carriers(prefix: Prefix): readonly { readonly vantagePoint: VantagePoint; readonly observedMs: number }[] {
    const { rib, vantagePoints } = this.core;
    return rib.routesAt(prefix).map(({ vantagePoint, observedMs }) => ({
      vantagePoint: vantagePoints.byId(vantagePoint).point,
      observedMs,
    }));
  }

  /** Prefixes of routes that stand in open incidents, each once. */
  offending(): readonly Prefix[] {
    const prefixes = new Map<string, Prefix>();
    for (const incident of this.core.book.every()) {
      if (incident.state !== 'open') continue;
      for (const { prefix, carriers } of incident.routes.values())
        if (prefix !== undefined && carriers.size > 0) prefixes.set(prefix.text, prefix);
    }
    return [...prefixes.values()];
  }

  // ------------------------------------------------------------ what the API tells of now

  /** Made one by one while it is read. */
  watchlist(): Iterable<WatchlistStateEntry> {
    return watchlistState(this.core);
  }

  /** Undefined: the text is no prefix, address, AS number or host name. */
  resource(text: string): Resource | undefined {
    return resourceOf(this.core, text);
  }

  status(resource: Resource): PresentStatus {
    return statusNow(this.core, resource);
  }
}
