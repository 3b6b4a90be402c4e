import { readFileSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { RETENTION } from '../../src/store/prune.ts';
import { openStore, type SqliteStore } from '../../src/store/store.ts';
import { temporaryPaths } from './directory.ts';
import { routes, routesOf } from './routes.ts';
import { alert, at, batch, incident, record, ribRow, START_MS } from './samples.ts';

const newPath = temporaryPaths();
const DAY_MS = 86_400_000;
const day = (days: number): string => at(days * 86_400);

/** Prunes to the end; returns the number of slices it took. */
function pruneAll(store: SqliteStore, nowMs: number): number {
  for (let slices = 1; slices < 10_000; slices += 1) if (!store.prune(nowMs).more) return slices;
  throw new Error('never done');
}

/** One incident a day, resolved the day after, with an alert, delivered at once, and evidence; coverage by ten days. */
function fill(store: SqliteStore, days: number): void {
  const all = Array.from({ length: days }, (_, n) =>
    incident(`i${n}`, { openedAt: day(n), state: 'resolved', resolvedAt: day(n + 1) }),
  );
  const alerts = all.map((each, n) => ({ ...alert(n + 1, each), at: day(n) }));
  store.commit(
    batch({
      incidents: all.map((each) => record(each)),
      incidentsForgotten: all.map((each) => each.id),
      alerts,
      outbox: alerts.slice(0, 10).map((said) => ({ receiver: 'noc', alert: said })),
      raw: all.map((each, n) => ({
        incidentId: each.id,
        evidence: { at: day(n), vantagePoint: 'rrc00 192.0.2.1', frame: 'x'.repeat(2_000) },
      })),
      audit: all.map((each, n) => ({
        at: day(n),
        who: 'kim',
        action: 'acknowledge',
        subject: each.id,
        note: '',
      })),
    }),
  );
  for (const said of alerts.slice(0, 10)) store.outbox.delivered('noc', said.id, START_MS);
  for (let n = 0; n < days; n += 10) {
    store.coverage.coverage({
      feed: 'ris-live',
      from: day(n),
      to: day(n + 10),
      state: 'live',
      reason: `${n}`,
    });
  }
}

describe('retention', () => {
  it('removes what is old in slices, keeps the rest, and gives the space back', () => {
    const path = newPath();
    const store = openStore(path, { lock: true, retention: { sliceRows: 60, slicePages: 32 } });
    fill(store, 900);
    const nowMs = START_MS + 900 * DAY_MS;
    store.close();
    const before = statSync(path).size;
    const again = openStore(path, { lock: true, retention: { sliceRows: 60, slicePages: 32 } });
    expect(pruneAll(again, nowMs)).toBeGreaterThan(8);
    const { archive } = again;
    expect(archive.incidents({ limit: 1000 }).incidents).toHaveLength(RETENTION.incidentDays + 1);
    expect(archive.alertsAfter(0, 1)[0]?.seq).toBe(900 - RETENTION.incidentDays + 1);
    expect(archive.alertsOf('i899')).toHaveLength(1);
    expect([archive.rawOf('i899').length, archive.rawOf('i700').length]).toEqual([1, 0]);
    expect(archive.audit(10_000)).toHaveLength(RETENTION.auditDays);
    expect(archive.coverage(at(0), day(901))).toHaveLength(RETENTION.coverageDays / 10 + 1);
    again.close();
    expect(statSync(path).size).toBeLessThan(before * 0.8);
  });

  it('never gives a number of an alert twice, even when all of them are gone', () => {
    const path = newPath();
    const store = openStore(path, { lock: true });
    fill(store, 3);
    pruneAll(store, START_MS + 3_000 * DAY_MS);
    expect(store.archive.alertsAfter(0, 10)).toEqual([]);
    expect(store.archive.lastSeq()).toBe(3);
    store.close();
    const again = openStore(path, { lock: true });
    expect(again.remember().nextSeq).toBe(4);
    again.close();
  });

  it('keeps open incidents, the watched RIB, and alerts that somebody still waits for', () => {
    const store = openStore(':memory:', { lock: false });
    const open = incident('open');
    const resolved = incident('told', { state: 'resolved', resolvedAt: at(400) });
    store.commit(
      batch({
        routes: routes(1, [ribRow()]),
        incidents: [record(open), record(resolved)],
        alerts: [alert(1, open), alert(2, resolved)],
        outbox: [{ receiver: 'noc', alert: alert(2, resolved) }],
      }),
    );
    pruneAll(store, START_MS + 3_000 * DAY_MS);
    expect(store.archive.incidents({ limit: 10 }).incidents.map((each) => each.id)).toEqual(['told', 'open']);
    expect(store.outbox.due('noc', START_MS, 10).map((item) => item.alert.seq)).toEqual([2]);
    expect(routesOf(store.remember())).toEqual([ribRow()]);
    store.outbox.delivered('noc', 'alert-2', START_MS);
    pruneAll(store, START_MS + 3_000 * DAY_MS);
    expect(store.archive.incidents({ limit: 10 }).incidents.map((each) => each.id)).toEqual(['open']);
  });

  it('keeps a failed delivery in sight for a while', () => {
    const store = openStore(':memory:', { lock: false });
    const a = incident('a');
    store.commit(
      batch({
        incidents: [record(a)],
        alerts: [alert(1, a)],
        outbox: [{ receiver: 'noc', alert: alert(1, a) }],
      }),
    );
    store.outbox.failed('noc', 'alert-1', START_MS, 'HTTP 410');
    pruneAll(store, START_MS + (RETENTION.deliveryDays - 1) * DAY_MS);
    expect(store.outbox.failures(10)).toHaveLength(1);
    pruneAll(store, START_MS + (RETENTION.deliveryDays + 1) * DAY_MS);
    expect(store.outbox.failures(10)).toEqual([]);
  });

  it('keeps the memos set last', () => {
    const store = openStore(':memory:', { lock: false, retention: { memosMax: 10, sliceRows: 3 } });
    for (let n = 0; n < 30; n += 1) store.outbox.setMemo('noc', `thread ${n}`, `${n}`);
    store.outbox.setMemo('noc', 'thread 0', 'again');
    pruneAll(store, START_MS);
    const kept = Array.from({ length: 30 }, (_, n) => n).filter(
      (n) => store.outbox.memo('noc', `thread ${n}`) !== undefined,
    );
    expect(kept).toEqual([0, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
  });

  it('has nothing to do in a new database', () => {
    expect(openStore(':memory:', { lock: false }).prune(START_MS)).toEqual({ rows: 0, more: false });
  });

  it('leaves a whole database behind', () => {
    const path = newPath();
    const store = openStore(path, { lock: true });
    fill(store, 50);
    pruneAll(store, START_MS + 425 * DAY_MS);
    store.close();
    const database = new Database(path, { readonly: true });
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(database.pragma('foreign_key_check')).toEqual([]);
    database.close();
  });
});

describe('the README', () => {
  it('says how long things are kept', () => {
    const text = readFileSync('README.md', 'utf8').replaceAll('\n', ' ');
    const paragraph = /\*\*How long things are kept\.\*\*(.*?) {2}/.exec(text)?.[1] ?? '';
    const { incidentDays, rawDays, coverageDays, deliveryDays, auditDays } = RETENTION;
    expect(paragraph.match(/\d+(?= days|; coverage|; deliveries|; the audit|\. Open)/g)?.map(Number)).toEqual(
      [incidentDays, rawDays, coverageDays, deliveryDays, auditDays],
    );
  });
});
