/**
 * The clock, the dice and the timers of delivering, in one object, so that a test can play a day in a millisecond.
 */
export interface Clock {
  /** Ms since the epoch. */
  nowMs(): number;
  /** 0 ≤ x < 1. */
  random(): number;
  /** Runs `action` once after `ms`; the answer calls it off. */
  after(ms: number, action: () => void): () => void;
}

/** Longest delay that setTimeout takes. */
const TIMER_MS_MAX = 2_147_483_647;

/** The real ones. Its timers keep no process alive. */
export function systemClock(): Clock {
  return {
    nowMs: () => Date.now(),
    random: () => Math.random(),
    after: (ms, action) => {
      const timer = setTimeout(action, Math.min(Math.max(0, ms), TIMER_MS_MAX));
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
}

/** Resolves after `ms`, or at once when `signal` is aborted. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener('abort', done);
  });
}
