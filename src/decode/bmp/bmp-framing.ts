/**
 * A TCP stream of chunks → BMP messages (RFC 7854 §4.1), without copying whole ones: the first step of the BMP decoder.
 * Memory is bounded by the longest message. BMP has no mark to begin anew at: after an impossible header the rest of the
 * stream means nothing, and whoever reads it has to close the connection.
 */
import { u32 } from '../octets.ts';

/** One message, as a view: valid until the next call of `next` or `push`. */
export interface BmpFrame {
  readonly type: number;
  readonly bytes: Uint8Array;
  /** Behind the common header. */
  readonly start: number;
  readonly end: number;
}

/** Version, length, type. */
const HEADER = 6;
const VERSION = 3;
/** A BGP message of 65,535 octets (RFC 8654) twice, with room for everything else. */
export const BMP_LENGTH_MAX = 1024 * 1024;
const EMPTY = new Uint8Array(0);

export class BmpFramer implements BmpFrame {
  type = 0;
  bytes: Uint8Array = EMPTY;
  start = 0;
  end = 0;
  /** Why nothing more can be read; undefined while the stream makes sense. */
  lost: string | undefined;
  /** Whole messages so far. */
  messages = 0;
  #at = 0;
  #waiting: Uint8Array[] = [];
  #waitingSize = 0;
  #missing = HEADER;

  /** Hands over the next chunk; it is kept, not copied, until its messages are through. After `lost` it is let go. */
  push(chunk: Uint8Array): void {
    if (this.lost !== undefined) return;
    this.#waiting.push(chunk);
    this.#waitingSize += chunk.length;
    if (this.#waitingSize >= this.#missing) this.#join();
  }

  /** Moves on to the next whole message; false when another chunk is needed, or the stream is lost. */
  next(): boolean {
    if (this.lost !== undefined) return false;
    const left = this.bytes.length - this.#at;
    if (left < HEADER) return this.#wait(HEADER - left);
    const version = this.bytes[this.#at] as number;
    const length = u32(this.bytes, this.#at + 1);
    if (version !== VERSION)
      return this.#lose(`BMP version ${version}, and 3 is spoken here (RFC 7854 §4.1)`);
    if (length < HEADER || length > BMP_LENGTH_MAX)
      return this.#lose(`a BMP message of ${length} octets is claimed (RFC 7854 §4.1)`);
    if (left < length) return this.#wait(length - left);
    this.type = this.bytes[this.#at + 5] as number;
    this.start = this.#at + HEADER;
    this.end = this.#at + length;
    this.#at = this.end;
    this.messages += 1;
    return true;
  }

  /** Octets of a message that is not whole yet: at the end of the connection they are lost, and have to be said. */
  get unread(): number {
    return this.bytes.length - this.#at + this.#waitingSize;
  }

  #wait(missing: number): boolean {
    this.#missing = missing;
    if (this.#waitingSize < missing) return false;
    this.#join();
    return this.next();
  }

  #lose(why: string): false {
    this.lost = why;
    return false;
  }

  #join(): void {
    const rest = this.bytes.length - this.#at;
    const joined = new Uint8Array(rest + this.#waitingSize);
    joined.set(this.bytes.subarray(this.#at), 0);
    let at = rest;
    for (const chunk of this.#waiting) {
      joined.set(chunk, at);
      at += chunk.length;
    }
    this.bytes = joined;
    this.#at = 0;
    this.#waiting = [];
    this.#waitingSize = 0;
    this.#missing = 0;
  }
}
