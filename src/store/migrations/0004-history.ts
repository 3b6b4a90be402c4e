/**
 * Schema 4. Who carried what while an incident stood, in pieces as they were written: each a JSON list of
 * `[at, vantage point, prefix, path or null]`. What people did is found by what they did it to.
 */
import type { Migration } from '../migrate.ts';

export const history: Migration = {
  version: 4,
  name: 'history',
  statements: [
    `CREATE TABLE step (
       number INTEGER PRIMARY KEY,
       incident INTEGER NOT NULL REFERENCES incident (number) ON DELETE CASCADE,
       body TEXT NOT NULL
     ) STRICT`,
    'CREATE INDEX step_of ON step (incident, number)',
    'CREATE INDEX audit_of ON audit (subject, number)',
  ],
};
