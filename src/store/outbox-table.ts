/**
 * The outbox: what still has to be sent, written in the transaction of the alert itself. Nothing is marked before
 * it was sent, so a crash repeats a message (with the same id) and never loses one. Marking does not wait for the
 * disk: a power cut repeats, too.
 *
 * Order per incident: of each receiver and incident only the first unsent row is `ready`, those after it stand
 * `behind` until it is delivered or given up. Claims therefore read an index of ready rows and never count.
 */
import {
  type Delivery,
  type Outbox,
  type OutboxItem,
  type OutboxRow,
  PUT_OFF_MS_MAX,
} from '../engine/ports.ts';
import type { Alert } from '../incident/alert.ts';
import { isoTime } from '../incident/alert.ts';

import type { Connection, Value } from './connection.ts';
import type { IncidentTable } from './incident-table.ts';

/** Longest error text kept of a delivery. */
const ERROR_CHARACTERS_MAX = 1_000;

/** A delivery that was given up, as people are shown it. */
export interface FailedDelivery {
  readonly receiver: string;
  readonly alertId: string;
  readonly seq: number;
  readonly incidentId: string;
  readonly attempts: number;
  readonly error: string;
  readonly at: string;
}

/** Deliveries shown of one incident. */
const DELIVERIES_MAX = 1_000;

interface DeliveryRow {
  readonly receiver: string;
  readonly key: string;
  readonly alert: string;
  readonly seq: number;
  readonly event: Alert['event'];
  readonly state: 'ready' | 'behind' | 'delivered' | 'failed';
  readonly attempts: number;
  readonly error: string;
  readonly due: number;
  readonly finished: number | null;
}

function deliveryOf({ key, state, error, due, finished, ...row }: DeliveryRow): Delivery {
  const waits = state === 'ready' || state === 'behind';
  return {
    receiver: row.receiver,
    alert: row.alert,
    seq: row.seq,
    event: row.event,
    reminder: key === row.alert ? null : key.slice(row.alert.length + 1),
    state: waits ? 'waiting' : state === 'failed' ? 'given-up' : 'delivered',
    attempts: row.attempts,
    error: error === '' || state === 'delivered' ? null : error,
    nextAt: waits && due > 0 ? isoTime(due) : null,
    at: finished === null ? null : isoTime(finished),
  };
}

export class OutboxTable implements Outbox {
  private readonly connection: Connection;
  private readonly incidents: IncidentTable;

  constructor(connection: Connection, incidents: IncidentTable) {
    this.connection = connection;
    this.incidents = incidents;
  }

  /**
   * Within the transaction of the batch. The alert is stored already, in this batch or (a reminder) an earlier one.
   * A row that is there, sent or not, stays as it is.
   */
  put(row: OutboxRow): void {
    const { receiver, alert } = row;
    const incident = this.incidents.numberOf(alert.incident.id);
    this.connection.run(
      `INSERT INTO outbox (receiver, key, seq, incident, state, attempts, not_before, error, finished)
       VALUES (?, ?, ?, ?,
         CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE receiver = ? AND incident = ? AND finished IS NULL)
           THEN 'behind' ELSE 'ready' END,
         0, 0, '', NULL)
       ON CONFLICT (receiver, key) DO NOTHING`,
      receiver,
      row.key ?? alert.id,
      alert.seq,
      incident,
      receiver,
      incident,
    );
  }

  due(receiver: string, nowMs: number, limit: number): readonly OutboxItem[] {
    const rows = this.reading<{ body: string; key: string; attempts: number; not_before: number }>(
      `SELECT alert.body, outbox.key, outbox.attempts, outbox.not_before
       FROM outbox INDEXED BY outbox_ready CROSS JOIN alert ON alert.seq = outbox.seq
       WHERE outbox.receiver = ? AND outbox.state = 'ready'
         AND (outbox.not_before <= ? OR outbox.not_before > ?)
       ORDER BY outbox.number LIMIT ?`,
      receiver,
      nowMs,
      nowMs + PUT_OFF_MS_MAX,
      limit,
    );
    return rows.map(({ body, key, attempts, not_before }) => {
      const alert = JSON.parse(body) as Alert;
      const own = key === alert.id ? {} : { key };
      return { alert, receiver, attempts, notBeforeMs: not_before, ...own };
    });
  }

  nextDueMs(receiver: string): number | undefined {
    const [row] = this.reading<{ due: number }>(
      `SELECT not_before AS due FROM outbox
       WHERE receiver = ? AND state = 'ready' ORDER BY not_before LIMIT 1`,
      receiver,
    );
    return row?.due;
  }

  delivered(receiver: string, key: string, atMs: number): void {
    this.finish(receiver, key, { state: 'delivered', atMs, error: '' });
  }

  failed(receiver: string, key: string, atMs: number, error: string): void {
    this.finish(receiver, key, { state: 'failed', atMs, error });
  }

  postponed(receiver: string, key: string, notBeforeMs: number, error: string): void {
    this.connection.writingSoon(() =>
      this.connection.run(
        `UPDATE outbox SET attempts = attempts + 1, not_before = ?, error = ?
         WHERE receiver = ? AND key = ? AND finished IS NULL`,
        notBeforeMs,
        error.slice(0, ERROR_CHARACTERS_MAX),
        receiver,
        key,
      ),
    );
  }

  /** Ends a row and lets the next one of its incident come forward, in one transaction. */
  private finish(
    receiver: string,
    key: string,
    end: { readonly state: 'delivered' | 'failed'; readonly atMs: number; readonly error: string },
  ): void {
    const { connection } = this;
    connection.writingSoon(() => {
      const row = connection.get<{ incident: number }>(
        `UPDATE outbox SET state = ?, finished = ?, attempts = attempts + 1, error = ?
         WHERE receiver = ? AND key = ? AND finished IS NULL
         RETURNING incident`,
        end.state,
        Math.floor(end.atMs),
        end.error.slice(0, ERROR_CHARACTERS_MAX),
        receiver,
        key,
      );
      if (row === undefined) return;
      connection.run(
        `UPDATE outbox SET state = 'ready' WHERE number = (
           SELECT number FROM outbox WHERE receiver = ? AND incident = ? AND finished IS NULL ORDER BY number LIMIT 1)`,
        receiver,
        row.incident,
      );
    });
  }

  pending(receiver: string): number {
    const sql = 'SELECT count(*) AS count FROM outbox WHERE receiver = ? AND finished IS NULL';
    return this.reading<{ count: number }>(sql, receiver)[0]?.count ?? 0;
  }

  /** Receivers with rows that wait, configured still or not. */
  waitingReceivers(): readonly string[] {
    return this.reading<{ receiver: string }>(
      'SELECT DISTINCT receiver FROM outbox WHERE finished IS NULL ORDER BY receiver',
    ).map((row) => row.receiver);
  }

  /** Newest first. */
  failures(limit: number): readonly FailedDelivery[] {
    return this.reading<Omit<FailedDelivery, 'at'> & { finished: number }>(
      `SELECT outbox.receiver, alert.id AS alertId, outbox.seq, incident.id AS incidentId, outbox.attempts,
         outbox.error, outbox.finished
       FROM outbox JOIN alert ON alert.seq = outbox.seq JOIN incident ON incident.number = outbox.incident
       WHERE outbox.state = 'failed' ORDER BY outbox.finished DESC LIMIT ?`,
      limit,
    ).map(({ finished, ...row }) => ({ ...row, at: isoTime(finished) }));
  }

  /** Newest first. */
  deliveriesOf(incidentId: string): readonly Delivery[] {
    return this.reading<DeliveryRow>(
      `SELECT outbox.receiver, outbox.key, alert.id AS alert, alert.seq, json_extract(alert.body, '$.event') AS event,
         outbox.state, outbox.attempts, outbox.error, outbox.not_before AS due, outbox.finished
       FROM alert CROSS JOIN outbox ON outbox.seq = alert.seq
       WHERE alert.incident = (SELECT number FROM incident WHERE id = ?)
       ORDER BY outbox.number DESC LIMIT ?`,
      incidentId,
      DELIVERIES_MAX,
    ).map(deliveryOf);
  }

  memo(receiver: string, key: string): string | undefined {
    return this.reading<{ value: string }>(
      'SELECT value FROM memo WHERE receiver = ? AND key = ?',
      receiver,
      key,
    )[0]?.value;
  }

  /** A memo that is set again counts as new: pruning drops those not set for longest. */
  setMemo(receiver: string, key: string, value: string): void {
    this.connection.writing(() =>
      this.connection.run('REPLACE INTO memo (receiver, key, value) VALUES (?, ?, ?)', receiver, key, value),
    );
  }

  private reading<Row>(sql: string, ...values: Value[]): Row[] {
    return this.connection.reading(() => this.connection.all<Row>(sql, ...values));
  }
}
