/**
 * A failing outside, as an error: one closed catalogue that equals the README's table by test.
 */
export const ERROR_CODES = {
  'store-open': 'The database in the state directory can not be opened.',
  'store-locked': 'Another daemon runs on this state directory.',
  'store-newer': 'The database was written by a newer version.',
  'store-write': 'The database can not be written: judging goes on in memory, and it is tried again.',
  'store-damaged': 'The database was damaged; it is set aside and the watch goes on with what is left.',
  'store-read': 'The database can not be read.',
  'listen-failed': 'The HTTP address can not be listened on.',
  'feed-connect': 'The feed can not be reached; it is tried again.',
  'feed-protocol': 'The feed answered with something that is not its protocol.',
  'rpki-fetch': 'The VRP export can not be fetched; the last one stays in force.',
  'rpki-parse': 'The VRP export can not be read; the last one stays in force.',
  'delivery-failed': 'A receiver could not be told; the outbox tries again.',
  'delivery-refused': 'A receiver refused the message for good.',
  'ripestat-fetch': 'RIPEstat can not be reached or answered with an error.',
  'archive-fetch': 'A file of the archive can not be fetched or read; it is tried again.',
  'irr-query': 'The routing registry can not be reached, or has no such AS-SET.',
  'daemon-unreachable': 'No daemon answers for this state directory.',
  'daemon-refused': 'The daemon does not do what was asked: not there, not allowed, or not now.',
  'input-unreadable': 'A file can not be opened or is of no known form.',
  'output-unwritable': 'A file can not be written.',
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
