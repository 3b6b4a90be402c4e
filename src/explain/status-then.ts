/** *Is it BGP?* for a moment in the past: from the archive of incidents, and only as far as that moment was covered. */
import { overlaps, parsePrefix } from '../bgp/prefix.ts';
import type { Archive, StatusAnswer } from '../engine/ports.ts';
import type { Resource } from '../engine/present-view.ts';
import { whyNothing } from '../engine/status-view.ts';
import type { EngineView } from '../engine/view.ts';
import { type Incident, isoTime } from '../incident/alert.ts';
import { STATUS_WORDS } from '../words/status.ts';

/** Around the moment: what was covered is shown so far before and after. */
const AROUND_MS = 1_800_000;
const PAGES_MAX = 50;

export function statusThen(
  view: EngineView,
  archive: Archive,
  resource: Resource,
  atMs: number,
): StatusAnswer {
  const incidents = standingAt(archive, resource, atMs);
  const coverage = archive.coverage(isoTime(atMs - AROUND_MS), isoTime(atMs + AROUND_MS));
  const at = isoTime(atMs);
  const isCovered = coverage.some(({ from, to, state }) => state !== 'blind' && from <= at && at <= to);
  const because = incidents.map(({ summary }) => summary);
  const common = { origins: [], visibility: { seeing: 0, known: view.known(4) }, incidents, coverage };
  if (incidents.length > 0) return { verdict: 'yes', because, ...common };
  if (resource.watched.length === 0) {
    return {
      verdict: 'unknown',
      because: [whyNothing(resource)],
      ...common,
    };
  }
  if (!isCovered) {
    return {
      verdict: 'unknown',
      because: [...because, STATUS_WORDS.unseenThen],
      ...common,
    };
  }
  return {
    verdict: 'no',
    because: [...because, STATUS_WORDS.quietThen],
    ...common,
  };
}

/** Incidents that had opened by then and were not over. */
function standingAt(archive: Archive, resource: Resource, atMs: number): readonly Incident[] {
  const at = isoTime(atMs);
  const found: Incident[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const query = {
      limit: 1000,
      ...(resource.prefix === undefined ? {} : { prefix: resource.prefix }),
      ...(cursor === undefined ? {} : { cursor }),
    };
    const { incidents, next } = archive.incidents(query);
    found.push(...incidents.filter((incident) => stoodAt(incident, at) && concerns(incident, resource)));
    if (next === null) break;
    cursor = next;
  }
  return found;
}

function stoodAt(incident: Incident, at: string): boolean {
  const stillStands = incident.routes.some(({ active }) => active);
  const end = incident.endedAt ?? (stillStands ? null : incident.resolvedAt) ?? '9999';
  return incident.openedAt <= at && end >= at;
}

function concerns(incident: Incident, resource: Resource): boolean {
  if (incident.family === 'feed') return false;
  const names = new Set(resource.watched.map(({ name }) => name));
  const { prefix } = resource;
  return incident.routes.some((route) => {
    if (prefix === undefined) return names.has(route.watch);
    const own = parsePrefix(route.prefix)?.prefix;
    return own !== undefined && overlaps(own, prefix);
  });
}
