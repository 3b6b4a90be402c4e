/**
 * What has to be said of an incident that changed: scores its routes, finds the heaviest, and takes the step of life
 * that follows (detection.md §4): pending → open → resolved → (reopened) open …  The book keeps, the settler speaks.
 */
import { severityRank } from '../bgp/severity.ts';
import { OWN_ROUTERS, type SightSource } from '../bgp/vantage-point.ts';
import { writtenOut } from '../judge/sharing.ts';
import { NO_SPREAD } from '../judge/spread.ts';
import type { AlertEvent, AlertReason, Resolution } from './alert.ts';
import type { Actor, BookPorts, BookRules, Notice } from './book-contract.ts';
import { beginAgain, declareOver } from './case.ts';
import { idOf } from './ids.ts';
import {
  type Carrier,
  type IncidentState,
  isVouchedFor,
  peerAsnsOf,
  type RouteState,
  stands,
} from './incident-state.ts';
import { hasNewEvidence, knownRowsOf } from './new-evidence.ts';
import { heaviestCarrier, Scores, type Sight, worse } from './score.ts';

/** What the settler asks of the book it works for. */
export interface SettleHome {
  readonly rules: BookRules;
  readonly ports: BookPorts;
  /** Who explains what is judged anew now. */
  readonly actor: Actor | undefined;
  changed(incident: IncidentState): void;
  opened(incident: IncidentState): void;
  /** It was resolved, or what was resolved is open again. */
  over(incident: IncidentState): void;
  reopened(incident: IncidentState): void;
  pendingGone(incident: IncidentState): void;
}

export class Settler {
  private readonly home: SettleHome;
  private readonly scores = new Scores();

  constructor(home: SettleHome) {
    this.home = home;
  }

  settleOne(incident: IncidentState, routes: readonly RouteState[], nowMs: number, notices: Notice[]): void {
    let added = 0;
    const moved: RouteState[] = [];
    for (const route of routes) {
      if (stands(route)) this.rescore(route, nowMs);
      if (!route.isAdmitted && hasShown(route)) {
        route.isAdmitted = true;
        added += 1;
        const before = incident.swarm?.joined(route);
        if (before !== undefined && !routes.includes(before)) moved.push(before);
      }
      this.file(incident, route);
    }
    incident.foremost.change(moved.length === 0 ? routes : [...routes, ...moved], added);
    const isStanding = this.reweigh(incident);
    this.measure(incident, nowMs);
    if (incident.state === 'pending') this.settlePending(incident, isStanding, nowMs, notices);
    else if (incident.state === 'open') this.settleOpen(incident, added > 0, isStanding, nowMs, notices);
    else this.settleResolved(incident, routes, isStanding, nowMs, notices);
  }

  private rescore(route: RouteState, nowMs: number): void {
    const carrier = heaviestCarrier(route);
    route.scored = this.scores.of(route, carrier, this.sightOf(route), nowMs, this.home.rules);
    if (carrier !== undefined) route.about = carrier.finding;
  }

  /** Who is known to carry the route now. */
  private sightOf(route: RouteState): Sight {
    const { ports } = this.home;
    const sources = new Set<SightSource>();
    const seeing = route.carriers.pointsWhere((carrier) => {
      if (!this.sees(carrier)) return false;
      const source = ports.sourceOf(carrier.vantagePoint);
      if (source !== 'unknown') sources.add(source);
      return true;
    });
    const spread = route.prefix === undefined ? NO_SPREAD : ports.spreadOf(route.prefix, route.carriers);
    return { seeing, sources: sources.size, isOurs: sources.has(OWN_ROUTERS), spread };
  }

  private sees(carrier: Carrier): boolean {
    return carrier.doubt < 2 && this.home.ports.isUp(carrier.vantagePoint);
  }

  /** Distinct vantage points that carry any of its routes. */
  private reachOf(incident: IncidentState): number {
    return incident.seeing.size;
  }

  /** Keeps the widest reach there was. */
  private measure(incident: IncidentState, nowMs: number): void {
    const { peak, seeing } = incident;
    const { ports } = this.home;
    if (peak.known > 0 && seeing.size <= peak.seeing) return;
    let now = 0;
    for (const vantagePoint of seeing.keys()) now += Number(ports.isUp(vantagePoint));
    if (peak.known > 0 && now <= peak.seeing) return;
    const family = incident.standing.heaviest()?.prefix?.family;
    const known = family === undefined ? 0 : Math.max(now, ports.known(family));
    incident.peak = { seeing: now, known, atMs: nowMs };
  }

  /** Counts the route as it is now, and files it while it stands, behind those of its score. */
  file(incident: IncidentState, route: RouteState): void {
    const isStanding = stands(route);
    const isVouched = isStanding && isVouchedFor(route);
    incident.standingCount += Number(isStanding) - Number(route.wasStanding);
    incident.vouchedCount += Number(isVouched) - Number(route.wasVouchedFor);
    route.wasStanding = isStanding;
    route.wasVouchedFor = isVouched;
    incident.standing.take(route);
    if (isStanding && route.isAdmitted) incident.standing.put(route);
  }

  /** Score, kind and rows of the heaviest route that stands; severity is the worst of those. */
  private reweigh(incident: IncidentState): boolean {
    const heaviest = incident.standing.heaviest();
    if (heaviest === undefined) return false;
    const { scored, about } = heaviest;
    const severity = incident.standing.worstSeverity();
    incident.kind = about.kind;
    incident.score = scored.score;
    if (incident.rowsFrom?.scored !== scored || incident.rowsFrom.about !== about) {
      incident.rows = writtenOut(scored.rows, heaviest.prefixText, about.watched.prefix?.text ?? '');
      incident.rowsFrom = { scored, about };
    }
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
      if (incident.standingCount === 0) this.home.pendingGone(incident);
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
    opened.swarm?.takeNews();
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
    this.home.ports.clearDeadline(incident.deadlines.resolve);
    this.watchEvidence(incident);
    if (severityRank(incident.severity) > severityRank(incident.told.severity)) {
      this.say(incident, 'escalated', 'severity-raised', nowMs, notices);
      return;
    }
    if (incident.swarm?.takeNews() === true) this.say(incident, 'updated', 'route-added', nowMs, notices);
    else if (hasNewRoute) this.update(incident, 'route-added', nowMs, notices);
    else if (this.reachOf(incident) >= 2 * Math.max(1, incident.told.reach))
      this.update(incident, 'reach-doubled', nowMs, notices);
  }

  /** Nothing stands: clear begins, or the incident is over at once when an operator explained it. */
  private settleEnded(incident: IncidentState, nowMs: number, notices: Notice[]): void {
    if (incident.lastCause === 'accepted') {
      const { actor } = this.home;
      if (actor !== undefined) declareOver(incident, actor, nowMs);
      this.resolve(incident, 'accepted', 'accepted', nowMs, notices);
      return;
    }
    incident.clearSinceMs ??= nowMs;
    this.watchClear(incident, this.home.ports.isCovered());
  }

  /** While nothing stands: five clear minutes end it; where nobody can see, only a day without evidence does. */
  watchClear(incident: IncidentState, isCovered: boolean): void {
    const { ports, rules } = this.home;
    const { resolve: clear, evidence } = incident.deadlines;
    if (isCovered) {
      ports.clearDeadline(evidence);
      ports.setDeadline(clear, (incident.clearSinceMs ?? incident.lastEvidenceMs) + rules.resolveAfterMs);
    } else {
      ports.clearDeadline(clear);
      ports.setDeadline(evidence, incident.lastEvidenceMs + rules.noEvidenceMs);
    }
  }

  /** Resolved by hand while its route stands: only new evidence reopens it. */
  private settleResolved(
    incident: IncidentState,
    routes: readonly RouteState[],
    isStanding: boolean,
    nowMs: number,
    notices: Notice[],
  ): void {
    const { returned, resolvedOn, severity, told } = incident;
    const isWorse = severityRank(severity) > severityRank(told.severity);
    const isNews = resolvedOn !== undefined && (isWorse || hasNewEvidence(resolvedOn, routes));
    if (!isStanding || !(returned || isNews)) return;
    incident.state = 'open';
    incident.returned = false;
    this.home.reopened(incident);
    incident.reopenedCount += 1;
    beginAgain(incident);
    incident.resolvedMs = undefined;
    incident.resolution = undefined;
    incident.resolvedOn = undefined;
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
    this.home.ports.setDeadline(incident.deadlines.update, dueMs);
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
    this.home.ports.clearDeadline(incident.deadlines.update);
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
    this.home.over(incident);
    incident.state = 'resolved';
    incident.returned = false;
    incident.resolution = resolution;
    incident.resolvedOn = resolution === 'operator' ? knownRowsOf(incident.routes.values()) : undefined;
    incident.resolvedMs = nowMs;
    this.home.ports.clearDeadline(incident.deadlines.resolve);
    this.home.ports.clearDeadline(incident.deadlines.evidence);
    this.home.ports.setDeadline(incident.deadlines.forget, nowMs + this.home.rules.reopenWithinMs + 1);
    this.say(incident, 'resolved', reason, nowMs, notices);
  }

  /** While everything that stands is in doubt, the clock of `no-evidence` runs. */
  private watchEvidence(incident: IncidentState): void {
    const name = incident.deadlines.evidence;
    if (incident.vouchedCount > 0) this.home.ports.clearDeadline(name);
    else this.home.ports.setDeadline(name, incident.lastEvidenceMs + this.home.rules.noEvidenceMs);
  }

  flush(incident: IncidentState, nowMs: number, notices: Notice[]): void {
    const { pending } = incident.told;
    if (pending !== undefined && incident.state === 'open')
      this.say(incident, 'updated', pending, nowMs, notices);
  }
}

/** Enough peer ASes show it now, or its condition holds. */
function hasShown(route: RouteState): boolean {
  if (route.holds || route.carriers.size === 0) return route.holds;
  return route.minPeers <= 1 || peerAsnsOf(route).size >= route.minPeers;
}
