/**
 * Which watched prefix covers this one, and does this one cover any? An index over the prefixes of the watchlist, each
 * with a small integer of the caller's choosing (its slot). First thing an announcement meets behind the decoder, and
 * what the quick reject asks on raw bytes. Pure, hot; the structure is explained in `stride-trie.ts`.
 */
import type { Family } from '../bgp/address.ts';
import type { Prefix } from '../bgp/prefix.ts';
import { StrideTrie } from './stride-trie.ts';

/**
 * Mutable map from prefix to slot (integer 0…2³¹−2). One prefix is inserted or removed without touching the others:
 * microseconds, but for prefixes shorter than /8, which touch up to 65,536 cells. Lookups allocate nothing.
 * Words are 32-bit numbers, signed or unsigned; signed ones stay unboxed in hot code. Bits behind `length` don't count.
 */
export class PrefixIndex {
  private readonly trie4 = new StrideTrie();
  private readonly trie6 = new StrideTrie();

  /** How many prefixes there are, both families. */
  get size(): number {
    return this.trie4.size + this.trie6.size;
  }

  /** Bytes held by the typed arrays, for the bench and the log. */
  get bytes(): number {
    return this.trie4.bytes + this.trie6.bytes;
  }

  /** Adds the prefix, or gives it another slot. */
  insert(prefix: Prefix, slot: number): void {
    this.trieOf(prefix).insert(prefix.words, prefix.length, slot);
  }

  /** The same, of a prefix that is no object. Host bits are zero. */
  insertWords(family: Family, words: readonly number[], length: number, slot: number): void {
    (family === 4 ? this.trie4 : this.trie6).insert(words, length, slot);
  }

  /** Gives back what was taken ahead of need while many prefixes came in; some room for more stays. */
  trim(): void {
    this.trie4.trim();
    this.trie6.trim();
  }

  /** Removes the prefix; nothing happens when it is not there. */
  remove(prefix: Prefix): void {
    this.trieOf(prefix).remove(prefix.words, prefix.length);
  }

  /** Slot of exactly this prefix, −1 when it is not indexed. */
  exact(prefix: Prefix): number {
    const [w0, w1, w2, w3] = prefix.words;
    return this.trieOf(prefix).exact(w0, w1, w2, w3, prefix.length);
  }

  /** The same, of a prefix that is no object. */
  exactWords(family: Family, words: readonly [number, number, number, number], length: number): number {
    const [w0, w1, w2, w3] = words;
    return this.exactAt(family, w0, w1, w2, w3, length);
  }

  /** The same in numbers. */
  exactAt(family: number, w0: number, w1: number, w2: number, w3: number, length: number): number {
    return (family === 4 ? this.trie4 : this.trie6).exact(w0, w1, w2, w3, length);
  }

  /** Slot of the most specific indexed prefix that is equal to or less specific than the given one; −1. */
  covering4(w0: number, length: number): number {
    return this.trie4.covering(w0, 0, 0, 0, length);
  }

  /** The same for IPv6. */
  covering6(w0: number, w1: number, w2: number, w3: number, length: number): number {
    return this.trie6.covering(w0, w1, w2, w3, length);
  }

  /** True when no indexed prefix covers the given one or lies inside it; false says nothing. Cheaper than to ask for both. */
  isFree4(w0: number, length: number): boolean {
    return this.trie4.isFree(w0, length);
  }

  /** The same for IPv6. */
  isFree6(w0: number, length: number): boolean {
    return this.trie6.isFree(w0, length);
  }

  /** True when some indexed prefix lies strictly inside the given one. */
  anyInside4(w0: number, length: number): boolean {
    return this.trie4.anyInside(w0, 0, 0, 0, length);
  }

  /** The same for IPv6. */
  anyInside6(w0: number, w1: number, w2: number, w3: number, length: number): boolean {
    return this.trie6.anyInside(w0, w1, w2, w3, length);
  }

  /** Slot of the most specific indexed prefix that is equal to or less specific than the given one; −1. */
  coveringOf(prefix: Prefix): number {
    const [w0, w1, w2, w3] = prefix.words;
    return this.trieOf(prefix).covering(w0, w1, w2, w3, prefix.length);
  }

  /** Slots of all indexed prefixes that are equal to or less specific than the given one, most specific first. */
  chainOf(prefix: Prefix): number[] {
    return this.trieOf(prefix).chain(prefix.words, prefix.length);
  }

  /** Slots strictly inside the given prefix in the order of routing tables (address, then length), at most `max`. */
  insideOf(prefix: Prefix, max: number): number[] {
    return this.trieOf(prefix).inside(prefix.words, prefix.length, max);
  }

  private trieOf(prefix: Prefix): StrideTrie {
    return prefix.family === 4 ? this.trie4 : this.trie6;
  }
}
