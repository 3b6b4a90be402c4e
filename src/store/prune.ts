/**
 * Retention: what is old goes in slices small enough to run between two batches, and the file shrinks page by page.
 * Open incidents stay, whatever their age, and so does an alert that somebody still has to be told.
 */
import type { Connection, Value } from './connection.ts';

export interface Retention {
  /** Alerts; incidents since they were resolved, with all that hangs on them. */
  readonly incidentDays: number;
  readonly rawDays: number;
  /** Outbox rows since they were delivered or given up. */
  readonly deliveryDays: number;
  readonly coverageDays: number;
  readonly auditDays: number;
  /** Memos of receivers, those set last. */
  readonly memosMax: number;
  /** Rows of a table that one slice removes. */
  readonly sliceRows: number;
  /** Free pages (4 KiB) that one slice gives back to the file system, and that may stay for reuse. */
  readonly slicePages: number;
}

export const RETENTION: Retention = {
  incidentDays: 400,
  rawDays: 180,
  deliveryDays: 30,
  coverageDays: 400,
  auditDays: 800,
  memosMax: 50_000,
  sliceRows: 100,
  slicePages: 64,
};

const DAY_MS = 86_400_000;

export interface Pruned {
  readonly rows: number;
  /** True when the next slice may have work, too. */
  readonly more: boolean;
}

/** One slice, a few milliseconds; call again while `more`, with other work in between. */
export function prune(connection: Connection, nowMs: number, retention: Retention): Pruned {
  const counts = connection.writingSoon(() =>
    deletions(nowMs, retention).map(({ sql, values }) => connection.run(sql, ...values)),
  );
  const freeBefore = Number(connection.reading(() => connection.pragma('freelist_count')));
  const shrinks = freeBefore > retention.slicePages;
  if (shrinks) {
    connection.reading(() =>
      connection.exec(`PRAGMA incremental_vacuum(${Math.floor(retention.slicePages)})`),
    );
  }
  return {
    rows: counts.reduce((sum, count) => sum + count, 0),
    more: counts.some((count) => count > 0) || freeBefore > 2 * retention.slicePages,
  };
}

/** Tables that grow with time are looked at from the oldest row on, so that a slice never reads further than itself. */
function deletions(nowMs: number, retention: Retention): { sql: string; values: Value[] }[] {
  const before = (days: number): number => Math.floor(nowMs - days * DAY_MS);
  const rows = retention.sliceRows;
  return [
    {
      sql: `DELETE FROM outbox WHERE number IN (
              SELECT number FROM outbox WHERE finished IS NOT NULL AND finished < ? ORDER BY finished LIMIT ?)`,
      values: [before(retention.deliveryDays), rows],
    },
    {
      sql: `DELETE FROM alert WHERE seq IN (
              SELECT seq FROM (SELECT seq, at FROM alert ORDER BY seq LIMIT ?) AS oldest WHERE at < ?
                AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.seq = oldest.seq AND finished IS NULL))`,
      values: [rows, before(retention.incidentDays)],
    },
    {
      sql: `DELETE FROM incident WHERE number IN (
              SELECT number FROM incident INDEXED BY incident_resolved WHERE resolved IS NOT NULL AND resolved < ? AND state = 'resolved'
                AND NOT EXISTS (SELECT 1 FROM alert WHERE alert.incident = incident.number)
              ORDER BY resolved LIMIT ?)`,
      values: [before(retention.incidentDays), Math.ceil(rows / 50)],
    },
    {
      sql: `DELETE FROM raw WHERE rowid IN (
              SELECT place FROM (SELECT rowid AS place, at FROM raw ORDER BY rowid LIMIT ?) WHERE at < ?)`,
      values: [rows, before(retention.rawDays)],
    },
    {
      sql: 'DELETE FROM coverage WHERE number IN (SELECT number FROM coverage WHERE until < ? ORDER BY until LIMIT ?)',
      values: [before(retention.coverageDays), rows],
    },
    {
      sql: `DELETE FROM audit WHERE number IN (
              SELECT number FROM (SELECT number, at FROM audit ORDER BY number LIMIT ?) WHERE at < ?)`,
      values: [rows, before(retention.auditDays)],
    },
    {
      sql: `DELETE FROM chain WHERE number IN (
              SELECT number FROM (SELECT number, at FROM chain ORDER BY number LIMIT ?)
              WHERE at < ? AND number < (SELECT max(number) FROM chain))`,
      values: [rows, before(retention.auditDays)],
    },
    {
      sql: `DELETE FROM memo WHERE number IN (
              SELECT number FROM memo WHERE number <= (SELECT max(number) FROM memo) - ? ORDER BY number LIMIT ?)`,
      values: [retention.memosMax, rows],
    },
  ];
}
