/**
 * Reads a stream of server-sent events (WHATWG HTML §9.2.6) by hand: unlike `EventSource` it also tells of comments,
 * which are the daemon's sign of life. Pure: text in, messages out.
 */
export interface StreamMessage {
  /** `alert`, `incident`; '' for a comment. */
  readonly type: string;
  readonly data: string;
}

export interface StreamReader {
  /** Takes the next piece of text, cut anywhere, and returns what became whole with it. */
  push(text: string): readonly StreamMessage[];
}

/** A message longer than this is dropped with what is waiting: no alert is that long. */
const WAITING_MAX = 16_000_000;

export function createStreamReader(): StreamReader {
  let waiting = '';
  let type = '';
  let data: string[] = [];
  const line = (text: string): StreamMessage | undefined => {
    if (text.startsWith(':')) return { type: '', data: '' };
    if (text === '') {
      const message = data.length === 0 ? undefined : { type: type || 'message', data: data.join('\n') };
      type = '';
      data = [];
      return message;
    }
    const [, name = '', value = ''] = /^([^:]*)(?:: ?([\s\S]*))?$/.exec(text) ?? [];
    if (name === 'event') type = value;
    if (name === 'data') data.push(value);
    return undefined;
  };
  return {
    push(text) {
      waiting += text;
      // A carriage return at the end may be half of a line break.
      const lines = waiting.split(/\r\n|\n|\r(?!$)/);
      waiting = lines.pop() ?? '';
      if (waiting.length > WAITING_MAX) waiting = '';
      return lines.map(line).filter((message) => message !== undefined);
    },
  };
}
