/**
 * The watched RIB on its way to the store: what changed since the last commit becomes one body of bytes, a segment of a log.
 * A route of a full feed costs a microsecond this way, where a row of a table cost ten.
 *
 * The log is a queue. A route counts as the newest segment that names it says; a route that went is a record, too. When the log has
 * grown to twice what the RIB holds, each commit also writes the living routes of the oldest segments once more, as much as it
 * adds itself, and drops those segments: nothing older is left that a dropped record would have to undo. So the log stays within twice the RIB, and no commit
 * pays for more than it brings. The idea is that of log-structured file systems (Rosenblum and Ousterhout, 1991).
 */
import type { VantagePoint } from '../bgp/vantage-point.ts';
import { grown } from '../rows/hash-cells.ts';
import type { WatchedRib } from '../rows/watched-rib.ts';
import type { RouteChange } from './ports.ts';
import { SegmentWriter } from './route-codec.ts';

/** Records that a log may have beside twice the routes of the RIB. */
const SLACK_RECORDS = 10_000;
/** Looked at anew, at most, for each record that a commit adds; and at least so many a commit. */
const CLEANED_PER_RECORD = 3;
const CLEANED_MIN = 64;

interface Segment {
  readonly number: number;
  /** Routes that were written in it; what happened to them since is seen from `segmentOf`. */
  readonly routes: Int32Array;
  readonly records: number;
}

export class RouteLog {
  /** Oldest first. */
  private segments: Segment[] = [];
  private head = 0;
  /** How many of the oldest one's routes were looked at. */
  private cleaned = 0;
  private records = 0;
  private nextNumber = 1;
  /** By route: the segment that has its newest state, the low 32 bits of its number. */
  private segmentOf = new Int32Array(64);
  private readonly writer = new SegmentWriter();
  private readonly rib: WatchedRib<unknown>;
  private readonly pointOf: (vantagePoint: number) => VantagePoint;
  private readonly slackRecords: number;
  private restoring: number[] = [];
  /** The store still has its old table, which the first commit replaces. */
  replacesTable = false;

  constructor(
    rib: WatchedRib<unknown>,
    pointOf: (vantagePoint: number) => VantagePoint,
    slackRecords = SLACK_RECORDS,
  ) {
    this.rib = rib;
    this.pointOf = pointOf;
    this.slackRecords = slackRecords;
  }

  get hasChanged(): boolean {
    return this.rib.hasChanged || this.replacesTable;
  }

  /** Nobody keeps the routes (a replay in memory): forgets what changed. */
  discard(): void {
    if (this.rib.hasChanged) this.rib.takeChanged();
  }

  /** What the next commit writes. */
  take(): RouteChange {
    const { changed, gone } = this.rib.takeChanged();
    const number = this.nextNumber;
    const written: number[] = [];
    for (const { vantagePoint, pathId, ...prefix } of gone)
      this.writer.gone(vantagePoint, this.pointOf(vantagePoint), prefix, pathId);
    for (const route of changed) this.write(route, number, written);
    const dropped = this.clean(number, written);
    const { records } = this.writer;
    const { replacesTable } = this;
    this.replacesTable = false;
    if (records === 0) return { segment: undefined, dropped, replacesTable };
    this.append({ number, routes: Int32Array.from(written), records });
    return { segment: { number, body: this.writer.take() }, dropped, replacesTable };
  }

  private append(segment: Segment): void {
    this.segments.push(segment);
    this.records += segment.records;
    this.nextNumber = segment.number + 1;
  }

  private write(route: number, number: number, written: number[]): void {
    const row = this.rib.rowOfRoute(route);
    if (row < 0) return;
    const vantagePoint = this.rib.vantagePointOf(route);
    this.writer.route(
      vantagePoint,
      this.pointOf(vantagePoint),
      this.rib.prefixWords(row),
      this.rib.written(route),
    );
    this.note(route, number);
    written.push(route);
  }

  private note(route: number, number: number): void {
    while (route >= this.segmentOf.length) this.segmentOf = grown(this.segmentOf);
    this.segmentOf[route] = number;
  }

  /** Moves living routes of the oldest segments into the new one; numbers of segments that nobody needs any more. */
  private clean(number: number, written: number[]): number[] {
    const dropped: number[] = [];
    let budget = CLEANED_MIN + CLEANED_PER_RECORD * this.writer.records;
    while (budget > 0 && this.records + this.writer.records > 2 * this.rib.routes + this.slackRecords) {
      const oldest = this.segments[this.head];
      if (oldest === undefined) break;
      budget -= 1;
      const route = oldest.routes[this.cleaned];
      this.cleaned += 1;
      if (route === undefined) {
        this.dropOldest(oldest);
        dropped.push(oldest.number);
      } else if (this.segmentOf[route] === (oldest.number | 0)) this.write(route, number, written);
    }
    return dropped;
  }

  private dropOldest(oldest: Segment): void {
    this.records -= oldest.records;
    this.head += 1;
    this.cleaned = 0;
    if (this.head < 1_024 || 2 * this.head < this.segments.length) return;
    this.segments = this.segments.slice(this.head);
    this.head = 0;
  }

  // ------------------------------------------------------------ at the start

  /** The store's segment of this number had this route. */
  restored(number: number, route: number): void {
    this.note(route, number);
    this.restoring.push(route);
  }

  /** The segment was read to its end. */
  restoredSegment(number: number, records: number): void {
    this.append({ number, routes: Int32Array.from(this.restoring), records });
    this.restoring = [];
  }
}
