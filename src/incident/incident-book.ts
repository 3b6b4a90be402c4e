/**
 * The book of incidents: one for one attacker, keyed by (group, family, offender). Findings come in as carriers of
 * routes and go as they are withdrawn; `settle` decides what has to be said. Pure: stamps are arguments, alerts are
 * the return value, deadlines go to the engine's heap.
 *
 * Life (detection.md §4): pending → open → resolved → (reopened) open …
 */

import type { Finding } from '../judge/finding.ts';
import type { Kind } from '../judge/vocabulary.ts';
import type { DetectedBy } from './alert.ts';
import type { BookPorts, BookRules, Cause, Condition, Notice, Sighting } from './book-contract.ts';
import {
  deadlineName,
  emptyRoute,
  type Key,
  keyOf,
  newIncident,
  routeKeyOf,
  SEPARATOR,
} from './incident-making.ts';
import { type Carrier, type IncidentState, type RouteState, stands } from './incident-state.ts';
import { HELD_LONG_MS, SINGLE_AFTER_MS } from './score.ts';
import { type SettleHome, Settler } from './settle.ts';

export type { Cause, Notice } from './book-contract.ts';

const NOTHING_CHANGED = { changed: [], forgotten: [] } as const;

export class IncidentBook implements SettleHome {
  private readonly incidents = new Map<string, IncidentState>();
  private readonly byId = new Map<string, IncidentState>();
  private touched = new Map<IncidentState, Set<RouteState>>();
  private changedSince = new Set<IncidentState>();
  private forgotten: string[] = [];
  /** While true findings are collected and nothing is said (`replay --from`). */
  isMuted = false;
  /** While true what is carried was carried before the stop already: it is nothing that returns. */
  isRestoring = false;
  rules: BookRules;
  readonly ports: BookPorts;
  private readonly settler: Settler;

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
  takeChanged(): { readonly changed: readonly IncidentState[]; readonly forgotten: readonly string[] } {
    if (this.changedSince.size === 0 && this.forgotten.length === 0) return NOTHING_CHANGED;
    const taken = {
      changed: [...this.changedSince].filter((incident) => incident.state !== 'pending'),
      forgotten: this.forgotten,
    };
    if (this.changedSince.size > 0) this.changedSince = new Set();
    this.forgotten = [];
    return taken;
  }

  changed(incident: IncidentState): void {
    this.changedSince.add(incident);
  }

  /** Its record was made as it is now. */
  written(incident: IncidentState): void {
    this.changedSince.delete(incident);
  }

  opened(incident: IncidentState): void {
    this.byId.set(incident.id, incident);
  }

  pendingGone(incident: IncidentState): void {
    this.incidents.delete(incident.key);
    this.changedSince.delete(incident);
  }

  /** Puts a remembered incident back, without carriers. */
  restore(incident: IncidentState): void {
    this.incidents.set(incident.key, incident);
    this.byId.set(incident.id, incident);
    for (const route of incident.routes.values()) {
      this.touch(incident, route);
      this.ports.setDeadline(deadlineName('route', incident.key, route.key), route.bornMs + SINGLE_AFTER_MS);
    }
    if (incident.told.pending !== undefined) {
      this.ports.setDeadline(
        deadlineName('update', incident.key),
        incident.told.updatedMs + this.rules.updateEveryMs,
      );
    }
    if (incident.state !== 'resolved') return;
    this.ports.setDeadline(
      deadlineName('forget', incident.key),
      (incident.resolvedMs ?? 0) + this.rules.reopenWithinMs + 1,
    );
  }

  // ------------------------------------------------------------ sightings

  /** A vantage point carries an offending route now. */
  carry(sighting: Sighting, nowMs: number): void {
    const { finding } = sighting;
    const incident = this.incidentFor(
      keyOf(finding.watched.entry.group, finding.kind, finding.offender),
      sighting,
      nowMs,
    );
    const key = routeKeyOf(sighting.prefix.text, finding);
    const known = incident.routes.get(key);
    const route = known ?? this.addRoute(incident, key, sighting, nowMs);
    if (!stands(route) && incident.state === 'resolved' && !this.isLeftStanding(incident))
      incident.returned = true;
    if (route.isGone) this.bearAgain(incident, route, nowMs);
    if (!route.carriers.has(sighting.vantagePoint)) this.count(incident, sighting.vantagePoint, 1);
    route.carriers.set(sighting.vantagePoint, { ...sighting.carrier, finding });
    route.carriersPeak = Math.max(route.carriersPeak, route.carriers.size);
    route.lastSeenMs = Math.max(route.lastSeenMs, sighting.observedMs);
    route.firstSeenMs = Math.min(route.firstSeenMs, sighting.observedMs);
    incident.lastEvidenceMs = Math.max(incident.lastEvidenceMs, sighting.arrivedMs);
    this.touch(incident, route);
  }

  /** Resolved by hand while its routes stood, which the restored RIB only repeats. */
  private isLeftStanding(incident: IncidentState): boolean {
    return this.isRestoring && incident.resolution === 'operator';
  }

  /** The vantage point does not carry it any more: withdrawn, or replaced by something conforming, or accepted. */
  drop(
    finding: Finding,
    prefixText: string,
    vantagePoint: number,
    gone: { cause: Cause; observedMs: number },
    nowMs: number,
  ): void {
    const incident = this.incidents.get(
      keyOf(finding.watched.entry.group, finding.kind, finding.offender).text,
    );
    const route = incident?.routes.get(routeKeyOf(prefixText, finding));
    if (incident === undefined || route === undefined || !route.carriers.delete(vantagePoint)) return;
    this.count(incident, vantagePoint, -1);
    route.isGone = route.carriers.size === 0;
    incident.lastEvidenceMs = nowMs;
    incident.lastCause = gone.cause;
    incident.endedMs = gone.observedMs;
    this.touch(incident, route);
  }

  /** A carrier's route came into doubt, or is known again: its session went down, a gap lies between. */
  doubt(finding: Finding, prefixText: string, vantagePoint: number, doubt: Carrier['doubt']): void {
    const incident = this.incidents.get(
      keyOf(finding.watched.entry.group, finding.kind, finding.offender).text,
    );
    const route = incident?.routes.get(routeKeyOf(prefixText, finding));
    const carrier = route?.carriers.get(vantagePoint);
    if (incident === undefined || route === undefined || carrier === undefined) return;
    carrier.doubt = doubt;
    this.touch(incident, route);
  }

  /** A condition without carriers begins, or its rows change. */
  hold(condition: Condition, nowMs: number): void {
    const incident = this.incidentFor(keyOf(condition.group, condition.kind, null), condition, nowMs);
    const key = `${condition.kind}|${condition.prefixText}`;
    const route = incident.routes.get(key) ?? this.addCondition(incident, key, condition, nowMs);
    if (!route.holds && incident.state === 'resolved') incident.returned = true;
    route.holds = true;
    route.isInDoubt = !condition.isKnown;
    route.ownRows = condition.rows;
    route.lastSeenMs = Math.max(route.lastSeenMs, condition.observedMs);
    incident.lastEvidenceMs = nowMs;
    this.touch(incident, route);
  }

  /** The condition ended. */
  release(
    group: string,
    kind: Kind,
    prefixText: string,
    gone: { cause: Cause; observedMs: number },
    nowMs: number,
  ): void {
    const incident = this.incidents.get(keyOf(group, kind, null).text);
    const route = incident?.routes.get(`${kind}|${prefixText}`);
    if (incident === undefined || route === undefined || !route.holds) return;
    route.holds = false;
    incident.lastCause = gone.cause;
    incident.endedMs = gone.observedMs;
    incident.lastEvidenceMs = nowMs;
    this.touch(incident, route);
  }

  private incidentFor(
    key: Key,
    sighting: { observedMs: number; via: DetectedBy },
    nowMs: number,
  ): IncidentState {
    const known = this.incidents.get(key.text);
    if (known !== undefined && (!this.isPast(known, nowMs) || known.standing.size > 0)) return known;
    if (known !== undefined) this.forget(known);
    const made = newIncident(key, sighting, nowMs);
    this.incidents.set(key.text, made);
    return made;
  }

  private isPast(incident: IncidentState, nowMs: number): boolean {
    return (
      incident.state === 'resolved' && nowMs - (incident.resolvedMs ?? nowMs) > this.rules.reopenWithinMs
    );
  }

  private forget(incident: IncidentState): void {
    this.incidents.delete(incident.key);
    this.byId.delete(incident.id);
    this.touched.delete(incident);
    this.forgotten.push(incident.id);
  }

  private addRoute(incident: IncidentState, key: string, sighting: Sighting, nowMs: number): RouteState {
    const { finding } = sighting;
    const { entry } = finding.watched;
    const route: RouteState = {
      ...emptyRoute(key, sighting.prefix.text, sighting.prefix, sighting.observedMs, nowMs),
      watch: finding.watched.name,
      name: entry.name,
      kind: finding.kind,
      taxonomy: finding.taxonomy,
      expectedOrigins: finding.expectedOrigins,
      originAs: finding.originAs,
      severityFloor: entry.severity,
      minPeers: entry.minPeers,
    };
    incident.routes.set(key, route);
    incident.freshPrefixes.push(route.prefixText);
    if (incident.state === 'resolved') incident.returned = true;
    this.ports.setDeadline(deadlineName('route', incident.key, key), nowMs + SINGLE_AFTER_MS);
    return route;
  }

  /** Its age, for the rows of time, is that of its return. */
  private bearAgain(incident: IncidentState, route: RouteState, nowMs: number): void {
    route.isGone = false;
    route.bornMs = nowMs;
    this.ports.setDeadline(deadlineName('route', incident.key, route.key), nowMs + SINGLE_AFTER_MS);
  }

  private addCondition(
    incident: IncidentState,
    key: string,
    condition: Condition,
    nowMs: number,
  ): RouteState {
    const route: RouteState = {
      ...emptyRoute(key, condition.prefixText, condition.prefix, condition.observedMs, nowMs),
      watch: condition.watch,
      name: condition.name,
      kind: condition.kind,
      expectedOrigins: condition.expectedOrigins,
    };
    incident.routes.set(key, route);
    return route;
  }

  private count(incident: IncidentState, vantagePoint: number, step: 1 | -1): void {
    const next = (incident.seeing.get(vantagePoint) ?? 0) + step;
    if (next <= 0) incident.seeing.delete(vantagePoint);
    else incident.seeing.set(vantagePoint, next);
  }

  private touch(incident: IncidentState, route: RouteState | undefined): void {
    const routes = this.touched.get(incident) ?? new Set<RouteState>();
    if (route !== undefined) routes.add(route);
    this.touched.set(incident, routes);
    this.changedSince.add(incident);
  }

  // ------------------------------------------------------------ what has to be said

  /** Looks at everything that changed since the last call. */
  settle(nowMs: number): readonly Notice[] {
    if (this.isMuted || this.touched.size === 0) return [];
    const touched = this.touched;
    this.touched = new Map();
    const notices: Notice[] = [];
    for (const [incident, routes] of touched) this.settler.settleOne(incident, routes, nowMs, notices);
    return notices;
  }

  // ------------------------------------------------------------ time and operators

  /** A deadline of this book fired. Returns what to say. `purge` takes routes that nobody vouches for out of the RIB. */
  onDeadline(
    name: string,
    nowMs: number,
    purge: (prefix: string, vantagePoint: number | undefined) => void,
  ): readonly Notice[] {
    const [what, key = '', routeKey = ''] = name.split(SEPARATOR);
    const incident = this.incidents.get(key);
    const notices: Notice[] = [];
    if (incident === undefined) return notices;
    if (what === 'route') return this.onRouteDeadline(incident, routeKey, nowMs);
    if (what === 'resolve') this.onClear(incident, nowMs, notices);
    else if (what === 'update') this.settler.flush(incident, nowMs, notices);
    else if (what === 'evidence') this.onNoEvidence(incident, nowMs, purge, notices);
    else if (what === 'forget' && this.isPast(incident, nowMs) && incident.standing.size === 0)
      this.forget(incident);
    return notices;
  }

  /** Spread and time change the score of a route by themselves: single vantage point, held long. */
  private onRouteDeadline(incident: IncidentState, routeKey: string, nowMs: number): readonly Notice[] {
    const route = incident.routes.get(routeKey);
    if (route === undefined || !stands(route)) return [];
    this.touch(incident, route);
    const longMs = route.bornMs + HELD_LONG_MS;
    if (nowMs < longMs) this.ports.setDeadline(deadlineName('route', incident.key, routeKey), longMs);
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
    purge: (prefix: string, vantagePoint: number | undefined) => void,
    notices: Notice[],
  ): void {
    if (incident.state !== 'open' || nowMs < incident.lastEvidenceMs + this.rules.noEvidenceMs) return;
    incident.endedMs ??= Math.max(...[...incident.routes.values()].map((route) => route.lastSeenMs));
    for (const route of incident.routes.values()) {
      for (const vantagePoint of route.carriers.keys()) purge(route.prefixText, vantagePoint);
      route.carriers.clear();
      route.isGone = true;
      if (route.holds) purge(route.prefixText, undefined);
      route.holds = false;
      this.settler.file(incident, route);
    }
    incident.seeing.clear();
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

  acknowledge(incident: IncidentState, nowMs: number): void {
    incident.acknowledged = true;
    incident.updatedMs = nowMs;
    this.changedSince.add(incident);
  }

  /** By hand: it stays in the book with what it knows, so that only something new reopens it. */
  resolveByHand(incident: IncidentState, nowMs: number): readonly Notice[] {
    const notices: Notice[] = [];
    if (incident.standing.size === 0) incident.endedMs ??= nowMs;
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
