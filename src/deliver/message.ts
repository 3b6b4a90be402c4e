/**
 * An alert as the parts of a message for people: cleaned of what could harm, cut to length, in one language. Slack,
 * e-mail, Teams and Telegram lay these parts out and add their own escaping; nothing here is markup.
 * Between the outbox row and each receiver's layout. Pure.
 */
import { formatAsn } from '../bgp/asn.ts';
import { severityRank } from '../bgp/severity.ts';
import type { Alert, Incident, IncidentRoute } from '../incident/alert.ts';
import { cleanText } from './clean-text.ts';
import type { SendContext } from './receiver.ts';
import { type Language, WORDS } from './words.ts';

const SUMMARY_MAX = 900;
const ROUTES_MAX = 5;
const PATHS_MAX = 3;
const EVIDENCE_MAX = 12;
const NEXT_MAX = 5;
const LINE_MAX = 300;

interface MessageRoute {
  readonly prefix: string;
  readonly watch: string;
  readonly expected: string;
  readonly seen: string;
  readonly vantagePoints: string;
  readonly paths: readonly string[];
  readonly active: boolean;
}

/** Every text is one clean line. */
export interface Message {
  /** `Critical · Sub-prefix hijack · Opened`: our own words only. */
  readonly title: string;
  /** Set when this is told again. */
  readonly reminder: string | undefined;
  readonly summary: string;
  /** Label and value: severity, offender, group, state. */
  readonly facts: readonly (readonly [string, string])[];
  readonly routes: readonly MessageRoute[];
  /** `and 7 more`, when not all routes are listed. */
  readonly moreRoutes: string | undefined;
  readonly evidence: readonly string[];
  readonly benign: string | undefined;
  readonly next: readonly string[];
  /** Label and time. */
  readonly times: readonly (readonly [string, string])[];
  readonly id: string;
  readonly link: string | undefined;
}

interface MessageOptions {
  readonly language: Language;
  readonly link: string | undefined;
  readonly reminder: SendContext['reminder'];
}

export function messageOf(alert: Alert, options: MessageOptions): Message {
  const words = WORDS[options.language];
  const { incident } = alert;
  const { language, reminder } = options;
  const listed = listedRoutes(incident);
  const left = incident.routesTotal - listed.length;
  return {
    title: titleOf(alert, language),
    reminder: reminder === undefined ? undefined : words.reminder(reminder.type, reminder.number),
    summary: cleanText(incident.summary[language], SUMMARY_MAX),
    facts: factsOf(incident, language),
    routes: listed.map((route) => routeOf(route, language)),
    moreRoutes: left > 0 ? words.more(left) : undefined,
    evidence: evidenceOf(incident, language),
    benign: textOrNone(incident.advice?.benign[language]),
    next: (incident.advice?.next ?? []).slice(0, NEXT_MAX).map((step) => cleanText(step[language], LINE_MAX)),
    times: timesOf(alert, language),
    id: cleanText(incident.id, 80),
    link: options.link,
  };
}

/** The incident as it stands, told because it stands and not because something happened. */
export function messageOfIncident(
  incident: Incident,
  options: { readonly language: Language; readonly link: string | undefined },
): Message {
  const isOver = incident.state === 'resolved';
  const event = isOver ? 'resolved' : 'opened';
  const reason = isOver ? 'ended' : 'first-sighting';
  const alert: Alert = { seq: 0, id: incident.id, event, at: incident.updatedAt, reason, incident };
  return messageOf(alert, { ...options, reminder: undefined });
}

export function titleOf(alert: Alert, language: Language): string {
  const words = WORDS[language];
  const { incident } = alert;
  return [words.severity[incident.severity], words.kind[incident.kind], words.event[alert.event]].join(' · ');
}

/** Those that stand first; the alert's own order (heaviest first) otherwise. */
function listedRoutes(incident: Incident): readonly IncidentRoute[] {
  const active = incident.routes.filter((route) => route.active);
  const gone = incident.routes.filter((route) => !route.active);
  return [...active, ...gone].slice(0, ROUTES_MAX);
}

function routeOf(route: IncidentRoute, language: Language): MessageRoute {
  const words = WORDS[language];
  const name = cleanText(route.name, 200);
  const watch = cleanText(route.watch, 60);
  return {
    prefix: cleanText(route.prefix, 60),
    watch: name === '' ? watch : `${watch} (${name})`,
    expected: asnList(route.expectedOrigins, words.nobody),
    seen: asnList(route.originAs, words.none),
    vantagePoints: words.seenBy(route.vantagePoints.seeing, route.vantagePoints.known),
    paths: route.paths
      .slice(0, PATHS_MAX)
      .map(({ path, vantagePoints }) => `${cleanText(path, LINE_MAX)} (×${vantagePoints})`),
    active: route.active,
  };
}

function asnList(asns: readonly number[], absent: string): string {
  if (asns.length === 0) return absent;
  const shown = asns.slice(0, 10).map(formatAsn).join(', ');
  return asns.length > 10 ? `${shown}, …` : shown;
}

function factsOf(incident: Incident, language: Language): readonly (readonly [string, string])[] {
  const { label, severity, event, resolution } = WORDS[language];
  const facts: (readonly [string, string])[] = [
    [label.severity, `${severity[incident.severity]} (${label.score} ${incident.score})`],
    [label.offender, incident.offender === null ? WORDS[language].none : formatAsn(incident.offender)],
    [label.group, cleanText(incident.group, 100)],
  ];
  if (severityRank(incident.peakSeverity) > severityRank(incident.severity)) {
    facts[0] = [label.severity, `${facts[0]?.[1]} ← ${severity[incident.peakSeverity]}`];
  }
  if (incident.resolution !== null) {
    facts.push([label.resolution, resolution[incident.resolution]]);
  } else if (incident.acknowledged) {
    facts.push([label.state, label.acknowledged]);
  } else {
    facts.push([label.state, event.opened]);
  }
  return facts;
}

function evidenceOf(incident: Incident, language: Language): readonly string[] {
  const rows = incident.evidence
    .slice(0, EVIDENCE_MAX)
    .map(
      ({ code, weight, text }) =>
        `${weight > 0 ? '+' : ''}${weight} ${code}: ${cleanText(text[language], LINE_MAX)}`,
    );
  const left = incident.evidence.length - rows.length;
  return left > 0 ? [...rows, WORDS[language].more(left)] : rows;
}

function textOrNone(text: string | undefined): string | undefined {
  const clean = cleanText(text ?? '', LINE_MAX * 2);
  return clean === '' ? undefined : clean;
}

function timesOf(alert: Alert, language: Language): readonly (readonly [string, string])[] {
  const { label } = WORDS[language];
  const { incident } = alert;
  const times: (readonly [string, string])[] = [
    [label.firstSeen, timeText(incident.firstSeenAt, language)],
    [label.alerted, timeText(alert.at, language)],
  ];
  if (incident.endedAt !== null) times.push([label.ended, timeText(incident.endedAt, language)]);
  return times;
}

/** Korea has had no summer time since 1988. */
const KST_OFFSET_MS = 9 * 3_600_000;

/** `2022-02-03 10:04:18 KST (2022-02-03 01:04:18 UTC)` in Korean, UTC alone in English. */
export function timeText(iso: string, language: Language): string {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) return cleanText(iso, 40);
  const utc = `${clockText(ms)} UTC`;
  return language === 'ko' ? `${clockText(ms + KST_OFFSET_MS)} KST (${utc})` : utc;
}

function clockText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

/** All of it as plain lines, for mail and chats without layout. */
export function plainLines(message: Message, language: Language): readonly string[] {
  const { label } = WORDS[language];
  const lines = [message.title];
  if (message.reminder !== undefined) lines.push(message.reminder);
  lines.push('', message.summary, '');
  for (const [name, value] of message.facts) lines.push(`${name}: ${value}`);
  for (const route of message.routes) lines.push('', ...routeLines(route, language));
  if (message.moreRoutes !== undefined) lines.push(message.moreRoutes);
  if (message.evidence.length > 0)
    lines.push('', `${label.evidence}:`, ...message.evidence.map((row) => `  ${row}`));
  if (message.benign !== undefined) lines.push('', `${label.benign}: ${message.benign}`);
  if (message.next.length > 0) {
    lines.push('', `${label.next}:`, ...message.next.map((step, index) => `  ${index + 1}. ${step}`));
  }
  lines.push(
    '',
    ...message.times.map(([name, value]) => `${name}: ${value}`),
    `${label.incident}: ${message.id}`,
  );
  if (message.link !== undefined) lines.push(message.link);
  return lines;
}

/** One route in three lines: prefix and watch, origins and reach, paths. */
export function routeLines(route: MessageRoute, language: Language): readonly string[] {
  const { label, gone } = WORDS[language];
  const lines = [
    `${label.prefix}: ${route.prefix}${route.active ? '' : ` (${gone})`}, ${label.watch}: ${route.watch}`,
    `${label.expected}: ${route.expected}, ${label.seen}: ${route.seen}, ${label.vantagePoints}: ${route.vantagePoints}`,
  ];
  if (route.paths.length > 0) lines.push(`${label.paths}: ${route.paths.join('; ')}`);
  return lines;
}

/** Criticals first; of equal severity the earlier alert. */
export function worstFirst(alerts: readonly Alert[]): readonly Alert[] {
  return [...alerts].sort(
    (a, b) => severityRank(b.incident.severity) - severityRank(a.incident.severity) || a.seq - b.seq,
  );
}
