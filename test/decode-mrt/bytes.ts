/** Wire bytes for tests: MRT records and BGP messages written from their parts, as the RFCs lay them out. */

import { parseAddress } from '../../src/bgp/address.ts';
import { parsePrefix } from '../../src/bgp/prefix.ts';

/** Mulberry32, so that a seed gives the same bytes everywhere. */
export function rng(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Hexadecimal text with spaces for the eye. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replace(/[\s:]/g, ''), 'hex');
}

export function be16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function be32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function addressBytes(text: string): Buffer {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`no address: ${text}`);
  return Buffer.concat(address.words.slice(0, address.family === 4 ? 1 : 4).map(be32));
}

/** RFC 4271 §4.3: length in bits, then as many octets as it takes. */
export function nlri(text: string): Buffer {
  const prefix = parsePrefix(text)?.prefix;
  if (prefix === undefined) throw new Error(`no prefix: ${text}`);
  return Buffer.concat([
    Buffer.of(prefix.length),
    addressBytes(text.slice(0, text.indexOf('/'))).subarray(0, (prefix.length + 7) >> 3),
  ]);
}

/** One path attribute; the length takes two octets where it must. */
export function attribute(flags: number, type: number, value: Buffer): Buffer {
  const isLong = value.length > 255;
  const head = isLong
    ? [Buffer.of(flags | 0x10, type), be16(value.length)]
    : [Buffer.of(flags, type, value.length)];
  return Buffer.concat([...head, value]);
}

/** AS_SEQUENCE (2) or another segment type. */
export function segment(asns: readonly number[], options: { type?: number; asnSize?: 2 | 4 } = {}): Buffer {
  const write = options.asnSize === 2 ? be16 : be32;
  return Buffer.concat([Buffer.of(options.type ?? 2, asns.length), ...asns.map(write)]);
}

export const ORIGIN_IGP: Buffer = attribute(0x40, 1, Buffer.of(0));

export interface UpdateParts {
  readonly path?: readonly number[];
  readonly nextHop?: string;
  readonly announced?: readonly string[];
  readonly withdrawn?: readonly string[];
  readonly communities?: readonly (readonly [number, number])[];
  readonly asnSize?: 2 | 4;
  readonly more?: readonly Buffer[];
}

/** A whole BGP message around a body. */
export function message(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(16, 0xff), be16(19 + body.length), Buffer.of(type), body]);
}

/** The body of an UPDATE from its three parts. */
export function updateBody(withdrawn: Buffer, attributes: Buffer, announced: Buffer): Buffer {
  return Buffer.concat([be16(withdrawn.length), withdrawn, be16(attributes.length), attributes, announced]);
}

/** A sound UPDATE of one family: IPv6 goes into MP_REACH_NLRI and MP_UNREACH_NLRI. */
export function updateBytes(parts: UpdateParts): Buffer {
  const { announced = [], withdrawn = [] } = parts;
  const isSix = [...announced, ...withdrawn].some((text) => text.includes(':'));
  const lists = {
    announced: Buffer.concat(announced.map(nlri)),
    withdrawn: Buffer.concat(withdrawn.map(nlri)),
  };
  const attributes: Buffer[] = [];
  if (announced.length > 0) {
    attributes.push(
      ORIGIN_IGP,
      attribute(0x40, 2, segment(parts.path ?? [], { asnSize: parts.asnSize ?? 4 })),
    );
    const nextHop = addressBytes(parts.nextHop ?? (isSix ? '2001:db8::1' : '192.0.2.1'));
    if (!isSix) attributes.push(attribute(0x40, 3, nextHop));
    else
      attributes.push(
        attribute(
          0x80,
          14,
          Buffer.concat([hex('0002 01'), Buffer.of(16), nextHop, Buffer.of(0), lists.announced]),
        ),
      );
  }
  if (isSix && withdrawn.length > 0)
    attributes.push(attribute(0x80, 15, Buffer.concat([hex('0002 01'), lists.withdrawn])));
  const pairs = (parts.communities ?? []).map(([high, low]) => Buffer.concat([be16(high), be16(low)]));
  if (pairs.length > 0) attributes.push(attribute(0xc0, 8, Buffer.concat(pairs)));
  const empty = Buffer.alloc(0);
  const all = Buffer.concat([...attributes, ...(parts.more ?? [])]);
  return message(2, updateBody(isSix ? empty : lists.withdrawn, all, isSix ? empty : lists.announced));
}

/** Any MRT record (RFC 6396 §2). */
export function record(type: number, subtype: number, body: Buffer, seconds = 1_643_850_258): Buffer {
  return Buffer.concat([be32(seconds), be16(type), be16(subtype), be32(body.length), body]);
}

export interface Bgp4mpOptions {
  readonly peer?: string;
  readonly peerAsn?: number;
  readonly seconds?: number;
  /** Makes it a BGP4MP_ET. */
  readonly microseconds?: number;
  /** Default 4: MESSAGE_AS4. */
  readonly subtype?: number;
  readonly asnSize?: 2 | 4;
}

/** The fields before the message or the states (RFC 6396 §4.4.1). */
export function sessionBytes(options: Bgp4mpOptions = {}): Buffer {
  const peer = addressBytes(options.peer ?? '192.0.2.1');
  const asn = options.asnSize === 2 ? be16 : be32;
  const local = addressBytes(peer.length === 4 ? '192.0.2.254' : '2001:db8::fe');
  const family = be16(peer.length === 4 ? 1 : 2);
  return Buffer.concat([asn(options.peerAsn ?? 64_500), asn(12_654), be16(0), family, peer, local]);
}

/** A BGP message in BGP4MP or BGP4MP_ET. */
export function bgp4mp(bgpMessage: Buffer, options: Bgp4mpOptions = {}): Buffer {
  const { microseconds, subtype = 4, seconds } = options;
  const body = Buffer.concat([sessionBytes(options), bgpMessage]);
  if (microseconds === undefined) return record(16, subtype, body, seconds);
  return record(17, subtype, Buffer.concat([be32(microseconds), body]), seconds);
}

/** PEER_INDEX_TABLE (§4.3.1) of peers with four-byte AS numbers. */
export function peerTable(peers: readonly { readonly address: string; readonly asn: number }[]): Buffer {
  const entries = peers.map(({ address, asn }) => {
    const bytes = addressBytes(address);
    return Buffer.concat([Buffer.of(bytes.length === 4 ? 2 : 3), hex('01010101'), bytes, be32(asn)]);
  });
  return record(13, 1, Buffer.concat([hex('c0000201'), be16(0), be16(peers.length), ...entries]));
}

/** One entry of a TABLE_DUMP_V2 row (§4.3.4). */
export function ribEntry(peer: number, originated: number, attributes: Buffer, pathId?: number): Buffer {
  const id = pathId === undefined ? Buffer.alloc(0) : be32(pathId);
  return Buffer.concat([be16(peer), be32(originated), id, be16(attributes.length), attributes]);
}

/** A TABLE_DUMP_V2 row; subtype 2 IPv4, 4 IPv6, 8 and 10 the same with path identifiers. */
export function ribRow(subtype: number, prefix: string, entries: readonly Buffer[]): Buffer {
  return record(13, subtype, Buffer.concat([be32(0), nlri(prefix), be16(entries.length), ...entries]));
}
