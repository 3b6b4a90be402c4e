/**
 * What one feed, or one collector of it, could see and when, on its way into the coverage table. `live` is written down only as
 * far as a BGP message proves it and what came until then is committed: what a process that is killed leaves behind claims
 * nothing that was not judged. Blindness begins with the last BGP message, never when it was noticed.
 *
 * Times are the driver's stamps, in ms.
 */
import type { CoverageInterval, CoverageWriter } from '../../engine/ports.ts';
import { isoTime } from '../../incident/alert.ts';

type State = CoverageInterval['state'];

/** What of the feed's state the ledger has to know. */
export interface LedgerMoment {
  readonly nowMs: number;
  readonly isLive: boolean;
  /** Why it is not. */
  readonly reason: string;
  /** Arrival of the last BGP message; undefined: none ever came. */
  readonly provenMs: number | undefined;
  /** Number of the connection: a message on the same one proves that nothing between was lost. */
  readonly connection: number;
}

interface Standstill {
  readonly fromMs: number;
  readonly toMs: number;
  readonly connection: number;
}

export class FeedLedger {
  private readonly feed: string;
  private readonly writer: CoverageWriter;
  /** What is to be said of the time in which it sees. */
  private readonly liveNote: string;
  /** Until when the table says what was seen. */
  private writtenMs: number;
  private standstill: Standstill | undefined;

  /** `sinceMs`: the end of what the table has of this feed; undefined: nothing. */
  constructor(
    feed: string,
    writer: CoverageWriter,
    sinceMs: number | undefined,
    nowMs: number,
    liveNote = '',
  ) {
    this.feed = feed;
    this.liveNote = liveNote;
    this.writer = writer;
    this.writtenMs = nowMs;
    if (sinceMs !== undefined && sinceMs < nowMs) {
      this.writtenMs = sinceMs;
      this.write(nowMs, 'blind', 'the daemon did not run');
    }
  }

  /** Everything that came until now is committed: writes down what is known by that. */
  note({ nowMs, isLive, reason, provenMs = Number.NEGATIVE_INFINITY, connection }: LedgerMoment): void {
    if (!isLive) {
      this.standstill = undefined;
      this.write(nowMs, 'blind', reason);
      return;
    }
    const { standstill } = this;
    if (standstill === undefined) {
      this.write(Math.min(nowMs, provenMs), 'live', this.liveNote);
      return;
    }
    this.write(standstill.fromMs, 'live', this.liveNote);
    if (provenMs < standstill.toMs) return;
    this.standstill = undefined;
    const seconds = Math.round((standstill.toMs - standstill.fromMs) / 1_000);
    // What came meanwhile lay in the socket and was read since; of a connection that ended, who knows.
    if (standstill.connection === connection)
      this.write(
        standstill.toMs,
        'backfilled',
        `the process stood still for ${seconds} s; what came was read late`,
      );
    else this.write(standstill.toMs, 'blind', `the process stood still for ${seconds} s`);
    this.write(Math.min(nowMs, provenMs), 'live', this.liveNote);
  }

  /** The process did nothing from `fromMs` to `toMs`; `provenMs` is the last proof before that. */
  stoodStill(fromMs: number, toMs: number, connection: number): void {
    const begunMs = this.standstill?.fromMs ?? Math.max(this.writtenMs, fromMs);
    this.standstill = { fromMs: begunMs, toMs, connection: this.standstill?.connection ?? connection };
  }

  /** The stamps leapt to `nowMs`. `reason`: why nobody saw anything meanwhile; undefined: there was no time between. */
  leapt(nowMs: number, reason: string | undefined): void {
    this.standstill = undefined;
    if (reason !== undefined) this.write(nowMs, 'blind', reason);
    this.writtenMs = Math.max(this.writtenMs, nowMs);
  }

  /** What is not written down yet and is taken to be so until something says otherwise. */
  provisional({ nowMs, isLive, reason }: LedgerMoment): CoverageInterval | undefined {
    if (nowMs <= this.writtenMs) return undefined;
    return this.interval(nowMs, isLive ? 'live' : 'blind', isLive ? this.liveNote : reason);
  }

  private write(toMs: number, state: State, reason: string): void {
    if (toMs <= this.writtenMs) return;
    this.writer.coverage(this.interval(toMs, state, reason));
    this.writtenMs = toMs;
  }

  private interval(toMs: number, state: State, reason: string): CoverageInterval {
    return { feed: this.feed, from: isoTime(this.writtenMs), to: isoTime(toMs), state, reason };
  }
}
