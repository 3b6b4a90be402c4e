/**
 * The watched RIB as databases of schema 1 have it: one row per vantage point and prefix. Read once, at the first start
 * with the route log (`route-segments.ts`), whose first segment takes its place.
 */
import type { AsPath } from '../bgp/as-path.ts';
import type { VantagePoint } from '../bgp/vantage-point.ts';
import type { RibRow } from '../engine/ports.ts';
import { readCommunities, readPath } from './codec.ts';
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

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Within a transaction: what stood here is in the log now. */
  clear(): void {
    this.connection.run('DELETE FROM rib');
    this.connection.run('DELETE FROM vantage_point');
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
