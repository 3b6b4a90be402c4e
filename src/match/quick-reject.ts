/**
 * Is this frame provably none of our business? Asked of the numbers that the scanner read from the bytes of every frame of
 * RIS Live, before anything is parsed. Stands between `feed/` and `decode/`: what is settled here is never decoded,
 * everything else takes the slow road (`decode/ris-live/ris-live.ts`), which is the reference. Pure, hot; a settled frame costs no
 * string and no allocation.
 *
 * `reject` is a proof, not a guess. A frame is plain only within a subset of JSON (`scan/frame.ts`) in which the reference
 * reads the same values and finds no problem, which a property test checks. So the first byte outside of it sends the
 * frame down the slow road, and so does the spelling of a vantage point that the reference has not yet seen: whether
 * `peer`, `peer_asn` and `host` are well formed is decided there, once.
 */
import type { VantagePoint } from '../bgp/vantage-point.ts';
import type { AsnSet } from './asn-set.ts';
import type { PrefixIndex } from './prefix-index.ts';
import type { Scanner } from './scanner.ts';
import {
  ANNOUNCED_AT,
  ANNOUNCED_COUNT,
  PATH_AT,
  PATH_COUNT,
  PLAIN,
  PREFIX_CELLS,
  WITHDRAWN_AT,
  WITHDRAWN_COUNT,
} from './tape.ts';
import type { VantagePointTable } from './vantage-point-table.ts';

/**
 * `reject`: nothing in it concerns us. `accept`: some of it is ours, and it changed only what the accept road knows to
 * change. Both are settled, and the vantage point was noted as heard. `slow`: decode it. `stranger`: decode it, and when
 * that finds an update without problems, call `adopt` before the next frame.
 */
export type QuickVerdict = 'reject' | 'accept' | 'slow' | 'stranger';

/** What is watched, as the hot path wants it. The index may change in place between two frames. */
export interface Watched {
  readonly index: PrefixIndex;
  /**
   * 1 at the slots of `ignore` entries: what such an entry is the most specific cover of is not ours. 2 at those of prefixes
   * that are tracked only: they are ours themselves, and nothing inside them.
   */
  readonly holes: Uint8Array;
  /** Watched ASes: whatever they originate is ours. */
  readonly origins: AsnSet;
}

/** Applies what can be applied without decoding. */
export interface AcceptRoad {
  /**
   * The plain record at `at`, from the vantage point of `row` in the table. True: applied whole, exactly as the slow road
   * would have. False: nothing was changed, decode it. `nowMs` is the driver's stamp of arrival, `feed` where it came from.
   */
  accept(tape: Int32Array, at: number, row: number, nowMs: number, feed: string): boolean;
}

/** Marks of slots: see `Watched.holes`. */
const HOLE = 1;
const TRACKED = 2;
/** Family 6 in the first cell of a prefix. */
const FIRST_SHAPE_6 = 6 << 8;

/** Holds the state of the frame being judged; one instance a thread. */
export class QuickReject {
  /** Frames rejected and accepted since the start. */
  rejected = 0;
  accepted = 0;
  private readonly acceptRoad: AcceptRoad | undefined;
  readonly scanner: Scanner;
  private watched: Watched;
  private readonly table: VantagePointTable;
  private families = 0;
  /** Record of the frame judged last. */
  private judged = 0;

  /** `acceptRoad` is given this very object to ask what concerns us; without it, whatever is ours is decoded. */
  constructor(
    scanner: Scanner,
    table: VantagePointTable,
    watched: Watched,
    acceptRoad?: (quick: QuickReject) => AcceptRoad,
  ) {
    this.scanner = scanner;
    this.table = table;
    this.watched = watched;
    this.acceptRoad = acceptRoad?.(this);
  }

  /** Swaps what is watched, between two frames. */
  watch(watched: Watched): void {
    this.watched = watched;
  }

  /** Scans and judges one frame of `feed`. The bytes are only read, and not kept. `nowMs` is the driver's stamp of arrival. */
  verdict(frame: Uint8Array, nowMs: number, feed = ''): QuickVerdict {
    return this.scanner.scanFrame(frame) ? this.judge(0, nowMs, feed) : 'slow';
  }

  /** Judges the frame whose record begins at `at`. */
  judge(at: number, nowMs: number, feed = ''): QuickVerdict {
    const { tape } = this.scanner;
    this.judged = at;
    if (tape[at + PLAIN] !== 1) return 'slow';
    if (tape[at + ANNOUNCED_COUNT]! + tape[at + WITHDRAWN_COUNT]! === 0) return 'slow';
    const row = this.table.find(at);
    if (row < 0) return 'stranger';
    if (this.table.isCalledIn(row)) return 'slow';
    this.families = 0;
    const isOurs = this.isOurs(tape, at);
    if (isOurs && this.acceptRoad?.accept(tape, at, row, nowMs, feed) !== true) return 'slow';
    this.table.noteHeard(row, this.families, nowMs);
    if (isOurs) {
      this.accepted += 1;
      return 'accept';
    }
    this.rejected += 1;
    return 'reject';
  }

  /**
   * After the verdict `stranger`, for the frame judged last: the reference found this vantage point and no problem.
   * Its row in the table, −1 when the table is full. The caller notes that it was heard.
   */
  adopt(vantagePoint: VantagePoint): number {
    return this.table.adopt(this.judged, vantagePoint);
  }

  /** Whether a prefix is ours or the origin is. Notes the families of all prefixes. */
  private isOurs(tape: Int32Array, at: number): boolean {
    const announced = tape[at + ANNOUNCED_COUNT]!;
    const isOurs = this.isAnyOurs(tape, tape[at + ANNOUNCED_AT]!, announced);
    const isWithdrawnOurs = this.isAnyOurs(tape, tape[at + WITHDRAWN_AT]!, tape[at + WITHDRAWN_COUNT]!);
    if (isOurs || isWithdrawnOurs) return true;
    return announced > 0 && this.watched.origins.has(tape[tape[at + PATH_AT]! + tape[at + PATH_COUNT]! - 1]!);
  }

  private isAnyOurs(tape: Int32Array, first: number, count: number): boolean {
    const { index } = this.watched;
    let isAny = false;
    const end = first + count * PREFIX_CELLS;
    for (let at = first; at < end; at += PREFIX_CELLS) {
      const shape = tape[at]!;
      const w0 = tape[at + 1]!;
      if (shape < FIRST_SHAPE_6) {
        this.families |= 1;
        if (!index.isFree4(w0, shape & 0xff)) isAny ||= this.isOurs4(w0, shape & 0xff);
      } else {
        this.families |= 2;
        if (!index.isFree6(w0, shape & 0xff)) isAny ||= this.isOurs6(tape, at);
      }
    }
    return isAny;
  }

  /** Whether the prefix of a cell is watched, lies in watched space, or covers some of it. */
  concerns(tape: Int32Array, cell: number): boolean {
    const shape = tape[cell]!;
    return shape < FIRST_SHAPE_6 ? this.isOurs4(tape[cell + 1]!, shape & 0xff) : this.isOurs6(tape, cell);
  }

  /** Whether the prefix is watched, lies in watched space, or covers some of it. */
  private isOurs4(w0: number, length: number): boolean {
    const { index, holes } = this.watched;
    const slot = index.covering4(w0, length);
    if (slot >= 0 && holes[slot] !== HOLE) {
      if (holes[slot] !== TRACKED || index.exactAt(4, w0, 0, 0, 0, length) === slot) return true;
    }
    return index.anyInside4(w0, length);
  }

  private isOurs6(tape: Int32Array, at: number): boolean {
    const { index, holes } = this.watched;
    const length = tape[at]! & 0xff;
    const w0 = tape[at + 1]!;
    const w1 = tape[at + 2]!;
    const w2 = tape[at + 3]!;
    const w3 = tape[at + 4]!;
    const slot = index.covering6(w0, w1, w2, w3, length);
    if (slot >= 0 && holes[slot] !== HOLE) {
      if (holes[slot] !== TRACKED || index.exactAt(6, w0, w1, w2, w3, length) === slot) return true;
    }
    return index.anyInside6(w0, w1, w2, w3, length);
  }
}
