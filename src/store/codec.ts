/**
 * How the store writes small things: prefixes as keys that sort as routing tables do, AS paths and lists as text,
 * times as milliseconds. Pure; what is read equals what was written.
 */
import type { AsPath } from '../bgp/as-path.ts';
import { lengthMax, type Prefix, parsePrefix, prefixFromWords } from '../bgp/prefix.ts';
import type { Community } from '../bgp/update.ts';

// ---------------------------------------------------------------- prefixes

/**
 * Family, address (4 or 16 bytes, most significant first), length: 6 or 18 bytes. Compared byte by byte they
 * stand in the order of `comparePrefixes`, and everything inside a prefix is one range of keys.
 */
export function prefixKey(prefix: Prefix): Buffer {
  const words = prefix.family === 4 ? 1 : 4;
  const key = Buffer.allocUnsafe(2 + words * 4);
  key[0] = prefix.family;
  for (let index = 0; index < words; index += 1) key.writeUInt32BE(prefix.words[index] ?? 0, 1 + index * 4);
  key[key.length - 1] = prefix.length;
  return key;
}

/** The key of a canonical text; undefined when the text is no prefix (`AS38099`). */
export function keyOfText(text: string): Buffer | undefined {
  const parsed = parsePrefix(text);
  return parsed === undefined ? undefined : prefixKey(parsed.prefix);
}

/** Every stored prefix inside `prefix`, itself included, has a key between the two; some that cover it, too. */
export function keyRange(prefix: Prefix): { readonly low: Buffer; readonly high: Buffer } {
  const low = prefixKey(prefix);
  low[low.length - 1] = 0;
  const high = prefixKey(prefix);
  const address = high.subarray(1, -1);
  for (let bit = prefix.length; bit < address.length * 8; bit += 1) {
    const byte = bit >> 3;
    address[byte] = (address[byte] ?? 0) | (128 >> (bit & 7));
  }
  high[high.length - 1] = lengthMax(prefix.family);
  return { low, high };
}

/** Keys of all prefixes that cover `prefix` and are shorter: at most 128. */
export function coveringKeys(prefix: Prefix): readonly Buffer[] {
  const lengths = Array.from({ length: prefix.length }, (_, length) => length);
  return lengths.map((length) => prefixKey(prefixFromWords(prefix.family, prefix.words, length).prefix));
}

// ---------------------------------------------------------------- lists

// As text, because SQLite's blobs cost two to three microseconds each to hand over, and a start reads millions.

/** What `formatAsPath` wrote: `3356 {1,2}`. */
export function readPath(text: string): AsPath {
  if (text === '') return [];
  if (!text.includes('{')) return text.split(' ').map(Number);
  return text
    .split(' ')
    .map((token) => (token.startsWith('{') ? readNumbers(token.slice(1, -1)) : Number(token)));
}

export function writeNumbers(numbers: readonly number[]): string {
  return numbers.join(',');
}

export function readNumbers(text: string): number[] {
  return text === '' ? [] : text.split(',').map(Number);
}

/** `65535:666 6461:100`. */
export function writeCommunities(communities: readonly Community[]): string {
  return communities.map(([high, low]) => `${high}:${low}`).join(' ');
}

export function readCommunities(text: string): Community[] {
  if (text === '') return [];
  return text.split(' ').map((pair) => {
    const colon = pair.indexOf(':');
    return [Number(pair.slice(0, colon)), Number(pair.slice(colon + 1))];
  });
}

// ---------------------------------------------------------------- times

/** ISO 8601 to milliseconds; anything else is our own error. */
export function msOf(iso: string): number {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) throw new Error(`not a time: ${iso}`);
  return ms;
}
