/**
 * Answers of RIPEstat's data API → values, with what could not be read as problems; never throws. Pure: `feed/ripestat/client.ts`
 * asks, this reads. Shapes as documented at stat.ripe.net/docs for announced-prefixes, bgp-state, bgp-updates,
 * routing-status and ris-peers.
 */
import { formatAddress, parseAddress } from '../../bgp/address.ts';
import { type AsPath, originsOf, type PathElement, parseAsPath } from '../../bgp/as-path.ts';
import { parseAsn } from '../../bgp/asn.ts';
import { type Prefix, parsePrefix } from '../../bgp/prefix.ts';
import type { Community, Problem, Update } from '../../bgp/update.ts';
import type { VantagePoint } from '../../bgp/vantage-point.ts';

export interface Read<T> {
  readonly value: T;
  readonly problems: readonly Problem[];
}

export interface AnnouncedPrefix {
  readonly prefix: Prefix;
  /** First and last time of the span that was asked for, ms since the epoch; undefined where the answer has none. */
  readonly firstSeenMs: number | undefined;
  readonly lastSeenMs: number | undefined;
}

export interface Sighting {
  readonly prefix: string;
  readonly origin: number | undefined;
  readonly atMs: number | undefined;
}

export interface Visibility {
  readonly seeing: number;
  readonly known: number;
}

export interface RoutingStatus {
  readonly firstSeen: Sighting | undefined;
  readonly lastSeen: Sighting | undefined;
  readonly visibility4: Visibility | undefined;
  readonly visibility6: Visibility | undefined;
  readonly origins: readonly number[];
}

export interface RisPeer {
  readonly vantagePoint: VantagePoint;
  readonly prefixes4: number;
  readonly prefixes6: number;
}

/** At most this many problems of one answer are listed. */
const PROBLEMS_MAX = 100;

type Json = Readonly<Record<string, unknown>>;

class Problems {
  readonly list: Problem[] = [];

  add(where: string, value: unknown): undefined {
    const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : typeof value;
    if (this.list.length < PROBLEMS_MAX)
      this.list.push({ code: 'ripestat-shape', detail: `${where}: ${shown}` });
    return undefined;
  }
}

/** `announced-prefixes`: what an AS originates. */
export function readAnnouncedPrefixes(data: unknown): Read<readonly AnnouncedPrefix[]> {
  const problems = new Problems();
  const value = itemsOf(data, 'prefixes', problems).flatMap((item, index): AnnouncedPrefix[] => {
    const prefix = readPrefix(item.prefix, `prefixes[${index}].prefix`, problems);
    if (prefix === undefined) return [];
    const spans = Array.isArray(item.timelines) ? item.timelines.filter(isObject) : [];
    const starts = spans.map((span) => readTime(span.starttime)).filter((ms) => ms !== undefined);
    const ends = spans.map((span) => readTime(span.endtime)).filter((ms) => ms !== undefined);
    return [{ prefix, firstSeenMs: minOf(starts), lastSeenMs: maxOf(ends) }];
  });
  return { value, problems: problems.list };
}

/** `bgp-state`: who carries what at one moment; each route is an Update that announces one prefix. */
export function readBgpState(data: unknown, atMs: number | undefined): Read<readonly Update[]> {
  const problems = new Problems();
  const value = itemsOf(data, 'bgp_state', problems).flatMap((item, index) => {
    const update = readRoute(item, true, atMs, `bgp_state[${index}]`, problems);
    return update === undefined ? [] : [update];
  });
  return { value, problems: problems.list };
}

/** `bgp-updates`: what happened in a span, in the order of time. */
export function readBgpUpdates(data: unknown): Read<readonly Update[]> {
  const problems = new Problems();
  const value = itemsOf(data, 'updates', problems).flatMap((item, index) => {
    const where = `updates[${index}]`;
    if (item.type !== 'A' && item.type !== 'W') return problems.add(`${where}.type`, item.type) ?? [];
    if (!isObject(item.attrs)) return problems.add(`${where}.attrs`, item.attrs) ?? [];
    const update = readRoute(item.attrs, item.type === 'A', readTime(item.timestamp), where, problems);
    return update === undefined ? [] : [update];
  });
  return { value: value.sort((a, b) => (a.observedMs ?? 0) - (b.observedMs ?? 0)), problems: problems.list };
}

/** `routing-status`: a summary, as of the last 8-hourly snapshot. */
export function readRoutingStatus(data: unknown): Read<RoutingStatus> {
  const problems = new Problems();
  const fields = isObject(data) ? data : {};
  if (!isObject(data)) problems.add('data', data);
  const visibility = isObject(fields.visibility) ? fields.visibility : {};
  const origins = Array.isArray(fields.origins) ? fields.origins.filter(isObject) : [];
  return {
    value: {
      firstSeen: readSighting(fields.first_seen),
      lastSeen: readSighting(fields.last_seen),
      visibility4: readVisibility(visibility.v4),
      visibility6: readVisibility(visibility.v6),
      origins: origins.map(({ origin }) => parseAsn(origin)).filter((asn) => asn !== undefined),
    },
    problems: problems.list,
  };
}

/** `ris-peers`: the vantage points, for denominators. */
export function readRisPeers(data: unknown): Read<readonly RisPeer[]> {
  const problems = new Problems();
  const peers = isObject(data) ? data.peers : undefined;
  if (!isObject(peers))
    return { value: [], problems: [{ code: 'ripestat-shape', detail: 'data.peers is no object' }] };
  const value = Object.entries(peers).flatMap(([name, list]) =>
    (Array.isArray(list) ? list : []).flatMap((item: unknown, index): RisPeer[] => {
      const where = `peers.${name.slice(0, 20)}[${index}]`;
      const fields = isObject(item) ? item : {};
      const vantagePoint = readVantagePoint(`${name}-${String(fields.ip)}`, parseAsn(fields.asn) ?? 0);
      if (vantagePoint === undefined) return problems.add(where, fields.ip) ?? [];
      return [
        {
          vantagePoint,
          prefixes4: countOf(fields.v4_prefix_count),
          prefixes6: countOf(fields.v6_prefix_count),
        },
      ];
    }),
  );
  return { value, problems: problems.list };
}

function readRoute(
  item: Json,
  isAnnounced: boolean,
  observedMs: number | undefined,
  where: string,
  problems: Problems,
): Update | undefined {
  const prefix = readPrefix(item.target_prefix, `${where}.target_prefix`, problems);
  if (prefix === undefined) return undefined;
  const path = isAnnounced ? readPath(item.path) : [];
  if (path === undefined || (isAnnounced && originsOf(path).length === 0))
    return problems.add(`${where}.path`, item.path);
  const [first] = path;
  const vantagePoint = readVantagePoint(item.source_id, typeof first === 'number' ? first : 0);
  if (vantagePoint === undefined) return problems.add(`${where}.source_id`, item.source_id);
  return {
    vantagePoint,
    observedMs,
    path,
    communities: isAnnounced ? readCommunities(item.community) : [],
    announced: isAnnounced ? [prefix] : [],
    withdrawn: isAnnounced ? [] : [prefix],
  };
}

/** `00-192.0.2.1`, `rrc00-192.0.2.1`. */
function readVantagePoint(source: unknown, peerAsn: number): VantagePoint | undefined {
  const match = typeof source === 'string' ? /^(?:rrc)?(\d{1,3})-(.+)$/i.exec(source) : null;
  const address = parseAddress(match?.[2] ?? '');
  if (match === null || address === undefined) return undefined;
  const collector = `rrc${(match[1] ?? '').padStart(2, '0')}`;
  return { collector, peerAddress: formatAddress(address.family, address.words), peerAsn };
}

function readPrefix(value: unknown, where: string, problems: Problems): Prefix | undefined {
  const parsed = typeof value === 'string' ? parsePrefix(value) : undefined;
  return parsed === undefined ? problems.add(where, value) : parsed.prefix;
}

/** Numbers or their text; a set as a list or as `{1,2}`. */
function readPath(value: unknown): AsPath | undefined {
  if (typeof value === 'string') return parseAsPath(value);
  if (!Array.isArray(value)) return undefined;
  const path: PathElement[] = [];
  for (const element of value) {
    const members = Array.isArray(element) ? element.map(parseAsn) : undefined;
    const read: AsPath | undefined =
      members === undefined ? parseAsPath(String(element)) : [members.filter((asn) => asn !== undefined)];
    if (read === undefined || members?.includes(undefined) === true) return undefined;
    path.push(...read);
  }
  return path;
}

function readCommunities(value: unknown): readonly Community[] {
  const pairs: Community[] = [];
  for (const item of Array.isArray(value) ? value : []) {
    const match = /^(\d{1,5}):(\d{1,5})$/.exec(Array.isArray(item) ? item.join(':') : String(item));
    const [high, low] = [Number(match?.[1]), Number(match?.[2])];
    if (high <= 65_535 && low <= 65_535) pairs.push([high, low]);
  }
  return pairs;
}

function readSighting(value: unknown): Sighting | undefined {
  if (!isObject(value) || typeof value.prefix !== 'string') return undefined;
  return { prefix: value.prefix, origin: parseAsn(value.origin), atMs: readTime(value.time) };
}

function readVisibility(value: unknown): Visibility | undefined {
  if (!isObject(value)) return undefined;
  return { seeing: countOf(value.ris_peers_seeing), known: countOf(value.total_ris_peers) };
}

/** RIPEstat writes UTC without saying so; with `unix_timestamps` it writes seconds. */
function readTime(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value > 0 ? value * 1000 : undefined;
  if (typeof value !== 'string') return undefined;
  const ms = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(value) ? value : `${value}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

function itemsOf(data: unknown, name: string, problems: Problems): readonly Json[] {
  const list = isObject(data) ? data[name] : undefined;
  if (!Array.isArray(list)) return problems.add(`data.${name}`, list) ?? [];
  return list.filter(
    (item, index): item is Json => isObject(item) || problems.add(`${name}[${index}]`, item) === null,
  );
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function countOf(value: unknown): number {
  const count = Number(value);
  return Number.isInteger(count) && count >= 0 ? count : 0;
}

function minOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.min(a, b));
}

function maxOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => Math.max(a, b));
}
