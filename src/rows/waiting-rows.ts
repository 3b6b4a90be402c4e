/**
 * Which rows of the baseline have to be written, and how soon: at once where something was decided or became firm; when there is
 * time where an origin was only seen once more. Each waits once, told by a bit of its row.
 */
import type { BaselineRows } from './baseline-rows.ts';
import { RowQueue } from './row-queue.ts';

const CHANGED = 1;
const SIGHTED = 2;

export class WaitingRows {
  private readonly rows: BaselineRows;
  private changed: number[] = [];
  private readonly sighted = new RowQueue();

  constructor(rows: BaselineRows) {
    this.rows = rows;
  }

  noteChanged(row: number): void {
    if ((this.rows.flags[row]! & CHANGED) !== 0) return;
    this.rows.flags[row]! |= CHANGED;
    this.changed.push(row);
  }

  noteSighted(row: number): void {
    if ((this.rows.flags[row]! & SIGHTED) !== 0) return;
    this.rows.flags[row]! |= SIGHTED;
    this.sighted.push(row);
  }

  get hasChanged(): boolean {
    return this.changed.length > 0;
  }

  get sightedCount(): number {
    return this.sighted.size;
  }

  discard(): void {
    for (const row of this.changed) this.rows.flags[row] = 0;
    this.changed = [];
    while (this.sighted.size > 0) this.rows.flags[this.sighted.take()] = 0;
  }

  /** All that changed, and at most so many of those that were only seen. */
  take(sightedMax: number): number[] {
    const rows = this.changed.filter((row) => this.isWaiting(row, CHANGED));
    this.changed = [];
    for (let left = Math.min(sightedMax, this.sighted.size); left > 0; left -= 1) {
      const row = this.sighted.take();
      if (this.isWaiting(row, SIGHTED)) rows.push(row);
    }
    return rows;
  }

  /** True when the row waits for that, which is over now; a row that was forgotten does not. What is written whole needs no second time. */
  private isWaiting(row: number, flag: number): boolean {
    const { flags } = this.rows;
    const waits = (flags[row]! & flag) !== 0;
    flags[row] = flag === CHANGED ? 0 : flags[row]! & ~SIGHTED;
    return waits;
  }
}
