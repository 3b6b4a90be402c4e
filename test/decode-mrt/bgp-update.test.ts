/** BGP UPDATE bytes → what is judged, with the grades of RFC 7606. */
import { describe, expect, test } from 'vitest';
import { formatAsPath } from '../../src/bgp/as-path.ts';
import type { Problem, Update } from '../../src/bgp/update.ts';
import { type ParsedUpdate, parseUpdate, toUpdate, updateIsWanted } from '../../src/decode/bgp/update.ts';
import { attribute, be16, be32, hex, nlri, ORIGIN_IGP, segment, updateBody, updateBytes } from './bytes.ts';

const VANTAGE_POINT = { collector: 'rrc06', peerAddress: '192.0.2.1', peerAsn: 64_500 };
const PATH = attribute(0x40, 2, segment([64_500, 7625]));
const NEXT_HOP = attribute(0x40, 3, hex('c0000201'));
const KAKAO = nlri('211.249.216.0/21');
const OTHER = nlri('203.0.113.0/24');
const NONE = Buffer.alloc(0);

interface Judged {
  readonly parsed: ParsedUpdate;
  readonly update: Update | undefined;
  readonly codes: readonly string[];
}

function judged(body: Buffer, options: { asnSize?: 2 | 4; addPath?: boolean } = {}): Judged {
  const problems: Problem[] = [];
  const context = { asnSize: options.asnSize ?? 4, addPath: options.addPath ?? false };
  const parsed = parseUpdate({ bytes: body, start: 0, end: body.length }, context, problems);
  const update = toUpdate(parsed, VANTAGE_POINT, 1, problems);
  return { parsed, update, codes: problems.map(({ code }) => code) };
}

const announced = (update: Update | undefined): string[] => (update?.announced ?? []).map(({ text }) => text);
const withdrawn = (update: Update | undefined): string[] => (update?.withdrawn ?? []).map(({ text }) => text);
const withAttributes = (...attributes: Buffer[]): Buffer =>
  updateBody(NONE, Buffer.concat(attributes), KAKAO);

describe('a sound UPDATE', () => {
  test('announces with its path and communities, and withdraws', () => {
    const body = updateBytes({
      path: [64_500, 9457],
      announced: ['211.249.221.0/24', '211.249.216.0/21'],
      withdrawn: ['203.0.113.0/24'],
      communities: [[65_535, 666]],
    }).subarray(19);
    const { update, codes } = judged(body);
    expect(announced(update)).toEqual(['211.249.221.0/24', '211.249.216.0/21']);
    expect(withdrawn(update)).toEqual(['203.0.113.0/24']);
    expect(update?.path).toEqual([64_500, 9457]);
    expect(update?.communities).toEqual([[65_535, 666]]);
    expect(codes).toEqual([]);
  });

  test('carries IPv6 in the multiprotocol attributes', () => {
    const body = updateBytes({
      path: [64_500, 38_099],
      announced: ['2404:4600::/32'],
      withdrawn: ['2001:db8::/48'],
    });
    const { update } = judged(body.subarray(19));
    expect(announced(update)).toEqual(['2404:4600::/32']);
    expect(withdrawn(update)).toEqual(['2001:db8::/48']);
  });

  test('that withdraws and announces the same prefix announces it', () => {
    const { update } = judged(updateBody(KAKAO, Buffer.concat([ORIGIN_IGP, PATH, NEXT_HOP]), KAKAO));
    expect([announced(update), withdrawn(update)]).toEqual([['211.249.216.0/21'], []]);
  });

  test('with path identifiers (RFC 7911) is read past them', () => {
    const body = updateBody(
      NONE,
      Buffer.concat([ORIGIN_IGP, PATH, NEXT_HOP]),
      Buffer.concat([be32(7), KAKAO, be32(8), KAKAO]),
    );
    const { parsed, update } = judged(body, { addPath: true });
    expect(parsed.announced.map(({ pathId }) => pathId)).toEqual([7, 8]);
    expect(announced(update)).toEqual(['211.249.216.0/21', '211.249.216.0/21']);
    expect(update?.pathIds).toEqual({ announced: [7, 8], withdrawn: [], areDeclared: true });
  });

  test('with path identifiers withdraws and announces by prefix and identifier', () => {
    const body = updateBody(
      Buffer.concat([be32(7), KAKAO, be32(8), KAKAO]),
      Buffer.concat([ORIGIN_IGP, PATH, NEXT_HOP]),
      Buffer.concat([be32(8), KAKAO, be32(8), KAKAO]),
    );
    expect(judged(body, { addPath: true }).update?.pathIds).toEqual({
      announced: [8],
      withdrawn: [7],
      areDeclared: true,
    });
  });

  test('without prefixes (End-of-RIB, RFC 4724) says nothing', () => {
    expect(judged(hex('0000 0000')).update).toBeUndefined();
    expect(judged(updateBody(NONE, attribute(0x80, 15, hex('0002 01')), NONE)).update).toBeUndefined();
  });

  test('of other address families says nothing that is judged, and is counted', () => {
    // VPN-IPv4 (1/128), flow specification (1/133), EVPN (25/70); multicast (1/2) is read, if only for printing.
    for (const family of ['0001 80', '0001 85', '0019 46', '0001 02']) {
      const reach = attribute(0x80, 14, Buffer.concat([hex(family), hex('04 c0000201 00'), KAKAO]));
      const { update, codes } = judged(updateBody(NONE, Buffer.concat([ORIGIN_IGP, PATH, reach]), NONE));
      expect([update, codes]).toEqual([undefined, family === '0001 02' ? [] : ['family-unread']]);
    }
  });

  test('may have an IPv6 next hop for IPv4 (RFC 8950)', () => {
    const reach = Buffer.concat([hex('0001 01 10 20010db8000000000000000000000001 00'), KAKAO]);
    const { parsed, update } = judged(
      updateBody(NONE, Buffer.concat([ORIGIN_IGP, PATH, attribute(0x80, 14, reach)]), NONE),
    );
    expect(announced(update)).toEqual(['211.249.216.0/21']);
    expect(parsed.attributes.reach?.[0]?.nextHops).toEqual(['2001:db8::1']);
  });
});

describe('the AS path', () => {
  const pathOf = (value: Buffer, more: Buffer[] = [], asnSize: 2 | 4 = 4): string => {
    const { update } = judged(withAttributes(ORIGIN_IGP, attribute(0x40, 2, value), NEXT_HOP, ...more), {
      asnSize,
    });
    return update === undefined || update.announced.length === 0 ? 'withdrawn' : formatAsPath(update.path);
  };
  const two = { asnSize: 2 } as const;
  const as4 = (value: Buffer): Buffer => attribute(0xc0, 17, value);

  test('keeps an AS_SET as a set and drops confederation segments (RFC 5065)', () => {
    const value = [
      segment([64_512], { type: 3 }),
      segment([1, 2]),
      segment([5, 6], { type: 1 }),
      segment([64_513], { type: 4 }),
    ];
    expect(pathOf(Buffer.concat(value))).toBe('1 2 {5,6}');
  });

  test('of two octets is merged with AS4_PATH (RFC 6793 §4.2.3)', () => {
    expect(pathOf(segment([64_500, 23_456, 23_456], two), [as4(segment([70_000, 70_001]))], 2)).toBe(
      '64500 70000 70001',
    );
    const inSegments = Buffer.concat([segment([64_500], two), segment([3356, 23_456], two)]);
    expect(pathOf(inSegments, [as4(segment([70_000]))], 2)).toBe('64500 3356 70000');
    const withSet = Buffer.concat([
      segment([64_500, 23_456], two),
      segment([23_456, 5], { type: 1, ...two }),
    ]);
    expect(
      pathOf(withSet, [as4(Buffer.concat([segment([70_000]), segment([70_001, 5], { type: 1 })]))], 2),
    ).toBe('64500 70000 {70001,5}');
  });

  test('ignores an AS4_PATH that is longer, stale beside another AGGREGATOR, or on a four-octet session', () => {
    const longer = as4(segment([70_000, 70_001]));
    expect(pathOf(segment([64_500], two), [longer], 2)).toBe('64500');
    const aggregator = attribute(0xc0, 7, hex('0007 01020304'));
    const as4Aggregator = attribute(0xc0, 18, hex('00011170 01020304'));
    expect(pathOf(segment([64_500, 23_456], two), [longer, aggregator, as4Aggregator], 2)).toBe(
      '64500 23456',
    );
    expect(pathOf(segment([64_500, 23_456]), [as4(segment([70_000]))])).toBe('64500 23456');
  });

  test('that is empty or ends in nothing has no origin: the announcement is left out and counted', () => {
    const body = withAttributes(ORIGIN_IGP, attribute(0x40, 2, NONE), NEXT_HOP);
    const { update, codes } = judged(body);
    expect(update).toBeUndefined();
    expect(codes).toEqual(['no-origin']);
  });

  test('with AS 0 is judged and counted (RFC 7607)', () => {
    const { update, codes } = judged(
      withAttributes(ORIGIN_IGP, attribute(0x40, 2, segment([64_500, 0])), NEXT_HOP),
    );
    expect([announced(update), codes]).toEqual([['211.249.216.0/21'], ['as-zero']]);
  });
});

describe('what RFC 7606 makes a router withdraw or reset', () => {
  const sound = [ORIGIN_IGP, PATH, NEXT_HOP];
  const withoutPath = [ORIGIN_IGP, NEXT_HOP];
  const cases: [string, Buffer[], 'kept' | 'lost'][] = [
    ['ORIGIN of two octets (§7.1)', [attribute(0x40, 1, hex('0000')), PATH, NEXT_HOP], 'kept'],
    ['ORIGIN 3 (§7.1)', [attribute(0x40, 1, hex('03')), PATH, NEXT_HOP], 'kept'],
    [
      'AS_PATH segment of type 7 (§7.2)',
      [...withoutPath, attribute(0x40, 2, segment([1], { type: 7 }))],
      'lost',
    ],
    [
      'AS_PATH segment that overruns (§7.2)',
      [...withoutPath, attribute(0x40, 2, hex('0203 00000001'))],
      'lost',
    ],
    ['AS_PATH with a single octet (§7.2)', [...withoutPath, attribute(0x40, 2, hex('02'))], 'lost'],
    ['AS_PATH segment without an AS (§7.2)', [...withoutPath, attribute(0x40, 2, hex('0200'))], 'lost'],
    ['NEXT_HOP of three octets (§7.3)', [ORIGIN_IGP, PATH, attribute(0x40, 3, hex('010203'))], 'kept'],
    ['MULTI_EXIT_DISC of two octets (§7.4)', [...sound, attribute(0x80, 4, hex('0001'))], 'kept'],
    ['LOCAL_PREF of two octets (§7.5)', [...sound, attribute(0x40, 5, hex('0001'))], 'kept'],
    ['ATOMIC_AGGREGATE with a value (§7.6)', [...sound, attribute(0x40, 6, hex('01'))], 'kept'],
    ['AGGREGATOR of six octets (§7.7)', [...sound, attribute(0xc0, 7, hex('000101020304'))], 'kept'],
    ['COMMUNITIES of five octets (§7.8)', [...sound, attribute(0xc0, 8, hex('0001000203'))], 'kept'],
    ['ORIGINATOR_ID of three octets (§7.9)', [...sound, attribute(0x80, 9, hex('010203'))], 'kept'],
    ['CLUSTER_LIST of five octets (§7.10)', [...sound, attribute(0x80, 10, hex('0102030405'))], 'kept'],
    [
      'EXTENDED_COMMUNITIES of seven octets (§7.14)',
      [...sound, attribute(0xc0, 16, hex('00020001000000'))],
      'kept',
    ],
    ['AS4_PATH that overruns (RFC 6793 §6)', [...sound, attribute(0xc0, 17, hex('0203 00000001'))], 'kept'],
    [
      'AS4_AGGREGATOR of six octets (RFC 6793 §6)',
      [...sound, attribute(0xc0, 18, hex('000101020304'))],
      'kept',
    ],
    [
      'LARGE_COMMUNITY of eight octets (RFC 8092 §6)',
      [...sound, attribute(0xc0, 32, hex('0000000100000002'))],
      'kept',
    ],
    ['ONLY_TO_CUSTOMER of two octets (RFC 9234 §5)', [...sound, attribute(0xc0, 35, hex('1dc9'))], 'kept'],
    ['ORIGIN marked optional (§3 c)', [attribute(0xc0, 1, hex('00')), PATH, NEXT_HOP], 'kept'],
    ['ORIGIN twice (§3 g)', [...sound, attribute(0x40, 1, hex('02'))], 'kept'],
    ['no ORIGIN (§3 d)', [PATH, NEXT_HOP], 'kept'],
    ['no AS_PATH (§3 d)', withoutPath, 'lost'],
    ['no NEXT_HOP (§3 d)', [ORIGIN_IGP, PATH], 'kept'],
    ['an attribute that overruns the list (§4)', [...sound, hex('4005 0a 0000')], 'kept'],
    ['an attribute header cut off (§4)', [...sound, hex('4005')], 'kept'],
    ['an unknown optional attribute', [...sound, attribute(0xc0, 99, hex('0102'))], 'kept'],
  ];
  test.each(cases)(
    '%s is counted; only what makes the path unreadable costs the route',
    (name, attributes, outcome) => {
      const { update, codes } = judged(withAttributes(...attributes));
      expect(announced(update)).toEqual(outcome === 'kept' ? ['211.249.216.0/21'] : []);
      expect(withdrawn(update)).toEqual([]);
      if (name.startsWith('an unknown')) expect(codes).toEqual([]);
      else expect(codes).toHaveLength(outcome === 'kept' ? 1 : 2);
      if (outcome === 'lost') expect(codes[1]).toBe('no-origin');
    },
  );

  test('a repeated attribute counts as it stood first', () => {
    const { parsed } = judged(withAttributes(...sound, attribute(0x40, 1, hex('02'))));
    expect(parsed.attributes.origin).toBe(0);
  });

  test('a list that cannot be parsed keeps what came before (§5.3)', () => {
    const list = Buffer.concat([OTHER, hex('21 01020304 05'), KAKAO]);
    const { parsed, update, codes } = judged(updateBody(NONE, Buffer.concat(sound), list));
    expect(announced(update)).toEqual(['203.0.113.0/24']);
    expect([codes, parsed.grade]).toEqual([['nlri-length'], 'session-reset']);
  });

  test('an attribute list that overruns the message keeps withdrawals (§3 b)', () => {
    const body = Buffer.concat([be16(OTHER.length), OTHER, be16(500), ...sound]);
    const { parsed, update } = judged(body);
    expect(withdrawn(update)).toEqual(['203.0.113.0/24']);
    expect(parsed.grade).toBe('session-reset');
  });

  test('host bits are masked and counted', () => {
    const { update, codes } = judged(updateBody(NONE, Buffer.concat(sound), hex('11 cb0071')));
    expect([announced(update), codes]).toEqual([['203.0.0.0/17'], ['host-bits']]);
  });
});

describe('the question whether an UPDATE is of interest', () => {
  const context = { asnSize: 4, addPath: false } as const;
  const asks = (
    body: Buffer,
    wanted: (text: string) => boolean,
    origin?: (asn: number) => boolean,
  ): boolean =>
    updateIsWanted(body, 0, body.length, context, {
      prefix: (family, w0, w1, _w2, _w3, length) => wanted(`${family} ${w0 >>> 0} ${w1 >>> 0} ${length}`),
      origin,
    });

  test('is asked with masked words of every unicast prefix', () => {
    const body = updateBytes({
      path: [1],
      announced: ['2404:4600::/47'],
      withdrawn: ['2001:db8:ffff::/48'],
    }).subarray(19);
    const asked: string[] = [];
    expect(asks(body, (text) => asked.push(text) < 0)).toBe(false);
    expect(asked).toEqual([`6 ${0x24044600} ${0} 47`, `6 ${0x20010db8} ${0xffff0000} 48`]);
  });

  test('is answered yes for a watched origin, in AS4_PATH too', () => {
    const body = updateBytes({ path: [64_500, 38_099], announced: ['203.0.113.0/24'] }).subarray(19);
    expect(
      asks(
        body,
        () => false,
        (asn) => asn === 38_099,
      ),
    ).toBe(true);
    expect(
      asks(
        body,
        () => false,
        (asn) => asn === 64_500,
      ),
    ).toBe(false);
    const as4 = attribute(0xc0, 17, segment([70_000]));
    const old = updateBytes({
      path: [64_500, 23_456],
      announced: ['203.0.113.0/24'],
      asnSize: 2,
      more: [as4],
    }).subarray(19);
    const answer = updateIsWanted(
      old,
      0,
      old.length,
      { asnSize: 2, addPath: false },
      { prefix: () => false, origin: (asn) => asn === 70_000 },
    );
    expect(answer).toBe(true);
  });

  test('is answered yes for damage, so that it is read and counted', () => {
    expect(asks(hex('0005 21'), () => false)).toBe(true);
    expect(asks(updateBody(NONE, NONE, hex('21 0102030405')), () => false)).toBe(true);
    expect(asks(updateBody(NONE, hex('4001'), NONE), () => false)).toBe(true);
  });
});
