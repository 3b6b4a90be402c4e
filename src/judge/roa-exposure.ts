/**
 * What the ROAs of watched space leave open: warnings of `check`. RFC 9319 (maxLength considered harmful): a ROA that
 * allows more specifics which nobody announces makes a sub-prefix hijack with a forged origin RPKI-valid. Further:
 * watched space without a ROA, and expected origins that the ROAs make invalid.
 *
 * What is announced is known from the watched RIB or the baseline where the caller has them; else the watchlist counts
 * as announced: each entry's prefix, and all its more specifics down to the declared `maxLength`.
 */
import { comparePrefixes, covers, type Prefix } from '../bgp/prefix.ts';
import type { Vrp } from '../bgp/vrp.ts';
import type { PrefixEntry, WatchEntry } from '../match/watchlist.ts';
import type { VrpTable } from './origin-validation.ts';
import { exposureWords } from './roa-exposure-words.ts';
import type { Words } from './vocabulary.ts';

/** `open-maxlength`: a forged origin passes as valid. `no-roa`: nothing covers it. `invalid-origin`: drops our own. */
export type ExposureCode = 'open-maxlength' | 'no-roa' | 'invalid-origin';

export interface RoaExposure {
  readonly code: ExposureCode;
  /** The watched or announced prefix it is about. */
  readonly prefix: string;
  /** The watch entry, as it is named outside. */
  readonly watch: string;
  /** The expected origin concerned; of `no-roa` all of them. */
  readonly origins: readonly number[];
  /** The VRPs that say so; empty for `no-roa`. */
  readonly vrps: readonly Vrp[];
  /** The longest length that is announced as far as known. */
  readonly announcedLength: number;
  readonly text: Words;
}

export interface Announced {
  readonly prefix: Prefix;
  readonly origin: number;
}

/** What is known beyond the watchlist; everything optional. */
export interface AnnouncementKnowledge {
  /** Of an entry without `origins`: its firm baseline. */
  expectedOrigins?(entry: PrefixEntry): readonly number[];
  /** What is announced inside a prefix, itself included; undefined: not known, for instance because no feed runs. */
  announcedInside?(prefix: Prefix): readonly Announced[] | undefined;
  /** What a watched AS originates. */
  announcedBy?(asn: number): readonly Prefix[];
}

/** A prefix to look at, whether it comes from a prefix entry or from what a watched AS announces. */
interface Space {
  readonly watch: string;
  readonly prefix: Prefix;
  readonly origins: readonly number[];
  readonly maxLength: number;
}

/** In the order of addresses; holes and entries that nobody may announce are passed over. */
export function roaExposures(
  entries: readonly WatchEntry[],
  vrps: VrpTable,
  known: AnnouncementKnowledge = {},
): readonly RoaExposure[] {
  const spaces = spacesOf(entries, known).sort((a, b) => comparePrefixes(a.prefix, b.prefix));
  return spaces.flatMap((space, index) => {
    const validations = space.origins.map((origin) => ({ origin, ...vrps.validate(space.prefix, origin) }));
    const first = validations[0];
    if (first === undefined) return [];
    const found: RoaExposure[] = [];
    if (first.state === 'not-found')
      found.push(exposure('no-roa', space, space.origins, [], space.maxLength));
    for (const { origin, state, covering } of validations) {
      if (state === 'invalid')
        found.push(exposure('invalid-origin', space, [origin], covering, space.maxLength));
    }
    return [...found, ...openMaxLengths(space, declaredInside(spaces, index), vrps, known)];
  });
}

function spacesOf(entries: readonly WatchEntry[], known: AnnouncementKnowledge): Space[] {
  const listed = new Set(entries.map((entry) => (entry.type === 'prefix' ? entry.prefix.text : '')));
  return entries.flatMap((entry): Space[] => {
    if (entry.type === 'prefix') {
      if (entry.ignore) return [];
      const { prefix, maxLength } = entry;
      const origins = entry.origins ?? known.expectedOrigins?.(entry) ?? [];
      return [{ watch: prefix.text, prefix, origins, maxLength }];
    }
    const announced = known.announcedBy?.(entry.asn) ?? [];
    return announced
      .filter((prefix) => !listed.has(prefix.text))
      .map((prefix) => ({ watch: `AS${entry.asn}`, prefix, origins: [entry.asn], maxLength: prefix.length }));
  });
}

/** Watched prefixes inside the one at `index`, itself first: in the order of addresses they follow it. */
function declaredInside(spaces: readonly Space[], index: number): readonly Announced[] {
  const outer = spaces[index];
  const found: Announced[] = [];
  for (let at = index; outer !== undefined && at < spaces.length; at += 1) {
    const space = spaces[at];
    if (space === undefined || !covers(outer.prefix, space.prefix)) break;
    found.push(...space.origins.map((origin) => ({ prefix: space.prefix, origin })));
  }
  return found;
}

/** One row for each expected origin, naming every VRP of it that allows more than is announced. */
function openMaxLengths(
  space: Space,
  declared: readonly Announced[],
  vrps: VrpTable,
  known: AnnouncementKnowledge,
): readonly RoaExposure[] {
  const seen = known.announcedInside?.(space.prefix);
  const firmLength = seen === undefined ? space.maxLength : space.prefix.length;
  const announced = [...declared, ...(seen ?? [])];
  const related = [...vrps.vrpsCovering(space.prefix), ...vrps.vrpsInside(space.prefix)];
  return space.origins.flatMap((origin) => {
    const ours = announced.filter((route) => route.origin === origin).map((route) => route.prefix);
    const open = related.filter(
      (vrp) => vrp.asn === origin && vrp.maxLength > firmLength && !isAllAnnounced(vrp, space.prefix, ours),
    );
    const distinct = [...new Map(open.map((vrp) => [`${vrp.prefix.text}-${vrp.maxLength}`, vrp])).values()];
    if (distinct.length === 0 || origin === 0) return [];
    const longest = ours.reduce((length, prefix) => Math.max(length, prefix.length), firmLength);
    return [exposure('open-maxlength', space, [origin], distinct, longest)];
  });
}

/**
 * True when the whole of what the VRP covers of this space is announced at its maxLength or longer: then a forged
 * announcement is never the longest match. `announced` counts once where it overlaps itself.
 */
function isAllAnnounced(vrp: Vrp, space: Prefix, announced: readonly Prefix[]): boolean {
  const scope = vrp.prefix.length > space.length ? vrp.prefix : space;
  let share = 0;
  let last: Prefix | undefined;
  for (const prefix of announced.toSorted(comparePrefixes)) {
    if (prefix.length < vrp.maxLength || !covers(scope, prefix)) continue;
    if (last !== undefined && covers(last, prefix)) continue;
    last = prefix;
    share += 2 ** (scope.length - prefix.length);
  }
  return share >= 1;
}

function exposure(
  code: ExposureCode,
  space: Space,
  origins: readonly number[],
  vrps: readonly Vrp[],
  announcedLength: number,
): RoaExposure {
  const row = { code, prefix: space.prefix.text, watch: space.watch, origins, vrps, announcedLength };
  return { ...row, text: exposureWords(row, space.prefix.length) };
}
