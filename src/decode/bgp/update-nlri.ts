/**
 * Lists of prefixes as BGP carries them (RFC 4271 §4.3; RFC 4760 §5; with path identifiers RFC 7911 §3): read into
 * `Prefix` objects, or only walked to ask whether one of them is wanted. The walk is what a full feed spends its
 * time in: it allocates nothing.
 */
import type { Family } from '../../bgp/address.ts';
import { lengthMax, type Prefix, prefixFromWords } from '../../bgp/prefix.ts';
import type { Problem } from '../../bgp/update.ts';
import { topWord, u32 } from '../octets.ts';
import { isOddPrefix, type ListBytes, readingOf } from './update-reading.ts';

/**
 * Is a prefix of interest? Words are masked, most significant first, IPv4 uses the first alone. They are *signed* 32-bit
 * numbers, which stay unboxed; `PrefixIndex` takes them as they are.
 */
export type PrefixWanted = (
  family: Family,
  word0: number,
  word1: number,
  word2: number,
  word3: number,
  length: number,
) => boolean;

/** One prefix of a list; `pathId` only where the session carries them. */
export interface ListedPrefix {
  readonly prefix: Prefix;
  readonly pathId: number | undefined;
}

/** How lists are read. */
export interface ListRules {
  /** Other prefixes are passed over; without it none is. */
  readonly wanted?: PrefixWanted | undefined;
  /** Where it is unclear whether identifiers stand in the list, both readings count: for announcements that are judged. */
  readonly bothReadings?: boolean | undefined;
}

/** Reads a list the way that its bytes ask for, which is not always the declared one: see `update-reading.ts`. */
export function readList(
  list: ListBytes,
  where: string,
  problems: Problem[],
  { wanted, bothReadings = false }: ListRules = {},
): ListedPrefix[] {
  const { addPath, isUnclear } = readingOf(list);
  const isOther = addPath !== list.addPath;
  if (isOther || (isUnclear && bothReadings)) {
    const how = isUnclear ? 'with and without' : addPath ? 'with' : 'without';
    problems.push({
      code: 'add-path',
      detail: `${where}: reads ${how} path identifiers, ${list.addPath ? '' : 'not '}declared (RFC 7911 §3)`,
    });
  }
  const found = readPrefixes({ ...list, addPath }, where, problems, wanted);
  if (!isUnclear || !bothReadings) return found;
  // What is wrong with the less likely reading is no problem of the message.
  return [...found, ...readPrefixes({ ...list, addPath: !addPath }, where, [], wanted)];
}

/**
 * Reads a list as it is declared. What is whole before the first fault is kept, the fault is reported: RFC 7606 §5.3 calls a list
 * that can't be parsed a reason to reset the session, and the prefixes before the fault were announced all the same.
 */
function readPrefixes(
  list: ListBytes,
  where: string,
  problems: Problem[],
  wanted?: PrefixWanted,
): ListedPrefix[] {
  const { bytes, end, family, addPath } = list;
  const found: ListedPrefix[] = [];
  let at = list.start;
  while (at < end) {
    let pathId: number | undefined;
    if (addPath) {
      if (at + 5 > end) {
        problems.push({
          code: 'nlri-cut',
          detail: `${where}: path identifier cut off (RFC 7911 §3, RFC 7606 §5.3)`,
        });
        break;
      }
      pathId = u32(bytes, at);
      at += 4;
    }
    const length = bytes[at] as number;
    const size = (length + 7) >> 3;
    at += 1;
    if (length > lengthMax(family)) {
      problems.push({ code: 'nlri-length', detail: `${where}: prefix length ${length} (RFC 7606 §5.3)` });
      break;
    }
    if (at + size > end) {
      problems.push({
        code: 'nlri-cut',
        detail: `${where}: prefix of length ${length} cut off (RFC 7606 §5.3)`,
      });
      break;
    }
    if (wanted === undefined || isWanted(bytes, at, family, length, wanted)) {
      const { prefix, hostBits } = prefixAt(bytes, at, family, length);
      if (hostBits)
        problems.push({
          code: 'host-bits',
          detail: `${where}: ${prefix.text} has bits set behind its length`,
        });
      found.push({ prefix, pathId });
    }
    at += size;
  }
  return found;
}

/** The prefix whose address octets start at `at`; only the octets that the length needs are read. */
export function prefixAt(
  bytes: Uint8Array,
  at: number,
  family: Family,
  length: number,
): { readonly prefix: Prefix; readonly hostBits: boolean } {
  const size = (length + 7) >> 3;
  const word0 = topWord(bytes, at, size);
  if (family === 4) return prefixFromWords(4, [word0, 0, 0, 0], length);
  return prefixFromWords(
    6,
    [
      word0,
      topWord(bytes, at + 4, size - 4),
      topWord(bytes, at + 8, size - 8),
      topWord(bytes, at + 12, size - 12),
    ],
    length,
  );
}

/** Asks about the prefix at `at`, whose length is known to fit. */
export function isWanted(
  bytes: Uint8Array,
  at: number,
  family: Family,
  length: number,
  wanted: PrefixWanted,
): boolean {
  if (family === 4) return wanted(4, signedWord(bytes, at, length), 0, 0, 0, length);
  return wanted(
    6,
    signedWord(bytes, at, length),
    signedWord(bytes, at + 4, length - 32),
    signedWord(bytes, at + 8, length - 64),
    signedWord(bytes, at + 12, length - 96),
    length,
  );
}

/** The first `bits` (any number) of the word at `at`, the rest zero; octets behind them are not read. */
function signedWord(bytes: Uint8Array, at: number, bits: number): number {
  if (bits <= 0) return 0;
  let word = (bytes[at] as number) << 24;
  if (bits > 8) word |= (bytes[at + 1] as number) << 16;
  if (bits > 16) word |= (bytes[at + 2] as number) << 8;
  if (bits > 24) word |= bytes[at + 3] as number;
  return bits >= 32 ? word : word & (-1 << (32 - bits));
}

/** True when some prefix of the range is wanted, or when the range is damaged or odd and deserves a full reading. */
export function anyWanted(
  bytes: Uint8Array,
  start: number,
  end: number,
  family: Family,
  addPath: boolean,
  wanted: PrefixWanted,
): boolean {
  const longest = family === 4 ? 32 : 128;
  let at = start;
  while (at < end) {
    if (addPath) at += 4;
    if (at >= end) return true;
    const length = bytes[at] as number;
    at += 1;
    const size = (length + 7) >> 3;
    if (length > longest || at + size > end) return true;
    if (isOddPrefix(bytes, at + size, length) || isWanted(bytes, at, family, length, wanted)) return true;
    at += size;
  }
  return addPath && anyWantedPlain(bytes, start, end, family, wanted);
}

/** The same for a list that may hold no identifiers after all; damage only says that it does. */
function anyWantedPlain(
  bytes: Uint8Array,
  start: number,
  end: number,
  family: Family,
  wanted: PrefixWanted,
): boolean {
  const longest = family === 4 ? 32 : 128;
  let at = start;
  while (at < end) {
    const length = bytes[at] as number;
    const next = at + 1 + ((length + 7) >> 3);
    if (length > longest || next > end) return false;
    if (isWanted(bytes, at + 1, family, length, wanted)) return true;
    at = next;
  }
  return false;
}
