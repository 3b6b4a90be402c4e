/** BMP: what routers send, what real ones do wrong, and that a lying sender costs nobody's sight. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatAsPath } from '../../src/bgp/as-path.ts';
import type { Problem } from '../../src/bgp/update.ts';
import type { Interest } from '../../src/decode/bgp/update.ts';
import { BMP_PEERS_MAX, BmpDecoder, type BmpItem } from '../../src/decode/bmp/bmp.ts';
import { BMP_LENGTH_MAX, BmpFramer } from '../../src/decode/bmp/bmp-framing.ts';
import {
  addressBytes,
  attribute,
  be16,
  be32,
  hex,
  message,
  nlri,
  ORIGIN_IGP,
  segment,
  updateBody,
  updateBytes,
} from '../decode-mrt/bytes.ts';
import { bmp, open, type PeerParts, peerHeader, peerUp, routes, tcpStreams, tlv } from './bmp-bytes.ts';

const HIJACK = updateBytes({ path: [64_502, 9457], announced: ['211.249.221.0/24'] });
const SENT = { asn: 64_501 };
const PEER = { asn: 64_502 };
const SENDERS = '../shared/cases/senders';
const CAPTURES = '../shared/data/bmp/netgauze';

interface Read {
  readonly items: readonly BmpItem[];
  readonly said: readonly string[];
  readonly codes: readonly string[];
  readonly lost: string | undefined;
  readonly unread: number;
}

function read(bytes: Buffer, options: { interest?: Interest; chunk?: number } = {}): Read {
  const framer = new BmpFramer();
  const decoder = new BmpDecoder('seoul-1', options.interest);
  const [items, problems]: [BmpItem[], Problem[]] = [[], []];
  const size = options.chunk ?? Math.max(1, bytes.length);
  for (let at = 0; at < bytes.length; at += size) {
    framer.push(bytes.subarray(at, at + size));
    while (framer.next()) items.push(...decoder.read(framer, problems));
  }
  for (const { detail } of problems) expect(detail.length).toBeLessThanOrEqual(200);
  const codes = problems.map(({ code }) => code);
  return { items, said: items.map(shown), codes, lost: framer.lost, unread: framer.unread };
}

function shown(item: BmpItem): string {
  if (item.type === 'initiation') return `initiation ${item.name} (${item.description})`;
  if (item.type === 'termination') return `termination ${item.reason} ${item.notes.join()}`;
  const who = `${item.peer.view} ${item.peer.address} AS${item.peer.asn}`;
  if (item.type === 'peer') return `${item.state} ${who}`;
  if (item.type === 'statistics')
    return `statistics ${[...item.values].map((pair) => pair.join('=')).join(' ')}`;
  if (item.type === 'mirroring') return `mirroring ${item.isLossy ? 'with losses' : 'whole'}`;
  if (item.type === 'end-of-rib') return `end ${item.family} ${who}`;
  if (item.type === 'heard') return `heard ${who}`;
  const { announced, withdrawn, path, pathIds } = item.update;
  const one = (sign: string, text: string, id: number | undefined): string =>
    `${sign}${text}${id === undefined ? '' : `#${id}`}`;
  return [
    who,
    ...withdrawn.map(({ text }, n) => one('-', text, pathIds?.withdrawn[n])),
    ...announced.map(({ text }, n) => one('+', text, pathIds?.announced[n])),
    ...(path.length === 0 ? [] : [formatAsPath(path)]),
    ...(item.isKnownPeer ? [] : ['(unknown peer)']),
  ].join(' ');
}

describe('a session of a router', () => {
  const session = Buffer.concat([
    bmp(
      4,
      Buffer.concat([
        tlv(1, Buffer.from('FRRouting 10')),
        tlv(2, Buffer.from('r1\u0007')),
        tlv(0, Buffer.from('hi')),
      ]),
    ),
    peerUp(SENT, PEER),
    routes(HIJACK),
    routes(updateBytes({ withdrawn: ['211.249.221.0/24'] })),
    routes(hex(`${'ff'.repeat(16)} 0017 02 0000 0000`)),
    routes(message(2, updateBody(Buffer.alloc(0), attribute(0x80, 15, hex('0002 01')), Buffer.alloc(0)))),
    bmp(1, Buffer.concat([peerHeader(), be32(2), tlv(0, be32(7)), tlv(7, hex('0000000100000002'))])),
    bmp(6, Buffer.concat([peerHeader(), tlv(0, HIJACK), tlv(1, be16(1))])),
    bmp(2, Buffer.concat([peerHeader(), Buffer.of(4)])),
    bmp(5, Buffer.concat([tlv(1, be16(1)), tlv(0, Buffer.from('bye'))])),
  ]);
  const peer = 'pre-policy 192.0.2.2 AS64502';

  test.each([1, 3, 7, 47, 48, 49, 100, 100_000])('is read whole, in chunks of %i octets', (chunk) => {
    expect(read(session, { chunk })).toMatchObject({
      said: [
        'initiation r1 (FRRouting 10)',
        `up ${peer}`,
        `${peer} +211.249.221.0/24 64502 9457`,
        `${peer} -211.249.221.0/24`,
        `end 4 ${peer}`,
        `end 6 ${peer}`,
        'statistics 0=7 7=4294967298',
        'mirroring with losses',
        `down ${peer}`,
        'termination 1 bye',
      ],
      codes: [],
      lost: undefined,
      unread: 0,
    });
  });

  test('names the vantage point by router, instance and peer, and keeps its stamp as evidence', () => {
    const of = (parts: PeerParts): unknown => {
      const [item] = read(routes(HIJACK, parts)).items;
      return item?.type === 'update' ? [item.update.vantagePoint, item.update.observedMs] : item;
    };
    expect(of({})).toEqual([
      { collector: 'seoul-1', peerAddress: '192.0.2.2', peerAsn: 64_502 },
      1_643_850_258_500,
    ]);
    expect(of({ address: '2001:db8::2', distinguisher: '0000fde800000001', type: 1, seconds: 0 })).toEqual([
      { collector: 'seoul-1/0000fde800000001', peerAddress: '2001:db8::2', peerAsn: 64_502 },
      undefined,
    ]);
  });

  test('gives only what is of interest; all else is a sign of life', () => {
    const interest: Interest = { prefix: (_family, w0) => w0 >>> 8 === 0xd3f9dd };
    const foreign = updateBytes({ path: [64_502, 1], announced: ['203.0.113.0/24'] });
    expect(read(Buffer.concat([routes(foreign), routes(HIJACK)]), { interest }).said).toEqual([
      `heard ${peer}`,
      `${peer} +211.249.221.0/24 64502 9457 (unknown peer)`,
    ]);
  });
});

describe('views', () => {
  test.each([
    [0x00, 'pre-policy'],
    [0x40, 'post-policy'],
    [0x10, 'adj-rib-out'],
    [0x50, 'adj-rib-out'],
  ])('with the flags %i are %s', (flags, view) => {
    expect(read(routes(HIJACK, { flags })).said[0]).toMatch(new RegExp(`^${view} `));
  });

  test('of one session are up together, and one that ends leaves the others', () => {
    const post = { flags: 0x40 };
    const ids = updateBody(
      Buffer.alloc(0),
      Buffer.concat([ORIGIN_IGP, attribute(0x40, 2, segment([64_502])), attribute(0x40, 3, hex('c0000201'))]),
      Buffer.concat([be32(5), nlri('10.0.0.0/8')]),
    );
    const [sent, received] = [
      { asn: 64_501, addPath: [1, 0] as const },
      { asn: 64_502, addPath: [2, 0] as const },
    ];
    const down = (parts: PeerParts): Buffer => bmp(2, Buffer.concat([peerHeader(parts), Buffer.of(5)]));
    const bytes = Buffer.concat([
      peerUp(sent, received),
      peerUp(sent, received, post),
      down(post),
      routes(message(2, ids)),
      down({}),
      down({}),
    ]);
    const { said, codes } = read(bytes);
    expect(said[3]).toBe('pre-policy 192.0.2.2 AS64502 +10.0.0.0/8#5 64502');
    expect([said.length, codes]).toEqual([5, ['bmp-unknown-peer']]);
  });

  const locRib: PeerParts = { type: 3, address: '0.0.0.0', asn: 64_501, id: '192.0.2.1' };

  test('of a Loc-RIB have the router for their vantage point, and its AS in front', () => {
    const learned = updateBytes({ path: [64_502, 7], announced: ['192.0.2.0/24'] });
    const own = updateBytes({ path: [], announced: ['198.51.100.0/24'] });
    const prepended = updateBytes({ path: [64_501, 64_502], announced: ['192.0.2.0/24'] });
    expect(read(Buffer.concat([learned, own, prepended].map((each) => routes(each, locRib)))).said).toEqual([
      'loc-rib 192.0.2.1 AS64501 +192.0.2.0/24 64501 64502 7 (unknown peer)',
      'loc-rib 192.0.2.1 AS64501 +198.51.100.0/24 64501 (unknown peer)',
      'loc-rib 192.0.2.1 AS64501 +192.0.2.0/24 64501 64502 (unknown peer)',
    ]);
  });

  test('of a Loc-RIB without any AS_PATH are the router’s own routes, and no withdrawal (GoBGP)', () => {
    const attributes = Buffer.concat([ORIGIN_IGP, attribute(0x40, 3, hex('00000000'))]);
    const own = message(2, updateBody(Buffer.alloc(0), attributes, nlri('198.51.100.0/24')));
    expect(read(routes(own, locRib))).toMatchObject({
      said: ['loc-rib 192.0.2.1 AS64501 +198.51.100.0/24 64501 (unknown peer)'],
      codes: [],
    });
    expect(read(routes(own))).toMatchObject({ codes: ['attribute-missing', 'no-origin'] });
  });

  test('with the router’s own AS before that of the peer have it taken off (FRR, RouteViews), and no other', () => {
    const paths = [
      [64_501, 64_502, 9457],
      [64_999, 64_502, 9457],
      [64_501, 9457],
    ];
    const messages = paths.map((path) => routes(updateBytes({ path, announced: ['10.0.0.0/8'] })));
    const tails = (bytes: Buffer): string[] =>
      read(bytes)
        .said.filter((line) => line.includes('+'))
        .map((line) => line.replace(/^.*\/8 /, ''));
    expect(tails(Buffer.concat([peerUp(SENT, PEER), ...messages]))).toEqual([
      '64502 9457',
      '64999 64502 9457',
      '64501 9457',
    ]);
    // Whose AS that is nobody knows before a Peer Up.
    expect(tails(Buffer.concat(messages)).slice(0, 2)).toEqual([
      '64502 9457 (unknown peer)',
      '64502 9457 (unknown peer)',
    ]);
  });
});

describe('path identifiers', () => {
  const list = Buffer.concat([be32(1), nlri('211.249.221.0/24')]);
  const attributes = Buffer.concat([
    ORIGIN_IGP,
    attribute(0x40, 2, segment([64_502, 9457])),
    attribute(0x40, 3, hex('c0000201')),
  ]);
  const four = message(2, updateBody(Buffer.alloc(0), attributes, list));

  test('stand where the peer sends and the router receives them, by family', () => {
    const up = peerUp({ asn: 64_501, addPath: [1, 0] }, { asn: 64_502, addPath: [2, 3] });
    const reach = attribute(
      0x80,
      14,
      Buffer.concat([hex('0002 01 10'), addressBytes('2001:db8::1'), hex('00'), nlri('2001:db8:101::/48')]),
    );
    const six = message(2, updateBody(Buffer.alloc(0), Buffer.concat([attributes, reach]), Buffer.alloc(0)));
    const { said, codes } = read(Buffer.concat([up, routes(four), routes(six)]));
    expect(said.slice(1)).toEqual([
      'pre-policy 192.0.2.2 AS64502 +211.249.221.0/24#1 64502 9457',
      'pre-policy 192.0.2.2 AS64502 +2001:db8:101::/48 64502 9457',
    ]);
    expect(codes).toEqual([]);
  });

  test.each([
    ['nobody announced them', peerUp(SENT, PEER)],
    ['only one side announced them', peerUp(SENT, { asn: 64_502, addPath: [3, 3] })],
    ['no Peer Up came', Buffer.alloc(0)],
  ])('are found where %s, and that is counted', (_why, up) => {
    const { said, codes } = read(Buffer.concat([up, routes(four)]));
    expect(said.at(-1)).toContain('+211.249.221.0/24#1');
    expect(codes).toEqual(['add-path']);
  });
});

describe('a sender that lies or errs', () => {
  test('has a Peer Down before any Peer Up counted, and nothing changed by it', () => {
    const down = bmp(2, Buffer.concat([peerHeader(), Buffer.of(2, 0, 0)]));
    expect(read(Buffer.concat([down, peerUp(SENT, PEER)]))).toMatchObject({
      said: ['up pre-policy 192.0.2.2 AS64502'],
      codes: ['bmp-unknown-peer'],
    });
  });

  test.each([
    ['a message type nobody knows', bmp(7, peerHeader()), 'bmp-type'],
    ['a peer type nobody knows', routes(HIJACK, { type: 9 }), 'bmp-peer-type'],
    ['no per-peer header', bmp(0, Buffer.alloc(41)), 'bmp-short'],
    ['no count of statistics', bmp(1, Buffer.concat([peerHeader(), hex('0000')])), 'bmp-short'],
    ['a field that is cut off', bmp(4, hex('0001 00ff 41')), 'bmp-short'],
    ['a Peer Up without OPENs', bmp(3, Buffer.concat([peerHeader(), Buffer.alloc(20)])), 'bmp-open'],
    [
      'a Peer Up with one OPEN',
      bmp(3, Buffer.concat([peerHeader(), Buffer.alloc(20), open(SENT)])),
      'bmp-open',
    ],
    ['no BGP message', routes(hex('0102030405')), 'bmp-update'],
    ['another BGP message', routes(message(4, Buffer.alloc(0))), 'bmp-update'],
  ])('with %s costs that message, and is counted', (_what, bytes, code) => {
    const { said, codes } = read(Buffer.concat([bytes, routes(HIJACK)]));
    expect(codes).toEqual([code]);
    expect(said.at(-1)).toContain('+211.249.221.0/24');
  });

  test('has every UPDATE of a message read, and octets behind them said', () => {
    const two = Buffer.concat([
      HIJACK,
      updateBytes({ path: [64_502, 7], announced: ['10.0.0.0/8'] }),
      hex('ff'),
    ]);
    expect(read(routes(two))).toMatchObject({
      said: [expect.stringContaining('+211.249.221.0/24'), expect.stringContaining('+10.0.0.0/8')],
      codes: ['bmp-update'],
    });
  });

  test.each([
    ['another version', Buffer.of(4, 0, 0, 0, 6, 4), 'version 4'],
    ['a length below its header', Buffer.of(3, 0, 0, 0, 5, 4), '5 octets'],
    [
      'a length beyond reason',
      Buffer.concat([Buffer.of(3), be32(BMP_LENGTH_MAX + 1), Buffer.of(0)]),
      'octets is claimed',
    ],
  ])('with %s loses the stream from there on, with a word why', (_what, bytes, word) => {
    const { said, lost, unread } = read(Buffer.concat([routes(HIJACK), bytes, routes(HIJACK)]));
    expect(said).toHaveLength(1);
    expect(lost).toContain(word);
    expect(unread).toBeGreaterThan(0);
  });

  test('with no end of peers is read on, without a memory of them', () => {
    const decoder = new BmpDecoder('r');
    const problems: Problem[] = [];
    const framer = new BmpFramer();
    const at = (n: number): PeerParts => ({ address: `10.${n >>> 16}.${(n >>> 8) & 255}.${n & 255}` });
    const tell = (bytes: Buffer): readonly BmpItem[] => {
      framer.push(bytes);
      return framer.next() ? decoder.read(framer, problems) : [];
    };
    for (let n = 0; n < BMP_PEERS_MAX; n += 1) tell(peerUp(SENT, PEER, at(n)));
    expect(problems).toEqual([]);
    expect(tell(peerUp(SENT, PEER, at(BMP_PEERS_MAX)))).toHaveLength(1);
    expect(problems.map(({ code }) => code)).toEqual(['bmp-peers']);
    expect(tell(routes(HIJACK, at(BMP_PEERS_MAX))).map(shown)[0]).toContain('+211.249.221.0/24');
  });

  test('never makes the decoder throw, whatever octets it sends', () => {
    const sound = Buffer.concat([
      bmp(4, tlv(2, Buffer.from('r'))),
      peerUp({ asn: 64_501, addPath: [3, 3] }, { asn: 64_502, addPath: [3, 3] }),
      routes(HIJACK),
      bmp(1, Buffer.concat([peerHeader(), be32(1), tlv(7, hex('0000000100000002'))])),
      bmp(6, Buffer.concat([peerHeader(), tlv(1, be16(1))])),
      bmp(2, Buffer.concat([peerHeader(), Buffer.of(4)])),
      bmp(5, tlv(1, be16(1))),
    ]);
    const change = fc.tuple(fc.nat(sound.length - 1), fc.nat(255), fc.nat(30));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 5 }), fc.integer({ min: 1, max: 300 }), (changes, chunk) => {
        let bytes: Buffer = Buffer.from(sound);
        for (const [where, octet, cut] of changes) {
          if (where >= bytes.length) continue;
          bytes[where] = octet;
          if (cut > 25) bytes = Buffer.concat([bytes.subarray(0, where), bytes.subarray(where + cut - 25)]);
        }
        const { codes, unread } = read(bytes, { chunk });
        expect(codes.length).toBeLessThanOrEqual(bytes.length);
        expect(unread).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 1_500 },
    );
  });
});

describe.skipIf(!existsSync(SENDERS))('captures of real senders (../shared/cases/senders)', () => {
  const of = (name: string): Read => read(readFileSync(join(SENDERS, name)));

  test('FRR 8.4.4: down before up, its own AS in front, an announcement that comes as a withdrawal', () => {
    const { said, codes } = of('frr-8.4.4-pre-post.bmp');
    expect(said.filter((line) => /[+-]192/.test(line))).toEqual([
      'post-policy 10.9.0.2 AS64502 +192.0.2.0/24 64502',
      'pre-policy 10.9.0.2 AS64502 -192.0.2.0/24',
      'post-policy 10.9.0.2 AS64502 -192.0.2.0/24',
      'pre-policy 10.9.0.2 AS64502 -192.0.2.0/24',
    ]);
    expect(codes).toEqual(['bmp-unknown-peer']);
  });

  test('GoBGP 3.10.0: a Loc-RIB without Peer Up, its own routes without AS_PATH', () => {
    expect(of('gobgp-3.10.0-loc-rib.bmp').said.filter((line) => line.startsWith('loc-rib'))).toEqual([
      'loc-rib 10.9.0.1 AS64501 +192.0.2.0/24 64501 64502 (unknown peer)',
      'loc-rib 10.9.0.1 AS64501 +198.51.100.0/24 64501 (unknown peer)',
      'loc-rib 10.9.0.1 AS64501 -192.0.2.0/24 (unknown peer)',
    ]);
    for (const name of ['gobgp-3.10.0-all.bmp', 'gobgp-3.10.0-post-policy.bmp'])
      expect(of(name)).toMatchObject({ codes: [], lost: undefined, unread: 0 });
  });
});

const captures = existsSync(CAPTURES) ? readdirSync(CAPTURES).filter((name) => name.endsWith('.pcap')) : [];

describe.skipIf(captures.length === 0)('captures of Huawei, Cisco and FRR (../shared/data/bmp)', () => {
  test.each(captures)('%s is read to its end, or says that it is of another version', (name) => {
    const streams = tcpStreams(readFileSync(join(CAPTURES, name)));
    expect(streams.length).toBeGreaterThan(0);
    for (const stream of streams) {
      const { said, codes, lost } = read(stream, { chunk: 1_448 });
      if (lost !== undefined) expect(lost).toContain('version 4');
      else expect(said.length).toBeGreaterThan(5);
      expect(codes.filter((code) => code !== 'family-unread')).toEqual([]);
    }
  });
});
