/**
 * Schema 2. Routes come as segments of a log (`engine/route-log.ts`) instead of a row each; the table `rib` is read once more
 * and emptied by the first commit. Neighbours that do not count yet stand in the row of the baseline that they belong to.
 */
import type { Migration } from '../migrate.ts';

export const routeLog: Migration = {
  version: 2,
  name: 'route-log',
  statements: [
    'CREATE TABLE route_segment (number INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT',
    `ALTER TABLE baseline ADD COLUMN candidates TEXT NOT NULL DEFAULT ''`,
    `UPDATE baseline SET candidates = COALESCE(
       (SELECT value FROM memory WHERE key = 'candidates/' || prefix || '/' || origin), '')`,
    `DELETE FROM memory WHERE key >= 'candidates/' AND key < 'candidates0'`,
  ],
};
