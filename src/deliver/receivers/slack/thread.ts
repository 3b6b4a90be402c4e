/**
 * Where an incident's thread stands in Slack, as the outbox remembers it.
 */
import type { Incident } from '../../../incident/alert.ts';
import { noteText } from '../../message.ts';
import { type Language, WORDS } from '../../words.ts';

export interface Thread {
  /** The channel's id, as Slack answered it: `chat.update` takes no name. */
  readonly channel: string;
  /** Time stamp of the first message, which is its identity. */
  readonly ts: string;
  /** What a silence of this incident matches: kept here, because a button may be pressed after a restart. */
  readonly group: string;
  readonly kind: string;
  readonly offender: number | null;
  /** ISO: up to when the thread knows what people said; '': nothing yet. */
  readonly notedAt: string;
}

export function threadKey(incidentId: string): string {
  return `slack-thread:${incidentId}`;
}

export function writeThread(thread: Thread): string {
  return JSON.stringify(thread);
}

/** Undefined when there is none, or none that can be read. */
export function readThread(text: string | undefined): Thread | undefined {
  if (text === undefined) return undefined;
  try {
    const { channel, ts, group, kind, offender, notedAt } = JSON.parse(text) as Partial<Thread>;
    if (typeof channel !== 'string' || typeof ts !== 'string') return undefined;
    return {
      channel,
      ts,
      group: group ?? '',
      kind: kind ?? '',
      offender: offender ?? null,
      notedAt: notedAt ?? '',
    };
  } catch {
    return undefined;
  }
}

/** What people did and said after `sinceIso`, oldest first. What was done by a button here is said by the button. */
export function newsSince(
  incident: Incident,
  sinceIso: string,
  language: Language,
): readonly { readonly at: string; readonly text: string }[] {
  const { acknowledgedAt, acknowledgedBy, notes } = incident;
  const isOurs = (by: string): boolean => by.startsWith('slack: ');
  const news = notes
    .filter(({ by, text }) => !(isOurs(by) && text.startsWith('button in Slack')))
    .map((note) => ({ at: note.at, text: noteText(note, language) }));
  if (acknowledgedAt !== null && acknowledgedBy !== null && !isOurs(acknowledgedBy))
    news.push({ at: acknowledgedAt, text: WORDS[language].acknowledgedBy(acknowledgedBy) });
  return news.filter(({ at }) => at > sinceIso).sort((a, b) => (a.at < b.at ? -1 : 1));
}
