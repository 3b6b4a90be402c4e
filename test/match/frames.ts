/**
 * Frames of RIS Live for tests: generated ones with odd values, written the way different writers would, damaged ones, and
 * those of the captures that lie beside the project.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';

export interface Watch {
  readonly prefixes: readonly string[];
  readonly holes: readonly string[];
  readonly origins: readonly number[];
}

export const WATCH: Watch = {
  prefixes: [
    '211.249.216.0/21',
    '10.1.0.0/16',
    '10.1.2.0/24',
    '2001:db8::/32',
    '2001:db8:ffff:ffff:ffff::/80',
  ],
  holes: ['211.249.218.0/24', '10.0.0.0/8', '2001:db8:1::/48'],
  origins: [38_099, 4_200_000_001],
};

const anyAsn = fc.oneof(
  fc.nat(70_000),
  fc.constantFrom(38_099, 4_200_000_001, 4_294_967_295, 0, 2_147_483_648),
);
const prefixText = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)).map(([a, b, c]) => `${a}.${b}.${c}.0/24`),
  },
  {
    weight: 16,
    arbitrary: fc
      .tuple(fc.nat(0xffff), fc.nat(0xffff))
      .map(([a, b]) => `2${(a & 0xfff).toString(16).padStart(3, '0')}:${b.toString(16)}::/32`),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '0.0.0.0/0',
      '::/0',
      '8.0.0.0/6',
      '11.0.0.0/8',
      '1.2.3.4/32',
      '::1/128',
      '2605:de00:bb:0:0:0:0:0/48',
      '2A0E:97C7::/48',
      '1:2:3:4:5:6:7::/112',
      '::2:3:4:5:6:7:8/128',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...WATCH.prefixes,
      ...WATCH.holes,
      '211.249.221.0/24',
      '211.248.0.0/13',
      '10.1.2.128/25',
      '10.7.0.0/16',
      '2001:db8:1:2::/64',
      '2001:d00::/24',
      '2001::/16',
      '2000::/8',
      '2001:db8:ffff:ffff:ffff:1::/96',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '10.0.0.1/24',
      '1.2.3.4/33',
      '01.2.3.0/24',
      '1.2.3/24',
      '::/129',
      '::ffff:1.2.3.4/128',
      '1::2::3/64',
      '1.2.3.0/024',
      '1:2:3:4:5:6:7:8::/64',
      '',
      '/',
      '300.1.1.0/24',
      '2001:db8::1/64',
      '12345::/16',
    ),
  },
);

export interface Shape {
  readonly fields: readonly (readonly [string, unknown])[];
  readonly tidy: boolean;
}

const announcement = fc.record({
  next_hop: fc.constantFrom('192.0.2.1', '2001:7f8::1,fe80::1', 'nonsense'),
  prefixes: fc.array(prefixText, { minLength: 1, maxLength: 3 }),
});
const usualFields = fc.record({
  timestamp: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(1_553_627_987.89, 1_771_179_888, 999_999_999.5) },
    { weight: 1, arbitrary: fc.double({ min: 1, max: 3e10, noNaN: true }) },
  ),
  peer: fc.constantFrom('192.0.2.1', '2001:7f8::1', '2001:7F8::1', '192.0.2.2'),
  peer_asn: fc.constantFrom('64496', '3356', 'AS3356'),
  id: fc.constantFrom('21-192-0-2-0-11188782', ''),
  host: fc.constantFrom('rrc00', 'rrc25.ripe.net'),
  type: fc.constant('UPDATE'),
  path: fc.array(anyAsn, { minLength: 1, maxLength: 6 }),
  community: fc.array(fc.tuple(fc.nat(65_535), fc.nat(65_535)), { maxLength: 3 }),
  origin: fc.constant('IGP'),
  announcements: fc.array(announcement, { maxLength: 2 }),
  withdrawals: fc.array(prefixText, { maxLength: 3 }),
});

/** Odd values, one of them put in the place of an honest one. */
const oddField: fc.Arbitrary<readonly [string, unknown]> = fc.oneof(
  fc.tuple(
    fc.constant('path'),
    fc.constantFrom<unknown>(
      [],
      [[1, 2]],
      [1, [2, 3]],
      [1, '2'],
      [1, -2],
      [1.5],
      null,
      'x',
      [4_294_967_296],
      [1, []],
    ),
  ),
  fc.tuple(fc.constant('timestamp'), fc.constantFrom<unknown>(null, '1553627987.89', -1, 0, 1e15, 'x')),
  fc.tuple(fc.constant('peer'), fc.constantFrom<unknown>(null, '', 'x', '1.2.3.4.5', 7, '192.0.2.1 ')),
  fc.tuple(fc.constant('peer_asn'), fc.constantFrom<unknown>(64_496, '', 'x', null, '4294967296')),
  fc.tuple(fc.constant('host'), fc.constantFrom<unknown>('', null, 'rrc 00', 'é', 'a"b')),
  fc.tuple(
    fc.constant('type'),
    fc.constantFrom<unknown>('KEEPALIVE', 'RIS_PEER_STATE', null, 'update', 'OTHER'),
  ),
  fc.tuple(
    fc.constant('community'),
    fc.constantFrom<unknown>([[65_536, 1]], [[1]], [1, 2], null, 'x', [[1, 2, 3]], {}),
  ),
  fc.tuple(
    fc.constant('announcements'),
    fc.constantFrom<unknown>(
      null,
      {},
      [null],
      [{}],
      [{ next_hop: 'x' }],
      [{ prefixes: 'x' }],
      [{ prefixes: [], withdrawals: ['10.1.2.0/24'] }],
      [{ prefixes: [7] }],
    ),
  ),
  fc.tuple(fc.constant('withdrawals'), fc.constantFrom<unknown>(null, {}, [null], 'x', [[]])),
  fc.tuple(
    fc.constantFrom('med', 'raw', 'aggregator', 'msg', '__proto__', 'id'),
    fc.constantFrom<unknown>(7, 'FFFF', '65000-8.42.232.1', null, {}, -1, 'é', 'a\\b'),
  ),
);

export const shapeArbitrary: fc.Arbitrary<Shape> = fc
  .tuple(usualFields, fc.option(oddField, { freq: 1 }), fc.nat(3))
  .chain(([usual, odd, missing]) => {
    const fields: (readonly [string, unknown])[] = Object.entries(usual).filter(([key]) => key !== odd?.[0]);
    if (odd !== null) fields.push(odd);
    const kept = missing === 0 ? fields.slice(1) : fields;
    const ordered = fc.oneof(
      fc.constant(kept),
      fc.shuffledSubarray(kept, { minLength: kept.length, maxLength: kept.length }),
    );
    return ordered.map((inOrder) => ({ fields: inOrder, tidy: odd === null && missing !== 0 }));
  });

export const printed = fc.record({
  spaces: fc.constantFrom('compact', 'python', 'wide', 'lines'),
  envelope: fc.constantFrom('usual', 'turned', 'bare', 'twice'),
  unicode: fc.nat(30),
  end: fc.constantFrom('', '\n', ' \r\n', 'x', '}'),
});

/** Writes a frame the way different writers would. */
export function textOf(
  shape: Shape,
  how: { spaces: string; envelope: string; unicode: number; end: string },
): string {
  const [colon, comma] =
    how.spaces === 'compact'
      ? [':', ',']
      : how.spaces === 'python'
        ? [': ', ', ']
        : how.spaces === 'wide'
          ? [' : ', ' , ']
          : [':\n', ',\t'];
  const show = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(show).join(comma)}]`;
    if (typeof value === 'object' && value !== null)
      return `{${Object.entries(value).map(pair).join(comma)}}`;
    const text = JSON.stringify(value);
    return how.unicode === 0 ? text.replace('1', '\\u0031') : text;
  };
  const pair = ([key, value]: readonly [string, unknown]): string =>
    `${JSON.stringify(key)}${colon}${show(value)}`;
  const data = `{${shape.fields.map(pair).join(comma)}}`;
  const type = pair(['type', 'ris_message']);
  if (how.envelope === 'bare') return data + how.end;
  const parts =
    how.envelope === 'usual'
      ? [type, `"data"${colon}${data}`]
      : how.envelope === 'turned'
        ? [`"data"${colon}${data}`, type]
        : [type, `"data"${colon}{}`, `"data"${colon}${data}`];
  return `{${parts.join(comma)}}${how.end}`;
}

/** Damage on bytes: flips, cuts, insertions, pieces said twice. */
export const damage = fc.array(
  fc.record({
    what: fc.constantFrom('set', 'insert', 'cut', 'repeat'),
    at: fc.nat(2_000),
    size: fc.nat(40),
    byte: fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('"\\{}[]:,.-+eE0123456789/ \n'))),
  }),
  { maxLength: 4 },
);

export function damaged(
  frame: Buffer,
  steps: readonly { what: string; at: number; size: number; byte: number }[],
): Buffer {
  let bytes = frame;
  for (const { what, at, size, byte } of steps) {
    const where = at % (bytes.length + 1);
    const head = bytes.subarray(0, where);
    const one = Buffer.from([byte]);
    if (what === 'set') bytes = Buffer.concat([head, one, bytes.subarray(where + 1)]);
    else if (what === 'insert') bytes = Buffer.concat([head, one, bytes.subarray(where)]);
    else if (what === 'cut') bytes = Buffer.concat([head, bytes.subarray(where + 1 + size)]);
    else bytes = Buffer.concat([head, bytes.subarray(where, where + size), bytes.subarray(where)]);
  }
  return bytes;
}

export const CAPTURES = '../shared/data/rislive';
export const EVENTS = '../shared/data/events/rislive-reencoded';

export function framesOf(folder: string): Buffer[] {
  const frames: Buffer[] = [];
  for (const name of readdirSync(folder).sort()) {
    if (!/json(\.gz)?$/.test(name) || name.includes('sources')) continue;
    const bytes = readFileSync(`${folder}/${name}`);
    const text = name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
    for (const line of text.toString('latin1').split('\n'))
      if (line !== '') frames.push(Buffer.from(line, 'latin1'));
  }
  return frames;
}
