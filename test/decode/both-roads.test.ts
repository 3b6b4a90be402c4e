/**
 * The same UPDATE by RIS Live JSON and by BGP bytes: both roads judge it alike, whatever is broken in the attributes that
 * nobody judges. A monitor is no router (detection.md §4).
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { originsOf, type PathElement } from '../../src/bgp/as-path.ts';
import { prefixOf } from '../../src/bgp/prefix.ts';
import type { Problem, Update } from '../../src/bgp/update.ts';
import { parseUpdate, toUpdate } from '../../src/decode/bgp/update.ts';
import { decodeRisLive } from '../../src/decode/ris-live/ris-live.ts';
import { addressBytes, attribute, be16, hex, nlri, segment, updateBody } from '../decode-mrt/bytes.ts';

const FOUR = ['211.249.216.0/21', '211.249.221.0/24', '10.0.0.0/8', '203.0.113.128/25', '192.0.2.1/32'];
const SIX = ['2001:db8::/32', '2001:db8:101::/48', '2404:4600::/31'];

/** Something broken: how it looks in an attribute, and in the fields of a message. */
interface Fault {
  readonly type: number;
  readonly bytes: readonly Buffer[];
  readonly json?: Readonly<Record<string, unknown>>;
}

/** An attribute of this type in every broken way: other lengths, other flags, twice. */
function broken(type: number, flags: number, sound: Buffer, field?: string): Fault[] {
  const json = field === undefined ? {} : { json: { [field]: { nonsense: [] } } };
  const lengths = [0, 1, 2, 3, 5, 6, 7, 9, 16].filter((length) => length !== sound.length);
  return [
    ...lengths.map((length) => ({ type, bytes: [attribute(flags, type, Buffer.alloc(length, 7))], ...json })),
    ...[0x00, 0x20, 0x40, 0x80, 0xc0, 0xe0].map((other) => ({
      type,
      bytes: [attribute(other, type, sound)],
      ...json,
    })),
    { type, bytes: [attribute(flags, type, sound), attribute(flags, type, sound)], ...json },
    { type, bytes: [], ...json },
  ];
}

const FAULTS: readonly Fault[] = [
  ...broken(1, 0x40, hex('00'), 'origin'),
  { type: 1, bytes: [attribute(0x40, 1, hex('09'))], json: { origin: 'WHATEVER' } },
  ...broken(3, 0x40, hex('c0000201')),
  ...broken(4, 0x80, hex('00000001'), 'med'),
  ...broken(5, 0x40, hex('00000064')),
  ...broken(6, 0x40, hex('')),
  ...broken(7, 0xc0, hex('00000001 01020304'), 'aggregator'),
  ...broken(9, 0x80, hex('01020304')),
  ...broken(10, 0x80, hex('01020304')),
  ...broken(16, 0xc0, hex('0002000100000001')),
  ...broken(18, 0xc0, hex('00000001 01020304')),
  ...broken(32, 0xc0, hex('000000010000000200000003')),
  ...broken(35, 0xc0, hex('00001dc9')),
  ...broken(40, 0xc0, hex('0100')),
  { type: 153, bytes: [attribute(0x40, 153, hex('01'))] },
];

const asn = fc.oneof(fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 1, max: 0xffffffff }));
const element: fc.Arbitrary<PathElement> = fc.oneof(
  { weight: 6, arbitrary: asn },
  { weight: 1, arbitrary: fc.array(asn, { maxLength: 3 }) },
);
const half = fc.integer({ min: 0, max: 65_535 });
const said = fc.record({
  path: fc.array(element, { maxLength: 6 }),
  announced: fc.subarray([...FOUR, ...SIX]),
  withdrawn: fc.subarray([...FOUR, ...SIX]),
  communities: fc.array(fc.tuple(half, half), { maxLength: 3 }),
  /** Octets too many behind the communities; in JSON a pair that is none. */
  communityRest: fc.integer({ min: 0, max: 3 }),
  faults: fc.array(fc.constantFrom(...FAULTS), { maxLength: 4 }),
  order: fc.infiniteStream(fc.nat(1_000)),
});
type Said = typeof said extends fc.Arbitrary<infer T> ? T : never;

function pathBytes(path: readonly PathElement[]): Buffer {
  return Buffer.concat(
    path.map((each) => (typeof each === 'number' ? segment([each]) : segment(each, { type: 1 }))),
  );
}

function byBytes({ path, announced, withdrawn, communities, communityRest, faults, order }: Said): {
  readonly update: Update | undefined;
  readonly problems: readonly Problem[];
} {
  const lists = (texts: readonly string[], isSix: boolean): Buffer =>
    Buffer.concat(texts.filter((text) => text.includes(':') === isSix).map(nlri));
  const replaced = new Set(faults.map(({ type }) => type));
  const sound: [number, Buffer][] = [
    [1, attribute(0x40, 1, hex('00'))],
    [2, attribute(0x40, 2, pathBytes(path))],
    [3, attribute(0x40, 3, hex('c0000201'))],
  ];
  const pairs = Buffer.concat([
    ...communities.map(([high, low]) => Buffer.concat([be16(high), be16(low)])),
    Buffer.alloc(communityRest, 9),
  ]);
  if (pairs.length > 0) sound.push([8, attribute(0xc0, 8, pairs)]);
  const six = lists(announced, true);
  if (six.length > 0)
    sound.push([
      14,
      attribute(0x80, 14, Buffer.concat([hex('0002 01 10'), addressBytes('2001:db8::1'), hex('00'), six])),
    ]);
  const sixGone = lists(withdrawn, true);
  if (sixGone.length > 0) sound.push([15, attribute(0x80, 15, Buffer.concat([hex('0002 01'), sixGone]))]);
  const all = [
    ...sound.filter(([type]) => !replaced.has(type)).map(([, bytes]) => bytes),
    ...faults.flatMap(({ bytes }) => bytes),
  ];
  const keys = order[Symbol.iterator]();
  const shuffled = all
    .map((bytes) => ({ bytes, key: keys.next().value as number }))
    .sort((a, b) => a.key - b.key)
    .map(({ bytes }) => bytes);
  const body = updateBody(lists(withdrawn, false), Buffer.concat(shuffled), lists(announced, false));
  const problems: Problem[] = [];
  const slice = { bytes: body, start: 0, end: body.length };
  const parsed = parseUpdate(slice, { asnSize: 4, addPath: false, isJudged: true }, problems);
  const vantagePoint = { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 64_500 };
  return { update: toUpdate(parsed, vantagePoint, 1_000, problems), problems };
}

function byJson({
  path,
  announced,
  withdrawn,
  communities,
  communityRest,
  faults,
}: Said): Update | undefined {
  const data = {
    type: 'UPDATE',
    timestamp: 1,
    peer: '192.0.2.1',
    peer_asn: '64500',
    host: 'rrc00',
    path,
    community: [...communities, ...(communityRest > 0 ? [[1]] : [])],
    announcements: announced.length === 0 ? [] : [{ next_hop: '192.0.2.1', prefixes: announced }],
    withdrawals: withdrawn,
    ...Object.assign({}, ...faults.map(({ json = {} }) => json)),
  };
  const decoded = decodeRisLive(JSON.stringify({ type: 'ris_message', data }));
  return decoded.type === 'update' ? decoded.update : undefined;
}

/** What is judged of it, in one order. */
function judged(update: Update | undefined): unknown {
  const texts = (prefixes: Update['announced'] = []): string[] => prefixes.map(({ text }) => text).sort();
  const announced = texts(update?.announced);
  return {
    announced,
    withdrawn: texts(update?.withdrawn),
    path: update?.path ?? [],
    communities: announced.length === 0 ? [] : update?.communities,
    vantagePoint: announced.length === 0 ? undefined : update?.vantagePoint,
  };
}

describe('an UPDATE by JSON and by bytes', () => {
  test('is judged alike, with any attributes broken that nobody judges', () => {
    fc.assert(
      fc.property(said, (one) => {
        expect(judged(byBytes(one).update)).toEqual(judged(byJson(one)));
      }),
      { numRuns: 3_000 },
    );
  });

  test.each(FAULTS.map((fault, index) => [index, fault] as const))(
    'announces its prefixes and withdraws none with fault %i, which is counted',
    (_index, fault) => {
      const one: Said = {
        path: [64_500, 9457],
        announced: ['211.249.221.0/24', '2001:db8:101::/48'],
        withdrawn: [],
        communities: [],
        communityRest: 0,
        faults: [fault],
        order: fc.sample(fc.infiniteStream(fc.constant(1)), 1)[0] as Said['order'],
      };
      const { update, problems } = byBytes(one);
      expect(update?.announced).toEqual(['211.249.221.0/24', '2001:db8:101::/48'].map(prefixOf));
      expect([update?.withdrawn, originsOf(update?.path ?? [])]).toEqual([[], [9457]]);
      const isMandatory = fault.type === 1 || fault.type === 3;
      if (fault.bytes.length > 1 || (fault.bytes.length === 0 && isMandatory))
        expect(problems.length).toBeGreaterThan(0);
    },
  );
});
