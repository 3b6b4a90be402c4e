/**
 * What collectors and routers write that the record does not say: identifiers nobody declared, AS numbers of the other
 * size, several messages and rows in a record, AS 0 for a peer, octets that belong to nothing. No route is missed, and
 * nothing is passed over without a word.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatAsPath } from '../../src/bgp/as-path.ts';
import type { Problem } from '../../src/bgp/update.ts';
import { type Interest, updateIsWanted } from '../../src/decode/bgp/update.ts';
import { MrtDecoder } from '../../src/decode/mrt/mrt.ts';
import { MrtFramer } from '../../src/decode/mrt/mrt-framing.ts';
import {
  addressBytes,
  attribute,
  be16,
  be32,
  bgp4mp,
  hex,
  message,
  nlri,
  ORIGIN_IGP,
  peerTable,
  record,
  ribEntry,
  ribRow,
  segment,
  sessionBytes,
  updateBody,
  updateBytes,
} from './bytes.ts';

const NONE = Buffer.alloc(0);
const NEXT_HOP = attribute(0x40, 3, hex('c0000201'));
const path = (asnSize: 2 | 4 = 4, ...asns: number[]): Buffer =>
  attribute(0x40, 2, segment(asns, { asnSize }));
const route = (...asns: number[]): Buffer => Buffer.concat([ORIGIN_IGP, path(4, ...asns), NEXT_HOP]);
const withId = (id: number, text: string): Buffer => Buffer.concat([be32(id), nlri(text)]);
/** MP_REACH_NLRI or MP_UNREACH_NLRI of IPv6 with this list. */
const reach = (list: Buffer): Buffer =>
  attribute(0x80, 14, Buffer.concat([hex('0002 01 10'), addressBytes('2001:db8::1'), Buffer.of(0), list]));
const unreach = (list: Buffer): Buffer => attribute(0x80, 15, Buffer.concat([hex('0002 01'), list]));

interface Read {
  /** `+prefix#id` and `-prefix#id` by update, then the path and who said it. */
  readonly said: readonly string[];
  readonly codes: readonly string[];
  readonly framing: readonly string[];
  readonly printed: number;
}

function read(bytes: Buffer, options: { interest?: Interest; chunk?: number } = {}): Read {
  const framer = new MrtFramer();
  const decoder = new MrtDecoder('rrc06', options.interest);
  const printer = new MrtDecoder('rrc06');
  const [said, problems, framing]: [string[], Problem[], string[]] = [[], [], []];
  let printed = 0;
  const drain = (): void => {
    while (framer.next()) {
      for (const item of decoder.judge(framer, problems)) {
        if (item.type === 'peer-state') continue;
        const { announced, withdrawn, pathIds, vantagePoint, path: asPath } = item.update;
        const shown = (sign: string, text: string, id: number | undefined): string =>
          `${sign}${text}${id === undefined ? '' : `#${id}`}`;
        const parts = [
          ...withdrawn.map(({ text }, n) => shown('-', text, pathIds?.withdrawn[n])),
          ...announced.map(({ text }, n) => shown('+', text, pathIds?.announced[n])),
          ...(asPath.length === 0 ? [] : [formatAsPath(asPath)]),
          `by ${vantagePoint.peerAsn}`,
        ];
        said.push(parts.join(' '));
      }
      printed += printer.print(framer, []).length;
    }
    for (const { problem } of framer.problems.splice(0)) framing.push(problem.code);
  };
  const size = options.chunk ?? Math.max(1, bytes.length);
  for (let at = 0; at < bytes.length; at += size) {
    framer.push(bytes.subarray(at, at + size));
    drain();
  }
  framer.finish();
  drain();
  return { said, codes: problems.map(({ code }) => code), framing, printed };
}

const bgp = (body: Buffer, subtype = 4): Buffer =>
  bgp4mp(message(2, body), { subtype, asnSize: [1, 8].includes(subtype) ? 2 : 4 });

describe('lists of prefixes', () => {
  const list = Buffer.concat([withId(1, '211.249.221.0/24'), withId(2, '211.249.222.0/23')]);
  const six = Buffer.concat([withId(1, '2001:db8:101::/48'), withId(77, '2001:db8:102::/48')]);

  test('with identifiers that nobody declared are read with them: NLRI, withdrawn routes, MP_REACH, MP_UNREACH', () => {
    const told = { codes: ['add-path'], printed: 2 };
    expect(read(bgp(updateBody(NONE, route(1, 9457), list)))).toMatchObject({
      said: ['+211.249.221.0/24#1 +211.249.222.0/23#2 1 9457 by 64500'],
      ...told,
    });
    expect(read(bgp(updateBody(list, NONE, NONE)))).toMatchObject({
      said: ['-211.249.221.0/24#1 -211.249.222.0/23#2 by 64500'],
      ...told,
    });
    const announced = updateBody(NONE, Buffer.concat([ORIGIN_IGP, path(4, 1, 9457), reach(six)]), NONE);
    expect(read(bgp(announced))).toMatchObject({
      said: ['+2001:db8:101::/48#1 +2001:db8:102::/48#77 1 9457 by 64500'],
      ...told,
    });
    expect(read(bgp(updateBody(NONE, unreach(six), NONE)))).toMatchObject({
      said: ['-2001:db8:101::/48#1 -2001:db8:102::/48#77 by 64500'],
      ...told,
    });
  });

  test.each([
    ['a single prefix', '+211.249.221.0/24', nlri('211.249.221.0/24')],
    [
      'three',
      '+211.249.221.0/24 +10.0.0.0/8 +192.0.2.0/25',
      Buffer.concat([nlri('211.249.221.0/24'), nlri('10.0.0.0/8'), nlri('192.0.2.0/25')]),
    ],
  ])('without the identifiers that the subtype declares are read without: %s', (_name, announced, bytes) => {
    const { said, codes } = read(bgp(updateBody(NONE, route(1, 9457), bytes), 9));
    expect([said, codes]).toEqual([[`${announced} 1 9457 by 64500`], ['add-path']]);
  });

  test('that read both ways where identifiers are declared announce what either says, and withdraw what is declared', () => {
    // Two /24: or one, with the first four octets for its identifier.
    const both = Buffer.concat([nlri('211.249.221.0/24'), nlri('203.0.113.0/24')]);
    const { said, codes } = read(bgp(updateBody(NONE, route(1, 9457), both), 9));
    expect(said[0]).toContain('+211.249.221.0/24');
    expect(said[0]).toContain('+203.0.113.0/24');
    expect(codes).toEqual(['add-path']);
    expect(read(bgp(updateBody(both, NONE, NONE), 9)).said[0]).toMatch(/^-203\.0\.113\.0\/24#\d+ by 64500$/);
    // The other way round the record is believed: so reads every second list of a session without identifiers.
    expect(read(bgp(updateBody(NONE, route(1, 9457), both)))).toMatchObject({
      said: ['+211.249.221.0/24 +203.0.113.0/24 1 9457 by 64500'],
      codes: [],
    });
  });

  test('with host bits are judged under both readings when both make sense', () => {
    const odd = Buffer.concat([hex('17 d3f9dd'), nlri('203.0.113.0/24')]);
    const { said } = read(bgp(updateBody(NONE, route(1, 9457), odd)));
    expect(said[0]).toContain('+211.249.220.0/23');
    expect(said[0]).toContain('+203.0.113.0/24');
  });

  test('that are cut off give what is whole of either kind', () => {
    const cut = list.subarray(0, list.length - 1);
    expect(read(bgp(updateBody(NONE, route(1, 9457), cut))).said).toEqual([
      '+211.249.221.0/24#1 1 9457 by 64500',
    ]);
    const plain = Buffer.concat([nlri('211.249.221.0/24'), hex('18 cb00')]);
    expect(read(bgp(updateBody(NONE, route(1, 9457), plain))).said).toEqual([
      '+211.249.221.0/24 1 9457 by 64500',
    ]);
  });

  const prefixes = fc.uniqueArray(
    fc
      .tuple(fc.integer({ min: 1, max: 223 }), fc.nat(255), fc.nat(255), fc.integer({ min: 8, max: 24 }))
      .map(([a, b, c, length]) => {
        const word = ((a << 24) | (b << 16) | (c << 8)) & (-1 << (32 - length));
        return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.0/${length}`;
      }),
    { minLength: 1, maxLength: 12 },
  );
  const ids = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.nat(0xffffff));

  test('of any sound session, declared or not, announce every prefix, and the quick question says so', () => {
    fc.assert(
      fc.property(prefixes, ids, fc.boolean(), fc.boolean(), (texts, id, hasIds, isDeclared) => {
        const bytes = Buffer.concat(texts.map((text, n) => (hasIds ? withId(id + n, text) : nlri(text))));
        const body = updateBody(NONE, route(1, 9457), bytes);
        const { said } = read(bgp(body, isDeclared ? 9 : 4));
        for (const [n, text] of texts.entries()) {
          const shown = `+${text}${hasIds && texts.some((_, k) => id + k > 0) ? `#${id + n}` : ''}`;
          expect(said[0]?.split(' ').some((part) => part === shown || part.startsWith(`${shown}#`))).toBe(
            true,
          );
          const wanted = Number(text.split('.')[0]);
          const interest = { prefix: (_family: number, w0: number) => w0 >>> 24 === wanted };
          expect(updateIsWanted(body, 0, body.length, { asnSize: 4, addPath: isDeclared }, interest)).toBe(
            true,
          );
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('AS paths of the other size', () => {
  test.each([
    [4, 2],
    [1, 4],
  ] as const)('in records of subtype %i are read with %i octets', (subtype, asnSize) => {
    const body = updateBody(
      NONE,
      Buffer.concat([ORIGIN_IGP, path(asnSize, 6461, 3356, 9457), NEXT_HOP]),
      nlri('211.249.221.0/24'),
    );
    const { said, codes } = read(bgp(body, subtype));
    expect([said, codes]).toEqual([['+211.249.221.0/24 6461 3356 9457 by 64500'], ['as-width']]);
    const interest = { prefix: () => false, origin: (asn: number) => asn === 9457 };
    expect(read(bgp(body, subtype), { interest }).said).toHaveLength(1);
  });

  test('keep sets, and are merged with AS4_PATH where they turn out to be of two octets', () => {
    const value = Buffer.concat([
      segment([6461, 23_456], { asnSize: 2 }),
      segment([7, 8, 9], { type: 1, asnSize: 2 }),
    ]);
    const as4 = attribute(
      0xc0,
      17,
      Buffer.concat([segment([6461, 70_000]), segment([7, 8, 9], { type: 1 })]),
    );
    const attributes = Buffer.concat([ORIGIN_IGP, attribute(0x40, 2, value), NEXT_HOP, as4]);
    expect(read(bgp(updateBody(NONE, attributes, nlri('211.249.221.0/24')))).said).toEqual([
      '+211.249.221.0/24 6461 70000 {7,8,9} by 64500',
    ]);
  });

  test('in a RIB row too', () => {
    const attributes = Buffer.concat([ORIGIN_IGP, path(2, 6461, 9457), NEXT_HOP]);
    const bytes = Buffer.concat([
      peerTable([{ address: '192.0.2.1', asn: 6461 }]),
      ribRow(2, '211.249.221.0/24', [ribEntry(0, 1, attributes)]),
    ]);
    expect(read(bytes)).toMatchObject({ said: ['+211.249.221.0/24 6461 9457 by 6461'], codes: ['as-width'] });
  });
});

describe('records', () => {
  const hijack = updateBytes({ path: [1, 9457], announced: ['211.249.221.0/24'] });
  const good = updateBytes({ path: [1, 7625], announced: ['211.249.216.0/21'] });
  const session = sessionBytes();

  test('with several messages give all of them', () => {
    const bytes = record(16, 4, Buffer.concat([session, good, message(4, NONE), hijack]));
    expect(read(bytes)).toMatchObject({
      said: ['+211.249.216.0/21 1 7625 by 64500', '+211.249.221.0/24 1 9457 by 64500'],
      codes: [],
      printed: 2,
    });
    const interest = { prefix: (_family: number, w0: number) => w0 >>> 8 === 0xd3f9dd };
    expect(read(bytes, { interest }).said).toEqual([
      '+211.249.216.0/21 1 7625 by 64500',
      '+211.249.221.0/24 1 9457 by 64500',
    ]);
  });

  test('with octets behind the message, the state, the peers or the entries say so', () => {
    const rubbish = hex('0102030405');
    const peers = peerTable([{ address: '192.0.2.1', asn: 1 }]);
    const longer = (bytes: Buffer): Buffer =>
      record(bytes.readUInt16BE(4), bytes.readUInt16BE(6), Buffer.concat([bytes.subarray(12), rubbish]));
    const row = ribRow(2, '211.249.221.0/24', [ribEntry(0, 1, route(1, 9457))]);
    const state = record(16, 5, Buffer.concat([session, be16(6), be16(1)]));
    for (const bytes of [longer(bgp4mp(hijack)), longer(state), Buffer.concat([longer(peers)])])
      expect(read(bytes).codes).toEqual(['mrt-trailing']);
    expect(read(Buffer.concat([peers, longer(row)]))).toMatchObject({
      said: ['+211.249.221.0/24 1 9457 by 1'],
      codes: ['mrt-trailing'],
    });
    const nextHop = attribute(0x80, 14, Buffer.concat([Buffer.of(16), addressBytes('2001:db8::1'), rubbish]));
    const six = ribRow(4, '2001:db8::/32', [ribEntry(0, 1, Buffer.concat([route(1, 9457), nextHop]))]);
    expect(read(Buffer.concat([peers, six]))).toMatchObject({
      said: ['+2001:db8::/32 1 9457 by 1'],
      codes: ['attribute-malformed'],
    });
  });

  test('of old Zebra, without the peer’s address, give the UPDATE that is in them', () => {
    const bytes = record(
      16,
      1,
      Buffer.concat([
        be16(64_500),
        be16(12_654),
        updateBytes({ path: [1, 9457], announced: ['211.249.221.0/24'], asnSize: 2 }),
      ]),
    );
    expect(read(bytes)).toMatchObject({ said: ['+211.249.221.0/24 1 9457 by 64500'], codes: [] });
  });

  test('of a peer with AS 0 (GoBGP) take the leftmost AS for it', () => {
    const bytes = Buffer.concat([
      peerTable([
        { address: '192.0.2.1', asn: 0 },
        { address: '192.0.2.2', asn: 0 },
      ]),
      ribRow(2, '211.249.221.0/24', [ribEntry(0, 1, route(6461, 9457)), ribEntry(1, 1, route(3356, 9457))]),
      bgp4mp(hijack, { peerAsn: 0 }),
    ]);
    expect(read(bytes).said).toEqual([
      '+211.249.221.0/24 6461 9457 by 6461',
      '+211.249.221.0/24 3356 9457 by 3356',
      '+211.249.221.0/24 1 9457 by 1',
    ]);
  });
});

describe('RIB rows', () => {
  const peers = peerTable([
    { address: '192.0.2.1', asn: 6461 },
    { address: '192.0.2.2', asn: 3356 },
  ]);
  const entry = (peer: number, id?: number): Buffer => ribEntry(peer, 1_600_000_000, route(6461, 9457), id);

  test.each([
    [2, '211.249.221.0/24', 'with'],
    [4, '2001:db8:101::/48', 'with'],
    [8, '211.249.221.0/24', 'without'],
    [10, '2001:db8:101::/48', 'without'],
  ] as const)('of subtype %i that fit only the other way are read so', (subtype, prefix, how) => {
    const id = (n: number): number | undefined => (how === 'with' ? n : undefined);
    const row = ribRow(subtype, prefix, [entry(0, id(0)), entry(1, id(3)), entry(1, id(9))]);
    const { said, codes } = read(Buffer.concat([peers, row]));
    const shown = how === 'with' ? ['', '#3', '#9'] : ['', '', ''];
    expect(said).toEqual([0, 1, 2].map((n) => `+${prefix}${shown[n]} 6461 9457 by ${n === 0 ? 6461 : 3356}`));
    expect(codes).toEqual(['add-path']);
  });

  test('that are cut off are read as their subtype says', () => {
    const whole = ribRow(2, '211.249.221.0/24', [entry(0), entry(1)]).subarray(12);
    expect(read(Buffer.concat([peers, record(13, 2, whole.subarray(0, whole.length - 2))]))).toMatchObject({
      said: ['+211.249.221.0/24 6461 9457 by 6461'],
      codes: ['mrt-short'],
    });
  });

  const oldRow = (word: string, asn: number): Buffer => {
    const attributes = Buffer.concat([ORIGIN_IGP, path(2, 3549, asn), NEXT_HOP]);
    return Buffer.concat([
      hex(`${word} 18 01`),
      be32(9),
      hex('c0000201 0ddd'),
      be16(attributes.length),
      attributes,
    ]);
  };
  const rows = [oldRow('d3f9dd00', 9457), oldRow('cb007100', 701), oldRow('d3f9de00', 9458)];
  const said = [
    '+211.249.221.0/24 3549 9457 by 3549',
    '+203.0.113.0/24 3549 701 by 3549',
    '+211.249.222.0/24 3549 9458 by 3549',
  ];

  test('of one TABLE_DUMP record are all read', () => {
    const bytes = record(12, 1, Buffer.concat([hex('0000 0001'), ...rows]));
    expect(read(bytes)).toMatchObject({ said, codes: [], printed: 3 });
    const rest = record(12, 1, Buffer.concat([hex('0000 0001'), ...rows, hex('0102')]));
    expect(read(rest)).toMatchObject({ said, codes: ['mrt-short'] });
  });

  test.each([7, 50, 1_000])(
    'whose record length leaves out view and sequence number, in chunks of %i',
    (chunk) => {
      const short = (parts: readonly Buffer[]): Buffer => {
        const whole = record(12, 1, Buffer.concat([hex('0000 0001'), ...parts]));
        whole.writeUInt32BE(whole.length - 12 - 4, 8);
        return whole;
      };
      const bytes = Buffer.concat([short(rows), short(rows.slice(0, 1)), short(rows.slice(1))]);
      expect(read(bytes, { chunk })).toMatchObject({ said: [...said, ...said], codes: [], framing: [] });
      // Records whose length is right stay what they are.
      const right = record(12, 1, Buffer.concat([hex('0000 0001'), ...rows.slice(0, 1)]));
      expect(read(Buffer.concat([right, right]), { chunk })).toMatchObject({
        said: [said[0], said[0]],
        framing: [],
      });
    },
  );
});
