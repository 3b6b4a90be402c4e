/**
 * The outbox for lanes that go on while the database cannot be written. What they did is kept in memory until it can
 * be marked, and is not done again meanwhile. While the store takes nothing alerts are told from memory, before they are
 * written anywhere: else nobody would hear of it, nor of a hijack of that time.
 */
import { OperationalError } from '../engine/errors.ts';
import type { Outbox, OutboxItem, OutboxRow } from '../engine/ports.ts';

/** What became of a row, to be marked. */
interface Mark {
  readonly receiver: string;
  readonly key: string;
  readonly type: 'delivered' | 'failed' | 'postponed';
  /** When it ended, or not before when it is to be tried again. */
  readonly atMs: number;
  readonly error: string;
}

interface Waiting {
  readonly row: OutboxRow;
  attempts: number;
  notBeforeMs: number;
}

/** Rows told from memory at most; further ones are told when they are written. */
const WAITING_MAX = 1_000;

export class PatientOutbox implements Outbox {
  private readonly table: Outbox;
  private readonly onFailure: (error: OperationalError) => void;
  private readonly marks = new Map<string, Mark>();
  private readonly memos = new Map<string, { receiver: string; key: string; value: string }>();
  private readonly waiting = new Map<string, Waiting>();
  /** How many rows waited when that could last be read. */
  private readonly pendingBefore = new Map<string, number>();

  /** `onFailure`: told of each write and read that failed. */
  constructor(table: Outbox, onFailure: (error: OperationalError) => void) {
    this.table = table;
    this.onFailure = onFailure;
  }

  /** What is to be marked or remembered and is not yet. */
  get held(): number {
    return this.marks.size + this.memos.size;
  }

  /** To be told now, from memory, though it is not written. */
  tellUnwritten(rows: readonly OutboxRow[]): void {
    for (const row of rows) {
      if (this.waiting.size >= WAITING_MAX) return;
      const id = idOf(row.receiver, keyOf(row));
      if (!this.waiting.has(id)) this.waiting.set(id, { row, attempts: 0, notBeforeMs: 0 });
    }
  }

  /** It is written: from here on the table tells it. */
  written(rows: readonly OutboxRow[]): void {
    for (const row of rows) this.waiting.delete(idOf(row.receiver, keyOf(row)));
  }

  /** Marks what was held; call when the store takes writes again. Throws when it does not. */
  flush(): void {
    for (const [id, { receiver, key, value }] of this.memos) {
      this.table.setMemo(receiver, key, value);
      this.memos.delete(id);
    }
    for (const [id, mark] of this.marks) {
      if (this.waiting.has(id)) continue;
      this.write(mark);
      this.marks.delete(id);
    }
  }

  due(receiver: string, nowMs: number, limit: number): readonly OutboxItem[] {
    const fromTable = this.reading([], () => this.table.due(receiver, nowMs, limit + this.marks.size));
    const rows = [
      ...this.waitingDue(receiver, nowMs),
      ...fromTable.filter((row) => !this.isMarked(row, nowMs)),
    ];
    return rows.slice(0, limit);
  }

  private waitingDue(receiver: string, nowMs: number): OutboxItem[] {
    const rows: OutboxItem[] = [];
    const incidents = new Set<string>();
    for (const [id, { row, attempts, notBeforeMs }] of this.waiting) {
      const mark = this.marks.get(id);
      if (row.receiver !== receiver || (mark !== undefined && mark.type !== 'postponed')) continue;
      // Of one incident the first goes before the next.
      const isFirst = !incidents.has(row.alert.incident.id);
      incidents.add(row.alert.incident.id);
      if (!isFirst || notBeforeMs > nowMs) continue;
      rows.push({ ...row, attempts, notBeforeMs });
    }
    return rows;
  }

  private isMarked(row: OutboxItem, nowMs: number): boolean {
    const mark = this.marks.get(idOf(row.receiver, keyOf(row)));
    return mark !== undefined && (mark.type !== 'postponed' || mark.atMs > nowMs);
  }

  nextDueMs(receiver: string): number | undefined {
    const times = [...this.waiting.entries()]
      .filter(([id, { row }]) => row.receiver === receiver && this.marks.get(id)?.type !== 'delivered')
      .map(([, { notBeforeMs }]) => notBeforeMs);
    const fromTable = this.reading(undefined, () => this.table.nextDueMs(receiver));
    if (fromTable !== undefined) times.push(fromTable);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  delivered(receiver: string, key: string, atMs: number): void {
    this.mark({ receiver, key, type: 'delivered', atMs, error: '' });
  }

  failed(receiver: string, key: string, atMs: number, error: string): void {
    this.mark({ receiver, key, type: 'failed', atMs, error });
  }

  postponed(receiver: string, key: string, notBeforeMs: number, error: string): void {
    this.mark({ receiver, key, type: 'postponed', atMs: notBeforeMs, error });
  }

  private mark(mark: Mark): void {
    const id = idOf(mark.receiver, mark.key);
    const waiting = this.waiting.get(id);
    if (waiting !== undefined) {
      waiting.attempts += 1;
      if (mark.type === 'postponed') waiting.notBeforeMs = mark.atMs;
      this.marks.set(id, mark);
      return;
    }
    const isWritten = this.trying(() => this.write(mark));
    if (isWritten) this.marks.delete(id);
    else this.marks.set(id, mark);
  }

  private write({ receiver, key, type, atMs, error }: Mark): void {
    if (type === 'delivered') this.table.delivered(receiver, key, atMs);
    else if (type === 'failed') this.table.failed(receiver, key, atMs, error);
    else this.table.postponed(receiver, key, atMs, error);
  }

  pending(receiver: string): number {
    const count = this.reading(undefined, () => this.table.pending(receiver));
    if (count !== undefined) this.pendingBefore.set(receiver, count);
    return count ?? this.pendingBefore.get(receiver) ?? 0;
  }

  memo(receiver: string, key: string): string | undefined {
    const held = this.memos.get(idOf(receiver, key));
    return held === undefined ? this.reading(undefined, () => this.table.memo(receiver, key)) : held.value;
  }

  setMemo(receiver: string, key: string, value: string): void {
    const id = idOf(receiver, key);
    if (this.trying(() => this.table.setMemo(receiver, key, value))) this.memos.delete(id);
    else this.memos.set(id, { receiver, key, value });
  }

  /** True when it was written. What can never be written is thrown. */
  private trying(write: () => void): boolean {
    try {
      write();
      return true;
    } catch (error) {
      if (!(error instanceof OperationalError) || !error.retryable) throw error;
      this.onFailure(error);
      return false;
    }
  }

  private reading<Result>(otherwise: Result, read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error;
      this.onFailure(error);
      return otherwise;
    }
  }
}

function keyOf(row: { readonly alert: { readonly id: string }; readonly key?: string }): string {
  return row.key ?? row.alert.id;
}

function idOf(receiver: string, key: string): string {
  return `${receiver}\u0000${key}`;
}
