/** The quick reject against the reference decoder: on generated, mutated and real frames `reject` has to be a proof. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { originsOf } from '../../src/bgp/as-path.ts';
import { covers, type Prefix, prefixOf } from '../../src/bgp/prefix.ts';
import type { VantagePoint } from '../../src/bgp/vantage-point.ts';
import { loadScanner } from '../../src/daemon/scanner-file.ts';
import { decodeRisLive } from '../../src/decode/ris-live.ts';
import { AsnSet } from '../../src/match/asn-set.ts';
import { PrefixIndex } from '../../src/match/prefix-index.ts';
import { QuickReject, type QuickVerdict } from '../../src/match/quick-reject.ts';
import { VantagePointTable } from '../../src/match/vantage-point-table.ts';

interface Watch {
  readonly prefixes: readonly string[];
  readonly holes: readonly string[];
  readonly origins: readonly number[];
}

const WATCH: Watch = {
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

function quickRejectOf(watch: Watch): { quick: QuickReject; table: VantagePointTable } {
  const index = new PrefixIndex();
  const holes = new Uint8Array(watch.prefixes.length + watch.holes.length);
  for (const [slot, text] of [...watch.prefixes, ...watch.holes].entries()) {
    index.insert(prefixOf(text), slot);
    if (slot >= watch.prefixes.length) holes[slot] = 1;
  }
  const scanner = loadScanner();
  const table = new VantagePointTable(scanner);
  const watched = { index, holes, origins: new AsnSet(watch.origins) };
  return { quick: new QuickReject(scanner, table, watched), table };
}

/** As the daemon does it: a stranger is decoded once, then known. */
function verdictOf(quick: QuickReject, frame: Buffer, nowMs = 1): QuickVerdict {
  const verdict = quick.verdict(frame, nowMs);
  if (verdict !== 'stranger') return verdict;
  const decoded = decodeRisLive(frame.toString());
  if (decoded.type !== 'update' || decoded.problems.length > 0) return verdict;
  expect(quick.adopt(decoded.update.vantagePoint)).toBeGreaterThanOrEqual(0);
  return quick.verdict(frame, nowMs);
}

function concerns(watch: Watch, prefix: Prefix): boolean {
  const all = [...watch.prefixes, ...watch.holes].map((text) => prefixOf(text));
  const cover = all.filter((entry) => covers(entry, prefix)).sort((a, b) => b.length - a.length)[0];
  if (cover !== undefined && watch.prefixes.includes(cover.text)) return true;
  if (prefix.length < (prefix.family === 4 ? 8 : 16)) return false;
  return watch.prefixes.some((text) => prefixOf(text).text !== prefix.text && covers(prefix, prefixOf(text)));
}

/** Why the reference would not let this frame go unseen; undefined when nothing in it concerns us. */
function reasonToLook(watch: Watch, text: string): string | undefined {
  const decoded = decodeRisLive(text);
  if (decoded.type !== 'update') return `the reference says ${decoded.type}`;
  if (decoded.problems.length > 0) return `problem ${decoded.problems[0]?.code}`;
  const { update } = decoded;
  if (update.observedMs === undefined) return 'no stamp';
  if (originsOf(update.path).some((origin) => watch.origins.includes(origin))) return 'watched origin';
  const ours = [...update.announced, ...update.withdrawn].find((prefix) => concerns(watch, prefix));
  return ours === undefined ? undefined : `prefix ${ours.text}`;
}

function expectProof(quick: QuickReject, watch: Watch, frame: Buffer): QuickVerdict {
  const verdict = verdictOf(quick, frame);
  const reason = verdict === 'reject' ? reasonToLook(watch, frame.toString()) : undefined;
  if (reason !== undefined) expect.fail(`rejected, though: ${reason} in ${frame.toString()}`);
  return verdict;
}

// ------------------------------------------------------------------------------------------------ generated frames

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

interface Shape {
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

const shapeArbitrary: fc.Arbitrary<Shape> = fc
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

const printed = fc.record({
  spaces: fc.constantFrom('compact', 'python', 'wide', 'lines'),
  envelope: fc.constantFrom('usual', 'turned', 'bare', 'twice'),
  unicode: fc.nat(30),
  end: fc.constantFrom('', '\n', ' \r\n', 'x', '}'),
});

/** Writes a frame the way different writers would. */
function textOf(
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
const damage = fc.array(
  fc.record({
    what: fc.constantFrom('set', 'insert', 'cut', 'repeat'),
    at: fc.nat(2_000),
    size: fc.nat(40),
    byte: fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('"\\{}[]:,.-+eE0123456789/ \n'))),
  }),
  { maxLength: 4 },
);

function damaged(
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

describe('the quick reject', () => {
  it('rejects only what the reference decodes without problems and without anything of ours', () => {
    const { quick } = quickRejectOf(WATCH);
    fc.assert(
      fc.property(shapeArbitrary, printed, (shape, how) => {
        expectProof(quick, WATCH, Buffer.from(textOf(shape, how)));
      }),
      { numRuns: 6_000 },
    );
    expect(quick.rejected).toBeGreaterThan(300);
  });

  it('stays a proof when bytes of a frame are damaged', () => {
    const { quick } = quickRejectOf(WATCH);
    fc.assert(
      fc.property(shapeArbitrary, damage, (shape, steps) => {
        const text = textOf(shape, { spaces: 'compact', envelope: 'usual', unicode: 1, end: '' });
        expectProof(quick, WATCH, damaged(Buffer.from(text), steps));
      }),
      { numRuns: 8_000 },
    );
    expect(quick.rejected).toBeGreaterThan(200);
  });

  it('says the same of a frame that lies in a stream, whatever stands around it', () => {
    const { quick } = quickRejectOf(WATCH);
    const around = fc.oneof(
      fc.constantFrom('', '}', '"}', ',"path":[1]}}', '0', ' ', '{"type":"ris_message"'),
      fc.string(),
    );
    fc.assert(
      fc.property(shapeArbitrary, printed, damage, around, (shape, style, steps, rest) => {
        const frame = damaged(Buffer.from(textOf(shape, style)), steps);
        for (const [cut, start] of [
          [0, 7],
          [1, 64],
          [frame.length >> 1, 1_001],
        ] as const) {
          const part = frame.subarray(0, frame.length - cut);
          const alone = verdictOf(quick, part);
          const { area } = quick.scanner;
          area.set(part, start);
          area.set(
            Buffer.concat([frame.subarray(frame.length - cut), Buffer.from(rest)]),
            start + part.length,
          );
          quick.scanner.scanAt(start, start + part.length);
          expect(quick.judge(0, 1)).toBe(alone);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('rejects every plain frame that is not ours, in any field order and with spaces', () => {
    const { quick } = quickRejectOf(WATCH);
    fc.assert(
      fc.property(
        shapeArbitrary,
        fc.constantFrom('compact', 'python', 'wide'),
        fc.constantFrom('usual', 'turned'),
        (shape, spaces, envelope) => {
          const text = textOf(shape, { spaces, envelope, unicode: 1, end: '' });
          const decoded = decodeRisLive(text);
          const isPlain =
            /"timestamp" ?: ?\d{9,10}[.,} ]/.test(text) && !/"timestamp" ?: ?[\d.]+e/.test(text);
          const hasQuad = /:[\d.]+\.\d+\/\d/.test(text);
          fc.pre(
            !hasQuad &&
              shape.tidy &&
              isPlain &&
              reasonToLook(WATCH, text) === undefined &&
              decoded.type === 'update',
          );
          fc.pre(
            decoded.type === 'update' &&
              decoded.update.announced.length + decoded.update.withdrawn.length > 0,
          );
          // A hole that lies inside what is announced is reason enough to look, though nothing comes of it.
          const holes =
            decoded.type === 'update'
              ? [...decoded.update.announced, ...decoded.update.withdrawn].some((p) =>
                  WATCH.holes.some((hole) => covers(p, prefixOf(hole)) && hole !== p.text),
                )
              : false;
          fc.pre(!holes);
          expect(verdictOf(quick, Buffer.from(text)), text).toBe('reject');
        },
      ),
      { numRuns: 1_500 },
    );
  });
});

// ------------------------------------------------------------------------------------------------------- by hand

const peer: VantagePoint = { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 64_496 };

function frameOf(fields: {
  path?: string;
  announced?: string[];
  withdrawn?: string[];
  host?: string;
}): Buffer {
  const announcements =
    fields.announced === undefined ? [] : [{ next_hop: '192.0.2.1', prefixes: fields.announced }];
  return Buffer.from(
    `{"type":"ris_message","data":{"timestamp":1771179888.49,"peer":"192.0.2.1","peer_asn":"64496","id":"1","host":"${fields.host ?? 'rrc00'}","type":"UPDATE","path":${fields.path ?? '[64496,3356,65536]'},"community":[[3356,4]],"announcements":${JSON.stringify(announcements)},"withdrawals":${JSON.stringify(fields.withdrawn ?? [])}}}`,
  );
}

describe('a frame', () => {
  const cases: readonly [string, Parameters<typeof frameOf>[0], QuickVerdict][] = [
    ['about foreign space is rejected', { announced: ['192.0.2.0/24', '2a00::/32'] }, 'reject'],
    ['that withdraws foreign space is rejected', { path: '[]', withdrawn: ['192.0.2.0/24'] }, 'reject'],
    ['that announces the watched prefix itself is looked at', { announced: ['211.249.216.0/21'] }, 'slow'],
    [
      'that announces a more-specific is looked at',
      { announced: ['192.0.2.0/24', '211.249.221.0/24'] },
      'slow',
    ],
    ['that announces a covering prefix is looked at', { announced: ['211.0.0.0/8'] }, 'slow'],
    [
      'that announces something shorter than /8 is rejected',
      { announced: ['208.0.0.0/5', '0.0.0.0/0'] },
      'reject',
    ],
    ['that announces a covering IPv6 prefix is looked at', { announced: ['2001::/16'] }, 'slow'],
    ['that announces IPv6 shorter than /16 is rejected', { announced: ['2000::/15'] }, 'reject'],
    [
      'that withdraws a more-specific is looked at',
      { path: '[]', withdrawn: ['2001:db8:ffff::/48'] },
      'slow',
    ],
    ['inside a hole is rejected', { announced: ['211.249.218.0/25', '10.9.0.0/16'] }, 'reject'],
    ['inside an entry inside a hole is looked at', { announced: ['10.1.9.0/24'] }, 'slow'],
    ['from a watched origin is looked at', { path: '[64496,38099]', announced: ['192.0.2.0/24'] }, 'slow'],
    [
      'from a watched four-byte origin is looked at',
      { path: '[64496,4200000001]', announced: ['192.0.2.0/24'] },
      'slow',
    ],
    [
      'that only passes a watched AS is rejected',
      { path: '[64496,38099,7]', announced: ['192.0.2.0/24'] },
      'reject',
    ],
    [
      'whose origin is an AS_SET is looked at',
      { path: '[64496,[1,2]]', announced: ['192.0.2.0/24'] },
      'slow',
    ],
    ['with an announcement and no path is looked at', { path: '[]', announced: ['192.0.2.0/24'] }, 'slow'],
    ['with host bits is looked at', { announced: ['192.0.2.1/24'] }, 'slow'],
    ['without routes is looked at', {}, 'slow'],
  ];
  it.each(cases)('%s', (_, fields, verdict) => {
    expect(verdictOf(quickRejectOf(WATCH).quick, frameOf(fields))).toBe(verdict);
  });

  it('of an unknown spelling of a vantage point is decoded first, then it counts as heard', () => {
    const { quick, table } = quickRejectOf(WATCH);
    const frame = frameOf({ announced: ['192.0.2.0/24'] });
    expect(quick.verdict(frame, 1_000)).toBe('stranger');
    expect(quick.verdict(frame, 1_000)).toBe('stranger');
    const row = quick.adopt(peer);
    expect([table.heardMs(row, 4), table.heardMs(row, 6)]).toEqual([0, 0]);
    expect(quick.verdict(frame, 2_000)).toBe('reject');
    expect([table.heardMs(row, 4), table.heardMs(row, 6)]).toEqual([2_000, 0]);
    expect(quick.verdict(frameOf({ withdrawn: ['2a00::/32'] }), 3_000)).toBe('reject');
    expect([table.heardMs(row, 4), table.heardMs(row, 6)]).toEqual([2_000, 3_000]);
    expect(quick.verdict(frameOf({ announced: ['10.1.2.0/24'] }), 4_000)).toBe('slow');
    expect(table.heardMs(row, 4)).toBe(2_000);
    expect(quick.verdict(frameOf({ announced: ['192.0.2.0/24'], host: 'rrc00.ripe.net' }), 5_000)).toBe(
      'stranger',
    );
    expect(table.vantagePointOf(row)).toEqual(peer);
  });

  it('of a vantage point that is called in goes the slow road until it is called off', () => {
    const { quick, table } = quickRejectOf(WATCH);
    const frame = frameOf({ announced: ['192.0.2.0/24'] });
    expect(verdictOf(quick, frame)).toBe('reject');
    table.callIn(peer);
    expect(quick.verdict(frame, 1)).toBe('slow');
    table.callOff(peer);
    expect(quick.verdict(frame, 1)).toBe('reject');
    table.callInAll();
    expect(quick.verdict(frame, 1)).toBe('slow');
  });

  it('cut off anywhere is never rejected', () => {
    const { quick } = quickRejectOf(WATCH);
    const frame = frameOf({ announced: ['192.0.2.0/24'], withdrawn: ['2a00::/32'] });
    expect(verdictOf(quick, frame)).toBe('reject');
    for (let end = 0; end < frame.length; end += 1)
      expect(quick.verdict(frame.subarray(0, end), 1)).toBe('slow');
  });
});

// ------------------------------------------------------------------------------------------------------- real ones

const CAPTURES = '../shared/data/rislive';
const EVENTS = '../shared/data/events/rislive-reencoded';

function framesOf(folder: string): Buffer[] {
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

describe.skipIf(!existsSync(CAPTURES) || !existsSync(EVENTS))('on real captures (../shared/data)', () => {
  it('rejects nothing that the reference would look at, damaged or not', () => {
    const { quick } = quickRejectOf(WATCH);
    const frames = framesOf(CAPTURES);
    for (const frame of frames) expectProof(quick, WATCH, frame);
    fc.assert(
      fc.property(fc.constantFrom(...frames), damage, (frame, steps) => {
        expectProof(quick, WATCH, damaged(frame, steps));
      }),
      { numRuns: 4_000 },
    );
  });

  it('takes the fast road for nearly all frames that are not ours', () => {
    const { quick } = quickRejectOf(WATCH);
    let misses = 0;
    let rejected = 0;
    for (const [number, frame] of framesOf(EVENTS).entries()) {
      // Decoding is the slow part of this test: the proof is asked of every seventh, the count of all.
      const verdict = number % 7 === 0 ? expectProof(quick, WATCH, frame) : verdictOf(quick, frame);
      const isMiss = verdict === 'reject' || reasonToLook(WATCH, frame.toString()) === undefined;
      if (isMiss) misses += 1;
      if (verdict === 'reject') rejected += 1;
    }
    expect(misses).toBeGreaterThan(40_000);
    expect(rejected / misses).toBeGreaterThan(0.98);
  });
});
