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

  /** Oldest first. Commits in between do no harm: what they drop, they have written anew. */
  *all(): Generator<StoredSegment> {
    for (let last = 0; ; ) {
      const page = this.connection.reading(() =>
        this.connection.tuples<[number, Buffer]>(
          `SELECT number, body FROM route_segment WHERE number > ? ORDER BY number LIMIT ${PAGE_SEGMENTS}`,
          last,
        ),
      );
      for (const [number, body] of page) {
        yield { number, body };
        last = number;
      }
      if (page.length < PAGE_SEGMENTS) return;
    }
  }
}
