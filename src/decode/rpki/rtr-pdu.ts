/**
 * The RPKI-to-Router protocol as bytes: PDUs of versions 0 (RFC 6810), 1 (RFC 8210) and 2 (draft-ietf-sidrops-8210bis,
 * both layouts of its ASPA PDU that are in use). Bytes come in chunks of any size, PDUs go out one by one; nothing
 * throws. What cannot be read ends the stream with a problem, since nobody knows where the next PDU begins. Called by
 * `feed/rpki/rtr-client.ts`.
 */
import { u16, u32 } from '../octets.ts';

export type RtrVersion = 0 | 1 | 2;

/** One PDU of a cache. `isAnnounced` is false for a withdrawal. */
export type RtrPdu =
  | {
      readonly type: 'serial-notify';
      readonly version: number;
      readonly session: number;
      readonly serial: number;
    }
  | { readonly type: 'cache-response'; readonly version: number; readonly session: number }
  | RtrPrefixPdu
  | RtrAspaPdu
  | RtrEndOfData
  | { readonly type: 'cache-reset'; readonly version: number }
  | { readonly type: 'error'; readonly version: number; readonly code: number; readonly text: string }
  /** Router keys (RFC 8210 §5.10) and what later versions add: of no use for origin validation. */
  | { readonly type: 'unused'; readonly version: number; readonly pduType: number };

export interface RtrPrefixPdu {
  readonly type: 'prefix';
  readonly version: number;
  readonly isAnnounced: boolean;
  readonly family: 4 | 6;
  readonly words: readonly [number, number, number, number];
  readonly length: number;
  readonly maxLength: number;
  readonly asn: number;
}

export interface RtrAspaPdu {
  readonly type: 'aspa';
  readonly version: number;
  readonly isAnnounced: boolean;
  readonly customer: number;
  readonly providers: readonly number[];
  /** Of the older layout, which has one PDU for each address family; undefined where one PDU says all. */
  readonly afi: number | undefined;
}

/** Intervals in seconds; undefined in version 0, which has none. */
export interface RtrEndOfData {
  readonly type: 'end-of-data';
  readonly version: number;
  readonly session: number;
  readonly serial: number;
  readonly refreshSeconds: number | undefined;
  readonly retrySeconds: number | undefined;
  readonly expireSeconds: number | undefined;
}

export interface RtrProblem {
  readonly code: 'rtr-length' | 'rtr-row';
  readonly detail: string;
}

const HEADER = 8;
/** An ASPA of 16,000 providers fits, and so does the longest error report. */
const PDU_BYTES_MAX = 131_072;
const SERIAL_NOTIFY = 0;
const CACHE_RESPONSE = 3;
const IPV4 = 4;
const IPV6 = 6;
const END_OF_DATA = 7;
const CACHE_RESET = 8;
const ERROR = 10;
const ASPA = 11;
/** Octets that a PDU of this type has at the least. */
const LENGTH_MIN: Readonly<Record<number, number>> = {
  [SERIAL_NOTIFY]: 12,
  [CACHE_RESPONSE]: 8,
  [IPV4]: 20,
  [IPV6]: 32,
  [END_OF_DATA]: 12,
  [CACHE_RESET]: 8,
  [ERROR]: 16,
  [ASPA]: 12,
};
const ERROR_TEXT_MAX = 200;

/** Cuts a stream into PDUs. `push` returns false once the stream cannot be read any further. */
export class RtrReader {
  private rest: Buffer = Buffer.alloc(0);
  private broken = false;
  private readonly onPdu: (pdu: RtrPdu) => void;
  private readonly onProblem: (problem: RtrProblem) => void;

  constructor(onPdu: (pdu: RtrPdu) => void, onProblem: (problem: RtrProblem) => void) {
    this.onPdu = onPdu;
    this.onProblem = onProblem;
  }

  /** Copies what is left of `chunk`; the caller may use it again. */
  push(chunk: Uint8Array): boolean {
    if (this.broken) return false;
    const bytes = this.rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.rest, chunk]);
    let at = 0;
    while (!this.broken && bytes.length - at >= HEADER) {
      const length = u32(bytes, at + 4);
      const type = bytes[at + 1] as number;
      if (length < Math.max(HEADER, LENGTH_MIN[type] ?? 0) || length > PDU_BYTES_MAX) {
        this.broken = true;
        this.onProblem({ code: 'rtr-length', detail: `a PDU of type ${type} says it has ${length} octets` });
        break;
      }
      if (bytes.length - at < length) break;
      this.read(bytes.subarray(at, at + length));
      at += length;
    }
    this.rest = this.broken ? Buffer.alloc(0) : bytes.subarray(at);
    return !this.broken;
  }

  private read(pdu: Uint8Array): void {
    const read = readPdu(pdu);
    if ('code' in read && !('type' in read)) this.onProblem(read);
    else this.onPdu(read as RtrPdu);
  }
}

function readPdu(pdu: Uint8Array): RtrPdu | RtrProblem {
  const version = pdu[0] as number;
  const type = pdu[1] as number;
  switch (type) {
    case SERIAL_NOTIFY:
      return { type: 'serial-notify', version, session: u16(pdu, 2), serial: u32(pdu, 8) };
    case CACHE_RESPONSE:
      return { type: 'cache-response', version, session: u16(pdu, 2) };
    case IPV4:
    case IPV6:
      return readPrefix(pdu, version, type === IPV4 ? 4 : 6);
    case END_OF_DATA:
      return readEndOfData(pdu, version);
    case CACHE_RESET:
      return { type: 'cache-reset', version };
    case ERROR:
      return { type: 'error', version, code: u16(pdu, 2), text: errorText(pdu) };
    case ASPA:
      return readAspa(pdu, version);
    default:
      return { type: 'unused', version, pduType: type };
  }
}

function readPrefix(pdu: Uint8Array, version: number, family: 4 | 6): RtrPrefixPdu | RtrProblem {
  const bits = family === 4 ? 32 : 128;
  const [length, maxLength] = [pdu[9] as number, pdu[10] as number];
  if (length > bits || maxLength > bits || maxLength < length) {
    return { code: 'rtr-row', detail: `a prefix of ${length} bits with a maximum of ${maxLength}` };
  }
  const words: [number, number, number, number] =
    family === 4 ? [u32(pdu, 12), 0, 0, 0] : [u32(pdu, 12), u32(pdu, 16), u32(pdu, 20), u32(pdu, 24)];
  maskHostBits(words, length);
  const asn = u32(pdu, family === 4 ? 16 : 28);
  const isAnnounced = ((pdu[8] as number) & 1) === 1;
  return { type: 'prefix', version, isAnnounced, family, words, length, maxLength, asn };
}

function maskHostBits(words: [number, number, number, number], length: number): void {
  for (let index = 0; index < 4; index += 1) {
    const kept = Math.min(32, Math.max(0, length - 32 * index));
    const mask = kept === 0 ? 0 : (0xffffffff << (32 - kept)) >>> 0;
    words[index] = ((words[index] as number) & mask) >>> 0;
  }
}

function readEndOfData(pdu: Uint8Array, version: number): RtrEndOfData {
  const hasIntervals = version > 0 && pdu.length >= 24;
  return {
    type: 'end-of-data',
    version,
    session: u16(pdu, 2),
    serial: u32(pdu, 8),
    refreshSeconds: hasIntervals ? u32(pdu, 12) : undefined,
    retrySeconds: hasIntervals ? u32(pdu, 16) : undefined,
    expireSeconds: hasIntervals ? u32(pdu, 20) : undefined,
  };
}

/**
 * Two layouts go by version 2. The newer: flags in octet 2, customer and providers behind the header (12 + 4n octets, a
 * withdrawal 12). The older (draft -10 and StayRTR 0.5): octets 2 and 3 zero, then flags, address family and a count
 * (16 + 4n octets). They cannot be taken for each other: an announcement of the newer has an odd octet 2.
 */
function readAspa(pdu: Uint8Array, version: number): RtrAspaPdu | RtrProblem {
  const isNewer = pdu.length === 12 || ((pdu[2] as number) & 1) === 1;
  const start = isNewer ? 12 : 16;
  if (pdu.length < start || (pdu.length - start) % 4 !== 0) {
    return { code: 'rtr-row', detail: `an ASPA of ${pdu.length} octets` };
  }
  if (!isNewer && (u16(pdu, 10) !== (pdu.length - 16) / 4 || (pdu[9] as number) > 1)) {
    return { code: 'rtr-row', detail: 'an ASPA whose count of providers is not its length' };
  }
  const providers: number[] = [];
  for (let at = start; at < pdu.length; at += 4) providers.push(u32(pdu, at));
  const flags = isNewer ? (pdu[2] as number) : (pdu[8] as number);
  const isAnnounced = (flags & 1) === 1;
  const customer = u32(pdu, isNewer ? 8 : 12);
  return { type: 'aspa', version, isAnnounced, customer, providers, afi: isNewer ? undefined : pdu[9] };
}

/** The text of an error report (RFC 8210 §5.11), which quotes a PDU before it. Lengths are the sender's word. */
function errorText(pdu: Uint8Array): string {
  const quoted = u32(pdu, 8);
  const at = 12 + quoted;
  if (at + 4 > pdu.length) return '';
  const end = Math.min(pdu.length, at + 4 + u32(pdu, at));
  const text = Buffer.from(pdu.subarray(at + 4, end))
    .toString('utf8')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '');
  return text.slice(0, ERROR_TEXT_MAX);
}

/** Asks for everything (RFC 8210 §5.4). */
export function resetQuery(version: RtrVersion): Buffer {
  return Buffer.from([version, 2, 0, 0, 0, 0, 0, 8]);
}

/** Asks for what came since `serial` (RFC 8210 §5.3). */
export function serialQuery(version: RtrVersion, session: number, serial: number): Buffer {
  const pdu = Buffer.from([version, 1, 0, 0, 0, 0, 0, 12, 0, 0, 0, 0]);
  pdu.writeUInt16BE(session, 2);
  pdu.writeUInt32BE(serial, 8);
  return pdu;
}
