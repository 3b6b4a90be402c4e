/**
 * The watched RIB on disk: one row per vantage point and prefix, written with the batch that changed it and read
 * back once, at start. Vantage points are interned; prefixes are their own keys (6 or 18 bytes).
 */
import type { VantagePoint } from '../bgp/vantage-point.ts';
import { vantagePointName } from '../bgp/vantage-point.ts';
import type { RibRow } from '../engine/ports.ts';
import { packCommunities, packPath, requireKey, textOfKey, unpackCommunities, unpackPath } from './codec.ts';
import type { Connection } from './connection.ts';

/** Rows read at a time: what a start holds in memory beside what the engine keeps. */
const PAGE_ROWS = 2_000;

interface StoredRow {
  readonly vantage_point: number;
  readonly prefix: Buffer;
  readonly path: Buffer | null;
  readonly communities: Buffer | null;
  readonly observed: number;
  readonly arrived: number;
  readonly doubt: 0 | 1 | 2;
}

interface StoredVantagePoint {
  readonly number: number;
  readonly collector: string;
  readonly address: string;
  readonly asn: number;
}

export class RibTable {
  private readonly connection: Connection;
  /** Name of a vantage point → its row; filled as they come by, a few thousand at most. */
  private readonly known = new Map<string, { readonly number: number; readonly asn: number }>();

  constructor(connection: Connection) {
    this.connection = connection;
    connection.onRollback(() => this.known.clear());
  }

  /** Within a transaction. */
  put(row: RibRow): void {
    this.connection.run(
      `INSERT INTO rib (vantage_point, prefix, path, communities, observed, arrived, doubt)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET path = excluded.path, communities = excluded.communities,
         observed = excluded.observed, arrived = excluded.arrived, doubt = excluded.doubt`,
      this.numberOf(row.vantagePoint),
      requireKey(row.prefix),
      packPath(row.path),
      row.communities.length === 0 ? null : packCommunities(row.communities),
      row.observedMs,
      row.arrivedMs,
      row.doubt,
    );
  }

  /** Within a transaction. */
  remove(vantagePoint: VantagePoint, prefix: string): void {
    this.connection.run(
      `DELETE FROM rib WHERE prefix = ?
         AND vantage_point = (SELECT number FROM vantage_point WHERE collector = ? AND address = ?)`,
      requireKey(prefix),
      vantagePoint.collector,
      vantagePoint.peerAddress,
    );
  }

  /** Every row, by vantage point and then in the order of routing tables. Commits in between do no harm. */
  *rows(): Generator<RibRow> {
    const { connection } = this;
    const vantagePoints = new Map<number, VantagePoint>();
    for (const stored of connection.reading(() =>
      connection.all<StoredVantagePoint>('SELECT * FROM vantage_point'),
    )) {
      const { number, collector, address, asn } = stored;
      vantagePoints.set(number, { collector, peerAddress: address, peerAsn: asn });
    }
    let last: { readonly vantagePoint: number; readonly prefix: Buffer } | undefined = {
      vantagePoint: -1,
      prefix: Buffer.alloc(0),
    };
    while (last !== undefined) {
      const page: StoredRow[] = this.page(last.vantagePoint, last.prefix);
      for (const stored of page) {
        const vantagePoint = vantagePoints.get(stored.vantage_point);
        if (vantagePoint !== undefined) yield ribRow(vantagePoint, stored);
      }
      const end: StoredRow | undefined = page.length < PAGE_ROWS ? undefined : page.at(-1);
      last = end === undefined ? undefined : { vantagePoint: end.vantage_point, prefix: end.prefix };
    }
  }

  private page(vantagePoint: number, prefix: Buffer): StoredRow[] {
    return this.connection.reading(() =>
      this.connection.all<StoredRow>(
        `SELECT * FROM rib WHERE (vantage_point, prefix) > (?, ?) ORDER BY vantage_point, prefix LIMIT ${PAGE_ROWS}`,
        vantagePoint,
        prefix,
      ),
    );
  }

  private numberOf(vantagePoint: VantagePoint): number {
    const name = vantagePointName(vantagePoint);
    const known = this.known.get(name);
    if (known !== undefined && known.asn === vantagePoint.peerAsn) return known.number;
    const { collector, peerAddress, peerAsn } = vantagePoint;
    const row = this.connection.get<{ number: number }>(
      `INSERT INTO vantage_point (collector, address, asn) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET asn = excluded.asn RETURNING number`,
      collector,
      peerAddress,
      peerAsn,
    );
    const number = row?.number ?? 0;
    this.known.set(name, { number, asn: peerAsn });
    return number;
  }
}

function ribRow(vantagePoint: VantagePoint, stored: StoredRow): RibRow {
  return {
    vantagePoint,
    prefix: textOfKey(stored.prefix),
    path: unpackPath(stored.path),
    communities: unpackCommunities(stored.communities),
    observedMs: stored.observed,
    arrivedMs: stored.arrived,
    doubt: stored.doubt,
  };
}
