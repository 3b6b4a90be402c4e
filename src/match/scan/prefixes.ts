/**
 * A prefix from text to integers: what `bgp/prefix.ts` reads from a string. Stricter on purpose: host bits, escapes, dotted
 * quads in IPv6 and everything out of range are refused, and the frame takes the slow road. RFC 4632, RFC 4291 §2.2.
 *
 * Lengths of octets and groups are as good as random, so a branch on them is wrong half of the time: what stands where is
 * found for sixteen bytes at once, as bits of a mask, and the digits are put in their places by shifts.
 */
import { GROUPS_AT } from '../scan-memory.ts';
import { pushPrefix } from './record.ts';
import { COLON, DOT, QUOTE, SLASH, ZERO } from './tokens.ts';

/** Reads a prefix from behind its opening quote and puts it on the tape; the address behind its closing quote, −1. */
export function readPrefix(start: i32): i32 {
  const bytes = v128.load(start);
  const digits = i8x16.bitmask(i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(48)), i8x16.splat(10)));
  const first = ctz(~digits);
  return load<u8>(start + first) === DOT ? read4(start, bytes, digits) : read6(start);
}

/** `digits`: a bit for each of the sixteen bytes that is a digit. */
function read4(start: i32, bytes: v128, digits: i32): i32 {
  const others = ~digits;
  const others2 = others & (others - 1);
  const others3 = others2 & (others2 - 1);
  const slash = others3 & (others3 - 1);
  const end1 = ctz(others);
  const end2 = ctz(others2);
  const end3 = ctz(others3);
  const end4 = ctz(slash);
  const count2 = end2 - end1 - 1;
  const count3 = end3 - end2 - 1;
  const count4 = end4 - end3 - 1;
  // One to three digits each, between dots.
  if ((end1 | count2 | count3 | count4) > 3 || ((end1 - 1) | (count2 - 1) | (count3 - 1) | (count4 - 1)) < 0)
    return -1;
  const dots = others ^ slash;
  if ((dots & ~i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(46)))) !== 0 || load<u8>(start + end4) !== SLASH)
    return -1;
  const zeros = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(48)));
  if ((zeros & (digits >> 1) & ((dots << 1) | 1)) !== 0) return -1;
  const octet1 = octet(start, end1);
  const octet2 = octet(start + end1 + 1, count2);
  const octet3 = octet(start + end2 + 1, count3);
  const octet4 = octet(start + end3 + 1, count4);
  if ((octet1 | octet2 | octet3 | octet4) > 255) return -1;
  const word = (octet1 << 24) | (octet2 << 16) | (octet3 << 8) | octet4;
  const at = readLength(start + end4 + 1);
  if (at < 0 || length > 32 || (length < 32 && word << length !== 0)) return -1;
  pushPrefix((4 << 8) | length, word, 0, 0, 0);
  return at;
}

/** Value of one to three digits; what stands behind them is shifted out. */
function octet(at: i32, count: i32): i32 {
  const digits = (load<u32>(at) ^ 0x30303030) << (32 - 8 * count);
  return (digits >> 24) + 10 * ((digits >> 16) & 255) + 100 * ((digits >> 8) & 255);
}

/** Of the prefix read last. */
let length: i32 = 0;

/** One to three digits without a leading zero, then the closing quote; the address behind it. */
function readLength(start: i32): i32 {
  let at = start + 1;
  length = <i32>load<u8>(start) - ZERO;
  if (<u32>length > 9) return -1;
  let digit = load<u8>(at) - ZERO;
  if (digit <= 9) {
    if (length === 0) return -1;
    length = length * 10 + digit;
    at += 1;
    digit = load<u8>(at) - ZERO;
    if (digit <= 9) {
      length = length * 10 + digit;
      at += 1;
    }
  }
  return load<u8>(at) === QUOTE ? at + 1 : -1;
}

/** A bit for each of sixteen bytes that is a hexadecimal digit. */
function hexMask(at: i32): i64 {
  const bytes = v128.load(at);
  const isDigit = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(48)), i8x16.splat(10));
  const isLetter = i8x16.lt_u(i8x16.sub(v128.or(bytes, i8x16.splat(32)), i8x16.splat(97)), i8x16.splat(6));
  return <i64>i8x16.bitmask(v128.or(isDigit, isLetter));
}

function read6(start: i32): i32 {
  // 48 bytes hold the longest: eight groups of four, seven colons, a slash, three digits and the quote.
  const others: u64 = ~(hexMask(start) | (hexMask(start + 16) << 16) | (hexMask(start + 32) << 32));
  v128.store(GROUPS_AT, i32x4(0, 0, 0, 0));
  let at = 0;
  let count = 0;
  let gap = -1;
  if (load<u8>(start) === COLON) {
    if (load<u8>(start, 1) !== COLON) return -1;
    gap = 0;
    at = 2;
  }
  while (true) {
    const end = at + <i32>ctz(others >> at);
    const digits = end - at;
    const byte = load<u8>(start + end);
    if (digits === 0) {
      if (gap !== count || byte !== SLASH) return -1;
      at = end;
      break;
    }
    if (digits > 4 || count === 8) return -1;
    store<u16>(GROUPS_AT + 2 * count, group(start + at, digits));
    count += 1;
    at = end;
    if (byte === SLASH) break;
    if (byte !== COLON) return -1;
    at += 1;
    if (load<u8>(start + at) === COLON) {
      if (gap >= 0) return -1;
      gap = count;
      at += 1;
    }
  }
  if (gap < 0 ? count !== 8 : count === 8) return -1;
  if (gap >= 0 && gap < count) spreadGap(gap, count);
  const end = readLength(start + at + 1);
  return end < 0 || !writeGroups() ? -1 : end;
}

/** Value of one to four hexadecimal digits. */
function group(at: i32, count: i32): u16 {
  const letters = load<u32>(at);
  // The low half of a letter is 1…6, and a letter has the bit 0x40: nine more.
  const nibbles = ((letters & 0x0f0f0f0f) + ((letters >> 6) & 0x01010101) * 9) << (32 - 8 * count);
  const pairs = (nibbles << 4) | (nibbles >> 8);
  return <u16>(((pairs & 255) << 8) | ((pairs >> 16) & 255));
}

/** Moves the groups behind `::` to the end and fills the gap with zeros. */
function spreadGap(gap: i32, count: i32): void {
  const tail = count - gap;
  for (let offset = 1; offset <= tail; offset += 1)
    store<u16>(GROUPS_AT + 2 * (8 - offset), load<u16>(GROUPS_AT + 2 * (count - offset)));
  for (let at = gap; at < 8 - tail; at += 1) store<u16>(GROUPS_AT + 2 * at, 0);
}

/** False when there are bits behind the length, or the length is too long. */
function writeGroups(): bool {
  const word0 = wordAt(GROUPS_AT);
  const word1 = wordAt(GROUPS_AT + 4);
  const word2 = wordAt(GROUPS_AT + 8);
  const word3 = wordAt(GROUPS_AT + 12);
  if (length > 128 || hasHostBits(word0, length) || hasHostBits(word1, length - 32)) return false;
  if (hasHostBits(word2, length - 64) || hasHostBits(word3, length - 96)) return false;
  pushPrefix((6 << 8) | length, word0, word1, word2, word3);
  return true;
}

/** Two groups as one word. */
function wordAt(address: i32): i32 {
  return ((<i32>load<u16>(address)) << 16) | load<u16>(address, 2);
}

/** True when a word has bits behind its first `bits`. */
function hasHostBits(word: i32, bits: i32): bool {
  return bits <= 0 ? word !== 0 : bits < 32 && word << bits !== 0;
}
