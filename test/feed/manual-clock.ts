/** A clock that stands still unless told to pass, for feeds under test; timers fire in order. */
import type { FeedClock } from '../../src/feed/surroundings.ts';

export const START_MS = Date.parse('2022-02-03T01:00:00Z');

export class ManualClock implements FeedClock {
  private nowMs = START_MS;
  private timers: { id: number; atMs: number; run: () => void }[] = [];
  private nextId = 1;

  now(): number {
    return this.nowMs;
  }

  setTimeout(run: () => void, delayMs: number): number {
    this.timers.push({ id: this.nextId, atMs: this.nowMs + delayMs, run });
    this.nextId += 1;
    return this.nextId - 1;
  }

  clearTimeout(timer: unknown): void {
    this.timers = this.timers.filter(({ id }) => id !== timer);
  }

  /** Delays of what waits, in ms from now. */
  get waiting(): readonly number[] {
    return this.timers.map(({ atMs }) => atMs - this.nowMs);
  }

  pass(ms: number): void {
    this.nowMs += ms;
    const due = this.timers.filter(({ atMs }) => atMs <= this.nowMs);
    this.timers = this.timers.filter(({ atMs }) => atMs > this.nowMs);
    for (const { run } of due) run();
  }
}
