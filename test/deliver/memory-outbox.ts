/** An outbox that keeps the port's contract in memory, and writes down what became of each row. */
import type { Outbox, OutboxItem, OutboxRow } from '../../src/engine/ports.ts';

interface Row extends OutboxItem {
  readonly key: string;
  state: 'pending' | 'delivered' | 'failed';
  attempts: number;
  notBeforeMs: number;
  error: string;
}

export class MemoryOutbox implements Outbox {
  readonly rows: Row[] = [];
  readonly #memo = new Map<string, string>();
  /** How often it was asked for due rows. */
  asked = 0;

  add(row: OutboxRow): void {
    const { receiver, alert, key = alert.id } = row;
    this.rows.push({ receiver, alert, key, attempts: 0, notBeforeMs: 0, state: 'pending', error: '' });
  }

  due(receiver: string, nowMs: number, limit: number): readonly OutboxItem[] {
    this.asked += 1;
    const incidents = new Set<string>();
    const due: OutboxItem[] = [];
    for (const row of this.#pending(receiver)) {
      const first = !incidents.has(row.alert.incident.id);
      incidents.add(row.alert.incident.id);
      if (first && row.notBeforeMs <= nowMs && due.length < limit) due.push({ ...row });
    }
    return due;
  }

  nextDueMs(receiver: string): number | undefined {
    const times = this.#pending(receiver).map((row) => row.notBeforeMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  delivered(receiver: string, key: string): void {
    this.#find(receiver, key).state = 'delivered';
  }

  postponed(receiver: string, key: string, notBeforeMs: number, error: string): void {
    const row = this.#find(receiver, key);
    row.attempts += 1;
    row.notBeforeMs = notBeforeMs;
    row.error = error;
  }

  failed(receiver: string, key: string, _atMs: number, error: string): void {
    const row = this.#find(receiver, key);
    row.state = 'failed';
    row.error = error;
  }

  pending(receiver: string): number {
    return this.#pending(receiver).length;
  }

  memo(receiver: string, key: string): string | undefined {
    return this.#memo.get(`${receiver} ${key}`);
  }

  setMemo(receiver: string, key: string, value: string): void {
    this.#memo.set(`${receiver} ${key}`, value);
  }

  #pending(receiver: string): readonly Row[] {
    return this.rows.filter((row) => row.receiver === receiver && row.state === 'pending');
  }

  #find(receiver: string, key: string): Row {
    const row = this.rows.find(
      (other) => other.receiver === receiver && other.key === key && other.state === 'pending',
    );
    if (row === undefined) throw new Error(`no pending row ${key} of ${receiver}`);
    return row;
  }
}
