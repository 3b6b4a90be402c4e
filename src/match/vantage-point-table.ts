/**
 * Who was heard from, known by bytes: (peer, peer_asn, host) exactly as a frame spells them → a small number, and when
 * that vantage point last spoke about IPv4 and about IPv6. Beside `quick-reject.ts`, so that a rejected frame still
 * counts as a sign of life without becoming a string. Pure, hot; a look-up of a known one allocates nothing.
 *
 * Two spellings of one vantage point (`rrc00`, `rrc00.ripe.net`) are two rows; `vantagePointOf` says what each means.
 */
import type { Family } from '../bgp/address.ts';
import { type VantagePoint, vantagePointName } from '../bgp/vantage-point.ts';
import type { Scanner } from './scanner.ts';
import { HASH, PEER_AT } from './tape.ts';

/** Longest spelling that is kept, bytes of the three texts together. */
const KEY_BYTES_MAX = 255;
const BITS_4 = 1;
const BITS_6 = 2;

/** Bounded: behind `max` rows nobody new is taken in, and frames of strangers go the slow road for ever. */
export class VantagePointTable {
  /** Row + 1 by hash; 0 is free. Always at least twice as many cells as rows. */
  private cells = new Int32Array(2_048);
  private hashes = new Int32Array(1_024);
  /** Spelling of row n: `lengths[3n … 3n+2]` bytes in words from `starts[n]` on, each text padded with zeros. */
  private starts = new Int32Array(1_024);
  private lengths = new Uint8Array(3 * 1_024);
  private arena = new Int32Array(12 * 1_024);
  private arenaEnd = 0;
  private heard4 = new Float64Array(1_024);
  private heard6 = new Float64Array(1_024);
  private calledIn = new Uint8Array(1_024);
  /** What `heardMs` was at the last `eachNew`, both families. */
  private told = new Float64Array(1_024);
  private readonly vantagePoints: VantagePoint[] = [];
  private readonly names: string[] = [];
  private readonly rowsByName = new Map<string, number[]>();
  private readonly tape: Int32Array;
  private readonly view: DataView;
  private readonly max: number;
  /** Somebody spoke about a family for the first time since `each` was called. */
  hasNews = false;

  constructor(scanner: Scanner, max = 65_536) {
    this.tape = scanner.tape;
    this.view = scanner.view;
    this.max = max;
  }

  get size(): number {
    return this.vantagePoints.length;
  }

  /** Row of the spelling that the plain record at `at` names, −1 when it is unknown. */
  find(at: number): number {
    const hash = this.tape[at + HASH]!;
    const mask = this.cells.length - 1;
    for (let cell = hash & mask; ; cell = (cell + 1) & mask) {
      const row = this.cells[cell]! - 1;
      if (row < 0) return -1;
      if (this.hashes[row] === hash && this.isSpelled(row, at)) return row;
    }
  }

  private isSpelled(row: number, at: number): boolean {
    const { tape, arena } = this;
    let kept = this.starts[row]!;
    for (let part = 0; part < 3; part += 1) {
      let start = tape[at + PEER_AT + 2 * part]!;
      const end = tape[at + PEER_AT + 2 * part + 1]!;
      if (this.lengths[3 * row + part] !== end - start) return false;
      for (; start < end; start += 4) {
        if (arena[kept] !== this.wordAt(start, end)) return false;
        kept += 1;
      }
    }
    return true;
  }

  /** Four bytes of the frame; those from `end` on read as zeros. */
  private wordAt(start: number, end: number): number {
    const word = this.view.getInt32(start, true);
    return end - start >= 4 ? word : word & ~(-1 << (8 * (end - start)));
  }

  /** Takes the spelling of the plain record in, with what it means; its row, or −1 when it is too long or the table is full. */
  adopt(at: number, vantagePoint: VantagePoint): number {
    const known = this.find(at);
    if (known >= 0) return known;
    const spans = this.tape.subarray(at + PEER_AT, at + PEER_AT + 6);
    const [peer = 0, peerEnd = 0, asn = 0, asnEnd = 0, host = 0, hostEnd = 0] = spans;
    const length = peerEnd - peer + asnEnd - asn + hostEnd - host;
    if (length > KEY_BYTES_MAX || this.size >= this.max) return -1;
    const row = this.size;
    if (row === this.hashes.length) this.growRows();
    while (this.arenaEnd + KEY_BYTES_MAX > this.arena.length) this.arena = doubled(this.arena);
    this.hashes[row] = this.tape[at + HASH]!;
    this.starts[row] = this.arenaEnd;
    for (let part = 0; part < 3; part += 1)
      this.keepText(3 * row + part, spans[2 * part]!, spans[2 * part + 1]!);
    const name = vantagePointName(vantagePoint);
    this.vantagePoints.push(vantagePoint);
    this.names.push(name);
    const rows = this.rowsByName.get(name);
    if (rows === undefined) this.rowsByName.set(name, [row]);
    else rows.push(row);
    this.place(row);
    return row;
  }

  private keepText(index: number, start: number, end: number): void {
    this.lengths[index] = end - start;
    for (let at = start; at < end; at += 4) {
      this.arena[this.arenaEnd] = this.wordAt(at, end);
      this.arenaEnd += 1;
    }
  }

  private place(row: number): void {
    const mask = this.cells.length - 1;
    let cell = this.hashes[row]! & mask;
    while (this.cells[cell] !== 0) cell = (cell + 1) & mask;
    this.cells[cell] = row + 1;
  }

  private growRows(): void {
    this.hashes = doubled(this.hashes);
    this.starts = doubled(this.starts);
    this.lengths = doubled(this.lengths);
    this.heard4 = doubled(this.heard4);
    this.heard6 = doubled(this.heard6);
    this.calledIn = doubled(this.calledIn);
    this.told = doubled(this.told);
    this.cells = new Int32Array(this.cells.length * 2);
    for (let row = 0; row < this.size; row += 1) this.place(row);
  }

  /** Notes a sign of life. `families`: 1 IPv4, 2 IPv6, 3 both. */
  noteHeard(row: number, families: number, nowMs: number): void {
    if ((families & BITS_4) !== 0) {
      if (this.heard4[row] === 0) this.hasNews = true;
      this.heard4[row] = nowMs;
    }
    if ((families & BITS_6) !== 0) {
      if (this.heard6[row] === 0) this.hasNews = true;
      this.heard6[row] = nowMs;
    }
  }

  /** When the row was last heard about the family, ms since the epoch as the driver stamps; 0: never. */
  heardMs(row: number, family: Family): number {
    return (family === 4 ? this.heard4[row] : this.heard6[row]) ?? 0;
  }

  /** Calls `note` for each row, with its `vantagePointName` and `heardMs` of both families. No news is left. */
  each(note: (name: string, heard4Ms: number, heard6Ms: number) => void): void {
    this.hasNews = false;
    for (let row = 0; row < this.size; row += 1) note(this.names[row]!, this.heard4[row]!, this.heard6[row]!);
  }

  /** Calls `note` for each row that was heard since the last call. */
  eachNew(note: (vantagePoint: VantagePoint) => void): void {
    for (let row = 0; row < this.size; row += 1) {
      const heardMs = Math.max(this.heard4[row]!, this.heard6[row]!);
      if (heardMs === this.told[row]) continue;
      this.told[row] = heardMs;
      note(this.vantagePoints[row]!);
    }
  }

  vantagePointOf(row: number): VantagePoint | undefined {
    return this.vantagePoints[row];
  }

  /** Rows of one vantage point, one for each spelling seen. */
  rowsOf(vantagePoint: VantagePoint): readonly number[] {
    return this.rowsByName.get(vantagePointName(vantagePoint)) ?? [];
  }

  /** Sends the next frame of this vantage point down the slow road, whatever is in it (its session was down, say). */
  callIn(vantagePoint: VantagePoint): void {
    for (const row of this.rowsOf(vantagePoint)) this.calledIn[row] = 1;
  }

  /** The same for every vantage point, for instance after a gap of the feed. */
  callInAll(): void {
    this.calledIn.fill(1);
  }

  /** The slow road was taken, nobody waits for this vantage point any more. */
  callOff(vantagePoint: VantagePoint): void {
    for (const row of this.rowsOf(vantagePoint)) this.calledIn[row] = 0;
  }

  isCalledIn(row: number): boolean {
    return this.calledIn[row] === 1;
  }
}

function doubled<T extends Int32Array | Uint8Array | Float64Array>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(array.length * 2);
  larger.set(array);
  return larger;
}
