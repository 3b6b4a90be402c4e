/**
 * The contract of a receiver: how one alert is told to one place outside, and what comes back. The dispatcher holds
 * the policy (when to try again, in what order); a receiver only tries once and says how it went.
 * One file per type, one line each in `receiver-types.ts`.
 */
import type { Operator } from '../engine/ports.ts';
import type { Alert, Incident } from '../incident/alert.ts';
import type { Outside } from '../outside/outside.ts';
import type { Clock } from './clock.ts';

/** As `Secret` of the configuration: text that is read where it is used and printed nowhere. */
export interface SecretText {
  reveal(): string;
}

/** As `ReceiverSettings` of the configuration; the keys beyond these are the type's own. */
export interface ReceiverConfig {
  readonly name: string;
  readonly type: string;
  readonly minSeverity: 'info' | 'warning' | 'critical';
  readonly language: 'en' | 'ko';
  readonly [key: string]: unknown;
}

/** `error` is for people, one line, and has no secret in it. `retryAfterMs`: the other side asked for this pause. */
export type Outcome =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly retryable: boolean;
      readonly retryAfterMs?: number;
      /** The other side takes less: it is to be told in fewer bytes. */
      readonly isTooLarge?: true;
      /** The receiver works, and only this alert has to wait: others need not. */
      readonly isAlone?: true;
      readonly error: string;
    };

export interface SendContext {
  /** Aborted when the daemon stops: give up at once, what comes back is not recorded. */
  readonly signal: AbortSignal;
  /** Set when this alert is told again because nobody acknowledged; `number` counts from 1. */
  readonly reminder: { readonly type: 'escalate' | 'repeat'; readonly number: number } | undefined;
  /** Small lasting memory of this receiver, for instance the thread of an incident. */
  memo(key: string): string | undefined;
  setMemo(key: string, value: string): void;
}

export interface Receiver {
  readonly name: string;
  readonly type: string;
  /** How many alerts may be on their way at once. */
  readonly concurrency: number;
  /** People read it: notices about a failing receiver go here, and not to programs. */
  readonly forPeople: boolean;
  /** It keeps an incident open on its side until told of the end: a test sends both. */
  readonly keepsState: boolean;
  /** From that many alerts waiting at once they are told as one digest; undefined: never. */
  readonly digestFrom: number | undefined;
  /** Tries once; never throws, never takes longer than its time limit. */
  send(alert: Alert, context: SendContext): Promise<Outcome>;
  /** Tells many at once; only where `digestFrom` is set. */
  sendDigest?(alerts: readonly Alert[], context: SendContext): Promise<Outcome>;
  /** The other side forgets what it is not told again: open incidents, as they stand, every so often. */
  readonly repeats?: {
    readonly everyMs: number;
    send(incidents: readonly Incident[], context: SendContext): Promise<Outcome>;
  };
  /** An incident changed without an alert (acknowledged, anywhere): shows it where the incident stands. Best effort. */
  changed?(incident: Incident): void;
  /** Begins what listens beside the sending (buttons); does not wait. */
  start?(): void;
  /** Ends it; resolves within a second. */
  stop?(): Promise<void>;
}

/** What every receiver may use of the rest of the daemon. */
export interface ReceiverDeps {
  readonly clock: Clock;
  /** Ms for one try, from connecting to the last byte of the answer. Default 10,000. */
  readonly timeoutMs?: number;
  /** Where people find the incident, when a public address is known. */
  readonly linkOf?: (incidentId: string) => string | undefined;
  /** The same on the address that we listen on, whoever can reach that. */
  readonly ownLinkOf?: (incidentId: string) => string | undefined;
  /** Where people find everything, when a public address is known. */
  readonly homeLink?: () => string | undefined;
  /** For buttons; asked at each press, undefined while there is nobody to ask. */
  readonly operator?: () => Operator | undefined;
  /** Memory for what happens outside `send` (buttons). */
  readonly memo?: (receiver: string, key: string) => string | undefined;
  readonly setMemo?: (receiver: string, key: string, value: string) => void;
  /** Progress worth a log line: a dotted constant and plain fields, no secrets. */
  readonly note?: (event: string, fields: Readonly<Record<string, string | number>>) => void;
  /** The way out, for this receiver: proxy, authorities to trust. */
  readonly outside: Outside;
}

export const SEND_TIMEOUT_MS = 10_000;

export function refused(error: string): Outcome {
  return { ok: false, retryable: false, error };
}

/** Less of it may be taken; when even the least is not, it is tried again later. */
export function tooLarge(error: string): Outcome {
  return { ok: false, retryable: true, isTooLarge: true, error };
}

export function tryAgain(error: string, retryAfterMs?: number): Outcome {
  return retryAfterMs === undefined
    ? { ok: false, retryable: true, error }
    : { ok: false, retryable: true, retryAfterMs, error };
}
