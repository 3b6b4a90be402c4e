/**
 * Big-endian numbers straight out of bytes, without views or checks: the caller has looked at the bounds.
 * Used by every binary decoder of this room (RFC 4271 §4: network byte order throughout).
 */
import { type Address, formatAddress } from '../bgp/address.ts';

/** Unsigned 16 bits at `at`. */
export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/** Unsigned 32 bits at `at`. */
export function u32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

/** The first `count` (0…4) octets at `at` as the top of a 32-bit word, the rest zero. */
export function topWord(bytes: Uint8Array, at: number, count: number): number {
  if (count >= 4) return u32(bytes, at);
  let word = 0;
  if (count > 0) word = (bytes[at] as number) << 24;
  if (count > 1) word |= (bytes[at + 1] as number) << 16;
  if (count > 2) word |= (bytes[at + 2] as number) << 8;
  return word >>> 0;
}

/** Lower-case hexadecimal text of a range. */
export function hexOf(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at += 1) text += (bytes[at] as number).toString(16).padStart(2, '0');
  return text;
}

/** An IPv4 address as text. */
export function quad(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/** An IPv6 address as canonical text. */
export function address6(bytes: Uint8Array, at: number): string {
  const words: Address['words'] = [
    u32(bytes, at),
    u32(bytes, at + 4),
    u32(bytes, at + 8),
    u32(bytes, at + 12),
  ];
  return formatAddress(6, words);
}
