/**
 * Who showed an origin, and through which neighbours: the variable part of a row of the baseline (`baseline-rows.ts`), in one typed array, since
 * the whole Internet has a million of them. A record is read in place where the hot path asks, and made anew when
 * something joins it, which a settled row seldom sees.
 *
 *   capacity · peers · neighbours · each peer AS · each neighbour: AS, peers << 1 | firm, first seen (ms, high and low word), its peer ASes
 */
import { grown } from './hash-cells.ts';

const HEADER = 3;
const NEIGHBOR_HEADER = 4;
const WORD = 4_294_967_296;
/** Capacities are multiples of this. */
const STEP = 4;

export interface NeighborSighting {
  readonly asn: number;
  firm: boolean;
  readonly firstSeenMs: number;
  /** Of a firm one nobody needs them any more: empty. */
  peerAsns: number[];
}

export interface Sightings {
  readonly peerAsns: number[];
  readonly neighbors: NeighborSighting[];
}

/** Records are positive integers; 0 is the record of a row that was never seen. */
export class SightingArena {
  private cells = new Int32Array(256);
  private end = 1;
  private readonly free = new Map<number, number[]>();

  peerCount(record: number): number {
    return record === 0 ? 0 : this.cells[record + 1]!;
  }

  neighborCount(record: number): number {
    return record === 0 ? 0 : this.cells[record + 2]!;
  }

  hasPeer(record: number, asn: number): boolean {
    return this.holds(record + HEADER, this.peerCount(record), asn);
  }

  private holds(at: number, count: number, asn: number): boolean {
    for (let n = 0; n < count; n += 1) if (this.cells[at + n] === (asn | 0)) return true;
    return false;
  }

  /** Where the neighbour stands in its record; −1. */
  neighborAt(record: number, asn: number): number {
    let at = record + HEADER + this.peerCount(record);
    for (let n = this.neighborCount(record); n > 0; n -= 1) {
      if (this.cells[at] === (asn | 0)) return at;
      at += NEIGHBOR_HEADER + this.neighborPeers(at);
    }
    return -1;
  }

  /** Peers of the neighbour that stands at `at`. */
  neighborPeers(at: number): number {
    return this.cells[at + 1]! >>> 1;
  }

  isFirm(at: number): boolean {
    return (this.cells[at + 1]! & 1) !== 0;
  }

  neighborHasPeer(at: number, asn: number): boolean {
    return this.holds(at + NEIGHBOR_HEADER, this.neighborPeers(at), asn);
  }

  hasFirm(record: number): boolean {
    let at = record + HEADER + this.peerCount(record);
    for (let n = this.neighborCount(record); n > 0; n -= 1) {
      if (this.isFirm(at)) return true;
      at += NEIGHBOR_HEADER + this.neighborPeers(at);
    }
    return false;
  }

  /** True when some neighbour that is not firm was shown by that many peer ASes. */
  hasCandidate(record: number, peers: number): boolean {
    let at = record + HEADER + this.peerCount(record);
    for (let n = this.neighborCount(record); n > 0; n -= 1) {
      if (!this.isFirm(at) && this.neighborPeers(at) >= peers) return true;
      at += NEIGHBOR_HEADER + this.neighborPeers(at);
    }
    return false;
  }

  /** Tells of each neighbour that is not firm when it was seen first, ms. */
  eachCandidate(record: number, tell: (seenMs: number) => void): void {
    let at = record + HEADER + this.peerCount(record);
    for (let n = this.neighborCount(record); n > 0; n -= 1) {
      if (!this.isFirm(at)) tell(this.firstSeenMs(at));
      at += NEIGHBOR_HEADER + this.neighborPeers(at);
    }
  }

  private firstSeenMs(at: number): number {
    return this.cells[at + 2]! * WORD + (this.cells[at + 3]! >>> 0);
  }

  read(record: number): Sightings {
    const peers = this.peerCount(record);
    const neighbors: NeighborSighting[] = [];
    let at = record + HEADER + peers;
    for (let n = this.neighborCount(record); n > 0; n -= 1) {
      const count = this.neighborPeers(at);
      neighbors.push({
        asn: this.cells[at]! >>> 0,
        firm: this.isFirm(at),
        firstSeenMs: this.firstSeenMs(at),
        peerAsns: this.numbers(at + NEIGHBOR_HEADER, count),
      });
      at += NEIGHBOR_HEADER + count;
    }
    return { peerAsns: this.numbers(record + HEADER, peers), neighbors };
  }

  private numbers(at: number, count: number): number[] {
    return Array.from({ length: count }, (_, n) => this.cells[at + n]! >>> 0);
  }

  /** Puts `sightings` in the place of a record; where it stands now. */
  write(record: number, { peerAsns, neighbors }: Sightings): number {
    let length = HEADER + peerAsns.length;
    for (const neighbor of neighbors) length += NEIGHBOR_HEADER + neighbor.peerAsns.length;
    const place = this.placeFor(record, length);
    this.cells[place + 1] = peerAsns.length;
    this.cells[place + 2] = neighbors.length;
    let at = this.put(place + HEADER, peerAsns);
    for (const { asn, firm, firstSeenMs, peerAsns: peers } of neighbors) {
      this.cells[at] = asn;
      this.cells[at + 1] = (peers.length << 1) | (firm ? 1 : 0);
      this.cells[at + 2] = Math.floor(firstSeenMs / WORD);
      this.cells[at + 3] = firstSeenMs % WORD;
      at = this.put(at + NEIGHBOR_HEADER, peers);
    }
    return place;
  }

  /** One more peer AS; where the record stands now. */
  addPeer(record: number, asn: number): number {
    const peers = this.peerCount(record);
    const place = this.opened(record, HEADER + peers, 1);
    this.cells[place + HEADER + peers] = asn;
    this.cells[place + 1] = peers + 1;
    return place;
  }

  /** One more peer AS of the neighbour that stands at `at`; where the record stands now. */
  addNeighborPeer(record: number, at: number, asn: number): number {
    const offset = at - record;
    const peers = this.neighborPeers(at);
    const place = this.opened(record, offset + NEIGHBOR_HEADER + peers, 1);
    this.cells[place + offset + NEIGHBOR_HEADER + peers] = asn;
    this.cells[place + offset + 1]! += 2;
    return place;
  }

  /** One more neighbour, shown by one peer AS; where the record stands now. */
  addNeighbor(record: number, asn: number, peerAsn: number, nowMs: number): number {
    const used = this.usedCells(record);
    const place = this.opened(record, used, NEIGHBOR_HEADER + 1);
    const at = place + used;
    this.cells[at] = asn;
    this.cells[at + 1] = 1 << 1;
    this.cells[at + 2] = Math.floor(nowMs / WORD);
    this.cells[at + 3] = nowMs % WORD;
    this.cells[at + NEIGHBOR_HEADER] = peerAsn;
    this.cells[place + 2]! += 1;
    return place;
  }

  /** Cells of a record that hold something. */
  private usedCells(record: number): number {
    if (record === 0) return HEADER;
    let at = record + HEADER + this.peerCount(record);
    for (let n = this.neighborCount(record); n > 0; n -= 1) at += NEIGHBOR_HEADER + this.neighborPeers(at);
    return at - record;
  }

  /** Makes room for `count` cells at an offset of the record, moving it where it has to; where it stands now. */
  private opened(record: number, offset: number, count: number): number {
    const used = this.usedCells(record);
    if (record !== 0 && this.cells[record]! >= used + count) {
      this.cells.copyWithin(record + offset + count, record + offset, record + used);
      return record;
    }
    const place = this.allocate(used + count);
    this.cells[place + 1] = this.cells[place + 2] = 0;
    if (record === 0) return place;
    this.cells.copyWithin(place + 1, record + 1, record + offset);
    this.cells.copyWithin(place + offset + count, record + offset, record + used);
    this.release(record);
    return place;
  }

  private put(at: number, numbers: readonly number[]): number {
    for (let n = 0; n < numbers.length; n += 1) this.cells[at + n] = numbers[n]!;
    return at + numbers.length;
  }

  private placeFor(record: number, length: number): number {
    if (record !== 0 && this.cells[record]! >= length) return record;
    this.release(record);
    return this.allocate(length);
  }

  private allocate(length: number): number {
    const capacity = Math.ceil(length / STEP) * STEP;
    const known = this.free.get(capacity)?.pop();
    if (known !== undefined) return known;
    while (this.end + capacity > this.cells.length) this.cells = grown(this.cells);
    this.end += capacity;
    this.cells[this.end - capacity] = capacity;
    return this.end - capacity;
  }

  release(record: number): void {
    if (record === 0) return;
    const capacity = this.cells[record]!;
    const records = this.free.get(capacity);
    if (records === undefined) this.free.set(capacity, [record]);
    else records.push(record);
  }
}
