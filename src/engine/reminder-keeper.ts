/**
 * Reminders at work: after each alert it is decided when the incident is told again if nobody acknowledges it, and at
 * that deadline the latest alert goes to the outbox once more, under a key of its own. Kept over a restart.
 */
import type { Alert, Incident } from '../incident/alert.ts';
import { nextReminder, type Reminder, reminderKey } from '../incident/reminders.ts';
import { isMuted, routeOf } from '../incident/routing.ts';
import type { Core } from './core.ts';
import type { DeadlineName } from './deadlines.ts';

interface Told {
  readonly alert: Alert;
  readonly receivers: readonly string[];
  readonly sinceMs: number;
  readonly escalatedMs: number | null;
  readonly lastMs: number;
  readonly count: number;
}

const MEMORY = 'remind/';

export class ReminderKeeper {
  private readonly core: Core;
  private readonly told = new Map<string, Told>();

  constructor(core: Core) {
    this.core = core;
  }

  /** An alert went out to `receivers` in all so far. */
  afterAlert(alert: Alert, receivers: readonly string[], nowMs: number): void {
    const { id, state } = alert.incident;
    if (state === 'resolved') {
      this.forget(id);
      return;
    }
    if (this.core.config.routes.length === 0) return;
    const before = this.told.get(id);
    const begins = before === undefined || alert.event === 'reopened' || alert.event === 'escalated';
    this.keep(id, {
      alert,
      receivers,
      sinceMs: begins ? nowMs : before.sinceMs,
      escalatedMs: begins ? null : before.escalatedMs,
      lastMs: nowMs,
      count: before?.count ?? 0,
    });
    this.arm(id, alert.incident);
  }

  /** Somebody acknowledged it: nobody is reminded any more. */
  acknowledged(id: string): void {
    this.forget(id);
  }

  onDeadline(id: string, nowMs: number): void {
    const told = this.told.get(id);
    const reminder = told === undefined ? undefined : this.next(told, told.alert.incident);
    if (told === undefined || reminder === undefined) return;
    const key = reminderKey(told.alert.id, reminder);
    for (const receiver of reminder.receivers)
      this.core.effects.deliver({ receiver, alert: told.alert, key });
    this.keep(id, {
      ...told,
      receivers: [...new Set([...told.receivers, ...reminder.receivers])],
      escalatedMs: reminder.type === 'escalate' ? nowMs : told.escalatedMs,
      lastMs: nowMs,
      count: told.count + 1,
    });
    this.core.book.get(id)?.toldReceivers.push(...reminder.receivers);
    this.arm(id, told.alert.incident);
  }

  restore(id: string, value: string): void {
    const told = JSON.parse(value) as Told;
    const { nowMs } = this.core;
    const [sinceMs, lastMs] = [Math.min(told.sinceMs, nowMs), Math.min(told.lastMs, nowMs)];
    this.told.set(id, { ...told, sinceMs, lastMs });
    this.arm(id, told.alert.incident);
  }

  private arm(id: string, incident: Incident): void {
    const told = this.told.get(id);
    const reminder = told === undefined ? undefined : this.next(told, incident);
    if (reminder === undefined) this.core.deadlines.clear(deadlineName(id));
    else this.core.deadlines.set(deadlineName(id), Math.max(reminder.dueMs, this.core.nowMs));
  }

  private next(told: Told, incident: Incident): Reminder | undefined {
    const { routes, receivers } = this.core.config;
    const { rule } = routeOf(incident, { routes, tagsOf: (watch) => this.core.tagsOf(watch) });
    const mutedBy = (watch: string): readonly string[] => this.core.entryOf(watch)?.mute ?? [];
    if (rule === undefined || told.receivers.length === 0 || isMuted(incident, { mutedBy })) return undefined;
    const soFar = {
      sinceMs: told.sinceMs,
      escalatedMs: told.escalatedMs ?? undefined,
      lastMs: told.lastMs,
      count: told.count,
      receivers: new Set(told.receivers),
    };
    return nextReminder(incident, rule, soFar, receivers);
  }

  private keep(id: string, told: Told): void {
    this.told.set(id, told);
    this.core.effects.remember(`${MEMORY}${id}`, JSON.stringify(told));
  }

  private forget(id: string): void {
    if (!this.told.delete(id)) return;
    this.core.deadlines.clear(deadlineName(id));
    this.core.effects.remember(`${MEMORY}${id}`, '');
  }
}

function deadlineName(id: string): DeadlineName {
  return `remind\u0000${id}`;
}
