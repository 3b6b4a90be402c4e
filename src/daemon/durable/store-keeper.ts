/**
 * Between the driver and the store: whatever becomes of the database, judging goes on. A batch that cannot be written
 * is held in memory, and all after it, in order; what waits is tried again by a timer, never by waiting. Only when
 * memory's bound is reached the process ends, and what it knew is in a spill file for the next start.
 *
 *   ok ──a write fails──▶ waiting (nothing shown: a lock of a moment) ──▶ away (readyz 503, feed-blind) ──▶ ok
 */
import type { Logger } from 'pino';
import { OperationalError } from '../../engine/errors.ts';
import type { Batch, StoreReason } from '../../engine/ports.ts';
import { weightOf } from '../../store/batch-weight.ts';
import type { PatientCoverage } from '../../store/patient-coverage.ts';
import type { PatientOutbox } from '../../store/patient-outbox.ts';
import { removeSpill, type Spilled, writeSpill } from '../../store/spill.ts';
import type { SqliteStore } from '../../store/store.ts';
import type { CommitTarget } from '../driver.ts';

export interface StoreKeeperOptions {
  readonly store: SqliteStore;
  readonly outbox: PatientOutbox;
  readonly coverage: PatientCoverage;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly nowMs: () => number;
  /** The state changed, to be judged like any input: away is a `feed-blind` of our own. */
  readonly onState: (state: 'ok' | 'away', reason: StoreReason) => void;
  /** Something is to be told from memory. */
  readonly onUnwritten: () => void;
  /** Our files are to be laid into the state directory again. */
  readonly onBack: () => void;
  /** It cannot go on: what it knew is in a spill file, or said to be lost. */
  readonly onBroken: (error: unknown) => void;
  readonly heldBytesMax: number;
  readonly spillPlaces: readonly string[];
}

interface Held {
  readonly batch: Batch;
  readonly written: () => void;
  readonly bytes: number;
}

/** The look at a store that is well. */
const CHECK_MS = 1_000;
const RETRY_FIRST_MS = 20;
const RETRY_MAX_MS = 500;
/** Somebody else's lock is shown after this, and told after that; anything else at the second failure. */
const LOCK_SHOWN_MS = 1_000;
const LOCK_TOLD_MS = 5_000;
const TOLD_MS = 250;
/** Batches and bytes of one transaction on the way back: the loop has its turn between two. */
const BATCHES_AT_ONCE = 100;
const BYTES_AT_ONCE = 4 * 1024 * 1024;
/** A write that takes longer than this is worth a line. */
const SLOW_MS = 1_000;

export class StoreKeeper implements CommitTarget {
  private readonly options: StoreKeeperOptions;
  private line: Held[] = [];
  private bytes = 0;
  /** Since when nothing can be written, `performance.now()`; undefined: it can. */
  private failingSince: number | undefined;
  private lastError: OperationalError | undefined;
  private isTold = false;
  private retryMs = RETRY_FIRST_MS;
  private timer: NodeJS.Timeout | undefined;
  private isTrying = false;
  private isOver = false;

  constructor(options: StoreKeeperOptions) {
    this.options = options;
  }

  /** `trouble`: why the store could not be written at the start; `before`: what is to be written first then. */
  start(trouble: OperationalError | undefined, before: readonly Spilled[] = []): void {
    for (const { batches, place } of before) {
      for (const [index, batch] of batches.entries()) {
        const written = index + 1 < batches.length ? () => {} : () => removeSpill(place);
        this.hold({ batch, written, bytes: weightOf(batch) });
      }
    }
    if (trouble === undefined) this.schedule(CHECK_MS);
    else this.failed(trouble);
  }

  /** For `/readyz`: what was judged is written, or will be in a moment. */
  get isOk(): boolean {
    if (this.failingSince === undefined) return true;
    return !this.isTold && isLock(this.lastError) && this.failingMs() < LOCK_SHOWN_MS;
  }

  /** True while batches wait: what nobody is told of may wait in the engine. */
  get isHolding(): boolean {
    return this.failingSince !== undefined || this.line.length > 0;
  }

  get held(): { readonly batches: number; readonly bytes: number } {
    return { batches: this.line.length, bytes: this.bytes };
  }

  /** Why a change would not be kept now; undefined: it would be. */
  refusal(): OperationalError | undefined {
    if (!this.isHolding) this.guarded(() => this.options.store.check(this.options.nowMs()));
    return this.isHolding ? this.lastError : undefined;
  }

  commit(batch: Batch): void {
    this.commitOrHold(batch, () => undefined);
  }

  /** Held batches are `written` later, in their order. */
  commitOrHold(batch: Batch, written: () => void): 'written' | 'held' {
    if (!this.isHolding && this.guarded(() => this.timed(() => this.options.store.commit(batch)))) {
      return 'written';
    }
    this.hold({ batch, written, bytes: weightOf(batch) });
    return 'held';
  }

  private hold(held: Held): void {
    this.line.push(held);
    this.bytes += held.bytes;
    this.tellUnwritten(held.batch);
    if (this.bytes > this.options.heldBytesMax) this.end('memory is full of what cannot be written');
  }

  /**
   * While a lock of a moment may be all, only what says that we are blind is told from memory; once the database is known
   * to be away, whatever is held: a full disk must not keep a hijack from anybody.
   */
  private tellUnwritten({ outbox }: Batch): void {
    const rows = this.isTold ? outbox : outbox.filter(({ alert }) => alert.incident.kind === 'feed-blind');
    if (rows.length === 0) return;
    this.options.outbox.tellUnwritten(rows);
    this.options.onUnwritten();
  }

  /** Told by others who write: the outbox, coverage. */
  failed(error: OperationalError): void {
    this.lastError = error;
    if (this.failingSince === undefined) {
      this.failingSince = performance.now();
      this.retryMs = RETRY_FIRST_MS;
      this.schedule(this.retryMs);
    }
  }

  private tellWhenDue(): void {
    const { lastError } = this;
    if (this.isTold || lastError === undefined) return;
    if (this.failingMs() < (isLock(lastError) ? LOCK_TOLD_MS : TOLD_MS)) return;
    this.isTold = true;
    const { batches, bytes } = this.held;
    this.options.log.error({ event: 'store.away', detail: lastError.message, batches, bytes });
    for (const { batch } of this.line) this.tellUnwritten(batch);
    this.options.onState('away', reasonOf(lastError));
  }

  private failingMs(): number {
    return this.failingSince === undefined ? 0 : performance.now() - this.failingSince;
  }

  // ------------------------------------------------------------ on the way back

  private schedule(ms: number): void {
    if (this.isOver) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), ms);
    this.timer.unref();
  }

  /** The regular look, and each try again. */
  private async look(): Promise<void> {
    if (this.isTrying || this.isOver) return;
    this.isTrying = true;
    const isWell = await this.tryAgain();
    this.isTrying = false;
    if (isWell) this.schedule(CHECK_MS);
    else {
      this.tellWhenDue();
      this.retryMs = Math.min(RETRY_MAX_MS, this.retryMs * 2);
      this.schedule(this.retryMs);
    }
  }

  /** Writes all that waits; true when nothing does. */
  async tryAgain(makesDirectory = false): Promise<boolean> {
    const { store, outbox, coverage } = this.options;
    try {
      await store.comeBack(makesDirectory);
      store.check(this.options.nowMs());
      while (this.line.length > 0) {
        this.writeSome();
        await new Promise((resolve) => setImmediate(resolve));
      }
      outbox.flush();
      coverage.flush();
    } catch (error) {
      this.take(error);
      return false;
    }
    this.back();
    return true;
  }

  private writeSome(): void {
    let count = 0;
    let bytes = 0;
    for (const held of this.line) {
      if (count >= BATCHES_AT_ONCE || (count > 0 && bytes + held.bytes > BYTES_AT_ONCE)) break;
      count += 1;
      bytes += held.bytes;
    }
    const some = this.line.slice(0, count);
    this.timed(() => this.options.store.commitAll(some.map(({ batch }) => batch)));
    this.line = this.line.slice(count);
    this.bytes -= bytes;
    for (const { batch, written } of some) {
      this.options.outbox.written(batch.outbox);
      written();
    }
  }

  private back(): void {
    if (this.failingSince === undefined) return;
    const awayMs = Math.round(this.failingMs());
    this.failingSince = undefined;
    this.lastError = undefined;
    if (!this.isTold) return;
    this.isTold = false;
    this.options.log.info({ event: 'store.back', awayMs });
    this.options.onBack();
    this.options.onState('ok', 'none');
  }

  // ------------------------------------------------------------ when it fails

  /** False when it failed in a way that may pass. */
  private guarded(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.take(error);
      return false;
    }
  }

  /** What is no loss when it fails: `otherwise` then. */
  tried<Result>(otherwise: Result, work: () => Result): Result {
    let result = otherwise;
    this.guarded(() => {
      result = work();
    });
    return result;
  }

  private take(error: unknown): void {
    if (error instanceof OperationalError && error.retryable) this.failed(error);
    else this.end('the store is broken', error);
  }

  private timed(work: () => void): void {
    const before = performance.now();
    work();
    const tookMs = Math.round(performance.now() - before);
    if (tookMs > SLOW_MS) this.options.log.warn({ event: 'store.slow', tookMs });
  }

  /** For good: what waits goes into a spill file. */
  private end(why: string, cause?: unknown): void {
    if (this.isOver) return;
    this.spill();
    const { lastError } = this;
    const detail = `${why}${lastError === undefined ? '' : `; ${lastError.message}`}`;
    this.options.onBroken(cause ?? new OperationalError('store-write', detail, { cause: lastError }));
  }

  private spill(): void {
    this.isOver = true;
    clearTimeout(this.timer);
    if (this.line.length === 0) return;
    const batches = this.line.map(({ batch }) => batch);
    const place = writeSpill(this.options.spillPlaces, batches);
    const alerts = batches.reduce((sum, batch) => sum + batch.alerts.length, 0);
    if (place === undefined) this.options.log.error({ event: 'store.lost', batches: batches.length, alerts });
    else this.options.log.error({ event: 'store.spilled', file: place, batches: batches.length, alerts });
  }

  /** At an orderly stop: once more, also into a directory that has to be made again; what is left is spilled. */
  async stop(): Promise<void> {
    if (this.isOver) return;
    clearTimeout(this.timer);
    while (this.isTrying) await new Promise((resolve) => setImmediate(resolve));
    if (this.isHolding) await this.tryAgain(true);
    this.spill();
  }
}

function isLock(error: OperationalError | undefined): boolean {
  return reasonOf(error) === 'locked';
}

const REASONS: readonly (readonly [RegExp, StoreReason])[] = [
  [/^SQLITE_(BUSY|LOCKED|PROTOCOL)/, 'locked'],
  [/^(SQLITE_FULL|SQLITE_IOERR_SHMSIZE|ENOSPC|EDQUOT)/, 'full'],
  [/^(SQLITE_READONLY|EROFS|EACCES|EPERM)/, 'read-only'],
];

/** What stands in the way, from the code that lies at the bottom of the error. */
export function reasonOf(error: OperationalError | undefined): StoreReason {
  if (error === undefined) return 'none';
  let code = '';
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && /^(SQLITE_|E[A-Z]+$)/.test(at.code)) code = at.code;
  }
  if (code === '') return 'gone';
  return REASONS.find(([form]) => form.test(code))?.[1] ?? 'failing';
}
