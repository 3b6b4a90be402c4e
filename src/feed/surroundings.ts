/**
 * What a feed needs from around it: a clock with timers and a log, both handed in, so that tests and simulations own them.
 */

/** A running timer, as its clock gave it out. */
export type Timer = unknown;

export interface FeedClock {
  /**
   * Milliseconds since the epoch by a clock that nobody sets: where the wall clock stood when the process began, and even
   * since. For durations and deadlines; stamps that people read are the driver's.
   */
  now(): number;
  setTimeout(run: () => void, delayMs: number): Timer;
  clearTimeout(timer: Timer): void;
}

/** The part of pino that feeds use. The first field is `event`, a dotted constant. */
export interface FeedLog {
  debug(fields: Readonly<Record<string, unknown>>): void;
  info(fields: Readonly<Record<string, unknown>>): void;
  warn(fields: Readonly<Record<string, unknown>>): void;
}

/** The machine's own clock. */
export const systemClock: FeedClock = {
  now: () => performance.timeOrigin + performance.now(),
  setTimeout: (run, delayMs) => setTimeout(run, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};
