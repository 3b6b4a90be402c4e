import { describe, expect, it } from 'vitest';
import { alert, at, batch, incident, openingBatch, record, START_MS, storeWith } from './samples.ts';

const a = incident('a');
const b = incident('b');
const story = () =>
  storeWith(
    openingBatch(1, a, ['noc', 'siem']),
    openingBatch(2, b),
    batch({
      alerts: [alert(3, a, 'resolved')],
      outbox: [{ receiver: 'noc', alert: alert(3, a, 'resolved') }],
    }),
  );
const due = (store: ReturnType<typeof story>, receiver = 'noc', nowMs = START_MS, limit = 10): number[] =>
  store.outbox.due(receiver, nowMs, limit).map((item) => item.alert.seq);

describe('the outbox', () => {
  it('gives the first unsent alert of each incident, oldest first, to each receiver its own', () => {
    const store = story();
    expect(store.outbox.due('noc', START_MS, 10)).toEqual([
      { alert: alert(1, a), receiver: 'noc', attempts: 0, notBeforeMs: 0 },
      { alert: alert(2, b), receiver: 'noc', attempts: 0, notBeforeMs: 0 },
    ]);
    expect(due(store, 'noc', START_MS, 1)).toEqual([1]);
    expect(due(store, 'siem')).toEqual([1]);
    expect(due(store, 'nobody')).toEqual([]);
    expect(['noc', 'siem', 'nobody'].map((receiver) => store.outbox.pending(receiver))).toEqual([3, 1, 0]);
    expect(store.outbox.waitingReceivers()).toEqual(['noc', 'siem']);
  });

  it('lets the next alert of an incident come once the one before was delivered', () => {
    const store = story();
    store.outbox.delivered('noc', 'alert-1', START_MS);
    expect(due(store)).toEqual([2, 3]);
    store.outbox.delivered('noc', 'alert-3', START_MS);
    store.outbox.delivered('noc', 'alert-2', START_MS);
    expect([due(store), store.outbox.pending('noc'), store.outbox.nextDueMs('noc')]).toEqual([
      [],
      0,
      undefined,
    ]);
    expect(due(store, 'siem')).toEqual([1]);
  });

  it('shows of an incident what became of each alert at each receiver', () => {
    const store = story();
    store.outbox.postponed('noc', 'alert-1', START_MS + 5_000, 'HTTP 403');
    store.outbox.failed('siem', 'alert-1', START_MS, 'HTTP 400');
    const shown = store.archive.deliveriesOf('a');
    expect(shown.map(({ receiver, alert: id, state, error }) => [receiver, id, state, error])).toEqual([
      ['noc', 'alert-3', 'waiting', null],
      ['siem', 'alert-1', 'given-up', 'HTTP 400'],
      ['noc', 'alert-1', 'waiting', 'HTTP 403'],
    ]);
    expect(shown[2]).toMatchObject({
      seq: 1,
      event: 'opened',
      attempts: 1,
      nextAt: at(5),
      at: null,
      reminder: null,
    });
    store.outbox.delivered('noc', 'alert-1', START_MS);
    expect(store.archive.deliveriesOf('a')[2]).toMatchObject({ state: 'delivered', error: null, at: at(0) });
    expect(store.archive.deliveriesOf('nobody')).toEqual([]);
  });

  it('claims nothing: what was not reported back is given again', () => {
    const store = story();
    expect(due(store)).toEqual(due(store));
  });

  it('waits as long as it was told, and holds back what follows of the same incident only', () => {
    const store = story();
    store.outbox.postponed('noc', 'alert-1', START_MS + 5_000, 'HTTP 503');
    expect(due(store, 'noc', START_MS + 4_999)).toEqual([2]);
    expect(store.outbox.nextDueMs('noc')).toBe(0);
    store.outbox.delivered('noc', 'alert-2', START_MS);
    expect(store.outbox.nextDueMs('noc')).toBe(START_MS + 5_000);
    expect(store.outbox.due('noc', START_MS + 5_000, 1)).toEqual([
      { alert: alert(1, a), receiver: 'noc', attempts: 1, notBeforeMs: START_MS + 5_000 },
    ]);
  });

  it('keeps and shows what was given up, and goes on with what follows', () => {
    const store = story();
    store.outbox.postponed('noc', 'alert-1', 0, 'HTTP 503');
    store.outbox.failed('noc', 'alert-1', START_MS, `HTTP 410 ${'x'.repeat(5_000)}`);
    expect(due(store)).toEqual([2, 3]);
    const [failure] = store.outbox.failures(10);
    expect({ ...failure, error: failure?.error.slice(0, 8) }).toEqual({
      receiver: 'noc',
      alertId: 'alert-1',
      seq: 1,
      incidentId: 'a',
      attempts: 2,
      error: 'HTTP 410',
      at: at(0),
    });
    expect(failure?.error).toHaveLength(1_000);
  });

  it('does nothing twice: a report about a finished or unknown row changes nothing', () => {
    const store = story();
    store.outbox.delivered('noc', 'alert-1', START_MS);
    store.outbox.failed('noc', 'alert-1', START_MS, 'late');
    store.outbox.postponed('noc', 'alert-1', 9e15, 'late');
    store.outbox.delivered('noc', 'never', START_MS);
    expect([due(store), store.outbox.failures(10)]).toEqual([[2, 3], []]);
  });

  it('does not wait for a row that a clock put off which ran days ahead', () => {
    const store = storeWith(openingBatch(1, a));
    store.outbox.postponed('noc', 'alert-1', START_MS + 3_600_000, 'HTTP 503');
    expect(due(store)).toEqual([]);
    store.outbox.postponed('noc', 'alert-1', START_MS + 2 * 86_400_000, 'HTTP 503');
    expect(due(store)).toEqual([1]);
  });

  it('takes an alert for a receiver once, and a reminder of it under its own key', () => {
    const store = storeWith(openingBatch(1, a));
    store.outbox.delivered('noc', 'alert-1', START_MS);
    store.commit(batch({ outbox: [{ receiver: 'noc', alert: alert(1, a) }] }));
    expect(due(store)).toEqual([]);
    store.commit(batch({ outbox: [{ receiver: 'noc', alert: alert(1, a), key: 'alert-1 again' }] }));
    expect(store.outbox.due('noc', START_MS, 10)).toEqual([
      { alert: alert(1, a), receiver: 'noc', attempts: 0, notBeforeMs: 0, key: 'alert-1 again' },
    ]);
    store.outbox.delivered('noc', 'alert-1 again', START_MS);
    expect(store.outbox.pending('noc')).toBe(0);
  });

  it('keeps several rows of one incident in one batch in their order', () => {
    const rows = [1, 2, 3].map((seq) => alert(seq, a));
    const store = storeWith(
      batch({
        incidents: [record(a)],
        alerts: rows,
        outbox: rows.map((each) => ({ receiver: 'noc', alert: each })),
      }),
    );
    for (const seq of [1, 2, 3]) {
      expect(due(store)).toEqual([seq]);
      store.outbox.delivered('noc', `alert-${seq}`, START_MS);
    }
    expect(due(store)).toEqual([]);
  });

  it('remembers a memo for a receiver', () => {
    const store = storeWith();
    expect(store.outbox.memo('noc', 'thread a')).toBeUndefined();
    store.outbox.setMemo('noc', 'thread a', '1.2');
    store.outbox.setMemo('noc', 'thread a', '1.3');
    expect([store.outbox.memo('noc', 'thread a'), store.outbox.memo('siem', 'thread a')]).toEqual([
      '1.3',
      undefined,
    ]);
  });
});
