/**
 * Everything that the database holds of one incident, for an evidence file: alerts word for word, frames, coverage, what
 * people did, and the stretch of the chain from the first of these rows to the head. Read in one transaction.
 */
import { overlaps, parsePrefix } from '../bgp/prefix.ts';
import type { AuditRow, CoverageInterval, RawEvidence } from '../engine/ports.ts';
import { type Alert, type Incident, isoTime } from '../incident/alert.ts';
import type { Tables } from './archive.ts';
import { type ChainLink, FIRST_LINK } from './chain-table.ts';
import type { Connection } from './connection.ts';

export interface CaseRecord {
  readonly incident: Incident;
  /** Each as the JSON text that was sent, oldest first. */
  readonly alerts: readonly string[];
  readonly frames: readonly RawEvidence[];
  readonly coverage: readonly CoverageInterval[];
  readonly audit: readonly { readonly number: number; readonly row: AuditRow }[];
  /** From the first row that is among the above to the head; empty where all of it is older than the chain. */
  readonly chain: readonly ChainLink[];
  /** The link before the first of `chain`. */
  readonly before: string;
}

/** What the feeds could see is told for an hour around the incident. */
const AROUND_MS = 3_600_000;

/** Undefined for an incident that is not there. */
export function caseRecordOf(
  connection: Connection,
  tables: Tables,
  id: string,
  nowMs: number,
): CaseRecord | undefined {
  return connection.reading(() => {
    const incident = tables.incidents.find(id);
    if (incident === undefined) return undefined;
    const alerts = tables.alerts.textsOf(id);
    const audit = tables.notes.auditOldestFirst().filter(({ row }) => isAbout(row, incident));
    const seqs = alerts.map((text) => (JSON.parse(text) as Alert).seq);
    const numbers = audit.map(({ number }) => number);
    const first = [tables.chain.firstOf('alert', seqs), tables.chain.firstOf('audit', numbers)].filter(
      (number) => number !== undefined,
    );
    const from = first.length === 0 ? undefined : Math.min(...first);
    const endMs = incident.resolvedAt === null ? nowMs : Date.parse(incident.resolvedAt) + AROUND_MS;
    const startMs = Date.parse(incident.firstSeenAt) - AROUND_MS;
    return {
      incident,
      alerts,
      frames: tables.incidents.rawOf(id),
      coverage: tables.coverage.between(isoTime(startMs), isoTime(Math.max(endMs, startMs))),
      audit,
      chain: from === undefined ? [] : tables.chain.from(from),
      before: from === undefined ? FIRST_LINK : (tables.chain.at(from - 1)?.link ?? FIRST_LINK),
    };
  });
}

/** The incident itself is named, or a prefix that one of its routes overlaps. */
function isAbout({ subject }: AuditRow, { id, routes }: Incident): boolean {
  if (subject.includes(id)) return true;
  const prefix = parsePrefix(subject.split(' ')[0] ?? '')?.prefix;
  return (
    prefix !== undefined &&
    routes.some((route) => {
      const own = parsePrefix(route.prefix)?.prefix;
      return own !== undefined && overlaps(own, prefix);
    })
  );
}
