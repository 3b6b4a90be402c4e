/**
 * Slack messages in Block Kit. Our own words may be `mrkdwn`; everything from outside stands in `plain_text`, where
 * Slack reads no formatting, link or mention, and is escaped all the same (& < >). The fallback `text`, which phones
 * and notifications show, is sent with `mrkdwn: false`, without link names and unfurling.
 *
 * Limits of Slack: header 150, section 3000, field 2000, button text 75 characters; 50 blocks; and all text together
 * about 10,000, which it does not document: we stay under 8,000.
 */
import type { Severity } from '../../../bgp/severity.ts';
import type { Alert } from '../../../incident/alert.ts';
import { cleanText, shorten } from '../../clean-text.ts';
import { concernedText, type Message, messageOf, routeLines, titleOf, worstFirst } from '../../message.ts';
import { type Language, WORDS } from '../../words.ts';

export interface SlackMessage {
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
  /** The details: with a coloured edge, and folded by Slack where they are long. */
  readonly attachments?: readonly {
    readonly color: string;
    readonly fallback: string;
    readonly blocks: readonly SlackBlock[];
  }[];
  readonly mrkdwn: false;
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

type SlackBlock = Readonly<Record<string, unknown>> & { readonly type: string };

const HEADER_MAX = 150;
const SECTION_MAX = 2900;
const ALL_TEXT_MAX = 8_000;
const FALLBACK_MAX = 1_000;
/** Incidents named in a digest; the rest is counted. */
const DIGEST_LINES_MAX = 20;
/** More critical incidents than this are named in brief. */
const BRIEF_FROM = 10;
/** Of one block of Slack, with room. */
const BRIEF_TEXT_MAX = 2_900;

const SIGN: Readonly<Record<Severity, string>> = { critical: '🔴', warning: '🟠', info: '🔵' };
const SIGN_ENDED = '✅';

/** Action ids of the buttons, as Slack sends them back. */
export const BUTTONS = ['acknowledge', 'resolve', 'silence'] as const;
export type Button = (typeof BUTTONS)[number];
export const ACTION_PREFIX = 'originwatch.';

/** & < > as Slack wants them; nothing else is special to it in plain text. */
function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

export interface SlackOptions {
  readonly language: Language;
  readonly link: string | undefined;
  readonly reminder: { readonly type: 'escalate' | 'repeat'; readonly number: number } | undefined;
  /** Socket Mode listens: buttons that change something make sense. */
  readonly buttons: boolean;
  /** Slack's own form of whom to call: `<!subteam^S0123>`; undefined: nobody. */
  readonly mention?: string | undefined;
}

/**
 * The incident as one message: what and how bad; since when and how far; what to do now. Then the buttons, and under them,
 * folded, the details.
 */
export function incidentMessage(alert: Alert, options: SlackOptions): SlackMessage {
  const message = messageOf(alert, options);
  const title = `${signOf(alert)} ${message.title}`;
  const blocks = [...mentionOf(alert, options), header(title), ...threeLines(message, options.language)];
  return finish(`${title}: ${message.summary}`, blocks, footOf(message, alert, options), {
    color: colourOf(alert),
    fallback: WORDS[options.language].label.details,
    blocks: detailsOf(message, options.language),
  });
}

/** One line for the thread, or for a channel where the incident stands already: what has just happened. */
export function threadMessage(alert: Alert, options: SlackOptions): SlackMessage {
  const message = messageOf(alert, options);
  const title = `${signOf(alert)} ${message.title}`;
  const times = message.times.map(([name, value]) => `${name}: ${value}`).join(' · ');
  const back = options.link ?? WORDS[options.language].pointsBack;
  const parts = [message.reminder, message.summary, message.extent, message.concerned].filter(
    (text) => text !== undefined,
  );
  const blocks = [...mentionOf(alert, options), plain(title), plain(parts.join('\n'))];
  const said =
    message.notes.length === 0 ? [] : [plain(list(WORDS[options.language].label.notes, message.notes))];
  return finish(`${title}: ${message.summary}`, [...blocks, ...said], [context(`${times} · ${back}`)]);
}

/** Without its layout: the words alone, where Slack does not take the rest. */
export function plainMessage<Message extends object>(
  message: Message & { readonly blocks?: unknown; readonly attachments?: unknown },
): Omit<Message, 'blocks' | 'attachments'> {
  const { blocks: _, attachments: __, ...words } = message;
  return words;
}

function threeLines(message: Message, language: Language): readonly SlackBlock[] {
  const { label } = WORDS[language];
  const [now] = message.next;
  const lines = [message.reminder, message.summary, message.extent, now && `${label.doNow}: ${now}`];
  return [plain(lines.filter((line) => line !== undefined).join('\n'))];
}

function detailsOf(message: Message, language: Language): readonly SlackBlock[] {
  const { label } = WORDS[language];
  const blocks: SlackBlock[] = [fields(message.facts)];
  if (message.concerned !== undefined) blocks.push(plain(message.concerned));
  for (const route of message.routes) blocks.push(plain(routeLines(route, language).join('\n')));
  if (message.moreRoutes !== undefined) blocks.push(plain(message.moreRoutes));
  if (message.notes.length > 0) blocks.push(plain(list(label.notes, message.notes)));
  if (message.evidence.length > 0) blocks.push(plain(list(label.evidence, message.evidence)));
  if (message.benign !== undefined) blocks.push(plain(`${label.benign}: ${message.benign}`));
  if (message.next.length > 1) blocks.push(plain(list(label.next, message.next)));
  return blocks;
}

/** Who is called to it: once when it becomes critical, and with each reminder. The name is the configuration's own. */
function mentionOf(alert: Alert, { mention, reminder }: SlackOptions): readonly SlackBlock[] {
  const { severity, state } = alert.incident;
  const isNews = alert.event === 'opened' || alert.event === 'escalated' || alert.event === 'reopened';
  if (mention === undefined || severity !== 'critical' || state !== 'open' || !(isNews || reminder))
    return [];
  return [{ type: 'section', text: { type: 'mrkdwn', text: mention } }];
}

/** A line of our own, for what a button did. `who` comes from outside. */
export function noteMessage(text: string): SlackMessage {
  return finish(text, [plain(cleanText(text, 500))], []);
}

/** Of much that is critical, everything is named, whatever becomes of the full lines: prefix and offender, a line each, the heaviest first. */
function briefLines(alerts: readonly Alert[]): readonly string[] {
  const lines: string[] = [];
  let size = 0;
  for (const { incident } of alerts) {
    if (incident.severity !== 'critical') continue;
    const prefix = incident.routes[0]?.prefix ?? incident.kind;
    const line = cleanText(
      `${SIGN.critical} ${prefix} ${incident.offender === null ? '' : `AS${incident.offender}`}`,
      80,
    ).trim();
    size += line.length + 1;
    if (size > BRIEF_TEXT_MAX) break;
    lines.push(line);
  }
  return lines;
}

/** Many alerts as one message, the worst first. */
export function digestMessage(
  alerts: readonly Alert[],
  options: Pick<SlackOptions, 'language' | 'link'>,
): SlackMessage {
  const { language, link } = options;
  const words = WORDS[language];
  const counts = { critical: 0, warning: 0, info: 0 };
  for (const alert of alerts) counts[alert.incident.severity] += 1;
  const title = `${SIGN.critical} ${words.digestTitle(alerts.length)}`;
  const sorted = worstFirst(alerts);
  const lines = sorted.slice(0, DIGEST_LINES_MAX).map((alert) => {
    const summary = cleanText(alert.incident.summary[language], 200);
    return plain(
      `${signOf(alert)} ${titleOf(alert, language)}\n${summary}\n${cleanText(alert.incident.id, 80)}`,
    );
  });
  // Full lines may be cut; so many are named in brief as well.
  const brief = counts.critical > BRIEF_FROM ? briefLines(sorted) : [];
  const named = brief.length > 0 ? [plain(brief.join('\n'))] : [];
  const left = sorted.length - Math.max(lines.length, brief.length);
  const more = left > 0 ? [plain(words.more(left))] : [];
  const text = `${title}: ${words.digestCounts(counts)}`;
  const lists = sorted.map(({ incident }) => incident.routes);
  const concerned = plain(concernedText(lists, language));
  return finish(
    text,
    [header(title), plain(words.digestCounts(counts)), concerned, ...named, ...lines],
    [...more, plain(words.digestWhere(link))],
  );
}

const COLOUR: Readonly<Record<Severity, string>> = {
  critical: '#c81e1e',
  warning: '#e8820c',
  info: '#2f7fd1',
};
const COLOUR_ENDED = '#2e9e4f';

function colourOf({ incident }: Alert): string {
  return incident.state === 'resolved' ? COLOUR_ENDED : COLOUR[incident.severity];
}

function signOf(alert: Alert): string {
  return alert.incident.state === 'resolved' ? SIGN_ENDED : SIGN[alert.incident.severity];
}

function footOf(message: Message, alert: Alert, options: SlackOptions): readonly SlackBlock[] {
  const { label, button } = WORDS[options.language];
  const times = message.times.map(([name, value]) => `${name}: ${value}`).join(' · ');
  const foot = [context(`${times} · ${label.incident} ${message.id}`)];
  const elements: unknown[] = [];
  if (options.buttons && alert.incident.state === 'open') {
    for (const action of BUTTONS) {
      if (action === 'acknowledge' && alert.incident.acknowledged) continue;
      elements.push({
        type: 'button',
        action_id: `${ACTION_PREFIX}${action}`,
        text: plainText(button[action], 75),
        value: alert.incident.id,
      });
    }
  }
  if (message.link !== undefined) {
    elements.push({
      type: 'button',
      action_id: `${ACTION_PREFIX}open`,
      text: plainText(button.open, 75),
      url: message.link,
    });
  }
  if (elements.length > 0) foot.push({ type: 'actions', elements });
  return foot;
}

/** Drops from the end of the details, then of the body, what does not fit; the foot always stays. */
function finish(
  text: string,
  body: readonly SlackBlock[],
  foot: readonly SlackBlock[],
  details?: NonNullable<SlackMessage['attachments']>[number],
): SlackMessage {
  let left = ALL_TEXT_MAX - foot.reduce((sum, block) => sum + textLength(block), 0);
  const fitting = (blocks: readonly SlackBlock[], most: number): readonly SlackBlock[] => {
    const kept: SlackBlock[] = [];
    for (const block of blocks.slice(0, most)) {
      left -= textLength(block);
      if (left < 0) break;
      kept.push(block);
    }
    return kept;
  };
  const kept = fitting(body, 30);
  const more = details === undefined ? [] : fitting(details.blocks, 15);
  return {
    text: escapedTo(cleanText(text, FALLBACK_MAX), FALLBACK_MAX),
    blocks: [...kept, ...foot],
    ...(details === undefined || more.length === 0 ? {} : { attachments: [{ ...details, blocks: more }] }),
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false,
  };
}

function textLength(block: SlackBlock): number {
  return JSON.stringify(block).length;
}

function header(text: string): SlackBlock {
  return { type: 'header', text: plainText(text, HEADER_MAX) };
}

function plain(text: string): SlackBlock {
  return { type: 'section', text: plainText(text, SECTION_MAX) };
}

function context(text: string): SlackBlock {
  return { type: 'context', elements: [plainText(text, SECTION_MAX)] };
}

function fields(facts: Message['facts']): SlackBlock {
  return {
    type: 'section',
    fields: facts.slice(0, 10).map(([name, value]) => plainText(`${name}\n${value}`, 1900)),
  };
}

function list(title: string, rows: readonly string[]): string {
  return [title, ...rows.map((row) => `• ${row}`)].join('\n');
}

function plainText(text: string, max: number): Readonly<Record<string, unknown>> {
  return { type: 'plain_text', text: escapedTo(text, max) || '-', emoji: false };
}

/** Escapes so that the escaped form fits: an entity is never cut in two. */
function escapedTo(text: string, max: number): string {
  let escaped = escapeSlack(text);
  for (let length = text.length; escaped.length > max; length = Math.floor(length * 0.9)) {
    escaped = escapeSlack(shorten(text, length));
  }
  return escaped;
}
