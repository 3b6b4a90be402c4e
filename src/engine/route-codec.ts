/**
 * Routes of the watched RIB as bytes and back: a segment of the route log (`route-log.ts`) is one body of records, read
 * from its begin. Pure. Numbers are LEB128 (https://en.wikipedia.org/wiki/LEB128), stamps IEEE 754 doubles, little-endian.
 *
 *   point  1 · number in this body · collector · address · AS            before the first record that names it
 *   route  2 · point · prefix · flags · observed · arrived · path · communities
 *   gone   3 · point · prefix
 *   gone   4 · point · prefix · path identifier
 *
 * A route whose path identifier (RFC 7911) is not 0 has it behind its stamps, told by a flag.
 */
import type { AsPath } from '../bgp/as-path.ts';
import type { VantagePoint } from '../bgp/vantage-point.ts';
import { grown } from '../rows/hash-cells.ts';
import { shapeOf } from '../rows/prefix-rows.ts';
import type { PrefixWords, Words, WrittenRoute } from '../rows/rib-route.ts';

/** The array that bodies are written in is let go when one of them made it longer. */
const KEPT_BYTES_MAX = 4_194_304;

const POINT = 1;
const ROUTE = 2;
const GONE = 3;
const GONE_PATH = 4;
const BAD_CLOCK = 1;
const HAS_SET = 2;
const HAS_PATH_ID = 4;
/** Bodies begin with it; another number is another form. */
const FORM = 1;
/** Lengths of IPv6 prefixes stand this much higher. */
const SIX = 64;

/** Writes one body after another; the array is used again, the bodies are copies. */
export class SegmentWriter {
  private bytes = new Uint8Array(4_096);
  private view = new DataView(this.bytes.buffer);
  private end = 0;
  private readonly points = new Map<number, number>();
  records = 0;

  /** The body so far, and begins anew. */
  take(): Uint8Array {
    const body = this.bytes.slice(0, this.end);
    this.end = 0;
    this.records = 0;
    this.points.clear();
    if (this.bytes.length > KEPT_BYTES_MAX) {
      this.bytes = new Uint8Array(KEPT_BYTES_MAX);
      this.view = new DataView(this.bytes.buffer);
    }
    return body;
  }

  /** `id` is what this process calls the vantage point. */
  route(id: number, point: VantagePoint, prefix: PrefixWords, route: WrittenRoute): void {
    const number = this.pointNumber(id, point);
    this.tag(ROUTE, number, prefix);
    this.bytes[this.end] =
      (route.hasBadClock ? BAD_CLOCK : 0) |
      (route.setPath === undefined ? 0 : HAS_SET) |
      (route.pathId === 0 ? 0 : HAS_PATH_ID);
    this.view.setFloat64(this.end + 1, route.observedMs, true);
    this.view.setFloat64(this.end + 9, route.arrivedMs, true);
    this.end += 17;
    if (route.pathId !== 0) this.number(route.pathId);
    if (route.setPath === undefined) this.words(route.path);
    else this.text(JSON.stringify(route.setPath));
    this.words(route.communities);
  }

  gone(id: number, point: VantagePoint, prefix: PrefixWords, pathId: number): void {
    const number = this.pointNumber(id, point);
    this.tag(pathId === 0 ? GONE : GONE_PATH, number, prefix);
    if (pathId !== 0) this.number(pathId);
  }

  private tag(tag: number, point: number, { shape, words }: PrefixWords): void {
    this.room(64);
    this.records += 1;
    this.bytes[this.end] = tag;
    this.end += 1;
    this.number(point);
    const length = shape & 255;
    const isFour = shape >> 8 === 4;
    this.bytes[this.end] = isFour ? length : SIX + length;
    this.end += 1;
    for (let n = 0; 8 * n < length; n += 1) this.bytes[this.end + n] = words[n >> 2]! >>> (24 - 8 * (n & 3));
    this.end += (length + 7) >> 3;
  }

  private pointNumber(id: number, { collector, peerAddress, peerAsn }: VantagePoint): number {
    const known = this.points.get(id);
    if (known !== undefined) return known;
    const made = this.points.size;
    this.points.set(id, made);
    this.room(16);
    if (this.end === 0) {
      this.bytes[0] = FORM;
      this.end = 1;
    }
    this.bytes[this.end] = POINT;
    this.end += 1;
    this.number(made);
    this.text(collector);
    this.text(peerAddress);
    this.room(8);
    this.number(peerAsn);
    return made;
  }

  private words({ cells, at, count }: Words): void {
    this.room(8 + 5 * count);
    this.number(count);
    for (let n = 0; n < count; n += 1) this.number(cells[at + n]! >>> 0);
  }

  private text(text: string): void {
    const bytes = Buffer.from(text);
    this.room(8 + bytes.length);
    this.number(bytes.length);
    this.bytes.set(bytes, this.end);
    this.end += bytes.length;
  }

  private number(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.bytes[this.end] = (rest & 127) | 128;
      this.end += 1;
      rest >>>= 7;
    }
    this.bytes[this.end] = rest;
    this.end += 1;
  }

  private room(count: number): void {
    if (this.end + count <= this.bytes.length) return;
    while (this.end + count > this.bytes.length) this.bytes = grown(this.bytes);
    this.view = new DataView(this.bytes.buffer);
  }
}

/** Told of each record, in order. Words of paths and communities are valid during the call only. */
export interface SegmentVisitor {
  route(point: VantagePoint, prefix: PrefixWords, route: WrittenRoute): void;
  gone(point: VantagePoint, prefix: PrefixWords, pathId: number): void;
}

/** Reads a body of `SegmentWriter`; an assertion fails on anything else, since only this program writes there. */
export function readSegment(body: Uint8Array, visitor: SegmentVisitor): void {
  if (body.length > 0) new SegmentReader(body).read(visitor);
}

class SegmentReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly points: VantagePoint[] = [];
  private at = 1;
  private path = new Int32Array(64);
  private communities = new Int32Array(64);

  constructor(body: Uint8Array) {
    if (body[0] !== FORM) throw new Error(`assert: a segment of form ${body[0]}`);
    this.bytes = body;
    this.view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  }

  read(visitor: SegmentVisitor): void {
    while (this.at < this.bytes.length) {
      const tag = this.bytes[this.at]!;
      this.at += 1;
      const number = this.number();
      if (tag === POINT) {
        this.points[number] = { collector: this.text(), peerAddress: this.text(), peerAsn: this.number() };
        continue;
      }
      const point = this.points[number];
      if (point === undefined)
        throw new Error(`assert: a segment names a vantage point ${number} that it lacks`);
      const prefix = this.prefix();
      if (tag === ROUTE) visitor.route(point, prefix, this.route());
      else if (tag === GONE) visitor.gone(point, prefix, 0);
      else if (tag === GONE_PATH) visitor.gone(point, prefix, this.number());
      else throw new Error(`assert: a segment has a record ${tag}`);
    }
  }

  private prefix(): PrefixWords {
    const mark = this.bytes[this.at]!;
    this.at += 1;
    const length = mark < SIX ? mark : mark - SIX;
    if (!(length <= (mark < SIX ? 32 : 128))) throw new Error(`assert: a segment has a prefix of ${mark}`);
    const words: [number, number, number, number] = [0, 0, 0, 0];
    for (let n = 0; 8 * n < length; n += 1) words[n >> 2]! |= this.bytes[this.at + n]! << (24 - 8 * (n & 3));
    this.at += (length + 7) >> 3;
    return { shape: shapeOf(mark < SIX ? 4 : 6, length), words };
  }

  private route(): WrittenRoute {
    const flags = this.bytes[this.at]!;
    const observedMs = this.view.getFloat64(this.at + 1, true);
    const arrivedMs = this.view.getFloat64(this.at + 9, true);
    this.at += 17;
    const pathId = (flags & HAS_PATH_ID) === 0 ? 0 : this.number();
    const hasSet = (flags & HAS_SET) !== 0;
    const setPath = hasSet ? (JSON.parse(this.text()) as AsPath) : undefined;
    const path = hasSet ? 0 : this.words('path');
    const communities = this.words('communities');
    return {
      pathId,
      observedMs,
      arrivedMs,
      hasBadClock: (flags & BAD_CLOCK) !== 0,
      path: { cells: this.path, at: 0, count: path },
      setPath,
      communities: { cells: this.communities, at: 0, count: communities },
    };
  }

  private words(into: 'path' | 'communities'): number {
    const count = this.counted();
    while (count > this[into].length) this[into] = grown(this[into]);
    for (let n = 0; n < count; n += 1) this[into][n] = this.number();
    return count;
  }

  private text(): string {
    const length = this.counted();
    this.at += length;
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.at - length, length).toString();
  }

  /** A number of things that follow, a byte each at least. */
  private counted(): number {
    const count = this.number();
    if (count > this.bytes.length - this.at) throw new Error('assert: a segment ends within a record');
    return count;
  }

  private number(): number {
    let value = 0;
    let shift = 1;
    for (;;) {
      const byte = this.bytes[this.at];
      if (byte === undefined) throw new Error('assert: a segment ends within a record');
      this.at += 1;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
      shift *= 128;
    }
  }
}
