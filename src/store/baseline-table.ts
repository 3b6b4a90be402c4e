/**
 * The baseline on disk: what was learned, declared or refused, one row per prefix and origin
 * (detection.md §2 rule 3 says what a row is worth; this file only keeps it).
 */
import type { BaselineRow, KeptBaselineRow } from '../engine/ports.ts';
import { isoTime } from '../incident/alert.ts';
import { keyOfText, msOf, readNumbers, writeNumbers } from './codec.ts';
import type { Connection } from './connection.ts';

const PAGE_ROWS = 2_000;
const NO_KEY = Buffer.alloc(0);

/** Prefix, origin, source, first and last seen, neighbours, peers, author, note, candidates. */
type StoredRow = readonly [
  string,
  number,
  BaselineRow['source'],
  number | null,
  number | null,
  string,
  string,
  string,
  string,
  string,
];

export class BaselineTable {
  private readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Within a transaction. */
  put(row: KeptBaselineRow): void {
    this.connection.run(
      `INSERT INTO baseline (prefix, origin, source, first_seen, last_seen, neighbors, peers, author, note, candidates)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET source = excluded.source, first_seen = excluded.first_seen,
         last_seen = excluded.last_seen, neighbors = excluded.neighbors, peers = excluded.peers,
         author = excluded.author, note = excluded.note, candidates = excluded.candidates`,
      row.prefix,
      row.origin,
      row.source,
      row.firstSeenAt === null ? null : msOf(row.firstSeenAt),
      row.lastSeenAt === null ? null : msOf(row.lastSeenAt),
      writeNumbers(row.neighbors),
      writeNumbers(row.peerAsns),
      row.by,
      row.note,
      row.candidates ?? '',
    );
  }

  /** Within a transaction. */
  remove(prefix: string, origin: number): void {
    this.connection.run('DELETE FROM baseline WHERE prefix = ? AND origin = ?', prefix, origin);
  }

  /** By the text of the prefix, then by origin. Commits in between do no harm. */
  *rows(): Generator<KeptBaselineRow> {
    let prefix = '';
    let origin = -1;
    for (;;) {
      const page = this.page(prefix, origin);
      for (const stored of page) yield { ...baselineRow(stored), candidates: stored[9] };
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE_ROWS) return;
      [prefix, origin] = last;
    }
  }

  private page(prefix: string, origin: number): StoredRow[] {
    return this.connection.reading(() =>
      this.connection.tuples<StoredRow>(
        `SELECT prefix, origin, source, first_seen, last_seen, neighbors, peers, author, note, candidates FROM baseline
         WHERE (prefix, origin) > (?, ?) ORDER BY prefix, origin LIMIT ${PAGE_ROWS}`,
        prefix,
        origin,
      ),
    );
  }

  /** As people read it: by prefix in the order of routing tables, then by origin. */
  listed(): readonly BaselineRow[] {
    const keyed = [...this.rows()].map(({ candidates: _, ...row }) => ({
      row,
      key: keyOfText(row.prefix) ?? NO_KEY,
    }));
    keyed.sort((a, b) => Buffer.compare(a.key, b.key) || a.row.origin - b.row.origin);
    return keyed.map(({ row }) => row);
  }
}

function baselineRow(stored: StoredRow): BaselineRow {
  const [prefix, origin, source, firstSeen, lastSeen, neighbors, peers, by, note] = stored;
  return {
    prefix,
    origin,
    neighbors: readNumbers(neighbors),
    source,
    firstSeenAt: firstSeen === null ? null : isoTime(firstSeen),
    lastSeenAt: lastSeen === null ? null : isoTime(lastSeen),
    peerAsns: readNumbers(peers),
    by,
    note,
  };
}
