/**
 * The book of incidents: one for one attacker, keyed by (group, family, offender). Findings come in as carriers of
 * routes and go as they are withdrawn; `settle` decides what has to be said. Pure: stamps are arguments, alerts are
 * the return value, deadlines go to the engine's heap.
 *
 * Life (detection.md §4): pending → open → resolved → (reopened) open …
 */
import type { Prefix } from '../bgp/prefix.ts';
import { SEVERITIES, type Severity, severityRank } from '../bgp/severity.ts';
import type { Finding, Row } from '../judge/finding.ts';
import { FAMILY_OF, type Family, type Kind } from '../judge/vocabulary.ts';
import type { AlertEvent, AlertReason, DetectedBy, Resolution } from './alert.ts';
import { idOf } from './ids.ts';
import { type Carrier, type IncidentState, peerAsnsOf, type RouteState, stands } from './incident-state.ts';
import { HELD_LONG_MS, type ScoreRules, SINGLE_AFTER_MS, scoreRoute, worse } from './score.ts';

export interface BookRules extends ScoreRules {
  readonly resolveAfterMs: number;
  readonly updateEveryMs: number;
  readonly reopenWithinMs: number;
  readonly noEvidenceMs: number;
}

/** What the book asks of its surroundings. */
export interface BookPorts {
  /** Sets or moves a deadline; it comes back through `onDeadline`. */
  setDeadline(name: string, atMs: number): void;
  clearDeadline(name: string): void;
  /** True while the vantage point's session and feed are up. */
  isUp(vantagePoint: number): boolean;
  /** True while every feed delivers: only then silence counts as clear. */
  isCovered(): boolean;
}

/** Something to be said now; the engine numbers and renders it. */
export interface Notice {
  readonly incident: IncidentState;
  readonly event: AlertEvent;
  readonly reason: AlertReason;
  readonly atMs: number;
}

/** One sighting of an offending route. */
export interface Sighting {
  readonly finding: Finding;
  readonly prefix: Prefix;
  readonly vantagePoint: number;
  readonly carrier: Omit<Carrier, 'finding'>;
  readonly observedMs: number;
  /** Arrival of the announcement: judging it again is no new evidence. */
  readonly arrivedMs: number;
  readonly via: DetectedBy;
}

/** A condition without carriers: lost visibility, a blind feed. */
export interface Condition {
  readonly group: string;
  readonly kind: Kind;
  readonly prefix: Prefix | undefined;
  readonly prefixText: string;
  readonly watch: string;
  readonly name: string;
  readonly expectedOrigins: readonly number[];
  readonly rows: readonly Row[];
  readonly observedMs: number;
  readonly via: DetectedBy;
}

export type Cause = 'withdrawn' | 'replaced' | 'accepted';

export class IncidentBook {
  private readonly incidents = new Map<string, IncidentState>();
  private readonly byId = new Map<string, IncidentState>();
  private touched = new Map<IncidentState, Set<RouteState>>();
  private changed = new Set<IncidentState>();
  private forgotten: string[] = [];
  /** While true findings are collected and nothing is said (`replay --from`). */
  isMuted = false;
  rules: BookRules;
  private readonly ports: BookPorts;

  constructor(rules: BookRules, ports: BookPorts) {
    this.rules = rules;
    this.ports = ports;
  }

  every(): IterableIterator<IncidentState> {
    return this.incidents.values();
  }

  get(id: string): IncidentState | undefined {
    return this.byId.get(id);
  }

  /** Incidents whose shape changed since the last call, and ids that left memory. */
  takeChanged(): { readonly changed: readonly IncidentState[]; readonly forgotten: readonly string[] } {
    const taken = {
      changed: [...this.changed].filter((incident) => incident.state !== 'pending'),
      forgotten: this.forgotten,
    };
    if (this.changed.size > 0) this.changed = new Set();
    this.forgotten = [];
    return taken;
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
    if (!stands(route) && incident.state === 'resolved') incident.returned = true;
    if (!route.carriers.has(sighting.vantagePoint)) this.count(incident, sighting.vantagePoint, 1);
    route.carriers.set(sighting.vantagePoint, { ...sighting.carrier, finding });
    route.carriersPeak = Math.max(route.carriersPeak, route.carriers.size);
    route.lastSeenMs = Math.max(route.lastSeenMs, sighting.observedMs);
    route.firstSeenMs = Math.min(route.firstSeenMs, sighting.observedMs);
    incident.lastEvidenceMs = Math.max(incident.lastEvidenceMs, sighting.arrivedMs);
    this.touch(incident, route);
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
    if (incident.state === 'resolved') incident.returned = true;
    this.ports.setDeadline(deadlineName('route', incident.key, key), nowMs + SINGLE_AFTER_MS);
    return route;
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
    this.changed.add(incident);
  }

  // ------------------------------------------------------------ what has to be said

  /** Looks at everything that changed since the last call. */
  settle(nowMs: number): readonly Notice[] {
    if (this.isMuted || this.touched.size === 0) return [];
    const touched = this.touched;
    this.touched = new Map();
    const notices: Notice[] = [];
    for (const [incident, routes] of touched) this.settleOne(incident, routes, nowMs, notices);
    return notices;
  }

  private settleOne(
    incident: IncidentState,
    routes: ReadonlySet<RouteState>,
    nowMs: number,
    notices: Notice[],
  ): void {
    let added = 0;
    for (const route of routes) {
      if (stands(route)) this.rescore(route, nowMs);
      if (!route.isAdmitted && stands(route) && (route.holds || peerAsnsOf(route).size >= route.minPeers)) {
        route.isAdmitted = true;
        added += 1;
      }
      this.file(incident, route);
    }
    const isStanding = this.reweigh(incident);
    if (incident.state === 'pending') this.settlePending(incident, isStanding, nowMs, notices);
    else if (incident.state === 'open') this.settleOpen(incident, added > 0, isStanding, nowMs, notices);
    else this.settleResolved(incident, isStanding, nowMs, notices);
  }

  private rescore(route: RouteState, nowMs: number): void {
    const scored = scoreRoute(route, this.seeingOf(route), nowMs, this.rules);
    route.rows = scored.rows;
    route.score = scored.score;
    route.severity = scored.severity;
    route.kind = scored.kind;
    if (scored.carrier === undefined) return;
    const { finding } = scored.carrier;
    route.taxonomy = finding.taxonomy;
    route.expectedOrigins = finding.expectedOrigins;
    route.watch = finding.watched.name;
    route.name = finding.watched.entry.name;
    route.severityFloor = finding.watched.entry.severity;
    route.minPeers = finding.watched.entry.minPeers;
  }

  /** Vantage points that are known to carry the route now. */
  seeingOf(route: RouteState): number {
    let seeing = 0;
    for (const [vantagePoint, carrier] of route.carriers)
      if (carrier.doubt < 2 && this.ports.isUp(vantagePoint)) seeing += 1;
    return seeing;
  }

  /** Distinct vantage points that carry any of its routes. */
  private reachOf(incident: IncidentState): number {
    return incident.seeing.size;
  }

  /** Files the route under its score while it stands, so that the heaviest is found without a walk. */
  private file(incident: IncidentState, route: RouteState): void {
    const isFiled = route.isAdmitted && stands(route);
    if (route.filedUnder !== undefined) unfile(incident, route, route.filedUnder);
    route.filedUnder = undefined;
    if (!isFiled) return;
    const shelf = incident.standing.get(route.score) ?? new Set();
    shelf.add(route);
    incident.standing.set(route.score, shelf);
    incident.severities[route.severity] += 1;
    route.filedUnder = { score: route.score, severity: route.severity };
  }

  /** Score, kind and rows of the heaviest route that stands; severity is the worst of those. */
  private reweigh(incident: IncidentState): boolean {
    let score = Number.NEGATIVE_INFINITY;
    for (const key of incident.standing.keys()) score = Math.max(score, key);
    const heaviest = incident.standing.get(score)?.values().next().value;
    if (heaviest === undefined) return false;
    const severity = SEVERITIES.findLast((name) => incident.severities[name] > 0) ?? 'info';
    incident.kind = heaviest.kind;
    incident.score = heaviest.score;
    incident.rows = heaviest.rows;
    incident.severity = severity;
    incident.peakSeverity = worse(incident.peakSeverity, severity);
    return true;
  }

  private settlePending(
    incident: IncidentState,
    isStanding: boolean,
    nowMs: number,
    notices: Notice[],
  ): void {
    if (!isStanding) {
      if ([...incident.routes.values()].every((route) => !stands(route))) this.forgetPending(incident);
      return;
    }
    const opened: IncidentState = Object.assign(incident, {
      id: idOf('incident', incident.key, nowMs),
      openedMs: nowMs,
      state: 'open',
      peakSeverity: incident.severity,
    });
    this.byId.set(opened.id, opened);
    this.say(opened, 'opened', 'first-sighting', nowMs, notices);
  }

  private forgetPending(incident: IncidentState): void {
    this.incidents.delete(incident.key);
    this.changed.delete(incident);
  }

  private settleOpen(
    incident: IncidentState,
    hasNewRoute: boolean,
    isStanding: boolean,
    nowMs: number,
    notices: Notice[],
  ): void {
    if (!isStanding) return this.settleEnded(incident, nowMs, notices);
    incident.clearSinceMs = undefined;
    incident.endedMs = undefined;
    this.ports.clearDeadline(deadlineName('resolve', incident.key));
    this.watchEvidence(incident);
    if (severityRank(incident.severity) > severityRank(incident.told.severity)) {
      this.say(incident, 'escalated', 'severity-raised', nowMs, notices);
      return;
    }
    if (hasNewRoute) this.update(incident, 'route-added', nowMs, notices);
    else if (this.reachOf(incident) >= 2 * Math.max(1, incident.told.reach))
      this.update(incident, 'reach-doubled', nowMs, notices);
  }

  /** Nothing stands: clear begins, or the incident is over at once when an operator explained it. */
  private settleEnded(incident: IncidentState, nowMs: number, notices: Notice[]): void {
    if (incident.lastCause === 'accepted')
      return this.resolve(incident, 'accepted', 'accepted', nowMs, notices);
    incident.clearSinceMs ??= nowMs;
    if (this.ports.isCovered())
      this.ports.setDeadline(
        deadlineName('resolve', incident.key),
        incident.clearSinceMs + this.rules.resolveAfterMs,
      );
  }

  private settleResolved(
    incident: IncidentState,
    isStanding: boolean,
    nowMs: number,
    notices: Notice[],
  ): void {
    const isWorse = severityRank(incident.severity) > severityRank(incident.told.severity);
    if (!isStanding || !(incident.returned || (incident.resolution === 'operator' && isWorse))) return;
    incident.state = 'open';
    incident.returned = false;
    incident.reopenedCount += 1;
    incident.acknowledged = false;
    incident.resolvedMs = undefined;
    incident.resolution = undefined;
    incident.endedMs = undefined;
    incident.clearSinceMs = undefined;
    this.watchEvidence(incident);
    this.say(incident, 'reopened', 'returned', nowMs, notices);
  }

  /** An `updated` goes out at once; the next ones are collected until `updateEveryMs` after the one before. */
  private update(incident: IncidentState, reason: AlertReason, nowMs: number, notices: Notice[]): void {
    const dueMs = incident.told.updatedMs + this.rules.updateEveryMs;
    if (nowMs >= dueMs) return this.say(incident, 'updated', reason, nowMs, notices);
    incident.told.pending = incident.told.pending === 'route-added' ? 'route-added' : reason;
    this.ports.setDeadline(deadlineName('update', incident.key), dueMs);
  }

  private say(
    incident: IncidentState,
    event: AlertEvent,
    reason: AlertReason,
    atMs: number,
    notices: Notice[],
  ): void {
    incident.updatedMs = atMs;
    incident.told.severity = incident.severity;
    incident.told.reach = this.reachOf(incident);
    if (event === 'updated') incident.told.updatedMs = atMs;
    incident.told.pending = undefined;
    this.ports.clearDeadline(deadlineName('update', incident.key));
    this.changed.add(incident);
    notices.push({ incident, event, reason, atMs });
  }

  private resolve(
    incident: IncidentState,
    resolution: Resolution,
    reason: AlertReason,
    nowMs: number,
    notices: Notice[],
  ): void {
    if (incident.told.pending !== undefined)
      this.say(incident, 'updated', incident.told.pending, nowMs, notices);
    incident.state = 'resolved';
    incident.returned = false;
    incident.resolution = resolution;
    incident.resolvedMs = nowMs;
    this.ports.clearDeadline(deadlineName('resolve', incident.key));
    this.ports.clearDeadline(deadlineName('evidence', incident.key));
    this.ports.setDeadline(deadlineName('forget', incident.key), nowMs + this.rules.reopenWithinMs + 1);
    this.say(incident, 'resolved', reason, nowMs, notices);
  }

  /** While everything that stands is in doubt, the clock of `no-evidence` runs. */
  private watchEvidence(incident: IncidentState): void {
    for (const route of incident.routes.values()) {
      if (route.holds) return this.ports.clearDeadline(deadlineName('evidence', incident.key));
      for (const carrier of route.carriers.values())
        if (carrier.doubt === 0) return this.ports.clearDeadline(deadlineName('evidence', incident.key));
    }
    this.ports.setDeadline(
      deadlineName('evidence', incident.key),
      incident.lastEvidenceMs + this.rules.noEvidenceMs,
    );
  }

  // ------------------------------------------------------------ time and operators

  /** A deadline of this book fired. Returns what to say. `purge` takes routes that nobody vouches for out of the RIB. */
  onDeadline(
    name: string,
    nowMs: number,
    purge: (prefix: string, vantagePoint: number) => void,
  ): readonly Notice[] {
    const [what, key = '', routeKey = ''] = name.split(SEPARATOR);
    const incident = this.incidents.get(key);
    const notices: Notice[] = [];
    if (incident === undefined) return notices;
    if (what === 'route') return this.onRouteDeadline(incident, routeKey, nowMs);
    if (what === 'resolve') this.onClear(incident, nowMs, notices);
    else if (what === 'update') this.flush(incident, nowMs, notices);
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
    this.resolve(
      incident,
      incident.lastCause === 'replaced' ? 'replaced' : 'withdrawn',
      'ended',
      nowMs,
      notices,
    );
  }

  private flush(incident: IncidentState, nowMs: number, notices: Notice[]): void {
    const { pending } = incident.told;
    if (pending !== undefined && incident.state === 'open')
      this.say(incident, 'updated', pending, nowMs, notices);
  }

  private onNoEvidence(
    incident: IncidentState,
    nowMs: number,
    purge: (prefix: string, vantagePoint: number) => void,
    notices: Notice[],
  ): void {
    if (incident.state !== 'open' || nowMs < incident.lastEvidenceMs + this.rules.noEvidenceMs) return;
    incident.endedMs ??= Math.max(...[...incident.routes.values()].map((route) => route.lastSeenMs));
    for (const route of incident.routes.values()) {
      for (const vantagePoint of route.carriers.keys()) purge(route.prefixText, vantagePoint);
      route.carriers.clear();
      this.file(incident, route);
    }
    incident.seeing.clear();
    this.resolve(incident, 'no-evidence', 'no-evidence', nowMs, notices);
  }

  /** Every `updated` that is held back, now: at the end of a replay, at an orderly stop. */
  flushAll(nowMs: number): readonly Notice[] {
    const notices: Notice[] = [];
    for (const incident of this.incidents.values()) this.flush(incident, nowMs, notices);
    return notices;
  }

  /** Coverage came back or went: the five clear minutes begin anew, or stop running. */
  onCoverage(isCovered: boolean, nowMs: number): void {
    for (const incident of this.incidents.values()) {
      if (incident.state !== 'open' || incident.clearSinceMs === undefined) continue;
      if (!isCovered) this.ports.clearDeadline(deadlineName('resolve', incident.key));
      else {
        incident.clearSinceMs = nowMs;
        this.ports.setDeadline(deadlineName('resolve', incident.key), nowMs + this.rules.resolveAfterMs);
      }
    }
  }

  acknowledge(incident: IncidentState, nowMs: number): void {
    incident.acknowledged = true;
    incident.updatedMs = nowMs;
    this.changed.add(incident);
  }

  /** By hand: it stays in the book with what it knows, so that only something new reopens it. */
  resolveByHand(incident: IncidentState, nowMs: number): readonly Notice[] {
    const notices: Notice[] = [];
    if (incident.standing.size === 0) incident.endedMs ??= nowMs;
    this.resolve(incident, 'operator', 'operator', nowMs, notices);
    return notices;
  }

  /** Told again because a silence ended over it. */
  remind(incident: IncidentState, nowMs: number): readonly Notice[] {
    const notices: Notice[] = [];
    if (incident.state === 'open') this.say(incident, 'updated', 'operator', nowMs, notices);
    return notices;
  }
}

const SEPARATOR = '\u0000';

function deadlineName(what: string, ...keys: readonly string[]): string {
  return [what, ...keys].join(SEPARATOR);
}

interface Key {
  readonly text: string;
  readonly group: string;
  readonly family: Family;
  readonly kind: Kind;
  readonly offender: number | null;
}

function keyOf(group: string, kind: Kind, offender: number | null): Key {
  const family = FAMILY_OF[kind];
  return { text: `${group}|${family}|${offender ?? ''}`, group, family, kind, offender };
}

function routeKeyOf(prefixText: string, finding: Finding): string {
  return `${prefixText}|${finding.watched.name}|${finding.originAs.join(',')}`;
}

function unfile(
  incident: IncidentState,
  route: RouteState,
  filed: { score: number; severity: Severity },
): void {
  const shelf = incident.standing.get(filed.score);
  shelf?.delete(route);
  if (shelf?.size === 0) incident.standing.delete(filed.score);
  incident.severities[filed.severity] -= 1;
}

function emptyRoute(
  key: string,
  prefixText: string,
  prefix: Prefix | undefined,
  observedMs: number,
  nowMs: number,
): RouteState {
  return {
    key,
    prefix,
    prefixText,
    watch: '',
    name: '',
    kind: 'feed-blind',
    taxonomy: null,
    expectedOrigins: [],
    originAs: [],
    severityFloor: undefined,
    minPeers: 1,
    carriers: new Map(),
    carriersPeak: 0,
    holds: false,
    ownRows: [],
    firstSeenMs: observedMs,
    lastSeenMs: observedMs,
    bornMs: nowMs,
    isAdmitted: false,
    rows: [],
    score: 0,
    severity: 'info',
    filedUnder: undefined,
  };
}

function newIncident(
  key: Key,
  sighting: { observedMs: number; via: DetectedBy },
  nowMs: number,
): IncidentState {
  return {
    id: '',
    key: key.text,
    group: key.group,
    family: key.family,
    offender: key.offender,
    state: 'pending',
    kind: key.kind,
    severity: 'info',
    peakSeverity: 'info',
    score: 0,
    rows: [],
    acknowledged: false,
    routes: new Map(),
    seeing: new Map(),
    standing: new Map(),
    severities: { info: 0, warning: 0, critical: 0 },
    firstSeenMs: sighting.observedMs,
    openedMs: nowMs,
    updatedMs: nowMs,
    endedMs: undefined,
    clearSinceMs: undefined,
    resolvedMs: undefined,
    resolution: undefined,
    lastCause: 'withdrawn',
    lastEvidenceMs: nowMs,
    reopenedCount: 0,
    detectedBy: sighting.via,
    told: { severity: 'info', reach: 0, updatedMs: Number.NEGATIVE_INFINITY, pending: undefined },
    toldReceivers: [],
    rawKept: 0,
    writtenMs: 0,
    returned: false,
  };
}
