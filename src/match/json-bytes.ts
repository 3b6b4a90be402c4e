/**
 * Steps over the tokens of plain JSON, on bytes: what `quick-reject.ts` is made of. Every step takes the offset where its
 * token should begin and returns the offset behind it, −1 when it is not there in plain form. Pure, hot, no allocation.
 *
 * "Plain" is narrower than RFC 8259: printable ASCII without escapes, spaces as the only white space between tokens.
 * Offsets may lie behind the end: every comparison with a byte that is not there is false.
 */

const SPACE = 32;
const DELETE = 127;
const QUOTE = 34;
const BACKSLASH = 92;
const ZERO = 48;
const NINE = 57;
const NUMBER_MAX = 4_294_967_295;

/** The bytes of an ASCII literal. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function skipSpaces(bytes: Uint8Array, start: number): number {
  let at = start;
  while (bytes[at] === SPACE) at += 1;
  return at;
}

/** True when nothing but white space follows (RFC 8259 §2). */
export function isBlankFrom(bytes: Uint8Array, start: number): boolean {
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at]!;
    if (byte !== SPACE && byte !== 10 && byte !== 13 && byte !== 9) return false;
  }
  return true;
}

export function skipLiteral(bytes: Uint8Array, start: number, literal: Uint8Array): number {
  const length = literal.length;
  for (let offset = 0; offset < length; offset += 1) if (bytes[start + offset] !== literal[offset]) return -1;
  return start + length;
}

/** A text from quote to quote. */
export function skipText(bytes: Uint8Array, start: number): number {
  if (start < 0 || bytes[start] !== QUOTE) return -1;
  for (let at = start + 1; ; at += 1) {
    const byte = bytes[at]!;
    if (byte === QUOTE) return at + 1;
    if (!(byte >= SPACE && byte < DELETE) || byte === BACKSLASH) return -1;
  }
}

/** Decimal digits, none or many. */
export function skipDigits(bytes: Uint8Array, start: number): number {
  let at = start;
  for (let byte = bytes[at]!; byte >= ZERO && byte <= NINE; byte = bytes[at]!) at += 1;
  return at;
}

/** A whole number 0…2³²−1 without sign, fraction, exponent or leading zero; `numberAt` tells its value. */
export function skipNumber(bytes: Uint8Array, start: number): number {
  if (start < 0) return -1;
  const end = skipDigits(bytes, start);
  const digits = end - start;
  if (digits === 0 || digits > 10 || (digits > 1 && bytes[start] === ZERO)) return -1;
  if (digits < 10) return isNumberEnd(bytes[end]!) ? end : -1;
  let value = 0;
  for (let at = start; at < end; at += 1) value = value * 10 + (bytes[at]! - ZERO);
  return value <= NUMBER_MAX && isNumberEnd(bytes[end]!) ? end : -1;
}

/** Not `.`, `e`, `E`: what follows a whole number is a comma, a bracket, a brace or a space, which the caller looks at. */
function isNumberEnd(byte: number): boolean {
  return byte === 44 || byte === 93 || byte === 125 || byte === SPACE;
}

/** Value of the digits between two offsets of `skipNumber`, as a signed 32-bit integer (`value | 0`). */
export function numberAt(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at += 1) value = (Math.imul(value, 10) + (bytes[at]! - ZERO)) | 0;
  return value;
}
