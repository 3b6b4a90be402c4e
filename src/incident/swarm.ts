/**
 * The bounds of the book (detection.md §4): while a group has more than a thousand open incidents of a family, further
 * offenders become routes of one more, the swarm, whose offender is null. So a flood of false origins costs bounded
 * memory, and hides nobody's real one: the first route of a watch entry, and one that is heavier than all before, is
 * told at once. Incidents that are over leave memory before their time when there are too many of them.
 */
import type { RouteOwner } from '../bgp/vantage-point.ts';
import type { Finding } from '../judge/finding.ts';
import type { Family } from '../judge/vocabulary.ts';
import type { Sighting } from './book-contract.ts';
import type { IncidentState, RouteState } from './incident-state.ts';

/** Open incidents of a group and family from which on others join the swarm. */
const OPEN_MAX = 1_000;
/** Incidents that are over and kept in memory to be reopened. */
const ENDED_MAX = 2_000;
/** Routes that went and are kept in a swarm. */
const GONE_MAX = 2_000;

const WITH_OFFENDER: readonly Family[] = ['hijack', 'own', 'path'];

/** Families of one attacker each: there an incident without one is a swarm. */
export function isSwarm(family: Family, offender: number | null): boolean {
  return offender === null && WITH_OFFENDER.includes(family);
}

/** Counts what is open, and keeps the order in which incidents ended. */
export class Crowds {
  private readonly open = new Map<string, number>();
  private readonly ended = new Set<IncidentState>();

  private swarms = 0;

  get hasSwarms(): boolean {
    return this.swarms > 0;
  }

  /** Further offenders of the group join the swarm. */
  isFull(group: string, family: Family): boolean {
    return (this.open.get(`${group}|${family}`) ?? 0) > OPEN_MAX;
  }

  /** It began, or was reopened. */
  began(incident: IncidentState): void {
    if (incident.swarm !== undefined) this.swarms += 1;
    this.count(incident, 1);
  }

  private count({ group, family, offender }: IncidentState, step: 1 | -1): void {
    if (offender === null) return;
    const key = `${group}|${family}`;
    const count = (this.open.get(key) ?? 0) + step;
    if (count > 0) this.open.set(key, count);
    else this.open.delete(key);
  }

  reopened(incident: IncidentState): void {
    if (this.ended.delete(incident)) this.count(incident, 1);
  }

  /** It was resolved. Returns one that ended long before, when too many are kept: it is to be forgotten. */
  over(incident: IncidentState): IncidentState | undefined {
    this.count(incident, -1);
    this.ended.add(incident);
    if (this.ended.size <= ENDED_MAX) return undefined;
    // What stands still, though an operator resolved it, would be told again.
    for (const other of this.ended) if (other !== incident && other.standing.isEmpty) return other;
    return undefined;
  }

  /** It left the book. */
  gone(incident: IncidentState): void {
    if (incident.swarm !== undefined) this.swarms -= 1;
    if (!this.ended.delete(incident)) this.count(incident, -1);
  }
}

/** What a swarm knows beyond what any incident does. */
export class Swarm {
  /** Offender → how many of its routes somebody carries. */
  private readonly offenders = new Map<number, number>();
  /** Watch entry → the heaviest of its routes when it joined: it is listed before others of its weight. */
  private readonly heralds = new Map<string, RouteState>();
  private heaviest = Number.NEGATIVE_INFINITY;
  /** Most offenders at one time. */
  peak = 0;
  /** Something joined that is told at once. */
  hasNews = false;

  get offendersNow(): number {
    return this.offenders.size;
  }

  /** Watch entries that were concerned. */
  get watches(): number {
    return this.heralds.size;
  }

  carried(offender: number | null, step: 1 | -1): void {
    if (offender === null) return;
    const count = (this.offenders.get(offender) ?? 0) + step;
    if (count > 0) this.offenders.set(offender, count);
    else this.offenders.delete(offender);
    this.peak = Math.max(this.peak, this.offenders.size);
  }

  /** Nobody carries any of it any more. */
  left(): void {
    this.offenders.clear();
  }

  /** A route that is scored joined. Returns the herald whose place it took. */
  joined(route: RouteState): RouteState | undefined {
    const before = this.heralds.get(route.watch);
    if (before === undefined || route.score > this.heaviest) this.hasNews = true;
    this.heaviest = Math.max(this.heaviest, route.score);
    if (before !== undefined && before.score >= route.score) return undefined;
    this.heralds.set(route.watch, route);
    route.isHerald = true;
    if (before !== undefined) before.isHerald = false;
    return before;
  }

  /** True once for each piece of news. */
  takeNews(): boolean {
    const { hasNews } = this;
    this.hasNews = false;
    return hasNews;
  }

  /** Lets go of routes that went, when there are too many: of those, the ones that joined last are kept. */
  static trim(incident: IncidentState): void {
    if (incident.routes.size - incident.standingCount <= 2 * GONE_MAX) return;
    incident.routes.keepGone(GONE_MAX);
    incident.foremost.forget();
  }
}

/** The swarm, where this very carrier is in it already: it stays there. */
export function inSwarm(
  swarm: IncidentState | undefined,
  { finding, prefix, carrier }: Sighting,
): IncidentState | undefined {
  const route = swarm?.routes.find(prefix.text, finding.watched.name, finding.originAs);
  return route?.carriers.get(carrier.vantagePoint, carrier.pathId) === undefined ? undefined : swarm;
}

/** Takes the carrier out of the route of this incident; undefined: it was not in it. */
export function takenOut(
  incident: IncidentState | undefined,
  finding: Finding,
  prefixText: string,
  { vantagePoint, pathId }: RouteOwner,
): [IncidentState, RouteState] | undefined {
  const route = incident?.routes.find(prefixText, finding.watched.name, finding.originAs);
  if (incident === undefined || route === undefined) return undefined;
  return route.carriers.delete(vantagePoint, pathId) ? [incident, route] : undefined;
}
