/** The record being written: its head by index (`tape.ts`), its lists cell by cell behind it. */
import { TAPE_AT } from '../scan-memory.ts';
import * as tape from '../tape.ts';

/** Address of the record, of the next cell of its lists, of the first cell of the list being written. */
let record: i32 = 0;
let cell: i32 = 0;
let first: i32 = 0;

/** Begins a record at an address, with empty lists. */
export function beginRecord(address: i32): void {
  record = address;
  cell = address + 4 * tape.HEAD_CELLS;
  const lists = i32x4(0, indexOf(cell), 0, indexOf(cell));
  v128.store(address, lists, 4 * tape.PATH_COUNT);
  v128.store(address, lists, 4 * tape.ANNOUNCED_COUNT);
}

/** Address behind what was written. */
export function recordEnd(): i32 {
  return cell;
}

/** Index on the tape of the cell at an address. */
export function indexOf(address: i32): i32 {
  return (address - TAPE_AT) >> 2;
}

export function cellAt(index: i32): i32 {
  return load<i32>(record + 4 * index);
}

export function setCell(index: i32, value: i32): void {
  store<i32>(record + 4 * index, value);
}

export function setStamp(seconds: i32, millis: i32, start: i32, end: i32): void {
  v128.store(record, i32x4(seconds, millis, start, end), 4 * tape.SECONDS);
}

/** A text from `start` to `end` by the index of its first cell. */
export function setSpan(index: i32, start: i32, end: i32): void {
  setCell(index, start);
  setCell(index + 1, end);
}

export function beginList(): void {
  first = cell;
}

export function push(value: i32): void {
  store<i32>(cell, value);
  cell += 4;
}

/** Five cells: family << 8 | length, and the address. */
export function pushPrefix(shape: i32, word0: i32, word1: i32, word2: i32, word3: i32): void {
  store<i32>(cell, shape);
  v128.store(cell, i32x4(word0, word1, word2, word3), 4);
  cell += 4 * tape.PREFIX_CELLS;
}

/** Ends the list, whose members have `cells` each; `index` is that of its count. */
export function endList(index: i32, cells: i32): void {
  setCell(index, ((cell - first) >> 2) / cells);
  setCell(index + 1, indexOf(first));
}
