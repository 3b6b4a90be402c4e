/**
 * The one driver: live, replay, recording and simulation push their inputs through it. It stamps nothing itself; it
 * applies inputs to the engine, writes what they changed in one transaction, and publishes only after that.
 */
import type { Engine } from '../engine/engine.ts';
import type { Input, Outcome } from '../engine/input.ts';
import type { Batch, Published, Publisher } from '../engine/ports.ts';
import type { EngineView } from '../engine/view.ts';

/** Where batches go: the SQLite store, or nothing for a replay in memory. */
export interface CommitTarget {
  commit(batch: Batch): void;
  /** In the place of `commit`: what cannot be written is kept in memory, and `written` is called when it is, in order. */
  commitOrHold?(batch: Batch, written: () => void): 'written' | 'held';
  /** True: what was committed before is not written yet. What nobody waits for then stays in the engine. */
  readonly isHolding?: boolean;
  /** False: routes and baseline are not handed over. */
  readonly keepsState?: boolean;
}

export interface DriverOptions {
  readonly engine: Engine;
  readonly target: CommitTarget;
  /** Before each input is applied. */
  readonly onInput?: (input: Input, arrivedMs: number) => void;
  /** Before each transaction: what led to it has to be on disk first (recordings). */
  readonly beforeCommit?: () => void;
  /** A transaction failed: the process has to end. */
  readonly onFailed?: (error: unknown) => void;
  /** After each transaction with outbox rows. */
  readonly onOutbox?: () => void;
  readonly onCommitted?: (published: readonly Published[]) => void;
  /** After everybody was told. */
  readonly onPublished?: (published: readonly Published[]) => void;
}

/** Inputs that one transaction holds at most. */
const INPUTS_MAX = 2_000;
/** Rows of the baseline that were only seen once more: as many go with a transaction, and with one when nothing else is to be done. */
const SIGHTED_MAX = 50;
const SIGHTED_IDLE_MAX = 500;
/** For what was put off, at an orderly stop. */
const FINAL_COMMITS_MS = 4_000;
/** How long silent changes are batched, ms. */
export const BATCH_WAIT_MS = 25;

const CLOCK = { type: 'clock' } as const;

export class Driver implements Publisher {
  /** What is so now. */
  readonly view: EngineView;
  private readonly engine: Engine;
  private readonly options: DriverOptions;
  private readonly listeners = new Set<(published: Published) => void>();
  private pending = 0;
  private turnCommittedMs = Number.NEGATIVE_INFINITY;

  constructor(options: DriverOptions) {
    this.engine = options.engine;
    this.view = options.engine.view;
    this.options = options;
  }

  /** Applies one input with its stamp of arrival; commits by itself when many have come together. */
  apply<I extends Input>(input: I, arrivedMs: number): Outcome<I> {
    this.options.onInput?.(input, arrivedMs);
    const outcome = this.engine.apply(input, arrivedMs);
    this.accepted();
    return outcome;
  }

  /** The accept road applied an input. */
  accepted(): void {
    this.pending += 1;
    if (this.pending >= INPUTS_MAX) this.commit();
  }

  /** Lets the clock run to `nowMs`. */
  advance(nowMs: number): void {
    this.engine.apply(CLOCK, nowMs);
  }

  /** True when something was applied or changed that is not committed. */
  get isDirty(): boolean {
    return this.pending > 0 || this.engine.hasChanged || this.hasDeferred;
  }

  /** Something was put off, to be written little by little. */
  get hasDeferred(): boolean {
    return this.engine.hasDeferred;
  }

  /**
   * The end of a turn of the event loop, at `nowMs` of a clock that never goes back. What somebody waits for is
   * committed at once; the rest too, unless the last turn that committed is less than `BATCH_WAIT_MS` ago. Returns after
   * how many ms it has to be asked again; undefined: nothing waits.
   */
  endTurn(nowMs: number): number | undefined {
    const { engine } = this;
    const waitMs = this.turnCommittedMs + BATCH_WAIT_MS - nowMs;
    if (waitMs > 0 && engine.hasChanged && !engine.isUrgent) return waitMs;
    if (engine.hasChanged) this.turnCommittedMs = nowMs;
    this.commit();
    return undefined;
  }

  /** One transaction with everything since the last one; then it is published. `isIdle`: also what was put off. `nowMs`: as for `endTurn`. */
  commit(isIdle = false, nowMs?: number): void {
    this.pending = 0;
    if (nowMs !== undefined) this.turnCommittedMs = nowMs;
    if (this.isHolding && !this.engine.isUrgent && !this.engine.isLarge) return;
    this.take(isIdle);
  }

  private get isHolding(): boolean {
    return this.options.target.isHolding === true;
  }

  private take(isIdle: boolean): void {
    const { engine } = this;
    engine.writeDeferred(isIdle);
    if (!engine.hasChanged) return;
    const { batch, published } = engine.takeBatch(
      this.options.target.keepsState ?? true,
      isIdle ? SIGHTED_IDLE_MAX : SIGHTED_MAX,
    );
    this.options.beforeCommit?.();
    const outcome = this.write(batch, () => this.publish(batch, published));
    if (outcome === 'written') this.publish(batch, published);
  }

  private publish(batch: Batch, published: readonly Published[]): void {
    this.options.onCommitted?.(published);
    for (const one of published) for (const listener of this.listeners) listener(one);
    if (batch.outbox.length > 0) this.options.onOutbox?.();
    this.options.onPublished?.(published);
  }

  /** Whoever asked for it: what a failed transaction had is gone from the engine's hands, so nothing may come after it. */
  private write(batch: Batch, written: () => void): 'written' | 'held' {
    const { target } = this.options;
    try {
      if (target.commitOrHold !== undefined) return target.commitOrHold(batch, written);
      target.commit(batch);
      return 'written';
    } catch (error) {
      this.options.onFailed?.(error);
      throw error;
    }
  }

  /**
   * As many transactions as it takes to leave nothing behind: at the end of a replay, and at an orderly stop, which has
   * ten seconds for all it does (`nowMs` tells the time): sightings that are not written are seen again.
   */
  commitAll(nowMs: () => number = () => 0): void {
    const untilMs = nowMs() + FINAL_COMMITS_MS;
    this.pending = 0;
    do this.take(true);
    while (this.hasDeferred && !this.isHolding && nowMs() < untilMs);
  }

  subscribe(listener: (published: Published) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
