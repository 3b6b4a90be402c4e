/** The last stages of an explanation: which incident an announcement opens or joins, and who is told of it. */
import type { Core } from '../engine/core.ts';
import type { Alert, Incident } from '../incident/alert.ts';
import type { IncidentState } from '../incident/incident-state.ts';
import { renderIncident } from '../incident/render.ts';
import { planDeliveries, type RoutingPlan, routeOf } from '../incident/routing.ts';
import type { Finding } from '../judge/finding.ts';
import { FAMILY_OF } from '../judge/vocabulary.ts';
import type { Explanation } from './explanation-shape.ts';

/** The incident that there was before the announcement. */
export interface Before {
  readonly state: IncidentState['state'];
  readonly told: ReadonlySet<string>;
}

function incidentOf(core: Core, { watched, kind, offender }: Finding): IncidentState | undefined {
  const family = FAMILY_OF[kind];
  for (const incident of core.book.every())
    if (
      incident.group === watched.entry.group &&
      incident.family === family &&
      incident.offender === offender
    )
      return incident;
  return undefined;
}

export function snapshotOf(core: Core, finding: Finding): Before | undefined {
  const incident = incidentOf(core, finding);
  return incident === undefined
    ? undefined
    : { state: incident.state, told: new Set(incident.toldReceivers) };
}

export function explainIncident(
  core: Core,
  finding: Finding,
  alerts: readonly Alert[],
  before: Before | undefined,
  nowMs: number,
): Pick<Explanation, 'incident' | 'notify' | 'escalation'> {
  const after = incidentOf(core, finding);
  const family = FAMILY_OF[finding.kind];
  const { group } = finding.watched.entry;
  const alert = alerts.findLast(
    ({ incident }) =>
      incident.group === group && incident.family === family && incident.offender === finding.offender,
  );
  const shown =
    alert?.incident ??
    (after === undefined || after.state === 'pending'
      ? undefined
      : renderIncident(after, core.renderPorts()));
  const reason = outcomeReason(core, finding, alert, after, before);
  const incident: Explanation['incident'] = {
    key: { group, family, offender: finding.offender },
    id: before === undefined ? null : (shown?.id ?? null),
    outcome: alert?.event ?? 'none',
    reason,
    severity: shown?.severity ?? null,
    score: shown?.score ?? null,
    summary: shown?.summary ?? null,
  };
  if (alert === undefined)
    return { incident, ...tellNobody(core, `no alert: ${reason}`), escalation: escalationOf(core, shown) };
  const notify = planDeliveries(alert, before?.told ?? new Set(), routingPlan(core, nowMs), nowMs);
  return { incident, notify, escalation: escalationOf(core, alert.incident) };
}

function outcomeReason(
  core: Core,
  finding: Finding,
  alert: Alert | undefined,
  after: IncidentState | undefined,
  before: Before | undefined,
): string {
  if (alert !== undefined)
    return `${alert.reason}: ${before === undefined ? 'no incident of this group, family and offender is open' : `one was ${before.state} already`}`;
  const { minPeers } = finding.watched.entry;
  if (after === undefined || after.state === 'pending')
    return `the entry asks for ${minPeers} peer ASes (minPeers), and this is one`;
  if (after.state === 'resolved') return 'an operator resolved it: it reopens on new evidence only';
  if (after.told.pending !== undefined)
    return `it joins the open incident; further news are collected for ${core.config.detection.updateEverySeconds} s`;
  return 'it joins the open incident, which has been told already, and brings nothing new';
}

function routingPlan(core: Core, nowMs: number): RoutingPlan {
  return {
    receivers: core.config.receivers,
    routes: core.config.routes,
    silences: core.silences.inForce(nowMs),
    tagsOf: (watch) => core.tagsOf(watch),
    mutedBy: (watch) => core.entryOf(watch)?.mute ?? [],
  };
}

export function tellNobody(core: Core, reason: string): Pick<Explanation, 'notify' | 'escalation'> {
  return {
    notify: core.config.receivers.map(({ name }) => ({ receiver: name, notify: false, reason })),
    escalation: null,
  };
}

function escalationOf(core: Core, incident: Incident | undefined): Explanation['escalation'] {
  if (incident === undefined) return null;
  const { rule } = routeOf(incident, { routes: core.config.routes, tagsOf: (watch) => core.tagsOf(watch) });
  return rule?.escalate ?? null;
}
