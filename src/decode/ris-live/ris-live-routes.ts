/**
 * RIS Live messages as routes to print: what `decodeRisLive` found to be sound, with the attributes that nobody judges
 * (origin, next hop, MED, aggregator) read leniently beside it. For `decode`; the judging road never comes here.
 */
import { formatAddress, parseAddress } from '../../bgp/address.ts';
import { parseAsn } from '../../bgp/asn.ts';
import { parsePrefix } from '../../bgp/prefix.ts';
import type { PeerStateChange, Problem, Update } from '../../bgp/update.ts';
import type { Aggregator, PathAttributes } from '../bgp/update-attributes.ts';
import { segmentsOf } from '../bgp/update-path.ts';
import type { PrintedRecord, RouteRecord, StateRecord } from '../route-record.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * The routes of one UPDATE: withdrawals first, as `bgpdump` has them. `text` is the frame that `update` came from;
 * `fallbackMs` stands in for a missing stamp.
 */
export function risLiveRoutes(
  update: Update,
  text: string,
  problems: readonly Problem[],
  fallbackMs: number,
): readonly RouteRecord[] {
  const data = dataOf(text);
  const base = {
    ...stampOf(data.timestamp, update.observedMs ?? fallbackMs),
    vantagePoint: update.vantagePoint,
    problems,
    direction: 'received' as const,
    safi: 1,
    pathId: undefined,
    originatedSeconds: undefined,
  };
  const nextHops = nextHopsOf(data.announcements);
  const attributes = attributesOf(data, update);
  const withdrawals = update.withdrawn.map(
    (prefix): RouteRecord => ({ ...base, type: 'W', prefix, attributes: undefined, nextHop: undefined }),
  );
  const announcements = update.announced.map(
    (prefix): RouteRecord => ({ ...base, type: 'A', prefix, attributes, nextHop: nextHops.get(prefix.text) }),
  );
  return [...withdrawals, ...announcements];
}

/** A session's change as the only transition of RFC 4271 §8.2.2 that leads there: 5→6, or 6→1. */
export function risLiveState(
  change: PeerStateChange,
  problems: readonly Problem[],
  fallbackMs: number,
): StateRecord {
  const isUp = change.state === 'up';
  return {
    ...stampOf(undefined, change.observedMs ?? fallbackMs),
    type: 'STATE',
    vantagePoint: change.vantagePoint,
    problems,
    oldState: isUp ? 5 : 6,
    newState: isUp ? 6 : 1,
  };
}

/** With a fraction as BGP4MP_ET, whose stamps have microseconds; without as BGP4MP. */
function stampOf(timestamp: unknown, ms: number): Pick<PrintedRecord, 'format' | 'seconds' | 'microseconds'> {
  const seconds = Number(timestamp);
  const exact =
    timestamp !== undefined && Math.abs(seconds * 1000 - ms) < 1000 ? seconds * 1_000_000 : ms * 1000;
  const micros = Math.round(exact);
  const fraction = micros % 1_000_000;
  if (fraction === 0) return { format: 'BGP4MP', seconds: micros / 1_000_000, microseconds: undefined };
  return { format: 'BGP4MP_ET', seconds: Math.floor(micros / 1_000_000), microseconds: fraction };
}

function dataOf(text: string): Json {
  try {
    const frame: unknown = JSON.parse(text);
    if (!isObject(frame)) return {};
    return isObject(frame.data) ? frame.data : frame;
  } catch {
    return {};
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Prefix → the first next hop it is announced with; a next hop may be `global,link-local`. */
function nextHopsOf(announcements: unknown): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const item of Array.isArray(announcements) ? announcements : []) {
    if (!isObject(item) || typeof item.next_hop !== 'string' || !Array.isArray(item.prefixes)) continue;
    const address = parseAddress((item.next_hop.split(',')[0] ?? '').trim());
    if (address === undefined) continue;
    const nextHop = formatAddress(address.family, address.words);
    for (const text of item.prefixes) {
      const prefix = typeof text === 'string' ? parsePrefix(text)?.prefix.text : undefined;
      if (prefix !== undefined && !found.has(prefix)) found.set(prefix, nextHop);
    }
  }
  return found;
}

function attributesOf(data: Json, update: Update): PathAttributes {
  const origin = ['igp', 'egp', 'incomplete'].indexOf(String(data.origin).toLowerCase());
  const aggregator = aggregatorOf(data.aggregator);
  return {
    segments: segmentsOf(update.path),
    communities: update.communities,
    ...(origin >= 0 ? { origin } : {}),
    ...(isU32(data.med) ? { med: data.med } : {}),
    ...(aggregator === undefined ? {} : { aggregator }),
    ...(data.atomic_aggregate === true ? { atomicAggregate: true } : {}),
  };
}

function isU32(value: unknown): value is number {
  return parseAsn(value) !== undefined && typeof value === 'number';
}

/** `asn:address`. */
function aggregatorOf(value: unknown): Aggregator | undefined {
  const match = typeof value === 'string' ? /^(\d{1,10}):(.+)$/.exec(value) : null;
  const asn = parseAsn(match?.[1]);
  const address = parseAddress(match?.[2] ?? '');
  if (asn === undefined || address === undefined) return undefined;
  return { asn, address: formatAddress(address.family, address.words) };
}
