/**
 * What a batch of inputs changed, collected until the driver commits it: the rows for the store and what is published
 * afterwards. Bounded by what the driver applies between two commits.
 */

import type { VantagePoint } from '../bgp/vantage-point.ts';
import type { Alert, Incident } from '../incident/alert.ts';
import type {
  AuditRow,
  BaselineRow,
  Batch,
  IncidentRecord,
  OutboxRow,
  Published,
  RawEvidence,
  RibRow,
  Silence,
  UnlistedPrefixes,
} from './ports.ts';

export class Effects {
  private readonly rib = new Map<
    string,
    RibRow | { readonly vantagePoint: VantagePoint; readonly prefix: string; readonly isGone: true }
  >();
  private baseline: BaselineRow[] = [];
  private baselineRemoved: { prefix: string; origin: number }[] = [];
  private incidents: IncidentRecord[] = [];
  private unlisted: UnlistedPrefixes[] = [];
  private forgotten: string[] = [];
  private alerts: Alert[] = [];
  private outbox: OutboxRow[] = [];
  private raw: { incidentId: string; evidence: RawEvidence }[] = [];
  private silences: Silence[] = [];
  private silencesRemoved: string[] = [];
  private audit: AuditRow[] = [];
  private readonly memory = new Map<string, string>();
  private published: Published[] = [];

  ribRow(row: RibRow, key: string): void {
    this.rib.set(key, row);
  }
  ribGone(vantagePoint: VantagePoint, prefix: string, key: string): void {
    this.rib.set(key, { vantagePoint, prefix, isGone: true });
  }
  baselineRow(row: BaselineRow): void {
    this.baseline.push(row);
  }
  baselineGone(prefix: string, origin: number): void {
    this.baselineRemoved.push({ prefix, origin });
  }
  incident(record: IncidentRecord): void {
    this.incidents.push(record);
  }
  unlistedPrefixes(incidentId: string, prefixes: readonly string[]): void {
    this.unlisted.push({ incidentId, prefixes });
  }
  incidentForgotten(id: string): void {
    this.forgotten.push(id);
  }
  alert(alert: Alert): void {
    this.alerts.push(alert);
    this.published.push({ type: 'alert', alert });
  }
  /** A change that is no alert (acknowledged): the event stream tells of it. */
  incidentChanged(incident: Incident): void {
    this.published.push({ type: 'incident', incident });
  }
  deliver(row: OutboxRow): void {
    this.outbox.push(row);
  }
  rawFrame(incidentId: string, evidence: RawEvidence): void {
    this.raw.push({ incidentId, evidence });
  }
  silence(silence: Silence): void {
    this.silences.push(silence);
  }
  silenceGone(id: string): void {
    this.silencesRemoved.push(id);
  }
  audited(row: AuditRow): void {
    this.audit.push(row);
  }
  remember(key: string, value: string): void {
    this.memory.set(key, value);
  }

  get hasAlerts(): boolean {
    return this.alerts.length > 0;
  }

  get isEmpty(): boolean {
    return (
      this.rib.size === 0 &&
      this.memory.size === 0 &&
      this.baseline.length + this.baselineRemoved.length + this.incidents.length + this.forgotten.length ===
        0 &&
      this.unlisted.length +
        this.alerts.length +
        this.outbox.length +
        this.raw.length +
        this.silences.length ===
        0 &&
      this.silencesRemoved.length + this.audit.length + this.published.length === 0
    );
  }

  /** Everything since the last call, and begins anew. */
  take(): { readonly batch: Batch; readonly published: readonly Published[] } {
    const rib: RibRow[] = [];
    const ribRemoved: { vantagePoint: VantagePoint; prefix: string }[] = [];
    for (const row of this.rib.values()) {
      if ('isGone' in row) ribRemoved.push({ vantagePoint: row.vantagePoint, prefix: row.prefix });
      else rib.push(row);
    }
    const batch: Batch = {
      rib,
      ribRemoved,
      baseline: this.baseline,
      baselineRemoved: this.baselineRemoved,
      incidents: this.incidents,
      unlisted: this.unlisted,
      incidentsForgotten: this.forgotten,
      alerts: this.alerts,
      outbox: this.outbox,
      raw: this.raw,
      silences: this.silences,
      silencesRemoved: this.silencesRemoved,
      audit: this.audit,
      memory: [...this.memory].map(([key, value]) => ({ key, value })),
    };
    const { published } = this;
    this.reset();
    return { batch, published };
  }

  private reset(): void {
    this.rib.clear();
    this.memory.clear();
    this.baseline = [];
    this.baselineRemoved = [];
    this.incidents = [];
    this.unlisted = [];
    this.forgotten = [];
    this.alerts = [];
    this.outbox = [];
    this.raw = [];
    this.silences = [];
    this.silencesRemoved = [];
    this.audit = [];
    this.published = [];
  }
}
