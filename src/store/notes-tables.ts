/**
 * The small tables: silences, the engine's named values, the audit of what people changed, and data that is costly
 * to make from its source and therefore kept compiled.
 */
import type { AuditRow, Silence } from '../engine/ports.ts';
import { isoTime } from '../incident/alert.ts';
import { auditText, type ChainTable } from './chain-table.ts';
import { msOf } from './codec.ts';
import type { Connection } from './connection.ts';

export class NotesTables {
  private readonly connection: Connection;
  private readonly chain: ChainTable;

  constructor(connection: Connection, chain: ChainTable) {
    this.connection = connection;
    this.chain = chain;
  }

  /** Within a transaction, like all that writes here. */
  putSilence(silence: Silence): void {
    this.connection.run(
      'INSERT INTO silence (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body',
      silence.id,
      JSON.stringify(silence),
    );
  }

  removeSilence(id: string): void {
    this.connection.run('DELETE FROM silence WHERE id = ?', id);
  }

  /** In the order they were added. */
  silences(): Silence[] {
    const rows = this.connection.all<{ body: string }>('SELECT body FROM silence ORDER BY number');
    return rows.map((row) => JSON.parse(row.body) as Silence);
  }

  remember(key: string, value: string): void {
    this.connection.run(
      'INSERT INTO memory (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
      key,
      value,
    );
  }

  remembered(key: string): string | undefined {
    return this.connection.get<{ value: string }>('SELECT value FROM memory WHERE key = ?', key)?.value;
  }

  memory(): ReadonlyMap<string, string> {
    const rows = this.connection.all<{ key: string; value: string }>(
      'SELECT key, value FROM memory ORDER BY key',
    );
    return new Map(rows.map(({ key, value }) => [key, value]));
  }

  putAudit(row: AuditRow): void {
    const atMs = msOf(row.at);
    this.connection.run(
      'INSERT INTO audit (at, who, action, subject, note) VALUES (?, ?, ?, ?, ?)',
      atMs,
      row.who,
      row.action,
      row.subject,
      row.note,
    );
    const ref = this.connection.get<{ number: number }>('SELECT last_insert_rowid() AS number')?.number ?? 0;
    this.chain.append('audit', ref, auditText({ ...row, at: isoTime(atMs) }), atMs);
  }

  auditOldestFirst(): { readonly number: number; readonly row: AuditRow }[] {
    const rows = this.connection.all<Omit<AuditRow, 'at'> & { number: number; at: number }>(
      'SELECT number, at, who, action, subject, note FROM audit ORDER BY number',
    );
    return rows.map(({ number, at, who, action, subject, note }) => ({
      number,
      row: { at: isoTime(at), who, action, subject, note },
    }));
  }

  /** Newest first. */
  audit(limit: number): AuditRow[] {
    const rows = this.connection.all<Omit<AuditRow, 'at'> & { at: number }>(
      'SELECT at, who, action, subject, note FROM audit ORDER BY number DESC LIMIT ?',
      limit,
    );
    return rows.map((row) => ({ ...row, at: isoTime(row.at) }));
  }

  /** Of one subject, oldest first, at most a thousand. */
  auditOf(subject: string): AuditRow[] {
    const rows = this.connection.all<Omit<AuditRow, 'at'> & { at: number }>(
      'SELECT at, who, action, subject, note FROM audit WHERE subject = ? ORDER BY number LIMIT 1000',
      subject,
    );
    return rows.map((row) => ({ ...row, at: isoTime(row.at) }));
  }

  putCompiled(name: string, fingerprint: string, body: Uint8Array): void {
    this.connection.run(
      'REPLACE INTO compiled (name, fingerprint, body) VALUES (?, ?, ?)',
      name,
      fingerprint,
      Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    );
  }

  compiled(name: string, fingerprint: string): Buffer | undefined {
    const row = this.connection.get<{ body: Buffer | null }>(
      'SELECT body FROM compiled WHERE name = ? AND fingerprint = ?',
      name,
      fingerprint,
    );
    return row === undefined ? undefined : (row.body ?? Buffer.alloc(0));
  }
}
