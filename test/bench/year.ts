/**
 * Bench of a year: the incidents of an average NOC (20 a day, 5 alerts and 5 frames each) in a database on disk, then
 * every question that the API asks of the archive, a commit, copying the log and pruning: CPU time, and the longest
 * by the clock, which on a busy machine is mostly the others.
 * Run: `npm run bench:year -- [--days N] [--a-day N]`
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prefixOf } from '../../src/bgp/prefix.ts';
import type { Batch } from '../../src/engine/ports.ts';
import type { Incident } from '../../src/incident/alert.ts';
import { openStore, type SqliteStore } from '../../src/store/store.ts';
import { alert, batch, incident, record, route } from '../store/samples.ts';
import { randomOf } from './world.ts';

const { values: options } = parseArgs({ options: { days: { type: 'string' }, 'a-day': { type: 'string' } } });
const DAYS = Number(options.days ?? 365);
const A_DAY = Number(options['a-day'] ?? 20);
const DAY_MS = 86_400_000;
const END_MS = Date.UTC(2026, 0, 1);
const BEGIN_MS = END_MS - DAYS * DAY_MS;
const GROUPS = ['kakao', 'naver', 'kt', 'skb', 'lgu', 'bank', 'cdn', 'default'];
const KINDS = ['sub-prefix', 'origin-change', 'route-leak', 'forged-origin'] as const;
const EVENTS = ['opened', 'escalated', 'updated', 'updated', 'resolved'] as const;
const CALLS = 40;
const MB = 1_048_576;
const random = randomOf(20_220_203);

function below(limit: number): number {
  return Math.floor(random() * limit);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** The n-th incident of the year: three routes, over after some hours; the last ten are open. */
function incidentAt(n: number): Incident {
  const openedMs = BEGIN_MS + Math.floor((n / A_DAY) * DAY_MS);
  const isOpen = n >= DAYS * A_DAY - 10;
  const resolvedAt = isOpen ? null : iso(openedMs + (1 + below(5)) * 3_600_000);
  const net = `${1 + below(200)}.${below(256)}`;
  const words = 'announced by an AS that never did before, seen from many vantage points. '.repeat(2);
  const row = { code: 'sub-prefix' as const, weight: 6, source: 'watchlist' as const };
  return incident(`019c-${n}-${below(1e9)}`, {
    group: GROUPS[below(GROUPS.length)] ?? '',
    kind: KINDS[below(KINDS.length)] ?? 'sub-prefix',
    severity: below(3) === 0 ? 'critical' : 'warning',
    state: isOpen ? 'open' : 'resolved',
    offender: 1_000 + below(60_000),
    summary: { en: words, ko: words },
    routes: [0, 1, 2].map((third) => route(`${net}.${third * 64 + below(64)}.0/24`)),
    routesTotal: 3,
    evidence: Array.from({ length: 4 }, () => ({ ...row, text: { en: words, ko: words } })),
    openedAt: iso(openedMs),
    updatedAt: iso(openedMs),
    resolvedAt,
    resolution: isOpen ? null : 'withdrawn',
  });
}

function rawOf(of: Incident): Batch['raw'] {
  return Array.from({ length: 5 }, () => ({
    incidentId: of.id,
    evidence: { at: of.openedAt, vantagePoint: 'rrc00 192.0.2.1', frame: 'x'.repeat(440) },
  }));
}

/** Calls of one kind: CPU time in all, and by the clock. */
class Calls {
  private cpuMs = 0;
  private readonly wallMs: number[] = [];

  time<Result>(work: () => Result): Result {
    const used = process.cpuUsage();
    const began = performance.now();
    const result = work();
    this.wallMs.push(performance.now() - began);
    const { user, system } = process.cpuUsage(used);
    this.cpuMs += (user + system) / 1_000;
    return result;
  }

  print(name: string): void {
    const sorted = this.wallMs.sort((a, b) => a - b);
    const figures = [this.cpuMs / sorted.length, sorted[sorted.length >> 1] ?? 0, sorted.at(-1) ?? 0];
    const cells = figures.map((ms) => ms.toFixed(2).padStart(10)).join('');
    console.log(`  ${name.padEnd(36)}${String(sorted.length).padStart(8)}${cells}`);
  }
}

/** As the daemon writes it: a commit for each alert, the log copied in between. */
function writeYear(store: SqliteStore): { commits: Calls; copies: Calls; ids: string[] } {
  const commits = new Calls();
  const copies = new Calls();
  const ids: string[] = [];
  let seq = 1;
  for (let n = 0; n < DAYS * A_DAY; n += 1) {
    const of = incidentAt(n);
    ids.push(of.id);
    for (const event of EVENTS) {
      const said = { ...alert(seq, of, event), at: of.openedAt };
      const outbox = [{ receiver: 'noc', alert: said }];
      const raw = event === 'opened' ? rawOf(of) : [];
      commits.time(() => store.commit(batch({ incidents: [record(of)], alerts: [said], outbox, raw })));
      store.outbox.delivered('noc', said.id, Date.parse(of.openedAt));
      seq += 1;
    }
    if (n % 20 === 0) copies.time(() => store.checkpoint());
    if (of.state === 'resolved') store.commit(batch({ incidentsForgotten: [of.id] }));
    const from = Date.parse(of.openedAt);
    const state = n % 10 === 0 ? 'blind' : 'live';
    store.coverage.coverage({ feed: 'ris-live', from: iso(from), to: iso(from + 60_000), state, reason: '' });
  }
  return { commits, copies, ids };
}

type Question = readonly [name: string, ask: (n: number) => unknown];

function questions({ archive, outbox }: SqliteStore, ids: readonly string[]): readonly Question[] {
  const total = ids.length;
  const alerts = total * EVENTS.length;
  const idAt = (n: number): string => ids[(n * 7_919) % total] ?? '';
  const list = (query: object) => archive.incidents({ limit: 100, ...query });
  let cursor: string | null = null;
  return [
    ['incidents, newest 100', () => list({})],
    [
      'incidents, page by page',
      () => {
        const page = list(cursor === null ? {} : { cursor });
        cursor = page.next;
      },
    ],
    ['incidents, state=open', () => list({ state: ['open'] })],
    ['incidents, state=resolved', () => list({ state: ['resolved'] })],
    ['incidents, kind', () => list({ kind: ['route-leak'] })],
    ['incidents, group', (n) => list({ group: [GROUPS[n % GROUPS.length] ?? ''] })],
    ['incidents, group that has none', () => list({ group: ['nobody'] })],
    ['incidents, severity', () => list({ severity: ['critical'] })],
    ['incidents, two kinds of two groups', () => list({ kind: [...KINDS].slice(2), group: ['kt', 'bank'] })],
    ['incidents, since half a year', () => list({ since: iso(END_MS - 180 * DAY_MS) })],
    ['incidents, prefix=/24', (n) => list({ prefix: prefixOf(`${1 + (n % 200)}.1.1.0/24`) })],
    ['incidents, prefix=/8', (n) => list({ prefix: prefixOf(`${1 + (n % 200)}.0.0.0/8`) })],
    ['incidents, prefix=0.0.0.0/0', () => list({ prefix: prefixOf('0.0.0.0/0') })],
    [
      'incidents, prefix=/24, open',
      (n) => list({ state: ['open'], prefix: prefixOf(`${1 + (n % 200)}.1.1.0/24`) }),
    ],
    ['incidents, newest 1,000', () => list({ limit: 1_000 })],
    ['incident', (n) => archive.incident(idAt(n))],
    ['alerts of an incident', (n) => archive.alertsOf(idAt(n))],
    ['frames of an incident', (n) => archive.rawOf(idAt(n))],
    ['alerts after, 100', (n) => archive.alertsAfter((n * 977) % alerts, 100)],
    ['alerts after, 100, as texts', (n) => archive.alertTextsAfter((n * 977) % alerts, 100)],
    ['latest 100 alerts', () => archive.latestAlerts(100)],
    ['last seq', () => archive.lastSeq()],
    [
      'coverage of a day',
      (n) => archive.coverage(iso(BEGIN_MS + n * DAY_MS), iso(BEGIN_MS + (n + 1) * DAY_MS)),
    ],
    ['coverage of the last hour', () => archive.coverage(iso(END_MS - 3_600_000), iso(END_MS))],
    ['coverage of the year', () => archive.coverage(iso(BEGIN_MS), iso(END_MS))],
    ['outbox, due', () => outbox.due('noc', END_MS, 10)],
    ['outbox, pending', () => outbox.pending('noc')],
    ['audit, newest 100', () => archive.audit(100)],
  ];
}

function measure([name, ask]: Question): void {
  const calls = new Calls();
  for (let n = 0; n < CALLS; n += 1) calls.time(() => ask(n));
  calls.print(name);
}

/** Half a year later than retention keeps: everything but what is open goes, slice by slice. */
function pruneAll(store: SqliteStore): Calls {
  const slices = new Calls();
  const nowMs = END_MS + 600 * DAY_MS;
  while (slices.time(() => store.prune(nowMs)).more) store.checkpoint();
  return slices;
}

const folder = mkdtempSync(join(tmpdir(), 'originwatch-year-'));
try {
  const path = join(folder, 'originwatch.sqlite');
  const store = openStore(path, { lock: false });
  const { commits, copies, ids } = writeYear(store);
  store.close();
  const bytes = statSync(path).size;
  const count = ids.length.toLocaleString('en-US');
  console.log(`${count} incidents, ${EVENTS.length} alerts each: ${(bytes / MB).toFixed(0)} MB on disk\n`);
  console.log(`  ms${' '.repeat(37)}calls       CPU    median   longest`);
  const opening = new Calls();
  const again = opening.time(() => openStore(path, { lock: false }));
  opening.print('opening');
  for (const question of questions(again, ids)) measure(question);
  commits.print('commit of an alert');
  copies.print('copying of the log, or a look');
  pruneAll(again).print('slice of pruning');
  again.close();
  console.log(`\n  after all was pruned: ${(statSync(path).size / MB).toFixed(0)} MB on disk`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
