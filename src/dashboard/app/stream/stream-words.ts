/** What a tab and the worker that holds the browser's one stream say to each other. */
import type { StreamMessage } from './sse.ts';

/** `begin`: I listen. `again`: I heard nothing for too long. `leave`: I am gone. */
export type ToWorker = 'begin' | 'again' | 'leave';

export type FromWorker =
  | { readonly type: 'open' }
  /** Also without any: a sign of life. */
  | { readonly type: 'messages'; readonly messages: readonly StreamMessage[] }
  /** `status` of the refusal; 0: the connection broke. */
  | { readonly type: 'ended'; readonly status: number };
