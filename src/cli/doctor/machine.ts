/** The machine under a watch: state directory, database, clock, open files. */
import { accessSync, constants, existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { OperationalError } from '../../engine/errors.ts';
import { examined } from '../../store/backup.ts';
import { DATABASE_FILE } from '../../store/store.ts';
import type { Look } from './doctor.ts';

const MIB = 1_048_576;
const ROOM_FAILED_BYTES = 8 * MIB;
const ROOM_WARNING_BYTES = 512 * MIB;
/** No machine that runs this has an earlier date. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);
const AHEAD_MAX_MS = 60_000;
const FILES_FAILED = 128;
const FILES_WARNING = 1_024;

export function lookAtStateDirectory(directory: string): readonly Look[] {
  const what = 'state directory';
  if (!existsSync(directory))
    return [
      { state: 'warning', what, found: `${directory} is not there`, remedy: 'the first start makes it' },
    ];
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    const remedy = 'run as the user of the daemon, or give it the directory (chown)';
    return [{ state: 'failed', what, found: `${directory} may not be written by this user`, remedy }];
  }
  return [{ state: 'ok', what, found: directory }, lookAtRoom(directory), ...lookAtDatabase(directory)];
}

function lookAtRoom(directory: string): Look {
  const what = 'disk';
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  const found = `${Math.floor(free / MIB)} MiB free`;
  const remedy = 'make room: what cannot be written is held in memory, and that is bounded';
  if (free < ROOM_FAILED_BYTES) return { state: 'failed', what, found, remedy };
  return free < ROOM_WARNING_BYTES ? { state: 'warning', what, found, remedy } : { state: 'ok', what, found };
}

function lookAtDatabase(directory: string): readonly Look[] {
  const what = 'database';
  const path = join(directory, DATABASE_FILE);
  const left = readdirSync(directory).filter((name) => /\.(damaged-|spill$)/.test(name));
  const looks: Look[] = left.map((name) => ({
    state: 'warning',
    what,
    found: `${name} lies beside it`,
    remedy: name.endsWith('.spill') ? 'the next start takes it in' : 'look into it, or remove it',
  }));
  if (!existsSync(path))
    return [...looks, { state: 'warning', what, found: 'none yet', remedy: 'the first start makes it' }];
  try {
    const { lastSeq } = examined(path);
    return [{ state: 'ok', what, found: `whole, alerts up to ${lastSeq}` }, ...looks];
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    const isNewer = error.code === 'store-newer';
    const remedy = isNewer
      ? 'install the newer program'
      : 'restore a backup, or start: the damaged file is set aside';
    return [{ state: 'failed', what, found: error.detail, remedy }, ...looks];
  }
}

export function lookAtClock(directory: string): Look {
  const what = 'clock';
  const nowMs = Date.now();
  const now = new Date(nowMs).toISOString();
  const remedy = 'set the clock, and let NTP keep it';
  if (nowMs < EARLIEST_MS) return { state: 'failed', what, found: `${now} cannot be`, remedy };
  const writtenMs = lastWrittenMs(directory);
  if (writtenMs > nowMs + AHEAD_MAX_MS) {
    const found = `${now} lies before the last write (${new Date(writtenMs).toISOString()})`;
    return { state: 'warning', what, found, remedy };
  }
  return { state: 'ok', what, found: now };
}

function lastWrittenMs(directory: string): number {
  try {
    return examined(join(directory, DATABASE_FILE)).writtenMs;
  } catch {
    return 0;
  }
}

export function lookAtFileLimit(): Look {
  const what = 'open files';
  const limit = fileLimit();
  if (limit === undefined) return { state: 'ok', what, found: 'this system does not say' };
  const found = `at most ${limit}`;
  const remedy = `raise the limit (ulimit -n ${FILES_WARNING}, or LimitNOFILE= of the unit)`;
  if (limit < FILES_FAILED) return { state: 'failed', what, found, remedy };
  return limit < FILES_WARNING ? { state: 'warning', what, found, remedy } : { state: 'ok', what, found };
}

/** The soft limit of this process; Infinity: none. Undefined where there is no /proc. */
function fileLimit(): number | undefined {
  try {
    const soft = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return undefined;
  }
}
