/**
 * Where an incident's thread stands in Slack, as the outbox remembers it.
 */
export interface Thread {
  /** The channel's id, as Slack answered it: `chat.update` takes no name. */
  readonly channel: string;
  /** Time stamp of the first message, which is its identity. */
  readonly ts: string;
  /** What a silence of this incident matches: kept here, because a button may be pressed after a restart. */
  readonly group: string;
  readonly kind: string;
  readonly offender: number | null;
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
    const { channel, ts, group, kind, offender } = JSON.parse(text) as Partial<Thread>;
    if (typeof channel !== 'string' || typeof ts !== 'string') return undefined;
    return { channel, ts, group: group ?? '', kind: kind ?? '', offender: offender ?? null };
  } catch {
    return undefined;
  }
}
