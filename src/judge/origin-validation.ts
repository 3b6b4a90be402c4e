/**
 * Origin validation by RFC 6811: is this origin allowed to announce this prefix? Called by judging when a watched
 * prefix was seen, and by `explain` and `check`. Where no export is loaded at all, there is no table to ask.
 *
 * The table holds each VRP in columns of typed arrays, linked into chains of a hash over (network, length). A prefix
 * is asked for at each length that occurs in its family, so a question costs at most 33 or 129 look-ups. 600,000 VRPs
 * take about 30 MB.
 */
import type { Family } from '../bgp/address.ts';
import { covers, type Prefix, prefixFromWords } from '../bgp/prefix.ts';
import type { Vrp, VrpRow } from '../bgp/vrp.ts';

export type ValidationState = 'valid' | 'invalid' | 'not-found';

export interface Validation {
  readonly state: ValidationState;
  /** Only when invalid. `length`: a covering VRP names the origin, but the prefix is too long. `origin`: none does. */
  readonly reason: 'origin' | 'length' | undefined;
  /** VRPs that cover the prefix, the most specific first, at most `COVERING_MAX`; the one that decides comes first. */
  readonly covering: readonly Vrp[];
}

/** As many VRPs as an explanation names. */
export const COVERING_MAX = 20;

/** As many VRPs as a listing of the inside of a prefix returns at most. */
export const INSIDE_MAX = 10_000;

type Words = readonly [number, number, number, number];

/** Growable columns; IPv4 fills only the first word column. */
interface Columns {
  words: [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
  lengths: Uint8Array;
  maxLengths: Uint8Array;
  asns: Uint32Array;
  /** Unix seconds of the end, and of that of the ROA itself; 0: the export does not say. */
  until: Uint32Array;
  roaEnds: Uint32Array;
  /** Row before this one in the same chain, -1 at its end. */
  next: Int32Array;
  /** Last row of each chain, -1 where there is none; a power of two long. */
  heads: Int32Array;
  count: number;
  /** Rows of each prefix length. */
  readonly ofLength: Uint32Array;
  /** Rows in order of their first word; made when first asked for. */
  order: Uint32Array | undefined;
}

/** Immutable once built. */
export class VrpTable {
  private readonly families: Readonly<Record<Family, Columns>>;

  /** The latest end of all, ms; −Infinity for an empty table. */
  private readonly lastEndMs: number;

  constructor(families: Readonly<Record<Family, Columns>>) {
    this.families = families;
    let last = Number.NEGATIVE_INFINITY;
    for (const { until, count } of [families[4], families[6]])
      for (let row = 0; row < count; row += 1) last = Math.max(last, endMs(until[row]!));
    this.lastEndMs = last;
  }

  get size(): number {
    return this.families[4].count + this.families[6].count;
  }

  /** Every row, each an object of its own; both families in the order in which they came. */
  *rows(): Generator<Required<VrpRow>> {
    for (const family of [4, 6] as const) {
      const columns = this.families[family];
      for (let row = 0; row < columns.count; row += 1)
        yield {
          family,
          words: wordsAt(columns, family, row),
          length: columns.lengths[row] ?? 0,
          maxLength: columns.maxLengths[row] ?? 0,
          asn: columns.asns[row] ?? 0,
          untilSeconds: columns.until[row] ?? 0,
          roaEndsSeconds: columns.roaEnds[row] ?? 0,
        };
    }
  }

  /**
   * RFC 6811 §2. `origin` undefined stands for NONE (an AS_SET, or no origin), which no VRP matches;
   * neither does AS 0 (RFC 6483 §4). A VRP past its end at `nowMs` counts for nothing; without a time all count.
   */
  validate(prefix: Prefix, origin: number | undefined, nowMs = Number.NEGATIVE_INFINITY): Validation {
    let named: Vrp | undefined;
    const covering: Vrp[] = [];
    const columns = this.families[prefix.family];
    for (const row of this.coveringRows(prefix)) {
      if (endMs(columns.until[row]!) <= nowMs) continue;
      const names = origin !== undefined && origin !== 0 && columns.asns[row] === origin;
      if (names && prefix.length <= (columns.maxLengths[row] ?? 0)) {
        return { state: 'valid', reason: undefined, covering: [vrpAt(columns, prefix.family, row)] };
      }
      if (names) named ??= vrpAt(columns, prefix.family, row);
      if (covering.length < COVERING_MAX) covering.push(vrpAt(columns, prefix.family, row));
    }
    if (covering.length === 0) return { state: 'not-found', reason: undefined, covering };
    if (named === undefined) return { state: 'invalid', reason: 'origin', covering };
    const others = covering.filter((vrp) => !sameVrp(vrp, named));
    return { state: 'invalid', reason: 'length', covering: [named, ...others].slice(0, COVERING_MAX) };
  }

  /** When a VRP that covers the prefix and holds at `nowMs` ends next, ms; Infinity: none does. */
  nextEndMs(prefix: Prefix, nowMs: number): number {
    const { until } = this.families[prefix.family];
    let next = Number.POSITIVE_INFINITY;
    for (const row of this.coveringRows(prefix)) {
      const atMs = endMs(until[row]!);
      if (atMs > nowMs && atMs < next) next = atMs;
    }
    return next;
  }

  /** Some VRP holds at this time: without any, RPKI is unknown. */
  holds(nowMs: number): boolean {
    return this.lastEndMs > nowMs;
  }

  /** The end of each ROA that makes the origin valid for the prefix at this time, ms; Infinity where it is not said. */
  roaEndsMs(prefix: Prefix, origin: number, nowMs: number): readonly number[] {
    const columns = this.families[prefix.family];
    const ends: number[] = [];
    for (const row of this.coveringRows(prefix)) {
      if (columns.asns[row] !== origin || prefix.length > columns.maxLengths[row]!) continue;
      if (origin !== 0 && endMs(columns.until[row]!) > nowMs) ends.push(endMs(columns.roaEnds[row]!));
    }
    return ends;
  }

  /** VRPs whose prefix is equal to or less specific than this one, the most specific first, at most `limit`. */
  vrpsCovering(prefix: Prefix, limit = COVERING_MAX): readonly Vrp[] {
    const found: Vrp[] = [];
    for (const row of this.coveringRows(prefix)) {
      if (found.length >= limit) break;
      found.push(vrpAt(this.families[prefix.family], prefix.family, row));
    }
    return found;
  }

  /**
   * VRPs whose prefix is equal to or more specific than this one, in order of address, at most `limit`.
   * The first call sorts the table once (about 0.1 s for 600,000).
   */
  vrpsInside(prefix: Prefix, limit = INSIDE_MAX): readonly Vrp[] {
    const columns = this.families[prefix.family];
    columns.order ??= orderByFirstWord(columns);
    const first = prefix.words[0];
    const last = first + (prefix.length >= 32 ? 0 : 2 ** (32 - prefix.length) - 1);
    const found: Vrp[] = [];
    for (
      let at = lowerBound(columns, columns.order, first);
      at < columns.count && found.length < limit;
      at += 1
    ) {
      const row = columns.order[at] ?? 0;
      if ((columns.words[0][row] ?? 0) > last) break;
      if ((columns.lengths[row] ?? 0) < prefix.length) continue;
      const vrp = vrpAt(columns, prefix.family, row);
      if (covers(prefix, vrp.prefix)) found.push(vrp);
    }
    return found;
  }

  /** Rows that cover the prefix, by falling length; within a length the latest added first. */
  private *coveringRows(prefix: Prefix): Generator<number> {
    const columns = this.families[prefix.family];
    for (let length = prefix.length; length >= 0; length -= 1) {
      if (columns.ofLength[length] === 0) continue;
      const words = maskWords(prefix.words, length);
      let row = columns.heads[slotOf(columns, words, length)] ?? -1;
      for (; row >= 0; row = columns.next[row] ?? -1) {
        if (columns.lengths[row] === length && sameWords(columns, row, words)) yield row;
      }
    }
  }
}

/** Fills a table row by row; `build` hands it over and the builder is done. */
export class VrpTableBuilder {
  private readonly families: Readonly<Record<Family, Columns>>;

  /** `expected` rows of both families together fit without growing, which would stop the process for some 0.1 s. */
  constructor(expected = 0) {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(expected, CAPACITY_FIRST)));
    this.families = { 4: newColumns(4, capacity), 6: newColumns(6, Math.max(capacity / 2, CAPACITY_FIRST)) };
  }

  /** Trusts the row: lengths within the family and host bits zero are the decoder's to check. */
  add(row: VrpRow): void {
    const columns = this.families[row.family];
    if (columns.count === columns.lengths.length) grow(columns, row.family);
    const at = columns.count;
    columns.words[0][at] = row.words[0];
    if (row.family === 6)
      for (let word = 1; word < 4; word += 1)
        columns.words[word as 1 | 2 | 3][at] = row.words[word as 1 | 2 | 3];
    columns.lengths[at] = row.length;
    columns.maxLengths[at] = row.maxLength;
    columns.asns[at] = row.asn;
    columns.until[at] = row.untilSeconds ?? 0;
    columns.roaEnds[at] = row.roaEndsSeconds ?? 0;
    columns.ofLength[row.length] = (columns.ofLength[row.length] ?? 0) + 1;
    columns.count += 1;
    link(columns, at, slotOf(columns, row.words, row.length));
  }

  addVrp(vrp: Vrp): void {
    const { family, words, length } = vrp.prefix;
    this.add({ family, words, length, maxLength: vrp.maxLength, asn: vrp.asn });
  }

  build(): VrpTable {
    return new VrpTable(this.families);
  }
}

/** A table of the given VRPs; for tests, `explain`, and small sets. */
export function vrpTableOf(vrps: Iterable<Vrp>): VrpTable {
  const builder = new VrpTableBuilder();
  for (const vrp of vrps) builder.addVrp(vrp);
  return builder.build();
}

const CAPACITY_FIRST = 1_024;

function newColumns(family: Family, capacity: number): Columns {
  const words = (index: number): Uint32Array => new Uint32Array(index === 0 || family === 6 ? capacity : 0);
  return {
    words: [words(0), words(1), words(2), words(3)],
    lengths: new Uint8Array(capacity),
    maxLengths: new Uint8Array(capacity),
    asns: new Uint32Array(capacity),
    until: new Uint32Array(capacity),
    roaEnds: new Uint32Array(capacity),
    next: new Int32Array(capacity),
    heads: new Int32Array(capacity * 2).fill(-1),
    count: 0,
    ofLength: new Uint32Array(129),
    order: undefined,
  };
}

/** Doubles every column and links all rows anew. */
function grow(columns: Columns, family: Family): void {
  const capacity = columns.count * 2;
  const wider = (column: Uint32Array): Uint32Array => {
    const copy = new Uint32Array(capacity);
    copy.set(column);
    return copy;
  };
  const [first, ...rest] = columns.words;
  const [second, third, fourth] = family === 6 ? [wider(rest[0]), wider(rest[1]), wider(rest[2])] : rest;
  columns.words = [wider(first), second, third, fourth];
  columns.asns = wider(columns.asns);
  columns.until = wider(columns.until);
  columns.roaEnds = wider(columns.roaEnds);
  const lengths = new Uint8Array(capacity);
  lengths.set(columns.lengths);
  columns.lengths = lengths;
  const maxLengths = new Uint8Array(capacity);
  maxLengths.set(columns.maxLengths);
  columns.maxLengths = maxLengths;
  columns.next = new Int32Array(capacity);
  columns.heads = new Int32Array(capacity * 2).fill(-1);
  for (let row = 0; row < columns.count; row += 1) {
    link(columns, row, slotOf(columns, wordsAt(columns, family, row), columns.lengths[row] ?? 0));
  }
}

function endMs(seconds: number): number {
  return seconds === 0 ? Number.POSITIVE_INFINITY : seconds * 1_000;
}

function link(columns: Columns, row: number, slot: number): void {
  columns.next[row] = columns.heads[slot] ?? -1;
  columns.heads[slot] = row;
}

/** Multiplicative mixing in the manner of MurmurHash3's finaliser. */
function slotOf(columns: Columns, words: Words, length: number): number {
  let hash = Math.imul(words[0] ^ Math.imul(length + 1, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15) ^ words[1], 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 13) ^ words[2], 0x27d4eb2f);
  hash = Math.imul(hash ^ (hash >>> 16) ^ words[3], 0x165667b1);
  return (hash ^ (hash >>> 15)) & (columns.heads.length - 1);
}

function maskWords(words: Words, length: number): Words {
  return [
    maskWord(words[0], length),
    maskWord(words[1], length - 32),
    maskWord(words[2], length - 64),
    maskWord(words[3], length - 96),
  ];
}

function maskWord(word: number, bits: number): number {
  if (bits >= 32) return word;
  return bits <= 0 ? 0 : (word & (-1 << (32 - bits))) >>> 0;
}

function wordsAt(columns: Columns, family: Family, row: number): Words {
  const first = columns.words[0][row] ?? 0;
  if (family === 4) return [first, 0, 0, 0];
  return [first, columns.words[1][row] ?? 0, columns.words[2][row] ?? 0, columns.words[3][row] ?? 0];
}

function sameWords(columns: Columns, row: number, words: Words): boolean {
  return words.every((word, index) => word === (columns.words[index]?.[row] ?? 0));
}

function vrpAt(columns: Columns, family: Family, row: number): Vrp {
  const { prefix } = prefixFromWords(family, wordsAt(columns, family, row), columns.lengths[row] ?? 0);
  return { prefix, maxLength: columns.maxLengths[row] ?? 0, asn: columns.asns[row] ?? 0 };
}

function sameVrp(a: Vrp, b: Vrp): boolean {
  return a.asn === b.asn && a.maxLength === b.maxLength && a.prefix.text === b.prefix.text;
}

/** Sorts (first word, row) pairs as one 64-bit number each, which typed arrays do natively. */
function orderByFirstWord(columns: Columns): Uint32Array {
  const keys = new BigUint64Array(columns.count);
  const halves = new Uint32Array(keys.buffer);
  const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
  const [low, high] = isLittleEndian ? [0, 1] : [1, 0];
  for (let row = 0; row < columns.count; row += 1) {
    halves[row * 2 + low] = row;
    halves[row * 2 + high] = columns.words[0][row] ?? 0;
  }
  keys.sort();
  return Uint32Array.from({ length: columns.count }, (_, index) => halves[index * 2 + low] ?? 0);
}

/** First place in `order` whose first word is not below `word`. */
function lowerBound(columns: Columns, order: Uint32Array, word: number): number {
  let low = 0;
  let high = columns.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((columns.words[0][order[middle] ?? 0] ?? 0) < word) low = middle + 1;
    else high = middle;
  }
  return low;
}
