/**
 * One receiver's lane: takes due rows from the outbox, oldest first, and tells them.
 *
 * Steady: up to `concurrency` rows at once, never two of one incident. The first failure that may pass ends that:
 * the lane waits, longer each time, and then probes with the oldest row, so that a receiver that comes back is told
 * everything in order. When that row has failed for the fifth time a probe tries one other row besides: if that one
 * passes, the receiver works and the first row alone waits on. No row can hold up the others for good.
 *
 * Nothing is polled: the lane acts on `wake`, on the end of a sending, and on one timer for the next due row.
 */
import type { Outbox, OutboxItem } from '../engine/ports.ts';
import type { Alert } from '../incident/alert.ts';
import { readReminderKey } from '../incident/reminders.ts';
import { isHopeless, nextDelayMs } from './backoff.ts';
import { cleanText } from './clean-text.ts';
import { type Clock, pause } from './clock.ts';
import type { Outcome, Receiver, SendContext } from './receiver.ts';
import { type HealthListener, ReceiverHealth, type ReceiverState } from './receiver-health.ts';
import { keyOf, type TroubleListener, Troubles } from './troubles.ts';

/** What became of one try for one row. A row that is given up counts as failed. */
export type DeliveryResult = 'delivered' | 'retried' | 'failed';

export interface LaneOptions extends HealthListener, TroubleListener {
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** For the counter: `rows` tries of this receiver ended so. */
  readonly deliveries?: (receiver: string, result: DeliveryResult, rows: number) => void;
  /** The outbox itself failed: our own store. Delivering has ended; the process should. */
  readonly onBroken: (error: unknown) => void;
}

type Failure = Extract<Outcome, { ok: false }>;

/** Rows looked at for a digest or a probe. */
const ROWS_MAX = 100;
/** Failures in a row that make a receiver failing. */
const FAILURES_SHOWN = 3;
const ERROR_MAX = 300;
/** Tries of the oldest row before another one may pass it: until then the order is kept whatever happens. */
const IN_ORDER_TRIES = 5;

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
  readonly #troubles: Troubles;
  readonly #health: ReceiverHealth;
  /** A digest was refused: each alert is told by itself until one went well. */
  #tellsSingly = false;
  #isBetween = false;
  #cancelTimer: () => void = () => undefined;
  #stopped = false;
  #failures = 0;
  #retryAtMs = 0;

  constructor(receiver: Receiver, options: LaneOptions) {
    this.receiver = receiver;
    this.#options = options;
    this.#troubles = new Troubles(receiver.name, options);
    this.#health = new ReceiverHealth(options, () => this.state());
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
      consecutiveFailures: this.#failures,
      ...this.#health.facts(),
    };
  }

  /** Tells something that is no row: a few tries, nothing kept. */
  notice(alert: Alert): void {
    const work = this.#tellNotice(alert).finally(() => this.#notices.delete(work));
    this.#notices.add(work);
  }

  /** Runs `work` when nothing else is on its way; nothing else begins before it ends. */
  async between(work: (context: SendContext) => Promise<Outcome>): Promise<'busy' | 'failed' | 'done'> {
    if (this.#stopped || this.#underway.size > 0 || this.#isBetween) return 'busy';
    this.#isBetween = true;
    try {
      const outcome = await work(this.#memoryContext());
      if (this.#isBrokenOff(outcome)) return 'failed';
      if (outcome.ok) this.#health.delivered(this.#options.clock.nowMs());
      else this.#health.failed(outcome.error, this.#options.clock.nowMs(), true);
      return outcome.ok ? 'done' : 'failed';
    } finally {
      this.#isBetween = false;
      this.wake();
    }
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
    if (this.#stopped || this.#isBetween) return;
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
    for (const row of rows) this.#troubles.waits(row, row.attempts, this.#health.lastError);
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
      !this.#tellsSingly &&
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
    if (outcome.isAlone === true) {
      this.#postponeAlone(row, outcome);
      return;
    }
    this.#fail(outcome, [row]);
    this.#postpone(row, row.attempts === 0 ? this.#retryAtMs : this.#ownRetryMs(row, outcome), outcome);
  }

  #ownRetryMs(row: OutboxItem, outcome: Failure): number {
    const { clock } = this.#options;
    return clock.nowMs() + nextDelayMs(row.attempts + 1, outcome.retryAfterMs, clock.random);
  }

  /** The receiver works, this row has to wait. */
  #postponeAlone(row: OutboxItem, outcome: Failure): void {
    this.#postpone(row, this.#ownRetryMs(row, outcome), outcome);
    this.#count('retried', 1);
  }

  async #tellMany(rows: readonly OutboxItem[]): Promise<void> {
    const [first] = rows;
    const { sendDigest } = this.receiver;
    if (first === undefined || sendDigest === undefined) return;
    const alerts = rows.map((row) => row.alert);
    const outcome = await sendDigest.call(this.receiver, alerts, this.#contextOf(first));
    if (this.#isBrokenOff(outcome)) return;
    if (outcome.ok) {
      this.#settle(rows, outcome);
      return;
    }
    // What is refused together may be taken one by one.
    if (!outcome.retryable) this.#tellsSingly = true;
    this.#fail(outcome, rows);
    for (const row of rows) this.#postpone(row, this.#retryAtMs, outcome);
  }

  /** The oldest row, and when that failed often enough one other, a different one each time. */
  async #probe(rows: readonly OutboxItem[]): Promise<void> {
    const [head] = rows;
    if (head === undefined) return;
    const outcome = await this.#send(head);
    if (this.#isBrokenOff(outcome)) return;
    if (outcome.ok || !outcome.retryable) {
      this.#settle([head], outcome);
      return;
    }
    if (outcome.isAlone === true) {
      this.#failures = 0;
      this.#health.works();
      this.#postponeAlone(head, outcome);
      return;
    }
    const keepsOrder = outcome.retryAfterMs !== undefined || head.attempts + 1 < IN_ORDER_TRIES;
    const other = keepsOrder ? undefined : rows[1 + (this.#failures % Math.max(1, rows.length - 1))];
    if (other !== undefined && (await this.#otherPasses(other))) {
      await this.#tryAgainFirst(head, outcome);
      return;
    }
    if (this.#stopped) return;
    this.#fail(outcome, [head]);
    this.#postpone(head, this.#retryAtMs, outcome);
  }

  /** It may have come back between the two: then the oldest row is still the next one to go. */
  async #tryAgainFirst(head: OutboxItem, before: Failure): Promise<void> {
    const outcome = await this.#send(head);
    if (this.#isBrokenOff(outcome)) return;
    if (outcome.ok || !outcome.retryable) this.#settle([head], outcome);
    else this.#postponeAlone(head, before);
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
      this.#troubles.over(row);
      if (outcome.ok) outbox.delivered(name, keyOf(row), nowMs);
      else this.#giveUp(row, cleanText(outcome.error, ERROR_MAX));
    }
    this.#count(outcome.ok ? 'delivered' : 'failed', rows.length);
    this.#failures = 0;
    if (outcome.ok) this.#tellsSingly = false;
    if (outcome.ok) this.#health.delivered(nowMs);
    else this.#health.failed(outcome.error, nowMs, true);
  }

  #fail(outcome: Failure, rows: readonly OutboxItem[]): void {
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    // Those that were on their way together fail together: that is one failure.
    if (this.#failures === 0 || nowMs >= this.#retryAtMs) this.#failures += 1;
    const retryAtMs = nowMs + nextDelayMs(this.#failures, outcome.retryAfterMs, clock.random);
    this.#retryAtMs = Math.max(this.#retryAtMs, retryAtMs);
    this.#count('retried', rows.length);
    this.#health.failed(outcome.error, nowMs, this.#failures >= FAILURES_SHOWN);
  }

  #postpone(row: OutboxItem, notBeforeMs: number, outcome: Failure): void {
    const { outbox, clock } = this.#options;
    const nowMs = clock.nowMs();
    const error = cleanText(outcome.error, ERROR_MAX);
    if (isHopeless(nowMs - Date.parse(row.alert.at), row.attempts + 1)) {
      this.#giveUp(row, `given up after ${row.attempts + 1} tries: ${error}`);
      this.#count('failed', 1);
      return;
    }
    this.#troubles.waits(row, row.attempts + 1, error);
    outbox.postponed(this.receiver.name, keyOf(row), notBeforeMs, error);
  }

  #giveUp(row: OutboxItem, error: string): void {
    this.#options.outbox.failed(this.receiver.name, keyOf(row), this.#options.clock.nowMs(), error);
    this.#troubles.givenUp(row, error);
  }

  #count(result: DeliveryResult, rows: number): void {
    this.#options.deliveries?.(this.receiver.name, result, rows);
  }

  // ---------------------------------------------------------------- beside the rows

  async #tellNotice(alert: Alert): Promise<void> {
    const { clock } = this.#options;
    const context = this.#memoryContext();
    for (let tries = 1; tries <= NOTICE_TRIES && !this.#stopped; tries += 1) {
      const outcome = await this.receiver.send(alert, context);
      if (outcome.ok || !outcome.retryable) return;
      await pause(clock, nextDelayMs(tries, outcome.retryAfterMs, clock.random), this.#abort.signal);
    }
  }

  /** For what is no row: nothing of it is kept. */
  #memoryContext(): SendContext {
    const memory = new Map<string, string>();
    return {
      signal: this.#abort.signal,
      reminder: undefined,
      memo: (key) => memory.get(key),
      setMemo: (key, value) => memory.set(key, value),
    };
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
