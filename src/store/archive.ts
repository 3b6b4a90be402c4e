/**
 * What the HTTP API and the commands read: incidents, alerts, baseline, coverage, audit (product.md §4).
 */
import type {
  Archive,
  AuditRow,
  BaselineRow,
  CoverageInterval,
  Delivery,
  History,
  IncidentPage,
  IncidentQuery,
  RawEvidence,
  Silence,
} from '../engine/ports.ts';
import type { Alert, Incident } from '../incident/alert.ts';
import type { AlertTable } from './alert-table.ts';
import type { BaselineTable } from './baseline-table.ts';
import { type CaseRecord, caseRecordOf } from './case-record.ts';
import type { ChainTable } from './chain-table.ts';
import type { Connection } from './connection.ts';
import type { CoverageTable } from './coverage-table.ts';
import { listIncidents } from './incident-query.ts';
import type { IncidentTable } from './incident-table.ts';
import type { NotesTables } from './notes-tables.ts';
import type { OutboxTable } from './outbox-table.ts';

/** The tables of one database, each with what it alone knows. */
export interface Tables {
  readonly incidents: IncidentTable;
  readonly alerts: AlertTable;
  readonly baseline: BaselineTable;
  readonly coverage: CoverageTable;
  readonly notes: NotesTables;
  readonly outbox: OutboxTable;
  readonly chain: ChainTable;
}

export class SqliteArchive implements Archive {
  private readonly connection: Connection;
  private readonly tables: Tables;

  constructor(connection: Connection, tables: Tables) {
    this.connection = connection;
    this.tables = tables;
  }

  /** Throws `BadCursor`; `since` has to be a time. At most 1000 a page. */
  incidents(query: IncidentQuery): IncidentPage {
    return this.connection.reading(() => listIncidents(this.connection, query));
  }

  incident(id: string): Incident | undefined {
    return this.connection.reading(() => this.tables.incidents.find(id));
  }

  /** Oldest first. */
  alertsOf(incidentId: string): readonly Alert[] {
    return this.connection.reading(() => this.tables.alerts.textsOf(incidentId)).map(parseAlert);
  }

  /** Oldest first. */
  rawOf(incidentId: string): readonly RawEvidence[] {
    return this.connection.reading(() => this.tables.incidents.rawOf(incidentId));
  }

  historyOf(incidentId: string): History {
    return this.connection.reading(() => this.tables.incidents.historyOf(incidentId));
  }

  /** Oldest first. */
  actsOn(incidentId: string): readonly AuditRow[] {
    return this.connection.reading(() => this.tables.notes.auditOf(incidentId));
  }

  /** Newest first. */
  deliveriesOf(incidentId: string): readonly Delivery[] {
    return this.tables.outbox.deliveriesOf(incidentId);
  }

  alertsAfter(after: number, limit: number): readonly Alert[] {
    return this.alertTextsAfter(after, limit).map(parseAlert);
  }

  /** As `alertsAfter`, each as the JSON text it was stored with: one line, nothing to parse or print again. */
  alertTextsAfter(after: number, limit: number): readonly string[] {
    return this.connection.reading(() => this.tables.alerts.textsAfter(after, limit));
  }

  latestAlerts(limit: number): readonly Alert[] {
    return this.connection.reading(() => this.tables.alerts.latestTexts(limit)).map(parseAlert);
  }

  lastSeq(): number {
    return this.connection.reading(() => this.tables.alerts.lastSeq());
  }

  /** By prefix in the order of routing tables, then by origin. */
  baseline(): readonly BaselineRow[] {
    return this.tables.baseline.listed();
  }

  silences(): readonly Silence[] {
    return this.connection.reading(() => this.tables.notes.silences());
  }

  coverage(from: string, to: string): readonly CoverageInterval[] {
    return this.tables.coverage.between(from, to);
  }

  /** Everything there is of one incident, for an evidence file. */
  caseRecord(incidentId: string, nowMs: number): CaseRecord | undefined {
    return caseRecordOf(this.connection, this.tables, incidentId, nowMs);
  }

  /** Newest first. */
  audit(limit: number): readonly AuditRow[] {
    return this.connection.reading(() => this.tables.notes.audit(limit));
  }
}

function parseAlert(text: string): Alert {
  return JSON.parse(text) as Alert;
}
