/**
 * Alerts on disk: numbered without a hole, immutable, kept as the very JSON text that was sent.
 */
import type { Alert } from '../incident/alert.ts';
import type { ChainTable } from './chain-table.ts';
import { msOf } from './codec.ts';
import type { Connection } from './connection.ts';
import type { IncidentTable } from './incident-table.ts';

export class AlertTable {
  private readonly connection: Connection;
  private readonly incidents: IncidentTable;
  private readonly chain: ChainTable;

  constructor(connection: Connection, incidents: IncidentTable, chain: ChainTable) {
    this.connection = connection;
    this.incidents = incidents;
    this.chain = chain;
  }

  /** Within a transaction. A number out of turn is our own error: readers of the feed rely on it. */
  put(alerts: readonly Alert[]): void {
    let last = alerts.length === 0 ? 0 : this.lastSeq();
    for (const alert of alerts) {
      if (alert.seq !== last + 1) throw new Error(`alert ${alert.seq} after ${last}`);
      last = alert.seq;
      const text = JSON.stringify(alert);
      const atMs = msOf(alert.at);
      this.connection.run(
        'INSERT INTO alert (seq, id, incident, at, body) VALUES (?, ?, ?, ?, ?)',
        alert.seq,
        alert.id,
        this.incidents.numberOf(alert.incident.id),
        atMs,
        text,
      );
      this.chain.append('alert', alert.seq, text, atMs);
    }
  }

  /** The highest number ever given, pruned or not; 0 before the first. */
  lastSeq(): number {
    return (
      this.connection.get<{ seq: number }>(`SELECT seq FROM sqlite_sequence WHERE name = 'alert'`)?.seq ?? 0
    );
  }

  /** JSON texts as they were stored, oldest first, those with `seq > after`. */
  textsAfter(after: number, limit: number): string[] {
    return this.texts('SELECT body FROM alert WHERE seq > ? ORDER BY seq LIMIT ?', after, limit);
  }

  /** Newest first. */
  latestTexts(limit: number): string[] {
    return this.texts('SELECT body FROM alert ORDER BY seq DESC LIMIT ?', limit);
  }

  /** Oldest first. */
  textsOf(incidentId: string): string[] {
    return this.texts(
      'SELECT body FROM alert WHERE incident = (SELECT number FROM incident WHERE id = ?) ORDER BY seq',
      incidentId,
    );
  }

  private texts(sql: string, ...values: (string | number)[]): string[] {
    return this.connection.all<{ body: string }>(sql, ...values).map((row) => row.body);
  }
}
