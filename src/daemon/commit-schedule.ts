/**
 * When the live daemon commits: at the end of each turn of the event loop in which something came. What is put off,
 * by the driver (decision 0030) or by a storm, is written when its time comes. The driver decides; the timers are here.
 */
import type { Driver } from './driver.ts';

export interface CommitScheduleOptions {
  readonly driver: Driver;
  /** Everything that was judged is committed. */
  readonly onClean: () => void;
  /** After each turn and each commit: deadlines may have moved. */
  readonly afterTurn: () => void;
  /** The store failed: told once, nothing is committed after it. */
  readonly onBroken: (error: unknown) => void;
}

/** Quiet time after which large incidents are written as they stand. */
const DEFER_MS = 20;

export class CommitSchedule {
  private readonly options: CommitScheduleOptions;
  private isScheduled = false;
  private isBroken = false;
  private companyTimer: NodeJS.Timeout | undefined;
  private deferredTimer: NodeJS.Timeout | undefined;
  /** `performance.now()` of the first frame of this turn. */
  private turnBeganAt: number | undefined;

  constructor(options: CommitScheduleOptions) {
    this.options = options;
  }

  /** Something came in this turn. */
  soon(): void {
    this.turnBeganAt ??= performance.now();
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => this.endTurn());
  }

  /** Ms since the first frame of this turn came; undefined: none did. */
  sinceFrameMs(): number | undefined {
    return this.turnBeganAt === undefined ? undefined : performance.now() - this.turnBeganAt;
  }

  private endTurn(): void {
    this.isScheduled = false;
    const { driver } = this.options;
    const waitMs = this.guarded(() => driver.endTurn(performance.now()));
    if (waitMs === undefined) this.clean();
    else this.companyTimer ??= setTimeout(() => this.now(), waitMs);
    this.turnBeganAt = undefined;
    this.end();
  }

  /** Nothing waits any more; `isIdle`: nor what a storm put off. */
  now(isIdle = false): void {
    this.guarded(() => this.options.driver.commit(isIdle, performance.now()));
    this.clean();
    this.end();
  }

  /** Before somebody asks for what is judged. */
  beforeReading(): void {
    if (this.options.driver.isDirty) this.now();
  }

  private clean(): void {
    clearTimeout(this.companyTimer);
    this.companyTimer = undefined;
    if (!this.isBroken) this.options.onClean();
  }

  private end(): void {
    if (this.isBroken) return;
    this.writeDeferredSoon();
    this.options.afterTurn();
  }

  /** What is put off while a storm rages is written when it is due, or once nothing comes for a moment. */
  private writeDeferredSoon(): void {
    clearTimeout(this.deferredTimer);
    if (!this.options.driver.hasDeferred) return;
    this.deferredTimer = setTimeout(() => this.now(true), DEFER_MS);
  }

  private guarded<Result>(work: () => Result): Result | undefined {
    if (this.isBroken) return undefined;
    try {
      return work();
    } catch (error) {
      this.isBroken = true;
      this.options.onBroken(error);
      return undefined;
    }
  }

  /** For an orderly stop, which commits the rest by itself. */
  stop(): void {
    clearTimeout(this.companyTimer);
    clearTimeout(this.deferredTimer);
  }
}
