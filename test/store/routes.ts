/** Routes as a batch brings them to the store, and as they are found there: written and read as the engine does it. */
import type { AsPath, PathElement } from '../../src/bgp/as-path.ts';
import { type Prefix, prefixOf } from '../../src/bgp/prefix.ts';
import type { VantagePoint } from '../../src/bgp/vantage-point.ts';
import type { Remembered, RibRow, RouteChange } from '../../src/engine/ports.ts';
import { readSegment, SegmentWriter } from '../../src/engine/route-codec.ts';
import { VantagePoints } from '../../src/judge/vantage-points.ts';
import { shapeOf } from '../../src/rows/prefix-rows.ts';
import type { PrefixWords, Words } from '../../src/rows/rib-route.ts';
import { WatchedRib } from '../../src/rows/watched-rib.ts';

/** A route of one vantage point. */
export interface LoggedRoute extends Omit<RibRow, 'doubt'> {
  readonly hasBadClock?: boolean;
}
export type GoneRoute = Pick<LoggedRoute, 'vantagePoint' | 'prefix'>;

export const NO_ROUTES: RouteChange = { segment: undefined, dropped: [], replacesTable: false };

export function wordsOf(prefix: Prefix): PrefixWords {
  const [w0, w1, w2, w3] = prefix.words;
  return { shape: shapeOf(prefix.family, prefix.length), words: [w0 | 0, w1 | 0, w2 | 0, w3 | 0] };
}

export function numbersAsWords(numbers: readonly number[]): Words {
  return { cells: Int32Array.from(numbers, (number) => number | 0), at: 0, count: numbers.length };
}

export function writeRoute(writer: SegmentWriter, id: number, route: LoggedRoute): void {
  const { vantagePoint, prefix, path, communities, observedMs, arrivedMs, hasBadClock = false } = route;
  const isPlain = path.every((element: PathElement) => typeof element === 'number');
  writer.route(id, vantagePoint, wordsOf(prefixOf(prefix)), {
    pathId: 0,
    observedMs,
    arrivedMs,
    hasBadClock,
    path: numbersAsWords(isPlain ? (path as number[]) : []),
    setPath: isPlain ? undefined : path,
    communities: numbersAsWords(communities.map(([high, low]) => high * 65_536 + low)),
  });
}

/** Segment `number` of the log, with these routes and, before them, those that went. */
export function routes(
  number: number,
  announced: readonly LoggedRoute[],
  gone: readonly GoneRoute[] = [],
): RouteChange {
  const writer = new SegmentWriter();
  const points = new VantagePoints();
  const idOf = (point: VantagePoint): number => points.meet(point, '').id;
  for (const { vantagePoint, prefix } of gone)
    writer.gone(idOf(vantagePoint), vantagePoint, wordsOf(prefixOf(prefix)), 0);
  for (const route of announced) writeRoute(writer, idOf(route.vantagePoint), route);
  return { ...NO_ROUTES, segment: { number, body: writer.take() } };
}

/** What the segments together say, in the order of the prefixes' first sight. */
export function routesOf({ segments }: Pick<Remembered, 'segments'>): LoggedRoute[] {
  const rib = new WatchedRib<never>();
  const points = new VantagePoints();
  for (const { body } of segments) {
    readSegment(body, {
      route: (point, prefix, route) =>
        void rib.restore(prefix, { ...route, vantagePoint: points.meet(point, '').id, order: 0 }),
      gone: (point, { shape, words }, pathId) =>
        rib.withdrawRow(rib.rows.find(shape, ...words), points.meet(point, '').id, pathId),
    });
  }
  return [...rib.every()].flatMap((prefix) =>
    rib.routesAt(prefix).map(({ vantagePoint, order: _, finding: __, path, ...rest }) => ({
      vantagePoint: points.byId(vantagePoint).point,
      prefix: prefix.text,
      path: path as AsPath,
      ...rest,
    })),
  );
}
