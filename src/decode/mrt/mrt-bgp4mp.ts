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
  /** Where the octets behind the message begin. */
  readonly next: number;
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
  readonly next: number;
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
  const shared = { asnSize, addPath, local };
  // Old Zebra left interface, family and addresses out of OPENs: the marker stands in their place.
  if (afi === 0xffff && fixed - 4 + HEADER_SIZE <= end)
    return messageAt(
      frame,
      fixed - 4,
      { ...shared, session: { peerAsn, addressAt: -1, family: 4 } },
      problems,
    );
  if (afi !== 1 && afi !== 2) {
    problems.push({ code: 'mrt-family', detail: `BGP4MP address family ${afi} (RFC 6396 §4.4.1)` });
    return undefined;
  }
  const size = afi === 1 ? 4 : 16;
  const message = fixed + size * 2;
  if (message + HEADER_SIZE > end) return short(problems);
  const session: Session = { peerAsn, addressAt: fixed, family: afi === 1 ? 4 : 6 };
  return messageAt(frame, message, { ...shared, session }, problems);
}

/**
 * The BGP message whose header begins at `at` and is whole. Marker and length say nothing that is judged: with a wrong
 * marker a message that fits its record exactly is read, and an impossible length means the rest of the record.
 */
function messageAt(
  { bytes, end }: MrtFrame,
  at: number,
  shared: Pick<MessageEnvelope, 'session' | 'asnSize' | 'addPath' | 'local'>,
  problems: Problem[],
): MessageEnvelope | undefined {
  const claimed = u16(bytes, at + 16);
  const messageType = bytes[at + 18] as number;
  if (!hasMarker(bytes, at)) {
    problems.push({ code: 'bgp-marker', detail: 'BGP marker is not all ones (RFC 4271 §4.1)' });
    if (at + claimed !== end || messageType > TYPE_MAX) return undefined;
  }
  const isPossible = claimed >= HEADER_SIZE;
  if (!isPossible)
    problems.push({ code: 'bgp-length', detail: `BGP message of ${claimed} octets (RFC 4271 §4.1)` });
  const next = isPossible ? Math.min(at + claimed, end) : end;
  const body = { bytes, start: at + HEADER_SIZE, end: next };
  const { session, asnSize, addPath, local } = shared;
  const cut = at + claimed > end;
  return { kind: 'message', session, asnSize, addPath, local, next, messageType, body, cut };
}

/** Highest type of a BGP message: ROUTE-REFRESH (RFC 2918). */
const TYPE_MAX = 5;

function hasMarker(bytes: Uint8Array, at: number): boolean {
  for (let octet = at; octet < at + 16; octet += 1) if (bytes[octet] !== 0xff) return false;
  return true;
}

/** What stands in the record behind a message: another one, as some writers have it, or octets that nobody can read. */
export function nextEnvelope(
  frame: MrtFrame,
  envelope: Envelope,
  problems: Problem[],
): MessageEnvelope | undefined {
  const { bytes, end } = frame;
  const at = envelope.next;
  if (at >= end) return undefined;
  if (envelope.kind === 'message' && at + HEADER_SIZE <= end && hasMarker(bytes, at))
    return messageAt(frame, at, envelope, problems);
  trailing(end - at, envelope.kind === 'message' ? 'BGP message' : 'state change', problems);
  return undefined;
}

/** Octets of a record that belong to nothing in it. */
export function trailing(octets: number, what: string, problems: Problem[]): void {
  problems.push({ code: 'mrt-trailing', detail: `${octets} octets behind the ${what} are not read` });
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
      next: end,
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
  return {
    kind: 'state',
    session,
    oldState: u16(bytes, states),
    newState: u16(bytes, states + 2),
    next: states + 4,
  };
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
      next: end,
      messageType: UPDATE_MESSAGE,
      body,
      cut: false,
    };
  }
  if (subtype === 3) {
    if (start + 10 > end) return short(problems);
    const session: Session = { peerAsn: u16(bytes, start), addressAt: start + 2, family: 4 };
    return {
      kind: 'state',
      session,
      oldState: u16(bytes, start + 6),
      newState: u16(bytes, start + 8),
      next: start + 10,
    };
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
