/**
 * The baseline: which origin was declared, learned, accepted or refused for a prefix, and through which
 * neighbours. *Seen is not legitimate* (detection.md §2 rule 3): a learned expectation needs age, independent
 * peer ASes and no RPKI-invalid, or an operator, or a RIB snapshot. Offending routes are never shown to it.
 *
 * Pure state; stamps are arrivals in ms. Kept in rows of typed arrays (`baseline-rows.ts`), named by number; a `Memory` is a copy for
 * who wants to read one. The engine asks for rows by deadline and takes those that changed to the store.
 */
import { type Prefix, truncate } from '../bgp/prefix.ts';
import { BaselineRows } from '../rows/baseline-rows.ts';
import type { PrefixRows } from '../rows/prefix-rows.ts';
import type { Sightings } from '../rows/sighting-arena.ts';
import { WaitingRows } from '../rows/waiting-rows.ts';

/** In the order of their numbers in the rows. */
const SOURCES = ['observed', 'config', 'learned', 'provisional', 'operator', 'rejected', 'snapshot'] as const;
export type BaselineSource = (typeof SOURCES)[number];

const OBSERVED = SOURCES.indexOf('observed');
const CONFIG = SOURCES.indexOf('config');
const LEARNED = SOURCES.indexOf('learned');
const PROVISIONAL = SOURCES.indexOf('provisional');
const OPERATOR = SOURCES.indexOf('operator');
const REJECTED = SOURCES.indexOf('rejected');

/** Peer ASes and neighbours kept a row; more add nothing to the judgement. */
const PEERS_MAX = 16;
const NEIGHBORS_MAX = 256;

export interface Neighbor {
  readonly firm: boolean;
  readonly firstSeenMs: number;
  readonly peerAsns: ReadonlySet<number>;
}

export interface Memory {
  readonly prefix: Prefix;
  readonly origin: number;
  readonly source: BaselineSource;
  /** NaN: never seen yet. */
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly peerAsns: ReadonlySet<number>;
  readonly neighbors: ReadonlyMap<number, Neighbor>;
  readonly by: string;
  readonly note: string;
}

/** Sources that make an origin an expected one. */
export function isFirm(source: BaselineSource): boolean {
  return source === 'learned' || source === 'operator' || source === 'snapshot' || source === 'config';
}

export interface LearnRules {
  readonly learnPeers: number;
  readonly learnAfterMs: number;
}

/** Rewrites `lastSeen` at most this often: the store is not written for every keepalive of a stable route. */
const LAST_SEEN_STEP_MS = 600_000;

export class Baseline {
  private readonly rows: BaselineRows;
  /** Rows to be written. */
  private readonly waiting: WaitingRows;
  /** Rows that an operator decided: while there are none, nobody has to look for them. */
  private decided = 0;
  rules: LearnRules;

  constructor(rules: LearnRules, prefixes?: PrefixRows) {
    this.rules = rules;
    this.rows = new BaselineRows(prefixes);
    this.waiting = new WaitingRows(this.rows);
  }

  get size(): number {
    return this.rows.size;
  }

  // ------------------------------------------------------------ reading

  /** Number of the row; −1 when there is none. Valid until the row is forgotten. */
  find(prefix: Prefix, origin: number): number {
    return this.rows.find(this.rows.prefixes.findOf(prefix), origin);
  }

  /** The same by the row of the prefix in `PrefixRows`. */
  findAt(prefixRow: number, origin: number): number {
    return this.rows.find(prefixRow, origin);
  }

  row(prefix: Prefix, origin: number): Memory | undefined {
    const row = this.find(prefix, origin);
    return row < 0 ? undefined : this.memory(row);
  }

  sourceOf(prefix: Prefix, origin: number): BaselineSource | undefined {
    const row = this.find(prefix, origin);
    return row < 0 ? undefined : SOURCES[this.rows.sources[row]!];
  }

  /** Origins remembered for exactly this prefix, in the order in which they came. */
  at(prefix: Prefix): { readonly origin: number; readonly source: BaselineSource }[] {
    const found: { origin: number; source: BaselineSource }[] = [];
    const { rows } = this;
    for (let row = rows.firstAt(rows.prefixes.findOf(prefix)); row >= 0; row = rows.nextAt(row))
      found.push({ origin: rows.originOf(row), source: this.source(row) });
    return found;
  }

  *every(): Generator<Memory> {
    for (const row of this.rows.every()) yield this.memory(row);
  }

  everyRow(): Iterable<number> {
    return this.rows.every();
  }

  /** Rows of an origin. */
  rowsOf(origin: number): Iterable<number> {
    return this.rows.ofOrigin(origin);
  }

  /** The row itself and those of the same prefix, in the order in which they came. */
  rowsBeside(row: number): number[] {
    const found: number[] = [];
    const { rows } = this;
    for (let at = rows.firstAt(rows.prefixRowOf(row)); at >= 0; at = rows.nextAt(at)) found.push(at);
    return found;
  }

  /** `inner`, then each less specific prefix up to and including `outer`, as far as the baseline has rows for it. */
  between(inner: Prefix, outer: Prefix): readonly Prefix[] {
    const found: Prefix[] = [];
    for (let length = inner.length; length >= outer.length; length -= 1) {
      const prefix =
        length === inner.length ? inner : length === outer.length ? outer : truncate(inner, length);
      if (this.rows.firstAt(this.rows.prefixes.findOf(prefix)) >= 0) found.push(prefix);
    }
    return found;
  }

  /** What an AS is remembered for, in whatever role. */
  *ofOrigin(origin: number): Generator<Memory> {
    for (const row of this.rows.ofOrigin(origin)) yield this.memory(row);
  }

  /** Some prefix of this origin that was seen since then, or was decided, has that neighbour among those that count. */
  remembersNeighbor(origin: number, neighbor: number, sinceMs: number): boolean {
    const { arena, records, sources, lastSeen } = this.rows;
    for (const row of this.rows.ofOrigin(origin)) {
      if (sources[row] === REJECTED || (sources[row] !== OPERATOR && !(lastSeen[row]! >= sinceMs))) continue;
      const at = arena.neighborAt(records[row]!, neighbor);
      if (at >= 0 && arena.isFirm(at)) return true;
    }
    return false;
  }

  memory(row: number): Memory {
    const { rows } = this;
    const { peerAsns, neighbors } = rows.arena.read(rows.records[row]!);
    return {
      prefix: this.prefixOf(row),
      origin: rows.originOf(row),
      source: this.source(row),
      firstSeenMs: rows.firstSeen[row]!,
      lastSeenMs: rows.lastSeen[row]!,
      peerAsns: new Set(peerAsns),
      neighbors: new Map(
        neighbors.map(({ asn, firm, firstSeenMs, peerAsns: peers }) => [
          asn,
          { firm, firstSeenMs, peerAsns: new Set(peers) },
        ]),
      ),
      by: rows.words.get(row)?.by ?? '',
      note: rows.words.get(row)?.note ?? '',
    };
  }

  prefixOf(row: number): Prefix {
    return this.rows.prefixes.prefix(this.rows.prefixRowOf(row));
  }

  originOf(row: number): number {
    return this.rows.originOf(row);
  }

  source(row: number): BaselineSource {
    return SOURCES[this.rows.sources[row]!] ?? 'observed';
  }

  firstSeenMs(row: number): number {
    return this.rows.firstSeen[row]!;
  }

  neighborCount(row: number): number {
    return this.rows.arena.neighborCount(this.rows.records[row]!);
  }

  /** Tells of each neighbour that is not firm yet when it was seen first, ms. */
  eachCandidate(row: number, tell: (seenMs: number) => void): void {
    this.rows.arena.eachCandidate(this.rows.records[row]!, tell);
  }

  /** The neighbours that count as an expectation for this origin here; empty: none is firm yet. */
  firmNeighbors(prefix: Prefix, origin: number): ReadonlySet<number> {
    const row = this.find(prefix, origin);
    if (row < 0) return new Set();
    const { neighbors } = this.rows.arena.read(this.rows.records[row]!);
    return new Set(neighbors.filter(({ firm }) => firm).map(({ asn }) => asn));
  }

  /** False only when some neighbours count as expected here and this is none of them. */
  allowsNeighbor(row: number, neighbor: number): boolean {
    const { arena, records } = this.rows;
    const record = records[row]!;
    const at = arena.neighborAt(record, neighbor);
    return (at >= 0 && arena.isFirm(at)) || !arena.hasFirm(record);
  }

  /** An operator accepted or refused something for the prefix of this row. */
  isDecidedAt(prefixRow: number): boolean {
    const { rows } = this;
    for (let row = rows.firstAt(prefixRow); row >= 0; row = rows.nextAt(row))
      if (isDecision(rows.sources[row]!)) return true;
    return false;
  }

  /** An operator accepted or refused something somewhere. */
  get hasDecisions(): boolean {
    return this.decided > 0;
  }

  // ------------------------------------------------------------ changing

  /** Puts a row in as it is (from the store, an import, an operator). */
  put(memory: Memory, isChange: boolean): void {
    const { rows } = this;
    const prefixRow = rows.prefixes.makeOf(memory.prefix);
    const known = rows.find(prefixRow, memory.origin);
    const row = known >= 0 ? known : rows.add(prefixRow, memory.origin);
    this.setSource(row, SOURCES.indexOf(memory.source));
    rows.firstSeen[row] = memory.firstSeenMs;
    rows.lastSeen[row] = memory.lastSeenMs;
    this.setWords(row, memory.by, memory.note);
    this.writeSightings(row, {
      peerAsns: [...memory.peerAsns],
      neighbors: [...memory.neighbors].map(([asn, { firm, firstSeenMs, peerAsns }]) => ({
        asn,
        firm,
        firstSeenMs,
        peerAsns: [...peerAsns],
      })),
    });
    if (isChange) this.waiting.noteChanged(row);
  }

  private writeSightings(row: number, sightings: Sightings): void {
    this.rows.records[row] = this.rows.arena.write(this.rows.records[row]!, sightings);
  }

  private setSource(row: number, source: number): void {
    const { sources } = this.rows;
    if (isDecision(sources[row]!)) this.decided -= 1;
    if (isDecision(source)) this.decided += 1;
    sources[row] = source;
  }

  private setWords(row: number, by: string, note: string): void {
    if (by === '' && note === '') this.rows.words.delete(row);
    else this.rows.words.set(row, { by, note });
  }

  /**
   * A conforming or not yet judgeable announcement was seen. Makes the row with `source` when there is none;
   * its number. `isNew` and a greater `neighborCount` than before say that there is something to become firm later.
   */
  observe(sighting: Sighting, source: 'config' | 'observed', nowMs: number): number {
    return this.observeAt(this.rows.prefixes.makeOf(sighting.prefix), sighting, source, nowMs);
  }

  /** The same by the row of the prefix. Where nothing is new, only the last sighting moves. */
  observeAt(
    prefixRow: number,
    { origin, neighbor, peerAsn }: Omit<Sighting, 'prefix'>,
    source: 'config' | 'observed',
    nowMs: number,
  ): number {
    const { rows } = this;
    const known = rows.find(prefixRow, origin);
    const row = known >= 0 ? known : this.begin(prefixRow, origin, source === 'config' ? CONFIG : OBSERVED);
    if (known < 0) this.noteSeen(row);
    const isFresh = Number.isNaN(rows.firstSeen[row]!);
    if (isFresh) rows.firstSeen[row] = nowMs;
    if (isFresh || nowMs - rows.lastSeen[row]! >= LAST_SEEN_STEP_MS) this.noteSeen(row);
    if (isFresh || !(nowMs <= rows.lastSeen[row]!)) rows.lastSeen[row] = nowMs;
    this.joinPeer(row, peerAsn);
    if (neighbor !== undefined) this.joinNeighbor(row, neighbor, peerAsn, nowMs);
    return row;
  }

  private begin(prefixRow: number, origin: number, source: number): number {
    const row = this.rows.add(prefixRow, origin);
    this.setSource(row, source);
    return row;
  }

  /** Of what nobody declared, each sighting counts towards its becoming firm, and a new one is news: they don't wait. */
  private noteSeen(row: number): void {
    if (this.rows.sources[row] === CONFIG) this.waiting.noteSighted(row);
    else this.waiting.noteChanged(row);
  }

  private joinPeer(row: number, peerAsn: number): void {
    const { arena, records } = this.rows;
    const record = records[row]!;
    if (arena.peerCount(record) >= PEERS_MAX || arena.hasPeer(record, peerAsn)) return;
    records[row] = arena.addPeer(record, peerAsn);
    this.noteSeen(row);
  }

  /** Of a neighbour that is firm nobody asks any more who showed it. */
  private joinNeighbor(row: number, neighbor: number, peerAsn: number, nowMs: number): void {
    const { arena, records } = this.rows;
    const record = records[row]!;
    const at = arena.neighborAt(record, neighbor);
    if (at < 0) {
      if (arena.neighborCount(record) >= NEIGHBORS_MAX) return;
      records[row] = arena.addNeighbor(record, neighbor, peerAsn, nowMs);
    } else {
      if (arena.isFirm(at) || arena.neighborPeers(at) >= PEERS_MAX || arena.neighborHasPeer(at, peerAsn))
        return;
      records[row] = arena.addNeighborPeer(record, at, peerAsn);
    }
    this.noteSeen(row);
  }

  /** The watchlist names this origin. An operator's own decision stays as it is. */
  declare(prefix: Prefix, origin: number): void {
    const prefixRow = this.rows.prefixes.makeOf(prefix);
    const known = this.rows.find(prefixRow, origin);
    const row = known >= 0 ? known : this.begin(prefixRow, origin, OBSERVED);
    const source = this.rows.sources[row]!;
    if (source === CONFIG || isDecision(source)) return;
    this.setSource(row, CONFIG);
    this.waiting.noteChanged(row);
  }

  /** The watchlist does not name it any more. True when the row is gone: it was never seen. */
  undeclare(row: number): boolean {
    if (Number.isNaN(this.rows.firstSeen[row]!)) {
      this.forget(row);
      return true;
    }
    this.setSource(row, OBSERVED);
    this.waiting.noteChanged(row);
    return false;
  }

  /** `observed` becomes `provisional` when enough peer ASes show it and nobody else is expected here. */
  becomesProvisional(row: number): boolean {
    const { rows } = this;
    if (rows.sources[row] !== OBSERVED) return false;
    if (rows.arena.peerCount(rows.records[row]!) < this.rules.learnPeers) return false;
    for (let other = rows.firstAt(rows.prefixRowOf(row)); other >= 0; other = rows.nextAt(other)) {
      const source = this.source(other);
      if (other !== row && (isFirm(source) || source === 'provisional')) return false;
    }
    this.setSource(row, PROVISIONAL);
    this.waiting.noteChanged(row);
    return true;
  }

  /** When the row may become firm (ms), or its neighbours may. */
  firmAtMs(row: number): number {
    return this.rows.firstSeen[row]! + this.rules.learnAfterMs;
  }

  /**
   * Rule 3, asked at `firmAtMs` and later: age and peers; the caller vouches that RPKI does not say invalid.
   * Neighbours that are old enough and seen by enough peers become firm together, once.
   * Returns true when something became firm.
   */
  firm(row: number, nowMs: number): boolean {
    const { rows } = this;
    if (Number.isNaN(rows.firstSeen[row]!) || nowMs < this.firmAtMs(row)) return false;
    let progressed = false;
    if (
      rows.sources[row] === PROVISIONAL &&
      rows.arena.peerCount(rows.records[row]!) >= this.rules.learnPeers
    ) {
      this.setSource(row, LEARNED);
      progressed = true;
    }
    if (isFirm(this.source(row))) progressed = this.firmUpNeighbors(row, nowMs) || progressed;
    if (progressed) this.waiting.noteChanged(row);
    return progressed;
  }

  private firmUpNeighbors(row: number, nowMs: number): boolean {
    if (!this.rows.arena.hasCandidate(this.rows.records[row]!, this.rules.learnPeers)) return false;
    const sightings = this.rows.arena.read(this.rows.records[row]!);
    let progressed = false;
    for (const neighbor of sightings.neighbors) {
      if (neighbor.firm || neighbor.peerAsns.length < this.rules.learnPeers) continue;
      if (nowMs - neighbor.firstSeenMs < this.rules.learnAfterMs) continue;
      neighbor.firm = true;
      neighbor.peerAsns = [];
      progressed = true;
    }
    if (progressed) this.writeSightings(row, sightings);
    return progressed;
  }

  /** An operator's word: accepted with the neighbours seen now, or refused. */
  decide(prefix: Prefix, origin: number, decision: Decision, nowMs: number): Memory {
    const prefixRow = this.rows.prefixes.makeOf(prefix);
    const known = this.rows.find(prefixRow, origin);
    const row = known >= 0 ? known : this.begin(prefixRow, origin, OBSERVED);
    this.setSource(row, decision.accepted ? OPERATOR : REJECTED);
    this.setWords(row, decision.by, decision.note);
    const { peerAsns, neighbors } = this.rows.arena.read(this.rows.records[row]!);
    const others = neighbors.filter(({ asn }) => !decision.neighbors.includes(asn));
    const accepted = decision.neighbors.map((asn) => ({ asn, firm: true, firstSeenMs: nowMs, peerAsns: [] }));
    this.writeSightings(row, { peerAsns, neighbors: [...others, ...accepted] });
    this.waiting.noteChanged(row);
    return this.memory(row);
  }

  /** Every origin that is remembered of the prefix, whatever became of it. */
  originsOf(prefix: Prefix): readonly number[] {
    const { rows } = this;
    const origins: number[] = [];
    for (let at = rows.firstAt(rows.prefixes.findOf(prefix)); at >= 0; at = rows.nextAt(at))
      origins.push(rows.originOf(at));
    return origins;
  }

  /** As if it had never been seen. False when it was not. */
  drop(prefix: Prefix, origin: number): boolean {
    const row = this.find(prefix, origin);
    if (row >= 0) this.forget(row);
    return row >= 0;
  }

  private forget(row: number): void {
    this.setSource(row, OBSERVED);
    this.rows.remove(row);
  }

  /** Something has to be written at once. */
  get hasChanged(): boolean {
    return this.waiting.hasChanged;
  }

  /** Rows that were only seen once more and wait to be written. */
  get sightedCount(): number {
    return this.waiting.sightedCount;
  }

  /** Nobody writes them. */
  discardChanged(): void {
    this.waiting.discard();
  }

  /** Rows to write, as they are now: those that changed, and at most so many of those that were only seen. */
  takeChanged(sightedMax: number): readonly Memory[] {
    return this.waiting.take(sightedMax).map((row) => this.memory(row));
  }
}

function isDecision(source: number): boolean {
  return source === OPERATOR || source === REJECTED;
}

export interface Sighting {
  readonly prefix: Prefix;
  readonly origin: number;
  readonly neighbor: number | undefined;
  readonly peerAsn: number;
}

export interface Decision {
  readonly accepted: boolean;
  readonly by: string;
  readonly note: string;
  readonly neighbors: readonly number[];
}
