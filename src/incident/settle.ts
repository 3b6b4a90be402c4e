/**
 * What has to be said of an incident that changed: scores its routes, finds the heaviest, and takes the step of life
 * that follows (detection.md §4): pending → open → resolved → (reopened) open …  The book keeps, the settler speaks.
 */
import { SEVERITIES, type Severity, severityRank } from '../bgp/severity.ts';
import type { AlertEvent, AlertReason, Resolution } from './alert.ts';
import type { BookPorts, BookRules, Notice } from './book-contract.ts';
import { idOf } from './ids.ts';
import { deadlineName } from './incident-making.ts';
import { type IncidentState, peerAsnsOf, type RouteState, stands } from './incident-state.ts';
import { scoreRoute, worse } from './score.ts';

/** What the settler asks of the book it works for. */
export interface SettleHome {
  readonly rules: BookRules;
  readonly ports: BookPorts;
  changed(incident: IncidentState): void;
  opened(incident: IncidentState): void;
  pendingGone(incident: IncidentState): void;
}

export class Settler {
  private readonly home: SettleHome;

  constructor(home: SettleHome) {
    this.home = home;
  }

  settleOne(
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
    const scored = scoreRoute(route, this.seeingOf(route), nowMs, this.home.rules);
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
      if (carrier.doubt < 2 && this.home.ports.isUp(vantagePoint)) seeing += 1;
    return seeing;
  }

  /** Distinct vantage points that carry any of its routes. */
  private reachOf(incident: IncidentState): number {
    return incident.seeing.size;
  }

  /** Files the route under its score while it stands, so that the heaviest is found without a walk. */
  file(incident: IncidentState, route: RouteState): void {
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
      if ([...incident.routes.values()].every((route) => !stands(route))) this.home.pendingGone(incident);
      return;
    }
    const opened: IncidentState = Object.assign(incident, {
      id: idOf('incident', incident.key, nowMs),
      openedMs: nowMs,
      state: 'open',
      peakSeverity: incident.severity,
      // What went while too few had shown it ended nothing.
      endedMs: undefined,
    });
    this.home.opened(opened);
    this.say(opened, 'opened', 'first-sighting', nowMs, notices);
  }

  private settleOpen(
    incident: IncidentState,
    hasNewRoute: boolean,
    isStanding: boolean,
    nowMs: number,
    notices: Notice[],
  ): void {
    if (!isStanding) {
      this.settleEnded(incident, nowMs, notices);
      return;
    }
    incident.clearSinceMs = undefined;
    incident.endedMs = undefined;
    this.home.ports.clearDeadline(deadlineName('resolve', incident.key));
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
    if (incident.lastCause === 'accepted') {
      this.resolve(incident, 'accepted', 'accepted', nowMs, notices);
      return;
    }
    incident.clearSinceMs ??= nowMs;
    this.watchClear(incident, this.home.ports.isCovered());
  }

  /** While nothing stands: five clear minutes end it; where nobody can see, only a day without evidence does. */
  watchClear(incident: IncidentState, isCovered: boolean): void {
    const { ports, rules } = this.home;
    const [clear, evidence] = [deadlineName('resolve', incident.key), deadlineName('evidence', incident.key)];
    if (isCovered) {
      ports.clearDeadline(evidence);
      ports.setDeadline(clear, (incident.clearSinceMs ?? incident.lastEvidenceMs) + rules.resolveAfterMs);
    } else {
      ports.clearDeadline(clear);
      ports.setDeadline(evidence, incident.lastEvidenceMs + rules.noEvidenceMs);
    }
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
    const dueMs = incident.told.updatedMs + this.home.rules.updateEveryMs;
    if (nowMs >= dueMs) {
      this.say(incident, 'updated', reason, nowMs, notices);
      return;
    }
    incident.told.pending = incident.told.pending === 'route-added' ? 'route-added' : reason;
    this.home.ports.setDeadline(deadlineName('update', incident.key), dueMs);
  }

  say(
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
    this.home.ports.clearDeadline(deadlineName('update', incident.key));
    this.home.changed(incident);
    notices.push({ incident, event, reason, atMs });
  }

  resolve(
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
    this.home.ports.clearDeadline(deadlineName('resolve', incident.key));
    this.home.ports.clearDeadline(deadlineName('evidence', incident.key));
    this.home.ports.setDeadline(
      deadlineName('forget', incident.key),
      nowMs + this.home.rules.reopenWithinMs + 1,
    );
    this.say(incident, 'resolved', reason, nowMs, notices);
  }

  /** While everything that stands is in doubt, the clock of `no-evidence` runs. */
  private watchEvidence(incident: IncidentState): void {
    const name = deadlineName('evidence', incident.key);
    if (isAnyVouchedFor(incident)) this.home.ports.clearDeadline(name);
    else this.home.ports.setDeadline(name, incident.lastEvidenceMs + this.home.rules.noEvidenceMs);
  }

  flush(incident: IncidentState, nowMs: number, notices: Notice[]): void {
    const { pending } = incident.told;
    if (pending !== undefined && incident.state === 'open')
      this.say(incident, 'updated', pending, nowMs, notices);
  }
}

/** Mostly the first one asked says yes: a large incident is not walked for that. */
function isAnyVouchedFor(incident: IncidentState): boolean {
  for (const route of incident.routes.values()) if (isVouchedFor(route)) return true;
  return false;
}

/** Somebody is known to carry it now, or its condition holds. */
function isVouchedFor(route: RouteState): boolean {
  if (route.holds) return !route.isInDoubt;
  for (const carrier of route.carriers.values()) if (carrier.doubt === 0) return true;
  return false;
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
