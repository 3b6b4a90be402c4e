/**
 * The lists of a message: AS path, communities, prefixes, each written to the tape as it is read. Every step takes the
 * address where its list should begin and the end of the frame, and returns the address behind the list, −1 when it is not
 * plain. A frame that is cut off is read on over its end: no list goes on behind it, or it could fill the tape.
 */
import * as tape from '../tape.ts';
import { readPrefix } from './prefixes.ts';
import { beginList, endList, push } from './record.ts';
import { BRACKET, BRACKET_END, COMMA, numberRead, QUOTE, SPACE, skipNumber, skipSpaces } from './tokens.ts';

/** A list of whole numbers. A path with an AS_SET is for the slow road. */
export function skipPath(start: i32, end: i32): i32 {
  if (start < 0 || load<u8>(start) !== BRACKET) return -1;
  let at = skipSpaces(start + 1);
  if (load<u8>(at) === BRACKET_END) return at + 1;
  beginList();
  while (true) {
    at = skipNumber(at);
    if (at < 0 || at > end) return -1;
    push(numberRead);
    if (load<u8>(at) === SPACE) at = skipSpaces(at);
    const byte = load<u8>(at);
    at += 1;
    if (byte !== COMMA) {
      endList(tape.PATH_COUNT, 1);
      return byte === BRACKET_END ? at : -1;
    }
    if (load<u8>(at) === SPACE) at = skipSpaces(at);
  }
}

/** A list of pairs of two-byte numbers (RFC 1997). */
export function skipCommunities(start: i32, end: i32): i32 {
  if (start < 0 || load<u8>(start) !== BRACKET) return -1;
  let at = skipSpaces(start + 1);
  if (load<u8>(at) === BRACKET_END) return at + 1;
  beginList();
  while (true) {
    if (load<u8>(at) !== BRACKET) return -1;
    at = skipHalf(at + 1);
    if (at < 0 || load<u8>(at) !== COMMA) return -1;
    const high = numberRead;
    at = skipHalf(at + 1);
    if (at < 0 || at > end || load<u8>(at) !== BRACKET_END) return -1;
    push((high << 16) | numberRead);
    at += 1;
    if (load<u8>(at) === SPACE) at = skipSpaces(at);
    const byte = load<u8>(at);
    at += 1;
    if (byte !== COMMA) {
      endList(tape.COMMUNITY_COUNT, 1);
      return byte === BRACKET_END ? at : -1;
    }
    if (load<u8>(at) === SPACE) at = skipSpaces(at);
  }
}

/** Half a community with the spaces around it. */
function skipHalf(from: i32): i32 {
  const start = load<u8>(from) === SPACE ? skipSpaces(from) : from;
  const at = skipNumber(start);
  if (at < 0 || <u32>numberRead > 65535) return -1;
  return load<u8>(at) === SPACE ? skipSpaces(at) : at;
}

/** A list of prefixes; `beginList` and `endList` are the caller's. */
export function skipPrefixes(start: i32, end: i32): i32 {
  if (start < 0 || load<u8>(start) !== BRACKET) return -1;
  let at = skipSpaces(start + 1);
  if (load<u8>(at) === BRACKET_END) return at + 1;
  while (true) {
    if (load<u8>(at) !== QUOTE) return -1;
    at = readPrefix(at + 1);
    if (at < 0 || at > end) return -1;
    if (load<u8>(at) === SPACE) at = skipSpaces(at);
    const byte = load<u8>(at);
    at += 1;
    if (byte !== COMMA) return byte === BRACKET_END ? at : -1;
    if (load<u8>(at) === SPACE) at = skipSpaces(at);
  }
}
