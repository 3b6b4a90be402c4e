/**
 * A damaged database, before it is opened: SQLite itself starts empty on a file of no bytes, and drops without a word
 * what stands in a log behind the first broken frame. Here it is recognised, set aside and said.
 *
 * The log (https://sqlite.org/fileformat2.html#the_write_ahead_log): 32 bytes of header, then frames of 24 bytes and
 * a page each. A frame counts while it bears the salts of the header and the checksum that goes on from the one
 * before it. Behind the last good one an unbroken log has nothing, or frames with the salts of an earlier round.
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  statSync,
} from 'node:fs';
import Database from 'better-sqlite3';

export interface Damage {
  /** What was found, a clause: `the file is empty`. */
  readonly found: string;
  /** The file that was set aside; null where it is missing. */
  readonly setAside: string | null;
  /** True: all that the database held is in the file set aside only. False: its last writes are. */
  readonly isWhole: boolean;
}

const HEADER = 'SQLite format 3\u0000';
const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** A larger database is looked through page by page only when its daemon did not stop in order. */
const QUICK_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Looks at the database at `path`, which nobody has open. What is damaged is renamed to `….damaged-STAMP` (a log is
 * copied), and the next one who opens it begins anew, or goes on without the broken end of the log. `wasKilled`: its
 * daemon did not stop in order, so that a log belongs to it. Throws errors of the file system.
 */
export function setDamagedAside(path: string, stamp: string, wasKilled: boolean): Damage | undefined {
  if (!existsSync(path)) return undefined;
  const log = logDamage(`${path}-wal`, wasKilled && statSync(path).size > 0);
  const kept = log?.frames === undefined ? undefined : copyAside(`${path}-wal`, stamp);
  const found = headDamage(path) ?? pageDamage(path, wasKilled);
  if (found !== undefined) return { found, setAside: moveAside(path, stamp), isWhole: true };
  if (log === undefined) return undefined;
  return { found: log.found, setAside: kept ?? null, isWhole: false };
}

function headDamage(path: string): string | undefined {
  const head = Buffer.alloc(HEADER.length);
  const file = openSync(path, 'r');
  try {
    if (fstatSync(file).size === 0) return 'the file is empty (0 bytes)';
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  return head.toString('latin1') === HEADER ? undefined : 'the file does not begin as a database does';
}

/** SQLite's own look at all pages; reads the log as well. */
function pageDamage(path: string, wasKilled: boolean): string | undefined {
  if (!wasKilled && statSync(path).size > QUICK_BYTES_MAX) return undefined;
  let database: Database.Database | undefined;
  try {
    database = new Database(path, { timeout: 5_000 });
    const first = String(database.pragma('quick_check(1)', { simple: true }));
    return first === 'ok' ? undefined : first.replaceAll(/\s+/g, ' ').slice(0, 200);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    // A full disk or a lock is no damage: whoever opens it next says so.
    return /^SQLITE_(CORRUPT|NOTADB)/.test(code) ? (error as Error).message : undefined;
  } finally {
    database?.close();
  }
}

/** `frames`: how many cannot be read; undefined where the log itself is missing. */
function logDamage(path: string, wasKilled: boolean): { found: string; frames?: number } | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return wasKilled ? { found: 'the log of the last writes is missing' } : undefined;
  const file = openSync(path, 'r');
  try {
    const frames = lostFrames(file, size);
    if (frames === 0) return undefined;
    return { found: `${frames} page${frames === 1 ? '' : 's'} of the log cannot be read`, frames };
  } finally {
    closeSync(file);
  }
}

/** Frames of this round that stand behind a broken one, it included; those half written at the very end do not count. */
function lostFrames(file: number, size: number): number {
  const header = Buffer.alloc(LOG_HEADER_BYTES);
  if (size < LOG_HEADER_BYTES || readSync(file, header, 0, header.length, 0) < header.length) return 0;
  const isBig = header.readUInt32BE(0) === 0x37_7f_06_83;
  const pageBytes = header.readUInt32BE(8);
  const frameBytes = FRAME_HEADER_BYTES + (isPageSize(pageBytes) ? pageBytes : 4096);
  const inAll = Math.floor((size - LOG_HEADER_BYTES) / frameBytes);
  const sum = checksum(header.subarray(0, 24), { a: 0, b: 0 }, isBig);
  const isSound =
    (isBig || header.readUInt32BE(0) === 0x37_7f_06_82) &&
    isPageSize(pageBytes) &&
    sum.a === header.readUInt32BE(24) &&
    sum.b === header.readUInt32BE(28);
  if (!isSound) return inAll;
  return brokenFrames(file, { header, frameBytes, inAll, isBig, sum });
}

interface Log {
  readonly header: Buffer;
  readonly frameBytes: number;
  readonly inAll: number;
  readonly isBig: boolean;
  readonly sum: Sum;
}

function brokenFrames(file: number, log: Log): number {
  const frame = Buffer.alloc(log.frameBytes);
  let { sum } = log;
  let brokenAt = -1;
  let lastOfRound = -1;
  for (let index = 0; index < log.inAll; index += 1) {
    readSync(file, frame, 0, frame.length, LOG_HEADER_BYTES + index * log.frameBytes);
    const isOfRound = frame.compare(log.header, 16, 24, 8, 16) === 0;
    if (isOfRound) lastOfRound = index;
    if (brokenAt >= 0) continue;
    sum = checksum(frame.subarray(0, 8), sum, log.isBig);
    sum = checksum(frame.subarray(FRAME_HEADER_BYTES), sum, log.isBig);
    const isGood = isOfRound && sum.a === frame.readUInt32BE(16) && sum.b === frame.readUInt32BE(20);
    if (!isGood) brokenAt = index;
  }
  // The frame being written when the process ended is broken and the last of its round: it was never committed.
  return brokenAt < 0 || lastOfRound <= brokenAt ? 0 : lastOfRound - brokenAt + 1;
}

interface Sum {
  readonly a: number;
  readonly b: number;
}

/** §4.2 of the file format: words of 32 bits, two at a time. */
function checksum(bytes: Buffer, before: Sum, isBig: boolean): Sum {
  let { a, b } = before;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    a = (a + view.getUint32(at, !isBig) + b) >>> 0;
    b = (b + view.getUint32(at + 4, !isBig) + a) >>> 0;
  }
  return { a, b };
}

function isPageSize(bytes: number): boolean {
  return bytes >= 512 && bytes <= 65_536 && (bytes & (bytes - 1)) === 0;
}

function moveAside(path: string, stamp: string): string {
  const aside = freeName(`${path}.damaged-${stamp}`);
  renameSync(path, aside);
  for (const suffix of ['-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}

function copyAside(path: string, stamp: string): string {
  const aside = freeName(`${path}.damaged-${stamp}`);
  copyFileSync(path, aside);
  return aside;
}

function freeName(name: string): string {
  for (let number = 0; ; number += 1) {
    const tried = number === 0 ? name : `${name}.${number}`;
    if (!existsSync(tried)) return tried;
  }
}
