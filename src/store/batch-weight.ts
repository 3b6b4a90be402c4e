/** About how much memory a batch holds, in bytes: cheap to tell, and rather too much than too little. */
import type { Batch } from '../engine/ports.ts';
import type { Incident } from '../incident/alert.ts';

const ROW = 300;
const ROUTE = 700;
const TEXT = 2;

export function weightOf(batch: Batch): number {
  let bytes = ROW + (batch.routes.segment?.body.byteLength ?? 0);
  bytes += ROW * (batch.baseline.length + batch.outbox.length + batch.memory.length + batch.audit.length);
  for (const { incident, memory } of batch.incidents) bytes += sizeOf(incident) + TEXT * memory.length;
  for (const { incident } of batch.alerts) bytes += sizeOf(incident);
  for (const { evidence } of batch.raw) bytes += ROW + TEXT * evidence.frame.length;
  for (const { prefixes } of batch.unlisted ?? []) bytes += (ROW / 4) * prefixes.length;
  return bytes;
}

function sizeOf(incident: Incident): number {
  let paths = 0;
  for (const route of incident.routes) paths += route.paths.length;
  return 5 * ROW + ROUTE * incident.routes.length + ROW * (paths + incident.evidence.length);
}
