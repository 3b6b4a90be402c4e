/** MRT records → what is judged: envelopes, RIB rows, framing and its damage. */
import { describe, expect, test } from 'vitest';
import { formatAsPath } from '../../src/bgp/as-path.ts';
import type { Problem } from '../../src/bgp/update.ts';
import type { Interest } from '../../src/decode/bgp/update.ts';
import { MrtDecoder, type MrtItem, stampMs } from '../../src/decode/mrt/mrt.ts';
import { MrtFramer } from '../../src/decode/mrt/mrt-framing.ts';
import {
  addressBytes,
  attribute,
  be16,
  be32,
  bgp4mp,
  hex,
  message,
  ORIGIN_IGP,
  peerTable,
  record,
  ribEntry,
  ribRow,
  segment,
  sessionBytes,
  updateBytes,
} from './bytes.ts';

const HIJACK = updateBytes({ path: [64_500, 9457], announced: ['211.249.221.0/24'] });
const FOREIGN = updateBytes({ path: [64_500, 15_169], announced: ['203.0.113.0/24'] });

interface Read {
  readonly items: readonly MrtItem[];
  readonly codes: readonly string[];
  readonly framing: readonly string[];
  readonly records: number;
}

/** Reads a stream in chunks of the given size. */
function read(bytes: Buffer, options: { interest?: Interest; chunk?: number } = {}): Read {
  const framer = new MrtFramer();
  const decoder = new MrtDecoder('rrc06', options.interest);
  const [items, problems, framing]: [MrtItem[], Problem[], string[]] = [[], [], []];
  const drain = (): void => {
    while (framer.next()) items.push(...decoder.judge(framer, problems));
    for (const { offset, problem } of framer.problems.splice(0)) framing.push(`${offset} ${problem.code}`);
  };
  const size = options.chunk ?? Math.max(1, bytes.length);
  for (let at = 0; at < bytes.length; at += size) {
    framer.push(bytes.subarray(at, at + size));
    drain();
  }
  framer.finish();
  drain();
  return { items, codes: problems.map(({ code }) => code), framing, records: framer.records };
}

/** `type collector peer AS: +announced -withdrawn path @observed`. */
function shown(item: MrtItem): string {
  const { vantagePoint, observedMs } = item.type === 'peer-state' ? item.change : item.update;
  const who = `${item.type} ${vantagePoint.collector} ${vantagePoint.peerAddress} ${vantagePoint.peerAsn}`;
  if (item.type === 'peer-state') return `${who} ${item.change.state} @${observedMs}`;
  const { announced, withdrawn, path } = item.update;
  const what = [...announced.map(({ text }) => `+${text}`), ...withdrawn.map(({ text }) => `-${text}`)].join(
    ' ',
  );
  return `${who} ${what} ${formatAsPath(path)} @${observedMs}`.replace('  ', ' ');
}

describe('BGP4MP', () => {
  test('names the vantage point and the time of its update', () => {
    expect(read(bgp4mp(HIJACK)).items.map(shown)).toEqual([
      'update rrc06 192.0.2.1 64500 +211.249.221.0/24 64500 9457 @1643850258000',
    ]);
  });

  test('with microseconds (BGP4MP_ET) keeps them', () => {
    const { items } = read(bgp4mp(HIJACK, { microseconds: 250_500, peer: '2001:db8::9' }));
    expect(items.map(shown)).toEqual([
      'update rrc06 2001:db8::9 64500 +211.249.221.0/24 64500 9457 @1643850258250.5',
    ]);
  });

  test('of two-octet sessions is read as such', () => {
    const two = updateBytes({ path: [64_500, 9457], announced: ['211.249.221.0/24'], asnSize: 2 });
    expect(read(bgp4mp(two, { subtype: 1, asnSize: 2 })).items.map(shown)).toHaveLength(1);
  });

  test.each([6, 7, 10, 11])(
    'that the collector itself sent (subtype %i) is nobody else’s route',
    (subtype) => {
      const asnSize = subtype === 6 || subtype === 10 ? 2 : 4;
      expect(read(bgp4mp(HIJACK, { subtype, asnSize }))).toMatchObject({ items: [], codes: [] });
    },
  );

  test.each([
    [8, 2],
    [9, 4],
  ] as const)('with path identifiers (RFC 8050, subtype %i) is read past them', (subtype, asnSize) => {
    const attributes = Buffer.concat([
      ORIGIN_IGP,
      attribute(0x40, 2, segment([7625], { asnSize })),
      attribute(0x40, 3, hex('c0000201')),
    ]);
    const body = Buffer.concat([be16(0), be16(attributes.length), attributes, be32(9), hex('15 d3f9d8')]);
    const { items } = read(bgp4mp(message(2, body), { subtype, asnSize }));
    expect(items.map(shown)).toEqual(['update rrc06 192.0.2.1 64500 +211.249.216.0/21 7625 @1643850258000']);
  });

  test('OPEN, KEEPALIVE, NOTIFICATION and ROUTE-REFRESH say nothing', () => {
    for (const type of [1, 3, 4, 5]) expect(read(bgp4mp(message(type, hex('04')))).items).toEqual([]);
  });

  test.each([
    [0, 2],
    [5, 4],
  ] as const)('state changes (subtype %i): Established is up, all else is down', (subtype, asnSize) => {
    const change = (old: number, now: number): Buffer =>
      record(16, subtype, Buffer.concat([sessionBytes({ asnSize }), be16(old), be16(now)]));
    const { items } = read(Buffer.concat([change(5, 6), change(6, 1)]));
    expect(items.map(shown)).toEqual([
      'peer-state rrc06 192.0.2.1 64500 up @1643850258000',
      'peer-state rrc06 192.0.2.1 64500 down @1643850258000',
    ]);
  });

  test('a bad marker or length is counted and costs nothing where the record fits the message; a bad family costs it', () => {
    const badMarker = Buffer.from(HIJACK).fill(0, 0, 1);
    const badLength = Buffer.from(HIJACK).fill(0, 16, 18);
    const rubbish = Buffer.from(badMarker).fill(0x55, 16, 18);
    const badFamily = record(16, 4, Buffer.concat([be32(1), be32(2), be16(0), be16(9), Buffer.alloc(40)]));
    const { items, codes } = read(
      Buffer.concat([bgp4mp(badMarker), bgp4mp(badLength), bgp4mp(rubbish), badFamily, bgp4mp(HIJACK)]),
    );
    expect(codes).toEqual(['bgp-marker', 'bgp-length', 'bgp-marker', 'mrt-family']);
    expect(items).toHaveLength(3);
  });

  test('a message cut off within its record gives what is whole', () => {
    const long = updateBytes({ path: [1], announced: ['198.51.100.0/24', '203.0.113.0/24'] });
    const { items, codes } = read(bgp4mp(long.subarray(0, long.length - 2)));
    expect(items.map(shown)).toEqual(['update rrc06 192.0.2.1 64500 +198.51.100.0/24 1 @1643850258000']);
    expect(codes).toEqual(['update-cut', 'nlri-cut']);
  });
});

describe('RIB snapshots', () => {
  const route = (...asns: number[]): Buffer =>
    Buffer.concat([ORIGIN_IGP, attribute(0x40, 2, segment(asns)), attribute(0x40, 3, hex('c0000201'))]);
  const peers = peerTable([
    { address: '192.0.2.1', asn: 64_500 },
    { address: '2001:db8::2', asn: 4_200_000_001 },
  ]);

  test('TABLE_DUMP_V2 gives a route for each peer, with the time it came up', () => {
    const row = ribRow(2, '211.249.216.0/21', [
      ribEntry(0, 1_600_000_000, route(64_500, 7625)),
      ribEntry(1, 0, route(3356, 7625)),
    ]);
    expect(read(Buffer.concat([peers, row])).items.map(shown)).toEqual([
      'rib rrc06 192.0.2.1 64500 +211.249.216.0/21 64500 7625 @1600000000000',
      'rib rrc06 2001:db8::2 4200000001 +211.249.216.0/21 3356 7625 @1643850258000',
    ]);
  });

  test('IPv6 rows have the abbreviated next hop (RFC 6396 §4.3.4), ADD-PATH rows an identifier', () => {
    const six = Buffer.concat([
      ORIGIN_IGP,
      attribute(0x40, 2, segment([38_099])),
      attribute(0x80, 14, Buffer.concat([Buffer.of(16), addressBytes('2001:db8::1')])),
    ]);
    const rows = [
      ribRow(4, '2404:4600::/32', [ribEntry(1, 7, six)]),
      ribRow(10, '2404:4600::/32', [ribEntry(1, 8, six, 3)]),
    ];
    expect(read(Buffer.concat([peers, ...rows])).items.map(shown)).toEqual([
      'rib rrc06 2001:db8::2 4200000001 +2404:4600::/32 38099 @7000',
      'rib rrc06 2001:db8::2 4200000001 +2404:4600::/32 38099 @8000',
    ]);
  });

  test('TABLE_DUMP of old has one route a record', () => {
    const attributes = Buffer.concat([
      ORIGIN_IGP,
      attribute(0x40, 2, segment([64_500, 9318], { asnSize: 2 })),
    ]);
    const body = Buffer.concat([
      hex('0000 0001 d3f9d800 15 01'),
      be32(9),
      hex('c0000201 fbf4'),
      be16(attributes.length),
      attributes,
    ]);
    expect(read(record(12, 1, body)).items.map(shown)).toEqual([
      'rib rrc06 192.0.2.1 64500 +211.249.216.0/21 64500 9318 @9000',
    ]);
  });

  test('a row before its peer table, or of a peer that is not in it, is counted', () => {
    const row = ribRow(2, '211.249.216.0/21', [ribEntry(5, 1, route(7625)), ribEntry(0, 1, route(7625))]);
    expect(read(row)).toMatchObject({ items: [], codes: ['mrt-peer', 'mrt-peer'] });
    const { items, codes } = read(Buffer.concat([peers, row]));
    expect([items.length, codes]).toEqual([1, ['mrt-peer']]);
  });

  test('a row whose entries are cut gives the whole ones', () => {
    const whole = ribRow(2, '211.249.216.0/21', [ribEntry(0, 1, route(7625)), ribEntry(1, 1, route(9318))]);
    const body = whole.subarray(12, whole.length - 3);
    const { items, codes } = read(Buffer.concat([peers, record(13, 2, body)]));
    expect([items.map(shown).length, codes]).toEqual([1, ['mrt-short']]);
  });

  test('a route whose path cannot be read is no route', () => {
    const broken = Buffer.concat([ORIGIN_IGP, attribute(0x40, 2, hex('0209 00000001'))]);
    const { items, codes } = read(
      Buffer.concat([peers, ribRow(2, '211.249.216.0/21', [ribEntry(0, 1, broken)])]),
    );
    expect([items, codes]).toEqual([[], ['attribute-malformed', 'no-origin']]);
  });
});

describe('types that hold no route', () => {
  test.each([
    [5, 7, 'BGP KEEPALIVE, deprecated', []],
    [9, 1, 'BGP4PLUS, deprecated', ['mrt-unsupported']],
    [11, 0, 'OSPFv2', ['mrt-unsupported']],
    [32, 0, 'IS-IS', ['mrt-unsupported']],
    [13, 3, 'RIB_IPV4_MULTICAST', ['mrt-unsupported']],
    [13, 6, 'RIB_GENERIC', ['mrt-unsupported']],
    [13, 7, 'GEO_PEER_TABLE (RFC 6397)', ['mrt-unsupported']],
    [16, 2, 'BGP4MP_ENTRY, deprecated', ['mrt-unsupported']],
    [16, 99, 'BGP4MP of the future', ['mrt-unsupported']],
  ] as const)('%i/%i: %s', (type, subtype, _name, codes) => {
    const bytes = Buffer.concat([record(type, subtype, Buffer.alloc(20)), bgp4mp(HIJACK)]);
    expect(read(bytes)).toMatchObject({ codes, framing: [], records: 2 });
    expect(read(bytes).items).toHaveLength(1);
  });

  test('a type nobody knows is passed over when a header follows it', () => {
    const bytes = Buffer.concat([bgp4mp(HIJACK), record(77, 1, hex('00')), bgp4mp(HIJACK)]);
    expect(read(bytes)).toMatchObject({ framing: [], codes: ['mrt-unsupported'], records: 3 });
  });
});

describe('interest', () => {
  const interest: Interest = {
    prefix: (family, w0) => family === 4 && (w0 & 0xffff_f800) === (0xd3f9_d800 | 0),
    origin: (asn) => asn === 38_099,
  };
  const items = (...messages: Buffer[]): string[] =>
    read(Buffer.concat(messages), { interest }).items.map(shown);

  test('gives the same as without it, for what is wanted', () => {
    const mixed = updateBytes({ path: [1, 9457], announced: ['203.0.113.0/24', '211.249.221.0/24'] });
    expect(items(bgp4mp(mixed))).toEqual([
      'update rrc06 192.0.2.1 64500 +211.249.221.0/24 1 9457 @1643850258000',
    ]);
  });

  test('keeps all that a watched AS originates', () => {
    const own = updateBytes({ path: [1, 38_099], announced: ['203.0.113.0/24'] });
    expect(items(bgp4mp(FOREIGN), bgp4mp(own))).toContain(
      'update rrc06 192.0.2.1 64500 +203.0.113.0/24 1 38099 @1643850258000',
    );
  });

  test('lets one message an hour of each session through, so that its vantage point is known', () => {
    const at = (minute: number, peer = '192.0.2.1'): Buffer =>
      bgp4mp(FOREIGN, { peer, seconds: 1_643_850_000 + minute * 60 });
    expect(items(at(0), at(1), at(1, '192.0.2.2'), at(59), at(61))).toHaveLength(3);
  });
});

describe('framing', () => {
  const three = Buffer.concat([bgp4mp(HIJACK), bgp4mp(FOREIGN, { microseconds: 5 }), bgp4mp(HIJACK)]);

  test.each([1, 2, 3, 7, 11, 12, 13, 64, 100, 1_000])('in chunks of %i octets is the same', (chunk) => {
    expect(read(three, { chunk })).toEqual(read(three));
    expect(read(three, { chunk }).items).toHaveLength(3);
  });

  test('a stream that ends within a record says where', () => {
    const cut = three.subarray(0, three.length - 5);
    const last = three.length - bgp4mp(HIJACK).length;
    const { items, framing } = read(cut);
    expect([items.length, framing]).toEqual([2, [`${last} mrt-cut`]]);
    expect(read(three.subarray(0, 5))).toMatchObject({ items: [], framing: ['0 mrt-cut'] });
  });

  test('an impossible length costs the records up to the next header that makes sense', () => {
    const first = bgp4mp(HIJACK);
    const broken = Buffer.from(first).fill(0xff, 8, 12);
    const { items, framing } = read(Buffer.concat([first, broken, first, first]), { chunk: 50 });
    expect(items).toHaveLength(3);
    expect(framing).toEqual([`${first.length} mrt-framing`]);
  });

  test('rubbish between records is stepped over', () => {
    const first = bgp4mp(HIJACK);
    const { items, framing } = read(Buffer.concat([first, Buffer.alloc(333, 0x5a), first, first]), {
      chunk: 64,
    });
    expect(items).toHaveLength(3);
    expect(framing).toEqual([`${first.length} mrt-framing`]);
  });

  test('the stamp is in milliseconds with the fraction', () => {
    const framer = new MrtFramer();
    framer.push(bgp4mp(HIJACK, { microseconds: 1_500, seconds: 10 }));
    expect(framer.next()).toBe(true);
    expect(stampMs(framer)).toBe(10_001.5);
  });
});
