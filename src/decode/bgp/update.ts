/**
 * One BGP UPDATE message, from bytes to what it says (RFC 4271 §4.3), and from there to the `Update` that is judged,
 * graded by RFC 7606. `updateIsWanted` answers on the raw bytes whether reading it is worth while.
 */
import { originsOf, type PathElement } from '../../bgp/as-path.ts';
import type { Prefix } from '../../bgp/prefix.ts';
import type { Problem, Update } from '../../bgp/update.ts';
import type { VantagePoint } from '../../bgp/vantage-point.ts';
import { u16 } from '../octets.ts';
import { type Grade, type PathAttributes, parseAttributes, worse } from './update-attributes.ts';
import { anyWanted, type ListedPrefix, type PrefixWanted, readPrefixes } from './update-nlri.ts';
import { originIsWanted, pathOf } from './update-path.ts';
import type { Reachability } from './update-reach.ts';

/** What is of interest. Without it everything is. */
export interface Interest {
  readonly prefix: PrefixWanted;
  /** All that a watched AS originates is wanted too. */
  readonly origin?: ((asn: number) => boolean) | undefined;
}

export interface UpdateContext {
  readonly asnSize: 2 | 4;
  /** Path identifiers stand before each prefix (RFC 7911). */
  readonly addPath: boolean;
}

/** A slice of bytes that is not copied: valid until the buffer it points into is used again. */
export interface Slice {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** An UPDATE as it stands, before any grading. */
export interface ParsedUpdate {
  readonly withdrawn: readonly ListedPrefix[];
  readonly attributes: PathAttributes;
  readonly announced: readonly ListedPrefix[];
  readonly grade: Grade | undefined;
}

/** Octets of the BGP header: marker, length, type. */
export const HEADER_SIZE = 19;

/**
 * Reads the body of an UPDATE (what follows the 19 octets of the header). Problems are appended. With `interest`,
 * prefixes that are not wanted are left out, unless the origin is.
 */
export function parseUpdate(
  body: Slice,
  context: UpdateContext,
  problems: Problem[],
  interest?: Interest,
): ParsedUpdate {
  const { bytes, start, end } = body;
  const layout = layoutOf(body);
  if (layout === undefined)
    problems.push({ code: 'update-cut', detail: 'UPDATE: lengths exceed the message (RFC 7606 §3 b)' });
  const { withdrawnEnd, attributesStart, attributesEnd } = layout ?? clamped(body);
  const byOrigin = interest?.origin !== undefined && originWanted(body, context, interest.origin);
  const wanted = interest?.prefix;
  const wantedAnnounced = byOrigin ? undefined : wanted;
  const before = problems.length;
  const { addPath, asnSize } = context;
  const withdrawnStart = Math.min(start + 2, end);
  const withdrawn = readPrefixes(
    { bytes, start: withdrawnStart, end: withdrawnEnd, family: 4, addPath },
    'withdrawn routes',
    problems,
    wanted,
  );
  const damagedLists = damage(problems, before);
  const range = { start: attributesStart, end: attributesEnd };
  const attributes = parseAttributes(
    bytes,
    range,
    { asnSize, addPath, inRib: false, wanted: wantedAnnounced },
    problems,
  );
  const beforeNlri = problems.length;
  const announced = readPrefixes(
    { bytes, start: attributesEnd, end, family: 4, addPath },
    'NLRI',
    problems,
    wantedAnnounced,
  );
  const damaged = layout === undefined || damagedLists || damage(problems, beforeNlri);
  requireMandatory(attributes, announced, problems);
  return {
    withdrawn,
    attributes,
    announced,
    grade: worse(attributes.grade, damaged ? 'session-reset' : undefined),
  };
}

/** Host bits cost a count only; any other fault of a list is the end of it. */
function damage(problems: readonly Problem[], from: number): boolean {
  for (let index = from; index < problems.length; index += 1)
    if (problems[index]?.code !== 'host-bits') return true;
  return false;
}

interface Layout {
  readonly withdrawnEnd: number;
  readonly attributesStart: number;
  readonly attributesEnd: number;
}

/** Where the three parts lie; undefined when the two lengths don't fit the message. */
function layoutOf({ bytes, start, end }: Slice): Layout | undefined {
  if (start + 4 > end) return undefined;
  const withdrawnEnd = start + 2 + u16(bytes, start);
  if (withdrawnEnd + 2 > end) return undefined;
  const attributesStart = withdrawnEnd + 2;
  const attributesEnd = attributesStart + u16(bytes, withdrawnEnd);
  return attributesEnd > end ? undefined : { withdrawnEnd, attributesStart, attributesEnd };
}

/** What can still be read of a message that was cut off, as by writers that stop at 4,096 octets. */
function clamped({ bytes, start, end }: Slice): Layout {
  if (start + 2 > end) return { withdrawnEnd: end, attributesStart: end, attributesEnd: end };
  const withdrawnEnd = Math.min(start + 2 + u16(bytes, start), end);
  return { withdrawnEnd, attributesStart: Math.min(withdrawnEnd + 2, end), attributesEnd: end };
}

/** RFC 7606 §3(d): announcements without a mandatory attribute count as withdrawals. */
function requireMandatory(
  attributes: PathAttributes,
  announced: readonly ListedPrefix[],
  problems: Problem[],
): void {
  const reached = attributes.reach?.some((reach) => reach.prefixes.length > 0) ?? false;
  if (announced.length === 0 && !reached) return;
  // A malformed one is not missing too.
  if (attributes.grade !== undefined && attributes.grade !== 'discard') return;
  const missing: string[] = [];
  if (attributes.origin === undefined) missing.push('ORIGIN');
  if (attributes.segments === undefined) missing.push('AS_PATH');
  if (announced.length > 0 && attributes.nextHop === undefined) missing.push('NEXT_HOP');
  if (missing.length === 0) return;
  problems.push({
    code: 'attribute-missing',
    detail: `announced without ${missing.join(', ')} (RFC 7606 §3 d)`,
  });
  attributes.grade = worse(attributes.grade, 'treat-as-withdraw');
}

/**
 * True when the UPDATE touches something of interest, or is damaged and deserves a full reading. Allocates nothing;
 * attributes are walked over and only those that hold prefixes (and, with `origin`, the paths) are looked into.
 */
export function updateIsWanted(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: UpdateContext,
  interest: Interest,
): boolean {
  if (start + 4 > end) return true;
  const { addPath } = context;
  const withdrawnEnd = start + 2 + u16(bytes, start);
  if (withdrawnEnd + 2 > end) return true;
  const attributesEnd = withdrawnEnd + 2 + u16(bytes, withdrawnEnd);
  if (attributesEnd > end) return true;
  if (anyWanted(bytes, start + 2, withdrawnEnd, 4, addPath, interest.prefix)) return true;
  if (anyWanted(bytes, attributesEnd, end, 4, addPath, interest.prefix)) return true;
  return attributesAreWanted(bytes, withdrawnEnd + 2, attributesEnd, context, interest);
}

/** The same for attributes alone: of an UPDATE, or of an entry in a RIB. */
export function attributesAreWanted(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: UpdateContext,
  interest: Interest,
): boolean {
  let at = start;
  while (at < end) {
    if (at + 3 > end) return true;
    const extended = ((bytes[at] as number) & 0x10) !== 0;
    if (extended && at + 4 > end) return true;
    const type = bytes[at + 1] as number;
    const value = at + (extended ? 4 : 3);
    at = value + (extended ? u16(bytes, at + 2) : (bytes[at + 2] as number));
    if (at > end) return true;
    if (type === 14 || type === 15) {
      if (reachabilityIsWanted(bytes, value, at, type === 14, context.addPath, interest.prefix)) return true;
    } else if (interest.origin !== undefined && (type === 2 || type === 17)) {
      if (originIsWanted(bytes, value, at, type === 2 ? context.asnSize : 4, interest.origin)) return true;
    }
  }
  return false;
}

function reachabilityIsWanted(
  bytes: Uint8Array,
  start: number,
  end: number,
  hasNextHop: boolean,
  addPath: boolean,
  wanted: PrefixWanted,
): boolean {
  if (start + (hasNextHop ? 5 : 3) > end) return true;
  const afi = u16(bytes, start);
  if (afi < 1 || afi > 2 || bytes[start + 2] !== 1) return false;
  const list = hasNextHop ? start + 5 + (bytes[start + 3] as number) : start + 3;
  return list > end || anyWanted(bytes, list, end, afi === 1 ? 4 : 6, addPath, wanted);
}

function originWanted(body: Slice, context: UpdateContext, origin: (asn: number) => boolean): boolean {
  return updateIsWanted(body.bytes, body.start, body.end, context, { prefix: () => false, origin });
}

/**
 * What is judged: unicast alone, confederations dropped, each prefix once, announced wins over withdrawn. Under
 * treat-as-withdraw (RFC 7606 §2) what was announced counts as withdrawn. Undefined when nothing is left.
 */
export function toUpdate(
  parsed: ParsedUpdate,
  vantagePoint: VantagePoint,
  observedMs: number,
  problems: Problem[],
): Update | undefined {
  const { attributes } = parsed;
  const path = pathOf(attributes.segments ?? []);
  if (path.some(isZero)) problems.push({ code: 'as-zero', detail: 'AS 0 in the AS_PATH (RFC 7607 §2)' });
  const announced = unicast(parsed.announced, attributes.reach);
  const withdrawn = unicast(parsed.withdrawn, attributes.unreach);
  // A list may be damaged behind a path that is whole (session-reset): what was announced before still counts.
  if (
    attributes.grade === 'treat-as-withdraw' ||
    (attributes.grade === 'session-reset' && !hasPath(attributes))
  ) {
    for (const [text, prefix] of announced) withdrawn.set(text, prefix);
    announced.clear();
  }
  if (announced.size > 0 && originsOf(path).length === 0) {
    problems.push({ code: 'no-origin', detail: 'announced with an empty AS_PATH: nobody is the origin' });
    announced.clear();
  }
  for (const text of announced.keys()) withdrawn.delete(text);
  if (announced.size === 0 && withdrawn.size === 0) return undefined;
  return {
    vantagePoint,
    observedMs,
    path: announced.size === 0 ? [] : path,
    communities: announced.size === 0 ? [] : (attributes.communities ?? []),
    announced: [...announced.values()],
    withdrawn: [...withdrawn.values()],
  };
}

/** Whether there is a path to judge at all. */
function hasPath(attributes: PathAttributes): boolean {
  return attributes.segments !== undefined && attributes.pathBroken !== true;
}

function isZero(element: PathElement): boolean {
  return typeof element === 'number' ? element === 0 : element.includes(0);
}

function unicast(
  listed: readonly ListedPrefix[],
  more: readonly Reachability[] | undefined,
): Map<string, Prefix> {
  const found = new Map<string, Prefix>();
  for (const { prefix } of listed) found.set(prefix.text, prefix);
  for (const part of more ?? [])
    if (part.safi === 1) for (const { prefix } of part.prefixes) found.set(prefix.text, prefix);
  return found;
}
