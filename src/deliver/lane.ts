/**
 * One receiver's lane: takes due rows from the outbox, oldest first, and tells them.
 *
 * Steady: up to `concurrency` rows at once, never two of one incident. The first failure that may pass ends that:
 * the lane waits, longer each time, and then probes with the oldest row, so that a receiver that comes back is told
 * everything in order. From the second failure on a probe tries one other row besides: if that one passes, the
 * receiver works and the first row alone waits on. No row can hold up the others for good.
 *
 * Nothing is polled: the lane acts on `wake`, on the end of a sending, and on one timer for the next due row.
 */
import type { Outbox, OutboxItem } from '../engine/ports.ts';
import type { Alert } from '../incident/alert.ts';
import { readReminderKey } from '../incident/reminders.ts';
import { isHopeless, nextDelayMs, retryDelayMs } from './backoff.ts';
import { cleanText } from './clean-text.ts';
import { type Clock, pause } from './clock.ts';
import type { Outcome, Receiver, SendContext } from './receiver.ts';

export interface ReceiverState {
  readonly receiver: string;
  readonly type: string;
  readonly pending: number;
  /** ISO; null while it takes alerts, and before the first failure. */
  readonly failingSince: string | null;
  readonly consecutiveFailures: number;
  readonly lastError: string | null;
  readonly lastErrorAt: string | null;
  readonly lastDeliveredAt: string | null;
}

/** What became of one try for one row. A row that is given up counts as failed. */
export type DeliveryResult = 'delivered' | 'retried' | 'failed';

export interface LaneOptions {
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** For the counter: `rows` tries of this receiver ended so. */
  readonly deliveries?: (receiver: string, result: DeliveryResult, rows: number) => void;
  /** Once when a receiver begins to fail: the third failure in a row, or a refusal. */
  readonly onFailing?: (state: ReceiverState) => void;
  /** Once when it takes alerts again. */
  readonly onRecovered?: (state: ReceiverState) => void;
  /** The outbox itself failed: our own store. Delivering has ended; the process should. */
  readonly onBroken: (error: unknown) => void;
}

type Failure = Extract<Outcome, { ok: false }>;

/** Rows looked at for a digest or a probe. */
const ROWS_MAX = 100;
/** Failures in a row that make a receiver failing. */
const FAILURES_SHOWN = 3;
const ERROR_MAX = 300;
const NOTICE_TRIES = 3;
/** When the outbox names a due row that it does not hand out. */
const UNSURE_MS = 1_000;
/** After breaking off, for the sendings to notice. */
const ABORT_MS = 1_000;

export class Lane {
  readonly receiver: Receiver;
  readonly #options: LaneOptions;
  readonly #abort = new AbortController();
  /** Incidents on their way, and the promise of each sending. */
  readonly #underway = new Map<string, Promise<void>>();
  readonly #notices = new Set<Promise<void>>();
  #cancelTimer: () => void = () => undefined;
  #stopped = false;
  #failures = 0;
  #retryAtMs = 0;
  #shown = false;
  #failingSinceMs: number | undefined;
  #lastError: { readonly text: string; readonly atMs: number } | undefined;
  #lastDeliveredMs: number | undefined;

  constructor(receiver: Receiver, options: LaneOptions) {
    this.receiver = receiver;
    this.#options = options;
  }

  wake(): void {
    this.#guard(() => this.#fill());
  }

  state(): ReceiverState {
    const { name, type } = this.receiver;
    return {
      receiver: name,
      type,
      pending: this.#options.outbox.pending(name),
      failingSince: isoOrNull(this.#failingSinceMs),
      consecutiveFailures: this.#failures,
      lastError: this.#lastError?.text ?? null,
      lastErrorAt: isoOrNull(this.#lastError?.atMs),
      lastDeliveredAt: isoOrNull(this.#lastDeliveredMs),
    };
  }

  /** Tells something that is no row: a few tries, nothing kept. */
  notice(alert: Alert): void {
    const work = this.#tellNotice(alert).finally(() => this.#notices.delete(work));
    this.#notices.add(work);
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    const { clock } = this.#options;
    const never = new AbortController();
    const done = Promise.all(this.#underway.values()).then(() => never.abort());
    await Promise.race([done, pause(clock, graceMs, never.signal)]);
    this.#abort.abort();
    const over = new AbortController();
    const broken = Promise.all([...this.#underway.values(), ...this.#notices]).then(() => over.abort());
    await Promise.race([broken, pause(clock, ABORT_MS, over.signal)]);
  }

  // ---------------------------------------------------------------- what to send next

  #fill(): void {
    if (this.#stopped) return;
    this.#cancelTimer();
    if (this.#failures > 0) {
      this.#await();
      return;
    }
    const room = this.receiver.concurrency - this.#underway.size;
    if (room <= 0) return;
    const rows = this.#due().filter((row) => !this.#underway.has(row.alert.incident.id));
    if (this.#isStorm(rows)) this.#begin(rows, () => this.#tellMany(rows));
    else for (const row of rows.slice(0, room)) this.#begin([row], () => this.#tellOne(row));
    if (this.#underway.size === 0) this.#sleepUntilDue();
  }

  /** Failing: nothing new before the time, and not beside what is still on its way. */
  #await(): void {
    if (this.#underway.size > 0) return;
    const waitMs = this.#retryAtMs - this.#options.clock.nowMs();
    if (waitMs > 0) {
      this.#sleep(waitMs);
      return;
    }
    const rows = this.#due();
    if (rows.length === 0) this.#sleepUntilDue();
    else if (this.#isStorm(rows)) this.#begin(rows, () => this.#tellMany(rows));
    else this.#begin(rows.slice(0, 1), () => this.#probe(rows));
  }

  #due(): readonly OutboxItem[] {
    const wide = this.receiver.digestFrom !== undefined || this.#failures > 0;
    const limit = wide ? ROWS_MAX : this.receiver.concurrency + this.#underway.size;
    return this.#options.outbox.due(this.receiver.name, this.#options.clock.nowMs(), limit);
  }

  #isStorm(rows: readonly OutboxItem[]): boolean {
    const { digestFrom, sendDigest } = this.receiver;
    return (
      digestFrom !== undefined &&
      sendDigest !== undefined &&
      rows.length >= digestFrom &&
      this.#underway.size === 0
    );
  }

  #begin(rows: readonly OutboxItem[], work: () => Promise<void>): void {
    const ids = rows.map((row) => row.alert.incident.id);
    const promise = work()
      .catch((error: unknown) => this.#break(error))
      .finally(() => {
        for (const id of ids) this.#underway.delete(id);
        this.wake();
      });
    for (const id of ids) this.#underway.set(id, promise);
  }

  #sleepUntilDue(): void {
    const dueMs = this.#options.outbox.nextDueMs(this.receiver.name);
    if (dueMs === undefined) return;
    const waitMs = dueMs - this.#options.clock.nowMs();
    this.#sleep(waitMs > 0 ? waitMs : UNSURE_MS);
  }

  #sleep(ms: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.after(ms, () => this.wake());
  }

  // ---------------------------------------------------------------- sending

  async #tellOne(row: OutboxItem): Promise<void> {
    const outcome = await this.#send(row);
    if (this.#isBrokenOff(outcome)) return;
    if (outcome.ok || !outcome.retryable) {
      this.#settle([row], outcome);
      return;
    }
    this.#fail(outcome, [row]);
    const ownMs =
      this.#options.clock.nowMs() +
      nextDelayMs(row.attempts + 1, outcome.retryAfterMs, this.#options.clock.random);
    this.#postpone(row, row.attempts === 0 ? this.#retryAtMs : ownMs, outcome);
  }

  async #tellMany(rows: readonly OutboxItem[]): Promise<void> {
    const [first] = rows;
    const { sendDigest } = this.receiver;
    if (first === undefined || sendDigest === undefined) return;
    const alerts = rows.map((row) => row.alert);
    const outcome = await sendDigest.call(this.receiver, alerts, this.#contextOf(first));
    if (this.#isBrokenOff(outcome)) return;
    if (outcome.ok || !outcome.retryable) {
      this.#settle(rows, outcome);
      return;
    }
    this.#fail(outcome, rows);
    for (const row of rows) this.#postpone(row, this.#retryAtMs, outcome);
  }

  /** The oldest row, and from the second failure on one other, a different one each time. */
  async #probe(rows: readonly OutboxItem[]): Promise<void> {
    const [head] = rows;
    if (head === undefined) return;
    const outcome = await this.#send(head);
    if (this.#isBrokenOff(outcome)) return;
    if (outcome.ok || !outcome.retryable) {
      this.#settle([head], outcome);
      return;
    }
    const asked = outcome.retryAfterMs !== undefined;
    const other =
      asked || this.#failures < 2 ? undefined : rows[1 + (this.#failures % Math.max(1, rows.length - 1))];
    if (other !== undefined && (await this.#otherPasses(other))) {
      const { clock } = this.#options;
      this.#postpone(head, clock.nowMs() + retryDelayMs(head.attempts + 1, clock.random), outcome);
      this.#options.deliveries?.(this.receiver.name, 'retried', 1);
      return;
    }
    if (this.#stopped) return;
    this.#fail(outcome, [head]);
    this.#postpone(head, this.#retryAtMs, outcome);
  }

  /** True when the receiver dealt with the other row: it works, and the fault is with the first one. */
  async #otherPasses(other: OutboxItem): Promise<boolean> {
    const outcome = await this.#send(other);
    if (!outcome.ok && (outcome.retryable || this.#isBrokenOff(outcome))) return false;
    this.#settle([other], outcome);
    return true;
  }

  #send(row: OutboxItem): Promise<Outcome> {
    return this.receiver.send(row.alert, this.#contextOf(row));
  }

  #contextOf(row: OutboxItem): SendContext {
    const { outbox } = this.#options;
    const { name } = this.receiver;
    return {
      signal: this.#abort.signal,
      reminder: readReminderKey(keyOf(row)),
      memo: (key) => outbox.memo(name, key),
      setMemo: (key, value) => outbox.setMemo(name, key, value),
    };
  }

  // ---------------------------------------------------------------- what came back

  /** A sending that we broke off ourselves says nothing about the receiver. */
  #isBrokenOff(outcome: Outcome): boolean {
    return !outcome.ok && this.#abort.signal.aborted;
  }

  #settle(rows: readonly OutboxItem[], outcome: Outcome): void {
    const { outbox, clock } = this.#options;
    const { name } = this.receiver;
    const nowMs = clock.nowMs();
    for (const row of rows) {
      if (outcome.ok) outbox.delivered(name, keyOf(row), nowMs);
      else outbox.failed(name, keyOf(row), nowMs, cleanText(outcome.error, ERROR_MAX));
    }
    this.#count(outcome.ok ? 'delivered' : 'failed', rows.length);
    this.#failures = 0;
    if (outcome.ok) this.#recover(nowMs);
    else this.#show(outcome, true);
  }

  #fail(outcome: Failure, rows: readonly OutboxItem[]): void {
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    // Those that were on their way together fail together: that is one failure.
    if (this.#failures === 0 || nowMs >= this.#retryAtMs) this.#failures += 1;
    const retryAtMs = nowMs + nextDelayMs(this.#failures, outcome.retryAfterMs, clock.random);
    this.#retryAtMs = Math.max(this.#retryAtMs, retryAtMs);
    this.#count('retried', rows.length);
    this.#show(outcome, this.#failures >= FAILURES_SHOWN);
  }

  #postpone(row: OutboxItem, notBeforeMs: number, outcome: Failure): void {
    const { outbox, clock } = this.#options;
    const nowMs = clock.nowMs();
    const error = cleanText(outcome.error, ERROR_MAX);
    if (isHopeless(nowMs - Date.parse(row.alert.at), row.attempts + 1)) {
      outbox.failed(
        this.receiver.name,
        keyOf(row),
        nowMs,
        `given up after ${row.attempts + 1} tries: ${error}`,
      );
      this.#count('failed', 1);
      return;
    }
    outbox.postponed(this.receiver.name, keyOf(row), notBeforeMs, error);
  }

  #count(result: DeliveryResult, rows: number): void {
    this.#options.deliveries?.(this.receiver.name, result, rows);
  }

  #show(outcome: Failure, loud: boolean): void {
    const atMs = this.#options.clock.nowMs();
    this.#failingSinceMs ??= atMs;
    this.#lastError = { text: cleanText(outcome.error, ERROR_MAX), atMs };
    if (!loud || this.#shown) return;
    this.#shown = true;
    this.#options.onFailing?.(this.state());
  }

  #recover(nowMs: number): void {
    this.#lastDeliveredMs = nowMs;
    this.#failingSinceMs = undefined;
    if (!this.#shown) return;
    this.#shown = false;
    this.#options.onRecovered?.(this.state());
  }

  // ---------------------------------------------------------------- beside the rows

  async #tellNotice(alert: Alert): Promise<void> {
    const { clock } = this.#options;
    const memory = new Map<string, string>();
    const context: SendContext = {
      signal: this.#abort.signal,
      reminder: undefined,
      memo: (key) => memory.get(key),
      setMemo: (key, value) => memory.set(key, value),
    };
    for (let tries = 1; tries <= NOTICE_TRIES && !this.#stopped; tries += 1) {
      const outcome = await this.receiver.send(alert, context);
      if (outcome.ok || !outcome.retryable) return;
      await pause(clock, nextDelayMs(tries, outcome.retryAfterMs, clock.random), this.#abort.signal);
    }
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#break(error);
    }
  }

  #break(error: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancelTimer();
    this.#options.onBroken(error);
  }
}

function keyOf(row: OutboxItem): string {
  return row.key ?? row.alert.id;
}

function isoOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
