/**
 * How a receiver is doing: since when it fails, why, and whom that was told. Beside a lane, for the dashboard and the log.
 */
import { cleanText } from './clean-text.ts';

export interface ReceiverState {
  readonly receiver: string;
  readonly type: string;
  readonly pending: number;
  /** ISO; null while it takes alerts, and before the first failure. */
  readonly failingSince: string | null;
  readonly consecutiveFailures: number;
  readonly lastError: string | null;
  readonly lastErrorAt: string | null;
  readonly lastDeliveredAt: string | null;
}

export interface HealthListener {
  /** Once when a receiver begins to fail: the third failure in a row, or a refusal. */
  readonly onFailing?: (state: ReceiverState) => void;
  /** Once when it takes alerts again. */
  readonly onRecovered?: (state: ReceiverState) => void;
}

const ERROR_MAX = 300;

export class ReceiverHealth {
  readonly #listener: HealthListener;
  readonly #state: () => ReceiverState;
  #shown = false;
  #failingSinceMs: number | undefined;
  #lastError: { readonly text: string; readonly atMs: number } | undefined;
  #lastDeliveredMs: number | undefined;

  /** `state`: the whole of it, for those who are told. */
  constructor(listener: HealthListener, state: () => ReceiverState) {
    this.#listener = listener;
    this.#state = state;
  }

  /** `isLoud`: whoever is told of failing receivers is told now. */
  failed(error: string, atMs: number, isLoud: boolean): void {
    this.#failingSinceMs ??= atMs;
    this.#lastError = { text: cleanText(error, ERROR_MAX), atMs };
    if (!isLoud || this.#shown) return;
    this.#shown = true;
    this.#listener.onFailing?.(this.#state());
  }

  delivered(nowMs: number): void {
    this.#lastDeliveredMs = nowMs;
    this.works();
  }

  /** It takes alerts, though perhaps not this one. */
  works(): void {
    this.#failingSinceMs = undefined;
    if (!this.#shown) return;
    this.#shown = false;
    this.#listener.onRecovered?.(this.#state());
  }

  get lastError(): string {
    return this.#lastError?.text ?? '';
  }

  facts(): Pick<ReceiverState, 'failingSince' | 'lastError' | 'lastErrorAt' | 'lastDeliveredAt'> {
    return {
      failingSince: isoOrNull(this.#failingSinceMs),
      lastError: this.#lastError?.text ?? null,
      lastErrorAt: isoOrNull(this.#lastError?.atMs),
      lastDeliveredAt: isoOrNull(this.#lastDeliveredMs),
    };
  }
}

function isoOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
