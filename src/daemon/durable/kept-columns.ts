/**
 * A long watchlist kept compiled in the database: its columns, cut into rows that are written one at a time between other
 * work, so that the feed never waits for them. What is damaged or from other files is as good as not there.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { CheckedWatchlist, KeptColumns } from '../../config/watchlist-files.ts';
import { columnsOf } from '../../match/watch-builder.ts';
import { WatchColumns } from '../../match/watch-columns.ts';
import { openStore, type SqliteStore } from '../../store/store.ts';
import { VERSION } from '../version.ts';

const NAME = 'watchlist';
/** Of the row that says what the others are: it is found without knowing more. */
const HEAD = 'head';
/** A row is written within a few milliseconds. */
const PIECE_BYTES = 262_144;
/** Between two rows others have their turn. */
const PAUSE_MS = 20;

interface Head {
  /** Version of the program and fingerprint of the files; '' while rows are being written. */
  readonly of: string;
  readonly bytes: number;
  /** SHA-256 of the whole, hexadecimal. */
  readonly sum: string;
  /** Rows that may be there, from this or an earlier list. */
  readonly rows: number;
}

/** What the database keeps; nothing where there is none, or none that can be read. */
export function keptIn(databasePath: string): KeptColumns {
  return (fingerprint) => {
    if (!existsSync(databasePath)) return undefined;
    try {
      const store = openStore(databasePath, { lock: false, readOnly: true });
      try {
        return keptColumns(store, fingerprint);
      } finally {
        store.close();
      }
    } catch {
      return undefined;
    }
  };
}

/** The columns that were kept of files with this fingerprint by this version of the program. */
export function keptColumns(store: SqliteStore, fingerprint: string): WatchColumns | undefined {
  const head = headOf(store);
  const of = nameOf(fingerprint);
  if (head?.of !== of) return undefined;
  const bytes = new Uint8Array(head.bytes);
  for (let at = 0, row = 0; at < bytes.length; at += PIECE_BYTES, row += 1) {
    const piece = store.compiled(`${NAME}/${row}`, of);
    if (piece?.length !== Math.min(PIECE_BYTES, bytes.length - at)) return undefined;
    bytes.set(piece, at);
  }
  const sum = createHash('sha256').update(bytes).digest('hex');
  return sum === head.sum ? WatchColumns.open(bytes) : undefined;
}

/**
 * Keeps the columns of a long watchlist unless they are kept already; others that were kept go. Resolves when it is done,
 * early when `isWanted` says no more.
 */
export async function keepColumns(
  store: SqliteStore,
  watchlist: CheckedWatchlist,
  isWanted: () => boolean,
): Promise<void> {
  const before = headOf(store) ?? { of: '', rows: 0 };
  const { fingerprint } = watchlist;
  // What is kept of these very files and was read from their text all the same is damaged: it is kept anew.
  if (fingerprint === undefined || (before.of === nameOf(fingerprint) && watchlist.wasKept === true)) return;
  const of = nameOf(fingerprint);
  const { bytes } = columnsOf(watchlist);
  const used = Math.ceil(bytes.length / PIECE_BYTES);
  const rows = Math.max(used, before.rows);
  const hash = createHash('sha256');
  putHead(store, { of: '', bytes: 0, sum: '', rows });
  for (let row = 0; row < rows; row += 1) {
    await pause(PAUSE_MS, undefined, { ref: false });
    if (!isWanted()) return;
    const piece = bytes.subarray(row * PIECE_BYTES, (row + 1) * PIECE_BYTES);
    hash.update(piece);
    store.setCompiled(`${NAME}/${row}`, of, piece);
  }
  putHead(store, { of, bytes: bytes.length, sum: hash.digest('hex'), rows: used });
}

function nameOf(fingerprint: string): string {
  return `${VERSION} ${fingerprint}`;
}

function headOf(store: SqliteStore): Head | undefined {
  const body = store.compiled(NAME, HEAD);
  try {
    return body === undefined ? undefined : (JSON.parse(body.toString('utf8')) as Head);
  } catch {
    return undefined;
  }
}

function putHead(store: SqliteStore, head: Head): void {
  store.setCompiled(NAME, HEAD, Buffer.from(JSON.stringify(head)));
}

/** Keeps the watchlist in force, a while after it came into force: for the next start. */
export class ColumnsKeeper {
  private readonly store: SqliteStore;
  private readonly log: Logger;
  private wanted: CheckedWatchlist | undefined;

  constructor(store: SqliteStore, log: Logger) {
    this.store = store;
    this.log = log;
  }

  keep(watchlist: CheckedWatchlist): void {
    this.wanted = watchlist;
    keepColumns(this.store, watchlist, () => this.wanted === watchlist).catch((error: unknown) =>
      this.log.warn({ event: 'watchlist.not-kept', err: error }),
    );
  }

  /** Before the store is closed. */
  stop(): void {
    this.wanted = undefined;
  }
}
