/**
 * The case of an incident: who looks after it, what was said of it, who declared it over and why. Changes the state
 * alone; whoever calls writes it down and tells of it.
 */
import { NOTES_MAX } from './alert.ts';
import type { Actor } from './book-contract.ts';
import type { IncidentState } from './incident-state.ts';

/** Whoever acknowledges works on it, unless somebody does already. */
export function acknowledge(incident: IncidentState, actor: Actor, nowMs: number): void {
  incident.acknowledged = true;
  incident.acknowledgedBy = actor.by;
  incident.acknowledgedMs = nowMs;
  incident.assignee ??= actor.by;
  addNote(incident, actor, nowMs);
}

/** Who works on it from now on; undefined: nobody. */
export function assign(
  incident: IncidentState,
  assignee: string | undefined,
  actor: Actor,
  nowMs: number,
): void {
  incident.assignee = assignee;
  addNote(incident, actor, nowMs);
}

/** What somebody says of it, or why they did what they did; the oldest make room. */
export function addNote(incident: IncidentState, actor: Actor, nowMs: number): void {
  incident.updatedMs = nowMs;
  if (actor.note === '') return;
  incident.notes.push({ atMs: nowMs, by: actor.by, text: actor.note });
  if (incident.notes.length > NOTES_MAX) incident.notes.shift();
}

/** Somebody declares it over, or accepts what explains it. */
export function declareOver(incident: IncidentState, actor: Actor, nowMs: number): void {
  incident.resolvedBy = actor.by;
  addNote(incident, actor, nowMs);
}

/** It returned: nobody looks after it yet. What was said of it stays. */
export function beginAgain(incident: IncidentState): void {
  incident.acknowledged = false;
  incident.acknowledgedBy = undefined;
  incident.acknowledgedMs = undefined;
  incident.resolvedBy = undefined;
}
