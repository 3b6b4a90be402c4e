/**
 * The baseline on disk: what was learned, declared or refused, one row per prefix and origin, in the order of
 * routing tables (detection.md §2 rule 3 says what a row is worth; this file only keeps it).
 */
import type { BaselineRow } from '../engine/ports.ts';
import { isoTime, msOf, packNumbers, requireKey, textOfKey, unpackNumbers } from './codec.ts';
import type { Connection } from './connection.ts';

const PAGE_ROWS = 2_000;

interface StoredRow {
  readonly prefix: Buffer;
  readonly origin: number;
  readonly source: BaselineRow['source'];
  readonly first_seen: number | null;
  readonly last_seen: number | null;
  readonly neighbors: Buffer | null;
  readonly peers: Buffer | null;
  readonly author: string;
  readonly note: string;
}

export class BaselineTable {
  private readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Within a transaction. */
  put(row: BaselineRow): void {
    this.connection.run(
      `INSERT INTO baseline (prefix, origin, source, first_seen, last_seen, neighbors, peers, author, note)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET source = excluded.source, first_seen = excluded.first_seen,
         last_seen = excluded.last_seen, neighbors = excluded.neighbors, peers = excluded.peers,
         author = excluded.author, note = excluded.note`,
      requireKey(row.prefix),
      row.origin,
      row.source,
      row.firstSeenAt === null ? null : msOf(row.firstSeenAt),
      row.lastSeenAt === null ? null : msOf(row.lastSeenAt),
      packNumbers(row.neighbors),
      packNumbers(row.peerAsns),
      row.by,
      row.note,
    );
  }

  /** Within a transaction. */
  remove(prefix: string, origin: number): void {
    this.connection.run('DELETE FROM baseline WHERE prefix = ? AND origin = ?', requireKey(prefix), origin);
  }

  /** By prefix in the order of routing tables, then by origin. Commits in between do no harm. */
  *rows(): Generator<BaselineRow> {
    let prefix = Buffer.alloc(0);
    let origin = -1;
    for (;;) {
      const page = this.page(prefix, origin);
      for (const stored of page) yield baselineRow(stored);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE_ROWS) return;
      prefix = Buffer.from(last.prefix);
      origin = last.origin;
    }
  }

  private page(prefix: Buffer, origin: number): StoredRow[] {
    return this.connection.reading(() =>
      this.connection.all<StoredRow>(
        `SELECT * FROM baseline WHERE (prefix, origin) > (?, ?) ORDER BY prefix, origin LIMIT ${PAGE_ROWS}`,
        prefix,
        origin,
      ),
    );
  }
}

function baselineRow(stored: StoredRow): BaselineRow {
  return {
    prefix: textOfKey(stored.prefix),
    origin: stored.origin,
    neighbors: unpackNumbers(stored.neighbors),
    source: stored.source,
    firstSeenAt: stored.first_seen === null ? null : isoTime(stored.first_seen),
    lastSeenAt: stored.last_seen === null ? null : isoTime(stored.last_seen),
    peerAsns: unpackNumbers(stored.peers),
    by: stored.author,
    note: stored.note,
  };
}
