/** The log's line for each change of an incident, written when those who wait for it were told. */
import type { Logger } from 'pino';
import type { Published } from '../engine/ports.ts';

export function logChanges(log: Logger, published: readonly Published[]): void {
  for (const one of published) {
    if (one.type !== 'alert') continue;
    const { alert } = one;
    log.info({
      event: `incident.${alert.event}`,
      incident: alert.incident.id,
      seq: alert.seq,
      reason: alert.reason,
      group: alert.incident.group,
      kind: alert.incident.kind,
      severity: alert.incident.severity,
      offender: alert.incident.offender,
      summary: alert.incident.summary.en,
    });
  }
}
