/**
 * MP_REACH_NLRI and MP_UNREACH_NLRI (RFC 4760) of IPv4 and IPv6, whole or, in RIB entries, abbreviated to the next hop
 * (RFC 6396 §4.3.4). Other families are passed over: they are whole and none of ours.
 */
import type { Family } from '../../bgp/address.ts';
import type { Problem } from '../../bgp/update.ts';
import { address6, quad, u16 } from '../octets.ts';
import { type ListedPrefix, type ListRules, readList } from './update-nlri.ts';

export interface Reachability {
  readonly family: Family;
  /** 1 unicast, 2 multicast, 3 both (deprecated). */
  readonly safi: number;
  /** Global next hop first, then the link-local one (RFC 2545 §3); empty in MP_UNREACH_NLRI. */
  readonly nextHops: readonly string[];
  readonly prefixes: readonly ListedPrefix[];
}

/** The value of one of the two attributes, and how to read it. */
export interface ReachSource {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Of IPv4, and of IPv6. */
  readonly addPath: boolean;
  readonly addPath6: boolean;
  readonly inRib: boolean;
  readonly rules: ListRules;
  /** Any fault but host bits is of the grade session-reset (RFC 7606 §5.3, §7.11, §7.12). */
  readonly problems: Problem[];
}

/** The families that are read: SAFI 1 unicast, 2 multicast, 3 both (RFC 4760 §5; 3 is deprecated since). */
export function familyOf(afi: number, safi: number): Family | undefined {
  if (safi < 1 || safi > 3) return undefined;
  if (afi === 1) return 4;
  return afi === 2 ? 6 : undefined;
}

/** Undefined for other families, and where nothing can be read. */
export function parseReach(source: ReachSource): Reachability | undefined {
  const { bytes, start, end, inRib, problems } = source;
  if (inRib && start < end && bytes[start] !== 0) {
    const { nextHops, next } = readNextHops(source, start, 6);
    // The octet behind the next hops is none here.
    if (next !== undefined && next - 1 < end) {
      const detail = `${end - next + 1} octets behind the abbreviated MP_REACH_NLRI (RFC 6396 §4.3.4)`;
      problems.push({ code: 'attribute-malformed', detail });
    }
    return { family: 6, safi: 1, nextHops, prefixes: [] };
  }
  if (start + 5 > end) {
    problems.push({ code: 'attribute-malformed', detail: 'MP_REACH_NLRI cut off (RFC 7606 §7.11)' });
    return undefined;
  }
  const safi = bytes[start + 2] as number;
  const family = familyOf(u16(bytes, start), safi);
  if (family === undefined) return unread(source, 'MP_REACH_NLRI');
  const { nextHops, next } = readNextHops(source, start + 3, family);
  if (next === undefined) return undefined;
  return { family, safi, nextHops, prefixes: readNlri(source, next, family, 'MP_REACH_NLRI') };
}

/** The same for withdrawals. */
export function parseUnreach(source: ReachSource): Reachability | undefined {
  const { bytes, start, end, problems } = source;
  if (start + 3 > end) {
    problems.push({ code: 'attribute-malformed', detail: 'MP_UNREACH_NLRI cut off (RFC 7606 §7.12)' });
    return undefined;
  }
  const safi = bytes[start + 2] as number;
  const family = familyOf(u16(bytes, start), safi);
  if (family === undefined) return unread(source, 'MP_UNREACH_NLRI');
  return {
    family,
    safi,
    nextHops: [],
    prefixes: readNlri(
      { ...source, rules: { ...source.rules, bothReadings: false } },
      start + 3,
      family,
      'MP_UNREACH_NLRI',
    ),
  };
}

/** Whole, and none of ours; counted, so that nobody takes it for read. An End-of-RIB (RFC 4724 §2) says nothing. */
function unread({ bytes, start, end, problems }: ReachSource, where: string): undefined {
  if (end - start === 3) return undefined;
  const detail = `${where} of AFI ${u16(bytes, start)}, SAFI ${bytes[start + 2]} is not read`;
  problems.push({ code: 'family-unread', detail });
  return undefined;
}

/** Next hop length, next hops, and the reserved octet (once the number of SNPAs, RFC 2858). */
function readNextHops(
  { bytes, end, inRib, problems }: ReachSource,
  start: number,
  family: Family,
): { readonly nextHops: readonly string[]; readonly next: number | undefined } {
  const length = bytes[start] as number;
  const first = start + 1;
  if (first + length + (inRib ? 0 : 1) > end) {
    const detail = 'MP_REACH_NLRI next hop overruns (RFC 7606 §7.11)';
    problems.push({ code: 'attribute-malformed', detail });
    return { nextHops: [], next: undefined };
  }
  const nextHops: string[] = [];
  // RFC 8950: an IPv4 prefix may have an IPv6 next hop; the length tells.
  if (length === 4) nextHops.push(quad(bytes, first));
  else if (length === 16 || length === 32)
    for (let at = first; at < first + length; at += 16) nextHops.push(address6(bytes, at));
  else {
    const detail = `MP_REACH_NLRI next hop of ${length} octets for IPv${family} (RFC 7606 §7.11)`;
    problems.push({ code: 'next-hop-length', detail });
  }
  return { nextHops, next: first + length + 1 };
}

function readNlri(
  { bytes, end, addPath, addPath6, problems, rules }: ReachSource,
  start: number,
  family: Family,
  where: string,
): ListedPrefix[] {
  const list = {
    bytes,
    start: Math.min(start, end),
    end,
    family,
    addPath: family === 6 ? addPath6 : addPath,
  };
  return readList(list, where, problems, rules);
}
