/**
 * RIS Live JSON → Update, PeerStateChange or a control answer, with the problems of the frame as values. Never throws.
 *
 * This is the slow road and the reference: whatever a byte scanner does with a frame has to equal what is said here.
 * It stands between `feed/` (or a line of a file) and `match/`. One UPDATE of RIS Live has one path, so the announced
 * prefixes share their fate when that path has no origin; each bad prefix, community or path element costs itself.
 * Attributes that nobody judges (next_hop, med, aggregator, origin) are not looked at: what is not read can't be wrong.
 *
 * Protocol: RIS Live manual. RFC 4271 §3.1 and §4.3 (withdrawn and announced in one UPDATE), RFC 5952 (text of IPv6).
 */
import { formatAddress, parseAddress } from '../../bgp/address.ts';
import type { PathElement } from '../../bgp/as-path.ts';
import { originsOf } from '../../bgp/as-path.ts';
import { parseAsn } from '../../bgp/asn.ts';
import { type Prefix, parsePrefix } from '../../bgp/prefix.ts';
import type { Community, PeerStateChange, Problem, Update } from '../../bgp/update.ts';
import { collectorName, type VantagePoint } from '../../bgp/vantage-point.ts';

/** Every problem this decoder reports. The frame is lost only where the text says so. */
export const RIS_LIVE_PROBLEMS = {
  'bad-json': 'The frame is no JSON; it is lost.',
  'bad-frame': 'The frame is JSON, but no RIS Live message; it is lost.',
  'bad-utf8': 'The frame holds bytes that are no UTF-8; the rest of it counts.',
  'missing-type': 'The message does not say its type but has routes; it is read as an UPDATE.',
  'bad-peer': 'The peer is missing or no IP address, so the vantage point is unknown; the frame is lost.',
  'bad-peer-asn': 'The AS of the peer is missing or no AS number; it is taken as 0.',
  'bad-host': 'The collector is missing or no name; it is called "unknown".',
  'bad-timestamp': 'The stamp is missing or impossible; the frame counts without one.',
  'bad-path': 'An element of the AS path is no AS number and no set; it stands as an empty set.',
  'no-origin':
    'The path is empty or ends in an empty set; its announcements are left out, withdrawals count.',
  'bad-announcement': 'An announcement or its list of prefixes has the wrong shape; the others count.',
  'bad-withdrawals': 'The list of withdrawals is no list; the announcements count.',
  'bad-prefix': 'A prefix cannot be read; the others count.',
  'host-bits': 'A prefix has bits set behind its length; they are masked and it counts.',
  'bad-community': 'A community is no pair of two-byte numbers; the route counts without it.',
  'bad-state': 'RIS_PEER_STATE says neither connected nor down; the frame is lost.',
  'more-problems': 'The frame has more problems than are listed.',
} as const satisfies Readonly<Record<string, string>>;
export type RisLiveProblemCode = keyof typeof RIS_LIVE_PROBLEMS;

/** At most this many problems of one frame are listed, then one `more-problems`. */
export const RIS_LIVE_PROBLEMS_MAX = 1_000;

/** The collector of a message that does not name one. */
export const UNKNOWN_COLLECTOR = 'unknown';

/** Answers of the server that are about the connection and not about routes. */
export type ControlKind = 'pong' | 'subscribe-ok' | 'unsubscribe-ok' | 'rrc-list' | 'error';

export type Decoded =
  | { readonly type: 'update'; readonly update: Update; readonly problems: readonly Problem[] }
  | { readonly type: 'peer-state'; readonly change: PeerStateChange; readonly problems: readonly Problem[] }
  | { readonly type: 'control'; readonly kind: ControlKind; readonly data: unknown }
  /**
   * OPEN, NOTIFICATION, KEEPALIVE and types yet unknown: nothing to judge, though its stamp moves a replay's clock, and a
   * vantage point that speaks is alive.
   */
  | {
      readonly type: 'other';
      readonly observedMs: number | undefined;
      readonly isKeepalive: boolean;
      readonly vantagePoint: VantagePoint | undefined;
    }
  | { readonly type: 'bad'; readonly problems: readonly Problem[] };

type Json = Readonly<Record<string, unknown>>;

const CONTROL_KINDS: ReadonlyMap<unknown, ControlKind> = new Map([
  ['pong', 'pong'],
  ['ris_subscribe_ok', 'subscribe-ok'],
  ['ris_unsubscribe_ok', 'unsubscribe-ok'],
  ['ris_rrc_list', 'rrc-list'],
  ['ris_error', 'error'],
]);

/** 9999-12-31T23:59:59Z: what lies beyond has no ISO 8601 text of the usual shape. */
const TIMESTAMP_MAX_SECONDS = 253_402_300_799;

const DETAIL_MAX = 200;

/** Collects the problems of one frame, bounded. */
class Problems {
  readonly list: Problem[] = [];

  add(code: RisLiveProblemCode, detail: string): void {
    if (this.list.length < RIS_LIVE_PROBLEMS_MAX)
      this.list.push({ code, detail: detail.slice(0, DETAIL_MAX) });
    else if (this.list.length === RIS_LIVE_PROBLEMS_MAX)
      this.list.push({ code: 'more-problems', detail: '' });
  }
}

/**
 * Decodes one frame: the `ris_message` envelope, a bare `data` object, or a control answer. `text` may be anything;
 * bytes that were no UTF-8 are expected as U+FFFD, as `Buffer.toString` leaves them. Cost: JSON.parse of the frame.
 */
export function decodeRisLive(text: string): Decoded {
  const problems = new Problems();
  if (text.includes('\uFFFD')) problems.add('bad-utf8', 'replaced by U+FFFD');
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch (error) {
    problems.add('bad-json', error instanceof Error ? error.message : 'not JSON');
    return { type: 'bad', problems: problems.list };
  }
  if (!isObject(frame)) return bad(problems, 'bad-frame', `${shown(frame)} instead of an object`);
  const control = CONTROL_KINDS.get(frame.type);
  if (control !== undefined) return { type: 'control', kind: control, data: frame.data };
  return decodeMessage(frame, problems);
}

function decodeMessage(frame: Json, problems: Problems): Decoded {
  const isEnvelope = frame.type === 'ris_message' || (frame.type === undefined && frame.data !== undefined);
  const data = isEnvelope ? frame.data : frame;
  if (!isObject(data)) return bad(problems, 'bad-frame', `data: ${shown(data)}`);
  switch (typeOf(data, problems)) {
    case 'UPDATE':
      return decodeUpdate(data, problems);
    case 'RIS_PEER_STATE':
      return decodePeerState(data, problems);
    case undefined:
      return bad(problems, 'bad-frame', 'neither a type nor routes');
    default:
      return {
        type: 'other',
        observedMs: stampOf(data.timestamp),
        isKeepalive: data.type === 'KEEPALIVE',
        // What is odd about it is nobody's loss.
        vantagePoint: readVantagePoint(data, new Problems()),
      };
  }
}

/** The type. Messages with routes but without one are UPDATEs: a blind spot costs more. Without routes they say nothing. */
function typeOf(data: Json, problems: Problems): string | undefined {
  if (typeof data.type === 'string') return data.type;
  if (!Array.isArray(data.announcements) && !Array.isArray(data.withdrawals))
    return data.peer === undefined || data.peer_asn === undefined ? undefined : 'unknown';
  problems.add('missing-type', `type: ${shown(data.type)}`);
  return 'UPDATE';
}

function decodeUpdate(data: Json, problems: Problems): Decoded {
  const vantagePoint = readVantagePoint(data, problems);
  if (vantagePoint === undefined) return { type: 'bad', problems: problems.list };
  const path = readPath(data.path, problems);
  const announced = new Map<string, Prefix>();
  const withdrawn = new Map<string, Prefix>();
  readAnnouncements(data.announcements, announced, withdrawn, problems);
  readPrefixes(data.withdrawals, 'withdrawals', withdrawn, problems);
  if (announced.size > 0 && originsOf(path).length === 0) {
    problems.add(
      'no-origin',
      `${announced.size} announced prefixes, path of ${path.length}; detection of an origin needs one`,
    );
    announced.clear();
  }
  // RFC 4271 §3.1: a prefix in both lists is an announcement.
  for (const text of announced.keys()) withdrawn.delete(text);
  const update: Update = {
    vantagePoint,
    observedMs: readStamp(data.timestamp, problems),
    path: announced.size > 0 ? path : [],
    communities: readCommunities(data.community, problems),
    announced: [...announced.values()],
    withdrawn: [...withdrawn.values()],
  };
  return { type: 'update', update, problems: problems.list };
}

function decodePeerState(data: Json, problems: Problems): Decoded {
  const vantagePoint = readVantagePoint(data, problems);
  if (vantagePoint === undefined) return { type: 'bad', problems: problems.list };
  const state = data.state === 'connected' ? 'up' : data.state === 'down' ? 'down' : undefined;
  if (state === undefined) return bad(problems, 'bad-state', `state: ${shown(data.state)}`);
  const change: PeerStateChange = { vantagePoint, observedMs: readStamp(data.timestamp, problems), state };
  return { type: 'peer-state', change, problems: problems.list };
}

function readVantagePoint(data: Json, problems: Problems): VantagePoint | undefined {
  const address = typeof data.peer === 'string' ? parseAddress(data.peer) : undefined;
  if (address === undefined) {
    problems.add('bad-peer', `peer: ${shown(data.peer)}`);
    return undefined;
  }
  const peerAsn = parseAsn(data.peer_asn);
  if (peerAsn === undefined) problems.add('bad-peer-asn', `peer_asn: ${shown(data.peer_asn)}`);
  return {
    collector: readCollector(data.host, problems),
    peerAddress: formatAddress(address.family, address.words),
    peerAsn: peerAsn ?? 0,
  };
}

function readCollector(host: unknown, problems: Problems): string {
  if (typeof host === 'string' && /^[a-z0-9][a-z0-9._-]{0,99}$/i.test(host)) return collectorName(host);
  problems.add('bad-host', `host: ${shown(host)}`);
  return UNKNOWN_COLLECTOR;
}

/** Milliseconds since the epoch, whole; undefined where the stamp is missing or impossible. */
function readStamp(timestamp: unknown, problems: Problems): number | undefined {
  const stampMs = stampOf(timestamp);
  if (stampMs === undefined) problems.add('bad-timestamp', `timestamp: ${shown(timestamp)}`);
  return stampMs;
}

function stampOf(timestamp: unknown): number | undefined {
  const isText = typeof timestamp === 'string' && /^\d{1,12}(\.\d{1,9})?$/.test(timestamp);
  const seconds = isText ? Number(timestamp) : timestamp;
  if (typeof seconds !== 'number' || !(seconds > 0 && seconds <= TIMESTAMP_MAX_SECONDS)) return undefined;
  return Math.round(seconds * 1_000);
}

/**
 * The path with every element in its place: one that can't be read becomes an empty set, so that its neighbours do
 * not look like neighbours of each other.
 */
function readPath(value: unknown, problems: Problems): readonly PathElement[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    problems.add('bad-path', `path: ${shown(value)}`);
    return [];
  }
  return value.map((element: unknown, index) => readPathElement(element, index, problems));
}

function readPathElement(element: unknown, index: number, problems: Problems): PathElement {
  const asn = parseAsn(element);
  if (asn !== undefined) return asn;
  const members = Array.isArray(element) ? element : [];
  const numbers: number[] = [];
  for (const member of members) {
    const number = parseAsn(member);
    if (number !== undefined) numbers.push(number);
    else problems.add('bad-path', `path[${index}]: member ${shown(member)}`);
  }
  if (members.length === 0) problems.add('bad-path', `path[${index}]: ${shown(element)}`);
  return numbers;
}

/** Older captures have `withdrawals` inside the announcement objects; they are taken from both places. */
function readAnnouncements(
  value: unknown,
  announced: Map<string, Prefix>,
  withdrawn: Map<string, Prefix>,
  problems: Problems,
): void {
  if (value === undefined || value === null) return;
  if (!Array.isArray(value)) {
    problems.add('bad-announcement', `announcements: ${shown(value)}`);
    return;
  }
  for (const [index, item] of value.entries()) {
    const where = `announcements[${index}]`;
    if (!isObject(item)) problems.add('bad-announcement', `${where}: ${shown(item)}`);
    else if (item.prefixes === undefined && item.withdrawals === undefined)
      problems.add('bad-announcement', `${where}: no prefixes`);
    else {
      readPrefixes(item.prefixes, `${where}.prefixes`, announced, problems);
      readPrefixes(item.withdrawals, `${where}.withdrawals`, withdrawn, problems);
    }
  }
}

function readPrefixes(value: unknown, where: string, into: Map<string, Prefix>, problems: Problems): void {
  if (value === undefined || value === null) return;
  if (!Array.isArray(value)) {
    const code = where.endsWith('withdrawals') ? 'bad-withdrawals' : 'bad-announcement';
    problems.add(code, `${where}: ${shown(value)}`);
    return;
  }
  for (const text of value) {
    const parsed = typeof text === 'string' ? parsePrefix(text) : undefined;
    if (parsed === undefined) {
      problems.add('bad-prefix', `${where}: ${shown(text)}`);
      continue;
    }
    if (parsed.hostBits) problems.add('host-bits', `${where}: ${shown(text)}`);
    into.set(parsed.prefix.text, parsed.prefix);
  }
}

function readCommunities(value: unknown, problems: Problems): readonly Community[] {
  if (value === undefined || value === null) return [];
  const communities: Community[] = [];
  for (const pair of Array.isArray(value) ? value : [value]) {
    const halves: readonly unknown[] = Array.isArray(pair) ? pair : [];
    const [high, low] = [parseAsn(halves[0]), parseAsn(halves[1])];
    if (halves.length === 2 && high !== undefined && low !== undefined && high <= 65_535 && low <= 65_535)
      communities.push([high, low]);
    else problems.add('bad-community', `community: ${shown(pair)}`);
  }
  return communities;
}

function bad(problems: Problems, code: RisLiveProblemCode, detail: string): Decoded {
  problems.add(code, detail);
  return { type: 'bad', problems: problems.list };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value from outside, short enough for a problem's detail; never walks into it, however deep it is. */
function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  return Array.isArray(value) ? `a list of ${value.length}` : 'an object';
}
