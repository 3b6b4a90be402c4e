/**
 * Watch entries, one after the other → columns (`watch-columns.ts`). Remembers where each prefix and each AS stands, so
 * that a second one is found without a million texts in a map. Pure; used while a watchlist is read.
 */
import {
  AS_ROW,
  FORM,
  HEADER,
  HEADER_WORDS,
  MARK,
  sectionsOf,
  type Terms,
  WatchColumns,
} from './watch-columns.ts';
import type { WatchEntry, Watchlist } from './watchlist.ts';

/** The columns of a watchlist; of one that has them already, those. */
export function columnsOf({ entries }: Watchlist): WatchColumns {
  if (entries instanceof WatchColumns) return entries;
  const builder = new WatchBuilder();
  for (const entry of entries) builder.add(entry);
  return builder.finish();
}

/** Words that grow: half as long again when full. */
class Words {
  length = 0;
  private cells = new Uint32Array(256);

  push(word: number): void {
    if (this.length === this.cells.length) this.cells = enlarged(this.cells);
    this.cells[this.length] = word;
    this.length += 1;
  }

  at(index: number): number {
    return this.cells[index]!;
  }

  filled(): Uint32Array {
    return this.cells.subarray(0, this.length);
  }
}

function enlarged(cells: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(cells.length + (cells.length >> 1));
  larger.set(cells);
  return larger;
}

export class WatchBuilder {
  private readonly places = new Words();
  private readonly origins = new Words();
  private readonly termsAt = new Words();
  private readonly nameAt = new Words();
  private readonly listAt = new Words();
  private readonly listItems = new Words();
  private readonly words6 = new Words();
  /** Family, length, maximum length: a byte each. */
  private readonly shapes = new Words();
  private readonly counts = { watched4: 0, watched6: 0, holes: 0, asns: 0 };
  private readonly terms: Terms[] = [];
  private readonly termsOf = new Map<string, number>();
  private readonly listOfOne = new Map<number, number>();
  private readonly listOfMany = new Map<string, number>();
  private names: Buffer = Buffer.alloc(4_096);
  private namesEnd = 0;
  /** Open addressing by prefix or AS: 1 + row; 0 is free. Always a power of two, at most half full. */
  private table = new Int32Array(1_024);

  constructor() {
    this.nameAt.push(0);
    this.listAt.push(0);
  }

  get length(): number {
    return this.places.length;
  }

  /** The row of the entry with this prefix or AS, −1 when there is none. */
  find(entry: WatchEntry): number {
    return this.table[this.cellOf(entry)]! - 1;
  }

  /** Adds an entry whose prefix or AS is not there yet; its row. */
  add(entry: WatchEntry): number {
    const row = this.length;
    if ((row + 1) * 2 > this.table.length) this.growTable();
    this.table[this.cellOf(entry)] = row + 1;
    if (entry.type === 'asn') {
      this.places.push(entry.asn);
      this.shapes.push(AS_ROW);
      this.origins.push(0);
      this.counts.asns += 1;
    } else this.addPrefix(entry);
    this.termsAt.push(this.placeOfTerms(entry));
    this.addName(entry.name);
    return row;
  }

  private addPrefix({ prefix, maxLength, origins, ignore }: WatchEntry & { type: 'prefix' }): void {
    const { family, words, length } = prefix;
    if (family === 4) this.places.push(words[0]);
    else {
      this.places.push(this.words6.length / 4);
      for (const word of words) this.words6.push(word);
    }
    this.shapes.push(family | (length << 8) | (maxLength << 16));
    this.origins.push(origins === undefined ? 0 : 1 + this.placeOfList(origins));
    this.counts[ignore ? 'holes' : family === 4 ? 'watched4' : 'watched6'] += 1;
  }

  private placeOfList(list: readonly number[]): number {
    const [first = 0] = list;
    const key = list.length === 1 ? '' : list.join();
    const known = list.length === 1 ? this.listOfOne.get(first) : this.listOfMany.get(key);
    if (known !== undefined) return known;
    for (const asn of list) this.listItems.push(asn);
    this.listAt.push(this.listItems.length);
    const place = this.listAt.length - 2;
    if (list.length === 1) this.listOfOne.set(first, place);
    else this.listOfMany.set(key, place);
    return place;
  }

  private placeOfTerms(entry: WatchEntry): number {
    const last = this.termsAt.length === 0 ? -1 : this.termsAt.at(this.termsAt.length - 1);
    const isHole = entry.type === 'prefix' && entry.ignore;
    const moreSpecifics = entry.type === 'prefix' ? entry.moreSpecifics : 'watch';
    if (last >= 0 && isPlainLike(this.terms[last]!, entry, isHole, moreSpecifics)) return last;
    const { group, services, tags, minPeers, mitigation, mustSeeThrough, mute } = entry;
    const { upstreams, path, severity } = entry;
    const lists = { services, tags, minPeers, mitigation, mustSeeThrough, mute };
    const made = { group, ...lists, upstreams, path, severity };
    const terms: Terms = { ...made, ignore: isHole, moreSpecifics };
    const key = JSON.stringify(terms);
    const known = this.termsOf.get(key);
    if (known !== undefined) return known;
    this.termsOf.set(key, this.terms.length);
    this.terms.push(terms);
    return this.terms.length - 1;
  }

  private addName(name: string): void {
    const most = name.length * 3;
    if (this.namesEnd + most > this.names.length) {
      const larger = Buffer.alloc(Math.max(this.namesEnd + most, this.names.length * 1.5));
      this.names.copy(larger, 0, 0, this.namesEnd);
      this.names = larger;
    }
    if (name !== '') this.namesEnd += this.names.write(name, this.namesEnd, 'utf8');
    this.nameAt.push(this.namesEnd);
  }

  // ------------------------------------------------------------ finding

  /** The cell of the entry, or the free one where it would stand. */
  private cellOf(entry: WatchEntry): number {
    const mask = this.table.length - 1;
    const isAs = entry.type === 'asn';
    const words = isAs ? [entry.asn, 0, 0, 0] : entry.prefix.words;
    const shape = isAs ? AS_ROW : entry.prefix.family | (entry.prefix.length << 8);
    let cell = spread(words, shape) & mask;
    for (let row = this.table[cell]! - 1; row >= 0; row = this.table[cell]! - 1) {
      if ((this.shapes.at(row) & 0xffff) === shape && this.hasWords(row, words)) return cell;
      cell = (cell + 1) & mask;
    }
    return cell;
  }

  private hasWords(row: number, words: readonly number[]): boolean {
    const place = this.places.at(row);
    if ((this.shapes.at(row) & 0xff) !== 6) return place === words[0];
    for (let n = 0; n < 4; n += 1) if (this.words6.at(place * 4 + n) !== words[n]) return false;
    return true;
  }

  private growTable(): void {
    this.table = new Int32Array(this.table.length * 2);
    const mask = this.table.length - 1;
    for (let row = 0; row < this.length; row += 1) {
      const place = this.places.at(row);
      const isSix = (this.shapes.at(row) & 0xff) === 6;
      const words = isSix ? this.words6.filled().subarray(place * 4, place * 4 + 4) : [place, 0, 0, 0];
      let cell = spread(words, this.shapes.at(row) & 0xffff) & mask;
      while (this.table[cell] !== 0) cell = (cell + 1) & mask;
      this.table[cell] = row + 1;
    }
  }

  // ------------------------------------------------------------ finishing

  /** The columns of everything added; the builder is used up. */
  finish(): WatchColumns {
    const terms = Buffer.from(JSON.stringify(this.terms));
    const header = new Uint32Array(HEADER_WORDS);
    const filled: Readonly<Record<keyof typeof HEADER, number>> = {
      mark: MARK,
      form: FORM,
      rows: this.length,
      ...this.counts,
      lists: this.listAt.length - 1,
      listItems: this.listItems.length,
      words6: this.words6.length,
      names: this.namesEnd,
      terms: terms.length,
    };
    for (const [name, place] of Object.entries(HEADER)) header[place] = filled[name as keyof typeof HEADER];
    const starts = sectionsOf(header);
    const bytes = new Uint8Array(starts.at(-1)!);
    bytes.set(new Uint8Array(header.buffer));
    const sections = [
      ...[this.places, this.origins, this.termsAt, this.nameAt, this.listAt, this.listItems, this.words6].map(
        (words) => octetsOf(words.filled()),
      ),
      ...[8, 16, 0].map((shift) => Uint8Array.from(this.shapes.filled(), (shape) => shape >>> shift)),
      this.names.subarray(0, this.namesEnd),
      terms,
    ];
    for (const [section, content] of sections.entries()) bytes.set(content, starts[section]!);
    const columns = WatchColumns.open(bytes);
    if (columns === undefined) throw new Error('columns that cannot be read back');
    return columns;
  }
}

/** True for an entry without anything special that has the group of these terms, themselves without: most of a long list. */
function isPlainLike(
  terms: Terms,
  entry: WatchEntry,
  isHole: boolean,
  moreSpecifics: Terms['moreSpecifics'],
): boolean {
  return (
    terms.group === entry.group &&
    terms.ignore === isHole &&
    terms.moreSpecifics === moreSpecifics &&
    isPlain(terms) &&
    isPlain(entry)
  );
}

function isPlain(terms: Omit<Terms, 'ignore' | 'moreSpecifics'>): boolean {
  return (
    terms.services.length === 0 &&
    terms.tags.length === 0 &&
    terms.mitigation.length === 0 &&
    terms.mustSeeThrough.length === 0 &&
    terms.mute.length === 0 &&
    terms.minPeers === 1 &&
    terms.upstreams === undefined &&
    terms.path === undefined &&
    terms.severity === undefined
  );
}

function octetsOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

function spread(words: ArrayLike<number>, shape: number): number {
  let mixed = shape;
  for (let n = 0; n < 4; n += 1) {
    mixed = Math.imul(mixed ^ words[n]!, 0x9e3779b1);
    mixed ^= mixed >>> 15;
  }
  return mixed;
}
