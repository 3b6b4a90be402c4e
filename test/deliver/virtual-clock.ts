/** A clock that stands until it is told to go on, and fires its timers in order. */
import type { Clock } from '../../src/deliver/clock.ts';

export class VirtualClock implements Clock {
  #nowMs: number;
  /** How far the wall clock was set ahead. */
  wallAheadMs = 0;
  #timers: { readonly atMs: number; readonly action: () => void }[] = [];

  constructor(startMs = Date.parse('2022-02-03T01:04:18.000Z')) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs + this.wallAheadMs;
  }

  random(): number {
    return 0.5;
  }

  after(ms: number, action: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, ms), action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  get timers(): number {
    return this.#timers.length;
  }

  /** Lets everything that is ready run, then moves to the next timer, until `ms` have passed. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > endMs) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.action();
      await settle();
    }
    this.#nowMs = endMs;
  }
}

/** A few turns of the loop: enough for promises that wait for nothing outside. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
