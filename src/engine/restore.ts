/**
 * Starting from what the store remembers: the baseline, the watched RIB, open incidents, silences. The RIB is judged
 * with the configuration of now; what the incidents already told is not told again, what changed meanwhile is.
 */
import { parsePrefix } from '../bgp/prefix.ts';
import type { VantagePoint } from '../bgp/vantage-point.ts';
import { decodeIncident } from '../incident/codec.ts';
import type { IncidentState } from '../incident/incident-state.ts';
import type { EngineConfig } from './config.ts';
import { Core, type HeardElsewhere } from './core.ts';
import { Engine } from './engine.ts';
import { memoryOf } from './learner.ts';
import type { Remembered } from './ports.ts';
import { readSegment } from './route-codec.ts';
import { settle } from './speak.ts';

/**
 * An engine that goes on where `remembered` ends. Everything restored is in doubt: a gap lies between. `liveFeeds`
 * are down until they report; none for a replay, where everything is covered. `heard`: see `HeardElsewhere`.
 */
export function restoreEngine(
  config: EngineConfig,
  remembered: Remembered,
  nowMs: number,
  liveFeeds: readonly string[],
  heard?: HeardElsewhere,
): Engine {
  const core = new Core(config, remembered.nextSeq, nowMs, heard);
  const engine = new Engine(core);
  for (const feed of liveFeeds)
    engine.apply({ type: 'feed-state', feed, state: 'down', reason: 'starting' }, nowMs);
  restoreBaseline(core, remembered);
  for (const silence of remembered.silences) core.silences.restore(silence);
  const through = restoreMemory(core, remembered.memory);
  for (const record of remembered.incidents) {
    const incident = decodeIncident(record.memory);
    if (incident === undefined) continue;
    core.book.restore(notLaterThan(incident, nowMs));
    if (incident.state === 'open') core.accused.change(incident);
  }
  core.learner.rebuildLearned();
  restoreRib(core, remembered, nowMs);
  for (const [key, value] of through) core.upstreams.restore(key, value);
  core.book.isRestoring = true;
  core.rejudge.all('accepted', nowMs);
  core.book.isRestoring = false;
  core.upstreams.seed(nowMs);
  settle(core, nowMs);
  return engine;
}

/** Where the clock was ahead before the stop, what is remembered with a later stamp counts as of now: else nothing is due for as long. */
function notLaterThan(incident: IncidentState, nowMs: number): IncidentState {
  if (incident.clearSinceMs !== undefined) incident.clearSinceMs = Math.min(incident.clearSinceMs, nowMs);
  incident.lastEvidenceMs = Math.min(incident.lastEvidenceMs, nowMs);
  incident.told.updatedMs = Math.min(incident.told.updatedMs, nowMs);
  for (const route of incident.routes.values()) route.bornMs = Math.min(route.bornMs, nowMs);
  return incident;
}

function restoreBaseline(core: Core, remembered: Remembered): void {
  for (const row of remembered.baseline) {
    const memory = memoryOf(row, row.candidates ?? '');
    if (memory !== undefined) core.baseline.put(memory, false);
  }
}

/** Returns who was missed on paths: that names vantage points which only the routes make known. */
function restoreMemory(core: Core, memory: ReadonlyMap<string, string>): readonly [string, string][] {
  const through: [string, string][] = [];
  const begun = Number(memory.get('begun'));
  if (Number.isFinite(begun) && begun > 0) core.begunMs = begun;
  else core.effects.remember('begun', String(core.begunMs));
  for (const [key, value] of memory) {
    const [what, rest] = [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)];
    if (value === '') continue;
    if (what === 'link') {
      const [a, b] = rest.split('-').map(Number);
      if (a !== undefined && b !== undefined) core.links.restore(a, b, value);
    } else if (what === 'withdrawn') core.withdrawn.add(rest);
    else if (what === 'roa') core.roas.restore(rest);
    else if (what === 'through') through.push([rest, value]);
    else if (what === 'session') restoreSession(core, rest, value);
    else if (what === 'lost') restoreLoss(core, rest, value);
    else if (what === 'remind') core.reminders.restore(rest, value);
  }
  return through;
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

/** The RIB as the log tells it, or as the table of an earlier version does; that one is then written anew. */
function restoreRib(core: Core, remembered: Remembered, nowMs: number): void {
  const heard = new Heard(core);
  for (const row of remembered.ribTable) {
    const prefix = parsePrefix(row.prefix)?.prefix;
    if (prefix === undefined) continue;
    core.routeLog.replacesTable = true;
    const vantagePoint = heard.meet(row.vantagePoint, prefix.family, row.arrivedMs);
    const order = row.doubt === 2 || isLost(core, vantagePoint, row.arrivedMs) ? -1 : 0;
    const { path, communities, observedMs, arrivedMs } = row;
    const finding = undefined;
    core.rib.announce(prefix, { vantagePoint, path, communities, observedMs, arrivedMs, order, finding });
  }
  for (const { number, body } of remembered.segments) {
    restoreSegment(core, heard, number, body);
    if (!core.routeLog.replacesTable) core.routeLog.discard();
  }
  heard.note(nowMs);
}

function restoreSegment(core: Core, heard: Heard, number: number, body: Uint8Array): void {
  const { rib, routeLog } = core;
  let records = 0;
  readSegment(body, {
    route: (point, { shape, words }, route) => {
      records += 1;
      const vantagePoint = heard.meet(point, shape >> 8 === 4 ? 4 : 6, route.arrivedMs);
      const order = isLost(core, vantagePoint, route.arrivedMs) ? -1 : 0;
      routeLog.restored(number, rib.restore({ shape, words }, { ...route, vantagePoint, order }));
    },
    gone: (point, { shape, words }, pathId) => {
      records += 1;
      rib.withdrawRow(rib.rows.find(shape, ...words), core.vantagePoints.meet(point, '').id, pathId);
    },
  });
  routeLog.restoredSegment(number, records);
}

/** Its session changed after the route came. */
function isLost(core: Core, vantagePoint: number, arrivedMs: number): boolean {
  return (core.sessionMs.get(vantagePoint) ?? Number.NEGATIVE_INFINITY) >= arrivedMs;
}

/** Vantage points as the routes name them, and when each was heard last. */
class Heard {
  private readonly core: Core;
  private readonly lastMs = new Map<number, { 4: number; 6: number }>();

  constructor(core: Core) {
    this.core = core;
  }

  meet(point: VantagePoint, family: 4 | 6, arrivedMs: number): number {
    const { id } = this.core.vantagePoints.meet(point, '');
    const last = this.lastMs.get(id) ?? { 4: 0, 6: 0 };
    last[family] = Math.max(last[family], arrivedMs);
    this.lastMs.set(id, last);
    return id;
  }

  note(nowMs: number): void {
    for (const [id, last] of this.lastMs)
      for (const family of [4, 6] as const)
        if (last[family] > 0) this.core.vantagePoints.heard(id, family, Math.min(nowMs, last[family]));
  }
}
