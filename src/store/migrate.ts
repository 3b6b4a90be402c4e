/**
 * Brings a database to the schema of this program: numbered steps, each one transaction that ends by writing its
 * number into `PRAGMA user_version`. Killed between two statements, the file is at the step before.
 */
import { OperationalError } from '../engine/errors.ts';
import type { Connection } from './connection.ts';
import { first } from './migrations/0001-first.ts';
import { routeLog } from './migrations/0002-route-log.ts';
import { chain } from './migrations/0003-chain.ts';
import { history } from './migrations/0004-history.ts';

export interface Migration {
  /** 1, 2, 3 … without a hole. */
  readonly version: number;
  readonly name: string;
  readonly statements: readonly string[];
}

/** The closed list, oldest first. A new step is appended and never touches those before it. */
export const MIGRATIONS: readonly Migration[] = [first, routeLog, chain, history];

/** `OWAT`: tells our databases from other programs' (https://sqlite.org/pragma.html#pragma_application_id). */
const APPLICATION_ID = 0x4f_57_41_54;

/** Returns the version that was found. A read-only connection cannot be brought along: it has to fit already. */
export function migrate(connection: Connection, migrations: readonly Migration[] = MIGRATIONS): number {
  const { found, isOurs } = connection.reading(() => inspect(connection), 'store-open');
  if (!isOurs) {
    throw new OperationalError('store-open', `${connection.path} is a database of another program`);
  }
  const newest = migrations.at(-1)?.version ?? 0;
  if (found > newest) {
    throw new OperationalError(
      'store-newer',
      `${connection.path} has schema ${found}, this program knows ${newest}: install the newer program again`,
    );
  }
  const missing = migrations.filter((migration) => migration.version > found);
  if (connection.readOnly && missing.length > 0) {
    throw new OperationalError(
      'store-open',
      `${connection.path} has schema ${found}, this program needs ${newest}: start the daemon once`,
    );
  }
  if (!connection.readOnly) connection.prepareToWrite();
  for (const migration of missing) step(connection, migration);
  return found;
}

function step(connection: Connection, migration: Migration): void {
  connection.writing(() => {
    for (const statement of migration.statements) connection.exec(statement);
    connection.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    connection.exec(`PRAGMA user_version = ${migration.version}`);
  }, 'store-open');
}

/** Tables of somebody else are not ours to add to. */
function inspect(connection: Connection): { readonly found: number; readonly isOurs: boolean } {
  const found = Number(connection.pragma('user_version'));
  const id = Number(connection.pragma('application_id'));
  const tables = connection.get<{ count: number }>('SELECT count(*) AS count FROM sqlite_schema')?.count ?? 0;
  return { found, isOurs: found === 0 ? id === 0 && tables === 0 : id === APPLICATION_ID };
}
