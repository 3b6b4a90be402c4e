/**
 * Many small sets of vantage points in one array of bits: a RIB shows each watched prefix by hundreds of them, and a
 * `Set` each would cost kilobytes a prefix. Rows are only added.
 */

const WORDS_FIRST = 2;
const ROWS_FIRST = 1_024;

export class PointSets {
  private words = WORDS_FIRST;
  private bits = new Uint32Array(ROWS_FIRST * WORDS_FIRST);
  private rows = 0;

  /** An empty set; returns its number. */
  allocate(): number {
    this.rows += 1;
    if (this.rows * this.words > this.bits.length) this.resize(this.words, this.bits.length * 2);
    return this.rows - 1;
  }

  /** `point`: the vantage point's number, from 0 on, dense. */
  add(row: number, point: number): void {
    while (point >= this.words * 32) this.resize(this.words * 2, this.bits.length * 2);
    const at = row * this.words + (point >>> 5);
    this.bits[at] = (this.bits[at] ?? 0) | (1 << (point & 31));
  }

  /** The points of these sets together, each once, ascending. */
  union(rows: readonly number[]): readonly number[] {
    const points: number[] = [];
    for (let word = 0; word < this.words; word += 1) {
      let bits = 0;
      for (const row of rows) bits |= this.bits[row * this.words + word] ?? 0;
      for (; bits !== 0; bits &= bits - 1) points.push(word * 32 + 31 - Math.clz32(bits & -bits));
    }
    return points;
  }

  private resize(words: number, length: number): void {
    const bits = new Uint32Array(length);
    const rows = Math.min(this.rows, Math.floor(this.bits.length / this.words));
    if (words === this.words) bits.set(this.bits);
    else
      for (let row = 0; row < rows; row += 1)
        bits.set(this.bits.subarray(row * this.words, (row + 1) * this.words), row * words);
    this.bits = bits;
    this.words = words;
  }
}
