/**
 * How the store writes small things: prefixes as keys that sort as routing tables do, AS paths and lists of
 * numbers as variable-length integers, times as milliseconds. Pure; what is read equals what was written.
 */
import { formatAddress } from '../bgp/address.ts';
import type { AsPath, PathElement } from '../bgp/as-path.ts';
import { lengthMax, type Prefix, parsePrefix, prefixFromWords } from '../bgp/prefix.ts';
import type { Community } from '../bgp/update.ts';
import { isoTime } from '../incident/alert.ts';

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

/** As `keyOfText`, for texts that the pure rooms made: anything but a prefix is our own error. */
export function requireKey(text: string): Buffer {
  const key = keyOfText(text);
  if (key === undefined) throw new Error(`not a prefix: ${text}`);
  return key;
}

/** The canonical text of a key. */
export function textOfKey(key: Buffer): string {
  const word = (index: number): number => key.readUInt32BE(1 + index * 4);
  const length = key[key.length - 1] ?? 0;
  if (key[0] === 4) return `${formatAddress(4, [word(0), 0, 0, 0])}/${length}`;
  return `${formatAddress(6, [word(0), word(1), word(2), word(3)])}/${length}`;
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

// ---------------------------------------------------------------- numbers and paths

function pushNumber(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

/** Whole numbers from 0 to 2⁵³ as little-endian groups of seven bits, one after the other. */
export function packNumbers(numbers: Iterable<number>): Buffer {
  const bytes: number[] = [];
  for (const value of numbers) pushNumber(bytes, value);
  return Buffer.from(bytes);
}

/** What `packNumbers` wrote. SQLite gives an empty blob back as null. */
export function unpackNumbers(blob: Buffer | null): number[] {
  const numbers: number[] = [];
  let value = 0;
  let weight = 1;
  for (const byte of blob ?? []) {
    value += (byte & 127) * weight;
    weight *= 128;
    if (byte < 128) {
      numbers.push(value);
      value = 0;
      weight = 1;
    }
  }
  return numbers;
}

/** An AS as twice its number; an AS_SET as twice its size plus one, then its members. */
export function packPath(path: AsPath): Buffer {
  const bytes: number[] = [];
  for (const element of path) {
    if (typeof element === 'number') pushNumber(bytes, element * 2);
    else {
      pushNumber(bytes, element.length * 2 + 1);
      for (const member of element) pushNumber(bytes, member);
    }
  }
  return Buffer.from(bytes);
}

export function unpackPath(blob: Buffer | null): AsPath {
  const numbers = unpackNumbers(blob);
  const path: PathElement[] = [];
  for (let index = 0; index < numbers.length; index += 1) {
    const head = numbers[index] ?? 0;
    if (head % 2 === 0) path.push(head / 2);
    else {
      const size = (head - 1) / 2;
      path.push(numbers.slice(index + 1, index + 1 + size));
      index += size;
    }
  }
  return path;
}

export function packCommunities(communities: readonly Community[]): Buffer {
  return packNumbers(communities.flat());
}

export function unpackCommunities(blob: Buffer | null): Community[] {
  const halves = unpackNumbers(blob);
  const communities: Community[] = [];
  for (let index = 0; index + 1 < halves.length; index += 2) {
    communities.push([halves[index] ?? 0, halves[index + 1] ?? 0]);
  }
  return communities;
}

// ---------------------------------------------------------------- times

/** ISO 8601 to milliseconds; anything else is our own error. */
export function msOf(iso: string): number {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) throw new Error(`not a time: ${iso}`);
  return ms;
}

export { isoTime };
