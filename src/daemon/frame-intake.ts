/**
 * From a frame's bytes to the driver: the quick reject first, decoding only for what may be ours. Counts what was
 * judged, what was odd and what was left out. One for each feed.
 */
import { decodeRisLive } from '../decode/ris-live.ts';
import type { FeedInput } from '../engine/ports.ts';
import type { FrameScanner } from '../feed/frame-tap.ts';
import { keepsCollector } from '../feed/subscription.ts';
import { BYTES } from '../match/json-bytes.ts';
import type { QuickReject, QuickVerdict } from '../match/quick-reject.ts';
import type { VantagePointTable } from '../match/vantage-point-table.ts';

export interface IntakeOptions {
  readonly feed: string;
  readonly collectors: readonly string[];
  readonly quick: QuickReject;
  readonly table: VantagePointTable;
  readonly apply: (input: FeedInput, arrivedMs: number) => void;
  readonly problem: (code: string) => void;
  readonly dropped: (reason: string) => void;
}

export class FrameIntake {
  /** Messages judged since the last `takeJudged`: those rejected on their bytes among them. */
  private judged = 0;
  /** What the bytes of the frame that comes next have said already. */
  private foreseen: QuickVerdict | undefined;
  private readonly options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.options = options;
  }

  takeJudged(): number {
    const { judged } = this;
    this.judged = 0;
    return judged;
  }

  /**
   * For the connection: settles frames where they lie, each with the stamp of its piece of the stream. Undefined when
   * every frame has to be decoded.
   */
  scanner(nowMs: () => number): FrameScanner | undefined {
    if (this.options.collectors.length > 0) return undefined;
    const { quick } = this.options;
    let arrivedMs = 0;
    return {
      area: BYTES,
      begin: () => {
        arrivedMs = nowMs();
      },
      settle: (start, end) => {
        const verdict = quick.verdictAt(start, end, arrivedMs);
        if (verdict === 'reject') {
          this.judged += 1;
          return true;
        }
        this.foreseen = verdict;
        return false;
      },
    };
  }

  private verdict(bytes: Buffer, arrivedMs: number): QuickVerdict {
    const { foreseen } = this;
    this.foreseen = undefined;
    if (foreseen !== undefined) return foreseen;
    return this.options.collectors.length === 0 ? this.options.quick.verdict(bytes, arrivedMs) : 'slow';
  }

  /** Judges one frame. Control answers are the client's business and count as nothing. */
  take(bytes: Buffer, arrivedMs: number): void {
    const { quick } = this.options;
    const isInPlace = this.foreseen !== undefined;
    const verdict = this.verdict(bytes, arrivedMs);
    if (verdict === 'reject') {
      this.judged += 1;
      return;
    }
    const raw = bytes.toString();
    const decoded = decodeRisLive(raw);
    if (decoded.type === 'control') return;
    this.judged += 1;
    if (decoded.type === 'other') return;
    for (const { code } of decoded.problems) this.options.problem(code);
    if (decoded.type === 'bad') return;
    if (decoded.type === 'peer-state') {
      if (!this.isKept(decoded.change.vantagePoint.collector)) return;
      this.options.table.callIn(decoded.change.vantagePoint);
      this.options.apply(
        { type: 'peer-state', feed: this.options.feed, via: 'live', change: decoded.change },
        arrivedMs,
      );
      return;
    }
    if (!this.isKept(decoded.update.vantagePoint.collector)) return;
    if (verdict === 'stranger' && decoded.problems.length === 0) {
      if (isInPlace) quick.adoptHere(decoded.update.vantagePoint);
      else quick.adopt(bytes, decoded.update.vantagePoint);
    }
    this.options.apply(
      { type: 'update', feed: this.options.feed, via: 'live', update: decoded.update, raw },
      arrivedMs,
    );
    this.options.table.callOff(decoded.update.vantagePoint);
  }

  private isKept(collector: string): boolean {
    const isKept = keepsCollector(this.options.collectors, collector);
    if (!isKept) this.options.dropped('other-collector');
    return isKept;
  }
}
