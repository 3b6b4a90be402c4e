/**
 * The history of an incident on its way to the store: what its vantage points carried rightfully before, and each step
 * since then, written with its record.
 */
import { formatAsPath } from '../../bgp/as-path.ts';
import { isoTime } from '../../incident/alert.ts';
import type { IncidentState } from '../../incident/incident-state.ts';
import { hasRoom, noteStep } from '../../incident/steps.ts';
import type { Finding } from '../../judge/finding.ts';
import type { Core } from '../core.ts';

/** Of each watched prefix, and only while few incidents are kept: a flood of them tells nothing new of it. */
const RIGHTFUL_MAX = 300;
const INCIDENTS_MAX = 100;

/** The picture begins with who carried the watched prefix rightfully before. */
export function noteRightful(core: Core, incident: IncidentState, { watched }: Finding): void {
  if (core.book.isRestoring || isCrowded(core) || !hasRoom(incident)) return;
  const prefixText = watched.prefix.text;
  if (incident.freshSteps.some((step) => step.prefixText === prefixText && step.atMs < core.nowMs)) return;
  const rightful = core.rib.routesAt(watched.prefix).filter(({ finding }) => finding === undefined);
  for (const { arrivedMs, vantagePoint, path } of rightful.slice(0, RIGHTFUL_MAX))
    noteStep(incident, { atMs: arrivedMs, vantagePoint, prefixText, path: formatAsPath(path) });
}

/** Counts no further than it has to. */
function isCrowded(core: Core): boolean {
  let count = 0;
  for (const _incident of core.book.every()) {
    count += 1;
    if (count > INCIDENTS_MAX) return true;
  }
  return false;
}

/** What was noted since the record was last written goes along with it. */
export function writeSteps(core: Core, incident: IncidentState): void {
  if (incident.freshSteps.length === 0 || incident.id === '') return;
  const steps = incident.freshSteps.map(({ atMs, vantagePoint, prefixText, path }) => ({
    at: isoTime(atMs),
    vantagePoint: core.vantagePoints.byId(vantagePoint).name,
    prefix: prefixText,
    path,
  }));
  core.effects.historySteps(incident.id, steps);
  incident.freshSteps = [];
}
