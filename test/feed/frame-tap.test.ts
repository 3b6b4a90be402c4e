/** The tap before `ws`: what it takes, what it leaves alone, wherever the stream is cut. */
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadScanner } from '../../src/daemon/scanner-file.ts';
import { AREA_BYTES_MIN, FrameTap } from '../../src/feed/ris-live/frame-tap.ts';
import { END, NEXT, START } from '../../src/match/tape.ts';

const HEAD = Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n');
const TEXT = 0x81;

function frame(first: number, payload: Buffer, masked = false): Buffer {
  const { length } = payload;
  const mask = masked ? 0x80 : 0;
  const header =
    length < 126
      ? Buffer.from([first, mask | length])
      : length < 65_536
        ? Buffer.from([first, mask | 126, length >> 8, length & 255])
        : Buffer.from([first, mask | 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 255, length & 255]);
  return Buffer.concat([header, masked ? Buffer.alloc(4) : Buffer.alloc(0), payload]);
}

class Wire {
  readonly taken: string[] = [];
  readonly passed: Buffer[] = [];
  settled = 0;
  settledBytes = 0;
  readonly tap: FrameTap;
  readonly socket: { readableLength: number; push: (bytes: Buffer | null) => boolean };

  constructor() {
    const scanner = loadScanner();
    const { area, tape } = scanner;
    this.tap = new FrameTap({
      scanner: {
        area,
        begin: () => {},
        take: (start, end, taker) => {
          const stop = scanner.scanStream(start, end);
          for (let at = 0; at < scanner.recordsEnd(); at = tape[at + NEXT]) {
            const payload = Buffer.from(area.subarray(tape[at + START], tape[at + END]));
            if (payload[0] !== 0x61) taker.frame(payload);
            else {
              this.taken.push(payload.toString());
              taker.settled(1, payload.length);
            }
          }
          return stop;
        },
      },
      settled: (frames, bytes) => {
        this.settled += frames;
        this.settledBytes += bytes;
      },
      frame: (payload) => this.taken.push(payload.toString()),
    });
    this.socket = {
      readableLength: 0,
      push: (bytes) => {
        if (bytes !== null) this.passed.push(bytes);
        return true;
      },
    };
    this.tap.attach(this.socket as unknown as Socket);
  }

  open(): this {
    this.socket.push(HEAD);
    this.tap.open();
    this.passed.length = 0;
    return this;
  }

  push(stream: Buffer, cuts: readonly number[] = []): void {
    const ends = [...new Set([...cuts.map((cut) => cut % (stream.length + 1)), stream.length])].sort(
      (a, b) => a - b,
    );
    let start = 0;
    for (const end of ends) {
      this.socket.push(stream.subarray(start, end));
      start = end;
    }
  }

  get passedBytes(): Buffer {
    return Buffer.concat(this.passed);
  }
}

const text = fc
  .tuple(
    fc.constantFrom('a', 'b'),
    fc.oneof(fc.nat(200), fc.constantFrom(124, 125, 126, 65_530, 65_531, 65_532, 70_000)),
  )
  .map(([letter, length]) => ({
    bytes: frame(TEXT, Buffer.alloc(length + 1, letter)),
    text: letter.repeat(length + 1),
  }));
/** Control frames, binary ones, masked ones, and a message in fragments with a ping inside. */
const other = fc
  .constantFrom(
    [frame(0x89, Buffer.from('ping'))],
    [frame(0x8a, Buffer.alloc(0))],
    [frame(0x82, Buffer.from('abinary'))],
    [frame(TEXT, Buffer.from('amasked'), true)],
    [frame(0xc1, Buffer.from('acompressed'))],
    [frame(0x01, Buffer.from('a first')), frame(0x89, Buffer.alloc(3)), frame(0x80, Buffer.from('last'))],
  )
  .map((frames) => ({ bytes: Buffer.concat(frames), text: undefined }));

describe('the tap', () => {
  test('has room in the area for what is left of a piece and the next one', () => {
    expect(loadScanner().area.length).toBeGreaterThanOrEqual(AREA_BYTES_MIN);
  });

  test('takes text frames in order and passes everything else on byte for byte, wherever the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 3, arbitrary: text }, { weight: 1, arbitrary: other }), {
          maxLength: 12,
        }),
        fc.array(fc.nat(200_000), { maxLength: 12 }),
        (parts, cuts) => {
          const wire = new Wire().open();
          wire.push(Buffer.concat(parts.map(({ bytes }) => bytes)), cuts);
          // 65,531 bytes and their header are the most that is taken.
          const isTaken = (part: (typeof parts)[number]): boolean =>
            part.text !== undefined && part.text.length <= 65_531;
          expect(wire.taken).toEqual(parts.filter(isTaken).map((part) => part.text));
          const rest = parts.filter((part) => !isTaken(part)).map(({ bytes }) => bytes);
          expect(wire.passedBytes.equals(Buffer.concat(rest))).toBe(true);
          const settled = wire.taken.filter((payload) => payload.startsWith('a'));
          expect(wire.settled).toBe(settled.length);
          expect(wire.settledBytes).toBe(settled.join('').length);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('leaves the handshake alone, cut anywhere, and frames that come before the connection is said to be open', () => {
    const early = frame(TEXT, Buffer.from('early'));
    for (let cut = 0; cut <= HEAD.length + early.length; cut += 1) {
      const wire = new Wire();
      wire.push(Buffer.concat([HEAD, early]), [cut]);
      expect(wire.passedBytes.equals(Buffer.concat([HEAD, early]))).toBe(true);
      wire.tap.open();
      wire.push(frame(TEXT, Buffer.from('then')));
      expect(wire.taken).toEqual(['then']);
    }
  });

  test('takes nothing from a connection that was refused', () => {
    const wire = new Wire();
    const answer = Buffer.concat([Buffer.from('HTTP/1.1 403 No\r\n\r\n'), frame(TEXT, Buffer.from('a'))]);
    wire.push(answer);
    wire.tap.open();
    wire.push(frame(TEXT, Buffer.from('a')));
    expect(wire.taken).toEqual([]);
  });

  test('gives way while ws holds bytes that it has not read', () => {
    const wire = new Wire().open();
    wire.socket.readableLength = 1;
    wire.push(frame(TEXT, Buffer.from('a')));
    expect(wire.taken).toEqual([]);
    wire.socket.readableLength = 0;
    wire.push(frame(TEXT, Buffer.from('ab')));
    expect(wire.taken).toEqual(['ab']);
  });

  test('lets a flood of frames that are not settled wait for the next turn of the event loop, and no others', async () => {
    const wire = new Wire().open();
    let readings = 0;
    Object.assign(wire.socket, { _read: () => (readings += 1), isPaused: () => false });
    const flood = (text: string, count: number): Buffer =>
      Buffer.concat(Array.from({ length: count }, () => frame(TEXT, Buffer.from(text))));
    expect(wire.socket.push(flood('a settled one', 500))).toBe(true);
    expect(wire.socket.push(flood('b', 29))).toBe(true);
    expect(wire.socket.push(flood('b', 1))).toBe(false);
    expect(readings).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(readings).toBe(1);
    expect(wire.socket.push(flood('b', 29))).toBe(true);
    expect(wire.taken).toHaveLength(559);
  });
});
