/**
 * The rows of the baseline in typed arrays: (prefix, origin) → row number, with what is remembered of it. Under `baseline.ts`, which
 * knows the rules; here things are kept and found. About 45 bytes a row beside its sightings (`sighting-arena.ts`).
 */
import { grown } from './hash-cells.ts';
import { PrefixRows } from './prefix-rows.ts';
import { SightingArena } from './sighting-arena.ts';

const ROWS_MIN = 64;
/** The baseline's bit among the holders of a prefix row. */
const IN_BASELINE = 2;

export class BaselineRows {
  readonly prefixes: PrefixRows;
  readonly arena = new SightingArena();
  /** By prefix row: its first row + 1. */
  private firstOf = new Int32Array(ROWS_MIN);
  private prefixOf = new Int32Array(ROWS_MIN);
  private origins = new Int32Array(ROWS_MIN);
  sources = new Uint8Array(ROWS_MIN);
  /** NaN: never seen. */
  firstSeen = new Float64Array(ROWS_MIN);
  lastSeen = new Float64Array(ROWS_MIN);
  records = new Int32Array(ROWS_MIN);
  /** Of `baseline.ts`: what of the row has to be written. */
  flags = new Uint8Array(ROWS_MIN);
  /** Lists by row + 1; 0 ends one: rows of the same prefix, rows of the same origin. */
  private next = new Int32Array(ROWS_MIN);
  private nextOf = new Int32Array(ROWS_MIN);
  private beforeOf = new Int32Array(ROWS_MIN);
  private readonly byOrigin = new Map<number, number>();
  /** Who decided, and why; of most rows nobody did. */
  readonly words = new Map<number, { readonly by: string; readonly note: string }>();
  private readonly free: number[] = [];
  private end = 0;
  size = 0;

  constructor(prefixes = new PrefixRows()) {
    this.prefixes = prefixes;
  }

  /** First row of a prefix row, −1 when there is none. */
  firstAt(prefixRow: number): number {
    return prefixRow < 0 || !this.prefixes.isHeld(prefixRow, IN_BASELINE) ? -1 : this.firstOf[prefixRow]! - 1;
  }

  /** The next row of the same prefix, −1 at the end. */
  nextAt(row: number): number {
    return this.next[row]! - 1;
  }

  find(prefixRow: number, origin: number): number {
    for (let row = this.firstAt(prefixRow); row >= 0; row = this.nextAt(row))
      if (this.origins[row] === (origin | 0)) return row;
    return -1;
  }

  *ofOrigin(origin: number): Generator<number> {
    for (let mark = this.byOrigin.get(origin) ?? 0; mark !== 0; mark = this.nextOf[mark - 1]!) yield mark - 1;
  }

  *every(): Generator<number> {
    for (let row = 0; row < this.end; row += 1) if (this.prefixOf[row]! >= 0) yield row;
  }

  prefixRowOf(row: number): number {
    return this.prefixOf[row]!;
  }

  originOf(row: number): number {
    return this.origins[row]! >>> 0;
  }

  /** A row that is not there yet: never seen, source 0. */
  add(prefixRow: number, origin: number): number {
    const row = this.free.pop() ?? this.append();
    this.beginPrefix(prefixRow);
    this.prefixOf[row] = prefixRow;
    this.origins[row] = origin;
    this.sources[row] = 0;
    this.firstSeen[row] = this.lastSeen[row] = Number.NaN;
    this.records[row] = 0;
    this.flags[row] = 0;
    this.appendTo(prefixRow, row);
    const second = this.byOrigin.get(origin) ?? 0;
    this.nextOf[row] = second;
    this.beforeOf[row] = 0;
    if (second !== 0) this.beforeOf[second - 1] = row + 1;
    this.byOrigin.set(origin, row + 1);
    this.size += 1;
    return row;
  }

  private beginPrefix(prefixRow: number): void {
    while (prefixRow >= this.firstOf.length) this.firstOf = grown(this.firstOf);
    if (this.prefixes.isHeld(prefixRow, IN_BASELINE)) return;
    this.prefixes.hold(prefixRow, IN_BASELINE);
    this.firstOf[prefixRow] = 0;
  }

  /** At the end: rows of a prefix stand in the order in which they came. */
  private appendTo(prefixRow: number, row: number): void {
    this.next[row] = 0;
    let last = this.firstOf[prefixRow]!;
    if (last === 0) {
      this.firstOf[prefixRow] = row + 1;
      return;
    }
    while (this.next[last - 1] !== 0) last = this.next[last - 1]!;
    this.next[last - 1] = row + 1;
  }

  private append(): number {
    if (this.end === this.origins.length) {
      this.prefixOf = grown(this.prefixOf);
      this.origins = grown(this.origins);
      this.sources = grown(this.sources);
      this.firstSeen = grown(this.firstSeen);
      this.lastSeen = grown(this.lastSeen);
      this.records = grown(this.records);
      this.flags = grown(this.flags);
      this.next = grown(this.next);
      this.nextOf = grown(this.nextOf);
      this.beforeOf = grown(this.beforeOf);
    }
    this.end += 1;
    return this.end - 1;
  }

  remove(row: number): void {
    const prefixRow = this.prefixOf[row]!;
    this.unlinkPrefix(prefixRow, row);
    const [next = 0, before = 0] = [this.nextOf[row], this.beforeOf[row]];
    if (next !== 0) this.beforeOf[next - 1] = before;
    if (before !== 0) this.nextOf[before - 1] = next;
    else if (next !== 0) this.byOrigin.set(this.originOf(row), next);
    else this.byOrigin.delete(this.originOf(row));
    this.arena.release(this.records[row]!);
    this.words.delete(row);
    this.prefixOf[row] = -1;
    this.flags[row] = 0;
    this.free.push(row);
    this.size -= 1;
    if (this.firstOf[prefixRow] === 0) this.prefixes.drop(prefixRow, IN_BASELINE);
  }

  private unlinkPrefix(prefixRow: number, row: number): void {
    if (this.firstOf[prefixRow] === row + 1) {
      this.firstOf[prefixRow] = this.next[row]!;
      return;
    }
    let before = this.firstOf[prefixRow]! - 1;
    while (this.next[before] !== row + 1) before = this.next[before]! - 1;
    this.next[before] = this.next[row]!;
  }
}
