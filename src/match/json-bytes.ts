/**
 * Steps over the tokens of plain JSON, on the bytes of one frame: what `quick-reject.ts` is made of. Every step takes the
 * offset where its token should begin and returns the offset behind it, −1 when it is not there in plain form.
 * Pure, hot, no allocation.
 *
 * "Plain" is narrower than RFC 8259: ASCII without escapes, spaces as the only white space between tokens.
 *
 * Frames lie in one fixed array: V8 knows the address of a constant typed array, and four bytes can be read at once at any
 * offset. A feed that reads a stream lays whole pieces of it there (`feed/frame-tap.ts`), else a frame is copied first.
 */

const SPACE = 32;
const QUOTE = 34;
const BACKSLASH = 92;
const NUMBER_MAX = 4_294_967_295;

/** Longest frame that is copied; an UPDATE of RFC 4271 (4096 octets) becomes some 20,000 bytes of JSON at most. */
export const FRAME_BYTES_MAX = 65_536;
/** The array begins with room for a piece of a stream, whose frames are scanned where they lie. */
export const STREAM_BYTES_MAX = 131_072;
/** Where a frame that comes as a buffer of its own is copied to. */
export const FRAME_AT: number = STREAM_BYTES_MAX + 64;

/**
 * Frames are scanned here. A scan only moves forward and checks at its end that it did not leave the frame, so it does not matter
 * what stands behind it.
 */
export const BYTES: Uint8Array = new Uint8Array(FRAME_AT + FRAME_BYTES_MAX + 64);
// Hot code reads through constants of its own module: V8 folds those to an address, but not what is imported or exported.
const bytes = BYTES;
const VIEW = new DataView(bytes.buffer);

/** The same bytes, for reading four at any offset (little-endian). */
export const FRAME_VIEW: DataView = VIEW;

/** Copies a frame to `FRAME_AT`, zeros behind it; false when it is too long. */
export function loadFrame(frame: Uint8Array): boolean {
  const length = frame.length;
  if (length > FRAME_BYTES_MAX) return false;
  bytes.set(frame, FRAME_AT);
  VIEW.setFloat64(FRAME_AT + length, 0);
  VIEW.setFloat64(FRAME_AT + length + 8, 0);
  return true;
}

/** A literal of at least four ASCII characters, as 32-bit words; the last one may overlap the one before. */
export interface Literal {
  readonly words: Int32Array;
  readonly length: number;
}

export function literal(text: string): Literal {
  const view = new DataView(Uint8Array.from(text, (character) => character.charCodeAt(0)).buffer);
  const count = Math.ceil(text.length / 4);
  const words = Int32Array.from({ length: count }, (_, n) =>
    view.getInt32(Math.min(4 * n, text.length - 4), true),
  );
  return { words, length: text.length };
}

export function skipLiteral(start: number, wanted: Literal): number {
  const { words, length } = wanted;
  const end = start + length;
  const last = words.length - 1;
  for (let n = 0; n < last; n += 1) if (VIEW.getInt32(start + 4 * n, true) !== words[n]) return -1;
  return VIEW.getInt32(end - 4, true) === words[last] ? end : -1;
}

export function skipSpaces(start: number): number {
  let at = start;
  while (bytes[at] === SPACE) at += 1;
  return at;
}

/** True when nothing but white space (RFC 8259 §2) stands from here to the end of the frame. */
export function isBlankFrom(start: number, frameEnd: number): boolean {
  for (let at = start; at < frameEnd; at += 1) {
    const byte = bytes[at]!;
    if (byte !== SPACE && byte !== 10 && byte !== 13 && byte !== 9) return false;
  }
  return start <= frameEnd;
}

/** A text from quote to quote. */
export function skipText(start: number): number {
  if (start < 0 || bytes[start] !== QUOTE) return -1;
  let at = start + 1;
  while (isPlainWord(VIEW.getInt32(at, true))) at += 4;
  for (; ; at += 1) {
    const byte = bytes[at]!;
    if (byte === QUOTE) return at + 1;
    if (byte < SPACE || byte > 127 || byte === BACKSLASH) return -1;
  }
}

/**
 * True only when none of four bytes is a quote, a backslash, a control or not ASCII: `x - 0x01…` lends from a byte that
 * is zero. A false alarm behind a true one is possible and harmless, the caller looks again byte by byte.
 */
function isPlainWord(word: number): boolean {
  const quote = word ^ 0x22222222;
  const backslash = word ^ 0x5c5c5c5c;
  const lent =
    ((quote - 0x01010101) & ~quote) | ((backslash - 0x01010101) & ~backslash) | (word - 0x20202020) | word;
  return (lent & 0x80808080) === 0;
}

/** Decimal digits, none or many. */
export function skipDigits(start: number): number {
  let at = start;
  let others = notDigits(VIEW.getInt32(at, true));
  while (others === 0) {
    at += 4;
    others = notDigits(VIEW.getInt32(at, true));
  }
  // The lowest bit set names the first byte that is no digit.
  return at + ((31 - Math.clz32(others & -others)) >>> 3);
}

/**
 * The high bit of the first byte that is no digit, and of none before it; behind it bits may be wrong. A digit becomes
 * 0…9 and stays below 0x80 with 0x76 added, everything else reaches it or had the bit itself.
 */
function notDigits(word: number): number {
  const value = word ^ 0x30303030;
  return ((value + 0x76767676) | value) & 0x80808080;
}

export function isDigit(byte: number): boolean {
  return (byte - 48) >>> 0 < 10;
}

/**
 * A whole number 0…2³²−1 without sign, fraction, exponent or leading zero, which a comma, a bracket, a brace or a space
 * follows; `numberAt` tells its value.
 */
export function skipNumber(start: number): number {
  if (start < 0) return -1;
  const end = skipDigits(start);
  const digits = end - start;
  if (digits === 0 || (digits > 1 && bytes[start] === 48)) return -1;
  const next = bytes[end]!;
  if (next !== 44 && next !== 93 && next !== 125 && next !== SPACE) return -1;
  return digits < 10 || (digits === 10 && tenDigits(start) <= NUMBER_MAX) ? end : -1;
}

function tenDigits(start: number): number {
  let value = 0;
  for (let at = start; at < start + 10; at += 1) value = value * 10 + (bytes[at]! - 48);
  return value;
}

/** Value of the digits between two offsets of `skipNumber`, as a signed 32-bit integer (`value | 0`). */
export function numberAt(start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at += 1) value = (Math.imul(value, 10) + (bytes[at]! - 48)) | 0;
  return value;
}
