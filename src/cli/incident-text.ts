/** Incidents for people on a terminal: a table of many, or everything about one. */
import { formatAsn } from '../bgp/asn.ts';
import type { RawEvidence } from '../engine/ports.ts';
import type { Alert, Incident } from '../incident/alert.ts';
import { printable } from '../words/printable.ts';
import { languageOf, localTime, shortId, tableLines } from './table.ts';

/** A line each under a header; nothing at all for none. */
export function incidentTable(incidents: readonly Incident[]): string[] {
  if (incidents.length === 0) return [];
  const language = languageOf(process.env);
  return tableLines(
    ['ID', 'STATE', 'SEVERITY', 'KIND', 'GROUP', 'OFFENDER', 'OPENED', 'ROUTES', 'SUMMARY'],
    incidents.map((incident) => [
      shortId(incident.id),
      stateOf(incident),
      incident.severity,
      incident.kind,
      incident.group,
      incident.offender === null ? '–' : formatAsn(incident.offender),
      localTime(incident.openedAt),
      String(incident.routesTotal),
      incident.summary[language],
    ]),
  );
}

function stateOf(incident: Incident): string {
  return incident.state === 'open' && incident.acknowledged ? 'open, ack' : incident.state;
}

/** One incident with its evidence, what to do, and its timeline. */
export function incidentDetail(
  incident: Incident & { readonly alerts: readonly Alert[]; readonly raw: readonly RawEvidence[] },
): string[] {
  const language = languageOf(process.env);
  const { advice } = incident;
  return [
    printable(incident.summary[language]),
    '',
    ...facts(incident),
    '',
    ...routeTable(incident),
    '',
    ...tableLines(
      ['WEIGHT', 'EVIDENCE', 'SOURCE', 'WHY'],
      incident.evidence.map((row) => [signed(row.weight), row.code, row.source, row.text[language]]),
    ),
    '',
    `benign reading: ${printable(advice.benign[language])}`,
    ...advice.next.map((step) => `next: ${printable(step[language])}`),
    '',
    ...tableLines(
      ['AT', 'ALERT', 'SEVERITY', 'REASON'],
      incident.alerts.map((alert) => [
        localTime(alert.at),
        alert.event,
        alert.incident.severity,
        alert.reason,
      ]),
    ),
    '',
    `${incident.raw.length} raw frames kept; --json shows them`,
  ];
}

function facts(incident: Incident): string[] {
  const rows: readonly (readonly [string, string])[] = [
    ['id', incident.id],
    ['state', `${stateOf(incident)}${incident.resolution === null ? '' : ` (${incident.resolution})`}`],
    ['severity', `${incident.severity}, at its peak ${incident.peakSeverity}; score ${incident.score}`],
    ['kind', `${incident.kind} (${incident.family})`],
    ['group', incident.group],
    ['offender', incident.offender === null ? '–' : formatAsn(incident.offender)],
    ['first seen', localTime(incident.firstSeenAt)],
    ['opened', localTime(incident.openedAt)],
    ['ended', localTime(incident.endedAt)],
    ['resolved', localTime(incident.resolvedAt)],
  ];
  return rows.map(([name, value]) => `${name.padEnd(11)}${printable(value)}`);
}

function routeTable(incident: Incident): string[] {
  const lines = tableLines(
    ['PREFIX', 'NOW', 'KIND', 'WATCH', 'ORIGIN', 'EXPECTED', 'SEEN BY', 'PATH'],
    incident.routes.map((route) => [
      route.prefix,
      route.active ? 'there' : 'gone',
      route.kind,
      route.watch,
      route.originAs.map(formatAsn).join(' '),
      route.expectedOrigins.map(formatAsn).join(' '),
      `${route.vantagePoints.seeing} of ${route.vantagePoints.known}`,
      route.paths[0]?.path ?? '',
    ]),
  );
  const hidden = incident.routesTotal - incident.routes.length;
  return hidden > 0 ? [...lines, `and ${hidden} more routes`] : lines;
}

/** `+4`, `-2`, `0`. */
export function signed(weight: number): string {
  return weight > 0 ? `+${weight}` : String(weight);
}
