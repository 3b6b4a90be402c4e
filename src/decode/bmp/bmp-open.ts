/**
 * What the two OPENs of a Peer Up say (RFC 4271 §4.2, RFC 5492): the AS of each side, and for which families the session
 * carries path identifiers (RFC 7911 §4). What cannot be read counts as not said.
 */
import type { Problem } from '../../bgp/update.ts';
import { HEADER_SIZE } from '../bgp/update.ts';
import { u16, u32 } from '../octets.ts';

const OPEN = 1;
const CAPABILITIES = 2;
const EXTENDED_LENGTH = 255;
const FOUR_OCTET_AS = 65;
const ADD_PATH = 69;
/** Of an ADD-PATH capability, by bits. */
const RECEIVES = 1;
const SENDS = 2;

export interface Open {
  readonly asn: number;
  /** Send/receive bits of IPv4 and IPv6 unicast. */
  readonly addPath: Readonly<Record<4 | 6, number>>;
}

/** Reads the OPEN at `at` of a message that ends at `end`; undefined, with a problem, where there is none. */
export function readOpen(
  bytes: Uint8Array,
  at: number,
  end: number,
  problems: Problem[],
): { readonly open: Open; readonly next: number } | undefined {
  const body = at + HEADER_SIZE;
  const next = body <= end ? at + u16(bytes, at + 16) : end + 1;
  if (next > end || next < body + 10 || bytes[at + 18] !== OPEN) {
    problems.push({ code: 'bmp-open', detail: 'Peer Up without a whole OPEN (RFC 7854 §4.10)' });
    return undefined;
  }
  const found = { asn: u16(bytes, body + 1), addPath: { 4: 0, 6: 0 } };
  const extended = bytes[body + 9] === EXTENDED_LENGTH && bytes[body + 10] === EXTENDED_LENGTH;
  // RFC 9072: parameters of two octets' length.
  const header = extended ? 3 : 2;
  let parameter = body + 10 + (extended ? 3 : 0);
  while (parameter + header <= next) {
    const value = parameter + header;
    const stop = value + (extended ? u16(bytes, parameter + 1) : (bytes[parameter + 1] as number));
    if (stop > next) break;
    if (bytes[parameter] === CAPABILITIES) readCapabilities(bytes, value, stop, found);
    parameter = stop;
  }
  if (parameter !== next)
    problems.push({ code: 'bmp-open', detail: 'parameters of an OPEN are cut off (RFC 5492 §4)' });
  return { open: found, next };
}

function readCapabilities(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: { asn: number; addPath: Record<4 | 6, number> },
): void {
  for (let at = start; at + 2 <= end; ) {
    const value = at + 2;
    const stop = value + (bytes[at + 1] as number);
    if (stop > end) return;
    if (bytes[at] === FOUR_OCTET_AS && stop - value >= 4) into.asn = u32(bytes, value);
    if (bytes[at] === ADD_PATH)
      for (let family = value; family + 4 <= stop; family += 4) {
        const afi = u16(bytes, family);
        if ((afi === 1 || afi === 2) && bytes[family + 2] === 1)
          into.addPath[afi === 1 ? 4 : 6] = bytes[family + 3] as number;
      }
    at = stop;
  }
}

/** Whether prefixes of the family that go from `from` to `to` have path identifiers: one sends them and the other receives. */
export function hasPathIds(from: Open, to: Open, family: 4 | 6): boolean {
  return (from.addPath[family] & SENDS) !== 0 && (to.addPath[family] & RECEIVES) !== 0;
}
