/**
 * AS_PATH on the wire (RFC 4271 §4.3, RFC 5065 §3, RFC 6793): segments with all that routers print, the merge of a
 * two-byte path with its AS4_PATH, and the path that the pure middle judges (without confederation segments).
 */
import type { AsPath, PathElement } from '../../bgp/as-path.ts';
import { u16, u32 } from '../octets.ts';

export const AS_SET = 1;
export const AS_SEQUENCE = 2;
export const CONFED_SEQUENCE = 3;
export const CONFED_SET = 4;

export interface PathSegment {
  /** 1 AS_SET, 2 AS_SEQUENCE, 3 AS_CONFED_SEQUENCE, 4 AS_CONFED_SET. */
  readonly type: number;
  readonly asns: readonly number[];
}

export interface ParsedPath {
  /** Octets of an AS number, as it was read. */
  readonly asnSize: 2 | 4;
  /** The whole segments; those before the fault when there is one. */
  readonly segments: readonly PathSegment[];
  /** Why the attribute is malformed (RFC 7606 §7.2); undefined when it is whole. */
  readonly fault: string | undefined;
}

/**
 * The segments in `start…end`. `asnSize` is what the session declares; where the attribute can't be so and reads well with
 * the other size, it is of that one: there are writers that say the wrong one.
 */
export function readSegments(bytes: Uint8Array, start: number, end: number, asnSize: 2 | 4): ParsedPath {
  const declared = parseSegments(bytes, start, end, asnSize);
  if (!isDoubtful(declared)) return declared;
  const other = parseSegments(bytes, start, end, asnSize === 4 ? 2 : 4);
  return isDoubtful(other) ? declared : other;
}

/** Malformed, or with AS 0 in it, which is the upper half of most four-octet numbers. */
function isDoubtful({ segments, fault }: ParsedPath): boolean {
  return fault !== undefined || segments.some(({ asns }) => asns.includes(0));
}

/** Reads the segments in `start…end`, with AS numbers of two or four octets. */
function parseSegments(bytes: Uint8Array, start: number, end: number, asnSize: 2 | 4): ParsedPath {
  const segments: PathSegment[] = [];
  let at = start;
  let fault: string | undefined;
  while (at < end) {
    if (at + 2 > end) return { asnSize, segments, fault: 'segment header cut off' };
    const type = bytes[at] as number;
    const count = bytes[at + 1] as number;
    if (type < AS_SET || type > CONFED_SET) return { asnSize, segments, fault: `segment type ${type}` };
    at += 2;
    if (at + count * asnSize > end)
      return { asnSize, segments, fault: `segment of ${count} ASes overruns the attribute` };
    if (count === 0) fault ??= 'segment without an AS';
    const asns: number[] = [];
    for (let index = 0; index < count; index += 1) {
      asns.push(asnSize === 4 ? u32(bytes, at) : u16(bytes, at));
      at += asnSize;
    }
    segments.push({ type, asns });
  }
  return { asnSize, segments, fault };
}

/** Hops as RFC 5065 §5.3 and RFC 6793 §4.2.3 count them: a set is one, confederation segments are none. */
export function hopCount(segments: readonly PathSegment[]): number {
  let hops = 0;
  for (const segment of segments) {
    if (segment.type === AS_SEQUENCE) hops += segment.asns.length;
    else if (segment.type === AS_SET) hops += 1;
  }
  return hops;
}

/**
 * RFC 6793 §4.2.3: the leading part of AS_PATH that AS4_PATH lacks, then AS4_PATH. An AS4_PATH longer than the
 * AS_PATH is ignored, and so are confederation segments in it (§6).
 */
export function mergeAs4Path(
  path: readonly PathSegment[],
  as4: readonly PathSegment[],
): readonly PathSegment[] {
  const tail = as4.filter((segment) => segment.type === AS_SEQUENCE || segment.type === AS_SET);
  let missing = hopCount(path) - hopCount(tail);
  if (missing < 0 || tail.length === 0) return path;
  const merged: PathSegment[] = [];
  for (const [index, segment] of path.entries()) {
    const isConfed = segment.type === CONFED_SEQUENCE || segment.type === CONFED_SET;
    // A confederation segment is prepended when it leads, or stands next to what is prepended.
    if (isConfed && (missing > 0 || index === merged.length)) merged.push(segment);
    else if (missing > 0 && !isConfed) {
      const taken = segment.type === AS_SET ? segment.asns : segment.asns.slice(0, missing);
      merged.push({ type: segment.type, asns: taken });
      missing -= segment.type === AS_SET ? 1 : taken.length;
    }
  }
  return [...merged, ...tail];
}

/** The path that is judged: sequences as single ASes, sets as their members, confederations dropped (RFC 5065 §4). */
export function pathOf(segments: readonly PathSegment[]): AsPath {
  const path: PathElement[] = [];
  for (const { type, asns } of segments) {
    if (type === AS_SEQUENCE) for (const asn of asns) path.push(asn);
    else if (type === AS_SET) path.push(asns);
  }
  return path;
}

/** The inverse, for records whose source has no segments: runs of single ASes become sequences. */
export function segmentsOf(path: AsPath): PathSegment[] {
  const segments: PathSegment[] = [];
  let run: number[] = [];
  const flush = (): void => {
    if (run.length > 0) segments.push({ type: AS_SEQUENCE, asns: run });
    run = [];
  };
  for (const element of path) {
    if (typeof element === 'number') run.push(element);
    else {
      flush();
      segments.push({ type: AS_SET, asns: element });
    }
  }
  flush();
  return segments;
}

/**
 * True when the origin that the bytes name, a member of a final set included, is wanted; also when the attribute
 * is damaged, or can't be of this AS number size. Walks the segments without making anything.
 */
export function originIsWanted(
  bytes: Uint8Array,
  start: number,
  end: number,
  asnSize: 2 | 4,
  wantedOrigin: (asn: number) => boolean,
): boolean {
  let at = start;
  let lastType = 0;
  let lastStart = 0;
  let lastCount = 0;
  while (at + 2 <= end) {
    const type = bytes[at] as number;
    const count = bytes[at + 1] as number;
    if (type < AS_SET || type > CONFED_SET || at + 2 + count * asnSize > end) return true;
    if (type === AS_SEQUENCE || type === AS_SET) {
      lastType = type;
      lastStart = at + 2;
      lastCount = count;
    }
    at += 2 + count * asnSize;
  }
  if (at !== end) return true;
  if (lastCount === 0) return false;
  const first = lastType === AS_SET ? 0 : lastCount - 1;
  for (let index = first; index < lastCount; index += 1) {
    const where = lastStart + index * asnSize;
    const asn = asnSize === 4 ? u32(bytes, where) : u16(bytes, where);
    if (asn === 0 || wantedOrigin(asn)) return true;
  }
  return false;
}
