/**
 * The metrics others rely on, by name. Counters of the hot path are plain numbers here and become metrics when
 * somebody scrapes; gauges ask their owner at that moment. The only file that knows prom-client.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { SEVERITIES } from '../bgp/severity.ts';
import { ALERT_EVENTS, type AlertEvent, KINDS } from '../incident/alert.ts';

/** How often the delay of the event loop is sampled: each time wakes a process at rest, by default a hundred times a second. */
const LOOP_SAMPLED_MS = 500;

/** Sums that the runtime's metrics name like counters, which they are not; each stands by type beside it. */
const MISNAMED = [
  'nodejs_active_resources_total',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
];

/** How an attempt at a delivery ended: told, to be tried again, or given up. */
const DELIVERY_RESULTS = ['delivered', 'postponed', 'failed'] as const;
export type DeliveryResult = (typeof DELIVERY_RESULTS)[number];

/** How a message was judged: rejected or accepted on its bytes, or decoded. */
const ROADS = ['reject', 'accept', 'slow'] as const;
export type Road = (typeof ROADS)[number];

/** How a collector of a feed is heard. */
export interface CollectorGauge {
  readonly feed: string;
  readonly collector: string;
  readonly isSilent: boolean;
  readonly ageSeconds: number;
}

export interface IncidentCount {
  readonly state: string;
  readonly kind: string;
  readonly severity: string;
  readonly count: number;
}

/** What is known at the start; each of these stands with 0 in the first scrape. */
export interface KnownLabels {
  readonly feeds?: readonly string[];
  readonly receivers?: readonly string[];
  readonly decodeCodes?: readonly string[];
  readonly dropReasons?: readonly string[];
}

/** Whether the database takes what is judged, and what waits for it in memory. */
export interface StoreNow {
  readonly isOk: boolean;
  readonly heldBatches: number;
  readonly heldBytes: number;
}

export interface Metrics {
  /** Messages judged. */
  feedMessage(feed: string, count: number): void;
  /** The same messages by the road that judged them. */
  feedRoad(feed: string, road: Road, count: number): void;
  feedBytes(feed: string, bytes: number): void;
  /** `seconds` is asked at each scrape. */
  feedLastMessageAge(feed: string, seconds: () => number): void;
  feedConnected(feed: string, isConnected: boolean): void;
  feedReconnects(feed: string): void;
  /** `left` is asked at each scrape: questions and files of a backfill that are still open. */
  backfillLeft(feed: string, left: () => number): void;
  /** `collectors` is asked at each scrape. */
  feedCollectors(collectors: () => readonly CollectorGauge[]): void;
  decodeProblem(code: string, count: number): void;
  dropped(reason: string, count: number): void;
  observations(count: number): void;
  /** `rows` is asked at each scrape; rows with the same labels are added up. */
  incidents(rows: () => readonly IncidentCount[]): void;
  alert(event: AlertEvent): void;
  delivery(receiver: string, result: DeliveryResult): void;
  /** `pending` is asked at each scrape. */
  outboxPending(receiver: string, pending: () => number): void;
  /** Forgets a receiver that a reload removed. */
  outboxGone(receiver: string): void;
  reload(result: 'ok' | 'error'): void;
  /** Asked at each scrape. */
  store(now: () => StoreNow): void;
  /** The machine's wall clock jumped, or came back. */
  clockJumped(): void;
  /** `seconds` by which the wall clock is ahead of the stamps, asked at each scrape. */
  clockAhead(seconds: () => number): void;
  /** Frame arrived → alert committed. */
  detectionLatency(seconds: number): void;
  /** A request or connection of the outside that was refused or cut. */
  httpRefused(reason: string): void;
  /** The text form of Prometheus. */
  text(): Promise<string>;
}

const LATENCY_BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const HTTP_REASONS = [
  'rate-limited',
  'failed-login',
  'malformed-request',
  'connection-bound',
  'stream-stalled',
  'stream-behind',
];

export function createMetrics(known: KnownLabels = {}): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_SAMPLED_MS });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const feeds = known.feeds ?? [];
  const counters = countersOf(registry, known);
  const age = asked(registry, 'feed_last_message_age_seconds', 'Seconds since the last BGP message.', 'feed');
  const pending = asked(registry, 'outbox_pending', 'Alerts that wait for a receiver.', 'receiver');
  const connected = new Gauge({
    name: 'originwatch_feed_connected',
    help: '1 while the feed is connected.',
    labelNames: ['feed'],
    registers: [registry],
  });
  for (const feed of feeds) connected.set({ feed }, 0);
  const latency = new Histogram({
    name: 'originwatch_detection_latency_seconds',
    help: 'From the arrival of a frame to the commit of its alert.',
    buckets: LATENCY_BUCKETS,
    registers: [registry],
  });
  const incidents = incidentGauge(registry);
  const store = storeGauges(registry);
  const collectors = collectorGauges(registry);
  const left = asked(registry, 'backfill_left', 'What is still to be fetched of missed times.', 'feed');
  const ahead = aheadGauge(registry);

  return {
    feedMessage: (feed, count) => counters.messages(count, feed),
    feedRoad: (feed, road, count) => counters.roads(count, feed, road),
    feedBytes: (feed, bytes) => counters.bytes(bytes, feed),
    feedLastMessageAge: (feed, seconds) => age.set(feed, seconds),
    feedConnected: (feed, isConnected) => connected.set({ feed }, isConnected ? 1 : 0),
    backfillLeft: (feed, count) => left.set(feed, count),
    feedCollectors: (rows) => collectors.ask(rows),
    feedReconnects: (feed) => counters.reconnects(1, feed),
    decodeProblem: (code, count) => counters.problems(count, code),
    dropped: (reason, count) => counters.dropped(count, reason),
    observations: (count) => counters.observations(count),
    incidents: (rows) => incidents.ask(rows),
    alert: (event) => counters.alerts(1, event),
    delivery: (receiver, result) => counters.deliveries(1, receiver, result),
    outboxPending: (receiver, count) => pending.set(receiver, count),
    outboxGone: (receiver) => pending.delete(receiver),
    reload: (result) => counters.reloads(1, result),
    store: (now) => store.ask(now),
    clockJumped: () => counters.clockJumps(1),
    clockAhead: (seconds) => ahead.ask(seconds),
    detectionLatency: (seconds) => latency.observe(seconds),
    httpRefused: (reason) => counters.refused(1, reason),
    text: () => registry.metrics(),
  };
}

function countersOf(registry: Registry, known: KnownLabels) {
  const one = (labels: readonly string[] | undefined): string[][] => (labels ?? []).map((label) => [label]);
  const results = (known.receivers ?? []).flatMap((receiver) =>
    DELIVERY_RESULTS.map((result) => [receiver, result]),
  );
  const counter = (
    name: string,
    help: string,
    labelNames: readonly string[],
    start: readonly string[][],
  ): Count => counted(registry, { name: `originwatch_${name}`, help, labelNames }, start);
  return {
    roads: counter(
      'feed_road_total',
      'Messages judged, by how: on their bytes or decoded.',
      ['feed', 'road'],
      (known.feeds ?? []).flatMap((feed) => ROADS.map((road) => [feed, road])),
    ),
    messages: counter('feed_messages_total', 'Messages judged.', ['feed'], one(known.feeds)),
    bytes: counter('feed_bytes_total', 'Bytes received.', ['feed'], one(known.feeds)),
    reconnects: counter(
      'feed_reconnects_total',
      'Connections that had to be made again.',
      ['feed'],
      one(known.feeds),
    ),
    problems: counter(
      'decode_problems_total',
      'What was wrong with messages.',
      ['code'],
      one(known.decodeCodes),
    ),
    dropped: counter('dropped_messages_total', 'Messages not judged.', ['reason'], one(known.dropReasons)),
    observations: counter('observations_total', 'Announcements of watched space.', [], [[]]),
    alerts: counter('alerts_total', 'Alerts committed.', ['event'], one(ALERT_EVENTS)),
    deliveries: counter('deliveries_total', 'Attempts to tell a receiver.', ['receiver', 'result'], results),
    reloads: counter('reloads_total', 'Reloads of the configuration.', ['result'], [['ok'], ['error']]),
    clockJumps: counter('clock_jumps_total', 'Times that the wall clock of the machine jumped.', [], [[]]),
    refused: counter(
      'http_refused_total',
      'Requests refused and connections cut.',
      ['reason'],
      one(HTTP_REASONS),
    ),
  };
}

type Count = (amount: number, ...labels: readonly string[]) => void;

/** A counter that costs an addition until it is scraped; at most 1,000 label sets, the rest is counted as `other`. */
function counted(
  registry: Registry,
  metric: { readonly name: string; readonly help: string; readonly labelNames: readonly string[] },
  start: readonly (readonly string[])[],
): Count {
  const cells = new Map<string, { readonly labels: readonly string[]; value: number }>();
  for (const labels of start) cells.set(labels.join('\n'), { labels, value: 0 });
  new Counter({
    ...metric,
    labelNames: [...metric.labelNames],
    registers: [registry],
    collect() {
      this.reset();
      for (const { labels, value } of cells.values()) this.inc(named(metric.labelNames, labels), value);
    },
  });
  return (amount, ...labels) => {
    const key = labels.length === 1 ? (labels[0] ?? '') : labels.join('\n');
    const cell = cells.get(key) ?? newCell(cells, key, labels);
    cell.value += amount;
  };
}

const CELLS_MAX = 1_000;

function newCell(
  cells: Map<string, { readonly labels: readonly string[]; value: number }>,
  key: string,
  labels: readonly string[],
) {
  const other = labels.map(() => 'other');
  const isFull = cells.size >= CELLS_MAX;
  const cell = (isFull ? cells.get(other.join('\n')) : undefined) ?? {
    labels: isFull ? other : labels,
    value: 0,
  };
  cells.set(isFull ? other.join('\n') : key, cell);
  return cell;
}

function named(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}

/** A gauge with one label whose values are asked from their owners at each scrape. */
function asked(registry: Registry, name: string, help: string, label: string): Map<string, () => number> {
  const owners = new Map<string, () => number>();
  new Gauge({
    name: `originwatch_${name}`,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      this.reset();
      for (const [value, ask] of owners) this.set({ [label]: value }, ask());
    },
  });
  return owners;
}

/** One row for each set of labels: a step of a gauge costs as much as reading a hundred rows. */
function summed(rows: readonly IncidentCount[]): Iterable<IncidentCount> {
  const sums = new Map<string, { state: string; kind: string; severity: string; count: number }>();
  for (const { state, kind, severity, count } of rows) {
    const key = `${state} ${kind} ${severity}`;
    const sum = sums.get(key);
    if (sum === undefined) sums.set(key, { state, kind, severity, count });
    else sum.count += count;
  }
  return sums.values();
}

function storeGauges(registry: Registry): { ask(now: () => StoreNow): void } {
  let owner = (): StoreNow => ({ isOk: true, heldBatches: 0, heldBytes: 0 });
  const gauge = (name: string, help: string, value: (store: StoreNow) => number): void => {
    new Gauge({
      name: `originwatch_store_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(value(owner()));
      },
    });
  };
  gauge('ok', '1 while what is judged can be written down.', ({ isOk }) => (isOk ? 1 : 0));
  gauge('held_batches', 'Batches in memory that wait for the database.', ({ heldBatches }) => heldBatches);
  gauge('held_bytes', 'About how many bytes these are.', ({ heldBytes }) => heldBytes);
  return {
    ask(now) {
      owner = now;
    },
  };
}

function collectorGauges(registry: Registry): { ask(rows: () => readonly CollectorGauge[]): void } {
  let owner: () => readonly CollectorGauge[] = () => [];
  const gauge = (name: string, help: string, measure: (row: CollectorGauge) => number): void => {
    new Gauge({
      name: `originwatch_feed_collector_${name}`,
      help,
      labelNames: ['feed', 'collector'],
      registers: [registry],
      collect() {
        this.reset();
        for (const row of owner()) this.set({ feed: row.feed, collector: row.collector }, measure(row));
      },
    });
  };
  gauge('silent', '1 for a collector that fell silent.', ({ isSilent }) => (isSilent ? 1 : 0));
  gauge('message_age_seconds', 'Seconds since its last BGP message.', ({ ageSeconds }) => ageSeconds);
  return {
    ask(rows) {
      owner = rows;
    },
  };
}

function incidentGauge(registry: Registry): { ask(rows: () => readonly IncidentCount[]): void } {
  let owner: () => readonly IncidentCount[] = () => [];
  new Gauge({
    name: 'originwatch_incidents',
    help: 'Incidents by state, kind and severity.',
    labelNames: ['state', 'kind', 'severity'],
    registers: [registry],
    collect() {
      this.reset();
      for (const kind of KINDS)
        for (const severity of SEVERITIES) this.set({ state: 'open', kind, severity }, 0);
      for (const { state, kind, severity, count } of summed(owner()))
        this.inc({ state, kind, severity }, count);
    },
  });
  return {
    ask(rows) {
      owner = rows;
    },
  };
}

function aheadGauge(registry: Registry): { ask(seconds: () => number): void } {
  let owner = (): number => 0;
  new Gauge({
    name: 'originwatch_clock_ahead_seconds',
    help: 'How far the wall clock is ahead of the stamps of arrival.',
    registers: [registry],
    collect() {
      this.set(owner());
    },
  });
  return {
    ask(seconds) {
      owner = seconds;
    },
  };
}
