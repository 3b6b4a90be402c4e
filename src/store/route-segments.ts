/** The watched RIB on disk: segments of the route log, which only `engine/route-log.ts` can read. */
import type { RouteChange, StoredSegment } from '../engine/ports.ts';
import type { Connection } from './connection.ts';

/** Segments read at a time. */
const PAGE_SEGMENTS = 16;

export class RouteSegments {
  private readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Within a transaction. */
  put({ segment, dropped }: RouteChange): void {
    for (const number of dropped) this.connection.run('DELETE FROM route_segment WHERE number = ?', number);
    if (segment === undefined) return;
    const { number, body } = segment;
    this.connection.run(
      'INSERT INTO route_segment (number, body) VALUES (?, ?)',
      number,
      Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    );
  }

  /**
   * Oldest first. Who writes here reads before it writes; who reads beside a daemon takes all of it at once, or a
   * segment could be dropped between two pages that undoes what an earlier page said.
   */
  *all(): Generator<StoredSegment> {
    const pageSegments = this.connection.readOnly ? Number.MAX_SAFE_INTEGER : PAGE_SEGMENTS;
    for (let last = 0; ; ) {
      const page = this.connection.reading(() =>
        this.connection.tuples<[number, Buffer]>(
          'SELECT number, body FROM route_segment WHERE number > ? ORDER BY number LIMIT ?',
          last,
          pageSegments,
        ),
      );
      for (const [number, body] of page) {
        yield { number, body };
        last = number;
      }
      if (page.length < pageSegments) return;
    }
  }
}
