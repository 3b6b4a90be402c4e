/**
 * BMP messages of one router → what is judged (RFC 7854, 8671, 9069). Between `bmp-framing.ts` and whoever listens; pure,
 * never throws. A sender may lie, and nobody may lose sight through it: what it says is given with its session and
 * view, an impossible message costs itself and is counted, and stamps are evidence.
 */
import type { AsPath } from '../../bgp/as-path.ts';
import type { Problem, Update } from '../../bgp/update.ts';
import type { VantagePoint } from '../../bgp/vantage-point.ts';
import {
  HEADER_SIZE,
  type Interest,
  type ParsedUpdate,
  parseUpdate,
  toUpdate,
  updateIsWanted,
} from '../bgp/update.ts';
import { AS_SEQUENCE } from '../bgp/update-path.ts';
import { u16, u32 } from '../octets.ts';
import type { BmpFrame } from './bmp-framing.ts';
import { hasPathIds, type Open, readOpen } from './bmp-open.ts';
import { type BmpPeer, type BmpView, PEER_HEADER, readPeer } from './bmp-peer.ts';

/** What a message says. `vantagePoint`: (router, instance, peer); views of one peer share it, and one of them is judged. */
export type BmpItem =
  | {
      readonly type: 'initiation';
      readonly name: string;
      readonly description: string;
      readonly notes: readonly string[];
    }
  | { readonly type: 'termination'; readonly reason: number | undefined; readonly notes: readonly string[] }
  | {
      readonly type: 'peer';
      readonly state: 'up' | 'down';
      readonly peer: BmpPeer;
      readonly vantagePoint: VantagePoint;
      /** RFC 7854 §4.9 and RFC 9069 §5.3; of a peer that went down. */
      readonly reason?: number;
    }
  | {
      readonly type: 'update';
      readonly peer: BmpPeer;
      /** A Peer Up came before, so that it is known how to read its messages. */
      readonly isKnownPeer: boolean;
      readonly update: Update;
    }
  /** A message of the session that announces nothing of interest: a sign of life. */
  | { readonly type: 'heard'; readonly peer: BmpPeer; readonly vantagePoint: VantagePoint }
  /** All routes of the view were sent once (RFC 4724 §2). */
  | {
      readonly type: 'end-of-rib';
      readonly peer: BmpPeer;
      readonly vantagePoint: VantagePoint;
      readonly family: 4 | 6;
    }
  /** RFC 7854 §4.8: type → counter or gauge. */
  | { readonly type: 'statistics'; readonly peer: BmpPeer; readonly values: ReadonlyMap<number, number> }
  /** RFC 7854 §4.7: copies of messages, which say nothing new; `isLossy`: the router could not send all. */
  | { readonly type: 'mirroring'; readonly peer: BmpPeer; readonly isLossy: boolean };

/** Sessions of one router; behind that messages are read as those of unknown peers. */
export const BMP_PEERS_MAX = 65_536;
const UPDATE = 2;
const PEER_DOWN_REASON_MAX = 6;
const NO_INSTANCE = '0000000000000000';
const NOTHING: readonly never[] = [];

/** What the OPENs of a session said. */
interface Opens {
  readonly sent: Open;
  readonly received: Open;
}

/** A session that came up. Some routers say so once, others once for each view that they send of it. */
interface Session {
  readonly opens: Opens | undefined;
  readonly views: Set<BmpView>;
}

export class BmpDecoder {
  readonly #router: string;
  readonly #interest: Interest | undefined;
  readonly #sessions = new Map<string, Session>();

  /** `router`: its name, the collector of its vantage points. `interest`: what updates are given; without it all. */
  constructor(router: string, interest?: Interest) {
    this.#router = router;
    this.#interest = interest;
  }

  /** Reads one message; problems are appended, each with a code of its own kind. */
  read(frame: BmpFrame, problems: Problem[]): readonly BmpItem[] {
    if (frame.type === 4 || frame.type === 5) return [this.#readText(frame, problems)];
    if (frame.type > 6) return refuse(problems, 'bmp-type', `BMP message type ${frame.type} is not read`);
    if (frame.end - frame.start < PEER_HEADER)
      return refuse(problems, 'bmp-short', `BMP message type ${frame.type} without a per-peer header`);
    const peer = readPeer(frame);
    if (peer === undefined)
      return refuse(problems, 'bmp-peer-type', `BMP peer type ${frame.bytes[frame.start]} is not read`);
    const rest = { ...frameOf(frame), start: frame.start + PEER_HEADER };
    switch (frame.type) {
      case 0:
        return this.#readRoutes(rest, peer, problems);
      case 1:
        return readStatistics(rest, peer, problems);
      case 2:
        return this.#readDown(rest, peer, problems);
      case 3:
        return this.#readUp(rest, peer, problems);
      default:
        return readMirroring(rest, peer, problems);
    }
  }

  /** Initiation (§4.3) and Termination (§4.5). */
  #readText(frame: BmpFrame, problems: Problem[]): BmpItem {
    const texts = new Map<number, string[]>();
    let reason: number | undefined;
    eachTlv(frame, problems, (type, start, end) => {
      if (frame.type === 5 && type === 1 && end - start === 2) reason = u16(frame.bytes, start);
      else texts.set(type, [...(texts.get(type) ?? []), textOf(frame.bytes, start, end)]);
    });
    const notes = texts.get(0) ?? [];
    if (frame.type === 5) return { type: 'termination', reason, notes };
    const [description = ''] = texts.get(1) ?? [];
    const [name = ''] = texts.get(2) ?? [];
    return { type: 'initiation', name, description, notes };
  }

  /** Peer Up (§4.10): both OPENs, and what RFC 9736 adds. */
  #readUp(frame: BmpFrame, peer: BmpPeer, problems: Problem[]): readonly BmpItem[] {
    const { bytes, start, end } = frame;
    // Local address and both ports.
    const sent = readOpen(bytes, start + 20, end, problems);
    const received = sent === undefined ? undefined : readOpen(bytes, sent.next, end, problems);
    if (received !== undefined) eachTlv({ ...frame, start: received.next }, problems, () => undefined);
    const opens =
      sent === undefined || received === undefined ? undefined : { sent: sent.open, received: received.open };
    const views = this.#sessions.get(peer.key)?.views ?? new Set();
    if (this.#sessions.size < BMP_PEERS_MAX || views.size > 0)
      this.#sessions.set(peer.key, { opens, views: views.add(peer.view) });
    else problems.push({ code: 'bmp-peers', detail: `more than ${BMP_PEERS_MAX} peers of one router` });
    return [{ type: 'peer', state: 'up', peer, vantagePoint: this.#vantagePoint(peer) }];
  }

  /** Peer Down (§4.9). One that never came up can't go down: FRR begins with such, and it changes nothing. */
  #readDown({ bytes, start, end }: BmpFrame, peer: BmpPeer, problems: Problem[]): readonly BmpItem[] {
    const session = this.#sessions.get(peer.key);
    if (session === undefined)
      return refuse(problems, 'bmp-unknown-peer', `Peer Down of ${peer.address}, which was never up`);
    const isView = session.views.delete(peer.view);
    if (!isView || session.views.size === 0) this.#sessions.delete(peer.key);
    const reason = start < end ? (bytes[start] as number) : 0;
    if (reason < 1 || reason > PEER_DOWN_REASON_MAX)
      problems.push({ code: 'bmp-reason', detail: `Peer Down with the reason ${reason} (RFC 7854 §4.9)` });
    return [{ type: 'peer', state: 'down', peer, vantagePoint: this.#vantagePoint(peer), reason }];
  }

  /** Route Monitoring (§4.6): one UPDATE; whatever else stands behind it is read as well, or said. */
  #readRoutes(frame: BmpFrame, peer: BmpPeer, problems: Problem[]): readonly BmpItem[] {
    const { bytes, end } = frame;
    const items: BmpItem[] = [];
    for (let at = frame.start; at < end; ) {
      const next = at + HEADER_SIZE <= end ? at + u16(bytes, at + 16) : end + 1;
      if (next > end || next < at + HEADER_SIZE) {
        problems.push({
          code: 'bmp-update',
          detail: `${end - at} octets of Route Monitoring are no BGP message`,
        });
        break;
      }
      if (bytes[at + 18] === UPDATE)
        items.push(this.#readUpdate(bytes, at + HEADER_SIZE, next, peer, problems));
      else
        problems.push({
          code: 'bmp-update',
          detail: `BGP message type ${bytes[at + 18]} in Route Monitoring`,
        });
      at = next;
    }
    return items;
  }

  #readUpdate(bytes: Uint8Array, start: number, end: number, peer: BmpPeer, problems: Problem[]): BmpItem {
    const vantagePoint = this.#vantagePoint(peer);
    const family = endOfRib(bytes, start, end);
    if (family !== undefined) return { type: 'end-of-rib', peer, vantagePoint, family };
    const opens = this.#sessions.get(peer.key)?.opens;
    const context = contextOf(peer, opens);
    const interest = this.#interest;
    if (interest !== undefined && !updateIsWanted(bytes, start, end, context, interest))
      return { type: 'heard', peer, vantagePoint };
    const found: Problem[] = [];
    const parsed = parseUpdate({ bytes, start, end }, context, found, interest);
    const isOwn = peer.view === 'loc-rib';
    // What the router itself originates needs no path there.
    for (const problem of found) if (!isOwn || problem.code !== 'attribute-missing') problems.push(problem);
    const own = isOwn ? withOwnPath(parsed, peer.asn) : parsed;
    const update = toUpdate(own, vantagePoint, peer.observedMs ?? 0, problems);
    if (update === undefined) return { type: 'heard', peer, vantagePoint };
    const path = pathBy(update.path, peer, opens);
    const isKnownPeer = this.#sessions.has(peer.key);
    return { type: 'update', peer, isKnownPeer, update: { ...update, path, observedMs: peer.observedMs } };
  }

  #vantagePoint({ address, asn, distinguisher }: BmpPeer): VantagePoint {
    const collector = distinguisher === NO_INSTANCE ? this.#router : `${this.#router}/${distinguisher}`;
    return { collector, peerAddress: address, peerAsn: asn };
  }
}

/** Without a Peer Up no capability is known; the bytes themselves say how they read (`bgp/update-reading.ts`). */
function contextOf(peer: BmpPeer, opens: Opens | undefined) {
  const [from, to] =
    peer.view === 'adj-rib-out' ? [opens?.sent, opens?.received] : [opens?.received, opens?.sent];
  const has = (family: 4 | 6): boolean =>
    from !== undefined && to !== undefined && peer.view !== 'loc-rib' && hasPathIds(from, to, family);
  return { asnSize: peer.asnSize, addPath: has(4), addPath6: has(6), isJudged: true } as const;
}

/** In its own RIB a router is the vantage point, and what has no AS_PATH is its own (RFC 9069 §4.1, GoBGP). */
function withOwnPath(parsed: ParsedUpdate, asn: number): ParsedUpdate {
  const { segments = [], pathBroken } = parsed.attributes;
  if (pathBroken === true) return parsed;
  const [first] = segments;
  if (first?.type === AS_SEQUENCE && first.asns[0] === asn) return parsed;
  const own = { type: AS_SEQUENCE, asns: [asn] };
  return { ...parsed, attributes: { ...parsed.attributes, segments: [own, ...segments] } };
}

/** FRR and RouteViews put their own AS before that of the peer who said it: it is taken off. */
function pathBy(path: AsPath, peer: BmpPeer, opens: Opens | undefined): AsPath {
  const [first, second] = path;
  if (peer.view === 'loc-rib' || first === peer.asn || second !== peer.asn) return path;
  return opens === undefined || first === opens.sent.asn ? path.slice(1) : path;
}

/** RFC 4724 §2: an UPDATE that is empty, or has an empty MP_UNREACH_NLRI of IPv6 and nothing else. */
function endOfRib(bytes: Uint8Array, start: number, end: number): 4 | 6 | undefined {
  const size = end - start;
  if (size === 4 && u32(bytes, start) === 0) return 4;
  if (size < 10 || size > 11 || u16(bytes, start) !== 0 || u16(bytes, start + 2) !== size - 4)
    return undefined;
  const value = end - 3;
  const isUnreach = bytes[start + 5] === 15 && bytes[value - 1] === 3 && bytes[value + 2] === 1;
  if (!isUnreach) return undefined;
  const afi = u16(bytes, value);
  return afi === 2 ? 6 : afi === 1 ? 4 : undefined;
}

function readStatistics(frame: BmpFrame, peer: BmpPeer, problems: Problem[]): readonly BmpItem[] {
  const { bytes, start, end } = frame;
  if (start + 4 > end) return refuse(problems, 'bmp-short', 'Stats Report without a count (RFC 7854 §4.8)');
  const values = new Map<number, number>();
  const count = u32(bytes, start);
  let found = 0;
  eachTlv({ ...frame, start: start + 4 }, problems, (type, at, stop) => {
    found += 1;
    if (stop - at === 4) values.set(type, u32(bytes, at));
    else if (stop - at === 8) values.set(type, u32(bytes, at) * 2 ** 32 + u32(bytes, at + 4));
  });
  if (found !== count)
    problems.push({
      code: 'bmp-short',
      detail: `Stats Report has ${found} of ${count} values (RFC 7854 §4.8)`,
    });
  return [{ type: 'statistics', peer, values }];
}

function readMirroring(frame: BmpFrame, peer: BmpPeer, problems: Problem[]): readonly BmpItem[] {
  let isLossy = false;
  eachTlv(frame, problems, (type, at, end) => {
    if (type === 1 && end - at === 2 && u16(frame.bytes, at) === 1) isLossy = true;
  });
  return [{ type: 'mirroring', peer, isLossy }];
}

/** Type, length, value, one behind the other to the end of the message. */
function eachTlv(
  { bytes, start, end }: BmpFrame,
  problems: Problem[],
  take: (type: number, start: number, end: number) => void,
): void {
  for (let at = start; at < end; ) {
    const value = at + 4;
    const stop = value <= end ? value + u16(bytes, at + 2) : end + 1;
    if (stop > end) {
      problems.push({
        code: 'bmp-short',
        detail: `${end - at} octets of a BMP message are no whole field (RFC 7854 §4.4)`,
      });
      return;
    }
    take(u16(bytes, at), value, stop);
    at = stop;
  }
}

function frameOf({ type, bytes, start, end }: BmpFrame): BmpFrame {
  return { type, bytes, start, end };
}

/** Names of routers are shown to people: printable, and short. */
function textOf(bytes: Uint8Array, start: number, end: number): string {
  const text = new TextDecoder().decode(bytes.subarray(start, Math.min(end, start + 255)));
  return text.replace(/\p{C}/gu, ' ').trim();
}

function refuse(problems: Problem[], code: string, detail: string): readonly never[] {
  problems.push({ code, detail });
  return NOTHING;
}
