/**
 * The scanner as the rest of the program sees it: an area to lay bytes into, and the tape that says what was in them.
 * `scan/` is the scanner itself, compiled to WebAssembly by the build. Pure: who makes one hands the compiled module over.
 *
 * Memory has a fixed size, so the views never go stale. One instance a thread: area and tape hold until the next scan.
 */
import {
  AREA_BYTES,
  FRAME_AT,
  FRAME_BYTES_MAX,
  STREAM_BYTES_MAX,
  TAPE_AT,
  TAPE_CELLS,
} from './scan-memory.ts';

interface ScannerExports {
  readonly memory: WebAssembly.Memory;
  scanStream(start: number, end: number): number;
  scanFrame(start: number, end: number): void;
  recordsEnd(): number;
}

/** Costs 0.7 MB, most of it touched only by what is large. */
export class Scanner {
  /** Room for a piece of a stream. */
  readonly area: Uint8Array;
  /** Records as `tape.ts` describes them. */
  readonly tape: Int32Array;
  /** What the offsets of the tape are about: the area, and behind it the place of single frames. */
  readonly bytes: Uint8Array;
  /** The same bytes, for reading several at any offset (little-endian). */
  readonly view: DataView;
  private readonly exports: ScannerExports;

  constructor(module: WebAssembly.Module) {
    this.exports = new WebAssembly.Instance(module).exports as unknown as ScannerExports;
    const { buffer } = this.exports.memory;
    this.area = new Uint8Array(buffer, 0, STREAM_BYTES_MAX);
    this.tape = new Int32Array(buffer, TAPE_AT, TAPE_CELLS);
    this.bytes = new Uint8Array(buffer, 0, AREA_BYTES);
    this.view = new DataView(buffer);
  }

  /**
   * Scans unmasked text frames (RFC 6455 §5.2, up to 65,535 bytes with their header) that lie whole one behind the other
   * from `start` to at most `end` in the area. Returns where it stopped: at `end`, at a frame of another kind, at one that
   * is not whole, or where the tape was full; then call it again from there.
   */
  scanStream(start: number, end: number): number {
    return this.exports.scanStream(start, end);
  }

  /** Index of the first cell behind the records of the last scan; the first record begins at 0. */
  recordsEnd(): number {
    return this.exports.recordsEnd();
  }

  /** Scans the payload of one frame that lies in the area. */
  scanAt(start: number, end: number): void {
    this.exports.scanFrame(start, end);
  }

  /** Copies the payload of one frame and scans it, at most `FRAME_BYTES_MAX` bytes; false when it is longer. */
  scanFrame(frame: Uint8Array): boolean {
    if (frame.length > FRAME_BYTES_MAX) return false;
    this.bytes.set(frame, FRAME_AT);
    this.exports.scanFrame(FRAME_AT, FRAME_AT + frame.length);
    return true;
  }
}
