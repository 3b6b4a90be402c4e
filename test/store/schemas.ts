/**
 * For each schema that was ever released: a database as that version left it, filled with plain SQL as that version
 * wrote it, and what has to be found in it after the upgrade. A new migration appends its entry here.
 */
import Database from 'better-sqlite3';
import { MIGRATIONS } from '../../src/store/migrate.ts';
import type { SqliteStore } from '../../src/store/store.ts';
import { routes, routesOf } from './routes.ts';
import { alert, at, incident, ribRow, START_MS } from './samples.ts';

export interface Schema {
  readonly version: number;
  /** SHA-256 over the statements: a released migration is never edited. */
  readonly fingerprint: string;
  readonly fill: (database: Database.Database) => void;
  readonly found: (store: SqliteStore) => unknown;
  readonly expected: unknown;
}

export const SCHEMAS: readonly Schema[] = [
  {
    version: 1,
    fingerprint: 'e23ca43d2538a4ea9208af3b38ec3b2576e6dc62c016173615aee75021f38dfa',
    fill: fillFirst,
    found: (store) => ({
      incident: store.archive.incident('a'),
      alerts: store.archive.alertsAfter(0, 10),
      due: store.outbox.due('noc', START_MS, 10),
      remembered: [...store.remember().incidents].map((each) => each.memory),
      rib: [...store.remember().ribTable],
      segments: [...store.remember().segments],
      baseline: [...store.remember().baseline].map((row) => [row.origin, row.neighbors, row.candidates]),
      memory: store.remember().memory,
      coverage: store.archive.coverage(at(0), at(10)).map((row) => row.state),
      nextSeq: store.remember().nextSeq,
    }),
    expected: {
      incident: incident('a'),
      alerts: [alert(1, incident('a'))],
      due: [{ alert: alert(1, incident('a')), receiver: 'noc', attempts: 2, notBeforeMs: 5 }],
      remembered: ['{"n":1}'],
      rib: [
        {
          vantagePoint: { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 6461 },
          prefix: '211.249.216.0/21',
          path: [6461, 7625],
          communities: [[65_535, 666]],
          observedMs: 1,
          arrivedMs: 2,
          doubt: 0,
        },
      ],
      segments: [],
      baseline: [
        [7625, [10158], `[[3356,${START_MS},[6461]]]`],
        [7626, [], ''],
      ],
      memory: new Map([['link/6461-7625', '1']]),
      coverage: ['live'],
      nextSeq: 2,
    },
  },
  {
    version: 2,
    fingerprint: 'eec8adec01aae170416abeee180fc442f1c56ec454789baeec244446cf47c354',
    fill: fillSecond,
    found: (store) => ({
      routes: routesOf(store.remember()),
      table: [...store.remember().ribTable],
      baseline: [...store.remember().baseline].map((row) => [row.origin, row.neighbors, row.candidates]),
    }),
    expected: {
      routes: [ribRow({ path: [6461, 9457] })],
      table: [],
      baseline: [[7625, [10158], '[[3356,1,[6461]]]']],
    },
  },
  {
    version: 3,
    fingerprint: '0e7065529729ebafd414a01e32844399be457d2775d1976e495a370bc7025a32',
    fill: fillChain,
    found: (store) => store.archive.caseRecord('a', START_MS)?.chain,
    expected: [{ number: 7, what: 'alert', ref: 1, sum: 's', link: 'l' }],
  },
  {
    version: 4,
    fingerprint: 'bb187a6b5e3854bbae6f56b4882a2bfda90016656992e8e027ae03bfa1a40c4f',
    fill: fillHistory,
    found: (store) => ({
      history: store.archive.historyOf('a'),
      acts: store.archive.actsOn('a').map(({ who, action, note }) => [who, action, note]),
    }),
    expected: {
      history: {
        steps: [
          { at: at(0), vantagePoint: 'rrc00 192.0.2.1', prefix: '211.249.216.0/21', path: '6461 9457' },
          { at: at(1), vantagePoint: 'rrc00 192.0.2.1', prefix: '211.249.216.0/21', path: null },
        ],
        cut: false,
      },
      acts: [['kim', 'incident.note', 'Called.']],
    },
  },
];

/** A database file as `schema.version` left it. */
export function writeSchema(path: string, schema: Schema): void {
  const database = new Database(path);
  database.pragma('auto_vacuum = INCREMENTAL');
  database.pragma('application_id = 1331118420');
  for (const migration of MIGRATIONS.filter((each) => each.version <= schema.version)) {
    for (const statement of migration.statements) database.exec(statement);
  }
  schema.fill(database);
  database.pragma(`user_version = ${schema.version}`);
  database.close();
}

function fillFirst(database: Database.Database): void {
  const run = (sql: string, ...values: unknown[]): unknown => database.prepare(sql).run(...values);
  run(`INSERT INTO vantage_point VALUES (1, 'rrc00', '192.0.2.1', 6461)`);
  run(`INSERT INTO rib VALUES (1, '211.249.216.0/21', '6461 7625', '65535:666', 1, 2, 0)`);
  run(`INSERT INTO baseline VALUES ('211.249.216.0/21', 7625, 'learned', 1, 2, '10158', '', '', '')`);
  run(`INSERT INTO baseline VALUES ('211.249.216.0/21', 7626, 'observed', 1, 2, '', '', '', '')`);
  run(
    `INSERT INTO memory VALUES ('candidates/211.249.216.0/21/7625', ?), ('link/6461-7625', '1'),
       ('candidates/192.0.2.0/24/1', '[[1,2,[3]]]')`,
    `[[3356,${START_MS},[6461]]]`,
  );
  run(
    `INSERT INTO incident VALUES (1, 'a', 'k', ?, 'open', 'sub-prefix', 'critical', 'kakao', 9457, NULL, 1, ?, ?)`,
    START_MS + 1_000,
    JSON.stringify(incident('a')),
    '{"n":1}',
  );
  run(`INSERT INTO alert VALUES (1, 'alert-1', 1, ?, ?)`, START_MS, JSON.stringify(alert(1, incident('a'))));
  run(`INSERT INTO outbox VALUES (1, 'noc', 'alert-1', 1, 1, 'ready', 2, 5, 'HTTP 503', NULL)`);
  run(`INSERT INTO coverage VALUES (1, 'ris-live', ?, ?, 'live', 'fresh')`, START_MS, START_MS + 9_000);
}

function fillSecond(database: Database.Database): void {
  const run = (sql: string, ...values: unknown[]): unknown => database.prepare(sql).run(...values);
  for (const { segment } of [routes(3, [ribRow()]), routes(4, [ribRow({ path: [6461, 9457] })])])
    run('INSERT INTO route_segment VALUES (?, ?)', segment?.number, segment?.body);
  run(
    `INSERT INTO baseline VALUES ('211.249.216.0/21', 7625, 'learned', 1, 2, '10158', '', '', '', '[[3356,1,[6461]]]')`,
  );
}

function fillHistory(database: Database.Database): void {
  const run = (sql: string, ...values: unknown[]): unknown => database.prepare(sql).run(...values);
  run(
    `INSERT INTO incident VALUES (1, 'a', 'k', ?, 'open', 'sub-prefix', 'critical', 'kakao', 9457, NULL, 1, ?, ?)`,
    START_MS + 1_000,
    JSON.stringify(incident('a')),
    '{"n":1}',
  );
  const step = (offsetMs: number, path: string | null): string =>
    JSON.stringify([[START_MS + offsetMs, 'rrc00 192.0.2.1', '211.249.216.0/21', path]]);
  run(
    'INSERT INTO step VALUES (1, 1, ?), (2, 1, ?)',
    step(0, '6461 9457'),
    step(Date.parse(at(1)) - Date.parse(at(0)), null),
  );
  run(
    `INSERT INTO audit (at, who, action, subject, note) VALUES (1, 'kim', 'incident.note', 'a', 'Called.')`,
  );
}

function fillChain(database: Database.Database): void {
  const run = (sql: string, ...values: unknown[]): unknown => database.prepare(sql).run(...values);
  const body = JSON.stringify(incident('a'));
  run(
    `INSERT INTO incident VALUES (1, 'a', 'k', ?, 'open', 'sub-prefix', 'critical', 'kakao', 9457, NULL, 1, ?, '{}')`,
    START_MS,
    body,
  );
  run(`INSERT INTO alert VALUES (1, 'alert-1', 1, ?, ?)`, START_MS, JSON.stringify(alert(1, incident('a'))));
  run(`INSERT INTO chain VALUES (7, 'alert', 1, 1, 's', 'l')`);
}
