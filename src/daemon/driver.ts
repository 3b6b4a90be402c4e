/**
 * The one driver: live, replay, recording and simulation push their inputs through it. It stamps nothing itself; it
 * applies inputs to the engine, writes what they changed in one transaction, and publishes only after that.
 */
import type { Engine } from '../engine/engine.ts';
import type { Batch, FeedInput, Published, Publisher } from '../engine/ports.ts';
import { writeDeferred } from '../engine/speak.ts';

/** Where batches go: the SQLite store, or nothing for a replay in memory. */
export interface CommitTarget {
  commit(batch: Batch): void;
}

export interface DriverOptions {
  readonly engine: Engine;
  readonly target: CommitTarget;
  /** Before each transaction: what led to it has to be on disk first (recordings). */
  readonly beforeCommit?: () => void;
  /** After each transaction with outbox rows. */
  readonly onOutbox?: () => void;
  readonly onCommitted?: (published: readonly Published[]) => void;
}

/** Inputs that one transaction holds at most. */
const INPUTS_MAX = 2_000;

export class Driver implements Publisher {
  readonly engine: Engine;
  private readonly options: DriverOptions;
  private readonly listeners = new Set<(published: Published) => void>();
  private pending = 0;

  constructor(options: DriverOptions) {
    this.engine = options.engine;
    this.options = options;
  }

  /** Applies one input with its stamp of arrival; commits by itself when many have come together. */
  apply(input: FeedInput, arrivedMs: number): void {
    this.engine.apply(input, arrivedMs);
    this.pending += 1;
    if (this.pending >= INPUTS_MAX) this.commit();
  }

  /** Lets the clock run to `nowMs`. */
  advance(nowMs: number): void {
    this.engine.advance(nowMs);
  }

  /** True when something was applied or changed that is not committed. */
  get isDirty(): boolean {
    return this.pending > 0 || !this.engine.core.effects.isEmpty || this.hasDeferred;
  }

  /** Something was put off, to be written little by little. */
  get hasDeferred(): boolean {
    const { deferred, unlisted } = this.engine.core;
    return deferred.size + unlisted.size > 0;
  }

  /** One transaction with everything since the last one; then it is published. `isIdle`: also what was put off. */
  commit(isIdle = false): void {
    this.pending = 0;
    const { core } = this.engine;
    if (this.hasDeferred) writeDeferred(core, isIdle);
    if (core.effects.isEmpty) return;
    const { batch, published } = core.effects.take();
    this.options.beforeCommit?.();
    this.options.target.commit(batch);
    this.options.onCommitted?.(published);
    for (const one of published) for (const listener of this.listeners) listener(one);
    if (batch.outbox.length > 0) this.options.onOutbox?.();
  }

  /** As many transactions as it takes to leave nothing behind: at the end of a replay, at an orderly stop. */
  commitAll(): void {
    do this.commit(true);
    while (this.hasDeferred);
  }

  subscribe(listener: (published: Published) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
