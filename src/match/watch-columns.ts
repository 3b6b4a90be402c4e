/**
 * The entries of a watchlist in columns: one buffer of bytes that holds a million entries in some 40 MB, is kept in the
 * database as it is and handed from thread to thread without a copy. An entry becomes an object when somebody asks for
 * it. Made by `watch-builder.ts`; decision 0029. Pure.
 *
 *   header   16 words: mark, form, rows, then how many of each (`HEADER`), then the bytes of the sections that vary
 *   columns  place, origins, terms, name: a word a row; length, maximum length, family: a byte a row
 *   place    the word of an IPv4 prefix, a row of `words6` for an IPv6 one, the number of an AS
 *   origins  0: learned; else 1 + the list in `listAt` and `listItems`
 *   terms    which of the distinct combinations of everything else the entry has, an object each
 *   names    UTF-8, one behind the other
 */
import { type Prefix, prefixFromWords } from '../bgp/prefix.ts';
import type { PrefixEntry, WatchEntry } from './watchlist.ts';

/** What entries share: everything but prefix or AS, name, origins and maximum length. */
export interface Terms
  extends Pick<
    PrefixEntry,
    | 'group'
    | 'services'
    | 'tags'
    | 'minPeers'
    | 'mitigation'
    | 'mustSeeThrough'
    | 'mute'
    | 'upstreams'
    | 'path'
    | 'severity'
    | 'ignore'
    | 'moreSpecifics'
  > {}

export const MARK = 0x4f574c31;
/** Raised with each change of the layout: other forms are refused, and the list is made anew from its text. */
export const FORM = 2;
export const HEADER = {
  mark: 0,
  form: 1,
  rows: 2,
  watched4: 3,
  watched6: 4,
  holes: 5,
  asns: 6,
  lists: 7,
  listItems: 8,
  words6: 9,
  names: 10,
  terms: 11,
} as const;
export const HEADER_WORDS = 16;
/** The family of a row that is an AS. */
export const AS_ROW = 0;

/** Where each section begins, in bytes, and the end of the whole; from the words of the header. */
export function sectionsOf(header: Uint32Array): readonly number[] {
  const rows = header[HEADER.rows]!;
  const words = [rows, rows, rows, rows + 1, header[HEADER.lists]! + 1, header[HEADER.listItems]!];
  const bytes = [...words, header[HEADER.words6]!].map((count) => count * 4);
  bytes.push(rows, rows, rows, header[HEADER.names]!, header[HEADER.terms]!);
  const starts: number[] = [];
  let at = HEADER_WORDS * 4;
  for (const size of bytes) {
    starts.push(at);
    at += (size + 7) & -8;
  }
  return [...starts, at];
}

export class WatchColumns implements Iterable<WatchEntry> {
  /** The whole, as it is stored. Not to be changed. */
  readonly bytes: Uint8Array;
  /** How many entries: prefixes, holes and ASes. */
  readonly length: number;
  /** Prefixes without holes, by family; holes; ASes. */
  readonly counts: Readonly<Record<'watched4' | 'watched6' | 'holes' | 'asns', number>>;
  readonly terms: readonly Terms[];
  /** 4, 6, or `AS_ROW`. */
  readonly families: Uint8Array;
  readonly lengths: Uint8Array;
  private readonly places: Uint32Array;
  private readonly origins: Uint32Array;
  private readonly termsAt: Uint32Array;
  private readonly nameAt: Uint32Array;
  private readonly listAt: Uint32Array;
  private readonly listItems: Uint32Array;
  private readonly words6: Uint32Array;
  private readonly maxLengths: Uint8Array;
  private readonly names: Buffer;

  private constructor(bytes: Uint8Array, header: Uint32Array, starts: readonly number[]) {
    const { buffer, byteOffset } = bytes;
    const words = (section: number, count: number): Uint32Array =>
      new Uint32Array(buffer, byteOffset + starts[section]!, count);
    const octets = (section: number, count: number): Uint8Array =>
      new Uint8Array(buffer, byteOffset + starts[section]!, count);
    const count = (name: keyof typeof HEADER): number => header[HEADER[name]]!;
    this.bytes = bytes;
    this.length = count('rows');
    this.counts = {
      watched4: count('watched4'),
      watched6: count('watched6'),
      holes: count('holes'),
      asns: count('asns'),
    };
    this.places = words(0, this.length);
    this.origins = words(1, this.length);
    this.termsAt = words(2, this.length);
    this.nameAt = words(3, this.length + 1);
    this.listAt = words(4, count('lists') + 1);
    this.listItems = words(5, count('listItems'));
    this.words6 = words(6, count('words6'));
    this.lengths = octets(7, this.length);
    this.maxLengths = octets(8, this.length);
    this.families = octets(9, this.length);
    this.names = bufferOf(octets(10, count('names')));
    const text = bufferOf(octets(11, count('terms'))).toString('utf8');
    this.terms = (JSON.parse(text) as Terms[]).map(completed);
  }

  /** Undefined for bytes that are no columns of this form. The bytes are taken over, aligned ones without a copy. */
  static open(bytes: Uint8Array): WatchColumns | undefined {
    const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
    if (aligned.byteLength < HEADER_WORDS * 4) return undefined;
    const header = new Uint32Array(aligned.buffer, aligned.byteOffset, HEADER_WORDS);
    if (header[HEADER.mark] !== MARK || header[HEADER.form] !== FORM) return undefined;
    const starts = sectionsOf(header);
    if (starts.at(-1) !== aligned.byteLength) return undefined;
    return new WatchColumns(aligned, header, starts);
  }

  /** The entry of a row, made anew each time. */
  at(row: number): WatchEntry {
    const { ignore, moreSpecifics, ...base } = this.termsOf(row);
    const name = this.name(row);
    if (this.families[row] === AS_ROW) return { type: 'asn', asn: this.places[row]!, name, ...base };
    return this.prefixEntry(row, this.prefix(row));
  }

  /** The same of a row with a prefix that the caller has at hand. */
  prefixEntry(row: number, prefix: Prefix): PrefixEntry {
    const terms = this.termsOf(row);
    return {
      type: 'prefix',
      prefix,
      name: this.name(row),
      group: terms.group,
      services: terms.services,
      tags: terms.tags,
      minPeers: terms.minPeers,
      mitigation: terms.mitigation,
      mustSeeThrough: terms.mustSeeThrough,
      mute: terms.mute,
      upstreams: terms.upstreams,
      path: terms.path,
      severity: terms.severity,
      ignore: terms.ignore,
      origins: this.originsOf(row),
      maxLength: this.maxLengths[row]!,
      moreSpecifics: terms.moreSpecifics,
    };
  }

  *[Symbol.iterator](): IterableIterator<WatchEntry> {
    for (let row = 0; row < this.length; row += 1) yield this.at(row);
  }

  /** The prefix of a row that is no AS. */
  prefix(row: number): Prefix {
    const family = this.families[row] === 4 ? 4 : 6;
    return prefixFromWords(family, this.words(row), this.lengths[row]!).prefix;
  }

  /** The words of the prefix of a row that is no AS. */
  words(row: number): [number, number, number, number] {
    const place = this.places[row]!;
    if (this.families[row] === 4) return [place, 0, 0, 0];
    const { words6 } = this;
    const at = place * 4;
    return [words6[at]!, words6[at + 1]!, words6[at + 2]!, words6[at + 3]!];
  }

  /** The number of a row that is an AS. */
  asn(row: number): number {
    return this.places[row]!;
  }

  termsOf(row: number): Terms {
    return this.terms[this.termsAt[row]!]!;
  }

  isHole(row: number): boolean {
    return this.termsOf(row).ignore;
  }

  originsOf(row: number): readonly number[] | undefined {
    const list = this.origins[row]!;
    if (list === 0) return undefined;
    const start = this.listAt[list - 1]!;
    return this.listAt[list] === start + 1 ? [this.listItems[start]!] : [...this.itemsOf(list)];
  }

  private itemsOf(list: number): Uint32Array {
    return this.listItems.subarray(this.listAt[list - 1]!, this.listAt[list]!);
  }

  /** Every AS that some entry names among its origins; one that stands in several lists comes several times. */
  everyOrigin(): Uint32Array {
    return this.listItems;
  }

  private name(row: number): string {
    const start = this.nameAt[row]!;
    const end = this.nameAt[row + 1]!;
    return start === end ? '' : this.names.toString('utf8', start, end);
  }

  /** Rows that name the AS among their origins, or are this AS. A walk over one column. */
  rowsOfAs(asn: number): number[] {
    const wanted = new Set<number>();
    for (let list = 1; list < this.listAt.length; list += 1)
      if (this.itemsOf(list).includes(asn)) wanted.add(list);
    const found: number[] = [];
    for (let row = 0; row < this.length; row += 1) {
      const isMeant =
        this.families[row] === AS_ROW ? this.places[row] === asn : wanted.has(this.origins[row]!);
      if (isMeant) found.push(row);
    }
    return found;
  }

  /** Rows whose terms are meant. A walk over one column. */
  rowsWith(isMeant: (terms: Terms) => boolean): number[] {
    const wanted = this.terms.map(isMeant);
    const found: number[] = [];
    if (!wanted.includes(true)) return found;
    for (let row = 0; row < this.length; row += 1) if (wanted[this.termsAt[row]!]) found.push(row);
    return found;
  }

  /** True when a row of ours and one of the other say the same of their entry; prefix or AS are not looked at. */
  saysTheSame(row: number, other: WatchColumns, otherRow: number, sameTerms: Int32Array): boolean {
    return (
      sameTerms[this.termsAt[row]!] === other.termsAt[otherRow]! &&
      this.maxLengths[row] === other.maxLengths[otherRow] &&
      this.hasOriginsOf(row, other, otherRow) &&
      this.hasNameOf(row, other, otherRow)
    );
  }

  private hasOriginsOf(row: number, other: WatchColumns, otherRow: number): boolean {
    const [mine, theirs] = [this.origins[row]!, other.origins[otherRow]!];
    if (mine === 0 || theirs === 0) return mine === theirs;
    let at = this.listAt[mine - 1]!;
    let there = other.listAt[theirs - 1]!;
    const end = this.listAt[mine]!;
    if (end - at !== other.listAt[theirs]! - there) return false;
    for (; at < end; at += 1, there += 1) if (this.listItems[at] !== other.listItems[there]) return false;
    return true;
  }

  private hasNameOf(row: number, other: WatchColumns, otherRow: number): boolean {
    let at = this.nameAt[row]!;
    let there = other.nameAt[otherRow]!;
    const end = this.nameAt[row + 1]!;
    if (end - at !== other.nameAt[otherRow + 1]! - there) return false;
    for (; at < end; at += 1, there += 1) if (this.names[at] !== other.names[there]) return false;
    return true;
  }

  /** For `saysTheSame`: to each of our terms the place of equal ones there, −1 when there are none. */
  termsIn(other: WatchColumns): Int32Array {
    const places = new Map(other.terms.map((terms, place) => [JSON.stringify(terms), place]));
    return Int32Array.from(this.terms, (terms) => places.get(JSON.stringify(terms)) ?? -1);
  }

  /** Equal in all that counts, the order of the entries too. */
  equals(other: WatchColumns): boolean {
    return bufferOf(this.bytes).equals(other.bytes);
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** JSON drops what is undefined: the keys are there all the same, in one order. */
function completed(terms: Terms): Terms {
  return Object.freeze({
    group: terms.group,
    services: terms.services,
    tags: terms.tags,
    minPeers: terms.minPeers,
    mitigation: terms.mitigation,
    mustSeeThrough: terms.mustSeeThrough,
    mute: terms.mute,
    upstreams: terms.upstreams,
    path: terms.path,
    severity: terms.severity,
    ignore: terms.ignore,
    moreSpecifics: terms.moreSpecifics,
  });
}
