/**
 * From a frame's bytes to the driver: the quick reject first, decoding only for what may be ours. Counts what was
 * judged, by which road, what was odd and what was left out. One for each feed.
 */
import type { VantagePoint } from '../../bgp/vantage-point.ts';
import { decodeRisLive } from '../../decode/ris-live/ris-live.ts';
import type { QuickReject, QuickVerdict } from '../../match/quick-reject.ts';
import { END, NEXT, START } from '../../match/tape.ts';
import type { FastRoads, RoadCounts, SourceInput } from '../source.ts';
import type { FrameScanner, FrameTaker } from './frame-tap.ts';
import { keepsCollector } from './subscription.ts';

export interface IntakeOptions {
  readonly feed: string;
  readonly collectors: readonly string[];
  /** Vantage points that are not believed. */
  readonly ignores: (vantagePoint: VantagePoint) => boolean;
  /** Nothing is settled on its bytes, for other feeds settle what this one must not. */
  readonly decodesAll: boolean;
  /** A vantage point spoke; what is settled on its bytes is noted in the table only. */
  readonly heard: (vantagePoint: VantagePoint, isKeepalive: boolean) => void;
  /** Undefined: everything is decoded. */
  readonly fast: FastRoads | undefined;
  readonly apply: (input: SourceInput, arrivedMs: number) => void;
  readonly problem: (code: string) => void;
  readonly dropped: (reason: string) => void;
}

export class FrameIntake {
  /** Messages judged since the last `takeJudged`. */
  private rejected = 0;
  private accepted = 0;
  private decoded = 0;
  /** What the bytes of the frame that comes next have said already. */
  private foreseen: QuickVerdict | undefined;
  private readonly options: IntakeOptions;
  /** Undefined: nothing may be settled on its bytes. */
  private readonly quick: QuickReject | undefined;

  constructor(options: IntakeOptions) {
    this.options = options;
    const decodesAll = options.collectors.length > 0 || options.decodesAll;
    this.quick = decodesAll ? undefined : options.fast?.quick;
  }

  takeJudged(): RoadCounts {
    const counts = { reject: this.rejected, accept: this.accepted, slow: this.decoded };
    this.rejected = this.accepted = this.decoded = 0;
    return counts;
  }

  /**
   * For the connection: settles frames where they lie, each with the stamp of its piece of the stream. Undefined when
   * every frame has to be decoded.
   */
  scanner(nowMs: () => number): FrameScanner | undefined {
    const { quick } = this;
    if (quick === undefined) return undefined;
    let arrivedMs = 0;
    return {
      area: quick.scanner.area,
      begin: () => {
        arrivedMs = nowMs();
      },
      take: (start, end, taker) => {
        const stop = quick.scanner.scanStream(start, end);
        this.takeRecords(quick, arrivedMs, taker);
        return stop;
      },
    };
  }

  /** Judges what stands on the tape. */
  private takeRecords(quick: QuickReject, arrivedMs: number, taker: FrameTaker): void {
    const { scanner } = quick;
    const { tape } = scanner;
    const end = scanner.recordsEnd();
    let frames = 0;
    let bytes = 0;
    for (let at = 0; at < end; at = tape[at + NEXT]!) {
      const verdict = quick.judge(at, arrivedMs, this.options.feed);
      if (this.isSettled(verdict)) {
        frames += 1;
        bytes += tape[at + END]! - tape[at + START]!;
        continue;
      }
      if (frames > 0) taker.settled(frames, bytes);
      frames = bytes = 0;
      this.foreseen = verdict;
      taker.frame(Buffer.from(scanner.area.subarray(tape[at + START], tape[at + END])));
    }
    if (frames > 0) taker.settled(frames, bytes);
  }

  /** Counts what needs no decoding. */
  private isSettled(verdict: QuickVerdict): boolean {
    if (verdict === 'reject') this.rejected += 1;
    else if (verdict === 'accept') this.accepted += 1;
    else return false;
    return true;
  }

  private verdict(bytes: Buffer, arrivedMs: number): QuickVerdict {
    const { foreseen } = this;
    this.foreseen = undefined;
    if (foreseen !== undefined) return foreseen;
    return this.quick?.verdict(bytes, arrivedMs, this.options.feed) ?? 'slow';
  }

  /** Judges one frame. Control answers are the client's business and count as nothing. */
  take(bytes: Buffer, arrivedMs: number): void {
    const verdict = this.verdict(bytes, arrivedMs);
    if (this.isSettled(verdict)) return;
    const raw = bytes.toString();
    const decoded = decodeRisLive(raw);
    if (decoded.type === 'control') return;
    this.decoded += 1;
    if (decoded.type === 'other') {
      if (decoded.vantagePoint !== undefined) this.options.heard(decoded.vantagePoint, decoded.isKeepalive);
      return;
    }
    for (const { code } of decoded.problems) this.options.problem(code);
    if (decoded.type === 'bad') return;
    if (decoded.type === 'peer-state') {
      if (!this.isKept(decoded.change.vantagePoint)) return;
      this.options.fast?.table.callIn(decoded.change.vantagePoint);
      this.options.apply(
        { type: 'peer-state', feed: this.options.feed, via: 'live', change: decoded.change },
        arrivedMs,
      );
      return;
    }
    if (!this.isKept(decoded.update.vantagePoint)) return;
    this.options.heard(decoded.update.vantagePoint, false);
    if (verdict === 'stranger' && decoded.problems.length === 0)
      this.quick?.adopt(decoded.update.vantagePoint);
    this.options.apply(
      { type: 'update', feed: this.options.feed, via: 'live', update: decoded.update, raw },
      arrivedMs,
    );
    this.options.fast?.table.callOff(decoded.update.vantagePoint);
  }

  private isKept(vantagePoint: VantagePoint): boolean {
    const { collectors, ignores } = this.options;
    if (!keepsCollector(collectors, vantagePoint.collector)) this.options.dropped('other-collector');
    else if (ignores(vantagePoint)) this.options.dropped('ignored-peer');
    else return true;
    return false;
  }
}
