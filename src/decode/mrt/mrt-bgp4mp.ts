/**
 * The envelope of BGP messages and state changes in MRT: BGP4MP and BGP4MP_ET (RFC 6396 §4.4, §4.5; ADD-PATH
 * subtypes RFC 8050 §3) and the deprecated BGP type (appendix B.2). What is inside goes to `bgp-update.ts`.
 */
import type { Problem } from '../../bgp/update.ts';
import type { Slice } from '../bgp/update.ts';
import { HEADER_SIZE } from '../bgp/update.ts';
import { address6, quad, u16, u32 } from '../octets.ts';
import type { MrtFrame } from './mrt-framing.ts';

export const UPDATE_MESSAGE = 2;

/** How a BGP4MP subtype is to be read. */
interface Shape {
  readonly asnSize: 2 | 4;
  readonly addPath: boolean;
  /** The collector sent it. */
  readonly local: boolean;
  readonly state: boolean;
}

const shape = (asnSize: 2 | 4, addPath = false, local = false, state = false): Shape => ({
  asnSize,
  addPath,
  local,
  state,
});
/** By subtype; 2 and 3 (ENTRY, SNAPSHOT) were never used in earnest and are deprecated. */
const SHAPES: readonly (Shape | undefined)[] = [
  shape(2, false, false, true),
  shape(2),
  undefined,
  undefined,
  shape(4),
  shape(4, false, false, true),
  shape(2, false, true),
  shape(4, false, true),
  shape(2, true),
  shape(4, true),
  shape(2, true, true),
  shape(4, true, true),
];

/** Who said it. The bytes of the address stay where they are until somebody asks. */
export interface Session {
  readonly peerAsn: number;
  /** Offset of the peer's address; -1 where the writer left it out. */
  readonly addressAt: number;
  readonly family: 4 | 6;
}

export interface MessageEnvelope {
  readonly kind: 'message';
  readonly session: Session;
  readonly asnSize: 2 | 4;
  readonly addPath: boolean;
  readonly local: boolean;
  /** RFC 4271 §4.1: 1 OPEN, 2 UPDATE, 3 NOTIFICATION, 4 KEEPALIVE, 5 ROUTE-REFRESH. */
  readonly messageType: number;
  readonly body: Slice;
  /** The message says it is longer than the record. */
  readonly cut: boolean;
}

export interface StateEnvelope {
  readonly kind: 'state';
  readonly session: Session;
  readonly oldState: number;
  readonly newState: number;
}

export type Envelope = MessageEnvelope | StateEnvelope;

/** Opens a record of type 16 or 17; undefined when it has nothing to read, with the reason among the problems. */
export function openBgp4mp(frame: MrtFrame, problems: Problem[]): Envelope | undefined {
  const found = SHAPES[frame.subtype];
  if (found === undefined) {
    const known = frame.subtype === 2 || frame.subtype === 3;
    const detail = `BGP4MP subtype ${frame.subtype}${known ? ' (deprecated)' : ''} (RFC 6396 §4.4)`;
    problems.push({ code: 'mrt-unsupported', detail });
    return undefined;
  }
  return found.state ? openState(frame, found, problems) : openMessage(frame, found, problems);
}

function openMessage(
  frame: MrtFrame,
  { asnSize, addPath, local }: Shape,
  problems: Problem[],
): MessageEnvelope | undefined {
  const { bytes, start, end } = frame;
  const fixed = start + asnSize * 2 + 4;
  if (fixed > end) return short(problems);
  const afi = u16(bytes, fixed - 2);
  const peerAsn = asnSize === 4 ? u32(bytes, start) : u16(bytes, start);
  // Old Zebra left interface, family and addresses out of OPENs: the marker stands in their place.
  if (afi === 0xffff) return undefined;
  if (afi !== 1 && afi !== 2) {
    problems.push({ code: 'mrt-family', detail: `BGP4MP address family ${afi} (RFC 6396 §4.4.1)` });
    return undefined;
  }
  const size = afi === 1 ? 4 : 16;
  const message = fixed + size * 2;
  if (message + HEADER_SIZE > end) return short(problems);
  const session: Session = { peerAsn, addressAt: fixed, family: afi === 1 ? 4 : 6 };
  for (let at = message; at < message + 16; at += 1)
    if (bytes[at] !== 0xff) {
      problems.push({ code: 'bgp-marker', detail: 'BGP marker is not all ones (RFC 4271 §4.1)' });
      return undefined;
    }
  const claimed = u16(bytes, message + 16);
  if (claimed < HEADER_SIZE) {
    problems.push({ code: 'bgp-length', detail: `BGP message of ${claimed} octets (RFC 4271 §4.1)` });
    return undefined;
  }
  const body = { bytes, start: message + HEADER_SIZE, end: Math.min(message + claimed, end) };
  const messageType = bytes[message + 18] as number;
  return {
    kind: 'message',
    session,
    asnSize,
    addPath,
    local,
    messageType,
    body,
    cut: message + claimed > end,
  };
}

function openState(frame: MrtFrame, { asnSize }: Shape, problems: Problem[]): StateEnvelope | undefined {
  const { bytes, start, end } = frame;
  const length = end - start;
  const peerAsn = length < asnSize ? 0 : asnSize === 4 ? u32(bytes, start) : u16(bytes, start);
  // Old Zebra again: no interface, no addresses.
  if (length === 8 && asnSize === 2)
    return {
      kind: 'state',
      session: { peerAsn, addressAt: -1, family: 4 },
      oldState: u16(bytes, start + 4),
      newState: u16(bytes, start + 6),
    };
  const fixed = start + asnSize * 2 + 4;
  if (fixed > end) return short(problems);
  const afi = u16(bytes, fixed - 2);
  if (afi !== 1 && afi !== 2) {
    problems.push({ code: 'mrt-family', detail: `BGP4MP address family ${afi} (RFC 6396 §4.4.1)` });
    return undefined;
  }
  const states = fixed + (afi === 1 ? 8 : 32);
  if (states + 4 > end) return short(problems);
  const session: Session = { peerAsn, addressAt: fixed, family: afi === 1 ? 4 : 6 };
  return { kind: 'state', session, oldState: u16(bytes, states), newState: u16(bytes, states + 2) };
}

/** The deprecated type 5 (RFC 6396 appendix B.2): UPDATE and STATE_CHANGE of IPv4 sessions, without a BGP header. */
export function openOldBgp(frame: MrtFrame, problems: Problem[]): Envelope | undefined {
  const { bytes, start, end, subtype } = frame;
  if (subtype === 1) {
    if (start + 12 > end) return short(problems);
    const session: Session = { peerAsn: u16(bytes, start), addressAt: start + 2, family: 4 };
    const body = { bytes, start: start + 12, end };
    return {
      kind: 'message',
      session,
      asnSize: 2,
      addPath: false,
      local: false,
      messageType: UPDATE_MESSAGE,
      body,
      cut: false,
    };
  }
  if (subtype === 3) {
    if (start + 10 > end) return short(problems);
    const session: Session = { peerAsn: u16(bytes, start), addressAt: start + 2, family: 4 };
    return { kind: 'state', session, oldState: u16(bytes, start + 6), newState: u16(bytes, start + 8) };
  }
  // OPEN, NOTIFICATION, KEEPALIVE, SYNC and PREF_UPDATE carry no route that was announced.
  return undefined;
}

function short(problems: Problem[]): undefined {
  problems.push({ code: 'mrt-short', detail: 'record is shorter than its own fields (RFC 6396 §4.4)' });
  return undefined;
}

/** The peer's address as text; `0.0.0.0` where there is none. */
export function sessionAddress(bytes: Uint8Array, { addressAt, family }: Session): string {
  if (addressAt < 0) return '0.0.0.0';
  return family === 4 ? quad(bytes, addressAt) : address6(bytes, addressAt);
}
