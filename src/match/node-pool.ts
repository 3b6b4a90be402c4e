/**
 * Storage of the prefix index: nodes of a 4-bit-stride trie ("tree bitmap", Eatherton, Varghese, Dittia 2004) in two
 * growing typed arrays, with a free list for each block size. Pure, hot.
 *
 *   nodes   4 words a node:  [ prefixes | children | childBase | slotBase ]
 *           prefixes  bit h (2…31) is set when the prefix with heap number h ends in this node. Heap numbers name the
 *                     1- to 4-bit tails: h = 2^bits + tail, so 2,3 | 4…7 | 8…15 | 16…31
 *           children  bit n (0…15) is set when the 4-bit tail n has a node below
 *           childBase first of the children, which lie side by side in the order of their tails
 *   slots   the values of the prefixes that end in the node, from slotBase on, in the order of their heap numbers
 *
 * Node 0 and slot 0 mean "none". A block moves when it grows or shrinks; the node that owns it stays where it is.
 */

/** Words a node. */
const NODE = 4;
const CHILDREN_MAX = 16;
const SLOTS_MAX = 30;

/** Counts the bits that are set in the 32 bits of `value`. */
export function countBits(value: number): number {
  let x = value - ((value >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Bits of the heap numbers on the way to the 4-bit tail n: everything in the node that covers it. */
export const WAY_TO: Int32Array = Int32Array.from({ length: 16 }, (_, tail) => {
  const leaf = 16 + tail;
  return (1 << leaf) | (1 << (leaf >> 1)) | (1 << (leaf >> 2)) | (1 << (leaf >> 3));
});

/** Bits of the heap numbers strictly below heap number h (1…31; 1 is the node itself). */
export const BELOW: Int32Array = Int32Array.from({ length: 32 }, (_, h) => {
  let bits = 0;
  for (let other = 2; other < 32; other += 1) {
    for (let up = other >> 1; up >= 1; up >>= 1) if (up === h) bits |= 1 << other;
  }
  return bits;
});

/** Bits of the children at or below heap number h (1…31). */
export const CHILDREN_OF: Int32Array = Int32Array.from({ length: 32 }, (_, h) => {
  let bits = 0;
  for (let tail = 0; tail < 16; tail += 1) {
    for (let up = 16 + tail; up >= 1; up >>= 1) if (up === h) bits |= 1 << tail;
  }
  return bits;
});

/** Nodes and their values. Node numbers are offsets into `nodes`; they stay valid while the node exists and its parent's block does not move. */
export class NodePool {
  nodes: Int32Array = new Int32Array(1024);
  slots: Int32Array = new Int32Array(1024);
  private nodesEnd = NODE;
  private slotsEnd = 1;
  /** Freed blocks by size; the first word of a freed block names the next one. */
  private readonly freeNodes = new Int32Array(CHILDREN_MAX + 1);
  private readonly freeSlots = new Int32Array(SLOTS_MAX + 1);

  /** Bytes held. */
  get bytes(): number {
    return this.nodes.byteLength + this.slots.byteLength;
  }

  /** Cuts the arrays to what is used and a little more. */
  trim(): void {
    this.nodes = trimmed(this.nodes, this.nodesEnd);
    this.slots = trimmed(this.slots, this.slotsEnd);
  }

  /** A block of one empty node. */
  newNode(): number {
    const node = this.takeNodes(1);
    this.nodes.fill(0, node, node + NODE);
    return node;
  }

  dropNode(node: number): void {
    this.giveNodes(node, 1);
  }

  isEmpty(node: number): boolean {
    return this.nodes[node] === 0 && this.nodes[node + 1] === 0;
  }

  /** The child behind the 4-bit tail; 0 when there is none. */
  child(node: number, tail: number): number {
    const children = this.nodes[node + 1]!;
    const bit = 1 << tail;
    if ((children & bit) === 0) return 0;
    return this.nodes[node + 2]! + NODE * countBits(children & (bit - 1));
  }

  /** The child behind the tail, made when missing. Moves the siblings, so numbers of children taken earlier are void. */
  childMade(node: number, tail: number): number {
    const existing = this.child(node, tail);
    if (existing !== 0) return existing;
    const children = this.nodes[node + 1]!;
    const count = countBits(children);
    const before = countBits(children & ~(-1 << tail)) * NODE;
    const base = this.takeNodes(count + 1);
    const nodes = this.nodes;
    if (count > 0) {
      const old = nodes[node + 2]!;
      nodes.copyWithin(base, old, old + before);
      nodes.copyWithin(base + before + NODE, old + before, old + count * NODE);
      this.giveNodes(old, count);
    }
    nodes.fill(0, base + before, base + before + NODE);
    nodes[node + 1] = children | (1 << tail);
    nodes[node + 2] = base;
    return base + before;
  }

  /** Removes an empty child; its siblings move. */
  removeChild(node: number, tail: number): void {
    const children = this.nodes[node + 1]!;
    const count = countBits(children);
    const before = countBits(children & ~(-1 << tail)) * NODE;
    const old = this.nodes[node + 2]!;
    const base = count === 1 ? 0 : this.takeNodes(count - 1);
    const nodes = this.nodes;
    if (base !== 0) {
      nodes.copyWithin(base, old, old + before);
      nodes.copyWithin(base + before, old + before + NODE, old + count * NODE);
    }
    this.giveNodes(old, count);
    nodes[node + 1] = children & ~(1 << tail);
    nodes[node + 2] = base;
  }

  /** Value of heap number h in the node, −1 when no prefix ends there. */
  slot(node: number, h: number): number {
    const prefixes = this.nodes[node]!;
    if ((prefixes & (1 << h)) === 0) return -1;
    return this.slots[this.nodes[node + 3]! + countBits(prefixes & ~(-1 << h))]!;
  }

  /** Sets the value of heap number h; true when a prefix is new there. */
  setSlot(node: number, h: number, value: number): boolean {
    const prefixes = this.nodes[node]!;
    const rank = countBits(prefixes & ~(-1 << h));
    const old = this.nodes[node + 3]!;
    if ((prefixes & (1 << h)) !== 0) {
      this.slots[old + rank] = value;
      return false;
    }
    const count = countBits(prefixes);
    const base = this.takeSlots(count + 1);
    const slots = this.slots;
    if (count > 0) {
      slots.copyWithin(base, old, old + rank);
      slots.copyWithin(base + rank + 1, old + rank, old + count);
      this.giveSlots(old, count);
    }
    slots[base + rank] = value;
    this.nodes[node] = prefixes | (1 << h);
    this.nodes[node + 3] = base;
    return true;
  }

  /** Removes heap number h; true when a prefix ended there. */
  removeSlot(node: number, h: number): boolean {
    const prefixes = this.nodes[node]!;
    if ((prefixes & (1 << h)) === 0) return false;
    const rank = countBits(prefixes & ~(-1 << h));
    const count = countBits(prefixes);
    const old = this.nodes[node + 3]!;
    const base = count === 1 ? 0 : this.takeSlots(count - 1);
    const slots = this.slots;
    if (base !== 0) {
      slots.copyWithin(base, old, old + rank);
      slots.copyWithin(base + rank, old + rank + 1, old + count);
    }
    this.giveSlots(old, count);
    this.nodes[node] = prefixes & ~(1 << h);
    this.nodes[node + 3] = base;
    return true;
  }

  private takeNodes(count: number): number {
    const free = this.freeNodes[count]!;
    if (free !== 0) {
      this.freeNodes[count] = this.nodes[free]!;
      return free;
    }
    const base = this.nodesEnd;
    this.nodesEnd += count * NODE;
    if (this.nodesEnd > this.nodes.length) this.nodes = grown(this.nodes, this.nodesEnd);
    return base;
  }

  private giveNodes(base: number, count: number): void {
    this.nodes[base] = this.freeNodes[count]!;
    this.freeNodes[count] = base;
  }

  private takeSlots(count: number): number {
    const free = this.freeSlots[count]!;
    if (free !== 0) {
      this.freeSlots[count] = this.slots[free]!;
      return free;
    }
    const base = this.slotsEnd;
    this.slotsEnd += count;
    if (this.slotsEnd > this.slots.length) this.slots = grown(this.slots, this.slotsEnd);
    return base;
  }

  private giveSlots(base: number, count: number): void {
    this.slots[base] = this.freeSlots[count]!;
    this.freeSlots[count] = base;
  }
}

/** Half as long again: a table of millions of prefixes must not hold twice what it needs. */
function grown(array: Int32Array, needed: number): Int32Array {
  const larger = new Int32Array(Math.max(needed, array.length + (array.length >> 1)));
  larger.set(array);
  return larger;
}

/** Room for a few thousand changes: a growing copy of millions of cells would hold up what comes meanwhile. */
function trimmed(array: Int32Array, used: number): Int32Array {
  const wanted = used + Math.max(1_024, used >> 5);
  return array.length <= wanted ? array : array.slice(0, wanted);
}
