/**
 * An alert as the parts of a message for people: cleaned of what could harm, cut to length, in one language. Slack,
 * e-mail, Teams and Telegram lay these parts out and add their own escaping; nothing here is markup.
 * Between the outbox row and each receiver's layout. Pure.
 */
import { formatAsn } from '../bgp/asn.ts';
import { severityRank } from '../bgp/severity.ts';
import type { Alert, Incident, IncidentRoute, Note } from '../incident/alert.ts';
import { durationWords } from '../words/spans.ts';
import { cleanText } from './clean-text.ts';
import type { SendContext } from './receiver.ts';
import { kindName, type Language, WORDS } from './words.ts';

const SUMMARY_MAX = 900;
const ROUTES_MAX = 5;
const PATHS_MAX = 3;
const EVIDENCE_MAX = 12;
const NEXT_MAX = 5;
const LINE_MAX = 300;

interface MessageRoute {
  readonly prefix: string;
  readonly watch: string;
  /** Whose route it should be and whose it is; undefined where no origin is in question (a loss of visibility). */
  readonly origins: { readonly expected: string; readonly seen: string } | undefined;
  /** `3 of 350`; undefined where nothing can be counted, and once it is gone. */
  readonly vantagePoints: string | undefined;
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
  /** Since when, how far, how many: what a glance needs beside the summary. */
  readonly extent: string;
  /** Label and value: severity, offender, group, state; once it is over how long it lasted and how far it reached. */
  readonly facts: readonly (readonly [string, string])[];
  /** `Concerned: K (192.0.2.0/24) ×2, …`: every watch entry, where there is more than one. */
  readonly concerned: string | undefined;
  readonly routes: readonly MessageRoute[];
  /** `and 7 more`, when not all routes are listed. */
  readonly moreRoutes: string | undefined;
  readonly evidence: readonly string[];
  readonly benign: string | undefined;
  /** Empty once there is nothing left to do. */
  readonly next: readonly string[];
  /** What people said, `time, who: text`, the latest last. */
  readonly notes: readonly string[];
  /** Label and time. */
  readonly times: readonly (readonly [string, string])[];
  readonly id: string;
  readonly link: string | undefined;
}

/** What a message of each family has to show. A blind feed has no routes, a loss of visibility no origin in question. */
const SHOWS: Readonly<
  Record<
    Incident['family'],
    { readonly routes: boolean; readonly origins: boolean; readonly evidence: boolean }
  >
> = {
  hijack: { routes: true, origins: true, evidence: true },
  own: { routes: true, origins: true, evidence: true },
  path: { routes: true, origins: true, evidence: true },
  visibility: { routes: true, origins: false, evidence: true },
  feed: { routes: false, origins: false, evidence: false },
};

interface MessageOptions {
  readonly language: Language;
  readonly link: string | undefined;
  readonly reminder: SendContext['reminder'];
}

export function messageOf(alert: Alert, options: MessageOptions): Message {
  const words = WORDS[options.language];
  const { incident } = alert;
  const { language, reminder } = options;
  const shows = SHOWS[incident.family];
  const listed = shows.routes ? listedRoutes(incident) : [];
  const left = shows.routes ? incident.routesTotal - listed.length : 0;
  return {
    title: titleOf(alert, language),
    reminder: reminder === undefined ? undefined : words.reminder(reminder.type, reminder.number),
    summary: cleanText(incident.summary[language], SUMMARY_MAX),
    extent: extentOf(incident, language),
    facts: factsOf(incident, language),
    concerned: shows.routes ? concernedOf(incident, language) : undefined,
    routes: listed.map((route) => routeOf(route, shows.origins, language)),
    moreRoutes: left > 0 ? words.more(left) : undefined,
    evidence: shows.evidence ? evidenceOf(incident, language) : [],
    benign: shows.evidence ? textOrNone(incident.advice?.benign[language]) : undefined,
    next: (incident.advice?.next ?? []).slice(0, NEXT_MAX).map((step) => cleanText(step[language], LINE_MAX)),
    notes: notesOf(incident, language),
    times: timesOf(alert, language),
    id: cleanText(incident.id, 80),
    link: options.link,
  };
}

/** The incident as it stands, told because it stands and not because something happened. */
export function standingAlert(incident: Incident): Alert {
  const isOver = incident.state === 'resolved';
  const event = isOver ? 'resolved' : 'opened';
  const reason = isOver ? 'ended' : 'first-sighting';
  return { seq: 0, id: incident.id, event, at: incident.updatedAt, reason, incident };
}

export function titleOf(alert: Alert, language: Language): string {
  const words = WORDS[language];
  const { incident } = alert;
  return [
    words.severity[incident.severity],
    kindName(incident.kind, language),
    words.event[alert.event],
  ].join(' · ');
}

/** What joined later is named too: the summary is about the heaviest alone. */
function concernedOf({ routes }: Incident, language: Language): string | undefined {
  const isOne = new Set(routes.map(({ watch }) => watch)).size < 2;
  return isOne
    ? undefined
    : concernedText(
        routes.map((route) => [route]),
        language,
      );
}

/** Beyond it the entries are named by prefix alone: a chat cuts a longer text. */
const CONCERNED_MAX = 2_800;

/** Every watch entry in one line, and in how many of these lists of routes it is; in the order of the lists. */
export function concernedText(lists: readonly (readonly IncidentRoute[])[], language: Language): string {
  const line = (nameOf: (route: IncidentRoute) => string): string => {
    const counts = new Map<string, number>();
    for (const entry of lists.flatMap((routes) => [...new Set(routes.map(nameOf))]))
      counts.set(entry, (counts.get(entry) ?? 0) + 1);
    const named = [...counts].map(([entry, count]) => (count > 1 ? `${entry} ×${count}` : entry));
    return `${WORDS[language].label.concerned}: ${named.join(', ')}`;
  };
  const whole = line(({ name, watch }) => cleanText(name === '' ? watch : `${name} (${watch})`, 120));
  return whole.length > CONCERNED_MAX ? line(({ watch }) => cleanText(watch, 60)) : whole;
}

/** Those that stand first; the alert's own order (heaviest first) otherwise. */
function listedRoutes(incident: Incident): readonly IncidentRoute[] {
  const active = incident.routes.filter((route) => route.active);
  const gone = incident.routes.filter((route) => !route.active);
  return [...active, ...gone].slice(0, ROUTES_MAX);
}

function routeOf(route: IncidentRoute, hasOrigins: boolean, language: Language): MessageRoute {
  const words = WORDS[language];
  const name = cleanText(route.name, 200);
  const watch = cleanText(route.watch, 60);
  const { seeing, known } = route.vantagePoints;
  return {
    prefix: cleanText(route.prefix, 60),
    watch: name === '' ? watch : `${watch} (${name})`,
    origins: hasOrigins
      ? { expected: asnList(route.expectedOrigins, words.nobody), seen: asnList(route.originAs, words.none) }
      : undefined,
    vantagePoints: route.active && known > 0 ? words.seenBy(seeing, known) : undefined,
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

type Fact = readonly [label: string, value: string];

function factsOf(incident: Incident, language: Language): readonly Fact[] {
  const { label } = WORDS[language];
  const facts: Fact[] = [[label.severity, severityText(incident, language)]];
  if (incident.offender !== null) facts.push([label.offender, formatAsn(incident.offender)]);
  facts.push([incident.family === 'feed' ? label.feed : label.group, cleanText(incident.group, 100)]);
  return [...facts, ...stateFacts(incident, language)];
}

function severityText(incident: Incident, language: Language): string {
  const { label, severity } = WORDS[language];
  const now = severity[incident.severity];
  const score = incident.family === 'feed' ? now : `${now} (${label.score} ${incident.score})`;
  const isLess = severityRank(incident.peakSeverity) > severityRank(incident.severity);
  return isLess ? `${score} ← ${severity[incident.peakSeverity]}` : score;
}

/** How it stands; once it is over how it ended, how long it lasted, how far it reached. */
function stateFacts(incident: Incident, language: Language): readonly Fact[] {
  const { label, event, resolution, seenBy, acknowledgedBy } = WORDS[language];
  if (incident.resolution === null) {
    const who = cleanText(incident.acknowledgedBy ?? '', 100);
    if (!incident.acknowledged) return [[label.state, event.opened]];
    return [[label.state, who === '' ? label.acknowledged : acknowledgedBy(who)]];
  }
  const facts: Fact[] = [
    [label.resolution, resolution[incident.resolution]],
    [label.duration, lastedText(incident, language)],
  ];
  const { seeing, known } = incident.peak;
  if (seeing > 0 && known > 0) facts.push([label.reach, seenBy(seeing, known)]);
  if (incident.resolvedBy !== null) facts.push([label.resolvedBy, cleanText(incident.resolvedBy, 100)]);
  return facts;
}

function lastedText(incident: Incident, language: Language): string {
  const end = incident.endedAt ?? incident.resolvedAt ?? incident.updatedAt;
  return durationWords(Date.parse(end) - Date.parse(incident.firstSeenAt))[language];
}

function extentOf(incident: Incident, language: Language): string {
  const { label, reached, routes } = WORDS[language];
  const isOver = incident.state === 'resolved';
  const parts = isOver
    ? [`${label.duration}: ${lastedText(incident, language)}`]
    : [`${label.since}: ${timeText(incident.firstSeenAt, language)}`];
  const widest = Math.max(0, ...incident.routes.map(({ vantagePoints }) => vantagePoints.seeing));
  const known = Math.max(0, ...incident.routes.map(({ vantagePoints }) => vantagePoints.known));
  const reach = isOver ? incident.peak : { seeing: widest, known };
  if (SHOWS[incident.family].origins && reach.known > 0 && reach.seeing > 0)
    parts.push(
      isOver ? `${label.reach}: ${reached(reach.seeing, reach.known)}` : reached(reach.seeing, reach.known),
    );
  if (SHOWS[incident.family].routes && incident.routesTotal > 1) parts.push(routes(incident.routesTotal));
  const who = cleanText(incident.acknowledgedBy ?? '', 100);
  if (!isOver && who !== '') parts.push(WORDS[language].acknowledgedBy(who));
  return parts.join(' · ');
}

const NOTES_MAX = 5;

function notesOf(incident: Incident, language: Language): readonly string[] {
  return incident.notes.slice(-NOTES_MAX).map((note) => noteText(note, language));
}

/** `2022-02-03 01:10:00 UTC, kim: called their NOC`. */
export function noteText(note: Note, language: Language): string {
  return `${timeText(note.at, language)}, ${cleanText(note.by, 100)}: ${cleanText(note.text, LINE_MAX)}`;
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
  if (message.concerned !== undefined) lines.push(message.concerned);
  for (const route of message.routes) lines.push('', ...routeLines(route, language));
  if (message.moreRoutes !== undefined) lines.push(message.moreRoutes);
  if (message.evidence.length > 0)
    lines.push('', `${label.evidence}:`, ...message.evidence.map((row) => `  ${row}`));
  if (message.benign !== undefined) lines.push('', `${label.benign}: ${message.benign}`);
  if (message.notes.length > 0)
    lines.push('', `${label.notes}:`, ...message.notes.map((note) => `  ${note}`));
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
  ];
  const { origins, vantagePoints } = route;
  const second = [
    ...(origins === undefined
      ? []
      : [`${label.expected}: ${origins.expected}`, `${label.seen}: ${origins.seen}`]),
    ...(vantagePoints === undefined ? [] : [`${label.vantagePoints}: ${vantagePoints}`]),
  ];
  if (second.length > 0) lines.push(second.join(', '));
  if (route.paths.length > 0) lines.push(`${label.paths}: ${route.paths.join('; ')}`);
  return lines;
}

/** What matters first: severity, then score, then reach and routes; of equals the earlier alert. */
export function worstFirst(alerts: readonly Alert[]): readonly Alert[] {
  const weigh = ({ incident }: Alert): readonly number[] => [
    severityRank(incident.severity),
    incident.score,
    incident.peak.seeing * incident.routesTotal,
  ];
  return [...alerts].sort((a, b) => {
    const [left, right] = [weigh(a), weigh(b)];
    const at = left.findIndex((weight, index) => weight !== right[index]);
    return at < 0 ? a.seq - b.seq : (right[at] ?? 0) - (left[at] ?? 0);
  });
}
