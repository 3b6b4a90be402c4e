/**
 * Starting from what the store remembers: the baseline, the watched RIB, open incidents, silences. The RIB is judged
 * with the configuration of now; what the incidents already told is not told again, what changed meanwhile is.
 */
import { parsePrefix } from '../bgp/prefix.ts';
import { decodeIncident } from '../incident/codec.ts';
import type { BaselineSource, Memory } from '../judge/baseline.ts';
import type { EngineConfig } from './config.ts';
import { Core } from './core.ts';
import { Engine } from './engine.ts';
import type { BaselineRow, Remembered } from './ports.ts';

/**
 * An engine that goes on where `remembered` ends. Everything restored is in doubt: a gap lies between. `liveFeeds`
 * are down until they report; none for a replay, where everything is covered.
 */
export function restoreEngine(
  config: EngineConfig,
  remembered: Remembered,
  nowMs: number,
  liveFeeds: readonly string[],
): Engine {
  const core = new Core(config, remembered.nextSeq, nowMs);
  const engine = new Engine(core);
  for (const feed of liveFeeds) engine.beginFeed(feed, nowMs);
  restoreBaseline(core, remembered);
  for (const silence of remembered.silences) core.silences.restore(silence);
  restoreMemory(core, remembered.memory);
  for (const record of remembered.incidents) {
    const incident = decodeIncident(record.memory);
    if (incident !== undefined) core.book.restore(incident);
  }
  core.learner.rebuildLearned();
  restoreRib(core, remembered, nowMs);
  core.book.isRestoring = true;
  core.rejudge.all('accepted', nowMs);
  core.book.isRestoring = false;
  engine.settle(nowMs);
  return engine;
}

/** A row of the store or of an import as the baseline keeps it. */
export function memoryOf(row: BaselineRow, candidates: string): Memory {
  const neighbors: Memory['neighbors'] = new Map();
  const firstSeenMs = row.firstSeenAt === null ? Number.NaN : Date.parse(row.firstSeenAt);
  for (const asn of row.neighbors) neighbors.set(asn, { firm: true, firstSeenMs, peerAsns: new Set() });
  if (candidates !== '') {
    for (const [asn, seenMs, peers] of JSON.parse(candidates) as [number, number, number[]][]) {
      neighbors.set(asn, { firm: false, firstSeenMs: seenMs, peerAsns: new Set(peers) });
    }
  }
  return {
    prefix: row.prefix,
    origin: row.origin,
    source: row.source as BaselineSource,
    firstSeenMs,
    lastSeenMs: row.lastSeenAt === null ? Number.NaN : Date.parse(row.lastSeenAt),
    peerAsns: new Set(row.peerAsns),
    neighbors,
    by: row.by,
    note: row.note,
  };
}

function restoreBaseline(core: Core, remembered: Remembered): void {
  for (const row of remembered.baseline) {
    core.baseline.put(
      memoryOf(row, remembered.memory.get(`candidates/${row.prefix}/${row.origin}`) ?? ''),
      false,
    );
  }
}

function restoreMemory(core: Core, memory: ReadonlyMap<string, string>): void {
  const begun = Number(memory.get('begun'));
  if (Number.isFinite(begun) && begun > 0) core.begunMs = begun;
  else core.effects.remember('begun', String(core.begunMs));
  for (const [key, value] of memory) {
    const [what, rest] = [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)];
    if (value === '') continue;
    if (what === 'link') {
      const [a, b] = rest.split('-').map(Number);
      if (a !== undefined && b !== undefined) core.links.learn(a, b);
    } else if (what === 'withdrawn') core.withdrawn.add(rest);
    else if (what === 'session') restoreSession(core, rest, value);
    else if (what === 'lost') restoreLoss(core, rest, value);
    else if (what === 'remind') core.reminders.restore(rest, value);
  }
}

function restoreSession(core: Core, name: string, value: string): void {
  const { isUp, peerAsn, atMs } = JSON.parse(value) as { isUp: boolean; peerAsn: number; atMs: number };
  const point = meetByName(core, name, peerAsn);
  if (point === undefined) return;
  core.vantagePoints.setUp(point, isUp, -1);
  core.sessionMs.set(point, atMs);
}

function restoreLoss(core: Core, prefix: string, value: string): void {
  const lost = new Map<number, number>();
  const silent = new Set<number>();
  for (const [name, atMs, isSilent] of JSON.parse(value) as [string, number, boolean?][]) {
    const point = meetByName(core, name, 0);
    if (point === undefined) continue;
    lost.set(point, atMs);
    if (isSilent === true) silent.add(point);
  }
  core.visibility.restore(prefix, lost, silent);
}

function meetByName(core: Core, name: string, peerAsn: number): number | undefined {
  const [collector, peerAddress] = name.split(' ');
  if (collector === undefined || peerAddress === undefined) return undefined;
  return core.vantagePoints.meet({ collector, peerAddress, peerAsn }, '').id;
}

function restoreRib(core: Core, remembered: Remembered, nowMs: number): void {
  for (const row of remembered.rib) {
    const prefix = parsePrefix(row.prefix)?.prefix;
    if (prefix === undefined) continue;
    const point = core.vantagePoints.meet(row.vantagePoint, '');
    const isLost =
      row.doubt === 2 || (core.sessionMs.get(point.id) ?? Number.NEGATIVE_INFINITY) >= row.arrivedMs;
    core.vantagePoints.heard(point.id, prefix.family, Math.min(nowMs, row.arrivedMs));
    const { path, communities, observedMs, arrivedMs } = row;
    core.rib.announce(prefix, {
      vantagePoint: point.id,
      path,
      communities,
      observedMs,
      arrivedMs,
      order: isLost ? -1 : 0,
      finding: undefined,
    });
  }
}
