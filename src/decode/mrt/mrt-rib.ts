/**
 * RIB snapshots in MRT: TABLE_DUMP (RFC 6396 §4.2), TABLE_DUMP_V2 (§4.3) and its ADD-PATH subtypes (RFC 8050 §4).
 * Reads the peer table, and opens rows without reading their attributes.
 */
import type { Problem } from '../../bgp/update.ts';
import type { Slice } from '../bgp/update.ts';
import { address6, quad, u16, u32 } from '../octets.ts';
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

/** The entries of a TABLE_DUMP_V2 row (§4.3.4), one at a time; stops at the first that is not whole. */
export function* rowEntries(
  frame: MrtFrame,
  row: RowPrefix,
  peers: readonly TablePeer[],
  problems: Problem[],
): Generator<RibEntry> {
  const { bytes, end, subtype } = frame;
  const addPath = subtype >= 8;
  const header = addPath ? 12 : 8;
  let at = row.at + ((row.length + 7) >> 3);
  const count = u16(bytes, at);
  at += 2;
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
        asnSize: 4,
        attributes: { bytes, start, end: stop },
      };
    at = stop;
  }
}

/** Opens a row of TABLE_DUMP (§4.2): one prefix, one peer. Subtypes 3 and 4 have four-byte AS numbers. */
export function openOldRow(
  frame: MrtFrame,
  problems: Problem[],
): { readonly row: RowPrefix; readonly entry: RibEntry } | undefined {
  const { bytes, start, end, subtype } = frame;
  if (subtype < 1 || subtype > 4) {
    problems.push({ code: 'mrt-unsupported', detail: `TABLE_DUMP subtype ${subtype} (RFC 6396 §4.2)` });
    return undefined;
  }
  const size = subtype === 1 || subtype === 3 ? 4 : 16;
  const family = size === 4 ? 4 : 6;
  const asnSize = subtype <= 2 ? 2 : 4;
  const at = start + 4;
  const peerAt = at + size + 6;
  const asnAt = peerAt + size;
  const attributesAt = asnAt + asnSize + 2;
  if (attributesAt > end || attributesAt + u16(bytes, attributesAt - 2) > end) {
    problems.push({ code: 'mrt-short', detail: 'TABLE_DUMP row is cut off (RFC 6396 §4.2)' });
    if (attributesAt > end) return undefined;
  }
  const length = bytes[at + size] as number;
  if (length > (family === 4 ? 32 : 128)) {
    problems.push({
      code: 'nlri-length',
      detail: `RIB row with a prefix length of ${length} (RFC 6396 §4.2)`,
    });
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
    entry: { peer, originatedSeconds: u32(bytes, at + size + 2), pathId: undefined, asnSize, attributes },
  };
}
