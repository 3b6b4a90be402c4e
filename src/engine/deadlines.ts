/**
 * Deadlines as data: a binary heap by (time, order of setting). The driver fires every one that is due before a
 * later input is applied, each with its own time, so that a replay and a live run do the same things at the same
 * stamps. One deadline a name, or one of a thing that keeps it itself, as each of a million routes does: setting it
 * again moves it.
 */

import type { BookDeadline } from '../incident/incident-state.ts';

/** Every deadline there is: what is waited for, and of what. */
export type DeadlineName =
  | BookDeadline
  | 'learn'
  | 'rpki'
  | 'roa'
  | `upstream\u0000${string}`
  | `blind\u0000${string}`
  | `remind\u0000${string}`
  | `silence\u0000${string}`;
type KindOf<Name> = Name extends `${infer Kind}\u0000${string}` ? Kind : Name;
export type DeadlineKind = KindOf<DeadlineName>;

/** `blind`, `ris-live` of the name `blind\0ris-live`. */
export function partsOf(name: DeadlineName): [kind: DeadlineKind, of: string] {
  const at = name.indexOf('\u0000');
  const kind = at < 0 ? name : name.slice(0, at);
  return [kind as DeadlineKind, at < 0 ? '' : name.slice(at + 1)];
}

/** A thing with one deadline. */
export interface Owner {
  /** Its entry; undefined while it has none. Only `Deadlines` writes it. */
  due: object | undefined;
}

export interface Deadline<T extends Owner> {
  /** That of the owner's incident where there is one. */
  readonly name: string;
  readonly atMs: number;
  /** Whose it is; undefined: the name says it. */
  readonly of: T | undefined;
}

export type Due<T extends Owner> =
  | { readonly name: DeadlineName; readonly atMs: number; readonly of: undefined }
  | { readonly name: string; readonly atMs: number; readonly of: T };

interface Entry<T extends Owner> extends Deadline<T> {
  readonly order: number;
}

export class Deadlines<T extends Owner> {
  private readonly heap: Entry<T>[] = [];
  private readonly current = new Map<string, Entry<T>>();
  private orders = 0;

  set(name: DeadlineName, atMs: number): void {
    if (this.current.get(name)?.atMs === atMs) return;
    this.current.set(name, this.push(name, atMs, undefined));
  }

  /** The one deadline of `owner`; `name` goes along. */
  setOf(owner: T, name: string, atMs: number): void {
    if ((owner.due as Entry<T> | undefined)?.atMs === atMs) return;
    owner.due = this.push(name, atMs, owner);
  }

  clear(name: DeadlineName): void {
    this.current.delete(name);
  }

  /** Time of the earliest one; undefined when none is set. */
  nextMs(): number | undefined {
    this.skipStale();
    return this.heap[0]?.atMs;
  }

  /** Takes the earliest one that is due at `nowMs`. */
  take(nowMs: number): Due<T> | undefined {
    this.skipStale();
    const first = this.heap[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    this.pop();
    if (first.of === undefined) this.current.delete(first.name);
    else first.of.due = undefined;
    return first as Due<T>;
  }

  /** Moves every deadline by `byMs`, in the order in which they stand, but for those of a time of the calendar. */
  shift(byMs: number, isOfCalendar: (kind: DeadlineKind) => boolean): void {
    const entries = this.heap
      .splice(0)
      .filter((entry) => this.isCurrent(entry))
      .sort((a, b) => a.atMs - b.atMs || a.order - b.order);
    for (const { name, atMs, of } of entries) {
      const isFixed = of === undefined && isOfCalendar(partsOf(name as DeadlineName)[0]);
      const moved = this.push(name, isFixed ? atMs : atMs + byMs, of);
      if (of === undefined) this.current.set(name, moved);
      else of.due = moved;
    }
  }

  private skipStale(): void {
    for (let first = this.heap[0]; first !== undefined && !this.isCurrent(first); first = this.heap[0])
      this.pop();
  }

  private isCurrent(entry: Entry<T>): boolean {
    return (entry.of === undefined ? this.current.get(entry.name) : entry.of.due) === entry;
  }

  private isBefore(a: Entry<T>, b: Entry<T>): boolean {
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
  }

  private push(name: string, atMs: number, of: T | undefined): Entry<T> {
    const entry: Entry<T> = { name, atMs, of, order: this.orders };
    this.orders += 1;
    const { heap } = this;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Entry<T>;
      if (!this.isBefore(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
    return entry;
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
