/**
 * MRT records (RFC 6396, 6397, 8050) → what is judged, or what is printed. Third step of a file's way: bytes →
 * `mrt-framing.ts` → here. Pure but for the peer table, which a RIB file states once for all its rows.
 */
import type { PeerStateChange, Problem, Update } from '../../bgp/update.ts';
import type { VantagePoint } from '../../bgp/vantage-point.ts';
import {
  attributesAreWanted,
  type Interest,
  type ParsedUpdate,
  parseUpdate,
  toUpdate,
  type UpdateContext,
  updateIsWanted,
} from '../bgp/update.ts';
import { type PathAttributes, parseAttributes } from '../bgp/update-attributes.ts';
import { isWanted, type ListedPrefix, prefixAt } from '../bgp/update-nlri.ts';
import type { Reachability } from '../bgp/update-reach.ts';
import type { PrintedRecord, RecordFormat, RouteRecord } from '../route-record.ts';
import {
  type Envelope,
  type MessageEnvelope,
  nextEnvelope,
  openBgp4mp,
  openOldBgp,
  type Session,
  sessionAddress,
  UPDATE_MESSAGE,
} from './mrt-bgp4mp.ts';
import type { MrtFrame } from './mrt-framing.ts';
import { HeardSessions } from './mrt-heard.ts';
import {
  openOldRows,
  openRow,
  type RibEntry,
  type RowPrefix,
  readPeerTable,
  rowEntries,
  type TablePeer,
} from './mrt-rib.ts';

/** What a record says to those who judge. `rib` is one peer's route in a snapshot: an `Update` announcing one prefix. */
export type MrtItem =
  | { readonly type: 'update'; readonly update: Update }
  | { readonly type: 'peer-state'; readonly change: PeerStateChange }
  | { readonly type: 'rib'; readonly update: Update };

const ESTABLISHED = 6;
/** Distinct sessions of a file, far beyond any collector; the memory starts over beyond it. */
const SESSIONS_MAX = 65_536;
const NOTHING: readonly never[] = [];

/** A row of a RIB, its entries unread. */
interface OpenRow {
  readonly row: RowPrefix;
  readonly entries: Iterable<RibEntry>;
}

export class MrtDecoder {
  readonly #collector: string;
  readonly #interest: Interest | undefined;
  readonly #sessions = new Map<string, VantagePoint>();
  #peers: readonly TablePeer[] = [];
  readonly #heard = new HeardSessions();

  /** `interest`: what `judge` is asked about; without it all is given. */
  constructor(collector: string, interest?: Interest) {
    this.#collector = collector;
    this.#interest = interest;
  }

  /**
   * The record as it is judged; problems are appended. Messages that the collector itself sent (LOCAL) are nobody's
   * route and give nothing. A record that touches nothing of interest costs no allocation beyond its envelope; once an
   * hour one of each session and family comes through nevertheless, so that its vantage point counts as known.
   */
  judge(frame: MrtFrame, problems: Problem[]): readonly MrtItem[] {
    switch (frame.type) {
      case 16:
      case 17:
        return this.#eachEnvelope(frame, openBgp4mp(frame, problems), problems, this.#judgeEnvelope);
      case 5:
        return this.#eachEnvelope(frame, openOldBgp(frame, problems), problems, this.#judgeEnvelope);
      case 12:
      case 13:
        return this.#judgeRows(frame, problems);
      default:
        unsupported(frame, problems);
        return NOTHING;
    }
  }

  /** The record as it is printed, in the order of `bgpdump`. */
  print(frame: MrtFrame, problems: Problem[]): readonly PrintedRecord[] {
    switch (frame.type) {
      case 16:
      case 17:
        return this.#eachEnvelope(frame, openBgp4mp(frame, problems), problems, this.#printEnvelope);
      case 5:
        return this.#eachEnvelope(frame, openOldBgp(frame, problems), problems, this.#printEnvelope);
      case 12:
      case 13:
        return this.#printRows(frame, problems);
      default:
        unsupported(frame, problems);
        return NOTHING;
    }
  }

  /** Of each message that stands in the record; mostly there is one. */
  #eachEnvelope<T>(
    frame: MrtFrame,
    first: Envelope | undefined,
    problems: Problem[],
    read: (frame: MrtFrame, envelope: Envelope, problems: Problem[]) => readonly T[],
  ): readonly T[] {
    if (first === undefined) return NOTHING;
    let items = read.call(this, frame, first, problems);
    for (
      let envelope = nextEnvelope(frame, first, problems);
      envelope !== undefined;
      envelope = nextEnvelope(frame, envelope, problems)
    )
      items = [...items, ...read.call(this, frame, envelope, problems)];
    return items;
  }

  #judgeEnvelope(frame: MrtFrame, envelope: Envelope, problems: Problem[]): readonly MrtItem[] {
    const observedMs = stampMs(frame);
    if (envelope.kind === 'state') {
      if (envelope.session.addressAt < 0) {
        problems.push({ code: 'mrt-short', detail: 'state change without the address of its peer' });
        return NOTHING;
      }
      const state = envelope.newState === ESTABLISHED ? 'up' : 'down';
      const vantagePoint = this.#vantagePoint(frame.bytes, envelope.session);
      return [{ type: 'peer-state', change: { vantagePoint, observedMs, state } }];
    }
    if (envelope.messageType !== UPDATE_MESSAGE || envelope.local) return NOTHING;
    const { body } = envelope;
    let interest = this.#interest;
    if (interest !== undefined && !updateIsWanted(body.bytes, body.start, body.end, envelope, interest)) {
      if (!this.#heard.isNews(frame, envelope)) return NOTHING;
      interest = undefined;
    }
    const parsed = readMessage({ ...envelope, isJudged: true }, problems, interest);
    const update = toUpdate(parsed, this.#vantagePoint(frame.bytes, envelope.session), observedMs, problems);
    return update === undefined ? NOTHING : [{ type: 'update', update }];
  }

  #judgeRows(frame: MrtFrame, problems: Problem[]): readonly MrtItem[] {
    const items: MrtItem[] = [];
    for (const opened of this.#openRows(frame, problems)) this.#judgeRow(frame, opened, problems, items);
    return items;
  }

  #judgeRow(frame: MrtFrame, { row, entries }: OpenRow, problems: Problem[], items: MrtItem[]): void {
    const { bytes } = frame;
    const interest = this.#interest;
    const byPrefix =
      interest === undefined || isWanted(bytes, row.at, row.family, row.length, interest.prefix);
    const listens = this.#heard.listensTo(row.family);
    if (!byPrefix && !listens && interest.origin === undefined) return;
    for (const entry of entries) {
      const isNew = listens && this.#heard.isNewPeer(row.family, entry.peer);
      if (!byPrefix && !isNew && !entryIsWanted(entry, interest)) continue;
      const parsed = readRow(frame, row, entry, problems);
      const vantagePoint = this.#tablePoint(entry.peer);
      const observedMs = entry.originatedSeconds === 0 ? stampMs(frame) : entry.originatedSeconds * 1000;
      const update = toUpdate(parsed, vantagePoint, observedMs, problems);
      if (update !== undefined && update.announced.length > 0) items.push({ type: 'rib', update });
    }
  }

  /** The rows of TABLE_DUMP and TABLE_DUMP_V2 alike; takes in a peer table and gives nothing for it. */
  #openRows(frame: MrtFrame, problems: Problem[]): readonly OpenRow[] {
    if (frame.type === 12)
      return openOldRows(frame, problems).map(({ row, entry }) => ({ row, entries: [entry] }));
    if (frame.subtype === 1) {
      this.#peers = readPeerTable(frame, problems);
      this.#heard.expect(this.#peers);
      return NOTHING;
    }
    const row = openRow(frame, problems);
    return row === undefined ? NOTHING : [{ row, entries: rowEntries(frame, row, this.#peers, problems) }];
  }

  #printEnvelope(frame: MrtFrame, envelope: Envelope, problems: Problem[]): readonly PrintedRecord[] {
    const base = {
      format: formatOf(frame.type),
      seconds: frame.seconds,
      microseconds: frame.microseconds,
      vantagePoint: this.#vantagePoint(frame.bytes, envelope.session),
      problems,
    };
    if (envelope.kind === 'state')
      return [{ ...base, type: 'STATE', oldState: envelope.oldState, newState: envelope.newState }];
    if (envelope.messageType !== UPDATE_MESSAGE) return NOTHING;
    const direction = envelope.local ? ('sent' as const) : ('received' as const);
    return routesOf(readMessage(envelope, problems), { ...base, direction });
  }

  #printRows(frame: MrtFrame, problems: Problem[]): readonly PrintedRecord[] {
    const records: RouteRecord[] = [];
    for (const { row, entries } of this.#openRows(frame, problems))
      for (const entry of entries) this.#printEntry(frame, row, entry, problems, records);
    return records;
  }

  #printEntry(
    frame: MrtFrame,
    row: RowPrefix,
    entry: RibEntry,
    problems: Problem[],
    records: RouteRecord[],
  ): void {
    const { announced, attributes } = readRow(frame, row, entry, problems);
    for (const { prefix } of announced)
      records.push({
        type: 'B',
        format: formatOf(frame.type),
        seconds: frame.seconds,
        microseconds: undefined,
        vantagePoint: this.#tablePoint(entry.peer),
        problems,
        direction: 'received',
        prefix,
        safi: 1,
        pathId: entry.pathId,
        attributes,
        nextHop: rowNextHop(attributes),
        originatedSeconds: entry.originatedSeconds,
      });
  }

  #vantagePoint(bytes: Uint8Array, session: Session): VantagePoint {
    let key = `${session.peerAsn} `;
    const end = session.addressAt < 0 ? -1 : session.addressAt + (session.family === 4 ? 4 : 16);
    for (let at = session.addressAt; at < end; at += 1) key += String.fromCharCode(bytes[at] as number);
    return this.#known(key, () => sessionAddress(bytes, session), session.peerAsn);
  }

  #tablePoint({ address, asn }: TablePeer): VantagePoint {
    return this.#known(`${asn} ${address}`, () => address, asn);
  }

  #known(key: string, address: () => string, peerAsn: number): VantagePoint {
    const known = this.#sessions.get(key);
    if (known !== undefined) return known;
    if (this.#sessions.size >= SESSIONS_MAX) this.#sessions.clear();
    const made: VantagePoint = { collector: this.#collector, peerAddress: address(), peerAsn };
    this.#sessions.set(key, made);
    return made;
  }
}

/** The record's stamp in milliseconds, with the fraction that the _ET types add. */
export function stampMs(frame: MrtFrame): number {
  return frame.seconds * 1000 + (frame.microseconds ?? 0) / 1000;
}

function formatOf(type: number): RecordFormat {
  if (type === 17) return 'BGP4MP_ET';
  if (type === 16) return 'BGP4MP';
  if (type === 13) return 'TABLE_DUMP2';
  return type === 12 ? 'TABLE_DUMP' : 'BGP';
}

/** RFC 6396 appendix B and §4.1, §4.6–4.8: other protocols and deprecated types are known, and hold no route. */
function unsupported(frame: MrtFrame, problems: Problem[]): void {
  const deprecated = frame.type < 11 ? ' (deprecated, RFC 6396 appendix B)' : '';
  problems.push({
    code: 'mrt-unsupported',
    detail: `MRT type ${frame.type}, subtype ${frame.subtype}${deprecated}`,
  });
}

function readMessage(
  envelope: MessageEnvelope & Pick<UpdateContext, 'isJudged'>,
  problems: Problem[],
  interest?: Interest,
): ParsedUpdate {
  if (envelope.cut)
    problems.push({ code: 'update-cut', detail: 'BGP message is longer than its record (RFC 4271 §4.1)' });
  return parseUpdate(envelope.body, envelope, problems, interest);
}

function entryIsWanted(entry: RibEntry, interest: Interest): boolean {
  const { bytes, start, end } = entry.attributes;
  const context = { asnSize: entry.asnSize, addPath: false };
  return attributesAreWanted(bytes, start, end, context, { prefix: () => false, origin: interest.origin });
}

/** The prefix of a row stands outside its attributes. */
const NO_PREFIXES = { wanted: () => false };

function readRow(frame: MrtFrame, row: RowPrefix, entry: RibEntry, problems: Problem[]): ParsedUpdate {
  const { prefix, hostBits } = prefixAt(frame.bytes, row.at, row.family, row.length);
  if (hostBits)
    problems.push({ code: 'host-bits', detail: `RIB row: ${prefix.text} has bits set behind its length` });
  const context = { asnSize: entry.asnSize, addPath: false, inRib: true, rules: NO_PREFIXES };
  const attributes = parseAttributes(entry.attributes.bytes, entry.attributes, context, problems);
  return {
    withdrawn: [],
    attributes,
    announced: [{ prefix, pathId: entry.pathId }],
    grade: attributes.grade,
    addPath: entry.isIdDeclared,
  };
}

/** RFC 6396 §4.3.4: an IPv6 next hop stands in the abbreviated MP_REACH_NLRI. */
function rowNextHop(attributes: PathAttributes): string | undefined {
  const reach = attributes.reach?.find((part) => part.family === 6 && part.safi === 1);
  return reach === undefined ? attributes.nextHop : (reach.nextHops[0] ?? '::');
}

type RouteBase = Pick<
  RouteRecord,
  'format' | 'seconds' | 'microseconds' | 'vantagePoint' | 'problems' | 'direction'
>;

/** The routes of one UPDATE: withdrawals before announcements, the classic lists before the multiprotocol ones. */
function routesOf(parsed: ParsedUpdate, base: RouteBase): RouteRecord[] {
  const { attributes } = parsed;
  const records: RouteRecord[] = [];
  const add = (
    type: 'A' | 'W',
    listed: readonly ListedPrefix[],
    safi: number,
    nextHop: string | undefined,
  ): void => {
    const carried = type === 'A' ? attributes : undefined;
    for (const { prefix, pathId } of listed)
      records.push({
        type,
        format: base.format,
        seconds: base.seconds,
        microseconds: base.microseconds,
        vantagePoint: base.vantagePoint,
        problems: base.problems,
        direction: base.direction,
        prefix,
        safi,
        pathId,
        attributes: carried,
        nextHop,
        originatedSeconds: undefined,
      });
  };
  add('W', parsed.withdrawn, 1, undefined);
  for (const part of inOrder(attributes.unreach)) add('W', part.prefixes, part.safi, undefined);
  add('A', parsed.announced, 1, attributes.nextHop);
  for (const part of inOrder(attributes.reach))
    add('A', part.prefixes, part.safi, part.nextHops[0] ?? (part.family === 6 ? '::' : undefined));
  return records;
}

function inOrder(parts: readonly Reachability[] | undefined): readonly Reachability[] {
  return [...(parts ?? [])].sort((a, b) => a.family - b.family || a.safi - b.safi);
}
