/**
 * Prefixes as rows of typed arrays: prefix → row number and back, and what lies inside a prefix. The watched RIB
 * (`watched-rib.ts`) and the baseline (`baseline.ts`) share one such table and hang their own columns on its rows; a row is free
 * again when neither holds it. About 45 bytes a prefix.
 *
 * Beside the hash, rows are chained by the first 16 bits (IPv4) or by a hash of the first 32 bits (IPv6): inside a prefix is found
 * what its chains hold. Shorter IPv6 prefixes look at every row.
 */
import { type Prefix, prefixFromWords } from '../bgp/prefix.ts';
import { grown, HashCells, mixed } from './hash-cells.ts';

const ROWS_MIN = 64;
const HEADS = 65_536;
const HEAD_BITS_4 = 16;
const HEAD_BITS_6 = 32;

/** Family and length as one word; never 0, which is a free row. */
export function shapeOf(family: 4 | 6, length: number): number {
  return (family << 8) | length;
}

export class PrefixRows {
  private shapes = new Int32Array(ROWS_MIN);
  private w0 = new Int32Array(ROWS_MIN);
  private w1 = new Int32Array(ROWS_MIN);
  private w2 = new Int32Array(ROWS_MIN);
  private w3 = new Int32Array(ROWS_MIN);
  /** Chains, by row + 1; 0 ends one. */
  private next = new Int32Array(ROWS_MIN);
  private before = new Int32Array(ROWS_MIN);
  private readonly heads4 = new Int32Array(HEADS);
  private readonly heads6 = new Int32Array(HEADS);
  /** Bits of those who need the row. */
  private held = new Uint8Array(ROWS_MIN);
  private readonly index = new HashCells();
  private readonly free: number[] = [];
  /** Rows that were ever in use: row numbers are below it. */
  end = 0;

  get size(): number {
    return this.index.size;
  }

  /** Row of the prefix, −1 when there is none. Words are signed, host bits zero. */
  find(shape: number, w0: number, w1: number, w2: number, w3: number): number {
    const hash = hashOf(shape, w0, w1, w2, w3);
    const { index } = this;
    for (let cell = index.start(hash); index.idAt(cell) >= 0; cell = index.after(cell)) {
      const row = index.idAt(cell);
      if (index.hashAt(cell) === hash && this.is(row, shape, w0, w1, w2, w3)) return row;
    }
    return -1;
  }

  private is(row: number, shape: number, w0: number, w1: number, w2: number, w3: number): boolean {
    return (
      this.w0[row] === w0 &&
      this.shapes[row] === shape &&
      this.w1[row] === w1 &&
      this.w2[row] === w2 &&
      this.w3[row] === w3
    );
  }

  findOf(prefix: Prefix): number {
    const [w0, w1, w2, w3] = prefix.words;
    return this.find(shapeOf(prefix.family, prefix.length), w0 | 0, w1 | 0, w2 | 0, w3 | 0);
  }

  /** The row of the prefix, made when there is none: the columns of its holders hold whatever they held. */
  make(shape: number, w0: number, w1: number, w2: number, w3: number): number {
    const known = this.find(shape, w0, w1, w2, w3);
    if (known >= 0) return known;
    const row = this.free.pop() ?? this.append();
    this.shapes[row] = shape;
    this.w0[row] = w0;
    this.w1[row] = w1;
    this.w2[row] = w2;
    this.w3[row] = w3;
    this.index.insert(hashOf(shape, w0, w1, w2, w3), row);
    this.chain(row);
    return row;
  }

  makeOf(prefix: Prefix): number {
    const [w0, w1, w2, w3] = prefix.words;
    return this.make(shapeOf(prefix.family, prefix.length), w0 | 0, w1 | 0, w2 | 0, w3 | 0);
  }

  private append(): number {
    if (this.end === this.shapes.length) {
      this.shapes = grown(this.shapes);
      this.w0 = grown(this.w0);
      this.w1 = grown(this.w1);
      this.w2 = grown(this.w2);
      this.w3 = grown(this.w3);
      this.next = grown(this.next);
      this.before = grown(this.before);
      this.held = grown(this.held);
    }
    this.end += 1;
    return this.end - 1;
  }

  private headsOf(shape: number): Int32Array {
    return shape >> 8 === 4 ? this.heads4 : this.heads6;
  }

  private chain(row: number): void {
    const heads = this.headsOf(this.shapes[row]!);
    const head = headOf(this.shapes[row]!, this.w0[row]!);
    const second = heads[head]!;
    this.next[row] = second;
    this.before[row] = 0;
    if (second !== 0) this.before[second - 1] = row + 1;
    heads[head] = row + 1;
  }

  /** Says that `holder` (a bit) needs the row. */
  hold(row: number, holder: number): void {
    this.held[row]! |= holder;
  }

  /** Says that it does not any more. */
  drop(row: number, holder: number): void {
    this.held[row]! &= ~holder;
    if (this.held[row] === 0) this.remove(row);
  }

  isHeld(row: number, holder: number): boolean {
    return (this.held[row]! & holder) !== 0;
  }

  private remove(row: number): void {
    const shape = this.shapes[row]!;
    this.index.remove(hashOf(shape, this.w0[row]!, this.w1[row]!, this.w2[row]!, this.w3[row]!), row);
    const [next = 0, before = 0] = [this.next[row], this.before[row]];
    if (next !== 0) this.before[next - 1] = before;
    if (before !== 0) this.next[before - 1] = next;
    else this.headsOf(shape)[headOf(shape, this.w0[row]!)] = next;
    this.shapes[row] = 0;
    this.free.push(row);
  }

  shape(row: number): number {
    return this.shapes[row]!;
  }

  /** One of its four words, signed. */
  word(row: number, n: number): number {
    return (n === 0 ? this.w0 : n === 1 ? this.w1 : n === 2 ? this.w2 : this.w3)[row]!;
  }

  prefix(row: number): Prefix {
    const shape = this.shapes[row]!;
    const words: [number, number, number, number] = [
      this.w0[row]! >>> 0,
      this.w1[row]! >>> 0,
      this.w2[row]! >>> 0,
      this.w3[row]! >>> 0,
    ];
    return prefixFromWords(shape >> 8 === 4 ? 4 : 6, words, shape & 255).prefix;
  }

  /** Rows of the prefix itself and of what is more specific, in the order of routing tables: address, then length. */
  inside(prefix: Prefix): number[] {
    const found: number[] = [];
    const visit = (row: number): void => {
      if (this.liesInside(row, prefix)) found.push(row);
    };
    const bits = prefix.family === 4 ? HEAD_BITS_4 : HEAD_BITS_6;
    if (prefix.length >= bits)
      this.eachOfChain(prefix.family, headOf(shapeOf(prefix.family, 0), prefix.words[0] | 0), visit);
    else if (prefix.family === 4) {
      const first = prefix.words[0] >>> 16;
      for (let head = first; head < first + (HEADS >> prefix.length); head += 1)
        this.eachOfChain(4, head, visit);
    }
    // A chain holds what has its first bits, and so nothing shorter that begins with zeros only.
    else for (let row = 0; row < this.end; row += 1) visit(row);
    return found.sort((a, b) => this.compare(a, b));
  }

  private eachOfChain(family: 4 | 6, head: number, visit: (row: number) => void): void {
    const heads = family === 4 ? this.heads4 : this.heads6;
    for (let mark = heads[head]!; mark !== 0; mark = this.next[mark - 1]!) visit(mark - 1);
  }

  private liesInside(row: number, outer: Prefix): boolean {
    const shape = this.shapes[row]!;
    if (shape >> 8 !== outer.family || (shape & 255) < outer.length) return false;
    for (let n = 0; n < 4 && outer.length > 32 * n; n += 1) {
      const bits = Math.min(32, outer.length - 32 * n);
      if (((this.word(row, n) ^ outer.words[n]!) & (-1 << (32 - bits))) !== 0) return false;
    }
    return true;
  }

  private compare(a: number, b: number): number {
    for (let n = 0; n < 4; n += 1) {
      const difference = (this.word(a, n) >>> 0) - (this.word(b, n) >>> 0);
      if (difference !== 0) return difference;
    }
    return this.shapes[a]! - this.shapes[b]!;
  }
}

function hashOf(shape: number, w0: number, w1: number, w2: number, w3: number): number {
  const hash = mixed(mixed(0, w0), shape);
  return shape >> 8 === 4 ? hash : mixed(mixed(mixed(hash, w1), w2), w3);
}

function headOf(shape: number, w0: number): number {
  return shape >> 8 === 4 ? w0 >>> 16 : mixed(0, w0) & (HEADS - 1);
}
