/**
 * The watched RIB on disk: one row per vantage point and prefix, written with the batch that changed it and read
 * back once, at start. Vantage points are interned.
 */
import { type AsPath, formatAsPath } from '../bgp/as-path.ts';
import type { VantagePoint } from '../bgp/vantage-point.ts';
import { vantagePointName } from '../bgp/vantage-point.ts';
import type { RibRow } from '../engine/ports.ts';
import { readCommunities, readPath, writeCommunities } from './codec.ts';
import type { Connection } from './connection.ts';

/** Rows read at a time: what a start holds in memory beside what the engine keeps. */
const PAGE_ROWS = 2_000;
const SHARED_PATHS_MAX = 20_000;

/** Vantage point, prefix, path, communities, observed, arrived, doubt. */
type StoredRow = readonly [number, string, string, string, number, number, 0 | 1 | 2];

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
      row.prefix,
      formatAsPath(row.path),
      writeCommunities(row.communities),
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
      prefix,
      vantagePoint.collector,
      vantagePoint.peerAddress,
    );
  }

  /** Every row, by vantage point and then by the text of the prefix. Commits in between do no harm. */
  *rows(): Generator<RibRow> {
    const vantagePoints = this.vantagePoints();
    const paths = new Map<string, AsPath>();
    let number = -1;
    let prefix = '';
    for (;;) {
      const page = this.page(number, prefix);
      for (const stored of page) {
        const vantagePoint = vantagePoints.get(stored[0]);
        if (vantagePoint !== undefined) yield ribRow(vantagePoint, stored, sharedPath(paths, stored[2]));
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE_ROWS) return;
      [number, prefix] = last;
    }
  }

  private page(vantagePoint: number, prefix: string): StoredRow[] {
    return this.connection.reading(() =>
      this.connection.tuples<StoredRow>(
        `SELECT vantage_point, prefix, path, communities, observed, arrived, doubt FROM rib
         WHERE (vantage_point, prefix) > (?, ?) ORDER BY vantage_point, prefix LIMIT ${PAGE_ROWS}`,
        vantagePoint,
        prefix,
      ),
    );
  }

  private vantagePoints(): ReadonlyMap<number, VantagePoint> {
    const rows = this.connection.reading(() =>
      this.connection.all<StoredVantagePoint>('SELECT number, collector, address, asn FROM vantage_point'),
    );
    return new Map(
      rows.map(({ number, collector, address, asn }) => [
        number,
        { collector, peerAddress: address, peerAsn: asn },
      ]),
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

/** Many prefixes share a path: one array for all that come close to each other keeps a large RIB small. */
function sharedPath(paths: Map<string, AsPath>, text: string): AsPath {
  const known = paths.get(text);
  if (known !== undefined) return known;
  if (paths.size >= SHARED_PATHS_MAX) paths.clear();
  const path = readPath(text);
  paths.set(text, path);
  return path;
}

function ribRow(vantagePoint: VantagePoint, stored: StoredRow, path: AsPath): RibRow {
  const [, prefix, , communities, observedMs, arrivedMs, doubt] = stored;
  return {
    vantagePoint,
    prefix,
    path,
    communities: readCommunities(communities),
    observedMs,
    arrivedMs,
    doubt,
  };
}
