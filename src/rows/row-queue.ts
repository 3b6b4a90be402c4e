/** Row numbers in a line, first in, first out: what waits its turn in `baseline.ts` and, with a time each, in the engine's learner. In typed arrays. */
import { grown } from './hash-cells.ts';

const ITEMS_MIN = 64;

export class RowQueue {
  private items = new Int32Array(ITEMS_MIN);
  private times = new Float64Array(ITEMS_MIN);
  private head = 0;
  private end = 0;

  get size(): number {
    return this.end - this.head;
  }

  /** `atMs`: when it is due, where somebody asks for that. */
  push(item: number, atMs = 0): void {
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

  /** By time; what is due at the same time stays in its order. */
  sort(): void {
    const items = this.items.slice(this.head, this.end);
    const times = this.times.slice(this.head, this.end);
    const order = Uint32Array.from(items, (_, n) => n).sort((a, b) => times[a]! - times[b]! || a - b);
    for (const [n, from] of order.entries()) {
      this.items[this.head + n] = items[from]!;
      this.times[this.head + n] = times[from]!;
    }
  }

  /** When the first one is due, ms; undefined when none waits. */
  nextMs(): number | undefined {
    return this.size === 0 ? undefined : this.times[this.head];
  }

  /** Takes the first one; there has to be one. */
  take(): number {
    this.head += 1;
    return this.items[this.head - 1]!;
  }
}
