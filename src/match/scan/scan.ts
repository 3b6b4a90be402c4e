/**
 * The scanner, compiled to WebAssembly: bytes of RIS Live frames → records on the tape. This is the whole of its outside;
 * `scanner.ts` is the other side. Source of the numbers that `quick-reject.ts` asks about.
 *
 * A dialect of TypeScript (AssemblyScript) in which an `i32` may be an address: no objects, no allocation, nothing imported.
 */
import { TAPE_AT, TAPE_CELLS } from '../scan-memory.ts';
import * as tape from '../tape.ts';
import { readFrame } from './frame.ts';

/** A final text frame that is not masked (RFC 6455 §5.2). */
const FINAL_TEXT: u8 = 0x81;
/** Longest frame taken here, header and all; longer ones are for others. */
const TAKEN_BYTES_MAX: i32 = 65535;
/** Cells of a record that is not plain. */
const BARE_CELLS: i32 = 4;

let tapeEnd: i32 = TAPE_AT;

/** Index of the first cell behind the records of the last scan. */
export function recordsEnd(): i32 {
  return (tapeEnd - TAPE_AT) >> 2;
}

/**
 * Scans text frames that lie whole one behind the other from `start` on; returns where it stopped: at `end`, at a frame
 * that is not whole or of another kind, or where the tape was full, and then it has to be called again.
 */
export function scanStream(start: i32, end: i32): i32 {
  tapeEnd = TAPE_AT;
  let at = start;
  while (end - at >= 2 && load<u8>(at) === FINAL_TEXT) {
    let length = <i32>load<u8>(at, 1);
    let payload = at + 2;
    if (length > 125) {
      if (length !== 126 || end - at < 4) break;
      length = ((<i32>load<u8>(at, 2)) << 8) | load<u8>(at, 3);
      payload = at + 4;
    }
    const whole = payload + length;
    if (whole > end || whole - at > TAKEN_BYTES_MAX || !scan(payload, whole)) break;
    at = whole;
  }
  return at;
}

/** Scans one frame, whose record is the first on the tape. */
export function scanFrame(start: i32, end: i32): void {
  tapeEnd = TAPE_AT;
  scan(start, end);
}

/** Adds the record of a frame; false when there may be no room for it. */
function scan(start: i32, end: i32): bool {
  const record = tapeEnd;
  if (record + 4 * (tape.HEAD_CELLS + end - start) > TAPE_AT + 4 * TAPE_CELLS) return false;
  const listsEnd = readFrame(start, end, record);
  tapeEnd = listsEnd < 0 ? record + 4 * BARE_CELLS : listsEnd;
  v128.store(record, i32x4(recordsEnd(), start, end, listsEnd < 0 ? 0 : 1));
  return true;
}
