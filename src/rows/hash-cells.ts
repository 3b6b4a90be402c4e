/**
 * An open-addressing hash table from hashes to small integers, in typed arrays: under the tables that keep much
 * (`prefix-rows.ts`, `sequences.ts`, `watched-rib.ts`, `baseline-rows.ts`). It knows hashes and ids, the caller knows what an id is equal to:
 *
 *   for (let cell = cells.start(hash); cells.idAt(cell) >= 0; cell = cells.after(cell))
 *     if (cells.hashAt(cell) === hash && isEqual(cells.idAt(cell))) return cells.idAt(cell);
 *
 * Linear probing; removal shifts back what follows (Knuth, TAOCP vol. 3, 6.4 R), so that there are no tombstones.
 */

const CELLS_MIN = 16;

/** Ids are integers from 0. At most two cells of three are in use: 12 to 24 bytes an id. */
export class HashCells {
  private ids = new Int32Array(CELLS_MIN);
  private hashes = new Int32Array(CELLS_MIN);
  private mask = CELLS_MIN - 1;
  size = 0;

  start(hash: number): number {
    return hash & this.mask;
  }

  after(cell: number): number {
    return (cell + 1) & this.mask;
  }

  /** −1: nothing stands there, the search is over. */
  idAt(cell: number): number {
    return this.ids[cell]! - 1;
  }

  hashAt(cell: number): number {
    return this.hashes[cell]!;
  }

  /** The caller knows that the id is not there yet. */
  insert(hash: number, id: number): void {
    this.size += 1;
    if (3 * this.size > 2 * this.ids.length) this.grow();
    this.place(hash, id + 1);
  }

  private place(hash: number, mark: number): void {
    let cell = hash & this.mask;
    while (this.ids[cell] !== 0) cell = (cell + 1) & this.mask;
    this.ids[cell] = mark;
    this.hashes[cell] = hash;
  }

  private grow(): void {
    const { ids, hashes } = this;
    this.ids = new Int32Array(ids.length * 2);
    this.hashes = new Int32Array(ids.length * 2);
    this.mask = this.ids.length - 1;
    for (let cell = 0; cell < ids.length; cell += 1)
      if (ids[cell] !== 0) this.place(hashes[cell]!, ids[cell]!);
  }

  /** Takes out an id that is there under this hash. */
  remove(hash: number, id: number): void {
    let hole = hash & this.mask;
    while (this.ids[hole] !== id + 1) hole = (hole + 1) & this.mask;
    this.size -= 1;
    for (let cell = (hole + 1) & this.mask; this.ids[cell] !== 0; cell = (cell + 1) & this.mask) {
      const home = this.hashes[cell]! & this.mask;
      // What stands between its home and here without a gap may move up into the hole, unless its home lies behind the hole.
      if (((cell - home) & this.mask) < ((cell - hole) & this.mask)) continue;
      this.ids[hole] = this.ids[cell]!;
      this.hashes[hole] = this.hashes[cell]!;
      hole = cell;
    }
    this.ids[hole] = 0;
  }
}

/** A step of hashing: takes one more word in. */
export function mixed(hash: number, word: number): number {
  const together = Math.imul(hash ^ word, 0x9e3779b1);
  return together ^ (together >>> 15);
}

/** The same content in an array half as long again. */
export function grown<T extends Int32Array | Uint8Array | Float64Array>(array: T): T {
  const made = new (array.constructor as new (length: number) => T)(Math.ceil(array.length * 1.5));
  made.set(array);
  return made;
}
