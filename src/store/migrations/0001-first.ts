/**
 * Schema 1. Times are milliseconds since the epoch; prefixes are canonical text, or where they are searched by overlap
 * keys of `codec.ts`; `body` is JSON as the outside sees it. A released migration is never edited: a later one changes what it made.
 */
import type { Migration } from '../migrate.ts';

export const first: Migration = {
  version: 1,
  name: 'first',
  statements: [
    // The watched RIB. The key keeps the routes of a vantage point together; there is no row number to pay for.
    `CREATE TABLE vantage_point (
       number INTEGER PRIMARY KEY,
       collector TEXT NOT NULL,
       address TEXT NOT NULL,
       asn INTEGER NOT NULL,
       UNIQUE (collector, address)
     ) STRICT`,
    `CREATE TABLE rib (
       vantage_point INTEGER NOT NULL REFERENCES vantage_point (number),
       prefix TEXT NOT NULL,
       path TEXT NOT NULL,
       communities TEXT NOT NULL,
       observed REAL NOT NULL,
       arrived REAL NOT NULL,
       doubt INTEGER NOT NULL,
       PRIMARY KEY (vantage_point, prefix)
     ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE baseline (
       prefix TEXT NOT NULL,
       origin INTEGER NOT NULL,
       source TEXT NOT NULL,
       first_seen INTEGER,
       last_seen INTEGER,
       neighbors TEXT NOT NULL,
       peers TEXT NOT NULL,
       author TEXT NOT NULL,
       note TEXT NOT NULL,
       PRIMARY KEY (prefix, origin)
     ) STRICT, WITHOUT ROWID`,

    // Incidents. The filters stand in an index of their own, so that listing never reads the long texts it skips.
    `CREATE TABLE incident (
       number INTEGER PRIMARY KEY,
       id TEXT NOT NULL UNIQUE,
       key TEXT NOT NULL,
       opened INTEGER NOT NULL,
       state TEXT NOT NULL,
       kind TEXT NOT NULL,
       severity TEXT NOT NULL,
       grp TEXT NOT NULL,
       offender INTEGER,
       resolved INTEGER,
       remembered INTEGER NOT NULL,
       body TEXT NOT NULL,
       memory TEXT NOT NULL
     ) STRICT`,
    'CREATE INDEX incident_newest ON incident (opened, id, state, kind, severity, grp)',
    'CREATE INDEX incident_of_state ON incident (state, opened, id, kind, severity, grp)',
    'CREATE INDEX incident_remembered ON incident (number) WHERE remembered = 1',
    'CREATE INDEX incident_resolved ON incident (resolved) WHERE resolved IS NOT NULL',
    `CREATE TABLE incident_route (
       prefix BLOB NOT NULL,
       incident INTEGER NOT NULL REFERENCES incident (number) ON DELETE CASCADE,
       PRIMARY KEY (prefix, incident)
     ) STRICT, WITHOUT ROWID`,
    'CREATE INDEX incident_route_of ON incident_route (incident)',
    `CREATE TABLE raw (
       incident INTEGER NOT NULL REFERENCES incident (number) ON DELETE CASCADE,
       place INTEGER NOT NULL,
       at INTEGER NOT NULL,
       vantage_point TEXT NOT NULL,
       frame TEXT NOT NULL,
       UNIQUE (incident, place)
     ) STRICT`,

    // AUTOINCREMENT: SQLite remembers the highest number for the life of the database, pruned rows included.
    `CREATE TABLE alert (
       seq INTEGER PRIMARY KEY AUTOINCREMENT,
       id TEXT NOT NULL UNIQUE,
       incident INTEGER NOT NULL REFERENCES incident (number) ON DELETE CASCADE,
       at INTEGER NOT NULL,
       body TEXT NOT NULL
     ) STRICT`,
    'CREATE INDEX alert_of ON alert (incident, seq)',

    // Sent in the order of the row numbers. 'ready': the first unsent row of its incident and receiver; 'behind':
    // waits for that one. The key is the alert's id, or a reminder's own.
    `CREATE TABLE outbox (
       number INTEGER PRIMARY KEY,
       receiver TEXT NOT NULL,
       key TEXT NOT NULL,
       seq INTEGER NOT NULL REFERENCES alert (seq) ON DELETE CASCADE,
       incident INTEGER NOT NULL,
       state TEXT NOT NULL CHECK (state IN ('ready', 'behind', 'delivered', 'failed')),
       attempts INTEGER NOT NULL,
       not_before REAL NOT NULL,
       error TEXT NOT NULL,
       finished INTEGER,
       UNIQUE (receiver, key)
     ) STRICT`,
    `CREATE INDEX outbox_ready ON outbox (receiver, number, not_before) WHERE state = 'ready'`,
    `CREATE INDEX outbox_due ON outbox (receiver, not_before) WHERE state = 'ready'`,
    'CREATE INDEX outbox_waiting ON outbox (receiver, incident, number) WHERE finished IS NULL',
    `CREATE INDEX outbox_failed ON outbox (finished) WHERE state = 'failed'`,
    'CREATE INDEX outbox_finished ON outbox (finished) WHERE finished IS NOT NULL',
    'CREATE INDEX outbox_of ON outbox (seq)',
    `CREATE TABLE memo (
       number INTEGER PRIMARY KEY,
       receiver TEXT NOT NULL,
       key TEXT NOT NULL,
       value TEXT NOT NULL,
       UNIQUE (receiver, key)
     ) STRICT`,

    `CREATE TABLE coverage (
       number INTEGER PRIMARY KEY,
       feed TEXT NOT NULL,
       since INTEGER NOT NULL,
       until INTEGER NOT NULL,
       state TEXT NOT NULL,
       reason TEXT NOT NULL
     ) STRICT`,
    'CREATE INDEX coverage_of ON coverage (feed, until)',
    'CREATE INDEX coverage_until ON coverage (until)',

    'CREATE TABLE silence (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL) STRICT',
    'CREATE TABLE memory (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID',
    `CREATE TABLE audit (
       number INTEGER PRIMARY KEY,
       at INTEGER NOT NULL,
       who TEXT NOT NULL,
       action TEXT NOT NULL,
       subject TEXT NOT NULL,
       note TEXT NOT NULL
     ) STRICT`,
    'CREATE TABLE compiled (name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, body BLOB) STRICT',
  ],
};
