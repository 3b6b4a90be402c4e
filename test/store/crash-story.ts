/** The story that the crash tests cut off: an incident opens, escalates, is delivered, resolves. */
import type { SqliteStore } from '../../src/store/store.ts';
import { routes, routesOf } from './routes.ts';
import { alert, at, baselineRow, batch, incident, record, ribRow, route, START_MS } from './samples.ts';

const opened = incident('a', { severity: 'warning' });
const escalated = incident('a', {
  routes: [route('211.249.221.0/24'), route('211.249.222.0/24')],
  updatedAt: at(2),
});
const resolved = incident('a', { state: 'resolved', resolvedAt: at(400), resolution: 'withdrawn' });
const evidence = { at: at(1), vantagePoint: 'rrc00 192.0.2.1', frame: '{}' };
const audit = { at: at(3), who: 'kim', action: 'resolve', subject: 'a', note: '' };
const first = alert(1, opened);
const second = alert(2, escalated, 'escalated');
const third = alert(3, resolved, 'resolved');

export const STORY: readonly ((store: SqliteStore) => void)[] = [
  (store) =>
    store.commit(
      batch({
        routes: routes(1, [ribRow(), ribRow({ prefix: '211.249.221.0/24', path: [6461, 9457] })]),
        baseline: [baselineRow()],
        incidents: [record(opened, { memory: 'one' })],
        alerts: [first],
        outbox: [
          { receiver: 'noc', alert: first },
          { receiver: 'siem', alert: first },
        ],
        raw: [{ incidentId: 'a', evidence }],
        memory: [{ key: 'clock', value: '1' }],
      }),
    ),
  (store) =>
    store.commit(
      batch({
        routes: routes(2, [ribRow({ prefix: '211.249.222.0/24', path: [6461, 9457] })]),
        incidents: [record(escalated, { memory: 'two' })],
        alerts: [second],
        outbox: [{ receiver: 'noc', alert: second }],
        memory: [{ key: 'clock', value: '2' }],
      }),
    ),
  (store) => store.outbox.delivered('noc', 'alert-1', START_MS),
  (store) => store.outbox.failed('siem', 'alert-1', START_MS, 'HTTP 410'),
  (store) =>
    store.commit(
      batch({
        routes: { ...routes(3, [ribRow()], [ribRow({ prefix: '211.249.221.0/24' })]), dropped: [1] },
        incidents: [record(resolved, { memory: 'three' })],
        incidentsForgotten: ['a'],
        alerts: [third],
        outbox: [{ receiver: 'noc', alert: third }],
        audit: [audit],
        memory: [{ key: 'clock', value: '3' }],
      }),
    ),
];

/** From a step on, as a daemon that was started again would. */
export function playStory(store: SqliteStore, from: number): void {
  for (const step of STORY.slice(from)) step(store);
}

export type Told = Readonly<Record<string, unknown>>;

/** All that a store can be asked. */
export function told(store: SqliteStore): Told {
  const remembered = store.remember();
  const { archive, outbox } = store;
  return {
    routes: routesOf(remembered),
    baseline: archive.baseline(),
    incidents: [...remembered.incidents],
    archived: archive.incidents({ limit: 10 }),
    alerts: archive.alertsAfter(0, 10),
    raw: archive.rawOf('a'),
    due: ['noc', 'siem'].map((receiver) => outbox.due(receiver, START_MS, 10)),
    pending: ['noc', 'siem'].map((receiver) => outbox.pending(receiver)),
    failures: outbox.failures(10),
    audit: archive.audit(10),
    memory: [...remembered.memory],
    nextSeq: remembered.nextSeq,
  };
}
