/**
 * A stream of chunks → MRT records (RFC 6396 §2, §3), without copying whole ones: the first step of the MRT decoder.
 * Memory is bounded by the longest record. After damage it looks for the next header that makes sense.
 */
import type { Problem } from '../../bgp/update.ts';
import { u16, u32 } from '../octets.ts';

/** One record, as a view: valid until the next call of `next` or `push`. */
export interface MrtFrame {
  readonly type: number;
  readonly subtype: number;
  readonly seconds: number;
  /** Of the _ET types (RFC 6396 §3), as written: not always below 1,000,000. */
  readonly microseconds: number | undefined;
  readonly bytes: Uint8Array;
  /** The body, behind the microseconds. */
  readonly start: number;
  readonly end: number;
  /** Of the header, in octets from the beginning of the (decompressed) stream. */
  readonly offset: number;
}

/** A problem and where it is. */
export interface LocatedProblem {
  readonly offset: number;
  readonly problem: Problem;
}

const HEADER = 12;
/** Far above any real record (a RIB row of 2,000 peers has some 300 KB), far below what hurts. */
export const RECORD_LENGTH_MAX = 16 * 1024 * 1024;
/** While looking for a header after damage, and for types nobody knows. */
const PLAUSIBLE_LENGTH_MAX = 1024 * 1024;
const PLAUSIBLE_SECONDS = 86_400;
const EMPTY = new Uint8Array(0);
const TABLE_DUMP = 12;
/** Octets of a TABLE_DUMP record's view and sequence number. */
const LEFT_OUT = 4;

/** Types of RFC 6396 §4 and appendix B that can be framed; 17, 33 and 49 have microseconds. */
const KNOWN_TYPES: ReadonlySet<number> = new Set([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 32, 33, 48, 49,
]);
/** Those worth finding again after damage. */
const ROUTE_TYPES: ReadonlySet<number> = new Set([12, 13, 16, 17]);

export class MrtFramer implements MrtFrame {
  type = 0;
  subtype = 0;
  seconds = 0;
  microseconds: number | undefined;
  bytes: Uint8Array = EMPTY;
  start = 0;
  end = 0;
  offset = 0;
  /** What was wrong with the framing; taken by the caller. */
  readonly problems: LocatedProblem[] = [];
  /** Whole records so far. */
  records = 0;
  #at = 0;
  /** Offset in the stream of the first octet of `bytes`. */
  #base = 0;
  #waiting: Uint8Array[] = [];
  #waitingSize = 0;
  #missing = 0;
  #ended = false;
  #lost = false;

  /** Hands over the next chunk; it is kept, not copied, until its records are through. */
  push(chunk: Uint8Array): void {
    this.#waiting.push(chunk);
    this.#waitingSize += chunk.length;
    if (this.#waitingSize >= this.#missing) this.#join();
  }

  /** No more chunks: `next` then gives what is left and says what was cut off. */
  finish(): void {
    this.#join();
    this.#ended = true;
  }

  /** Moves on to the next whole record; false when another chunk (or `finish`) is needed, or all is read. */
  next(): boolean {
    for (;;) {
      if (this.#lost && !this.#findHeader()) return this.#pause(this.bytes.length - this.#at, HEADER * 2);
      const left = this.bytes.length - this.#at;
      if (left < HEADER) return this.#pause(left, HEADER);
      const length = u32(this.bytes, this.#at + 8);
      const type = u16(this.bytes, this.#at + 4);
      const isKnown = KNOWN_TYPES.has(type);
      if (type === TABLE_DUMP && this.#needsMore(length)) return this.#pause(left, this.#beyond(length));
      const whole = HEADER + (type === TABLE_DUMP ? this.#trueLength(length) : length);
      if (length > (isKnown ? RECORD_LENGTH_MAX : PLAUSIBLE_LENGTH_MAX))
        this.#lose(`a record of ${length} octets is claimed`);
      // A type nobody knows is passed over when a header follows it; so that has to be there too.
      else if (left < (isKnown || this.#ended ? whole : whole + HEADER)) {
        this.#pause(left, isKnown || this.#ended ? whole : whole + HEADER);
        if (!this.#lost) return false;
      } else if (!isKnown && !this.#isFollowed(this.#at + whole)) this.#lose(`no MRT type: ${type}`);
      else {
        this.#take(whole - HEADER);
        return true;
      }
    }
  }

  #take(length: number): void {
    const { bytes } = this;
    const at = this.#at;
    this.offset = this.#base + at;
    this.seconds = u32(bytes, at);
    this.type = u16(bytes, at + 4);
    this.subtype = u16(bytes, at + 6);
    this.start = at + HEADER;
    this.end = this.start + length;
    this.#at = this.end;
    this.microseconds = undefined;
    // RFC 6396 §3: the microseconds count as part of the body's length.
    if ((this.type === 17 || this.type === 33 || this.type === 49) && length >= 4) {
      this.microseconds = u32(bytes, this.start);
      this.start += 4;
    }
    this.records += 1;
  }

  /** For `#trueLength`: the header behind the record, where its length leaves octets out, is not there yet. */
  #needsMore(length: number): boolean {
    return !this.#ended && length <= RECORD_LENGTH_MAX && this.bytes.length - this.#at < this.#beyond(length);
  }

  #beyond(length: number): number {
    return HEADER + length + LEFT_OUT + HEADER;
  }

  /**
   * TABLE_DUMP records of the year 2000 have many rows, and a length that leaves out view and sequence number: what follows
   * then makes sense four octets later, and not where the length says.
   */
  #trueLength(length: number): number {
    const next = this.#at + HEADER + length;
    const rest = this.bytes.length - next;
    if (rest === LEFT_OUT) return length + LEFT_OUT;
    if (rest < HEADER + LEFT_OUT || this.#isPlausible(next) || !this.#isPlausible(next + LEFT_OUT))
      return length;
    return length + LEFT_OUT;
  }

  #isFollowed(next: number): boolean {
    return next + HEADER > this.bytes.length
      ? next === this.bytes.length && this.records > 0
      : this.#isPlausible(next);
  }

  /** Always false: waits for `wanted` octets, or, at the end, says what is missing. */
  #pause(left: number, wanted: number): false {
    this.#missing = wanted - left;
    if (!this.#ended || left === 0) return false;
    if (!this.#lost)
      this.#lose(
        `${left} octets left of a record of ${left < HEADER ? 'at least ' : ''}${wanted}`,
        'mrt-cut',
      );
    if (left < HEADER) this.#at = this.bytes.length;
    return false;
  }

  #lose(detail: string, code = 'mrt-framing'): void {
    const problem = { code, detail: `${detail} (RFC 6396 §2)` };
    this.problems.push({ offset: this.#base + this.#at, problem });
    this.#lost = true;
    this.#at += 1;
  }

  /** Steps on to a header that makes sense, and to which another follows; false when the buffer has none. */
  #findHeader(): boolean {
    const last = this.bytes.length - HEADER;
    for (; this.#at <= last; this.#at += 1) {
      if (!this.#isPlausible(this.#at)) continue;
      const next = this.#at + HEADER + u32(this.bytes, this.#at + 8);
      const isWhole = next <= this.bytes.length;
      const followed = next + HEADER <= this.bytes.length ? this.#isPlausible(next) : isWhole || !this.#ended;
      if (followed) {
        this.#lost = false;
        return true;
      }
    }
    return false;
  }

  #isPlausible(at: number): boolean {
    const { bytes } = this;
    if (!ROUTE_TYPES.has(u16(bytes, at + 4)) || u16(bytes, at + 6) > 12) return false;
    const length = u32(bytes, at + 8);
    if (length < 8 || length > PLAUSIBLE_LENGTH_MAX) return false;
    return this.records === 0 || Math.abs(u32(bytes, at) - this.seconds) <= PLAUSIBLE_SECONDS;
  }

  #join(): void {
    const rest = this.bytes.length - this.#at;
    this.#base += this.#at;
    this.#at = 0;
    const only = this.#waiting[0];
    if (rest === 0 && this.#waiting.length === 1 && only !== undefined) this.bytes = only;
    else {
      const joined = new Uint8Array(rest + this.#waitingSize);
      joined.set(this.bytes.subarray(this.bytes.length - rest), 0);
      let at = rest;
      for (const chunk of this.#waiting) {
        joined.set(chunk, at);
        at += chunk.length;
      }
      this.bytes = joined;
    }
    this.#waiting = [];
    this.#waitingSize = 0;
    this.#missing = 0;
  }
}
