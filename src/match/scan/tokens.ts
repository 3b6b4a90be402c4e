/**
 * Steps over the tokens of plain JSON in WebAssembly memory. Every step takes the address where its token should begin and
 * returns the address behind it, −1 when it is not there in plain form. Zeros behind the area stop every step.
 *
 * "Plain" is narrower than RFC 8259: ASCII without escapes, spaces as the only white space between tokens.
 */
import { LITERALS_AT } from '../scan-memory.ts';

export const SPACE: u8 = 32;
export const QUOTE: u8 = 34;
export const COMMA: u8 = 44;
export const DOT: u8 = 46;
export const SLASH: u8 = 47;
export const ZERO: u8 = 48;
export const COLON: u8 = 58;
export const BRACKET: u8 = 91;
export const BRACKET_END: u8 = 93;
export const BRACE: u8 = 123;
export const BRACE_END: u8 = 125;

const ASN_MAX: u64 = 4294967295;

/** The number that the last `skipNumber` stepped over, as 32 bits. */
export let numberRead: i32 = 0;

/** Bytes of one literal: sixteen of text, sixteen of a mask with ones where the text counts. */
export const LITERAL_BYTES: i32 = 32;
let literalsEnd: i32 = LITERALS_AT;

/** Lays a text of at most sixteen ASCII characters down for `isAt`; its address. */
export function literal(text: string): i32 {
  const address = literalsEnd;
  for (let index = 0; index < text.length; index += 1) {
    store<u8>(address + index, <u8>text.charCodeAt(index));
    store<u8>(address + index, 255, 16);
  }
  literalsEnd += LITERAL_BYTES;
  return address;
}

/** Whether the literal stands here. */
export function isAt(at: i32, wanted: i32): bool {
  const differing = v128.and(v128.xor(v128.load(at), v128.load(wanted)), v128.load(wanted, 16));
  return !v128.any_true(differing);
}

export function skipSpaces(start: i32): i32 {
  let at = start;
  while (load<u8>(at) === SPACE) at += 1;
  return at;
}

/** True when nothing but white space (RFC 8259 §2) stands from here to the end, and the end was not passed. */
export function isBlank(start: i32, end: i32): bool {
  for (let at = start; at < end; at += 1) {
    const byte = load<u8>(at);
    if (byte !== SPACE && byte !== 10 && byte !== 13 && byte !== 9) return false;
  }
  return start <= end;
}

/** The inside of a text, from behind its opening quote to behind its closing one. */
export function skipText(start: i32): i32 {
  let at = start;
  while (true) {
    const bytes = v128.load(at);
    // As signed bytes, controls and what is not ASCII are less than a space.
    const odd = v128.or(
      i8x16.lt_s(bytes, i8x16.splat(32)),
      v128.or(i8x16.eq(bytes, i8x16.splat(34)), i8x16.eq(bytes, i8x16.splat(92))),
    );
    const stops = i8x16.bitmask(odd);
    if (stops !== 0) {
      at += ctz(stops);
      return load<u8>(at) === QUOTE ? at + 1 : -1;
    }
    at += 16;
  }
}

/** Eight bytes with digits as 0…9. */
export function digitsFrom(at: i32): u64 {
  return load<u64>(at) ^ 0x3030303030303030;
}

/** How many digits those eight begin with. */
export function countDigits(eight: u64): i32 {
  // A digit stays below 0x80 with 0x76 added, everything else reaches it or had the bit. Exact up to the first that is none.
  const others = ((eight + 0x7676767676767676) | eight) & 0x8080808080808080;
  return <i32>(ctz(others) >> 3);
}

/** Value of the first `count` of those digits, 1…8: three multiplications instead of a loop. */
export function numberOf(eight: u64, count: i32): u32 {
  const last = eight << (64 - 8 * count);
  const pairs = last * 10 + (last >> 8);
  const high = (pairs & 0x000000ff000000ff) * 0x000f424000000064;
  const low = ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001;
  return <u32>((high + low) >> 32);
}

/** A whole number 0…2³²−1 without sign, fraction, exponent or leading zero; what follows it is for the caller to judge. */
export function skipNumber(start: i32): i32 {
  const eight = digitsFrom(start);
  const count = countDigits(eight);
  if (count === 0 || (count > 1 && load<u8>(start) === ZERO)) return -1;
  if (count === 8) return skipLongNumber(start, numberOf(eight, 8));
  numberRead = numberOf(eight, count);
  return start + count;
}

/** Eight digits are read, two more may follow. */
function skipLongNumber(start: i32, eight: u32): i32 {
  let at = start + 8;
  let value: u64 = eight;
  for (; at < start + 11; at += 1) {
    const digit = load<u8>(at) - ZERO;
    if (digit > 9) break;
    value = value * 10 + digit;
  }
  if (at === start + 11 || value > ASN_MAX) return -1;
  numberRead = <i32>value;
  return at;
}
