/** The routes that a database keeps, for commands that read it without an engine. */
import type { AsPath } from '../bgp/as-path.ts';
import { type Prefix, parsePrefix } from '../bgp/prefix.ts';
import { VantagePoints } from '../judge/vantage-points.ts';
import { WatchedRib } from '../rows/watched-rib.ts';
import type { Remembered } from './ports.ts';
import { readSegment } from './route-codec.ts';

export interface StoredRoute {
  readonly prefix: Prefix;
  readonly path: AsPath;
}

/** Routes of one prefix, or of all, as they were when the database was written last. */
export function* storedRoutes(
  remembered: Pick<Remembered, 'segments' | 'ribTable'>,
  only?: Prefix,
): Generator<StoredRoute> {
  for (const row of remembered.ribTable) {
    const prefix = parsePrefix(row.prefix)?.prefix;
    if (prefix !== undefined && (only === undefined || only.text === prefix.text))
      yield { prefix, path: row.path };
  }
  const rib = ribOf(remembered);
  for (const prefix of only === undefined ? rib.every() : [only])
    for (const { path } of rib.routesAt(prefix)) yield { prefix, path };
}

function ribOf({ segments }: Pick<Remembered, 'segments'>): WatchedRib<never> {
  const rib = new WatchedRib<never>();
  const points = new VantagePoints();
  for (const { body } of segments) {
    readSegment(body, {
      route: (point, prefix, route) => {
        rib.restore(prefix, { ...route, vantagePoint: points.meet(point, '').id, order: 0 });
      },
      gone: (point, { shape, words }, pathId) =>
        rib.withdrawRow(rib.rows.find(shape, ...words), points.meet(point, '').id, pathId),
    });
    rib.takeChanged();
  }
  return rib;
}
