/**
 * What each feed could see, and when: intervals that never overlap within a feed. Written all the time, so the
 * running one is extended in place. What is learned later about a time (a gap that was filled) replaces what
 * stood there. Time without any interval was not covered: after a restart nothing is extended across the pause.
 */
import type { CoverageInterval, CoverageWriter } from '../engine/ports.ts';
import { isoTime } from '../incident/alert.ts';
import { msOf } from './codec.ts';
import type { Connection } from './connection.ts';

interface StoredInterval {
  readonly number: number;
  readonly feed: string;
  readonly since: number;
  readonly until: number;
  readonly state: CoverageInterval['state'];
  readonly reason: string;
}

export class CoverageTable implements CoverageWriter {
  private readonly connection: Connection;
  /** Feed → number of the interval that this process wrote last and that may be extended. */
  private readonly running = new Map<string, number>();

  constructor(connection: Connection) {
    this.connection = connection;
    connection.onRollback(() => this.running.clear());
  }

  coverage(interval: CoverageInterval): void {
    const since = msOf(interval.from);
    const until = Math.max(since, msOf(interval.to));
    this.connection.writingSoon(() => {
      const last = this.latest(interval.feed);
      if (last !== undefined && this.continues(last, interval, since)) {
        if (until > last.until)
          this.connection.run('UPDATE coverage SET until = ? WHERE number = ?', until, last.number);
        this.running.set(interval.feed, last.number);
        return;
      }
      this.clear(interval.feed, since, until);
      this.insert({ ...interval, since, until });
      const newest = this.latest(interval.feed);
      if (newest !== undefined) this.running.set(interval.feed, newest.number);
    });
  }

  /** Where the last interval of the feed ends, ms; undefined: there is none. */
  untilMs(feed: string): number | undefined {
    return this.connection.reading(() => this.latest(feed)?.until);
  }

  /** Same state and reason, not about the past; and begun by this process, or touching. */
  private continues(last: StoredInterval, interval: CoverageInterval, since: number): boolean {
    if (last.state !== interval.state || last.reason !== interval.reason || since < last.since) return false;
    return since <= last.until || this.running.get(interval.feed) === last.number;
  }

  private latest(feed: string): StoredInterval | undefined {
    return this.connection.get<StoredInterval>(
      'SELECT * FROM coverage WHERE feed = ? ORDER BY until DESC, number DESC LIMIT 1',
      feed,
    );
  }

  private insert(interval: Omit<StoredInterval, 'number'>): void {
    this.connection.run(
      'INSERT INTO coverage (feed, since, until, state, reason) VALUES (?, ?, ?, ?, ?)',
      interval.feed,
      interval.since,
      interval.until,
      interval.state,
      interval.reason,
    );
  }

  /** Makes room: what lies inside goes, what reaches in is cut, what reaches across is cut in two. */
  private clear(feed: string, since: number, until: number): void {
    const inTheWay = this.connection.all<StoredInterval>(
      'SELECT * FROM coverage WHERE feed = ? AND until > ? AND since < ?',
      feed,
      since,
      until,
    );
    for (const old of inTheWay) {
      this.connection.run('DELETE FROM coverage WHERE number = ?', old.number);
      if (old.since < since) this.insert({ ...old, until: since });
      if (old.until > until) this.insert({ ...old, since: until });
    }
  }

  /** Intervals that touch [from, to], clipped to it, by time and then by feed. */
  between(from: string, to: string): readonly CoverageInterval[] {
    const low = msOf(from);
    const high = msOf(to);
    const rows = this.connection.reading(() =>
      this.connection.all<StoredInterval>(
        'SELECT * FROM coverage WHERE until >= ? AND since <= ? ORDER BY since, feed, number',
        low,
        high,
      ),
    );
    return rows
      .filter((row) => row.since === row.until || low === high || (row.until > low && row.since < high))
      .map(({ feed, since, until, state, reason }) => ({
        feed,
        from: isoTime(Math.max(since, low)),
        to: isoTime(Math.min(until, high)),
        state,
        reason,
      }));
  }
}
