/**
 * Coverage for feeds that go on while the database cannot be written: intervals are kept in memory, in order, and
 * written when it can be. Bounded: an interval that goes on is extended in place.
 */
import { OperationalError } from '../engine/errors.ts';
import type { CoverageInterval, CoverageWriter } from '../engine/ports.ts';

/** Far more changes of state than an outage has; beyond it the oldest are left out, and that time is not covered. */
const HELD_MAX = 10_000;

/** The table behind: it also knows where the last interval of a feed ends. */
interface CoverageKept extends CoverageWriter {
  untilMs(feed: string): number | undefined;
}

export class PatientCoverage implements CoverageKept {
  private readonly table: CoverageKept;
  private readonly onFailure: (error: OperationalError) => void;
  private held: CoverageInterval[] = [];

  constructor(table: CoverageKept, onFailure: (error: OperationalError) => void) {
    this.table = table;
    this.onFailure = onFailure;
  }

  coverage(interval: CoverageInterval): void {
    this.hold(interval);
    try {
      this.flush();
    } catch (error) {
      if (!(error instanceof OperationalError) || !error.retryable) throw error;
      this.onFailure(error);
    }
  }

  untilMs(feed: string): number | undefined {
    const held = this.held.findLast((interval) => interval.feed === feed);
    return held === undefined ? this.table.untilMs(feed) : Date.parse(held.to);
  }

  /** Writes what is held. Throws when it cannot be. */
  flush(): void {
    for (let first = this.held[0]; first !== undefined; first = this.held[0]) {
      this.table.coverage(first);
      this.held.shift();
    }
  }

  private hold(interval: CoverageInterval): void {
    const at = this.held.findLastIndex(({ feed }) => feed === interval.feed);
    const last = this.held[at];
    if (last !== undefined && goesOn(last, interval)) this.held[at] = { ...last, to: interval.to };
    else this.held.push(interval);
    if (this.held.length > HELD_MAX) this.held.shift();
  }
}

function goesOn(last: CoverageInterval, next: CoverageInterval): boolean {
  return last.state === next.state && last.reason === next.reason && last.to === next.from;
}
