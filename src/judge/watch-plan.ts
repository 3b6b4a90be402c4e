/**
 * The watchlist ready for matching: slots behind the prefix index, holes, watched ASes, and the prefixes that a
 * watched AS is known to originate, which join as they are learned. Answers *whose is this prefix?*
 */
import type { Prefix } from '../bgp/prefix.ts';
import { PrefixIndex } from '../match/prefix-index.ts';
import { type AsnEntry, type WatchEntry, type Watchlist, watchName } from '../match/watchlist.ts';
import type { Watched } from './finding.ts';

/** Watched prefixes looked at under one covering prefix; a /8 over everything is judged by these. */
const INSIDE_MAX = 256;

export type Match =
  | { readonly type: 'covered'; readonly watched: Watched }
  | { readonly type: 'hole'; readonly watched: Watched }
  | { readonly type: 'covering'; readonly inside: readonly Watched[] }
  | { readonly type: 'none' };

export class WatchPlan {
  readonly index = new PrefixIndex();
  /** Watched ASes. */
  readonly asns = new Map<number, AsnEntry>();
  /** Prefixes watched, holes among them. */
  size = 0;
  private readonly slots: (Watched | undefined)[] = [];
  /** By slot: when the prefix or something inside it changed last, ms; 0: not yet. */
  private changedMs = new Float64Array(64);
  private readonly listedOrigins = new Set<number>();

  /** `before`: the plan that it takes the place of, for what was noted there. */
  constructor(watchlist: Watchlist, before?: WatchPlan) {
    for (const entry of watchlist.entries) {
      if (entry.type === 'asn') this.asns.set(entry.asn, entry);
      else {
        this.add(entry, entry.prefix);
        for (const origin of entry.origins ?? []) this.listedOrigins.add(origin);
      }
    }
    for (const { prefix } of before?.every() ?? []) {
      const changedMs = before?.lastChangeMs(prefix);
      if (changedMs !== undefined && this.index.exact(prefix) >= 0) this.noteChange(prefix, changedMs);
    }
  }

  /** The prefix changed: who carries it, or how. */
  noteChange(prefix: Prefix, nowMs: number): void {
    const slot = this.index.coveringOf(prefix);
    if (slot >= 0) this.noteChangeAt(slot, nowMs);
  }

  /** The same by slot. */
  noteChangeAt(slot: number, nowMs: number): void {
    if (slot >= this.changedMs.length) {
      const larger = new Float64Array(Math.max(slot + 1, 2 * this.changedMs.length));
      larger.set(this.changedMs);
      this.changedMs = larger;
    }
    this.changedMs[slot] = nowMs;
  }

  /** When this watched prefix or something inside it changed last, ms; undefined: not as far as is known. */
  lastChangeMs(prefix: Prefix): number | undefined {
    const slot = this.index.exact(prefix);
    const changedMs = slot < 0 ? 0 : (this.changedMs[slot] ?? 0);
    return changedMs > 0 ? changedMs : undefined;
  }

  private add(entry: WatchEntry, prefix: Prefix): void {
    this.index.insert(prefix, this.slots.length);
    this.slots.push({ entry, prefix, name: watchName(entry) });
    this.size += 1;
  }

  /** A watched AS is known to originate this prefix: it is watched from now on. False when an entry covers it already. */
  addLearned(entry: AsnEntry, prefix: Prefix): boolean {
    const match = this.match(prefix);
    if (match.type === 'hole') return false;
    if (
      match.type === 'covered' &&
      (match.watched.entry.type === 'prefix' || match.watched.prefix.text === prefix.text)
    )
      return false;
    this.add(entry, prefix);
    return true;
  }

  /**
   * A prefix outside of every entry that is in the watched RIB all the same, through its origin: the hot path has to
   * hand over what is said of it. Matching goes on as if it were not there.
   */
  track(prefix: Prefix): void {
    if (this.index.exact(prefix) >= 0) return;
    this.index.insert(prefix, this.slots.length);
    this.slots.push(undefined);
  }

  match(prefix: Prefix): Match {
    const slot = this.index.coveringOf(prefix);
    const watched = slot < 0 ? undefined : this.slots[slot];
    if (watched !== undefined)
      return isHole(watched) ? { type: 'hole', watched } : { type: 'covered', watched };
    const inside = this.index.insideOf(prefix, INSIDE_MAX).map((at) => this.slots[at]);
    const judged = inside.filter((found) => found !== undefined && !isHole(found)) as Watched[];
    return judged.length === 0 ? { type: 'none' } : { type: 'covering', inside: judged };
  }

  /** 1 at the slots of holes, for the hot path. */
  holes(): Uint8Array {
    return Uint8Array.from(this.slots, (watched) => (watched !== undefined && isHole(watched) ? 1 : 0));
  }

  /** What is watched at a slot of the index; undefined for what is merely tracked. */
  watchedAt(slot: number): Watched | undefined {
    return this.slots[slot];
  }

  /** The entry whose own prefix this is; holes left out. */
  exact(prefix: Prefix): Watched | undefined {
    const slot = this.index.exact(prefix);
    const watched = slot < 0 ? undefined : this.slots[slot];
    return watched === undefined || isHole(watched) ? undefined : watched;
  }

  /** True when some listed entry names the AS among its origins. */
  isListedOrigin(asn: number): boolean {
    return this.listedOrigins.has(asn);
  }

  every(): readonly Watched[] {
    return this.slots.filter((watched) => watched !== undefined);
  }
}

function isHole(watched: Watched): boolean {
  return watched.entry.type === 'prefix' && watched.entry.ignore;
}
