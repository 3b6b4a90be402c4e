/**
 * Listing incidents, newest first: filters, overlap with a prefix, and paging by cursor (product.md §4).
 *
 * The cursor names the last row given out, not a position: what is opened meanwhile stands before it, what changes
 * stays where it is, so a walk neither skips nor repeats.
 *
 * Overlap: prefixes contain each other or are apart. What overlaps a prefix lies inside it (one range of keys) or
 * covers it (at most 128 keys, looked up one by one).
 */
import type { Prefix } from '../bgp/prefix.ts';
import { BadCursor } from '../engine/errors.ts';
import type { IncidentPage, IncidentQuery } from '../engine/ports.ts';
import { completed, type Incident } from '../incident/alert.ts';
import { coveringKeys, keyRange, msOf } from './codec.ts';
import type { Connection, Value } from './connection.ts';

/** The most incidents on one page, whatever is asked for. */
const LIMIT_MAX = 1_000;

interface Condition {
  readonly sql: string;
  readonly values: readonly Value[];
}

interface Position {
  readonly opened: number;
  readonly id: string;
}

/** Throws `BadCursor`. Within a reading. */
export function listIncidents(connection: Connection, query: IncidentQuery): IncidentPage {
  const limit = Math.min(Math.max(1, Math.floor(query.limit)), LIMIT_MAX);
  const conditions = conditionsOf(query);
  const where =
    conditions.length === 0 ? '' : `WHERE ${conditions.map((condition) => condition.sql).join(' AND ')}`;
  const rows = connection.all<{ id: string; opened: number; body: string }>(
    `SELECT id, opened, body FROM incident ${where} ORDER BY opened DESC, id DESC LIMIT ?`,
    ...conditions.flatMap((condition) => condition.values),
    limit + 1,
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    incidents: page.map((row) => completed(JSON.parse(row.body) as Incident)),
    next: rows.length > limit && last !== undefined ? writeCursor(last) : null,
  };
}

/**
 * A plus in front of a column keeps SQLite from fetching by it and sorting: it walks from the newest on, filters
 * within the index, and stops at the limit. The texts that come out are a closed set, whatever the values: each is prepared
 * once and kept.
 */
function conditionsOf(query: IncidentQuery): Condition[] {
  const conditions = [
    oneOf('state', query.state),
    oneOf('kind', query.kind),
    oneOf('severity', query.severity),
    oneOf('grp', query.group),
  ];
  if (query.since !== undefined) conditions.push({ sql: 'opened >= ?', values: [msOf(query.since)] });
  if (query.cursor !== undefined) {
    const { opened, id } = readCursor(query.cursor);
    conditions.push({ sql: '(opened, id) < (?, ?)', values: [opened, id] });
  }
  if (query.prefix !== undefined) conditions.push(overlapping(query.prefix));
  return conditions.filter((condition) => condition !== undefined);
}

function oneOf(column: string, values: readonly string[] | undefined): Condition | undefined {
  if (values === undefined) return undefined;
  const [only] = values;
  if (values.length === 1 && only !== undefined) return { sql: `${column} = ?`, values: [only] };
  return { sql: `+${column} IN (SELECT value FROM json_each(?))`, values: [JSON.stringify(values)] };
}

function overlapping(prefix: Prefix): Condition {
  const { low, high } = keyRange(prefix);
  return {
    sql: `+number IN (SELECT incident FROM incident_route WHERE prefix BETWEEN ? AND ?
            UNION ALL SELECT incident FROM incident_route WHERE prefix IN (SELECT unhex(value) FROM json_each(?)))`,
    values: [low, high, JSON.stringify(coveringKeys(prefix).map((key) => key.toString('hex')))],
  };
}

/** Opaque to everybody else. */
function writeCursor(position: Position): string {
  return Buffer.from(`${position.opened} ${position.id}`).toString('base64url');
}

function readCursor(cursor: string): Position {
  const text = Buffer.from(cursor, 'base64url').toString();
  const found = /^(\d{1,15}) ([^\s]{1,100})$/.exec(text);
  if (found === null || Buffer.from(text).toString('base64url') !== cursor) throw new BadCursor();
  return { opened: Number(found[1]), id: found[2] ?? '' };
}
