/**
 * IP addresses as four unsigned 32-bit words: text to words and back (RFC 4291 §2.2, RFC 5952).
 * IPv4 uses the first word only. Vocabulary; imports nothing.
 */

export type Family = 4 | 6;

export interface Address {
  readonly family: Family;
  /** Most significant word first, each 0…2³²−1; IPv4 has its 32 bits in the first, the others are 0. */
  readonly words: readonly [number, number, number, number];
}

/** Reads an IPv4 dotted quad (no leading zeros) or any RFC 4291 form of IPv6; undefined when it is neither. */
export function parseAddress(text: string): Address | undefined {
  return text.includes(':') ? parseAddress6(text) : parseAddress4(text);
}

function parseAddress4(text: string): Address | undefined {
  const word = parseQuad(text);
  return word === undefined ? undefined : { family: 4, words: [word, 0, 0, 0] };
}

function parseQuad(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let word = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part)) return undefined;
    const byte = Number(part);
    if (byte > 255) return undefined;
    word = word * 256 + byte;
  }
  return word;
}

function parseAddress6(text: string): Address | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '', true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const word = (index: number): number => (groups[index] ?? 0) * 65_536 + (groups[index + 1] ?? 0);
  return { family: 6, words: [word(0), word(2), word(4), word(6)] };
}

/** Colon-separated hexadecimal groups; the last may be a dotted quad where the text ends with it. */
function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (isEnd && index === parts.length - 1 && part.includes('.')) {
      const quad = parseQuad(part);
      if (quad === undefined) return undefined;
      groups.push(Math.floor(quad / 65_536), quad % 65_536);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

/** Canonical text: a dotted quad, or RFC 5952 (lower case, longest run of zero groups as `::`, no leading zeros). */
export function formatAddress(family: Family, words: readonly [number, number, number, number]): string {
  const [first] = words;
  if (family === 4) return `${first >>> 24}.${(first >>> 16) & 255}.${(first >>> 8) & 255}.${first & 255}`;
  const groups = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let index = 0; index < 8; index += 1) {
    const word = words[index >> 1] as number;
    groups[index] = (index & 1) === 0 ? word >>> 16 : word & 65_535;
  }
  const run = longestZeroRun(groups);
  let text = '';
  for (let index = 0; index < 8; index += 1) {
    if (run.length >= 2 && index === run.start) {
      text += '::';
      index += run.length - 1;
    } else
      text += `${text === '' || text.endsWith('::') ? '' : ':'}${(groups[index] as number).toString(16)}`;
  }
  return text;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let bestStart = 0;
  let bestLength = 0;
  let length = 0;
  for (let index = 0; index < groups.length; index += 1) {
    length = groups[index] === 0 ? length + 1 : 0;
    if (length > bestLength) {
      bestLength = length;
      bestStart = index - length + 1;
    }
  }
  return { start: bestStart, length: bestLength };
}
