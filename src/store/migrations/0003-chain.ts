/** The chain of hashes over alerts and audit (`chain-table.ts`). It begins with what is written from now on. */
import type { Migration } from '../migrate.ts';

export const chain: Migration = {
  version: 3,
  name: 'chain',
  statements: [
    `CREATE TABLE chain (
       number INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT NOT NULL, ref INTEGER NOT NULL, at INTEGER NOT NULL,
       sum TEXT NOT NULL, link TEXT NOT NULL) STRICT`,
    'CREATE UNIQUE INDEX chain_row ON chain (what, ref)',
  ],
};
