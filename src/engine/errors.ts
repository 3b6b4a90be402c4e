/**
 * A failing outside, as an error: one closed catalogue that equals the README's table by test.
 */
export const ERROR_CODES = {
  'store-open': 'The database in the state directory cannot be opened.',
  'store-locked': 'Another daemon runs on this state directory.',
  'store-newer': 'The database was written by a newer version.',
  'store-write': 'The database cannot be written: judging goes on in memory, and it is tried again.',
  'store-damaged': 'The database was damaged; it is set aside and the watch goes on with what is left.',
  'store-read': 'The database cannot be read.',
  'listen-failed': 'The HTTP address cannot be listened on.',
  'feed-connect': 'The feed cannot be reached; it is tried again.',
  'feed-protocol': 'The feed answered with something that is not its protocol.',
  'rpki-fetch': 'The VRP export cannot be fetched; the last one stays in force.',
  'rpki-parse': 'The VRP export cannot be read; the last one stays in force.',
  'delivery-failed': 'A receiver could not be told; the outbox tries again.',
  'delivery-refused': 'A receiver refused the message for good.',
  'ripestat-fetch': 'RIPEstat cannot be reached or answered with an error.',
  'archive-fetch': 'A file of the archive cannot be fetched or read; it is tried again.',
  'irr-query': 'The routing registry cannot be reached, or has no such AS-SET.',
  'daemon-unreachable': 'No daemon answers for this state directory.',
  'daemon-refused': 'The daemon does not do what was asked: not found, forbidden, or unavailable.',
  'input-unreadable': 'A file cannot be opened or has an unknown format.',
  'output-unwritable': 'A file cannot be written.',
} as const;
export type ErrorCode = keyof typeof ERROR_CODES;

export class OperationalError extends Error {
  readonly code: ErrorCode;
  /** The message without the code. */
  readonly detail: string;
  /** True when doing the same again later may succeed. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, detail: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super(`${code}: ${detail}`, { cause: options.cause });
    this.name = 'OperationalError';
    this.code = code;
    this.detail = detail;
    this.retryable = options.retryable ?? false;
  }
}

/** A cursor that no page gave out: the caller's mistake, a 400 for the HTTP API. */
export class BadCursor extends Error {
  constructor() {
    super('not a cursor that a page of this list gave out');
    this.name = 'BadCursor';
  }
}
