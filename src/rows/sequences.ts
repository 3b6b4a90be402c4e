/**
 * Sequences of 32-bit integers, each kept once and counted: AS paths and lists of communities, which many routes of the
 * watched RIB share (`watched-rib.ts`). In one arena, a record after another: hash, count of uses, length, values.
 * Records that nobody uses any more are given out again to sequences of the same length.
 */
import { grown, HashCells, mixed } from './hash-cells.ts';

const HEADER = 3;
const SEED = 0x811c9dc5 | 0;

/** Ids are positive integers; 0 is the empty sequence. */
export class Sequences {
  private cells = new Int32Array(1_024);
  private end = 1;
  private readonly index = new HashCells();
  /** Free records by length. */
  private readonly free = new Map<number, number[]>();

  /** How many different ones there are. */
  get size(): number {
    return this.index.size;
  }

  /** The id of `count` values from `at` on; used once more by that. */
  take(values: Int32Array, at: number, count: number): number {
    if (count === 0) return 0;
    const hash = hashOf(values, at, count);
    const { index } = this;
    for (let cell = index.start(hash); index.idAt(cell) >= 0; cell = index.after(cell)) {
      const id = index.idAt(cell);
      if (index.hashAt(cell) !== hash || !this.equals(id, values, at, count)) continue;
      this.cells[id + 1]! += 1;
      return id;
    }
    const id = this.allocate(count);
    this.cells[id] = hash;
    this.cells[id + 1] = 1;
    this.cells[id + 2] = count;
    this.cells.set(values.subarray(at, at + count), id + HEADER);
    index.insert(hash, id);
    return id;
  }

  private allocate(count: number): number {
    const id = this.free.get(count)?.pop();
    if (id !== undefined) return id;
    while (this.end + HEADER + count > this.cells.length) this.cells = grown(this.cells);
    this.end += HEADER + count;
    return this.end - HEADER - count;
  }

  /** Used once less. */
  release(id: number): void {
    if (id === 0) return;
    this.cells[id + 1]! -= 1;
    if (this.cells[id + 1]! > 0) return;
    this.index.remove(this.cells[id]!, id);
    const count = this.cells[id + 2]!;
    const records = this.free.get(count);
    if (records === undefined) this.free.set(count, [id]);
    else records.push(id);
  }

  equals(id: number, values: Int32Array, at: number, count: number): boolean {
    if (this.lengthOf(id) !== count) return false;
    const first = id + HEADER;
    for (let n = 0; n < count; n += 1) if (this.cells[first + n] !== values[at + n]) return false;
    return true;
  }

  lengthOf(id: number): number {
    return id === 0 ? 0 : this.cells[id + 2]!;
  }

  /** All of them, where they stand: valid until the next `take`. */
  words(id: number): { readonly cells: Int32Array; readonly at: number; readonly count: number } {
    return { cells: this.cells, at: id + HEADER, count: this.lengthOf(id) };
  }

  /** The n-th value, signed. */
  valueAt(id: number, n: number): number {
    return this.cells[id + HEADER + n]!;
  }
}

function hashOf(values: Int32Array, at: number, count: number): number {
  let hash = SEED;
  for (let n = 0; n < count; n += 1) hash = mixed(hash, values[at + n]!);
  return hash;
}
