/** The tape against the reference decoder: whatever a record says that is plain is what `decodeRisLive` reads, in its order. */
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prefixOf } from '../../src/bgp/prefix.ts';
import type { Update } from '../../src/bgp/update.ts';
import { loadScanner } from '../../src/daemon/scanner-file.ts';
import { decodeRisLive } from '../../src/decode/ris-live/ris-live.ts';
import { GROUPS_AT, MEMORY_BYTES, STATICS_AT, TAPE_AT } from '../../src/match/scan-memory.ts';
import type { Scanner } from '../../src/match/scanner.ts';
import * as tape from '../../src/match/tape.ts';
import { CAPTURES, damage, damaged, EVENTS, framesOf, printed, shapeArbitrary, textOf } from './frames.ts';
import { cellsOf, tapeOf } from './tape-writer.ts';

const scanner = loadScanner();

/** A list of a record: `count` members of `cells` cells. */
function listOf({ tape: cells }: { tape: Int32Array }, at: number, index: number, size: number): number[] {
  const first = cells[at + index + 1];
  return [...cells.subarray(first, first + cells[at + index] * size)];
}

function textAt({ tape: cells, bytes }: Scanner, at: number, index: number): string {
  return Buffer.from(bytes.subarray(cells[at + index], cells[at + index + 1])).toString('latin1');
}

/** Prefixes as the reference keeps them: each once, at its first place. */
function distinct(cells: readonly number[]): string[] {
  const texts: string[] = [];
  for (let at = 0; at < cells.length; at += tape.PREFIX_CELLS)
    texts.push(cells.slice(at, at + tape.PREFIX_CELLS).join(' '));
  return [...new Set(texts)];
}

/** Everything that a plain record says, against the reference. */
function expectRead(at: number, frame: Buffer): void {
  const text = frame.toString('latin1');
  const decoded = decodeRisLive(text);
  if (decoded.type !== 'update') throw new Error(`${decoded.type}: ${text}`);
  const { update } = decoded;
  expect(
    decoded.problems.filter(({ code }) => !code.startsWith('bad-peer') && code !== 'bad-host'),
    text,
  ).toEqual([]);
  const announced = distinct(listOf(scanner, at, tape.ANNOUNCED_COUNT, tape.PREFIX_CELLS));
  const withdrawn = distinct(listOf(scanner, at, tape.WITHDRAWN_COUNT, tape.PREFIX_CELLS));
  expect(announced, text).toEqual(update.announced.map((prefix) => cellsOf(prefix).join(' ')));
  expect(
    withdrawn.filter((prefix) => !announced.includes(prefix)),
    text,
  ).toEqual(update.withdrawn.map((prefix) => cellsOf(prefix).join(' ')));
  if (announced.length > 0)
    expect(listOf(scanner, at, tape.PATH_COUNT, 1), text).toEqual(update.path.map((asn) => Number(asn) | 0));
  expect(listOf(scanner, at, tape.COMMUNITY_COUNT, 1), text).toEqual(
    update.communities.map(([high, low]) => (high << 16) | low),
  );
  expect(tape.stampMs(scanner.tape, at, scanner.bytes), text).toBe(update.observedMs);
  const { data } = JSON.parse(text);
  expect([
    textAt(scanner, at, tape.PEER_AT),
    textAt(scanner, at, tape.PEER_ASN_AT),
    textAt(scanner, at, tape.HOST_AT),
  ]).toEqual([data.peer, data.peer_asn, data.host]);
}

/** Whether the frame is plain; if so, what it says is looked at. A vantage point that can't be read is for `adopt` to find. */
function isPlainAndRight(frame: Buffer): boolean {
  scanner.scanFrame(frame);
  if (scanner.tape[tape.PLAIN] !== 1) return false;
  const decoded = decodeRisLive(frame.toString('latin1'));
  if (decoded.type === 'bad') expect(decoded.problems.map(({ code }) => code)).toEqual(['bad-peer']);
  else expectRead(0, frame);
  return true;
}

function framed(payload: Buffer): Buffer {
  const { length } = payload;
  const header = length < 126 ? [0x81, length] : [0x81, 126, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(header), payload]);
}

/** Scans a stream as the tap does, piece by piece where the tape is full; the payloads and whether each was plain. */
function scannedStream(stream: Buffer): {
  readonly frames: readonly [string, number][];
  readonly stop: number;
} {
  scanner.area.set(stream);
  const frames: [string, number][] = [];
  let at = 0;
  for (;;) {
    const stop = scanner.scanStream(at, stream.length);
    for (let record = 0; record < scanner.recordsEnd(); record = scanner.tape[record + tape.NEXT]) {
      const [start, end] = scanner.tape.subarray(record + tape.START, record + tape.END + 1);
      frames.push([stream.toString('latin1', start, end), scanner.tape[record + tape.PLAIN]]);
    }
    if (stop === at) return { frames, stop };
    at = stop;
  }
}

const USUAL = { spaces: 'compact', envelope: 'usual', unicode: 1, end: '' };
const plainFrame = Buffer.from(
  '{"type":"ris_message","data":{"timestamp":1771179888.49,"peer":"192.0.2.1","peer_asn":"64496","id":"1","host":"rrc00","type":"UPDATE","path":[64496,65536],"community":[[3356,4]],"announcements":[{"next_hop":"192.0.2.1","prefixes":["192.0.2.0/24"]}],"withdrawals":["2a00::/32"]}}',
);

describe('the tape', () => {
  it('says of a plain frame what the reference reads, in any order, spacing and writing', () => {
    let plain = 0;
    fc.assert(
      fc.property(shapeArbitrary, printed, (shape, how) => {
        if (isPlainAndRight(Buffer.from(textOf(shape, how)))) plain += 1;
      }),
      { numRuns: 5_000 },
    );
    expect(plain).toBeGreaterThan(400);
  });

  it('says of a damaged frame what the reference reads, or that it is not plain', () => {
    let plain = 0;
    fc.assert(
      fc.property(shapeArbitrary, damage, (shape, steps) => {
        if (isPlainAndRight(damaged(Buffer.from(textOf(shape, USUAL)), steps))) plain += 1;
      }),
      { numRuns: 8_000 },
    );
    expect(plain).toBeGreaterThan(400);
  });

  it('reads every stamp as the reference does', () => {
    const seconds = fc.oneof(fc.nat(2 ** 31 - 1), fc.integer({ min: 2 ** 32 - 2, max: 9_999_999_999 }));
    fc.assert(
      fc.property(seconds, fc.stringMatching(/^(\.[0-9]{1,12})?$/), (whole, fraction) => {
        const text = plainFrame.toString().replace('1771179888.49', `${whole}${fraction}`);
        const isLong = String(whole).length >= 9;
        expect(isPlainAndRight(Buffer.from(text)), text).toBe(isLong);
      }),
    );
  });

  it('reads every prefix as the reference does, or leaves it alone', () => {
    const octet = fc.oneof(fc.nat(300).map(String), fc.constantFrom('', '0', '00', '01', '1000', 'a'));
    const four = fc
      .tuple(octet, octet, octet, octet, fc.nat(40))
      .map(([a, b, c, d, n]) => `${a}.${b}.${c}.${d}/${n}`);
    const group = fc.oneof(
      fc.nat(65_535).map((n) => n.toString(16)),
      fc.constantFrom('', '0', '0DB8', 'fffff', 'g', '::'),
    );
    const six = fc
      .tuple(fc.array(group, { minLength: 1, maxLength: 9 }), fc.nat(140))
      .map(([groups, n]) => `${groups.join(':').replace(/:{3,}/g, '::')}/${n}`);
    const masked = fc
      .tuple(fc.array(fc.nat(65_535), { minLength: 8, maxLength: 8 }), fc.nat(128))
      .map(([groups, n]) => {
        const words = groups.map(
          (value, at) => value & (0xffff << Math.max(0, Math.min(16, 16 * (at + 1) - n))) & 0xffff,
        );
        return `${words.map((word) => word.toString(16)).join(':')}/${n}`;
      });
    let read = 0;
    fc.assert(
      fc.property(fc.oneof(four, six, masked), (text) => {
        const frame = plainFrame.toString().replace('192.0.2.0/24', text);
        if (isPlainAndRight(Buffer.from(frame))) read += 1;
      }),
      { numRuns: 6_000 },
    );
    expect(read).toBeGreaterThan(500);
    for (const text of ['255.255.255.255/32', '0.0.0.0/0', '::/0', `${'ffff:'.repeat(7)}ffff/128`, '1::/16'])
      expect(isPlainAndRight(Buffer.from(plainFrame.toString().replace('192.0.2.0/24', text))), text).toBe(
        true,
      );
  });

  it('has the frames of a stream in order, and stops at what is no whole text frame, wherever the stream is cut', () => {
    const payloads = [plainFrame, Buffer.from('{}'), Buffer.alloc(0), plainFrame, Buffer.alloc(300, 'x')];
    const stream = Buffer.concat([...payloads.map(framed), Buffer.from([0x89, 0]), framed(plainFrame)]);
    const ends: number[] = [];
    for (const payload of payloads) ends.push((ends.at(-1) ?? 0) + framed(payload).length);
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const whole = ends.filter((end) => end <= cut);
      const { frames, stop } = scannedStream(stream.subarray(0, cut));
      expect(stop).toBe(whole.at(-1) ?? 0);
      expect(frames).toEqual(
        payloads
          .slice(0, whole.length)
          .map((payload) => [payload.toString(), payload === plainFrame ? 1 : 0]),
      );
    }
  });

  it('goes on where it was full: frames of nothing, and lists as long as a frame may be', () => {
    const empty = Buffer.concat(Array.from({ length: 60_000 }, () => framed(Buffer.alloc(0))));
    expect(scannedStream(empty).frames.length).toBe(60_000);
    const long = (item: string, key: string, rest: string): Buffer => {
      const list = `[${Array.from({ length: Math.floor(64_000 / (item.length + 1)) }, () => item)}]`;
      return Buffer.from(plainFrame.toString().replace(rest, `"${key}":${list}`));
    };
    const frames = [
      long('1', 'path', '"path":[64496,65536]'),
      long('[1,1]', 'community', '"community":[[3356,4]]'),
      long('"::/0"', 'withdrawals', '"withdrawals":["2a00::/32"]'),
    ];
    for (const frame of frames) expect(isPlainAndRight(frame)).toBe(true);
    const stream = Buffer.concat([...frames, ...frames].slice(0, 2).map(framed));
    expect(scannedStream(stream).frames.map(([, isPlain]) => isPlain)).toEqual([1, 1]);
  });

  it('is never written beside, whatever stands in the area', () => {
    const memory = Buffer.from(scanner.tape.buffer);
    // All but the groups of an address, which have a place of their own, and the tape.
    const others = [
      memory.subarray(0, GROUPS_AT),
      memory.subarray(STATICS_AT, TAPE_AT),
      memory.subarray(MEMORY_BYTES),
    ];
    const piece = fc.oneof(
      fc.constantFrom(
        '{"type":"ris_message","data":{',
        '"path":[',
        '1,',
        '"withdrawals":["',
        '::/0","',
        '[1,1],',
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.nat(3), (pieces, repeat) => {
        const bytes = Buffer.from(pieces.join('').repeat(1 + repeat * 30), 'latin1').subarray(0, 60_000);
        const end = scanner.area.length;
        scanner.area.fill(0x31, end - 70_000);
        scanner.area.set(bytes, end - bytes.length);
        const before = others.map((part) => Buffer.from(part));
        scanner.scanAt(end - bytes.length, end);
        scanner.scanStream(end - bytes.length, end);
        for (const [n, part] of others.entries()) expect(part.equals(before[n])).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('does not grow by what stands behind a frame that ends in the middle of a list', () => {
    const long = plainFrame.toString().replace('[64496,65536]', `[${'1,'.repeat(32_000)}1]`);
    const lists = [
      ['1,', plainFrame.toString().replace(/65536\].*/, '')],
      ['[1,1],', plainFrame.toString().replace(/\[3356,4\].*/, '')],
      ['"::/0",', plainFrame.toString().replace(/"192\.0\.2\.0\/24".*/, '')],
    ] as const;
    for (const [item, cut] of lists) {
      const stream = Buffer.concat([long, long, cut].map((text) => framed(Buffer.from(text))));
      const room = scanner.bytes.length - stream.length;
      scanner.bytes.set(Buffer.from(item.repeat(Math.floor(room / item.length))), stream.length);
      const { frames, stop } = scannedStream(stream);
      expect([stop, ...frames.map(([, isPlain]) => isPlain)]).toEqual([stream.length, 1, 1, 0]);
    }
  });

  it('lies where the compiler was told', () => {
    const { options } = JSON.parse(readFileSync('src/match/scan/asconfig.json', 'utf8'));
    expect(options.memoryBase).toBe(STATICS_AT);
    expect(options.initialMemory).toBe(options.maximumMemory);
    expect(MEMORY_BYTES).toBeLessThanOrEqual(options.initialMemory * 65_536);
  });
});

describe('the writer of tapes for tests', () => {
  it('writes what the scanner writes, but for the spelling', () => {
    const update: Update = {
      vantagePoint: { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 64_496 },
      observedMs: 1_771_179_888_490,
      path: [64_496, 65_536],
      communities: [[3_356, 4]],
      announced: [prefixOf('192.0.2.0/24')],
      withdrawn: [prefixOf('2a00::/32')],
    };
    scanner.scanFrame(plainFrame);
    const scanned = scanner.tape.slice(0, scanner.tape[tape.NEXT]);
    for (const cell of [tape.START, tape.END, tape.STAMP_AT, tape.STAMP_END]) scanned[cell] = 0;
    scanned.fill(0, tape.PEER_AT, tape.HASH + 1);
    expect([...tapeOf(update)]).toEqual([...scanned]);
    const lists = [tape.PATH_AT, tape.COMMUNITY_AT, tape.ANNOUNCED_AT, tape.WITHDRAWN_AT];
    const moved = [...tapeOf(update, 7).subarray(7)].map((cell, index) =>
      lists.includes(index) || index === tape.NEXT ? cell - 7 : cell,
    );
    expect(moved).toEqual([...scanned]);
  });

  it('tells family and length apart', () => {
    const cells = tapeOf({
      vantagePoint: { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 64_496 },
      observedMs: 1,
      path: [],
      communities: [],
      announced: [],
      withdrawn: [prefixOf('2a00::/32'), prefixOf('10.0.0.0/8')],
    });
    const first = cells[tape.WITHDRAWN_AT];
    expect([tape.isFamily6At(cells, first), tape.lengthAt(cells, first)]).toEqual([true, 32]);
    expect([tape.isFamily6At(cells, first + 5), tape.lengthAt(cells, first + 5)]).toEqual([false, 8]);
  });
});

describe.skipIf(!existsSync(CAPTURES) || !existsSync(EVENTS))('of real captures (../shared/data)', () => {
  it('is right, and nearly every frame of an UPDATE is plain', () => {
    let updates = 0;
    let plain = 0;
    for (const [number, frame] of framesOf(EVENTS).entries()) {
      if (!frame.includes('"UPDATE"')) continue;
      updates += 1;
      scanner.scanFrame(frame);
      if (scanner.tape[tape.PLAIN] !== 1) continue;
      plain += 1;
      // Decoding is the slow part of this test.
      if (number % 5 === 0) expectRead(0, frame);
    }
    expect(updates).toBeGreaterThan(40_000);
    expect(plain / updates).toBeGreaterThan(0.98);
    for (const frame of framesOf(CAPTURES)) isPlainAndRight(frame);
  });
});
