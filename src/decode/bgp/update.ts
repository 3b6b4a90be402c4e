/**
 * One BGP UPDATE message, from bytes to what it says (RFC 4271 §4.3), and from there to the `Update` that is judged.
 * A monitor is no router: what RFC 7606 makes a router withdraw or reset, is counted here, and every path and prefix
 * that can be read is judged. `updateIsWanted` answers on the raw bytes whether reading it is worth while.
 */
import { type AsPath, originsOf, type PathElement } from '../../bgp/as-path.ts';
import type { Prefix } from '../../bgp/prefix.ts';
import type { PathIds, Problem, Update } from '../../bgp/update.ts';
import type { VantagePoint } from '../../bgp/vantage-point.ts';
import { u16 } from '../octets.ts';
import { type Grade, hasDamage, type PathAttributes, parseAttributes, worse } from './update-attributes.ts';
import { anyWanted, type ListedPrefix, type PrefixWanted, readList } from './update-nlri.ts';
import { originIsWanted, pathOf } from './update-path.ts';
import { familyOf, type Reachability } from './update-reach.ts';

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
  /** The same for IPv6, where that is another matter: sessions agree on it by family. */
  readonly addPath6?: boolean | undefined;
  /** It is judged, and not printed: see `ListRules.bothReadings`. */
  readonly isJudged?: boolean | undefined;
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
  /** Path identifiers were declared, whether or not there are some. */
  readonly addPath: boolean;
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
  const { addPath, addPath6, asnSize, isJudged: bothReadings } = context;
  const withdrawnStart = Math.min(start + 2, end);
  const withdrawn = readList(
    { bytes, start: withdrawnStart, end: withdrawnEnd, family: 4, addPath },
    'withdrawn routes',
    problems,
    { wanted },
  );
  const damagedLists = hasDamage(problems, before);
  const range = { start: attributesStart, end: attributesEnd };
  const rules = { wanted: wantedAnnounced, bothReadings };
  const attributes = parseAttributes(
    bytes,
    range,
    { asnSize, addPath, addPath6, inRib: false, rules },
    problems,
  );
  const beforeNlri = problems.length;
  const announced = readList(
    { bytes, start: attributesEnd, end, family: 4, addPath },
    'NLRI',
    problems,
    rules,
  );
  const damaged = layout === undefined || damagedLists || hasDamage(problems, beforeNlri);
  requireMandatory(attributes, announced, problems);
  return {
    withdrawn,
    attributes,
    announced,
    grade: worse(attributes.grade, damaged ? 'session-reset' : undefined),
    addPath,
  };
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

/** RFC 7606 §3(d): announcements without a mandatory attribute, which a router takes as withdrawals. */
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
      if (reachabilityIsWanted(bytes, value, at, type === 14, context, interest.prefix)) return true;
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
  context: UpdateContext,
  wanted: PrefixWanted,
): boolean {
  if (start + (hasNextHop ? 5 : 3) > end) return true;
  const safi = bytes[start + 2] as number;
  const family = familyOf(u16(bytes, start), safi);
  // What is not read is counted; multicast (2) is read and not judged.
  if (family === undefined) return end - start > 3;
  if (safi === 2) return false;
  const list = hasNextHop ? start + 5 + (bytes[start + 3] as number) : start + 3;
  const addPath = family === 6 ? (context.addPath6 ?? context.addPath) : context.addPath;
  return list > end || anyWanted(bytes, list, end, family, addPath, wanted);
}

function originWanted(body: Slice, context: UpdateContext, origin: (asn: number) => boolean): boolean {
  return updateIsWanted(body.bytes, body.start, body.end, context, { prefix: () => false, origin });
}

/**
 * What is judged: unicast alone, confederations dropped, each prefix once (with ADD-PATH: once for each identifier),
 * announced wins over withdrawn. Only a withdrawal withdraws: an announcement whose path names no origin is left out and
 * counted, as by the RIS Live decoder, and what stood before stands. Undefined when nothing is left.
 */
export function toUpdate(
  parsed: ParsedUpdate,
  vantagePoint: VantagePoint,
  observedMs: number,
  problems: Problem[],
): Update | undefined {
  const { attributes } = parsed;
  const path = judgedPath(attributes);
  if (path.some(isZero)) problems.push({ code: 'as-zero', detail: 'AS 0 in the AS_PATH (RFC 7607 §2)' });
  const announced = unicast(parsed.announced, attributes.reach);
  const withdrawn = unicast(parsed.withdrawn, attributes.unreach);
  if (announced.size > 0 && originsOf(path).length === 0) {
    problems.push({ code: 'no-origin', detail: 'announced with a path that names no origin' });
    announced.clear();
  }
  for (const key of announced.keys()) withdrawn.delete(key);
  if (announced.size === 0 && withdrawn.size === 0) return undefined;
  return {
    vantagePoint: withPeerAsn(vantagePoint, path),
    observedMs,
    path: announced.size === 0 ? [] : path,
    communities: announced.size === 0 ? [] : (attributes.communities ?? []),
    announced: prefixesOf(announced),
    withdrawn: prefixesOf(withdrawn),
    ...pathIdsOf(announced, withdrawn, parsed.addPath),
  };
}

/** Of a path that can be read only in part the rest stands as an empty set: nobody is its origin. */
function judgedPath({ segments = [], pathBroken }: PathAttributes): AsPath {
  const path = pathOf(segments);
  return pathBroken === true ? [...path, []] : path;
}

/** There are collectors that write AS 0 for their peers (GoBGP): the leftmost AS of a path is the peer. */
function withPeerAsn(vantagePoint: VantagePoint, path: AsPath): VantagePoint {
  const [first] = path;
  return vantagePoint.peerAsn === 0 && typeof first === 'number'
    ? { ...vantagePoint, peerAsn: first }
    : vantagePoint;
}

function isZero(element: PathElement): boolean {
  return typeof element === 'number' ? element === 0 : element.includes(0);
}

type Routes = Map<string, ListedPrefix>;

function unicast(listed: readonly ListedPrefix[], more: readonly Reachability[] | undefined): Routes {
  const found: Routes = new Map();
  const add = (route: ListedPrefix): unknown =>
    found.set(route.pathId === undefined ? route.prefix.text : `${route.prefix.text} ${route.pathId}`, route);
  for (const route of listed) add(route);
  for (const part of more ?? []) if (part.safi !== 2) for (const route of part.prefixes) add(route);
  return found;
}

function prefixesOf(routes: Routes): readonly Prefix[] {
  return Array.from(routes.values(), ({ prefix }) => prefix);
}

function pathIdsOf(
  announced: Routes,
  withdrawn: Routes,
  areDeclared: boolean,
): { readonly pathIds?: PathIds } {
  const idsOf = (routes: Routes): number[] => Array.from(routes.values(), ({ pathId }) => pathId ?? 0);
  const ids = { announced: idsOf(announced), withdrawn: idsOf(withdrawn), areDeclared };
  return [...ids.announced, ...ids.withdrawn].some((id) => id !== 0) ? { pathIds: ids } : {};
}
