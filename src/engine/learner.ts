/**
 * Learning: which announcements teach the baseline, and when what was seen becomes an expectation (detection.md §2
 * rule 3). An offending route never teaches.
 */
import { type AsPath, asnsOf, returnsOnPath } from '../bgp/as-path.ts';
import { type Prefix, parsePrefix } from '../bgp/prefix.ts';
import { isoTime } from '../incident/alert.ts';
import type { BaselineSource, Memory, Neighbor, Sighting } from '../judge/baseline.ts';
import type { Finding } from '../judge/finding.ts';
import { COVERING_LENGTH_MIN } from '../judge/judge.ts';
import { linkName } from '../judge/links/known-links.ts';
import type { Changed } from '../judge/watch-plan.ts';
import type { AsnEntry } from '../match/watchlist.ts';
import type { RibRoute, Words } from '../rows/rib-route.ts';
import { RowQueue } from '../rows/row-queue.ts';
import type { Answer } from './appraise.ts';
import type { Core } from './core.ts';
import { neighborAt } from './fast/plain-judge.ts';
import type { BaselineRow, KeptBaselineRow } from './ports.ts';

/** Watch entries up to which every declared origin has a row before it is seen. */
const DECLARED_MAX = 20_000;

export class Learner {
  private readonly core: Core;
  /** Rows of the baseline, in order of time: learning always takes the same while. */
  private queue = new RowQueue();

  constructor(core: Core) {
    this.core = core;
  }

  afterAnnouncement(
    prefix: Prefix,
    route: RibRoute<Finding>,
    peerAsn: number,
    answer: Answer,
    nowMs: number,
  ): void {
    if (answer.route === undefined || answer.watched === undefined) return;
    if (answer.finding !== undefined) {
      if (answer.finding.kind === 'covering-prefix') this.learnCovering(prefix, answer, peerAsn, nowMs);
      return;
    }
    if (answer.match.type !== 'covering') this.learnLinks(route.path, peerAsn, nowMs);
    if (answer.learnFor !== undefined) this.learnOrigination(prefix, answer.learnFor, answer, peerAsn, nowMs);
    else if (answer.expectation !== undefined) this.learnOrigin(prefix, answer, peerAsn, nowMs);
  }

  /**
   * The same for a route that was accepted in numbers: it has no finding and the watched prefix itself. `slot` is that of the
   * plan, `row` that of the prefix; `neighbor` −1: the path is the origin alone.
   */
  afterAccepted(
    place: { readonly slot: number; readonly row: number },
    path: Words,
    peerAsn: number,
    nowMs: number,
  ): void {
    const { cells, at, count } = path;
    const { baseline, plan } = this.core;
    const origin = cells[at + count - 1]! >>> 0;
    const beside = neighborAt(cells, at, count);
    const known = baseline.findAt(place.row, origin);
    const neighborsBefore = known < 0 ? -1 : baseline.neighborCount(known);
    const entry = known < 0 ? plan.watchedAt(place.slot)?.entry : undefined;
    const isDeclared = entry?.type === 'prefix' && (entry.origins?.includes(origin) ?? false);
    const neighbor = beside < 0 ? undefined : cells[beside]! >>> 0;
    const row = baseline.observeAt(
      place.row,
      { origin, neighbor, peerAsn },
      isDeclared ? 'config' : 'observed',
      nowMs,
    );
    this.afterSighting(row, neighborsBefore, () => baseline.prefixOf(row), nowMs);
  }

  /** Learns every link of a path that was accepted in numbers. */
  learnLinksOf(path: Words, peerAsn: number, nowMs: number): void {
    const { cells, at, count } = path;
    const { links } = this.core;
    for (let n = at + 1; n < at + count; n += 1) {
      const [left = 0, right = 0] = [cells[n - 1], cells[n]];
      if (left === right || links.isSettled(left, right, peerAsn, nowMs)) continue;
      this.learnLinks(
        Array.from(cells.subarray(at, at + count), (asn) => asn >>> 0),
        peerAsn,
        nowMs,
      );
      return;
    }
  }

  /** Who returns on the path may have been put there, and whoever is accused now may have made all that is behind him: such paths teach nothing. */
  private learnLinks(path: AsPath, peerAsn: number, nowMs: number): void {
    const { links, effects, lastVia, accused } = this.core;
    if (returnsOnPath(path) || (!accused.isNobody && [...asnsOf(path)].some((asn) => accused.has(asn))))
      return;
    const from = { peerAsn, isSnapshot: lastVia === 'snapshot' };
    for (let at = 1; at < path.length; at += 1) {
      const [left, right] = [path[at - 1], path[at]];
      if (typeof left !== 'number' || typeof right !== 'number' || left === right) continue;
      if (links.see(left, right, from, nowMs))
        effects.remember(`link/${linkName(left, right)}`, links.written(left, right));
    }
  }

  private learnOrigin(prefix: Prefix, answer: Answer, peerAsn: number, nowMs: number): void {
    const { expectation, watched, route } = answer;
    if (expectation === undefined || watched === undefined || route === undefined || route.isSet) return;
    const [origin] = route.origins;
    if (origin === undefined) return;
    const isDeclared = watched.entry.type === 'prefix' && (watched.entry.origins?.includes(origin) ?? false);
    const isOwn =
      !isDeclared && (expectation.state === 'unknown' || this.core.baseline.find(prefix, origin) >= 0);
    const at = isOwn ? prefix : watched.prefix;
    this.observe(
      { prefix: at, origin, neighbor: route.neighbor, peerAsn },
      isDeclared ? 'config' : 'observed',
      prefix,
      nowMs,
    );
  }

  private learnOrigination(
    prefix: Prefix,
    entry: AsnEntry,
    answer: Answer,
    peerAsn: number,
    nowMs: number,
  ): void {
    // Nobody's home: watching a default route would make the whole Internet ours.
    if (prefix.length < COVERING_LENGTH_MIN[prefix.family]) return;
    this.core.plan.addLearned(entry, prefix);
    this.observe(
      { prefix, origin: entry.asn, neighbor: answer.route?.neighbor, peerAsn },
      'observed',
      prefix,
      nowMs,
    );
  }

  /** Covering prefixes that are there from the beginning belong to the landscape; later ones are for an operator to accept. */
  private learnCovering(prefix: Prefix, answer: Answer, peerAsn: number, nowMs: number): void {
    const isBeginning = nowMs - this.core.begunMs <= this.core.baseline.rules.learnAfterMs;
    const [origin] = answer.route?.origins ?? [];
    if (!isBeginning || origin === undefined || answer.route?.isSet) return;
    if (answer.finding?.rows.some((row) => row.code === 'exposed' || row.code.startsWith('rpki-invalid')))
      return;
    this.observe({ prefix, origin, neighbor: answer.route?.neighbor, peerAsn }, 'observed', prefix, nowMs);
  }

  private observe(sighting: Sighting, source: 'config' | 'observed', announced: Prefix, nowMs: number): void {
    const { baseline } = this.core;
    const known = baseline.find(sighting.prefix, sighting.origin);
    const neighborsBefore = known < 0 ? -1 : baseline.neighborCount(known);
    const row = baseline.observe(sighting, source, nowMs);
    this.afterSighting(row, neighborsBefore, () => announced, nowMs);
  }

  /** `neighborsBefore`: how many the row had before the sighting, −1 when there was no row. */
  private afterSighting(row: number, neighborsBefore: number, announced: () => Prefix, nowMs: number): void {
    const { baseline } = this.core;
    if (baseline.neighborCount(row) > neighborsBefore) this.enqueue(row, nowMs + baseline.rules.learnAfterMs);
    const became = baseline.becomesProvisional(row);
    const isFirmNow = nowMs >= baseline.firmAtMs(row) && this.firm(row, nowMs);
    if (became || isFirmNow) this.core.rejudge.around(announced(), nowMs);
  }

  private enqueue(row: number, atMs: number): void {
    this.queue.push(row, atMs);
    if (this.queue.size === 1) this.core.deadlines.set('learn', atMs);
  }

  onDeadline(nowMs: number): void {
    for (
      let dueMs = this.queue.nextMs();
      dueMs !== undefined && dueMs <= nowMs;
      dueMs = this.queue.nextMs()
    ) {
      const row = this.queue.take();
      if (this.firm(row, nowMs)) this.core.rejudge.around(this.core.baseline.prefixOf(row), nowMs);
    }
    const nextMs = this.queue.nextMs();
    if (nextMs !== undefined) this.core.deadlines.set('learn', nextMs);
  }

  private firm(row: number, nowMs: number): boolean {
    const { baseline, rpki } = this.core;
    if (rpki !== undefined && baseline.source(row) === 'provisional') {
      const { state } = rpki.validate(baseline.prefixOf(row), baseline.originOf(row));
      if (state === 'invalid') return false;
    }
    return baseline.firm(row, nowMs);
  }

  /**
   * Declared origins have a row from the beginning, never seen as they may be; what is declared no longer is a mere
   * memory, or forgotten when it was never seen. A very long watchlist gets its rows as they are seen.
   */
  syncDeclared(): void {
    const { baseline, config } = this.core;
    const { entries } = config.watchlist;
    if (entries.length <= DECLARED_MAX) {
      for (const entry of entries) {
        if (entry.type !== 'prefix' || entry.ignore) continue;
        for (const origin of entry.origins ?? []) baseline.declare(entry.prefix, origin);
      }
    }
    for (const row of [...baseline.everyRow()]) {
      if (baseline.source(row) === 'config') this.undeclare(row);
      else this.declareAgain(row);
    }
  }

  /** A row that is there of an origin that the watchlist names. */
  private declareAgain(row: number): void {
    const { baseline, plan } = this.core;
    const [prefix, origin] = [baseline.prefixOf(row), baseline.originOf(row)];
    const entry = plan.exact(prefix)?.entry;
    if (entry?.type === 'prefix' && entry.origins?.includes(origin)) baseline.declare(prefix, origin);
  }

  private undeclare(row: number): void {
    const { baseline, plan, effects } = this.core;
    const [prefix, origin] = [baseline.prefixOf(row), baseline.originOf(row)];
    const entry = plan.exact(prefix)?.entry;
    if (entry?.type === 'prefix' && entry.origins?.includes(origin)) return;
    if (baseline.undeclare(row)) effects.baselineGone(prefix.text, origin);
  }

  /** Entries of the watchlist are other: what `rebuildLearned` would do for them, without a walk over the baseline. */
  entriesChanged({ before, after }: Changed): void {
    const { baseline, plan, config } = this.core;
    if (config.watchlist.entries.length <= DECLARED_MAX) this.syncDeclared();
    else
      for (const { entry, prefix } of [...before, ...after])
        for (const origin of (entry.type === 'prefix' && entry.origins) || []) {
          const row = baseline.find(prefix, origin);
          if (row >= 0 && baseline.source(row) === 'config') this.undeclare(row);
          else if (row >= 0) this.declareAgain(row);
        }
    for (const asn of plan.asns.keys()) for (const row of [...baseline.rowsOf(asn)]) this.watchLearned(row);
  }

  /** What a watched AS is known for is watched; where several are, the one that was known first has it. */
  private watchLearned(row: number): void {
    const { baseline, plan } = this.core;
    for (const beside of baseline.rowsBeside(row)) {
      const entry = plan.asns.get(baseline.originOf(beside));
      if (entry === undefined || baseline.source(beside) === 'rejected') continue;
      plan.giveLearned(entry, baseline.prefixOf(beside));
      return;
    }
  }

  /** After a restart or a reload: rows that may still become firm, and what watched ASes are known for. */
  rebuildLearned(): void {
    this.syncDeclared();
    const { baseline, plan } = this.core;
    const rows = new RowQueue();
    const due = (row: number, atMs: number): void => rows.push(row, atMs);
    for (const row of baseline.everyRow()) {
      if (plan.asns.has(baseline.originOf(row))) this.watchLearned(row);
      if (Number.isNaN(baseline.firstSeenMs(row))) continue;
      if (baseline.source(row) === 'provisional') due(row, baseline.firmAtMs(row));
      baseline.eachCandidate(row, (seenMs) => due(row, seenMs + baseline.rules.learnAfterMs));
    }
    rows.sort();
    this.queue = rows;
    const nextMs = this.queue.nextMs();
    if (nextMs !== undefined) this.core.deadlines.set('learn', nextMs);
  }
}

/** The row as the store and the outside see it. Neighbours that count come first. */
export function baselineRowOf(row: Memory): BaselineRow {
  const neighbors = [...row.neighbors].filter(([, neighbor]) => neighbor.firm).map(([asn]) => asn);
  return {
    prefix: row.prefix.text,
    origin: row.origin,
    neighbors: neighbors.sort((a, b) => a - b),
    source: row.source,
    firstSeenAt: Number.isNaN(row.firstSeenMs) ? null : isoTime(row.firstSeenMs),
    lastSeenAt: Number.isNaN(row.lastSeenMs) ? null : isoTime(row.lastSeenMs),
    peerAsns: [...row.peerAsns],
    by: row.by,
    note: row.note,
  };
}

/** The row as the store keeps it: with the candidates among the neighbours. */
export function keptRowOf(row: Memory): KeptBaselineRow {
  return { ...baselineRowOf(row), candidates: candidatesOf(row) };
}

function candidatesOf(row: Memory): string {
  const rows = [...row.neighbors].filter(([, neighbor]) => !neighbor.firm);
  return rows.length === 0
    ? ''
    : JSON.stringify(rows.map(([asn, { firstSeenMs, peerAsns }]) => [asn, firstSeenMs, [...peerAsns]]));
}

/** A row of the store or of an import as the baseline keeps it; undefined when its prefix is none. */
export function memoryOf(row: BaselineRow, candidates: string): Memory | undefined {
  const prefix = parsePrefix(row.prefix)?.prefix;
  if (prefix === undefined) return undefined;
  const neighbors = new Map<number, Neighbor>();
  const firstSeenMs = row.firstSeenAt === null ? Number.NaN : Date.parse(row.firstSeenAt);
  for (const asn of row.neighbors) neighbors.set(asn, { firm: true, firstSeenMs, peerAsns: new Set() });
  if (candidates !== '') {
    for (const [asn, seenMs, peers] of JSON.parse(candidates) as [number, number, number[]][]) {
      neighbors.set(asn, { firm: false, firstSeenMs: seenMs, peerAsns: new Set(peers) });
    }
  }
  return {
    prefix,
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
