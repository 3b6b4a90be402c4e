/**
 * Incidents and their raw evidence on disk. The public incident is kept as the JSON text it has outside, the
 * incident room's memory as the opaque text it handed over; beside them stands only what is searched for.
 */
import type { History, HistoryStep, IncidentRecord, RawEvidence, UnlistedPrefixes } from '../engine/ports.ts';
import type { Incident } from '../incident/alert.ts';
import { completed, isoTime } from '../incident/alert.ts';
import { STEPS_MAX } from '../incident/steps.ts';
import { keyOfText, msOf } from './codec.ts';
import type { Connection } from './connection.ts';

/** Raw frames kept of one incident: how it began, and how it went lately. */
export const RAW_FIRST = 100;
export const RAW_NEWEST = 100;
/** A frame may have 8 MiB; evidence of more characters than this is cut, and says so. */
export const FRAME_CHARACTERS_MAX = 65_536;

const PAGE_ROWS = 100;
/** Incidents of which it is remembered what stands in the tables, and the prefixes of each. */
const KNOWN_MAX = 1_000;

type KeptStep = readonly [at: number, vantagePoint: string, prefix: string, path: string | null];

/** What of an incident is written already and need not be looked up or written again. */
interface Known {
  readonly number: number;
  readonly prefixes: Set<string>;
}

export class IncidentTable {
  private readonly connection: Connection;

  private readonly known = new Map<string, Known>();

  constructor(connection: Connection) {
    this.connection = connection;
    connection.onRollback(() => this.known.clear());
  }

  /** Rows were removed: what is remembered of them no longer holds. */
  pruned(): void {
    this.known.clear();
  }

  /** Inserts or replaces by id, within a transaction. */
  put(record: IncidentRecord): void {
    const { incident } = record;
    const row = this.connection.get<{ number: number }>(
      `INSERT INTO incident (id, key, opened, state, kind, severity, grp, offender, resolved, remembered, body, memory)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)
       ON CONFLICT (id) DO UPDATE SET key = excluded.key, opened = excluded.opened, state = excluded.state,
         kind = excluded.kind, severity = excluded.severity, grp = excluded.grp, offender = excluded.offender,
         resolved = excluded.resolved, remembered = 1, body = excluded.body, memory = excluded.memory
       RETURNING number`,
      incident.id,
      record.key,
      msOf(incident.openedAt),
      incident.state,
      incident.kind,
      incident.severity,
      incident.group,
      incident.offender,
      incident.resolvedAt === null ? null : msOf(incident.resolvedAt),
      JSON.stringify(incident),
      record.memory,
    );
    this.putRoutes(
      this.knownAs(incident.id, row?.number ?? 0),
      incident.routes.map(({ prefix }) => prefix),
    );
  }

  private knownAs(id: string, number: number): Known {
    const before = this.known.get(id);
    if (before !== undefined && before.number === number && before.prefixes.size < KNOWN_MAX) return before;
    if (this.known.size >= KNOWN_MAX) this.known.clear();
    const known = { number, prefixes: new Set<string>() };
    this.known.set(id, known);
    return known;
  }

  /** Routes of an incident of this batch or before it that it does not list, within a transaction. */
  putUnlisted({ incidentId, prefixes }: UnlistedPrefixes): void {
    const number = this.numberOf(incidentId);
    for (const prefix of prefixes) this.putRoute(number, prefix);
  }

  /** Prefixes are only ever added: a route that made room for heavier ones in the list is still found. */
  private putRoutes({ number, prefixes: known }: Known, prefixes: readonly string[]): void {
    for (const prefix of prefixes) {
      if (known.has(prefix)) continue;
      known.add(prefix);
      this.putRoute(number, prefix);
    }
  }

  private putRoute(number: number, prefix: string): void {
    const key = keyOfText(prefix);
    if (key === undefined) return;
    this.connection.run('INSERT OR IGNORE INTO incident_route (prefix, incident) VALUES (?, ?)', key, number);
  }

  /** The engine no longer keeps it; the archive does. An open one is never forgotten. */
  forget(id: string): void {
    this.connection.run(
      `UPDATE incident SET remembered = 0, memory = '' WHERE id = ? AND state <> 'open'`,
      id,
    );
  }

  /** The row number of an incident; an unknown id is our own error. */
  numberOf(id: string): number {
    const known = this.known.get(id);
    if (known !== undefined) return known.number;
    const row = this.connection.get<{ number: number }>('SELECT number FROM incident WHERE id = ?', id);
    if (row === undefined) throw new Error(`no incident ${id} in this batch or before it`);
    return row.number;
  }

  /** What the engine has not forgotten, in the order it came. Commits in between do no harm. */
  *remembered(): Generator<IncidentRecord> {
    let last = 0;
    for (;;) {
      const page = this.page(last);
      for (const { key, body, memory } of page)
        yield { incident: completed(JSON.parse(body) as Incident), key, memory };
      const end = page.at(-1);
      if (end === undefined || page.length < PAGE_ROWS) return;
      last = end.number;
    }
  }

  private page(after: number): { number: number; key: string; body: string; memory: string }[] {
    return this.connection.reading(() =>
      this.connection.all(
        `SELECT number, key, body, memory FROM incident
         WHERE remembered = 1 AND number > ? ORDER BY number LIMIT ${PAGE_ROWS}`,
        after,
      ),
    );
  }

  find(id: string): Incident | undefined {
    const row = this.connection.get<{ body: string }>('SELECT body FROM incident WHERE id = ?', id);
    return row === undefined ? undefined : completed(JSON.parse(row.body) as Incident);
  }

  /**
   * Adds evidence of one incident within a transaction and drops what lies between the first and the newest.
   * Of a burst only what stays is written at all.
   */
  putRaw(id: string, evidence: readonly RawEvidence[]): void {
    const number = this.numberOf(id);
    const newest = this.connection.get<{ place: number | null }>(
      'SELECT max(place) AS place FROM raw WHERE incident = ?',
      number,
    );
    const before = newest?.place ?? 0;
    const end = before + evidence.length;
    for (const [index, { at, vantagePoint, frame }] of evidence.entries()) {
      const place = before + index + 1;
      if (place > RAW_FIRST && place <= end - RAW_NEWEST) continue;
      this.connection.run(
        'INSERT INTO raw (incident, place, at, vantage_point, frame) VALUES (?, ?, ?, ?, ?)',
        number,
        place,
        msOf(at),
        vantagePoint,
        cut(frame),
      );
    }
    if (end <= RAW_FIRST + RAW_NEWEST) return;
    this.connection.run(
      'DELETE FROM raw WHERE incident = ? AND place > ? AND place <= ?',
      number,
      RAW_FIRST,
      end - RAW_NEWEST,
    );
  }

  /** A piece of the history of an incident, within a transaction. */
  putSteps(id: string, steps: readonly HistoryStep[]): void {
    const rows = steps.map(({ at, vantagePoint, prefix, path }) => [msOf(at), vantagePoint, prefix, path]);
    this.connection.run(
      'INSERT INTO step (incident, body) VALUES (?, ?)',
      this.numberOf(id),
      JSON.stringify(rows),
    );
  }

  /** Oldest first: what was carried before the incident was noted with it. */
  historyOf(id: string): History {
    const pieces = this.connection.all<{ body: string }>(
      'SELECT body FROM step WHERE incident = (SELECT number FROM incident WHERE id = ?) ORDER BY number',
      id,
    );
    const rows = pieces.flatMap(({ body }) => JSON.parse(body) as KeptStep[]);
    rows.sort(([a], [b]) => a - b);
    const steps = rows.map(([at, vantagePoint, prefix, path]) => ({
      at: isoTime(at),
      vantagePoint,
      prefix,
      path,
    }));
    return { steps, cut: steps.length >= STEPS_MAX };
  }

  /** Oldest first. */
  rawOf(id: string): RawEvidence[] {
    const rows = this.connection.all<{ at: number; vantage_point: string; frame: string }>(
      `SELECT at, vantage_point, frame FROM raw
       WHERE incident = (SELECT number FROM incident WHERE id = ?) ORDER BY place`,
      id,
    );
    return rows.map(({ at, vantage_point, frame }) => ({
      at: isoTime(at),
      vantagePoint: vantage_point,
      frame,
    }));
  }
}

function cut(frame: string): string {
  if (frame.length <= FRAME_CHARACTERS_MAX) return frame;
  return `${frame.slice(0, FRAME_CHARACTERS_MAX)}… (${frame.length} characters in all)`;
}
