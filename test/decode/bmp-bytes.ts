/** BMP messages for tests, written from their parts as RFC 7854 lays them out; and the TCP streams of a capture. */
import { addressBytes, be16, be32, hex, message } from '../decode-mrt/bytes.ts';

/** Any BMP message. */
export function bmp(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.of(3), be32(6 + body.length), Buffer.of(type), body]);
}

export interface PeerParts {
  readonly type?: number;
  readonly flags?: number;
  readonly distinguisher?: string;
  readonly address?: string;
  readonly asn?: number;
  readonly id?: string;
  readonly seconds?: number;
}

/** The per-peer header (§4.2). */
export function peerHeader(parts: PeerParts = {}): Buffer {
  const address = addressBytes(parts.address ?? '192.0.2.2');
  return Buffer.concat([
    Buffer.of(parts.type ?? 0, parts.flags ?? (address.length === 16 ? 0x80 : 0)),
    hex(parts.distinguisher ?? '0000000000000000'),
    Buffer.alloc(16 - address.length),
    address,
    be32(parts.asn ?? 64_502),
    addressBytes(parts.id ?? '192.0.2.200'),
    be32(parts.seconds ?? 1_643_850_258),
    be32(500_000),
  ]);
}

export const routes = (update: Buffer, parts: PeerParts = {}): Buffer =>
  bmp(0, Buffer.concat([peerHeader(parts), update]));

export function tlv(type: number, value: Buffer): Buffer {
  return Buffer.concat([be16(type), be16(value.length), value]);
}

export interface OpenParts {
  readonly asn: number;
  /** Send (2) and receive (1) bits of ADD-PATH for IPv4 and IPv6 unicast. */
  readonly addPath?: readonly [number, number];
}

export function open({ asn, addPath }: OpenParts): Buffer {
  const capabilities = [Buffer.concat([Buffer.of(65, 4), be32(asn)])];
  if (addPath !== undefined) {
    const [four, six] = addPath;
    capabilities.push(Buffer.of(69, 8, 0, 1, 1, four, 0, 2, 1, six));
  }
  const value = Buffer.concat(capabilities);
  const fixed = Buffer.concat([
    Buffer.of(4),
    be16(Math.min(asn, 23_456)),
    be16(180),
    addressBytes('192.0.2.200'),
  ]);
  return message(1, Buffer.concat([fixed, Buffer.of(value.length + 2, 2, value.length), value]));
}

/** Peer Up (§4.10). */
export function peerUp(sent: OpenParts, received: OpenParts, parts: PeerParts = {}): Buffer {
  const local = Buffer.concat([Buffer.alloc(12), addressBytes('192.0.2.1'), be16(179), be16(40_000)]);
  return bmp(
    3,
    Buffer.concat([peerHeader({ asn: received.asn, ...parts }), local, open(sent), open(received)]),
  );
}

/** Payloads of the TCP connections to a port in a pcap of Ethernet frames (libpcap format), in the order captured. */
export function tcpStreams(pcap: Buffer): readonly Buffer[] {
  const isLittle = pcap.readUInt32LE(0) === 0xa1b2c3d4 || pcap.readUInt32LE(0) === 0xa1b23c4d;
  const u32 = (at: number): number => (isLittle ? pcap.readUInt32LE(at) : pcap.readUInt32BE(at));
  const streams = new Map<string, { next: number | undefined; parts: Buffer[] }>();
  for (let at = 24; at + 16 <= pcap.length; ) {
    const packet = pcap.subarray(at + 16, at + 16 + u32(at + 8));
    at += 16 + packet.length;
    const ip = packet.readUInt16BE(12) === 0x8100 ? 18 : 14;
    const isFour = (packet[ip] ?? 0) >> 4 === 4;
    if ((isFour ? packet[ip + 9] : packet[ip + 6]) !== 6) continue;
    const tcp = ip + (isFour ? ((packet[ip] ?? 0) & 15) * 4 : 40);
    const end = ip + (isFour ? packet.readUInt16BE(ip + 2) : 40 + packet.readUInt16BE(ip + 4));
    const payload = packet.subarray(tcp + ((packet[tcp + 12] ?? 0) >> 4) * 4, end);
    const key = packet.subarray(ip + (isFour ? 12 : 8), tcp + 4).toString('hex');
    const sequence = packet.readUInt32BE(tcp + 4);
    const stream = streams.get(key) ?? { next: undefined, parts: [] };
    streams.set(key, stream);
    if (payload.length === 0 || (stream.next !== undefined && sequence !== stream.next)) continue;
    stream.parts.push(payload);
    stream.next = (sequence + payload.length) >>> 0;
  }
  return [...streams.values()].map(({ parts }) => Buffer.concat(parts)).filter(({ length }) => length > 0);
}
