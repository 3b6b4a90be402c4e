/**
 * The grammar of one frame: a `ris_message` envelope around one UPDATE, known keys only, each at most once and in any
 * order, plain ASCII texts, whole numbers, spaces between tokens. Writes a record of `tape.ts`. Within that subset
 * `decode/ris-live/ris-live.ts` reads the same values and finds no problem; the first byte outside of it makes the frame not plain.
 *
 * Reading runs on over the end of a frame that is cut off, into whatever stands behind it: whether it stayed inside is
 * asked at the end.
 */
import * as tape from '../tape.ts';
import { skipCommunities, skipPath, skipPrefixes } from './lists.ts';
import { beginList, beginRecord, cellAt, endList, recordEnd, setCell, setSpan, setStamp } from './record.ts';
import {
  BRACE,
  BRACE_END,
  BRACKET,
  BRACKET_END,
  COLON,
  COMMA,
  countDigits,
  DOT,
  digitsFrom,
  isAt,
  isBlank,
  LITERAL_BYTES,
  literal,
  numberOf,
  QUOTE,
  SPACE,
  skipNumber,
  skipSpaces,
  skipText,
  ZERO,
} from './tokens.ts';

const TIMESTAMP = 1;
const TYPE = 2;
const PEER = 4;
const PEER_ASN = 8;
const HOST = 16;
const PATH = 32;
const ANNOUNCEMENTS = 64;
const WITHDRAWALS = 128;
const COMMUNITY = 256;
const ID = 512;
const ORIGIN = 1024;
const MED = 2048;
const AGGREGATOR = 4096;
const RAW = 8192;
const ENVELOPE_TYPE = 16384;
const ENVELOPE_DATA = 32768;
const NEXT_HOP = 65536;
const PREFIXES = 131072;

const NEEDED = TIMESTAMP | TYPE | PEER | PEER_ASN | HOST;
const ENVELOPE = ENVELOPE_TYPE | ENVELOPE_DATA;

/** Keys without their opening quote. */
const timestampKey = literal('timestamp"');
const typeKey = literal('type"');
const peerKey = literal('peer"');
const peerAsnKey = literal('peer_asn"');
const hostKey = literal('host"');
const pathKey = literal('path"');
const announcementsKey = literal('announcements"');
const withdrawalsKey = literal('withdrawals"');
const communityKey = literal('community"');
const idKey = literal('id"');
const originKey = literal('origin"');
const medKey = literal('med"');
const aggregatorKey = literal('aggregator"');
const rawKey = literal('raw"');
const dataKey = literal('data"');
const nextHopKey = literal('next_hop"');
const prefixesKey = literal('prefixes"');
const risMessageText = literal('ris_message"');
const updateText = literal('UPDATE"');

/** How RIS Live begins its messages: the same keys in the same order, no spaces. */
const usualHead = literal('{"type":"ris_mes');
literal('sage","data":{"t');
literal('imestamp":');
const usualPeer = literal(',"peer":"');
const usualPeerAsn = literal(',"peer_asn":"');
const usualId = literal(',"id":"');
const usualHost = literal(',"host":"');
const usualType = literal(',"type":"UPDATE"');
const USUAL_BITS = NEEDED | ENVELOPE | ID;

let frameEnd: i32 = 0;
/** Keys seen. */
let seen: i32 = 0;

/**
 * Reads the frame between two addresses and writes its lists behind the head of the record and the head itself; the
 * address behind the lists, −1 when the frame is not plain. There must be a cell for each byte of the frame.
 */
export function readFrame(start: i32, end: i32, to: i32): i32 {
  beginRecord(to);
  frameEnd = end;
  seen = 0;
  const fields = skipUsualHead(start);
  const at = fields < 0 ? skipEnvelope(start) : skipUsualFields(fields);
  if (at < 0 || !isBlank(at, end) || (seen & NEEDED) !== NEEDED) return -1;
  // Announced without a path: a problem for the reference.
  if (cellAt(tape.ANNOUNCED_COUNT) !== 0 && cellAt(tape.PATH_COUNT) === 0) return -1;
  setCell(tape.HASH, hashOfSpelling());
  return recordEnd();
}

/** The beginning as RIS Live writes it, up to the first field behind `type`; −1: look again, key by key. */
function skipUsualHead(start: i32): i32 {
  if (!isAt(start, usualHead) || !isAt(start + 16, usualHead + LITERAL_BYTES)) return -1;
  if (!isAt(start + 32, usualHead + 2 * LITERAL_BYTES)) return -1;
  let at = skipStamp(start + 42);
  if (at < 0 || !isAt(at, usualPeer)) return -1;
  at = skipSpelling(at + 9, tape.PEER_AT);
  if (at < 0 || !isAt(at, usualPeerAsn)) return -1;
  at = skipSpelling(at + 13, tape.PEER_ASN_AT);
  if (at < 0 || !isAt(at, usualId)) return -1;
  at = skipText(at + 7);
  if (at < 0 || !isAt(at, usualHost)) return -1;
  at = skipSpelling(at + 9, tape.HOST_AT);
  return at < 0 || !isAt(at, usualType) ? -1 : at + 16;
}

function skipUsualFields(start: i32): i32 {
  seen = USUAL_BITS;
  const at = skipFields(start);
  if (at < 0) return -1;
  const end = skipSpaces(at);
  return load<u8>(end) === BRACE_END ? end + 1 : -1;
}

/** Comma, field, comma, field, and the brace that closes them. */
function skipFields(start: i32): i32 {
  let at = start;
  while (true) {
    if (load<u8>(at) === SPACE) at = skipSpaces(at);
    if (load<u8>(at) !== COMMA) break;
    at += 1;
    if (load<u8>(at) === SPACE) at = skipSpaces(at);
    at = skipField(at);
    if (at < 0) return -1;
  }
  return load<u8>(at) === BRACE_END ? at + 1 : -1;
}

/** `{"type":"ris_message","data":{…}}` in any order. */
function skipEnvelope(start: i32): i32 {
  seen = 0;
  let at = skipSpaces(start);
  if (load<u8>(at) !== BRACE) return -1;
  while (true) {
    at = skipEnvelopeField(skipSpaces(at + 1));
    if (at < 0) return -1;
    at = skipSpaces(at);
    if (load<u8>(at) !== COMMA) break;
  }
  return load<u8>(at) === BRACE_END && (seen & ENVELOPE) === ENVELOPE ? at + 1 : -1;
}

function skipEnvelopeField(start: i32): i32 {
  if (load<u8>(start) !== QUOTE) return -1;
  if (load<u8>(start, 1) === 116 /* t */)
    return skipWord(skipKey(start + 1, typeKey, 5, ENVELOPE_TYPE), risMessageText, 12);
  const data = skipKey(start + 1, dataKey, 5, ENVELOPE_DATA);
  if (data < 0 || load<u8>(data) !== BRACE) return -1;
  const first = skipField(skipSpaces(data + 1));
  return first < 0 ? -1 : skipFields(first);
}

/** One field of the message, key and value. */
function skipField(start: i32): i32 {
  if (load<u8>(start) !== QUOTE) return -1;
  const at = start + 1;
  switch (load<u8>(at)) {
    case 112: // p
      if (load<u8>(at, 1) === 97 /* a */) return skipPath(skipKey(at, pathKey, 5, PATH), frameEnd);
      if (load<u8>(at, 4) === QUOTE) return skipSpellingText(skipKey(at, peerKey, 5, PEER), tape.PEER_AT);
      return skipSpellingText(skipKey(at, peerAsnKey, 9, PEER_ASN), tape.PEER_ASN_AT);
    case 99: // c
      return skipCommunities(skipKey(at, communityKey, 10, COMMUNITY), frameEnd);
    case 97: // a
      if (load<u8>(at, 1) === 103 /* g */) return skipQuoted(skipKey(at, aggregatorKey, 11, AGGREGATOR));
      return skipAnnouncements(skipKey(at, announcementsKey, 14, ANNOUNCEMENTS));
    case 119: // w
      return skipWithdrawals(skipKey(at, withdrawalsKey, 12, WITHDRAWALS));
    case 111: // o
      return skipQuoted(skipKey(at, originKey, 7, ORIGIN));
    case 109: // m
      return skipMed(skipKey(at, medKey, 4, MED));
    case 114: // r
      return skipQuoted(skipKey(at, rawKey, 4, RAW));
    case 116: // t
      if (load<u8>(at, 1) === 121 /* y */) return skipWord(skipKey(at, typeKey, 5, TYPE), updateText, 7);
      return skipStamp(skipKey(at, timestampKey, 10, TIMESTAMP));
    case 104: // h
      return skipSpellingText(skipKey(at, hostKey, 5, HOST), tape.HOST_AT);
    case 105: // i
      return skipQuoted(skipKey(at, idKey, 3, ID));
    default:
      return -1;
  }
}

/** A key that was not there yet, from behind its opening quote, and its colon; the address of the value. */
function skipKey(start: i32, key: i32, length: i32, bit: i32): i32 {
  if ((seen & bit) !== 0 || !isAt(start, key)) return -1;
  seen |= bit;
  let at = start + length;
  if (load<u8>(at) === SPACE) at = skipSpaces(at);
  if (load<u8>(at) !== COLON) return -1;
  at += 1;
  return load<u8>(at) === SPACE ? skipSpaces(at) : at;
}

/** The one text that may stand here, its closing quote with it. */
function skipWord(start: i32, text: i32, length: i32): i32 {
  return start >= 0 && load<u8>(start) === QUOTE && isAt(start + 1, text) ? start + 1 + length : -1;
}

function skipQuoted(start: i32): i32 {
  return start >= 0 && load<u8>(start) === QUOTE ? skipText(start + 1) : -1;
}

function skipSpellingText(start: i32, index: i32): i32 {
  return start >= 0 && load<u8>(start) === QUOTE ? skipSpelling(start + 1, index) : -1;
}

/** A text that is part of the vantage point's spelling, from behind its opening quote. */
function skipSpelling(start: i32, index: i32): i32 {
  const end = skipText(start);
  setSpan(index, start, end - 1);
  return end;
}

function skipMed(start: i32): i32 {
  return start < 0 ? -1 : skipNumber(start);
}

/** Nine or ten digits that begin with 1…9, and perhaps a fraction: years 1973 to 2286. */
function skipStamp(start: i32): i32 {
  if (start < 0 || load<u8>(start) === ZERO) return -1;
  const eight = digitsFrom(start);
  const ninth: u32 = load<u8>(start, 8) - ZERO;
  if (countDigits(eight) !== 8 || ninth > 9) return -1;
  let seconds: u64 = <u64>numberOf(eight, 8) * 10 + ninth;
  let at = start + 9;
  const tenth: u32 = load<u8>(at) - ZERO;
  if (tenth <= 9) {
    seconds = seconds * 10 + tenth;
    at += 1;
  }
  let millis = 0;
  if (load<u8>(at) === DOT) {
    const fraction = digitsFrom(at + 1);
    const count = countDigits(fraction);
    if (count === 0) return -1;
    at += 1 + count;
    if (count > 3) {
      while (load<u8>(at) - ZERO <= 9) at += 1;
      millis = -1;
    } else millis = millisOf(fraction, count);
  }
  // Beyond 32 bits the slow road reads it.
  if (seconds > <u64>u32.MAX_VALUE) millis = -1;
  setStamp(<i32>seconds, millis, start, at);
  return at;
}

/** One to three digits of a fraction as ms. */
function millisOf(fraction: u64, count: i32): i32 {
  const value = <i32>numberOf(fraction, count);
  return count === 3 ? value : count === 2 ? value * 10 : value * 100;
}

/** A list of `{"next_hop":"…","prefixes":[…]}`; the next hop is no business of ours, whatever it says. */
function skipAnnouncements(start: i32): i32 {
  if (start < 0 || load<u8>(start) !== BRACKET) return -1;
  let at = skipSpaces(start + 1);
  if (load<u8>(at) === BRACKET_END) return at + 1;
  beginList();
  while (true) {
    at = skipAnnouncement(at);
    if (at < 0) return -1;
    if (load<u8>(at) === SPACE) at = skipSpaces(at);
    const byte = load<u8>(at);
    at += 1;
    if (byte !== COMMA) {
      endList(tape.ANNOUNCED_COUNT, tape.PREFIX_CELLS);
      return byte === BRACKET_END ? at : -1;
    }
    if (load<u8>(at) === SPACE) at = skipSpaces(at);
  }
}

function skipAnnouncement(start: i32): i32 {
  if (load<u8>(start) !== BRACE) return -1;
  seen &= ~(NEXT_HOP | PREFIXES);
  let at = start;
  while (true) {
    const key = skipSpaces(at + 1) + 1;
    if (load<u8>(key - 1) !== QUOTE) return -1;
    if (load<u8>(key) === 110 /* n */) at = skipQuoted(skipKey(key, nextHopKey, 9, NEXT_HOP));
    else at = skipPrefixes(skipKey(key, prefixesKey, 9, PREFIXES), frameEnd);
    if (at < 0) return -1;
    if (load<u8>(at) === SPACE) at = skipSpaces(at);
    if (load<u8>(at) !== COMMA) break;
  }
  return load<u8>(at) === BRACE_END && (seen & PREFIXES) !== 0 ? at + 1 : -1;
}

function skipWithdrawals(start: i32): i32 {
  beginList();
  const at = skipPrefixes(start, frameEnd);
  if (at >= 0) endList(tape.WITHDRAWN_COUNT, tape.PREFIX_CELLS);
  return at;
}

/** Over the three texts that spell the vantage point, eight bytes at a time, and their lengths. */
function hashOfSpelling(): i32 {
  let hash: u64 = 0x9e3779b97f4a7c15;
  for (let index = tape.PEER_AT; index < tape.HASH; index += 2) {
    const end = cellAt(index + 1);
    for (let at = cellAt(index); at < end; at += 8) {
      const rest = end - at;
      const word = load<u64>(at);
      hash = (hash ^ (rest < 8 ? word & ~(~(<u64>0) << (8 * rest)) : word)) * 0xff51afd7ed558ccd;
      hash ^= hash >> 29;
    }
    hash ^= (index + end - cellAt(index)) as u64;
  }
  return <i32>((hash * 0xc4ceb9fe1a85ec53) >> 32);
}
