/**
 * Prefixes: four 32-bit words, a length, and the canonical text (RFC 4632, RFC 5952) that is their identity.
 * Vocabulary; imports only its neighbours. Immutable: share them freely.
 */
import { type Address, type Family, formatAddress, parseAddress } from './address.ts';

export interface Prefix {
  readonly family: Family;
  /** Network address, host bits zero, most significant word first. */
  readonly words: readonly [number, number, number, number];
  /** 0…32 or 0…128. */
  readonly length: number;
  /** Canonical text; two prefixes are equal exactly when their texts are. */
  readonly text: string;
}

/** What `parsePrefix` found beyond the prefix: bits set behind the length. They are masked off. */
export interface ParsedPrefix {
  readonly prefix: Prefix;
  readonly hostBits: boolean;
}

/** The longest length of a family: 32 or 128. */
export function lengthMax(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/**
 * Reads `address/length`; undefined when it is none. Host bits are masked and reported, so that
 * bad input costs a count and not a blind spot. Leading zeros in the length are refused (`/08`).
 */
export function parsePrefix(text: string): ParsedPrefix | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const tail = text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(tail)) return undefined;
  const address = parseAddress(text.slice(0, slash));
  if (address === undefined) return undefined;
  const length = Number(tail);
  if (length > lengthMax(address.family)) return undefined;
  return prefixFromWords(address.family, address.words, length);
}

/** A prefix from known-good parts; for literals in code and tests. Throws on anything `parsePrefix` refuses. */
export function prefixOf(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined || parsed.hostBits) throw new Error(`not a prefix: ${text}`);
  return parsed.prefix;
}

/** The host route of an address: /32 or /128. */
export function hostPrefix(address: Address): Prefix {
  return prefixFromWords(address.family, address.words, lengthMax(address.family)).prefix;
}

/** Masks `words` to `length` and names the result. */
export function prefixFromWords(
  family: Family,
  words: readonly [number, number, number, number],
  length: number,
): ParsedPrefix {
  const masked: [number, number, number, number] = [
    maskWord(words[0], length),
    maskWord(words[1], length - 32),
    maskWord(words[2], length - 64),
    maskWord(words[3], length - 96),
  ];
  const hostBits = masked.some((word, index) => word !== words[index]);
  const text = `${formatAddress(family, masked)}/${length}`;
  return { prefix: { family, words: masked, length, text }, hostBits };
}

/** Keeps the first `bits` of a word: all for 32 and more, none for 0 and less. */
function maskWord(word: number, bits: number): number {
  if (bits >= 32) return word;
  if (bits <= 0) return 0;
  return (word & (-1 << (32 - bits))) >>> 0;
}

/** True when `outer` is equal to or less specific than `inner`, and contains it. */
export function covers(outer: Prefix, inner: Prefix): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false;
  for (let index = 0; index < 4; index += 1) {
    const bits = outer.length - index * 32;
    if (bits <= 0) return true;
    if (maskWord(inner.words[index] ?? 0, bits) !== outer.words[index]) return false;
  }
  return true;
}

/** True when one of the two covers the other. */
export function overlaps(a: Prefix, b: Prefix): boolean {
  return covers(a, b) || covers(b, a);
}

/** The same prefix cut to a shorter length. */
export function truncate(prefix: Prefix, length: number): Prefix {
  return prefixFromWords(prefix.family, prefix.words, length).prefix;
}

/** Family, then address, then length: the order of routing tables, for stable listings. */
export function comparePrefixes(a: Prefix, b: Prefix): number {
  if (a.family !== b.family) return a.family - b.family;
  for (let index = 0; index < 4; index += 1) {
    const difference = (a.words[index] ?? 0) - (b.words[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
