/** Numbers in the order in which they become due, each with its time: what waits for its age in `learner.ts`. In typed arrays, bounded by what is pushed. */
import { grown } from '../judge/hash-cells.ts';

const ITEMS_MIN = 64;

/** First in, first out; times are ms and never decrease from one item to the next. */
export class DueQueue {
  private items = new Int32Array(ITEMS_MIN);
  private times = new Float64Array(ITEMS_MIN);
  private head = 0;
  private end = 0;

  get size(): number {
    return this.end - this.head;
  }

  push(item: number, atMs: number): void {
    if (this.end === this.items.length) this.makeRoom();
    this.items[this.end] = item;
    this.times[this.end] = atMs;
    this.end += 1;
  }

  private makeRoom(): void {
    if (2 * this.head > this.end) {
      this.items.copyWithin(0, this.head, this.end);
      this.times.copyWithin(0, this.head, this.end);
      this.end -= this.head;
      this.head = 0;
      return;
    }
    this.items = grown(this.items);
    this.times = grown(this.times);
  }

  /** When the first one is due; undefined when none waits. */
  nextMs(): number | undefined {
    return this.size === 0 ? undefined : this.times[this.head];
  }

  /** Takes the first one. */
  take(): number {
    this.head += 1;
    return this.items[this.head - 1]!;
  }
}
