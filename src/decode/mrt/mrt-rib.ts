/**
 * RIB snapshots in MRT: TABLE_DUMP (RFC 6396 §4.2), TABLE_DUMP_V2 (§4.3) and its ADD-PATH subtypes (RFC 8050 §4).
 * Reads the peer table, and opens rows without reading their attributes.
 */
import type { Problem } from '../../bgp/update.ts';
import type { Slice } from '../bgp/update.ts';
import { address6, quad, u16, u32 } from '../octets.ts';
import { trailing } from './mrt-bgp4mp.ts';
import type { MrtFrame } from './mrt-framing.ts';

export interface TablePeer {
  readonly address: string;
  readonly asn: number;
}

/** The prefix of a row, still as bytes. */
export interface RowPrefix {
  readonly family: 4 | 6;
  readonly at: number;
  readonly length: number;
}

/** One peer's entry in a row. */
export interface RibEntry {
  readonly peer: TablePeer;
  readonly originatedSeconds: number;
  readonly pathId: number | undefined;
  /** The subtype announces path identifiers. */
  readonly isIdDeclared: boolean;
  readonly asnSize: 2 | 4;
  readonly attributes: Slice;
}

/** Reads PEER_INDEX_TABLE (§4.3.1): what is whole of it. */
export function readPeerTable(frame: MrtFrame, problems: Problem[]): TablePeer[] {
  const { bytes, end } = frame;
  const peers: TablePeer[] = [];
  let at = frame.start + 6;
  if (at <= end) at += u16(bytes, at - 2);
  if (at + 2 > end) {
    problems.push({ code: 'mrt-short', detail: 'PEER_INDEX_TABLE is cut off (RFC 6396 §4.3.1)' });
    return peers;
  }
  const count = u16(bytes, at);
  at += 2;
  while (peers.length < count) {
    const flags = at < end ? (bytes[at] as number) : 0;
    const addressSize = (flags & 1) === 0 ? 4 : 16;
    const asnSize = (flags & 2) === 0 ? 2 : 4;
    const asnAt = at + 5 + addressSize;
    if (asnAt + asnSize > end) {
      problems.push({
        code: 'mrt-short',
        detail: `PEER_INDEX_TABLE has ${peers.length} of ${count} peers (RFC 6396 §4.3.1)`,
      });
      break;
    }
    const address = addressSize === 4 ? quad(bytes, at + 5) : address6(bytes, at + 5);
    peers.push({ address, asn: asnSize === 4 ? u32(bytes, asnAt) : u16(bytes, asnAt) });
    at = asnAt + asnSize;
  }
  if (peers.length === count && at < end) trailing(end - at, 'PEER_INDEX_TABLE', problems);
  return peers;
}

/** Where a TABLE_DUMP_V2 row has its prefix; undefined when that is not IP unicast or not whole. */
export function openRow(frame: MrtFrame, problems: Problem[]): RowPrefix | undefined {
  const { bytes, start, end, subtype } = frame;
  const isFour = subtype === 2 || subtype === 8;
  if (!isFour && subtype !== 4 && subtype !== 10) {
    // Multicast (3, 5, 9, 11), RIB_GENERIC (6, 12) and GEO_PEER_TABLE (7, RFC 6397) hold nothing that is judged.
    problems.push({
      code: 'mrt-unsupported',
      detail: `TABLE_DUMP_V2 subtype ${subtype} (RFC 6396 §4.3, RFC 6397, RFC 8050)`,
    });
    return undefined;
  }
  const length = start + 5 <= end ? (bytes[start + 4] as number) : 0;
  if (length > (isFour ? 32 : 128)) {
    problems.push({
      code: 'nlri-length',
      detail: `RIB row with a prefix length of ${length} (RFC 6396 §4.3.2)`,
    });
    return undefined;
  }
  if (start + 7 + ((length + 7) >> 3) > end) {
    problems.push({ code: 'mrt-short', detail: 'RIB row is cut off (RFC 6396 §4.3.2)' });
    return undefined;
  }
  return { family: isFour ? 4 : 6, at: start + 5, length };
}

/** Octets of an entry before its attributes: RFC 6396 §4.3.4, and with a path identifier RFC 8050 §4. */
const ENTRY_HEADER = 8;
const ENTRY_HEADER_WITH_ID = 12;

/**
 * The entries of a TABLE_DUMP_V2 row (§4.3.4), one at a time; stops at the first that is not whole. Where a row fits
 * its record only with path identifiers that its subtype does not announce, or only without, it is read so.
 */
export function* rowEntries(
  frame: MrtFrame,
  row: RowPrefix,
  peers: readonly TablePeer[],
  problems: Problem[],
): Generator<RibEntry> {
  const { bytes, end, subtype } = frame;
  const declared = subtype >= 8;
  let at = row.at + ((row.length + 7) >> 3);
  const count = u16(bytes, at);
  at += 2;
  const fits = (header: number): boolean => entriesFit(bytes, { at, end, count, header }, peers.length);
  const addPath = fits(headerOf(declared)) || !fits(headerOf(!declared)) ? declared : !declared;
  const header = headerOf(addPath);
  if (addPath !== declared) {
    const how = addPath ? 'with' : 'without';
    problems.push({
      code: 'add-path',
      detail: `RIB row reads only ${how} path identifiers, unlike its subtype (RFC 8050 §4)`,
    });
  }
  for (let index = 0; index < count; index += 1) {
    const start = at + header;
    const stop = start <= end ? start + u16(bytes, start - 2) : end + 1;
    if (stop > end) {
      problems.push({
        code: 'mrt-short',
        detail: `RIB row has ${index} of ${count} entries whole (RFC 6396 §4.3.4)`,
      });
      return;
    }
    const peer = peers[u16(bytes, at)];
    if (peer === undefined)
      problems.push({
        code: 'mrt-peer',
        detail: `RIB entry of peer ${u16(bytes, at)}, the table has ${peers.length} (RFC 6396 §4.3.4)`,
      });
    else
      yield {
        peer,
        originatedSeconds: u32(bytes, at + 2),
        pathId: addPath ? u32(bytes, at + 6) : undefined,
        isIdDeclared: declared,
        asnSize: 4,
        attributes: { bytes, start, end: stop },
      };
    at = stop;
  }
  if (at < end) trailing(end - at, `entries of a RIB row`, problems);
}

function headerOf(addPath: boolean): number {
  return addPath ? ENTRY_HEADER_WITH_ID : ENTRY_HEADER;
}

/** The entries end exactly where the record does, each has attributes and, where the table is known, a peer of it. */
function entriesFit(
  bytes: Uint8Array,
  { at, end, count, header }: { at: number; end: number; count: number; header: number },
  peers: number,
): boolean {
  let entry = at;
  for (let index = 0; index < count; index += 1) {
    if (entry + header > end) return false;
    const length = u16(bytes, entry + header - 2);
    if (length === 0 || (peers > 0 && u16(bytes, entry) >= peers)) return false;
    entry += header + length;
  }
  return entry === end;
}

export interface OldRow {
  readonly row: RowPrefix;
  readonly entry: RibEntry;
}

/**
 * The rows of a TABLE_DUMP record (§4.2): one prefix and one peer, and in records of the year 2000 many such rows behind
 * one another. Subtypes 3 and 4 have four-byte AS numbers.
 */
export function openOldRows(frame: MrtFrame, problems: Problem[]): readonly OldRow[] {
  const { start, end, subtype } = frame;
  if (subtype < 1 || subtype > 4) {
    problems.push({ code: 'mrt-unsupported', detail: `TABLE_DUMP subtype ${subtype} (RFC 6396 §4.2)` });
    return [];
  }
  const rows: OldRow[] = [];
  // View and sequence number stand once.
  let at = start + 4;
  do {
    const opened = openOldRow(frame, at, problems);
    if (opened === undefined) break;
    rows.push(opened);
    at = opened.entry.attributes.end;
  } while (at < end);
  return rows;
}

function openOldRow(frame: MrtFrame, at: number, problems: Problem[]): OldRow | undefined {
  const { bytes, end, subtype } = frame;
  const size = subtype === 1 || subtype === 3 ? 4 : 16;
  const family = size === 4 ? 4 : 6;
  const asnSize = subtype <= 2 ? 2 : 4;
  const peerAt = at + size + 6;
  const asnAt = peerAt + size;
  const attributesAt = asnAt + asnSize + 2;
  if (attributesAt > end || attributesAt + u16(bytes, attributesAt - 2) > end) {
    const detail = `TABLE_DUMP row is cut off, ${end - at} octets are left (RFC 6396 §4.2)`;
    problems.push({ code: 'mrt-short', detail });
    if (attributesAt > end) return undefined;
  }
  const length = bytes[at + size] as number;
  if (length > (family === 4 ? 32 : 128)) {
    const detail = `RIB row with a prefix length of ${length} (RFC 6396 §4.2)`;
    problems.push({ code: 'nlri-length', detail });
    return undefined;
  }
  const peer = {
    address: family === 4 ? quad(bytes, peerAt) : address6(bytes, peerAt),
    asn: asnSize === 4 ? u32(bytes, asnAt) : u16(bytes, asnAt),
  };
  const stop = Math.min(end, attributesAt + u16(bytes, attributesAt - 2));
  const attributes = { bytes, start: attributesAt, end: stop };
  return {
    row: { family, at, length },
    entry: {
      peer,
      originatedSeconds: u32(bytes, at + size + 2),
      pathId: undefined,
      isIdDeclared: false,
      asnSize,
      attributes,
    },
  };
}
