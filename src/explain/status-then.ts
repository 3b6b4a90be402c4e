/** *Is it BGP?* for a moment in the past: from the archive of incidents, and only as far as that moment was covered. */
import { overlaps, parsePrefix } from '../bgp/prefix.ts';
import type { Archive, StatusAnswer } from '../engine/ports.ts';
import { type Resource, whyNothing } from '../engine/present-view.ts';
import type { EngineView } from '../engine/view.ts';
import { type Incident, isoTime } from '../incident/alert.ts';

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
  if (incidents.some(({ peakSeverity }) => peakSeverity !== 'info'))
    return { verdict: 'yes', because, ...common };
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
      because: [
        ...because,
        {
          en: 'Nothing was seen at that time: the feed did not deliver.',
          ko: '그 시각에는 피드가 오지 않아 알 수 없습니다.',
        },
      ],
      ...common,
    };
  }
  return {
    verdict: 'no',
    because: [
      ...because,
      { en: 'No routing anomaly stood at that time.', ko: '그 시각에 라우팅 이상이 없었습니다.' },
    ],
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
  return incident.openedAt <= at && (incident.endedAt ?? incident.resolvedAt ?? '9999') >= at;
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
