/**
 * Deadlines as data: a binary heap by (time, order of setting). The driver fires every one that is due before a
 * later input is applied, each with its own time, so that a replay and a live run do the same things at the same
 * stamps. One deadline a name: setting it again moves it.
 */
export interface Deadline {
  readonly name: string;
  readonly atMs: number;
}

interface Entry extends Deadline {
  readonly order: number;
}

export class Deadlines {
  private readonly heap: Entry[] = [];
  private readonly current = new Map<string, Entry>();
  private orders = 0;

  set(name: string, atMs: number): void {
    if (this.current.get(name)?.atMs === atMs) return;
    const entry: Entry = { name, atMs, order: this.orders };
    this.orders += 1;
    this.current.set(name, entry);
    this.push(entry);
  }

  clear(name: string): void {
    this.current.delete(name);
  }

  /** Time of the earliest one; undefined when none is set. */
  nextMs(): number | undefined {
    this.skipStale();
    return this.heap[0]?.atMs;
  }

  /** Takes the earliest one that is due at `nowMs`. */
  take(nowMs: number): Deadline | undefined {
    this.skipStale();
    const first = this.heap[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    this.pop();
    this.current.delete(first.name);
    return first;
  }

  private skipStale(): void {
    for (
      let first = this.heap[0];
      first !== undefined && this.current.get(first.name) !== first;
      first = this.heap[0]
    )
      this.pop();
  }

  private isBefore(a: Entry, b: Entry): boolean {
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
  }

  private push(entry: Entry): void {
    const { heap } = this;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Entry;
      if (!this.isBefore(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const left = heap[child];
      if (left === undefined) break;
      const right = heap[child + 1];
      let smaller = left;
      if (right !== undefined && this.isBefore(right, left)) {
        smaller = right;
        child += 1;
      }
      if (!this.isBefore(smaller, last)) break;
      heap[index] = smaller;
      index = child;
    }
    heap[index] = last;
  }
}
