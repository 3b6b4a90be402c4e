/**
 * A year of incidents answers in milliseconds because no question reads what it does not return: each statement
 * that the store runs is explained by SQLite, and none may walk through a table that grows, nor sort one.
 */
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { prefixOf } from '../../src/bgp/prefix.ts';
import { openStore, type SqliteStore } from '../../src/store/store.ts';
import { playStory } from './crash-story.ts';
import { temporaryPaths } from './directory.ts';
import { routes } from './routes.ts';
import { at, baselineRow, ribRow, START_MS } from './samples.ts';

const newPath = temporaryPaths();

/** The plan of every statement that `work` runs, as lines of EXPLAIN QUERY PLAN, with the statement before it. */
function plansOf(
  work: (store: SqliteStore) => void,
): readonly { readonly sql: string; readonly plan: string[] }[] {
  const path = newPath();
  const statements = new Set<string>();
  let isTracing = false;
  const store = openStore(path, { lock: false, trace: (sql) => isTracing && statements.add(sql) });
  playStory(store, 0);
  isTracing = true;
  work(store);
  store.close();
  const database = new Database(path, { readonly: true });
  const explained = [...statements]
    .filter((sql) => /^\s*(SELECT|INSERT|UPDATE|DELETE|REPLACE)/i.test(sql))
    .map((sql) => {
      const rows = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[];
      return { sql, plan: rows.map((row) => row.detail) };
    });
  database.close();
  return explained;
}

/** Lines that read a whole table or sort what they read. */
function slow(plans: ReturnType<typeof plansOf>, allowed: RegExp = /^$/): string[] {
  return plans.flatMap(({ sql, plan }) =>
    plan
      .filter(
        (line) =>
          /^SCAN (?!json_each|CONSTANT ROW|\(subquery|oldest)|TEMP B-TREE FOR ORDER/.test(line) &&
          !allowed.test(line),
      )
      .map((line) => `${line} <- ${sql}`),
  );
}

const list = (query: object) => (store: SqliteStore) => store.archive.incidents({ limit: 100, ...query });

describe('the plan', () => {
  it('sees a bad statement: the canary', () => {
    const bad = [{ sql: 'bad', plan: ['SCAN incident', 'USE TEMP B-TREE FOR ORDER BY'] }];
    expect(slow(bad)).toHaveLength(2);
  });

  it.each<[string, object]>([
    ['all', {}],
    ['the next page', { cursor: Buffer.from(`${START_MS} a`).toString('base64url') }],
    ['some since', { since: at(0) }],
    ['open ones', { state: ['open'] }],
    ['open ones of a group', { state: ['open'], group: ['kakao'] }],
    ['open and resolved ones', { state: ['open', 'resolved'], cursor: 'MSBh' }],
    ['kinds', { kind: ['sub-prefix', 'origin-change'] }],
    [
      'everything at once',
      { state: ['open'], kind: ['squatting'], group: ['a', 'b'], severity: ['info'], since: at(0) },
    ],
  ])('of listing %s walks an index from the newest on', (_, query) => {
    const plans = plansOf(list(query));
    expect(plans).toHaveLength(1);
    expect(plans[0]?.plan.join('\n')).toMatch(
      /(SCAN|SEARCH) incident USING INDEX incident_(newest|of_state)/,
    );
    expect(slow(plans, /^SCAN incident USING INDEX incident_newest$/)).toEqual([]);
  });

  it('of listing by prefix looks up keys of routes', () => {
    const plans = plansOf(list({ prefix: prefixOf('211.249.216.0/21'), state: ['open'] }));
    const plan = plans.flatMap((each) => each.plan).join('\n');
    expect(plan).toContain('incident_route USING PRIMARY KEY (prefix>? AND prefix<?)');
    expect(plan).toContain('incident_route USING PRIMARY KEY (prefix=?)');
    expect(slow(plans, /ORDER BY/)).toEqual([]);
  });

  it('of the alert feed, timelines and claims of the outbox uses keys', () => {
    const plans = plansOf(({ archive, outbox }) => {
      archive.incident('a');
      archive.alertsAfter(0, 100);
      archive.alertsOf('a');
      archive.rawOf('a');
      archive.deliveriesOf('a');
      archive.lastSeq();
      archive.coverage(at(0), at(1));
      outbox.due('noc', START_MS, 10);
      outbox.nextDueMs('noc');
      outbox.pending('noc');
      outbox.postponed('noc', 'alert-2', 0, '');
      outbox.delivered('noc', 'alert-2', START_MS);
      outbox.memo('noc', 'thread');
    });
    expect(plans.length).toBeGreaterThan(12);
    expect(plans.find(({ sql }) => sql.includes('CROSS JOIN alert'))?.plan[0]).toMatch(
      /outbox USING INDEX outbox_ready/,
    );
    expect(
      slow(plans, /^SCAN sqlite_sequence$|ORDER BY$/).filter((line) => !line.includes('coverage')),
    ).toEqual([]);
  });

  it('of the newest alerts and given-up deliveries stops after the limit', () => {
    const plans = plansOf(({ archive, outbox }) => {
      archive.latestAlerts(10);
      archive.audit(10);
      outbox.failures(10);
    });
    expect(slow(plans, /^SCAN (alert|audit)$|^SCAN outbox USING INDEX outbox_failed$/)).toEqual([]);
  });

  it('of a commit finds every row by its key', () => {
    const plans = plansOf((store) => {
      playStory(store, 99);
      store.commit({
        routes: { ...routes(9, [ribRow()]), dropped: [1], replacesTable: false },
        baseline: [baselineRow()],
        baselineRemoved: [baselineRow({ origin: 1 })],
        incidents: [...store.remember().incidents],
        incidentsForgotten: ['a'],
        alerts: [],
        outbox: [],
        raw: [{ incidentId: 'a', evidence: { at: at(0), vantagePoint: '', frame: '' } }],
        silences: [],
        silencesRemoved: ['s'],
        audit: [],
        memory: [{ key: 'clock', value: '1' }],
      });
    });
    const writes = plans.filter(({ sql }) => !/FROM (silence|memory)/.test(sql));
    expect(slow(writes, /^SCAN (sqlite_sequence)$|incident_remembered/)).toEqual([]);
  });

  it('of pruning reads the oldest rows only', () => {
    const plans = plansOf((store) => store.prune(START_MS));
    expect(plans.length).toBeGreaterThanOrEqual(7);
    expect(slow(plans, /^SCAN (alert|raw|audit|chain)$/)).toEqual([]);
  });
});
