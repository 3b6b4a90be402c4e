/**
 * From a notice of the book to an alert, its outbox rows and the incident's record: what the driver commits in one
 * transaction.
 */
import type { Incident } from '../incident/alert.ts';
import { encodeIncident } from '../incident/codec.ts';
import type { Notice } from '../incident/incident-book.ts';
import type { IncidentState } from '../incident/incident-state.ts';
import { renderAlert, renderIncident } from '../incident/render.ts';
import { planDeliveries } from '../incident/routing.ts';
import type { Core } from './core.ts';
import type { IncidentRecord } from './ports.ts';

/** Incidents with more routes and vantage points than this are written once a second, and with every alert. */
const LARGE_SIZE = 50;
const LARGE_EVERY_MS = 1000;

export function speak(core: Core, notice: Notice): void {
  const incident = renderIncident(notice.incident, core.renderPorts());
  const alert = renderAlert(incident, notice, core.nextSeq);
  core.nextSeq += 1;
  core.effects.alert(alert);
  const told = new Set(notice.incident.toldReceivers);
  const decisions = planDeliveries(
    alert,
    told,
    {
      receivers: core.config.receivers,
      routes: core.config.routes,
      silences: core.silences.inForce(notice.atMs),
      tagsOf: (watch) => core.tagsOf(watch),
    },
    notice.atMs,
  );
  for (const { receiver, notify } of decisions) {
    if (!notify) continue;
    core.effects.deliver({ receiver, alert });
    told.add(receiver);
  }
  notice.incident.toldReceivers = alert.event === 'resolved' ? [] : [...told];
  core.reminders.afterAlert(alert, [...told], notice.atMs);
  core.attachRaw(notice.incident);
  // What is said is written with it; the end of this turn need not write it again.
  notice.incident.writtenMs = notice.atMs;
  core.book.written(notice.incident);
  core.deferred.delete(notice.incident);
  core.effects.incident(recordOf(notice.incident, incident));
}

/** Writes down incidents that changed without an alert, and the frame that changed them. */
export function writeChanged(core: Core, nowMs: number): void {
  if (core.book.isMuted) return;
  const { changed, forgotten } = core.book.takeChanged();
  for (const id of forgotten) if (id !== '') core.effects.incidentForgotten(id);
  for (const incident of changed) {
    core.attachRaw(incident);
    if (isDueToWrite(incident, nowMs)) writeIncident(core, incident);
    else core.deferred.add(incident);
  }
  core.pendingRaw = undefined;
}

function isDueToWrite(incident: IncidentState, nowMs: number): boolean {
  const size = incident.routes.size + incident.seeing.size;
  if (size > LARGE_SIZE && nowMs - incident.writtenMs < LARGE_EVERY_MS) return false;
  incident.writtenMs = nowMs;
  return true;
}

export function writeIncident(core: Core, incident: IncidentState): void {
  const rendered = renderIncident(incident, core.renderPorts());
  core.effects.incident(recordOf(incident, rendered));
}

/** The record for the store. Prefixes beyond the listed routes go along once, so that they are found by prefix. */
function recordOf(state: IncidentState, incident: Incident): IncidentRecord {
  const unlisted = incident.routesTotal > incident.routes.length ? state.freshPrefixes : [];
  state.freshPrefixes = [];
  return { incident, key: state.key, memory: encodeIncident(state), unlisted };
}

/** Large incidents that were not written yet: those that are due, or all, when nothing more comes. */
export function writeDeferred(core: Core, isIdle: boolean): void {
  for (const incident of core.deferred) {
    if (!isIdle && !isDueToWrite(incident, core.nowMs)) continue;
    core.deferred.delete(incident);
    incident.writtenMs = core.nowMs;
    writeIncident(core, incident);
  }
}
