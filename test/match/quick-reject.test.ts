/** The quick reject against the reference decoder: on generated, mutated and real frames `reject` has to be a proof. */
import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { originsOf } from '../../src/bgp/as-path.ts';
import { covers, type Prefix, prefixOf } from '../../src/bgp/prefix.ts';
import type { VantagePoint } from '../../src/bgp/vantage-point.ts';
import { loadScanner } from '../../src/daemon/scanner-file.ts';
import { decodeRisLive } from '../../src/decode/ris-live/ris-live.ts';
import { AsnSet } from '../../src/match/asn-set.ts';
import { PrefixIndex } from '../../src/match/prefix-index.ts';
import { type AcceptRoad, QuickReject, type QuickVerdict } from '../../src/match/quick-reject.ts';
import { ANNOUNCED_COUNT, WITHDRAWN_COUNT } from '../../src/match/tape.ts';
import { VantagePointTable } from '../../src/match/vantage-point-table.ts';
import {
  CAPTURES,
  damage,
  damaged,
  EVENTS,
  framesOf,
  printed,
  shapeArbitrary,
  textOf,
  WATCH,
  type Watch,
} from './frames.ts';

function quickRejectOf(watch: Watch, road?: AcceptRoad): { quick: QuickReject; table: VantagePointTable } {
  const index = new PrefixIndex();
  const holes = new Uint8Array(watch.prefixes.length + watch.holes.length);
  for (const [slot, text] of [...watch.prefixes, ...watch.holes].entries()) {
    index.insert(prefixOf(text), slot);
    if (slot >= watch.prefixes.length) holes[slot] = 1;
  }
  const scanner = loadScanner();
  const table = new VantagePointTable(scanner);
  const watched = { index, holes, origins: new AsnSet(watch.origins) };
  return { quick: new QuickReject(scanner, table, watched, road && (() => road)), table };
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

it('a prefix that is only tracked is looked at itself, and nothing inside it', () => {
  const index = new PrefixIndex();
  const tracked = ['0.0.0.0/0', '::/0', '10.0.0.0/9'];
  for (const [slot, text] of tracked.entries()) index.insert(prefixOf(text), slot);
  const scanner = loadScanner();
  const watched = { index, holes: new Uint8Array([2, 2, 2]), origins: new AsnSet([]) };
  const quick = new QuickReject(scanner, new VantagePointTable(scanner), watched);
  for (const text of ['10.1.0.0/16', '192.0.2.0/24', '2001:db8::/32'])
    expect(verdictOf(quick, frameOf({ announced: [text] })), text).toBe('reject');
  for (const text of [...tracked, '10.0.0.0/8'])
    expect(verdictOf(quick, frameOf({ announced: [text] })), text).toBe('slow');
});

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
      'that announces something shorter than /8 is looked at: a watched AS may have originated it',
      { announced: ['208.0.0.0/5', '0.0.0.0/0'] },
      'slow',
    ],
    ['that announces a covering IPv6 prefix is looked at', { announced: ['2001::/16'] }, 'slow'],
    ['that withdraws the default route of IPv6 is looked at', { path: '[]', withdrawn: ['::/0'] }, 'slow'],
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

  it('with something of ours goes the accept road where that takes it, the slow road where not', () => {
    const asked: unknown[] = [];
    let isTaken = true;
    const { quick, table } = quickRejectOf(WATCH, {
      accept: (cells, at, row, nowMs, feed) => {
        asked.push([cells[at + ANNOUNCED_COUNT], cells[at + WITHDRAWN_COUNT], row, nowMs, feed]);
        return isTaken;
      },
    });
    const ours = frameOf({ announced: ['192.0.2.0/24', '10.1.2.0/24'] });
    const originated = frameOf({ path: '[64496,38099]', announced: ['192.0.2.0/24'] });
    expect(quick.verdict(ours, 1_000)).toBe('stranger');
    expect(asked).toEqual([]);
    const row = quick.adopt(peer);
    expect(quick.verdict(ours, 2_000, 'ris')).toBe('accept');
    expect(table.heardMs(row, 4)).toBe(2_000);
    expect(quick.verdict(originated, 3_000)).toBe('accept');
    expect(quick.verdict(frameOf({ withdrawn: ['2001:db8::/32'] }), 4_000)).toBe('accept');
    expect(quick.verdict(frameOf({ announced: ['192.0.2.0/24'] }), 5_000)).toBe('reject');
    isTaken = false;
    expect(quick.verdict(ours, 6_000)).toBe('slow');
    expect([table.heardMs(row, 4), table.heardMs(row, 6)]).toEqual([5_000, 4_000]);
    table.callIn(peer);
    expect(quick.verdict(ours, 7_000)).toBe('slow');
    expect(asked).toEqual([
      [2, 0, row, 2_000, 'ris'],
      [1, 0, row, 3_000, ''],
      [0, 1, row, 4_000, ''],
      [2, 0, row, 6_000, ''],
    ]);
    expect([quick.accepted, quick.rejected]).toEqual([3, 1]);
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
