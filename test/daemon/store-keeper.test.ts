/** Between driver and store: batches wait in memory and in order while the database takes nothing, up to a bound. */
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { StoreKeeper } from '../../src/daemon/durable/store-keeper.ts';
import { OperationalError } from '../../src/engine/errors.ts';
import type { Batch, StoreReason } from '../../src/engine/ports.ts';
import { PatientCoverage } from '../../src/store/patient-coverage.ts';
import { PatientOutbox } from '../../src/store/patient-outbox.ts';
import { readSpills, spillPlaces } from '../../src/store/spill.ts';
import { openStore } from '../../src/store/store.ts';
import { temporaryPaths } from '../store/directory.ts';
import { alert, at, batch, incident, openingBatch, record, START_MS } from '../store/samples.ts';

const freshPath = temporaryPaths();
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function stage(heldBytesMax = 10_000_000) {
  const path = freshPath();
  const store = openStore(path, { lock: false, waitMs: 1 });
  const written: number[] = [];
  const states: [string, StoreReason][] = [];
  const broken: unknown[] = [];
  const logged: string[] = [];
  let woken = 0;
  const log = (line: { event: string }): void => void logged.push(line.event);
  const failed = (error: OperationalError): void => keeper.failed(error);
  const outbox = new PatientOutbox(store.outbox, failed);
  const coverage = new PatientCoverage(store.coverage, failed);
  const keeper: StoreKeeper = new StoreKeeper({
    store,
    outbox,
    coverage,
    log: { info: log, warn: log, error: log } as never,
    nowMs: () => START_MS,
    onState: (state, reason) => states.push([state, reason]),
    onUnwritten: () => {
      woken += 1;
    },
    onBack: () => undefined,
    onBroken: (error) => broken.push(error),
    heldBytesMax,
    spillPlaces: spillPlaces(path, []),
  });
  const commit = (seq: number, one: Batch = openingBatch(seq, incident(`i${seq}`))): string =>
    keeper.commitOrHold(one, () => written.push(seq));
  const other = new Database(path);
  other.pragma('busy_timeout = 0');
  closing.push(() => {
    other.close();
    store.close();
  });
  return {
    path,
    store,
    keeper,
    outbox,
    coverage,
    commit,
    written,
    states,
    broken,
    logged,
    other,
    woken: () => woken,
  };
}

async function until(what: () => boolean): Promise<void> {
  for (let tries = 0; tries < 2_000 && !what(); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 5));
  expect(what()).toBe(true);
}

describe('a store that is well', () => {
  it('takes each batch at once', () => {
    const { commit, keeper, store } = stage();
    expect(commit(1)).toBe('written');
    expect(keeper.isOk).toBe(true);
    expect(store.archive.lastSeq()).toBe(1);
    expect(keeper.refusal()).toBeUndefined();
  });
});

describe('a store that another process has locked', () => {
  it('gets everything in order once the lock is gone, and nobody waits meanwhile', async () => {
    const { commit, keeper, store, written, other } = stage();
    other.exec('BEGIN IMMEDIATE');
    const began = performance.now();
    for (let seq = 1; seq <= 300; seq += 1) expect(commit(seq)).toBe('held');
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(keeper.held.batches).toBe(300);
    expect(keeper.refusal()).toBeInstanceOf(OperationalError);
    expect(written).toEqual([]);
    other.exec('ROLLBACK');
    await until(() => written.length === 300);
    expect(written).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
    expect(store.archive.alertsAfter(0, 1_000)).toHaveLength(300);
    expect(keeper.held).toEqual({ batches: 0, bytes: 0 });
    await until(() => keeper.isOk && !keeper.isHolding);
    expect(commit(301)).toBe('written');
  });

  it('keeps the marks of deliveries, and sends nothing twice', async () => {
    const { keeper, store, outbox, other } = stage();
    const told = alert(1, incident('a'));
    const rows = ['noc', 'siem', 'mail'].map((receiver) => ({ receiver, alert: told }));
    store.commit(batch({ incidents: [record(incident('a'))], alerts: [told], outbox: rows }));
    other.exec('BEGIN IMMEDIATE');
    outbox.delivered('noc', told.id, START_MS);
    outbox.failed('mail', told.id, START_MS, 'no such box');
    outbox.postponed('siem', told.id, START_MS + 5_000, 'HTTP 500');
    outbox.setMemo('noc', 'thread', '17');
    expect(outbox.due('noc', START_MS, 10)).toEqual([]);
    expect(outbox.due('mail', START_MS, 10)).toEqual([]);
    expect(outbox.due('siem', START_MS, 10)).toEqual([]);
    expect(outbox.due('siem', START_MS + 5_000, 10)).toHaveLength(1);
    expect(outbox.memo('noc', 'thread')).toBe('17');
    expect(outbox.held).toBe(4);
    other.exec('ROLLBACK');
    await until(() => outbox.held === 0 && !keeper.isHolding);
    expect(store.outbox.pending('noc')).toBe(0);
    expect(store.outbox.failures(5)).toMatchObject([{ receiver: 'mail', error: 'no such box' }]);
    expect(store.outbox.due('siem', START_MS + 5_000, 10)).toMatchObject([{ attempts: 1 }]);
    expect(store.outbox.memo('noc', 'thread')).toBe('17');
  });

  it('lets what says that we are blind be told from memory, and marks it when it is written', async () => {
    const { commit, store, outbox, keeper, other, woken } = stage();
    other.exec('BEGIN IMMEDIATE');
    const blind = alert(1, incident('b', { kind: 'feed-blind', family: 'feed' }));
    const hijack = alert(2, incident('h'));
    commit(
      1,
      batch({
        incidents: [record(incident('b'))],
        alerts: [blind],
        outbox: [{ receiver: 'noc', alert: blind }],
      }),
    );
    commit(
      2,
      batch({
        incidents: [record(incident('h'))],
        alerts: [hijack],
        outbox: [{ receiver: 'noc', alert: hijack }],
      }),
    );
    expect(woken()).toBe(1);
    expect(outbox.due('noc', START_MS, 10).map((row) => row.alert.seq)).toEqual([1]);
    outbox.postponed('noc', blind.id, START_MS + 100, 'HTTP 500');
    expect(outbox.due('noc', START_MS, 10)).toEqual([]);
    expect(outbox.nextDueMs('noc')).toBe(START_MS + 100);
    outbox.delivered('noc', blind.id, START_MS);
    expect(outbox.due('noc', START_MS + 100, 10)).toEqual([]);
    other.exec('ROLLBACK');
    await until(() => !keeper.isHolding && outbox.held === 0);
    expect(store.outbox.due('noc', START_MS, 10).map((row) => row.alert.seq)).toEqual([2]);
  });

  it('keeps what feeds could see', async () => {
    const { coverage, keeper, store, other } = stage();
    const seen = { feed: 'ris', state: 'live', reason: '' } as const;
    other.exec('BEGIN IMMEDIATE');
    for (let second = 0; second < 20; second += 1)
      coverage.coverage({ ...seen, from: at(second), to: at(second + 1) });
    coverage.coverage({ feed: 'ris', state: 'blind', reason: 'stale', from: at(20), to: at(21) });
    other.exec('ROLLBACK');
    await until(() => !keeper.isHolding && store.coverage.between(at(0), at(30)).length === 2);
    expect(store.coverage.between(at(0), at(30))).toEqual([
      { ...seen, from: at(0), to: at(20) },
      { feed: 'ris', state: 'blind', reason: 'stale', from: at(20), to: at(21) },
    ]);
  });

  it('is shown after a second and told after five', async () => {
    const { commit, keeper, states, other, logged } = stage();
    other.exec('BEGIN IMMEDIATE');
    commit(1);
    expect(keeper.isOk).toBe(true);
    await until(() => !keeper.isOk);
    expect(states).toEqual([]);
    await until(() => states.length > 0);
    expect(states).toEqual([['away', 'locked']]);
    other.exec('ROLLBACK');
    await until(() => states.length === 2);
    expect(states[1]).toEqual(['ok', 'none']);
    expect(logged).toEqual(['store.away', 'store.back']);
  });
});

describe('what cannot wait any longer', () => {
  it('ends the process at the bound of memory, with all that it knew in a spill file', () => {
    const { path, commit, broken, logged, other } = stage(50_000);
    other.exec('BEGIN IMMEDIATE');
    let seq = 0;
    while (broken.length === 0 && seq < 1_000) {
      seq += 1;
      commit(seq);
    }
    expect(broken[0]).toBeInstanceOf(OperationalError);
    expect(logged).toEqual(['store.spilled']);
    const [spilled] = readSpills(spillPlaces(path, []), () => undefined);
    expect(spilled?.batches.flatMap(({ alerts }) => alerts.map((one) => one.seq))).toEqual(
      Array.from({ length: seq }, (_, index) => index + 1),
    );
    other.exec('ROLLBACK');
  });

  it('is in the spill file of an orderly stop, too', async () => {
    const { path, commit, keeper, broken, other } = stage();
    other.exec('BEGIN IMMEDIATE');
    commit(1);
    await keeper.stop();
    expect(broken).toEqual([]);
    expect(readSpills(spillPlaces(path, []), () => undefined)).toHaveLength(1);
    other.exec('ROLLBACK');
  });

  it('ends the process at once on our own mistake: a hole in the numbers', () => {
    const { commit, broken } = stage();
    commit(1);
    commit(3);
    expect(broken).toHaveLength(1);
  });
});
