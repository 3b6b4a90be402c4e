/**
 * What a batch of inputs changed, collected until the driver commits it: the rows for the store and what is published
 * afterwards. Bounded by what the driver applies between two commits.
 */

import type { Alert, Incident } from '../incident/alert.ts';
import type {
  AuditRow,
  Batch,
  HistoryStep,
  IncidentRecord,
  OutboxRow,
  Published,
  RawEvidence,
  Silence,
  UnlistedPrefixes,
} from './ports.ts';

/** Rows that wait at most while the store is away; then they are taken out as a batch, which is bounded by its bytes. */
const ROWS_MAX = 1_000;

export class Effects {
  private baselineRemoved: { prefix: string; origin: number }[] = [];
  private incidents: IncidentRecord[] = [];
  private unlisted: UnlistedPrefixes[] = [];
  private forgotten: string[] = [];
  private alerts: Alert[] = [];
  private outbox: OutboxRow[] = [];
  private raw: { incidentId: string; evidence: RawEvidence }[] = [];
  private steps: { incidentId: string; steps: readonly HistoryStep[] }[] = [];
  private silences: Silence[] = [];
  private silencesRemoved: string[] = [];
  private audit: AuditRow[] = [];
  private readonly memory = new Map<string, string>();
  private published: Published[] = [];

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
  historySteps(incidentId: string, steps: readonly HistoryStep[]): void {
    this.steps.push({ incidentId, steps });
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

  /** Visible outside, or caused by an operator. What else is in here only keeps the next start right. */
  get isUrgent(): boolean {
    return (
      this.alerts.length + this.outbox.length + this.published.length > 0 ||
      this.silences.length + this.silencesRemoved.length + this.audit.length > 0
    );
  }

  /** Too much to let it wait for better times. */
  get isLarge(): boolean {
    return this.incidents.length + this.raw.length + this.unlisted.length > ROWS_MAX;
  }

  get isEmpty(): boolean {
    return (
      this.memory.size === 0 &&
      this.baselineRemoved.length + this.incidents.length + this.forgotten.length === 0 &&
      this.unlisted.length + this.alerts.length + this.outbox.length + this.raw.length === 0 &&
      this.silences.length + this.steps.length === 0 &&
      this.silencesRemoved.length + this.audit.length + this.published.length === 0
    );
  }

  /** Everything since the last call, with the routes and the rows of the baseline that changed; and begins anew. */
  take(
    routes: Batch['routes'],
    baseline: Batch['baseline'],
  ): { readonly batch: Batch; readonly published: readonly Published[] } {
    const batch: Batch = {
      routes,
      baseline,
      baselineRemoved: this.baselineRemoved,
      incidents: this.incidents,
      unlisted: this.unlisted,
      incidentsForgotten: this.forgotten,
      alerts: this.alerts,
      outbox: this.outbox,
      raw: this.raw,
      steps: this.steps,
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
    this.memory.clear();
    this.baselineRemoved = [];
    this.incidents = [];
    this.unlisted = [];
    this.forgotten = [];
    this.alerts = [];
    this.outbox = [];
    this.raw = [];
    this.steps = [];
    this.silences = [];
    this.silencesRemoved = [];
    this.audit = [];
    this.published = [];
  }
}
