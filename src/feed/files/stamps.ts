/**
 * The clock of a replay: when each record of a file is applied. Pure; one `StampRules` for one file.
 *
 * A record arrives at its own time, and the clock never goes back. Out of order: the clock's time. No usable stamp: that
 * of the record before. A stamp more than an hour beyond that of the record after it is a mistake: applied at the
 * clock's time and said to be one. So a record is given out only when the stamp after it is known.
 */

/** A stamp is a mistake when it lies more than this beyond the next one. */
export const STAMP_AHEAD_MAX_MS = 3_600_000;

/** Records without a stamp that are held back until a stamp comes. */
const UNSTAMPED_MAX = 10_000;

export interface Stamped<T> {
  readonly record: T;
  /** Milliseconds since the epoch, never decreasing within one `StampRules`. */
  readonly arrivedMs: number;
  /** The record's stamp is a mistake: shown as `clock`. */
  readonly mistaken: boolean;
}

interface Held<T> {
  readonly record: T;
  readonly stampMs: number | undefined;
}

export class StampRules<T> {
  #clockMs: number | undefined;
  /** The last record with a stamp and those without one behind it, or those without one at the very beginning. */
  #held: Held<T>[] = [];

  /** Takes the next record with its own time; gives out the records that are settled by it, in order. */
  push(record: T, stampMs: number | undefined): readonly Stamped<T>[] {
    const settled = stampMs !== undefined || this.#held.length >= UNSTAMPED_MAX ? this.#settle(stampMs) : [];
    this.#held.push({ record, stampMs });
    return settled;
  }

  /** Gives out what is held; nothing comes after it. */
  end(): readonly Stamped<T>[] {
    return this.#settle(undefined);
  }

  #settle(nextMs: number | undefined): readonly Stamped<T>[] {
    const settled = this.#held.map(({ record, stampMs }) => {
      const mistaken = stampMs !== undefined && nextMs !== undefined && stampMs - nextMs > STAMP_AHEAD_MAX_MS;
      const usableMs = mistaken ? undefined : stampMs;
      // Before the clock has started, the time of what comes next is the best guess.
      this.#clockMs = Math.max(this.#clockMs ?? usableMs ?? nextMs ?? 0, usableMs ?? 0);
      return { record, arrivedMs: this.#clockMs, mistaken };
    });
    this.#held = [];
    return settled;
  }
}
