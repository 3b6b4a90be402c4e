/**
 * Path attributes of a BGP UPDATE or of a RIB entry (RFC 4271 §4.3 and the RFCs named at each), read leniently for
 * judging, since a monitor is no router: an attribute that nobody judges hides no route. Nothing throws: what is wrong
 * becomes a `Problem`, and the grade that RFC 7606 gives it is shown.
 */
import { AS_TRANS } from '../../bgp/asn.ts';
import type { Community, Problem } from '../../bgp/update.ts';
import { hexOf, quad, u16, u32 } from '../octets.ts';
import type { ListRules } from './update-nlri.ts';
import { mergeAs4Path, type PathSegment, readSegments } from './update-path.ts';
import { parseReach, parseUnreach, type Reachability, type ReachSource } from './update-reach.ts';

/**
 * RFC 7606 §2, mildest first: what a router would do. `discard`: leave the attribute out. `treat-as-withdraw`: take the
 * announced prefixes as withdrawn. `session-reset`: trust the rest of the message no more. Shown; it judges nothing.
 */
export type Grade = 'discard' | 'treat-as-withdraw' | 'session-reset';

export interface Aggregator {
  readonly asn: number;
  readonly address: string;
}

export interface UnknownAttribute {
  readonly type: number;
  readonly flags: number;
  readonly hex: string;
}

/** What the attributes say. Absent fields were absent, or so damaged that nothing could be read. */
export interface PathAttributes {
  origin?: number;
  /** After the merge with AS4_PATH. */
  segments?: readonly PathSegment[];
  /** The AS_PATH can't be read; `segments` holds what came before the fault. */
  pathBroken?: boolean;
  nextHop?: string;
  med?: number;
  localPref?: number;
  atomicAggregate?: boolean;
  aggregator?: Aggregator;
  communities?: readonly Community[];
  originatorId?: string;
  clusterList?: readonly string[];
  /** Eight octets each, as 16 hexadecimal digits (RFC 4360). */
  extendedCommunities?: readonly string[];
  /** RFC 8092. */
  largeCommunities?: readonly (readonly [number, number, number])[];
  /** ONLY_TO_CUSTOMER, RFC 9234 §5. */
  onlyToCustomer?: number;
  reach?: readonly Reachability[] | undefined;
  unreach?: readonly Reachability[] | undefined;
  unknown?: readonly UnknownAttribute[];
  /** The worst grade of any fault. */
  grade?: Grade | undefined;
}

/** How the bytes are to be read. */
export interface AttributeContext {
  /** AS numbers on this session: RFC 6793. */
  readonly asnSize: 2 | 4;
  readonly addPath: boolean;
  readonly addPath6?: boolean | undefined;
  /** RIB entries abbreviate MP_REACH_NLRI to its next hop (RFC 6396 §4.3.4) and name the prefix outside. */
  readonly inRib: boolean;
  readonly rules: ListRules;
}

interface Reader {
  readonly bytes: Uint8Array;
  readonly context: AttributeContext;
  readonly into: PathAttributes;
  readonly problems: Problem[];
  /** As the AS_PATH shows: the declared size, unless it reads only with the other. */
  asnSize: 2 | 4;
  as4Path: readonly PathSegment[] | undefined;
  as4Aggregator: Aggregator | undefined;
}

const OPTIONAL = 0x80;
const TRANSITIVE = 0x40;
const EXTENDED_LENGTH = 0x10;
/** Attribute type → the two flag bits it must carry (RFC 4271 §5 and each attribute's own RFC). */
const EXPECTED_FLAGS: ReadonlyMap<number, number> = new Map([
  ...[1, 2, 3, 5, 6].map((type): [number, number] => [type, TRANSITIVE]),
  ...[4, 9, 10, 14, 15].map((type): [number, number] => [type, OPTIONAL]),
  ...[7, 8, 16, 17, 18, 32, 35].map((type): [number, number] => [type, OPTIONAL | TRANSITIVE]),
]);

/** Reads the attributes in `start…end`; problems are appended. */
export function parseAttributes(
  bytes: Uint8Array,
  range: { readonly start: number; readonly end: number },
  context: AttributeContext,
  problems: Problem[],
): PathAttributes {
  const { asnSize } = context;
  const none = { as4Path: undefined, as4Aggregator: undefined };
  const reader: Reader = { bytes, context, into: {}, problems, asnSize, ...none };
  const seen = new Set<number>();
  let at = range.start;
  while (at < range.end) {
    const flags = bytes[at] as number;
    const header = (flags & EXTENDED_LENGTH) === 0 ? 3 : 4;
    if (at + header > range.end) {
      // RFC 7606 §4: fewer octets left than an attribute header takes.
      report(reader, 'treat-as-withdraw', 'attribute-cut', 'attribute header cut off (RFC 7606 §4)');
      break;
    }
    const type = bytes[at + 1] as number;
    const length = header === 4 ? u16(bytes, at + 2) : (bytes[at + 2] as number);
    const start = at + header;
    at = start + length;
    if (at > range.end) {
      // RFC 7606 §4: the attribute claims more than the list has. Whole prefixes of it are read.
      const detail = `attribute ${type} of ${length} octets overruns (RFC 7606 §4)`;
      report(reader, 'treat-as-withdraw', 'attribute-cut', detail);
      if (type === 14 || type === 15) readAttribute(reader, type, flags, start, range.end);
      break;
    }
    if (seen.has(type)) readAgain(reader, type, flags, start, at);
    else {
      seen.add(type);
      checkFlags(reader, type, flags);
      readAttribute(reader, type, flags, start, at);
    }
  }
  mergeTransition(reader);
  return reader.into;
}

function report(reader: Reader, grade: Grade, code: string, detail: string): void {
  reader.problems.push({ code, detail });
  reader.into.grade = worse(reader.into.grade, grade);
}

const GRADES: readonly Grade[] = ['discard', 'treat-as-withdraw', 'session-reset'];

/** The worse of two grades. */
export function worse(a: Grade | undefined, b: Grade | undefined): Grade | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return GRADES.indexOf(a) >= GRADES.indexOf(b) ? a : b;
}

/**
 * RFC 7606 §3(g): of a repeated attribute the first counts. But no prefix of a second multiprotocol one is passed over, and
 * a second AS_PATH counts where the first can't be read.
 */
function readAgain(reader: Reader, type: number, flags: number, start: number, end: number): void {
  const isReach = type === 14 || type === 15;
  const grade = isReach ? 'session-reset' : 'discard';
  report(reader, grade, 'attribute-twice', `attribute ${type} stands twice (RFC 7606 §3 g)`);
  if (isReach || (type === 2 && reader.into.pathBroken === true))
    readAttribute(reader, type, flags, start, end);
}

/** RFC 7606 §3(c): wrong Optional or Transitive bits. RIB dumps are written by collectors that don't keep them. */
function checkFlags(reader: Reader, type: number, flags: number): void {
  const expected = EXPECTED_FLAGS.get(type);
  if (expected === undefined || reader.context.inRib || (flags & (OPTIONAL | TRANSITIVE)) === expected)
    return;
  report(
    reader,
    'treat-as-withdraw',
    'attribute-flags',
    `attribute ${type} with flags ${flags} (RFC 7606 §3 c)`,
  );
}

function readAttribute(reader: Reader, type: number, flags: number, start: number, end: number): void {
  const { into, bytes } = reader;
  const size = end - start;
  switch (type) {
    case 1: {
      if (size > 0) into.origin = bytes[start] as number;
      if (size !== 1 || (into.origin ?? 0) > 2) malformed(reader, 'treat-as-withdraw', 'ORIGIN', '7606 §7.1');
      break;
    }
    case 2:
      readPath(reader, start, end);
      break;
    case 3:
      if (size >= 4) into.nextHop = quad(bytes, start);
      if (size !== 4) malformed(reader, 'treat-as-withdraw', 'NEXT_HOP', '7606 §7.3');
      break;
    case 4:
      if (size >= 4) into.med = u32(bytes, start);
      if (size !== 4) malformed(reader, 'treat-as-withdraw', 'MULTI_EXIT_DISC', '7606 §7.4');
      break;
    case 5:
      // Every session of a collector is external, or as good as: discard, not withdraw.
      if (size >= 4) into.localPref = u32(bytes, start);
      if (size !== 4) malformed(reader, 'discard', 'LOCAL_PREF', '7606 §7.5');
      break;
    case 6:
      into.atomicAggregate = true;
      if (size !== 0) malformed(reader, 'discard', 'ATOMIC_AGGREGATE', '7606 §7.6');
      break;
    case 7:
      readAggregator(reader, start, end);
      break;
    case 8:
      into.communities = eachOf(start, end, 4, (at) => [u16(bytes, at), u16(bytes, at + 2)] as const);
      if (size === 0 || size % 4 !== 0) malformed(reader, 'treat-as-withdraw', 'COMMUNITIES', '7606 §7.8');
      break;
    default:
      readOptional(reader, type, flags, start, end);
  }
}

function readOptional(reader: Reader, type: number, flags: number, start: number, end: number): void {
  const { into, bytes } = reader;
  const size = end - start;
  const before = reader.problems.length;
  switch (type) {
    case 9:
      if (size === 4) into.originatorId = quad(bytes, start);
      else malformed(reader, 'discard', 'ORIGINATOR_ID', '7606 §7.9');
      break;
    case 10:
      if (size > 0 && size % 4 === 0) into.clusterList = eachOf(start, end, 4, (at) => quad(bytes, at));
      else malformed(reader, 'discard', 'CLUSTER_LIST', '7606 §7.10');
      break;
    case 14:
      into.reach = withPart(into.reach, parseReach(reachSource(reader, start, end)));
      gradeReach(reader, before);
      break;
    case 15:
      into.unreach = withPart(into.unreach, parseUnreach(reachSource(reader, start, end)));
      gradeReach(reader, before);
      break;
    case 16:
      into.extendedCommunities = eachOf(start, end, 8, (at) => hexOf(bytes, at, at + 8));
      if (size === 0 || size % 8 !== 0)
        malformed(reader, 'treat-as-withdraw', 'EXTENDED_COMMUNITIES', '7606 §7.14');
      break;
    case 17:
      readAs4Path(reader, start, end);
      break;
    case 18:
      if (size === 8) reader.as4Aggregator = { asn: u32(bytes, start), address: quad(bytes, start + 4) };
      else malformed(reader, 'discard', 'AS4_AGGREGATOR', '6793 §6');
      break;
    case 32:
      into.largeCommunities = eachOf(
        start,
        end,
        12,
        (at) => [u32(bytes, at), u32(bytes, at + 4), u32(bytes, at + 8)] as const,
      );
      if (size === 0 || size % 12 !== 0) malformed(reader, 'treat-as-withdraw', 'LARGE_COMMUNITY', '8092 §6');
      break;
    case 35:
      if (size === 4) into.onlyToCustomer = u32(bytes, start);
      else malformed(reader, 'treat-as-withdraw', 'ONLY_TO_CUSTOMER', '9234 §5');
      break;
    default:
      readUnknown(reader, type, flags, start, end);
  }
}

/** An unknown optional attribute is passed on; an unknown well-known one is an error (RFC 4271 §6.3). */
function readUnknown(reader: Reader, type: number, flags: number, start: number, end: number): void {
  const { into, bytes } = reader;
  into.unknown = [...(into.unknown ?? []), { type, flags, hex: hexOf(bytes, start, end) }];
  if ((flags & OPTIONAL) === 0 && !reader.context.inRib)
    report(
      reader,
      'session-reset',
      'attribute-unknown',
      `unknown well-known attribute ${type} (RFC 4271 §6.3)`,
    );
}

function malformed(reader: Reader, grade: Grade, name: string, section: string): void {
  report(reader, grade, 'attribute-malformed', `${name} malformed: ${grade} (RFC ${section})`);
}

function readPath(reader: Reader, start: number, end: number): void {
  const { segments, fault, asnSize } = readSegments(reader.bytes, start, end, reader.context.asnSize);
  reader.into.segments = segments;
  reader.into.pathBroken = fault !== undefined && fault !== 'segment without an AS';
  reader.asnSize = asnSize;
  if (asnSize !== reader.context.asnSize) {
    const detail = `AS_PATH: reads only with AS numbers of ${asnSize} octets (RFC 6793 §4)`;
    reader.problems.push({ code: 'as-width', detail });
  }
  if (fault === undefined) return;
  report(reader, 'treat-as-withdraw', 'attribute-malformed', `AS_PATH: ${fault} (RFC 7606 §7.2)`);
}

function readAs4Path(reader: Reader, start: number, end: number): void {
  const { segments, fault } = readSegments(reader.bytes, start, end, 4);
  if (fault === undefined) reader.as4Path = segments;
  else report(reader, 'discard', 'attribute-malformed', `AS4_PATH: ${fault} (RFC 6793 §6)`);
}

/**
 * Read even when its length is of the other session type, for printing: six octets can only hold a two-octet AS, and
 * OpenBGPD writes eight into two-octet dumps, which bgpdump reads as far as it goes. RFC 7606 discards both.
 */
function readAggregator(reader: Reader, start: number, end: number): void {
  const { bytes, into } = reader;
  const size = end - start;
  const asnSize = size === 6 ? 2 : reader.asnSize;
  if (size >= asnSize + 4) {
    const asn = asnSize === 4 ? u32(bytes, start) : u16(bytes, start);
    into.aggregator = { asn, address: quad(bytes, start + asnSize) };
  }
  if (size !== reader.asnSize + 4) malformed(reader, 'discard', 'AGGREGATOR', '7606 §7.7');
}

/** RFC 6793 §4.2.3: the four-byte twins count on a two-byte session alone, and only beside AS_TRANS. */
function mergeTransition(reader: Reader): void {
  const { into } = reader;
  if (reader.asnSize === 4) return;
  if (into.aggregator !== undefined && reader.as4Aggregator !== undefined) {
    // An AGGREGATOR that is not AS_TRANS was rewritten by an old speaker: both AS4 attributes are stale.
    if (into.aggregator.asn !== AS_TRANS) return;
    into.aggregator = reader.as4Aggregator;
  }
  if (into.segments !== undefined && into.pathBroken !== true && reader.as4Path !== undefined)
    into.segments = mergeAs4Path(into.segments, reader.as4Path);
}

function reachSource({ bytes, context, problems }: Reader, start: number, end: number): ReachSource {
  const { addPath, addPath6 = addPath, inRib, rules } = context;
  return { bytes, start, end, addPath, addPath6, inRib, rules, problems };
}

function withPart(
  parts: readonly Reachability[] | undefined,
  part: Reachability | undefined,
): readonly Reachability[] | undefined {
  return part === undefined ? parts : [...(parts ?? []), part];
}

/** Problems that say how something was read, and cost nothing. */
const HARMLESS: ReadonlySet<string> = new Set(['host-bits', 'add-path', 'family-unread']);

/** Whether the problems from this one on name damage. */
export function hasDamage(problems: readonly Problem[], from: number): boolean {
  for (let index = from; index < problems.length; index += 1)
    if (!HARMLESS.has(problems[index]?.code ?? '')) return true;
  return false;
}

/** RFC 7606 §5.3, §7.11, §7.12: the list can't be trusted any further. */
function gradeReach(reader: Reader, from: number): void {
  if (hasDamage(reader.problems, from)) reader.into.grade = worse(reader.into.grade, 'session-reset');
}

/** The items of a list of fixed-size ones; a tail that is too short is left out. */
function eachOf<T>(start: number, end: number, size: number, read: (at: number) => T): T[] {
  const items: T[] = [];
  for (let at = start; at + size <= end; at += size) items.push(read(at));
  return items;
}
