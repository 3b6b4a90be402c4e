/** Plain data for the tests of the store: one incident, its alerts, a batch. */
import type { BaselineRow, Batch, IncidentRecord } from '../../src/engine/ports.ts';
import {
  type Alert,
  type AlertEvent,
  type Incident,
  type IncidentRoute,
  NO_CASE,
} from '../../src/incident/alert.ts';
import { openStore, type SqliteStore } from '../../src/store/store.ts';
import { type LoggedRoute, NO_ROUTES } from './routes.ts';

/** 3 February 2022, one second before the hijack. */
export const START_MS = Date.UTC(2022, 1, 3, 1, 4, 17);

export function at(seconds: number): string {
  return new Date(START_MS + seconds * 1000).toISOString();
}

export function route(prefix: string): IncidentRoute {
  return {
    kind: 'sub-prefix',
    taxonomy: 'S|0',
    prefix,
    watch: '211.249.216.0/21',
    name: 'Kakao developers API and SDK',
    expectedOrigins: [7625],
    originAs: [9457],
    active: true,
    firstSeenAt: at(0),
    lastSeenAt: at(1),
    vantagePoints: { seeing: 3, known: 350 },
    peerAsns: [6461],
    paths: [{ path: '6461 9457', vantagePoints: 3 }],
  };
}

export function incident(id: string, change: Partial<Incident> = {}): Incident {
  return {
    id,
    group: 'kakao',
    family: 'hijack',
    kind: 'sub-prefix',
    severity: 'critical',
    peakSeverity: 'critical',
    score: 14,
    state: 'open',
    ...NO_CASE,
    peak: { seeing: 3, known: 350, at: '2022-02-03T01:04:18.000Z' },
    offender: 9457,
    summary: { en: 'AS9457 announces 211.249.221.0/24', ko: 'AS9457이 211.249.221.0/24를 광고' },
    routes: [route('211.249.221.0/24')],
    routesTotal: 1,
    evidence: [
      { code: 'sub-prefix', weight: 6, source: 'watchlist', text: { en: 'more specific', ko: '하위' } },
    ],
    advice: { benign: { en: 'a customer', ko: '고객' }, next: [] },
    firstSeenAt: at(0),
    openedAt: at(1),
    updatedAt: at(1),
    endedAt: null,
    resolvedAt: null,
    resolution: null,
    reopenedCount: 0,
    detectedBy: 'live',
    ...change,
  };
}

export function record(of: Incident, change: Partial<IncidentRecord> = {}): IncidentRecord {
  return { incident: of, key: `${of.group} ${of.family} ${of.offender}`, memory: '{"n":1}', ...change };
}

export function alert(seq: number, of: Incident, event: AlertEvent = 'opened'): Alert {
  return { seq, id: `alert-${seq}`, event, at: at(seq), reason: 'first-sighting', incident: of };
}

export function ribRow(change: Partial<LoggedRoute> = {}): LoggedRoute {
  return {
    vantagePoint: { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 6461 },
    prefix: '211.249.216.0/21',
    path: [6461, 10158, 7625],
    communities: [],
    observedMs: START_MS,
    arrivedMs: START_MS + 1,
    ...change,
  };
}

export function baselineRow(change: Partial<BaselineRow> = {}): BaselineRow {
  return {
    prefix: '211.249.216.0/21',
    origin: 7625,
    neighbors: [10158],
    source: 'learned',
    firstSeenAt: at(0),
    lastSeenAt: at(5),
    peerAsns: [6461, 3356],
    by: '',
    note: '',
    ...change,
  };
}

const NOTHING: Batch = {
  routes: NO_ROUTES,
  baseline: [],
  baselineRemoved: [],
  incidents: [],
  incidentsForgotten: [],
  alerts: [],
  outbox: [],
  raw: [],
  silences: [],
  silencesRemoved: [],
  audit: [],
  memory: [],
};

export function batch(change: Partial<Batch>): Batch {
  return { ...NOTHING, ...change };
}

/** An incident with its alert and one outbox row for each receiver, as the engine writes them. */
export function openingBatch(seq: number, of: Incident, receivers: readonly string[] = ['noc']): Batch {
  const opened = alert(seq, of);
  return batch({
    incidents: [record(of)],
    alerts: [opened],
    outbox: receivers.map((receiver) => ({ receiver, alert: opened })),
  });
}

/** A store in memory with the batches committed. */
export function storeWith(...batches: readonly Batch[]): SqliteStore {
  const store = openStore(':memory:', { lock: false });
  for (const each of batches) store.commit(each);
  return store;
}
