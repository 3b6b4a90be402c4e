/**
 * Is this frame provably none of our business? Asked on the bytes of every frame of RIS Live before anything is parsed.
 * Stands between `feed/` and `decode/`: what is rejected here is never decoded, everything else takes the slow road
 * (`decode/ris-live.ts`), which is the reference. Pure, hot; a rejected frame costs no string and no allocation.
 *
 * `reject` is a proof, not a guess. The scanner accepts a subset of JSON byte by byte: one `ris_message` envelope around
 * one UPDATE, known keys only, each at most once and in any order, plain ASCII texts without escapes, whole numbers,
 * spaces between tokens. Within that subset the reference reads the same values and finds no problem, which a property
 * test checks. The first byte outside of it sends the frame down the slow road. So does the spelling of a vantage point
 * that the reference has not yet seen: whether `peer`, `peer_asn` and `host` are well formed is decided there, once.
 */
import type { VantagePoint } from '../bgp/vantage-point.ts';
import type { AsnSet } from './asn-set.ts';
import {
  BYTES,
  FRAME_AT,
  isBlankFrom,
  type Literal,
  literal,
  loadFrame,
  numberAt,
  skipDigits,
  skipLiteral,
  skipNumber,
  skipSpaces,
  skipText,
} from './json-bytes.ts';
import { PrefixBytes } from './prefix-bytes.ts';
import type { PrefixIndex } from './prefix-index.ts';
import type { VantagePointTable } from './vantage-point-table.ts';

/**
 * `reject`: nothing in it concerns us, and its vantage point was noted as heard. `slow`: decode it.
 * `stranger`: decode it, and when that finds an update without problems, call `adopt` before the next frame.
 */
export type QuickVerdict = 'reject' | 'slow' | 'stranger';

/** What is watched, as the hot path wants it. The index may change in place between two frames. */
export interface Watched {
  readonly index: PrefixIndex;
  /** 1 at the slots of `ignore` entries: what such an entry is the most specific cover of is not ours. */
  readonly holes: Uint8Array;
  /** Watched ASes: whatever they originate is ours. */
  readonly origins: AsnSet;
}

/** Shorter ones are no covering prefixes (`covering-prefix`): /8, IPv6 /16. */
const COVERING_LENGTH_MIN_4 = 8;
const COVERING_LENGTH_MIN_6 = 16;

/** Of this module, so that V8 folds it. */
const bytes = BYTES;

const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const DOT = 46;
const ZERO = 48;
const SIX = 54;
const COLON = 58;
const BRACKET = 91;
const BRACKET_END = 93;
const BRACE = 123;
const BRACE_END = 125;

interface Key {
  readonly text: Literal;
  /** With its colon, as it nearly always stands there. */
  readonly usual: Literal;
  /** Says that the key was there. */
  readonly bit: number;
}

function key(name: string, bit: number): Key {
  return { text: literal(`"${name}"`), usual: literal(`"${name}":`), bit };
}

/** Keys in their quotes. */
const KEY = {
  timestamp: key('timestamp', 1),
  type: key('type', 2),
  peer: key('peer', 4),
  peerAsn: key('peer_asn', 8),
  host: key('host', 16),
  path: key('path', 32),
  announcements: key('announcements', 64),
  withdrawals: key('withdrawals', 128),
  community: key('community', 256),
  id: key('id', 512),
  origin: key('origin', 1_024),
  med: key('med', 2_048),
  aggregator: key('aggregator', 4_096),
  raw: key('raw', 8_192),
  envelopeType: key('type', 16_384),
  envelopeData: key('data', 32_768),
  nextHop: key('next_hop', 65_536),
  prefixes: key('prefixes', 131_072),
};

const NEEDED = KEY.timestamp.bit | KEY.type.bit | KEY.peer.bit | KEY.peerAsn.bit | KEY.host.bit;
const ENVELOPE = KEY.envelopeType.bit | KEY.envelopeData.bit;
const IN_ANNOUNCEMENT = KEY.nextHop.bit | KEY.prefixes.bit;
const RIS_MESSAGE = literal('"ris_message"');
const UPDATE = literal('"UPDATE"');

/** How RIS Live begins its messages: the same keys in the same order, no spaces. */
const HEAD = literal('{"type":"ris_message","data":{"timestamp":');
const HEAD_PEER = literal(',"peer":"');
const HEAD_PEER_ASN = literal(',"peer_asn":"');
const HEAD_ID = literal(',"id":"');
const HEAD_HOST = literal(',"host":"');
const HEAD_TYPE = literal(',"type":"UPDATE",');
const HEAD_BITS = NEEDED | ENVELOPE | KEY.id.bit;

/** Holds the state of the frame being scanned; one instance a thread. */
export class QuickReject {
  /** Frames rejected since the start. */
  rejected = 0;
  private watched: Watched;
  private readonly table: VantagePointTable;
  private readonly prefix = new PrefixBytes();
  private seen = 0;
  private families = 0;
  private pathLength = 0;
  private origin = 0;
  private announced = false;
  private readonly spans = new Int32Array(6);

  constructor(table: VantagePointTable, watched: Watched) {
    this.table = table;
    this.watched = watched;
  }

  /** Swaps what is watched, between two frames. */
  watch(watched: Watched): void {
    this.watched = watched;
  }

  /** Judges one frame. The bytes are only read, and not kept. `nowMs` is the driver's stamp of arrival. */
  verdict(frame: Uint8Array, nowMs: number): QuickVerdict {
    return loadFrame(frame) ? this.verdictAt(FRAME_AT, FRAME_AT + frame.length, nowMs) : 'slow';
  }

  /** The same for a frame that lies in `BYTES` already. */
  verdictAt(start: number, end: number, nowMs: number): QuickVerdict {
    this.seen = 0;
    this.families = 0;
    this.pathLength = 0;
    this.announced = false;
    if (!this.scanFrame(start, end)) return 'slow';
    if ((this.seen & NEEDED) !== NEEDED || this.families === 0) return 'slow';
    if (this.announced && (this.pathLength === 0 || this.watched.origins.has(this.origin))) return 'slow';
    const row = this.table.find(this.spans);
    if (row < 0) return 'stranger';
    if (this.table.isCalledIn(row)) return 'slow';
    this.table.noteHeard(row, this.families, nowMs);
    this.rejected += 1;
    return 'reject';
  }

  /**
   * After the verdict `stranger`, for the same frame: the reference found this vantage point and no problem.
   * Its row in the table, −1 when the table is full. The caller notes that it was heard.
   */
  adopt(frame: Uint8Array, vantagePoint: VantagePoint): number {
    return loadFrame(frame) ? this.adoptHere(vantagePoint) : -1;
  }

  /** The same while the frame still lies where `verdictAt` read it. */
  adoptHere(vantagePoint: VantagePoint): number {
    return this.table.adopt(this.spans, vantagePoint);
  }

  /** One message, then nothing but white space. */
  private scanFrame(start: number, end: number): boolean {
    const fields = this.scanUsualHead(start);
    const at = fields < 0 ? this.scanEnvelope(start) : this.scanUsualFields(fields);
    return at >= 0 && isBlankFrom(at, end);
  }

  /** The beginning as RIS Live writes it, up to the first field behind `type`; −1: look again, key by key. */
  private scanUsualHead(start: number): number {
    let at = skipLiteral(start, HEAD);
    if (at < 0) return -1;
    at = skipStamp(at);
    if (at < 0) return -1;
    at = skipLiteral(at, HEAD_PEER);
    if (at < 0) return -1;
    at = this.scanKeyPart(at - 1, 0);
    if (at < 0) return -1;
    at = skipLiteral(at, HEAD_PEER_ASN);
    if (at < 0) return -1;
    at = this.scanKeyPart(at - 1, 1);
    if (at < 0) return -1;
    at = skipLiteral(at, HEAD_ID);
    if (at < 0) return -1;
    at = skipText(at - 1);
    if (at < 0) return -1;
    at = skipLiteral(at, HEAD_HOST);
    if (at < 0) return -1;
    at = this.scanKeyPart(at - 1, 2);
    return at < 0 ? -1 : skipLiteral(at, HEAD_TYPE);
  }

  private scanUsualFields(start: number): number {
    this.seen = HEAD_BITS;
    let at = start;
    for (;;) {
      at = this.scanField(at);
      if (at < 0) return -1;
      if (bytes[at] === SPACE) at = skipSpaces(at);
      if (bytes[at] !== COMMA) break;
      at += 1;
      if (bytes[at] === SPACE) at = skipSpaces(at);
    }
    if (bytes[at] !== BRACE_END) return -1;
    at = skipSpaces(at + 1);
    return bytes[at] === BRACE_END ? at + 1 : -1;
  }

  /** `{"type":"ris_message","data":{…}}` in any order. */
  private scanEnvelope(start: number): number {
    this.seen = 0;
    let at = skipSpaces(start);
    if (bytes[at] !== BRACE) return -1;
    for (;;) {
      at = this.scanEnvelopeField(skipSpaces(at + 1));
      if (at < 0) return -1;
      at = skipSpaces(at);
      if (bytes[at] !== COMMA) break;
    }
    return bytes[at] === BRACE_END && (this.seen & ENVELOPE) === ENVELOPE ? at + 1 : -1;
  }

  private scanEnvelopeField(start: number): number {
    if (bytes[start] !== QUOTE) return -1;
    if (bytes[start + 1] === 116 /* t */) {
      const at = this.scanKey(start + 1, KEY.envelopeType);
      return at < 0 ? -1 : skipLiteral(at, RIS_MESSAGE);
    }
    let at = this.scanKey(start + 1, KEY.envelopeData);
    if (at < 0 || bytes[at] !== BRACE) return -1;
    for (;;) {
      at = this.scanField(skipSpaces(at + 1));
      if (at < 0) return -1;
      at = skipSpaces(at);
      if (bytes[at] !== COMMA) break;
    }
    return bytes[at] === BRACE_END ? at + 1 : -1;
  }

  /** One field of the message, key and value; the offset behind it, −1 when it is not of the plain kind. */
  private scanField(start: number): number {
    if (bytes[start] !== QUOTE) return -1;
    const at = start + 1;
    switch (bytes[at]) {
      case 116: // t
        return bytes[at + 1] === 105 /* i */ ? this.scanTimestamp(at) : this.scanType(at);
      case 112: // p
        if (bytes[at + 1] === 97 /* a */) return this.scanPath(at);
        if (bytes[at + 4] === QUOTE) return this.scanKeyPart(this.scanKey(at, KEY.peer), 0);
        return this.scanKeyPart(this.scanKey(at, KEY.peerAsn), 1);
      case 104: // h
        return this.scanKeyPart(this.scanKey(at, KEY.host), 2);
      case 105: // i
        return skipText(this.scanKey(at, KEY.id));
      case 99: // c
        return this.scanCommunities(at);
      case 111: // o
        return skipText(this.scanKey(at, KEY.origin));
      case 109: // m
        return skipNumber(this.scanKey(at, KEY.med));
      case 97: // a
        if (bytes[at + 1] === 103 /* g */) return skipText(this.scanKey(at, KEY.aggregator));
        return this.scanAnnouncements(at);
      case 119: // w
        return this.scanPrefixes(this.scanKey(at, KEY.withdrawals));
      case 114: // r
        return skipText(this.scanKey(at, KEY.raw));
      default:
        return -1;
    }
  }

  /** A key that was not there yet, from behind its opening quote, and its colon; the offset of the value. */
  private scanKey(start: number, key: Key): number {
    if ((this.seen & key.bit) !== 0) return -1;
    this.seen |= key.bit;
    const usual = skipLiteral(start - 1, key.usual);
    if (usual >= 0) return bytes[usual] === SPACE ? skipSpaces(usual) : usual;
    const at = skipLiteral(start - 1, key.text);
    if (at < 0) return -1;
    const colon = skipSpaces(at);
    return bytes[colon] === COLON ? skipSpaces(colon + 1) : -1;
  }

  private scanType(start: number): number {
    const at = this.scanKey(start, KEY.type);
    return at < 0 ? -1 : skipLiteral(at, UPDATE);
  }

  private scanTimestamp(start: number): number {
    const at = this.scanKey(start, KEY.timestamp);
    return at < 0 ? -1 : skipStamp(at);
  }

  /** A text that is part of the vantage point's spelling: 0 peer, 1 peer_asn, 2 host. */
  private scanKeyPart(start: number, part: number): number {
    const end = skipText(start);
    this.spans[2 * part] = start + 1;
    this.spans[2 * part + 1] = end - 1;
    return end;
  }

  /** A list of whole numbers. A path with an AS_SET is for the slow road. */
  private scanPath(start: number): number {
    let at = this.scanKey(start, KEY.path);
    if (at < 0 || bytes[at] !== BRACKET) return -1;
    at = skipSpaces(at + 1);
    if (bytes[at] === BRACKET_END) return at + 1;
    for (;;) {
      const end = skipNumber(at);
      if (end < 0) return -1;
      this.pathLength += 1;
      const next = skipSpaces(end);
      if (bytes[next] === BRACKET_END) {
        this.origin = numberAt(at, end);
        return next + 1;
      }
      if (bytes[next] !== COMMA) return -1;
      at = skipSpaces(next + 1);
    }
  }

  /** A list of pairs of two-byte numbers (RFC 1997). */
  private scanCommunities(start: number): number {
    let at = this.scanKey(start, KEY.community);
    if (at < 0 || bytes[at] !== BRACKET) return -1;
    at = skipSpaces(at + 1);
    if (bytes[at] === BRACKET_END) return at + 1;
    for (;;) {
      if (bytes[at] !== BRACKET) return -1;
      at = skipHalf(at + 1);
      if (at < 0 || bytes[at] !== COMMA) return -1;
      at = skipHalf(at + 1);
      if (at < 0 || bytes[at] !== BRACKET_END) return -1;
      at += 1;
      if (bytes[at] === SPACE) at = skipSpaces(at);
      if (bytes[at] === BRACKET_END) return at + 1;
      if (bytes[at] !== COMMA) return -1;
      at += 1;
      if (bytes[at] === SPACE) at = skipSpaces(at);
    }
  }

  /** A list of `{"next_hop":"…","prefixes":[…]}`; the next hop is no business of ours, whatever it says. */
  private scanAnnouncements(start: number): number {
    let at = this.scanKey(start, KEY.announcements);
    if (at < 0 || bytes[at] !== BRACKET) return -1;
    at = skipSpaces(at + 1);
    if (bytes[at] === BRACKET_END) return at + 1;
    for (;;) {
      at = this.scanAnnouncement(at);
      if (at < 0) return -1;
      at = skipSpaces(at);
      if (bytes[at] === BRACKET_END) return at + 1;
      if (bytes[at] !== COMMA) return -1;
      at = skipSpaces(at + 1);
    }
  }

  private scanAnnouncement(start: number): number {
    if (bytes[start] !== BRACE) return -1;
    this.seen &= ~IN_ANNOUNCEMENT;
    let at = start;
    for (;;) {
      const key = skipSpaces(at + 1) + 1;
      if (bytes[key - 1] !== QUOTE) return -1;
      if (bytes[key] === 110 /* n */) at = skipText(this.scanKey(key, KEY.nextHop));
      else {
        at = this.scanPrefixes(this.scanKey(key, KEY.prefixes));
        this.announced = true;
      }
      if (at < 0) return -1;
      at = skipSpaces(at);
      if (bytes[at] !== COMMA) break;
    }
    return bytes[at] === BRACE_END && (this.seen & KEY.prefixes.bit) !== 0 ? at + 1 : -1;
  }

  /** A list of prefixes, none of them ours. */
  private scanPrefixes(start: number): number {
    if (start < 0 || bytes[start] !== BRACKET) return -1;
    let at = skipSpaces(start + 1);
    if (bytes[at] === BRACKET_END) return at + 1;
    for (;;) {
      if (bytes[at] !== QUOTE) return -1;
      at = this.prefix.read(at + 1);
      if (at < 0 || this.isOurs()) return -1;
      at = skipSpaces(at);
      if (bytes[at] === BRACKET_END) return at + 1;
      if (bytes[at] !== COMMA) return -1;
      at = skipSpaces(at + 1);
    }
  }

  /** Whether the prefix just read is watched, lies in watched space, or covers some of it. */
  private isOurs(): boolean {
    const { index, holes } = this.watched;
    const { family, w0, w1, w2, w3, length } = this.prefix;
    if (family === 4) {
      this.families |= 1;
      if (index.isFree4(w0, length)) return false;
      const slot = index.covering4(w0, length);
      if (slot >= 0 && holes[slot] !== 1) return true;
      return length >= COVERING_LENGTH_MIN_4 && index.anyInside4(w0, length);
    }
    this.families |= 2;
    if (index.isFree6(w0, length)) return false;
    const slot = index.covering6(w0, w1, w2, w3, length);
    if (slot >= 0 && holes[slot] !== 1) return true;
    return length >= COVERING_LENGTH_MIN_6 && index.anyInside6(w0, w1, w2, w3, length);
  }
}

/** Nine or ten digits that begin with 1…9, and perhaps a fraction: years 1973 to 2286. */
function skipStamp(at: number): number {
  if (bytes[at] === ZERO) return -1;
  const point = skipDigits(at);
  if (point - at !== 9 && point - at !== 10) return -1;
  if (bytes[point] !== DOT) return point;
  const end = skipDigits(point + 1);
  return end > point + 1 ? end : -1;
}

/** Half a community with the spaces around it. */
function skipHalf(from: number): number {
  const start = bytes[from] === SPACE ? skipSpaces(from) : from;
  const end = skipDigits(start);
  const digits = end - start;
  if (digits === 0 || digits > 5 || (digits > 1 && bytes[start] === ZERO)) return -1;
  if (digits === 5 && bytes[start]! >= SIX && numberAt(start, end) > 65_535) return -1;
  return bytes[end] === SPACE ? skipSpaces(end) : end;
}
