/**
 * Learning: which announcements teach the baseline, and when what was seen becomes an expectation (detection.md §2
 * rule 3). An offending route never teaches.
 */
import type { Prefix } from '../bgp/prefix.ts';
import { isoTime } from '../incident/alert.ts';
import type { Memory } from '../judge/baseline.ts';
import type { Finding } from '../judge/finding.ts';
import type { Changed } from '../judge/watch-plan.ts';
import type { RibRoute } from '../judge/watched-rib.ts';
import type { AsnEntry } from '../match/watchlist.ts';
import type { Answer } from './appraise.ts';
import type { Core } from './core.ts';
import type { BaselineRow } from './ports.ts';

/** Watch entries up to which every declared origin has a row before it is seen. */
const DECLARED_MAX = 20_000;

interface Due {
  readonly row: Memory;
  readonly atMs: number;
}

export class Learner {
  private readonly core: Core;
  /** In order of time: learning always takes the same while. */
  private queue: Due[] = [];
  private head = 0;

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
    if (answer.match.type !== 'covering') this.learnLinks(route);
    if (answer.learnFor !== undefined) this.learnOrigination(prefix, answer.learnFor, answer, peerAsn, nowMs);
    else if (answer.expectation !== undefined) this.learnOrigin(prefix, answer, peerAsn, nowMs);
  }

  private learnLinks(route: RibRoute<Finding>): void {
    for (const link of this.core.links.learnPath(route.path)) this.core.effects.remember(`link/${link}`, '1');
  }

  private learnOrigin(prefix: Prefix, answer: Answer, peerAsn: number, nowMs: number): void {
    const { expectation, watched, route } = answer;
    if (expectation === undefined || watched === undefined || route === undefined || route.isSet) return;
    const [origin] = route.origins;
    if (origin === undefined) return;
    const isDeclared = watched.entry.type === 'prefix' && (watched.entry.origins?.includes(origin) ?? false);
    const hasOwn = this.core.baseline.row(prefix.text, origin) !== undefined;
    const at = !isDeclared && (hasOwn || expectation.state === 'unknown') ? prefix.text : watched.prefix.text;
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
    this.core.plan.addLearned(entry, prefix);
    this.observe(
      { prefix: prefix.text, origin: entry.asn, neighbor: answer.route?.neighbor, peerAsn },
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
    this.observe(
      { prefix: prefix.text, origin, neighbor: answer.route?.neighbor, peerAsn },
      'observed',
      prefix,
      nowMs,
    );
  }

  private observe(
    sighting: { prefix: string; origin: number; neighbor: number | undefined; peerAsn: number },
    source: 'config' | 'observed',
    announced: Prefix,
    nowMs: number,
  ): void {
    const { baseline } = this.core;
    const before = baseline.row(sighting.prefix, sighting.origin);
    const neighborsBefore = before?.neighbors.size ?? 0;
    const row = baseline.observe(sighting, source, nowMs);
    if (before === undefined || row.neighbors.size > neighborsBefore)
      this.enqueue(row, nowMs + baseline.rules.learnAfterMs);
    const became = baseline.becomesProvisional(row);
    const isFirmNow = nowMs >= baseline.firmAtMs(row) && this.firm(row, nowMs);
    if (became || isFirmNow) this.core.rejudge.around(announced, nowMs);
  }

  private enqueue(row: Memory, atMs: number): void {
    this.queue.push({ row, atMs });
    if (this.queue.length - this.head === 1) this.core.deadlines.set('learn', atMs);
  }

  onDeadline(nowMs: number): void {
    for (
      let due = this.queue[this.head];
      due !== undefined && due.atMs <= nowMs;
      due = this.queue[this.head]
    ) {
      this.head += 1;
      const prefix = this.core.prefixOfText(due.row.prefix);
      if (prefix !== undefined && this.firm(due.row, nowMs)) this.core.rejudge.around(prefix, nowMs);
    }
    if (this.head > 1024 && this.head * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
    const next = this.queue[this.head];
    if (next !== undefined) this.core.deadlines.set('learn', next.atMs);
  }

  private firm(row: Memory, nowMs: number): boolean {
    const prefix = this.core.prefixOfText(row.prefix);
    if (prefix !== undefined && row.source === 'provisional') {
      if (this.core.rpki?.validate(prefix, row.origin).state === 'invalid') return false;
    }
    return this.core.baseline.firm(row, nowMs);
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
        for (const origin of entry.origins ?? []) baseline.declare(entry.prefix.text, origin);
      }
    }
    for (const row of [...baseline.every()]) if (row.source === 'config') this.undeclare(row);
  }

  private undeclare(row: Memory): void {
    const { baseline, plan, effects } = this.core;
    const prefix = this.core.prefixOfText(row.prefix);
    const entry = prefix === undefined ? undefined : plan.exact(prefix)?.entry;
    if (entry?.type === 'prefix' && entry.origins?.includes(row.origin)) return;
    if (baseline.undeclare(row)) effects.baselineGone(row.prefix, row.origin);
  }

  /** Entries of the watchlist are other: what `rebuildLearned` would do for them, without a walk over the baseline. */
  entriesChanged({ before }: Changed): void {
    const { baseline, plan, config } = this.core;
    if (config.watchlist.entries.length <= DECLARED_MAX) this.syncDeclared();
    else
      for (const { entry, prefix } of before)
        for (const origin of (entry.type === 'prefix' && entry.origins) || []) {
          const row = baseline.row(prefix.text, origin);
          if (row?.source === 'config') this.undeclare(row);
        }
    for (const asn of plan.asns.keys())
      for (const text of baseline.prefixesOf(asn))
        for (const row of baseline.at(text)?.values() ?? []) this.watchLearned(row);
  }

  /** What a watched AS is known for is watched; where several are, the one that was known first has it. */
  private watchLearned(row: Memory): void {
    const { plan } = this.core;
    const entry = plan.asns.get(row.origin);
    const prefix = entry === undefined ? undefined : this.core.prefixOfText(row.prefix);
    if (entry !== undefined && prefix !== undefined && row.source !== 'rejected')
      plan.addLearned(entry, prefix);
  }

  /** After a restart or a reload: rows that may still become firm, and what watched ASes are known for. */
  rebuildLearned(): void {
    this.syncDeclared();
    this.queue = [];
    this.head = 0;
    const dues: Due[] = [];
    const { baseline } = this.core;
    for (const row of baseline.every()) {
      this.watchLearned(row);
      if (Number.isNaN(row.firstSeenMs)) continue;
      if (row.source === 'provisional') dues.push({ row, atMs: baseline.firmAtMs(row) });
      for (const neighbor of row.neighbors.values()) {
        if (!neighbor.firm) dues.push({ row, atMs: neighbor.firstSeenMs + baseline.rules.learnAfterMs });
      }
    }
    this.queue = dues.sort((a, b) => a.atMs - b.atMs);
    const [first] = this.queue;
    if (first !== undefined) this.core.deadlines.set('learn', first.atMs);
  }
}

/** The row as the store and the outside see it. Neighbours that count come first. */
export function baselineRowOf(row: Memory): BaselineRow {
  const neighbors = [...row.neighbors].filter(([, neighbor]) => neighbor.firm).map(([asn]) => asn);
  return {
    prefix: row.prefix,
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

/** Candidate neighbours, for the store's memory: what `baselineRowOf` does not carry. */
export function candidatesOf(row: Memory): string {
  const rows = [...row.neighbors].filter(([, neighbor]) => !neighbor.firm);
  return rows.length === 0
    ? ''
    : JSON.stringify(rows.map(([asn, { firstSeenMs, peerAsns }]) => [asn, firstSeenMs, [...peerAsns]]));
}
