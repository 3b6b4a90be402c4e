/**
 * The book of incidents: one for one attacker, keyed by (group, family, offender). Findings come in as carriers of
 * routes and go as they are withdrawn; `settle` decides what has to be said. Pure: stamps are arguments, alerts are
 * the return value, deadlines go to the engine's heap.
 *
 * Life (detection.md §4): pending → open → resolved → (reopened) open …
 */
import type { RouteOwner } from '../bgp/vantage-point.ts';
import type { Finding } from '../judge/finding.ts';
import { FAMILY_OF, type Kind } from '../judge/vocabulary.ts';
import type { DetectedBy } from './alert.ts';
import type {
  Actor,
  BookPorts,
  BookRules,
  Carried,
  Condition,
  Gone,
  Notice,
  Sighting,
} from './book-contract.ts';
import { declareOver } from './case.ts';
import { ChangeList, type Changes } from './change-list.ts';
import { addCondition, keyOf, leaveToNobody, newIncident, partsOfDeadline } from './incident-making.ts';
import { type BookDeadline, countSeeing, type IncidentState, RouteState, stands } from './incident-state.ts';
import { HELD_LONG_MS, SINGLE_AFTER_MS } from './score.ts';
import { type SettleHome, Settler } from './settle.ts';
import { noteCarried, noteGone } from './steps.ts';
import { Crowds, inSwarm, Swarm, takenOut } from './swarm.ts';

export type { Cause, Notice } from './book-contract.ts';

const NOTHING_TO_SAY: readonly Notice[] = [];

export class IncidentBook implements SettleHome {
  private readonly incidents = new Map<string, IncidentState>();
  private readonly byId = new Map<string, IncidentState>();
  /** Those with touched routes, in the order of that. */
  private touched: IncidentState[] = [];
  private readonly changes = new ChangeList();
  /** The incident that was asked for last: of a storm, mostly the same. */
  private recent: IncidentState | undefined;
  /** While true findings are collected and nothing is said (`replay --from`). */
  isMuted = false;
  /** While true what is carried was carried before the stop already: it is nothing that returns. */
  isRestoring = false;
  /** Who explains what is judged anew now; undefined: nobody in person. */
  actor: Actor | undefined;
  rules: BookRules;
  readonly ports: BookPorts;
  private readonly settler: Settler;
  private readonly crowds = new Crowds();

  constructor(rules: BookRules, ports: BookPorts) {
    this.rules = rules;
    this.ports = ports;
    this.settler = new Settler(this);
  }

  every(): IterableIterator<IncidentState> {
    return this.incidents.values();
  }

  get(id: string): IncidentState | undefined {
    return this.byId.get(id);
  }

  /** Incidents whose shape changed since the last call, and ids that left memory. */
  takeChanged(): Changes {
    return this.changes.take();
  }

  changed(incident: IncidentState): void {
    this.changes.add(incident);
  }

  /** Its record was made as it is now. */
  written(incident: IncidentState): void {
    this.changes.remove(incident);
  }

  over(incident: IncidentState): void {
    const other = this.crowds.over(incident);
    if (other === undefined) return;
    this.ports.clearDeadline(other.deadlines.forget);
    this.forget(other);
  }

  reopened(incident: IncidentState): void {
    this.crowds.reopened(incident);
  }

  opened(incident: IncidentState): void {
    this.byId.set(incident.id, incident);
  }

  pendingGone(incident: IncidentState): void {
    this.remove(incident);
    this.changes.remove(incident);
  }

  private remove(incident: IncidentState): void {
    this.incidents.delete(incident.key);
    this.crowds.gone(incident);
    if (this.recent === incident) this.recent = undefined;
  }

  /** Puts a remembered incident back, without carriers. */
  restore(incident: IncidentState): void {
    this.incidents.set(incident.key, incident);
    this.byId.set(incident.id, incident);
    this.crowds.began(incident);
    if (incident.state === 'resolved') this.over(incident);
    for (const route of incident.routes.values()) {
      this.touch(incident, route);
      // Whether it was written before the stop is not known, and twice is once.
      incident.freshPrefixes.push(route.prefixText);
      this.watchRoute(incident, route);
    }
    if (incident.told.pending !== undefined) {
      this.ports.setDeadline(incident.deadlines.update, incident.told.updatedMs + this.rules.updateEveryMs);
    }
    if (incident.state !== 'resolved') return;
    this.ports.setDeadline(
      incident.deadlines.forget,
      (incident.resolvedMs ?? 0) + this.rules.reopenWithinMs + 1,
    );
  }

  // ------------------------------------------------------------ sightings

  /** A vantage point carries an offending route now. */
  carry(sighting: Sighting, nowMs: number): Carried {
    const { finding, carrier } = sighting;
    const { group } = finding.watched.entry;
    const incident =
      inSwarm(this.swarmOf(finding), sighting) ??
      this.incidentFor(group, finding.kind, finding.offender, sighting, nowMs);
    const known = incident.routes.find(sighting.prefix.text, finding.watched.name, finding.originAs);
    const route = known ?? this.addRoute(incident, sighting, nowMs);
    if (!stands(route) && incident.state === 'resolved' && !this.isLeftStanding(incident))
      incident.returned = true;
    if (route.isGone) this.bearAgain(incident, route, nowMs);
    const before = route.carriers.set(carrier);
    if (before === undefined) countSeeing(incident, carrier.vantagePoint, 1);
    else incident.swarm?.carried(before.finding.offender, -1);
    incident.swarm?.carried(finding.offender, 1);
    if (!this.isRestoring) noteCarried(incident, route.prefixText, carrier, before, nowMs);
    route.carriersPeak = Math.max(route.carriersPeak, route.carriers.points);
    route.lastSeenMs = Math.max(route.lastSeenMs, sighting.observedMs);
    route.firstSeenMs = Math.min(route.firstSeenMs, sighting.observedMs);
    incident.lastEvidenceMs = Math.max(incident.lastEvidenceMs, sighting.arrivedMs);
    this.touch(incident, route);
    return { incident, isNew: known === undefined };
  }

  /** Resolved by hand while its routes stood, which the restored RIB only repeats. */
  private isLeftStanding(incident: IncidentState): boolean {
    return this.isRestoring && incident.resolution === 'operator';
  }

  /** The vantage point does not carry it any more: withdrawn, or replaced by something conforming, or accepted. */
  drop(finding: Finding, prefixText: string, owner: RouteOwner, gone: Gone, nowMs: number): void {
    const { group } = finding.watched.entry;
    const own = this.find(group, finding.kind, finding.offender);
    const lost = takenOut(own, finding, prefixText, owner);
    const [incident, route] = lost ?? takenOut(this.swarmOf(finding), finding, prefixText, owner) ?? [];
    if (incident === undefined || route === undefined) return;
    incident.swarm?.carried(finding.offender, -1);
    countSeeing(incident, owner.vantagePoint, -1);
    noteGone(incident, prefixText, owner.vantagePoint, gone, nowMs);
    route.isGone = route.carriers.size === 0;
    incident.lastEvidenceMs = nowMs;
    incident.lastCause = gone.cause;
    incident.endedMs = gone.observedMs;
    this.touch(incident, route);
  }

  /** Routes of these vantage points came into doubt: their session went down, a gap lies between; 0: the gap was filled. */
  doubt(isMeant: (vantagePoint: number) => boolean, doubt: 0 | 1 | 2): void {
    for (const incident of this.incidents.values()) {
      const meant = new Set([...incident.seeing.keys()].filter(isMeant));
      if (meant.size === 0) continue;
      for (const route of incident.routes.values()) {
        for (const carrier of route.carriers.values()) {
          const isChanged = doubt === 0 ? carrier.doubt === 1 : carrier.doubt < doubt;
          if (!isChanged || !meant.has(carrier.vantagePoint)) continue;
          carrier.doubt = doubt;
          this.touch(incident, route);
        }
      }
    }
  }

  /** A condition without carriers begins, or its rows change. */
  hold(condition: Condition, nowMs: number): void {
    const offender = condition.offender ?? null;
    const incident = this.incidentFor(condition.group, condition.kind, offender, condition, nowMs);
    const route =
      incident.routes.condition(condition.kind, condition.prefixText) ??
      addCondition(incident, condition, nowMs);
    if (!route.holds && incident.state === 'resolved') incident.returned = true;
    route.holds = true;
    route.isInDoubt = !condition.isKnown;
    route.ownRows = condition.rows;
    route.lastSeenMs = Math.max(route.lastSeenMs, condition.observedMs);
    incident.lastEvidenceMs = nowMs;
    this.touch(incident, route);
  }

  /** The condition ended. */
  release(group: string, kind: Kind, prefixText: string, gone: Gone, nowMs: number): void {
    const incident = this.find(group, kind, gone.offender ?? null);
    const route = incident?.routes.condition(kind, prefixText);
    if (incident === undefined || route === undefined || !route.holds) return;
    route.holds = false;
    incident.lastCause = gone.cause;
    incident.endedMs = gone.observedMs;
    incident.lastEvidenceMs = nowMs;
    this.touch(incident, route);
  }

  find(group: string, kind: Kind, offender: number | null): IncidentState | undefined {
    const { recent } = this;
    if (recent?.offender === offender && recent.family === FAMILY_OF[kind] && recent.group === group)
      return recent;
    const found = this.incidents.get(keyOf(group, kind, offender).text);
    if (found !== undefined) this.recent = found;
    return found;
  }

  private incidentFor(
    group: string,
    kind: Kind,
    offender: number | null,
    sighting: { observedMs: number; via: DetectedBy },
    nowMs: number,
  ): IncidentState {
    const known = this.find(group, kind, offender);
    if (known === undefined && offender !== null && this.crowds.isFull(group, FAMILY_OF[kind]))
      return this.incidentFor(group, kind, null, sighting, nowMs);
    if (known !== undefined && (!this.isPast(known, nowMs) || !known.standing.isEmpty)) return known;
    if (known !== undefined) this.forget(known);
    const made = newIncident(keyOf(group, kind, offender), sighting, nowMs);
    this.incidents.set(made.key, made);
    this.crowds.began(made);
    return made;
  }

  private swarmOf({ watched, kind }: Finding): IncidentState | undefined {
    return this.crowds.hasSwarms ? this.find(watched.entry.group, kind, null) : undefined;
  }

  private isPast(incident: IncidentState, nowMs: number): boolean {
    return (
      incident.state === 'resolved' && nowMs - (incident.resolvedMs ?? nowMs) > this.rules.reopenWithinMs
    );
  }

  private forget(incident: IncidentState): void {
    this.remove(incident);
    this.byId.delete(incident.id);
    this.touched = this.touched.filter((other) => other !== incident);
    this.changes.forget(incident.id);
  }

  private addRoute(incident: IncidentState, sighting: Sighting, nowMs: number): RouteState {
    const { prefix, finding, observedMs } = sighting;
    const route = new RouteState(prefix.text, prefix, finding, observedMs, nowMs);
    incident.routes.add(route);
    incident.freshPrefixes.push(route.prefixText);
    if (incident.state === 'resolved') incident.returned = true;
    this.watchRoute(incident, route);
    if (incident.swarm !== undefined) Swarm.trim(incident);
    return route;
  }

  /** Its age, for the rows of time, is that of its return. */
  private bearAgain(incident: IncidentState, route: RouteState, nowMs: number): void {
    route.isGone = false;
    route.bornMs = nowMs;
    this.watchRoute(incident, route);
  }

  /** Those of a swarm have no deadlines of their own: a flood would leave one for each of its routes. */
  private watchRoute(incident: IncidentState, route: RouteState): void {
    if (incident.swarm !== undefined) return;
    this.ports.setRouteDeadline(incident, route, route.bornMs + SINGLE_AFTER_MS);
  }

  private touch(incident: IncidentState, route: RouteState): void {
    if (!route.isTouched) {
      route.isTouched = true;
      if (incident.touched.length === 0) this.touched.push(incident);
      incident.touched.push(route);
    }
    this.changed(incident);
  }

  // ------------------------------------------------------------ what has to be said

  /** Looks at everything that changed since the last call. */
  settle(nowMs: number): readonly Notice[] {
    if (this.isMuted || this.touched.length === 0) return NOTHING_TO_SAY;
    const touched = this.touched.splice(0);
    const notices: Notice[] = [];
    for (const incident of touched) {
      const routes = incident.touched;
      incident.touched = [];
      for (const route of routes) route.isTouched = false;
      this.settler.settleOne(incident, routes, nowMs, notices);
    }
    return notices;
  }

  // ------------------------------------------------------------ time and operators

  /** A deadline of this book fired. Returns what to say. `purge` takes routes that nobody vouches for out of the RIB. */
  onDeadline(
    name: BookDeadline,
    nowMs: number,
    purge: (prefix: string, owner: RouteOwner | undefined) => void,
  ): readonly Notice[] {
    const [what, key] = partsOfDeadline(name);
    const incident = this.incidents.get(key);
    const notices: Notice[] = [];
    if (incident === undefined) return notices;
    if (what === 'resolve') this.onClear(incident, nowMs, notices);
    else if (what === 'update') this.settler.flush(incident, nowMs, notices);
    else if (what === 'evidence') this.onNoEvidence(incident, nowMs, purge, notices);
    else if ((what satisfies 'forget') && this.isPast(incident, nowMs) && incident.standing.isEmpty)
      this.forget(incident);
    return notices;
  }

  /** Spread and time change the score of a route by themselves: single vantage point, held long. */
  onRouteDeadline(key: string, route: RouteState, nowMs: number): readonly Notice[] {
    const incident = this.incidents.get(key);
    if (incident === undefined || incident.routes.values()[route.place] !== route || !stands(route))
      return NOTHING_TO_SAY;
    this.touch(incident, route);
    const longMs = route.bornMs + HELD_LONG_MS;
    if (nowMs < longMs) this.ports.setRouteDeadline(incident, route, longMs);
    return this.settle(nowMs);
  }

  private onClear(incident: IncidentState, nowMs: number, notices: Notice[]): void {
    if (incident.state !== 'open' || incident.clearSinceMs === undefined || !this.ports.isCovered()) return;
    this.settler.resolve(
      incident,
      incident.lastCause === 'replaced' ? 'replaced' : 'withdrawn',
      'ended',
      nowMs,
      notices,
    );
  }

  private onNoEvidence(
    incident: IncidentState,
    nowMs: number,
    purge: (prefix: string, owner: RouteOwner | undefined) => void,
    notices: Notice[],
  ): void {
    if (incident.state !== 'open' || nowMs < incident.lastEvidenceMs + this.rules.noEvidenceMs) return;
    leaveToNobody(incident, purge, (route) => this.settler.file(incident, route));
    this.settler.resolve(incident, 'no-evidence', 'no-evidence', nowMs, notices);
  }

  /** Every `updated` that is held back, now: at the end of a replay, at an orderly stop. */
  flushAll(nowMs: number): readonly Notice[] {
    const notices: Notice[] = [];
    for (const incident of this.incidents.values()) this.settler.flush(incident, nowMs, notices);
    return notices;
  }

  /** Coverage came back or went: the five clear minutes begin anew, or stop running. */
  onCoverage(isCovered: boolean, nowMs: number): void {
    for (const incident of this.incidents.values()) {
      if (incident.state !== 'open' || incident.clearSinceMs === undefined) continue;
      if (isCovered) incident.clearSinceMs = nowMs;
      this.settler.watchClear(incident, isCovered);
    }
  }

  /** By hand: it stays in the book with what it knows, so that only something new reopens it. */
  resolveByHand(incident: IncidentState, actor: Actor, nowMs: number): readonly Notice[] {
    const notices: Notice[] = [];
    declareOver(incident, actor, nowMs);
    if (incident.standing.isEmpty) incident.endedMs ??= nowMs;
    this.settler.resolve(incident, 'operator', 'operator', nowMs, notices);
    return notices;
  }

  /** Told again because a silence ended over it. */
  remind(incident: IncidentState, nowMs: number): readonly Notice[] {
    const notices: Notice[] = [];
    if (incident.state === 'open') this.settler.say(incident, 'updated', 'operator', nowMs, notices);
    return notices;
  }
}
