/**
 * The prefixes of one address family: a table over the first 16 bits, below it a trie with 4-bit strides (`node-pool.ts`).
 * Sits under `prefix-index.ts`. Pure, hot: a lookup touches a few typed-array cells and allocates nothing.
 *
 *   lengths 0…16   heap of 2^17 cells: number 2^length + first bits. `rootSlots` holds the value, `rootBelow` how many
 *                  prefixes lie at or under the cell, whatever their length; `rootBest` is leaf-pushed: for each 16-bit
 *                  head the value of the longest prefix of length 0…16 that covers it
 *   lengths 17…    a node at depth d (16, 20, 24 …) holds the lengths d+1…d+4
 *
 * Words may be given as unsigned or as signed 32-bit numbers. Signed ones (`word | 0`) are small integers to V8 and are
 * never boxed on the way into a call: what is hot passes those.
 */
import { BELOW, CHILDREN_OF, countBits, NodePool, WAY_TO } from './node-pool.ts';

/** Of this module: V8 folds a module's own constants to an address, but not what is imported. */
const wayTo = WAY_TO;
const below = BELOW;
const childrenOf = CHILDREN_OF;

const ROOT_BITS = 16;
const HEADS = 1 << ROOT_BITS;

/** Values are integers 0…2³¹−2; −1 stands for "none". */
export class StrideTrie {
  private readonly pool = new NodePool();
  /** Values and lengths are kept one higher, 0 for none: pages of zeros that nobody writes to take no memory. */
  private readonly rootSlots = new Int32Array(2 * HEADS);
  private readonly rootBelow = new Int32Array(2 * HEADS);
  private readonly rootBest = new Int32Array(HEADS);
  private readonly rootBestLength = new Int8Array(HEADS);
  private readonly rootNodes = new Int32Array(HEADS);
  /** A bit for each head that something covers or lies inside: 8 kB, so that most lookups end in the fastest cache. */
  private readonly rootBusy = new Int32Array(HEADS / 32);

  get size(): number {
    return this.rootBelow[1]!;
  }

  /** Bytes held by the arrays. */
  get bytes(): number {
    return this.pool.bytes + HEADS * (2 * 4 + 2 * 4 + 4 + 1 + 4);
  }

  trim(): void {
    this.pool.trim();
  }

  /** True when nothing covers a prefix of this length and nothing lies inside it, told by its first 16 bits. */
  isFree(w0: number, length: number): boolean {
    return length >= ROOT_BITS && (this.rootBusy[w0 >>> 21]! & (1 << ((w0 >>> 16) & 31))) === 0;
  }

  private noteBusy(head: number): void {
    const isBusy = this.rootNodes[head] !== 0 || this.rootBest[head] !== 0;
    const bit = 1 << (head & 31);
    this.rootBusy[head >>> 5] = isBusy ? this.rootBusy[head >>> 5]! | bit : this.rootBusy[head >>> 5]! & ~bit;
  }

  /** Value of the most specific prefix that is equal to or less specific than the given one; −1. */
  covering(w0: number, w1: number, w2: number, w3: number, length: number): number {
    if (length < ROOT_BITS) return this.coveringShort((1 << length) | ((w0 >>> 16) >>> (16 - length)));
    const head = w0 >>> 16;
    let node = this.rootNodes[head]!;
    if (node === 0) return this.rootBest[head]! - 1;
    const nodes = this.pool.nodes;
    let bestNode = 0;
    let bestBits = 0;
    for (let depth = ROOT_BITS; depth < length; depth += 4) {
      const tail = nibble(w0, w1, w2, w3, depth);
      let bits = nodes[node]! & wayTo[tail]!;
      const rest = length - depth;
      if (rest < 4) bits &= ~(-2 << ((1 << rest) | (tail >> (4 - rest))));
      if (bits !== 0) {
        bestNode = node;
        bestBits = bits;
      }
      const children = nodes[node + 1]!;
      const bit = 1 << tail;
      if (rest <= 4 || (children & bit) === 0) break;
      node = nodes[node + 2]! + 4 * countBits(children & (bit - 1));
    }
    if (bestNode === 0) return this.rootBest[head]! - 1;
    const longest = 31 - Math.clz32(bestBits);
    return this.pool.slots[nodes[bestNode + 3]! + countBits(nodes[bestNode]! & ~(-1 << longest))]!;
  }

  private coveringShort(cell: number): number {
    for (let up = cell; up >= 1; up >>= 1) if (this.rootSlots[up] !== 0) return this.rootSlots[up]! - 1;
    return -1;
  }

  /** True when some prefix lies strictly inside the given one. */
  anyInside(w0: number, w1: number, w2: number, w3: number, length: number): boolean {
    if (length <= ROOT_BITS) {
      const cell = (1 << length) | ((w0 >>> 16) >>> (16 - length));
      return this.rootBelow[cell]! > (this.rootSlots[cell] !== 0 ? 1 : 0);
    }
    const nodes = this.pool.nodes;
    let node = this.rootNodes[w0 >>> 16]!;
    for (let depth = ROOT_BITS; node !== 0; depth += 4) {
      const tail = nibble(w0, w1, w2, w3, depth);
      const rest = length - depth;
      if (rest < 4) {
        const h = (1 << rest) | (tail >> (4 - rest));
        return (nodes[node]! & below[h]!) !== 0 || (nodes[node + 1]! & childrenOf[h]!) !== 0;
      }
      node = this.pool.child(node, tail);
      // A node exists only while something ends in it or below it, so behind a full stride its mere presence decides.
      if (rest === 4) return node !== 0;
    }
    return false;
  }

  /** Value of exactly this prefix; −1. */
  exact(w0: number, w1: number, w2: number, w3: number, length: number): number {
    if (length <= ROOT_BITS) return this.rootSlots[(1 << length) | ((w0 >>> 16) >>> (16 - length))]! - 1;
    let node = this.rootNodes[w0 >>> 16]!;
    let depth = ROOT_BITS;
    for (; node !== 0 && length - depth > 4; depth += 4)
      node = this.pool.child(node, nibble(w0, w1, w2, w3, depth));
    return node === 0 ? -1 : this.pool.slot(node, heapNumber(nibble(w0, w1, w2, w3, depth), length - depth));
  }

  /** Sets the value of a prefix whose host bits are zero; an earlier value is replaced. */
  insert(words: readonly number[], length: number, value: number): void {
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words;
    const head = w0 >>> 16;
    if (length <= ROOT_BITS) {
      this.insertShort((1 << length) | (head >>> (16 - length)), length, value);
      return;
    }
    let node = this.rootNodes[head]!;
    if (node === 0) {
      node = this.pool.newNode();
      this.rootNodes[head] = node;
      this.noteBusy(head);
    }
    let depth = ROOT_BITS;
    for (; length - depth > 4; depth += 4) node = this.pool.childMade(node, nibble(w0, w1, w2, w3, depth));
    const isNew = this.pool.setSlot(node, heapNumber(nibble(w0, w1, w2, w3, depth), length - depth), value);
    if (isNew) this.count(HEADS | head, 1);
  }

  private insertShort(cell: number, length: number, value: number): void {
    if (this.rootSlots[cell] === 0) this.count(cell, 1);
    this.rootSlots[cell] = value + 1;
    const first = (cell << (16 - length)) & (HEADS - 1);
    for (let head = first; head < first + (HEADS >> length); head += 1) {
      if (this.rootBestLength[head]! > length + 1) continue;
      this.rootBest[head] = value + 1;
      this.rootBestLength[head] = length + 1;
      this.noteBusy(head);
    }
  }

  /** Removes a prefix; nothing happens when it is not there. */
  remove(words: readonly number[], length: number): void {
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words;
    const head = w0 >>> 16;
    if (length <= ROOT_BITS) {
      this.removeShort((1 << length) | (head >>> (16 - length)), length);
      return;
    }
    const way: number[] = [];
    let node = this.rootNodes[head]!;
    let depth = ROOT_BITS;
    for (; node !== 0 && length - depth > 4; depth += 4) {
      way.push(node);
      node = this.pool.child(node, nibble(w0, w1, w2, w3, depth));
    }
    if (node === 0 || !this.pool.removeSlot(node, heapNumber(nibble(w0, w1, w2, w3, depth), length - depth)))
      return;
    this.count(HEADS | head, -1);
    while (this.pool.isEmpty(node)) {
      const parent = way.pop();
      if (parent === undefined) {
        this.pool.dropNode(node);
        this.rootNodes[head] = 0;
        this.noteBusy(head);
        return;
      }
      depth -= 4;
      this.pool.removeChild(parent, nibble(w0, w1, w2, w3, depth));
      node = parent;
    }
  }

  private removeShort(cell: number, length: number): void {
    if (this.rootSlots[cell] === 0) return;
    this.rootSlots[cell] = 0;
    this.count(cell, -1);
    let up = cell >> 1;
    while (up >= 1 && this.rootSlots[up] === 0) up >>= 1;
    const value = this.rootSlots[up]!;
    const valueLength = 32 - Math.clz32(up);
    const first = (cell << (16 - length)) & (HEADS - 1);
    for (let head = first; head < first + (HEADS >> length); head += 1) {
      if (this.rootBestLength[head] !== length + 1) continue;
      this.rootBest[head] = value;
      this.rootBestLength[head] = valueLength;
      this.noteBusy(head);
    }
  }

  private count(cell: number, change: 1 | -1): void {
    for (let up = cell; up >= 1; up >>= 1) this.rootBelow[up]! += change;
  }

  /** All values that cover the prefix, most specific first. */
  chain(words: readonly number[], length: number): number[] {
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words;
    const found: number[] = [];
    for (let bits = 0; bits <= Math.min(length, ROOT_BITS); bits += 1) {
      const value = this.rootSlots[(1 << bits) | ((w0 >>> 16) >>> (16 - bits))]! - 1;
      if (value >= 0) found.push(value);
    }
    let node = length > ROOT_BITS ? this.rootNodes[w0 >>> 16]! : 0;
    for (let depth = ROOT_BITS; node !== 0 && depth < length; depth += 4) {
      const tail = nibble(w0, w1, w2, w3, depth);
      for (let bits = 1; bits <= Math.min(4, length - depth); bits += 1) {
        const value = this.pool.slot(node, heapNumber(tail, bits));
        if (value >= 0) found.push(value);
      }
      node = this.pool.child(node, tail);
    }
    return found.reverse();
  }

  /** Values strictly inside the prefix in the order of routing tables (address, then length), at most `max`. */
  inside(words: readonly number[], length: number, max: number): number[] {
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words;
    const found: number[] = [];
    if (length <= ROOT_BITS) {
      this.gatherRoot((1 << length) | ((w0 >>> 16) >>> (16 - length)), false, max, found);
      return found;
    }
    let node = this.rootNodes[w0 >>> 16]!;
    let depth = ROOT_BITS;
    for (; node !== 0 && length - depth >= 4; depth += 4)
      node = this.pool.child(node, nibble(w0, w1, w2, w3, depth));
    if (node === 0) return found;
    this.gather(node, heapNumber(nibble(w0, w1, w2, w3, depth), length - depth), false, max, found);
    return found;
  }

  private gatherRoot(cell: number, itself: boolean, max: number, found: number[]): void {
    if (this.rootBelow[cell] === 0 || found.length >= max) return;
    if (itself && this.rootSlots[cell] !== 0) found.push(this.rootSlots[cell]! - 1);
    if (cell < HEADS) {
      this.gatherRoot(2 * cell, true, max, found);
      this.gatherRoot(2 * cell + 1, true, max, found);
    } else if (this.rootNodes[cell - HEADS] !== 0)
      this.gather(this.rootNodes[cell - HEADS]!, 1, true, max, found);
  }

  private gather(node: number, h: number, itself: boolean, max: number, found: number[]): void {
    if (found.length >= max) return;
    const value = itself && h > 1 ? this.pool.slot(node, h) : -1;
    if (value >= 0) found.push(value);
    if (h < 16) {
      this.gather(node, 2 * h, true, max, found);
      this.gather(node, 2 * h + 1, true, max, found);
      return;
    }
    const child = this.pool.child(node, h - 16);
    if (child !== 0) this.gather(child, 1, true, max, found);
  }
}

/** The four bits behind the first `depth` bits; `depth` is a multiple of 4 and below 128. */
function nibble(w0: number, w1: number, w2: number, w3: number, depth: number): number {
  const word = depth < 32 ? w0 : depth < 64 ? w1 : depth < 96 ? w2 : w3;
  return (word >>> (28 - (depth & 31))) & 15;
}

/** Heap number of the first `bits` (0…4) of a 4-bit tail. */
function heapNumber(tail: number, bits: number): number {
  return (1 << bits) | (tail >> (4 - bits));
}
