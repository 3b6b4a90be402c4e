import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Connection, makeDirectoryOf } from '../../src/store/connection.ts';
import { MIGRATIONS, type Migration, migrate } from '../../src/store/migrate.ts';
import { openStore } from '../../src/store/store.ts';
import { copyOf, temporaryPaths } from './directory.ts';
import { SCHEMAS, writeSchema } from './schemas.ts';

const newPath = temporaryPaths();
const newest = MIGRATIONS.at(-1)?.version ?? 0;

describe('the list of migrations', () => {
  it('counts from 1 without a hole, and every one has its fixture', () => {
    const numbers = Array.from({ length: newest }, (_, index) => index + 1);
    expect(MIGRATIONS.map((migration) => migration.version)).toEqual(numbers);
    expect(SCHEMAS.map((schema) => schema.version)).toEqual(numbers);
  });

  it.each(SCHEMAS)(
    'holds $version as it was released: change a schema by a new one',
    ({ version, fingerprint }) => {
      const statements = MIGRATIONS.find((migration) => migration.version === version)?.statements ?? [];
      expect(createHash('sha256').update(statements.join(';\n')).digest('hex')).toBe(fingerprint);
    },
  );
});

describe('upgrading', () => {
  it.each(SCHEMAS)('from schema $version keeps all that was in it', (schema) => {
    const path = newPath();
    mkdirSync(dirname(path), { recursive: true });
    writeSchema(path, schema);
    const store = openStore(path, { lock: true });
    expect(schema.found(store)).toEqual(schema.expected);
    store.close();
    const connection = Connection.open(path, { readOnly: true });
    expect(migrate(connection)).toBe(newest);
    connection.close();
  });
});

/** Two steps after the real ones, the second of which changes what the first wrote. */
const LATER: readonly Migration[] = [
  ...MIGRATIONS,
  {
    version: newest + 1,
    name: 'made up',
    statements: ['CREATE TABLE made (a TEXT NOT NULL) STRICT', `INSERT INTO made VALUES ('old')`],
  },
  {
    version: newest + 2,
    name: 'made up, changed',
    statements: [
      'ALTER TABLE made ADD COLUMN b TEXT',
      `UPDATE made SET b = a || ' and new'`,
      'CREATE INDEX made_b ON made (b)',
    ],
  },
];

/** What a file of each version has to look like: one row a schema object and a row of the made-up table. */
function contents(connection: Connection, version: number): unknown {
  const made = version > newest ? connection.all('SELECT * FROM made') : [];
  return [connection.all('SELECT name, sql FROM sqlite_schema ORDER BY name'), made];
}

describe('a migration', () => {
  it('that is cut off at any statement leaves the schema before it or the one after it, and goes on from there', () => {
    const whole = new Map<number, unknown>();
    for (let count = 0; count <= LATER.length; count += 1) {
      const connection = Connection.open(':memory:', { readOnly: false });
      migrate(connection, LATER.slice(0, count));
      whole.set(count, contents(connection, count));
    }
    const path = newPath();
    makeDirectoryOf(path);
    const copies: string[] = [];
    const traced = Connection.open(path, {
      readOnly: false,
      trace: () => copies.push(copyOf(path, newPath())),
    });
    migrate(traced, LATER);
    traced.close();
    expect(copies.length).toBeGreaterThan(40);
    const seen = new Set<number>();
    for (const copy of copies) {
      const connection = Connection.open(copy, { readOnly: false });
      const version = Number(connection.pragma('user_version'));
      expect(contents(connection, version)).toEqual(whole.get(version));
      migrate(connection, LATER);
      expect(contents(connection, LATER.length)).toEqual(whole.get(LATER.length));
      connection.close();
      seen.add(version);
    }
    expect([...seen]).toEqual(Array.from({ length: LATER.length }, (_, version) => version));
  });

  it('that fails says so and changes nothing', () => {
    const connection = Connection.open(':memory:', { readOnly: false });
    const broken: Migration = {
      version: newest + 1,
      name: 'broken',
      statements: ['CREATE TABLE u (a)', 'CREATE TABLE u (a)'],
    };
    expect(() => migrate(connection, [...MIGRATIONS, broken])).toThrow(
      /^store-open: .*table u already exists/,
    );
    expect(connection.pragma('user_version')).toBe(newest);
    expect(connection.all(`SELECT 1 FROM sqlite_schema WHERE name = 'u'`)).toEqual([]);
  });
});
