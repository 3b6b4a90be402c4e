/**
 * The baseline: which origin was declared, learned, accepted or refused for a prefix, and through which
 * neighbours. *Seen is not legitimate* (detection.md §2 rule 3): a learned expectation needs age, independent
 * peer ASes and no RPKI-invalid, or an operator, or a RIB snapshot. Offending routes are never shown to it.
 *
 * Pure state; stamps are arrivals in ms. The engine asks `due` rows by deadline and takes `changed` rows to the store.
 */
import { type Prefix, truncate } from '../bgp/prefix.ts';

export type BaselineSource =
  | 'config'
  | 'learned'
  | 'provisional'
  | 'observed'
  | 'operator'
  | 'rejected'
  | 'snapshot';

/** Peer ASes and neighbours kept a row; more add nothing to the judgement. */
const PEERS_MAX = 16;
const NEIGHBORS_MAX = 256;

export interface Neighbor {
  firm: boolean;
  readonly firstSeenMs: number;
  readonly peerAsns: Set<number>;
}

export interface Memory {
  readonly prefix: string;
  readonly origin: number;
  source: BaselineSource;
  /** NaN: never seen yet. */
  firstSeenMs: number;
  lastSeenMs: number;
  readonly peerAsns: Set<number>;
  readonly neighbors: Map<number, Neighbor>;
  by: string;
  note: string;
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
  private readonly rows = new Map<string, Map<number, Memory>>();
  private readonly byOrigin = new Map<number, Set<string>>();
  /** Rows to write since the last `takeChanged`. */
  private changed = new Set<Memory>();
  rules: LearnRules;

  constructor(rules: LearnRules) {
    this.rules = rules;
  }

  at(prefix: string): ReadonlyMap<number, Memory> | undefined {
    return this.rows.get(prefix);
  }

  row(prefix: string, origin: number): Memory | undefined {
    return this.rows.get(prefix)?.get(origin);
  }

  *every(): IterableIterator<Memory> {
    for (const origins of this.rows.values()) yield* origins.values();
  }

  /** `inner`, then each less specific prefix up to and including `outer`, as far as the baseline has rows for it. */
  textsBetween(inner: Prefix, outer: Prefix): readonly string[] {
    const texts: string[] = [];
    if (this.rows.has(inner.text)) texts.push(inner.text);
    for (let length = inner.length - 1; length > outer.length; length -= 1) {
      const { text } = truncate(inner, length);
      if (this.rows.has(text)) texts.push(text);
    }
    if (outer.text !== inner.text && this.rows.has(outer.text)) texts.push(outer.text);
    return texts;
  }

  /** Prefixes an AS is remembered for, in whatever role. */
  prefixesOf(origin: number): ReadonlySet<string> {
    return this.byOrigin.get(origin) ?? new Set();
  }

  /** Puts a row in as it is (from the store, an import, an operator). */
  put(memory: Memory, isChange: boolean): void {
    const origins = this.rows.get(memory.prefix) ?? new Map<number, Memory>();
    origins.set(memory.origin, memory);
    this.rows.set(memory.prefix, origins);
    const prefixes = this.byOrigin.get(memory.origin) ?? new Set<string>();
    prefixes.add(memory.prefix);
    this.byOrigin.set(memory.origin, prefixes);
    if (isChange) this.changed.add(memory);
  }

  /**
   * A conforming or not yet judgeable announcement was seen. Makes the row with `source` when there is none.
   * Returns the row when it should be looked at again for promotion (`promote`), else undefined.
   */
  observe(sighting: Sighting, source: 'config' | 'observed', nowMs: number): Memory {
    const row = this.row(sighting.prefix, sighting.origin) ?? this.begin(sighting, source);
    const fresh = Number.isNaN(row.firstSeenMs);
    if (fresh) row.firstSeenMs = nowMs;
    if (fresh || nowMs - row.lastSeenMs >= LAST_SEEN_STEP_MS) this.changed.add(row);
    if (fresh || nowMs > row.lastSeenMs) row.lastSeenMs = nowMs;
    this.addPeer(row, row.peerAsns, sighting.peerAsn);
    if (sighting.neighbor !== undefined)
      this.observeNeighbor(row, sighting.neighbor, sighting.peerAsn, nowMs);
    return row;
  }

  private begin(sighting: Sighting, source: BaselineSource): Memory {
    const made: Memory = {
      prefix: sighting.prefix,
      origin: sighting.origin,
      source,
      firstSeenMs: Number.NaN,
      lastSeenMs: Number.NaN,
      peerAsns: new Set(),
      neighbors: new Map(),
      by: '',
      note: '',
    };
    this.put(made, true);
    return made;
  }

  private addPeer(row: Memory, peers: Set<number>, peerAsn: number): void {
    if (peers.size >= PEERS_MAX || peers.has(peerAsn)) return;
    peers.add(peerAsn);
    this.changed.add(row);
  }

  private observeNeighbor(row: Memory, neighbor: number, peerAsn: number, nowMs: number): void {
    const known = row.neighbors.get(neighbor);
    if (known !== undefined) this.addPeer(row, known.peerAsns, peerAsn);
    else if (row.neighbors.size < NEIGHBORS_MAX) {
      row.neighbors.set(neighbor, { firm: false, firstSeenMs: nowMs, peerAsns: new Set([peerAsn]) });
      this.changed.add(row);
    }
  }

  /** The watchlist names this origin. An operator's own decision stays as it is. */
  declare(prefix: string, origin: number): void {
    const row =
      this.row(prefix, origin) ?? this.begin({ prefix, origin, neighbor: undefined, peerAsn: 0 }, 'config');
    if (row.source === 'config' || row.source === 'operator' || row.source === 'rejected') return;
    row.source = 'config';
    this.changed.add(row);
  }

  /** The watchlist does not name it any more. True when the row is gone: it was never seen. */
  undeclare(row: Memory): boolean {
    if (Number.isNaN(row.firstSeenMs)) {
      this.forget(row.prefix, row.origin);
      return true;
    }
    row.source = 'observed';
    this.changed.add(row);
    return false;
  }

  /** The neighbours that count as an expectation for this origin here; empty: none is firm yet. */
  firmNeighbors(prefix: string, origin: number): ReadonlySet<number> {
    const row = this.row(prefix, origin);
    const firm = new Set<number>();
    for (const [asn, neighbor] of row?.neighbors ?? []) if (neighbor.firm) firm.add(asn);
    return firm;
  }

  /** `observed` becomes `provisional` when enough peer ASes show it and nobody else is expected here. */
  becomesProvisional(row: Memory): boolean {
    if (row.source !== 'observed' || row.peerAsns.size < this.rules.learnPeers) return false;
    for (const other of this.rows.get(row.prefix)?.values() ?? []) {
      if (other !== row && (isFirm(other.source) || other.source === 'provisional')) return false;
    }
    row.source = 'provisional';
    this.changed.add(row);
    return true;
  }

  /** When the row may become firm (ms), or its neighbours may. */
  firmAtMs(row: Memory): number {
    return row.firstSeenMs + this.rules.learnAfterMs;
  }

  /**
   * Rule 3, asked at `firmAtMs` and later: age and peers; the caller vouches that RPKI does not say invalid.
   * Neighbours that are old enough and seen by enough peers become firm together, once.
   * Returns true when something became firm.
   */
  firm(row: Memory, nowMs: number): boolean {
    if (Number.isNaN(row.firstSeenMs) || nowMs < this.firmAtMs(row)) return false;
    let progressed = false;
    if (row.source === 'provisional' && row.peerAsns.size >= this.rules.learnPeers) {
      row.source = 'learned';
      progressed = true;
    }
    if (isFirm(row.source)) progressed = this.firmUpNeighbors(row, nowMs) || progressed;
    if (progressed) this.changed.add(row);
    return progressed;
  }

  private firmUpNeighbors(row: Memory, nowMs: number): boolean {
    let progressed = false;
    for (const neighbor of row.neighbors.values()) {
      if (neighbor.firm || neighbor.peerAsns.size < this.rules.learnPeers) continue;
      if (nowMs - neighbor.firstSeenMs < this.rules.learnAfterMs) continue;
      neighbor.firm = true;
      progressed = true;
    }
    return progressed;
  }

  /** An operator's word: accepted with the neighbours seen now, or refused. */
  decide(prefix: string, origin: number, decision: Decision, nowMs: number): Memory {
    const row =
      this.row(prefix, origin) ?? this.begin({ prefix, origin, neighbor: undefined, peerAsn: 0 }, 'observed');
    row.source = decision.accepted ? 'operator' : 'rejected';
    row.by = decision.by;
    row.note = decision.note;
    for (const asn of decision.neighbors) {
      const peerAsns = row.neighbors.get(asn)?.peerAsns ?? new Set<number>();
      row.neighbors.set(asn, { firm: true, firstSeenMs: nowMs, peerAsns });
    }
    this.changed.add(row);
    return row;
  }

  forget(prefix: string, origin: number): void {
    const origins = this.rows.get(prefix);
    const row = origins?.get(origin);
    if (origins === undefined || row === undefined) return;
    origins.delete(origin);
    if (origins.size === 0) this.rows.delete(prefix);
    this.byOrigin.get(origin)?.delete(prefix);
    this.changed.delete(row);
  }

  takeChanged(): readonly Memory[] {
    if (this.changed.size === 0) return [];
    const taken = [...this.changed];
    this.changed = new Set();
    return taken;
  }
}

export interface Sighting {
  readonly prefix: string;
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
