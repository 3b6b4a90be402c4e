/**
 * Which way to read a list of prefixes: with path identifiers (RFC 7911 §3) or without. Routers and collectors write
 * records that say the wrong one (FRR and RouteViews: identifiers that nobody announced; and the reverse). The bytes tell:
 * read the wrong way a list soon breaks, or is full of prefixes that nobody announces. Pure walks, no allocation.
 */
import type { Family } from '../../bgp/address.ts';
import { lengthMax } from '../../bgp/prefix.ts';

/** The list can't be read this way to its end, and nothing plausible comes before the fault. */
const BROKEN = 0;
/** Not to its end either, but whole prefixes come before the fault: so does a list that was cut off. */
const CUT = 1;
/** To its end, with prefixes shorter than any that is routed. */
const SHORT = 2;
/** To its end, with bits set behind a length. */
const BITS = 3;
const CLEAN = 4;

/** No route but the default one is shorter; the first octets of an identifier read as such lengths. */
const ROUTED_LENGTH_MIN = 8;

/** Which bytes of a message hold a list, and how the session says that it is to be read. */
export interface ListBytes {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly family: Family;
  readonly addPath: boolean;
}

function quality({ bytes, start, end, family }: ListBytes, addPath: boolean): number {
  const longest = lengthMax(family);
  let lowest = CLEAN;
  let whole = 0;
  let at = start;
  while (at < end) {
    if (addPath) at += 4;
    const length = at < end ? (bytes[at] as number) : longest + 1;
    const next = at + 1 + ((length + 7) >> 3);
    if (length > longest || next > end) return lowest < CLEAN || whole === 0 ? BROKEN : CUT;
    if (length < ROUTED_LENGTH_MIN) lowest = SHORT;
    else if (lowest === CLEAN && hasHostBits(bytes, next, length)) lowest = BITS;
    at = next;
    whole += 1;
  }
  return lowest;
}

/** Bits are set behind the length of the prefix whose octets end before `end`. */
export function hasHostBits(bytes: Uint8Array, end: number, length: number): boolean {
  const used = length & 7;
  return used !== 0 && ((bytes[end - 1] as number) & (0xff >> used)) !== 0;
}

/** True for a prefix that makes the declared reading doubtful, so that a list that holds it deserves a full reading. */
export function isOddPrefix(bytes: Uint8Array, end: number, length: number): boolean {
  return length < ROUTED_LENGTH_MIN || hasHostBits(bytes, end, length);
}

export interface Reading {
  /** Read with path identifiers. */
  readonly addPath: boolean;
  /** It reads nearly as well the other way: then announcements of both readings count, since none may be missed. */
  readonly isUnclear: boolean;
}

const reading = (addPath: boolean, isUnclear: boolean): Reading => ({ addPath, isUnclear });
const WITH_IDS = { clear: reading(true, false), unclear: reading(true, true) };
const PLAIN = { clear: reading(false, false), unclear: reading(false, true) };

/** The declared way, unless the other one is better. A clean list without identifiers is what it says it is. */
export function readingOf(list: ListBytes): Reading {
  const declared = list.addPath ? WITH_IDS : PLAIN;
  if (list.start >= list.end) return declared.clear;
  const own = quality(list, list.addPath);
  if (own === CLEAN && !list.addPath) return declared.clear;
  const other = quality(list, !list.addPath);
  const chosen =
    other > own && (own === BROKEN || other > SHORT) ? (list.addPath ? PLAIN : WITH_IDS) : declared;
  const bothRead = Math.max(own, other) === CLEAN && Math.min(own, other) >= BITS;
  return bothRead || (own === CUT && other >= BITS) ? chosen.unclear : chosen.clear;
}
