/**
 * The clock, the dice and the timers of delivering, in one object, so that a test can play a day in a millisecond.
 */
export interface Clock {
  /**
   * Stamps that nobody sets, ms since the epoch: for durations, deadlines and what is kept of them. A wall clock that is put
   * back freezes no row (decision 0035).
   */
  nowMs(): number;
  /** What the machine's wall clock says, ms since the epoch: for dates that the other side compares with its own clock. */
  wallMs(): number;
  /** 0 ≤ x < 1. */
  random(): number;
  /** Runs `action` once after `ms`; the answer calls it off. */
  after(ms: number, action: () => void): () => void;
}

/** Longest delay that setTimeout takes. */
const TIMER_MS_MAX = 2_147_483_647;

const MACHINE: Pick<Clock, 'nowMs' | 'wallMs'> = {
  nowMs: () => performance.timeOrigin + performance.now(),
  wallMs: () => Date.now(),
};

/** The real ones; `time`: the daemon's, whose stamps are those of its alerts. Its timers keep no process alive. */
export function systemClock(time = MACHINE): Clock {
  return {
    nowMs: () => time.nowMs(),
    wallMs: () => time.wallMs(),
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
