/**
 * The tape: what the scanner read from frames, as 32-bit integers in one array. Between `scan/` (bytes → numbers) and
 * those who ask whose the numbers are (`quick-reject.ts`, the accept road of `engine/`). Pure, hot, no allocation.
 *
 * One record a frame; `at` is the index of its first cell, the constants below are counted from there. Behind `PLAIN` a
 * record holds something only when `PLAIN` is 1: then the frame is one UPDATE in which `decode/ris-live/ris-live.ts` finds no
 * problem. Lists stand behind the head of the record, `…_AT` is the index of their first cell in the array (not counted
 * from `at`), duplicates and order are those of the frame:
 *
 * - path: one AS number a cell, as a signed integer (`asn | 0`); no AS_SETs. It counts only when something is announced;
 * - communities: one a cell, high half << 16 | low half;
 * - prefixes: `PREFIX_CELLS` each: family << 8 | length, then four signed words, host bits zero, unused words zero. What
 *   stands in both lists of one frame is an announcement (RFC 4271 §3.1).
 *
 * Offsets are bytes of the area that the frame lies in. Both are overwritten by the next piece of the stream.
 *
 * Written in what both compilers read: `scan/` takes its constants from here.
 */

/** Index of the next record, of the end behind the last one. */
export const NEXT = 0;
/** Where the payload begins and ends (exclusive). */
export const START = 1;
export const END = 2;
/** 1 or 0. */
export const PLAIN = 3;
/** The stamp: whole seconds since the epoch, `| 0`, and ms 0…999; −1 when its fraction is finer than that. */
export const SECONDS = 4;
export const MILLIS = 5;
/** Where the text of the stamp stands; ends are exclusive, here and below. */
export const STAMP_AT = 6;
export const STAMP_END = 7;
/** Where the three texts stand that spell the vantage point, without their quotes; the cell behind each has its end. */
export const PEER_AT = 8;
export const PEER_ASN_AT = 10;
export const HOST_AT = 12;
/** Hash of these three texts. */
export const HASH = 14;
export const PATH_COUNT = 15;
export const PATH_AT = 16;
export const COMMUNITY_COUNT = 17;
export const COMMUNITY_AT = 18;
export const ANNOUNCED_COUNT = 19;
export const ANNOUNCED_AT = 20;
export const WITHDRAWN_COUNT = 21;
export const WITHDRAWN_AT = 22;
/** Cells of a record without its lists. */
export const HEAD_CELLS = 23;

/** Cells of one prefix. */
export const PREFIX_CELLS = 5;

/** Whether a prefix is one of IPv6, by its first cell. */
export function isFamily6At(tape: Int32Array, at: number): boolean {
  return tape[at]! >>> 8 === 6;
}

/** The length of a prefix by its first cell. */
export function lengthAt(tape: Int32Array, at: number): number {
  return tape[at]! & 0xff;
}

/**
 * When the collector saw it, whole ms since the epoch: the value that `decode/ris-live/ris-live.ts` reads from the same text.
 * Allocates only for a stamp finer than a millisecond; `area` is where the frame lies.
 */
export function stampMs(tape: Int32Array, at: number, area: Uint8Array): number {
  const millis = tape[at + MILLIS]!;
  if (millis >= 0) return (tape[at + SECONDS]! >>> 0) * 1_000 + millis;
  let text = '';
  for (let byte = tape[at + STAMP_AT]!; byte < tape[at + STAMP_END]!; byte += 1)
    text += String.fromCharCode(area[byte]!);
  return Math.round(Number.parseFloat(text) * 1_000);
}
