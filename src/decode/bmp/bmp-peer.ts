/**
 * The per-peer header of BMP (RFC 7854 §4.2, RFC 8671 §4, RFC 9069 §4): which router's session and which view of it a
 * message is about. Everything in it is what the sender says.
 */
import { address6, hexOf, quad, u32 } from '../octets.ts';
import type { BmpFrame } from './bmp-framing.ts';

/** Before or after the import policy; what goes out; the routes that the router itself uses. */
export type BmpView = 'pre-policy' | 'post-policy' | 'adj-rib-out' | 'loc-rib';

export interface BmpPeer {
  /** Type, distinguisher, address and BGP identifier: one session, whatever the view. */
  readonly key: string;
  readonly view: BmpView;
  /** Of the peer; of the router itself in its Loc-RIB. */
  readonly address: string;
  readonly asn: number;
  /** 16 hexadecimal digits; zeros but for the instances of a router that has several. */
  readonly distinguisher: string;
  /** AS_PATHs of this session have two octets for an AS (flag A). */
  readonly asnSize: 2 | 4;
  /** Only some of the Loc-RIB is sent (flag F). */
  readonly isFiltered: boolean;
  /** As the sender stamps it, ms since the epoch; undefined where it leaves that out. FRR writes when it was booted. */
  readonly observedMs: number | undefined;
}

export const PEER_HEADER = 42;
const LOC_RIB = 3;
const VIEW_MAX = LOC_RIB;

/** Undefined for a peer type nobody knows. The frame has at least `PEER_HEADER` octets. */
export function readPeer({ bytes, start }: BmpFrame): BmpPeer | undefined {
  const type = bytes[start] as number;
  const flags = bytes[start + 1] as number;
  if (type > VIEW_MAX) return undefined;
  const isLocRib = type === LOC_RIB;
  const id = quad(bytes, start + 30);
  const isSix = !isLocRib && (flags & 0x80) !== 0;
  const address = isLocRib ? id : isSix ? address6(bytes, start + 10) : quad(bytes, start + 22);
  const distinguisher = hexOf(bytes, start + 2, start + 10);
  const seconds = u32(bytes, start + 34);
  return {
    key: `${type} ${distinguisher} ${address} ${id}`,
    view: isLocRib ? 'loc-rib' : viewOf(flags),
    address,
    asn: u32(bytes, start + 26),
    distinguisher,
    asnSize: !isLocRib && (flags & 0x20) !== 0 ? 2 : 4,
    isFiltered: isLocRib && (flags & 0x80) !== 0,
    observedMs: seconds === 0 ? undefined : seconds * 1000 + u32(bytes, start + 38) / 1000,
  };
}

/** RFC 8671 §4: with flag O the peer is who it is sent to, and nobody's announcement. */
function viewOf(flags: number): BmpView {
  if ((flags & 0x10) !== 0) return 'adj-rib-out';
  return (flags & 0x40) !== 0 ? 'post-policy' : 'pre-policy';
}
