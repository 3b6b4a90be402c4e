/** One alert as a line for people on a terminal: outside text cannot steer it. */
import type { Alert } from '../incident/alert.ts';
import { printable } from '../words/printable.ts';

export function alertLine(alert: Alert): string {
  const { incident } = alert;
  const text = `${alert.at} ${alert.event.padEnd(9)} ${incident.severity.padEnd(8)} ${incident.kind} [${incident.group}] ${incident.summary.en}`;
  return printable(text);
}
