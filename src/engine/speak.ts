/**
 * From a notice of the book to an alert, its outbox rows and the incident's record: what the driver commits in one
 * transaction.
 */
import type { Incident } from '../incident/alert.ts';
import { encodeIncident } from '../incident/codec.ts';
import { LISTED_MAX } from '../incident/foremost.ts';
import type { Notice } from '../incident/incident-book.ts';
import type { IncidentState } from '../incident/incident-state.ts';
import { renderAlert, renderIncident } from '../incident/render.ts';
import { planDeliveries } from '../incident/routing.ts';
import type { Core } from './core.ts';
import { writeSteps } from './keepers/history.ts';
import type { IncidentRecord } from './ports.ts';

/** Incidents with more routes and vantage points than this are written once a second, and with every alert. */
const LARGE_SIZE = 50;
const LARGE_EVERY_MS = 1000;
/** As many of them with one transaction at most, and as many prefixes that incidents have no room to list. */
const LARGE_MAX = 10;
const UNLISTED_MAX = 2000;

function speak(core: Core, notice: Notice): void {
  const incident = renderIncident(notice.incident, core.renderPorts());
  const alert = renderAlert(incident, notice, core.nextSeq);
  core.nextSeq += 1;
  core.effects.alert(alert);
  if (notice.event === 'opened' || notice.event === 'reopened' || notice.event === 'resolved')
    core.accused.change(notice.incident);
  const told = new Set(notice.incident.toldReceivers);
  const decisions = planDeliveries(
    alert,
    told,
    {
      receivers: core.config.receivers,
      routes: core.config.routes,
      silences: core.silences.inForce(notice.atMs),
      tagsOf: (watch) => core.tagsOf(watch),
      mutedBy: (watch) => core.entryOf(watch)?.mute ?? [],
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
  core.effects.incident(recordOf(core, notice.incident, incident));
}

export function say(core: Core, notices: readonly Notice[]): void {
  for (const notice of notices) speak(core, notice);
}

/** Says what the changes since the last time call for, and writes down what changed. */
export function settle(core: Core, nowMs: number): void {
  say(core, core.book.settle(nowMs));
  writeChanged(core, nowMs);
}

/** Writes down incidents that changed without an alert, and the frame that changed them. */
function writeChanged(core: Core, nowMs: number): void {
  if (core.book.isMuted) return;
  const { changed, forgotten } = core.book.takeChanged();
  for (const id of forgotten) if (id !== '') core.effects.incidentForgotten(id);
  let written = 0;
  for (const incident of changed) {
    core.attachRaw(incident);
    if (isLarge(incident) && (written >= LARGE_MAX || !isDueToWrite(incident, nowMs))) putOff(core, incident);
    else {
      if (isLarge(incident)) written += 1;
      writeIncident(core, incident, nowMs);
    }
  }
  core.pendingRaw = undefined;
}

function isLarge(incident: IncidentState): boolean {
  return incident.routes.size + incident.seeing.size > LARGE_SIZE;
}

function isDueToWrite(incident: IncidentState, nowMs: number): boolean {
  return nowMs - incident.writtenMs >= LARGE_EVERY_MS;
}

function putOff(core: Core, incident: IncidentState): void {
  core.deferred.add(incident);
  if (incident.freshPrefixes.length > 0 && incident.foremost.total > LISTED_MAX) core.unlisted.add(incident);
}

export function writeIncident(core: Core, incident: IncidentState, nowMs: number): void {
  incident.writtenMs = nowMs;
  core.deferred.delete(incident);
  const rendered = renderIncident(incident, core.renderPorts());
  core.effects.incident(recordOf(core, incident, rendered));
}

/** The record for the store. Prefixes beyond the listed routes go along little by little. */
function recordOf(core: Core, state: IncidentState, incident: Incident): IncidentRecord {
  writeSteps(core, state);
  if (incident.routesTotal <= incident.routes.length) state.freshPrefixes = [];
  else if (state.freshPrefixes.length > 0) core.unlisted.add(state);
  return { incident, key: state.key, memory: encodeIncident(state) };
}

/**
 * What was put off: large incidents that are due, or all when nothing more comes, and prefixes that nobody has written
 * yet. Never so much at once that others have to wait for it.
 */
export function writeDeferred(core: Core, isIdle: boolean): void {
  let written = 0;
  for (const incident of core.deferred) {
    if (!isIdle && !isDueToWrite(incident, core.nowMs)) continue;
    writeIncident(core, incident, core.nowMs);
    written += 1;
    if (written >= LARGE_MAX) break;
  }
  writeUnlisted(core);
}

/** In the order in which they joined: the routes that an incident remembers in its record are among the first. */
function writeUnlisted(core: Core): void {
  let room = UNLISTED_MAX;
  for (const incident of core.unlisted) {
    const prefixes = incident.freshPrefixes.slice(incident.freshWritten, incident.freshWritten + room);
    core.effects.unlistedPrefixes(incident.id, prefixes);
    incident.freshWritten += prefixes.length;
    room -= prefixes.length;
    if (incident.freshWritten < incident.freshPrefixes.length) return;
    incident.freshPrefixes = [];
    incident.freshWritten = 0;
    core.unlisted.delete(incident);
    if (room === 0) return;
  }
}
