/**
 * Reminders: an incident that nobody acknowledged is told again, to more people (`escalate`) or to the same
 * (`repeatMinutes`). Pure: says what is due when; the driver sets the deadline and writes the outbox rows.
 *
 * A reminder repeats the incident's latest alert, not a new one: the feed gains nothing, the `Idempotency-Key` stays
 * the alert's id, and only the outbox row has a key of its own.
 */
import { type Severity, severityRank } from '../bgp/severity.ts';
import type { Incident } from './alert.ts';
import type { RoutedReceiver, RouteRule } from './routing.ts';

/** What has been told of an incident, as the driver knows it from its outbox. */
export interface ToldSoFar {
  /** Arrived ms: when it opened, reopened or was escalated in severity, whichever came last. */
  readonly sinceMs: number;
  /** Arrived ms of the escalation to further receivers since then; undefined: none yet. */
  readonly escalatedMs: number | undefined;
  /** Arrived ms of the last alert or reminder. */
  readonly lastMs: number;
  /** Reminders so far, both sorts: numbers their rows. */
  readonly count: number;
  /** Who was told that it stands. */
  readonly receivers: ReadonlySet<string>;
}

export interface Reminder {
  readonly type: 'escalate' | 'repeat';
  /** Arrived ms: the deadline. */
  readonly dueMs: number;
  readonly number: number;
  readonly receivers: readonly string[];
  readonly reason: string;
}

/**
 * The next reminder of an incident under the route that matched it; undefined when none will come: it is resolved or
 * acknowledged, or the route asks for none. Ask again after each alert, reminder and acknowledgement. An escalation
 * goes to its receivers whatever their `minSeverity` is not below; who was told already is reminded.
 */
export function nextReminder(
  incident: Incident,
  rule: RouteRule,
  told: ToldSoFar,
  receivers: readonly RoutedReceiver[],
): Reminder | undefined {
  if (incident.state === 'resolved' || incident.acknowledged) return undefined;
  const escalation = escalationOf(incident.severity, rule, told, receivers);
  const repeat = repeatOf(rule, told);
  if (escalation === undefined || repeat === undefined) return escalation ?? repeat;
  return escalation.dueMs <= repeat.dueMs ? escalation : repeat;
}

function escalationOf(
  severity: Severity,
  rule: RouteRule,
  told: ToldSoFar,
  receivers: readonly RoutedReceiver[],
): Reminder | undefined {
  if (rule.escalate === undefined || told.escalatedMs !== undefined) return undefined;
  const { afterMinutes, receivers: names } = rule.escalate;
  const wanted = receivers
    .filter(
      ({ name, minSeverity }) => names.includes(name) && severityRank(severity) >= severityRank(minSeverity),
    )
    .map(({ name }) => name);
  if (wanted.length === 0) return undefined;
  return {
    type: 'escalate',
    dueMs: told.sinceMs + afterMinutes * 60_000,
    number: told.count + 1,
    receivers: wanted,
    reason: `nobody acknowledged within ${afterMinutes} minutes`,
  };
}

function repeatOf(rule: RouteRule, told: ToldSoFar): Reminder | undefined {
  if (rule.repeatMinutes === undefined || told.receivers.size === 0) return undefined;
  return {
    type: 'repeat',
    dueMs: told.lastMs + rule.repeatMinutes * 60_000,
    number: told.count + 1,
    receivers: [...told.receivers],
    reason: `still open and not acknowledged, repeated every ${rule.repeatMinutes} minutes`,
  };
}

const KEY_FORM = /^(.+)#(escalate|repeat)-(\d{1,6})$/;

/** The outbox key of a reminder: the alert's id, then the sort and the number: unique, and readable back. */
export function reminderKey(alertId: string, reminder: Pick<Reminder, 'type' | 'number'>): string {
  return `${alertId}#${reminder.type}-${reminder.number}`;
}

/** Reads `reminderKey`; undefined for the key of a first telling. */
export function readReminderKey(
  key: string,
): { readonly type: Reminder['type']; readonly number: number } | undefined {
  const match = KEY_FORM.exec(key);
  if (match === null) return undefined;
  return { type: match[2] === 'escalate' ? 'escalate' : 'repeat', number: Number(match[3]) };
}
