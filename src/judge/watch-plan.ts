/**
 * The watchlist ready for matching: slots behind the prefix index, holes, watched ASes, and the prefixes that a
 * watched AS is known to originate, which join as they are learned. Answers *whose is this prefix?* Entries stay in
 * columns (`match/watch-columns.ts`); what is asked for is made into an object then, equal each time but not the same.
 */
import type { Prefix } from '../bgp/prefix.ts';
import { PrefixIndex } from '../match/prefix-index.ts';
import { columnsOf } from '../match/watch-builder.ts';
import { AS_ROW, type Terms, type WatchColumns } from '../match/watch-columns.ts';
import { type AsnEntry, type WatchEntry, type Watchlist, watchName } from '../match/watchlist.ts';
import type { Watched } from './finding.ts';

/** Watched prefixes looked at under one covering prefix; a /8 over everything is judged by these. */
const INSIDE_MAX = 256;
/** Watched prefixes that are kept as objects, each in a cell of its own: what is announced once is announced again soon. */
const MADE_CELLS = 1_024;

export type Match =
  | { readonly type: 'covered'; readonly watched: Watched }
  | { readonly type: 'hole'; readonly watched: Watched }
  | { readonly type: 'covering'; readonly inside: readonly Watched[] }
  | { readonly type: 'none' };

/** What tells a new watchlist from the one in force: made by `WatchPlan.compare`, taken into force by `change`. */
export interface PlanChange {
  readonly from: WatchColumns;
  readonly columns: WatchColumns;
  /** The row of each slot in the new columns, as far as its prefix is still there. */
  readonly rows: Int32Array<ArrayBuffer>;
  /** Rows of the new columns whose prefix is new. */
  readonly added: readonly number[];
  /** Slots whose entry says something else. */
  readonly changed: readonly number[];
  /** Slots whose prefix is gone. */
  readonly gone: readonly number[];
  /** The entries of watched ASes are the same: otherwise the plan has to be made anew. */
  readonly hasSameAsns: boolean;
}

/** What a change did: the entries that are other, holes among them, as they were and as they are. */
export interface Changed {
  readonly before: readonly Watched[];
  readonly after: readonly Watched[];
  /** Other watched ASes than before are among the listed origins: that matters everywhere. */
  readonly isListedOther: boolean;
}

export class WatchPlan {
  readonly index = new PrefixIndex();
  /** Watched ASes. */
  readonly asns = new Map<number, AsnEntry>();
  /** Prefixes watched, holes among them. */
  size = 0;
  private columns: WatchColumns;
  /** The row of each slot; −1 for slots that are free, learned or tracked. */
  private rows: Int32Array<ArrayBuffer>;
  private holeAt: Uint8Array<ArrayBuffer>;
  /** Slots beyond this one were never used. */
  private slotsEnd: number;
  private freeSlots: number[] = [];
  private readonly learned = new Map<number, Watched>();
  private readonly tracked = new Map<number, Prefix>();
  private listedOrigins: ReadonlySet<number> = new Set();
  /** By slot: when the prefix or something inside it changed last, ms; 0: not yet. */
  private changedMs: Float64Array<ArrayBuffer>;
  /** Goes up when a slot may mean something else than before. */
  version = 0;
  private made: ({ readonly slot: number; readonly watched: Watched } | undefined)[] = [];

  /** `before`: the plan that it takes the place of, for what was noted there. */
  constructor(watchlist: Watchlist, before?: WatchPlan) {
    const columns = columnsOf(watchlist);
    this.columns = columns;
    this.slotsEnd = columns.length;
    const room = columns.length + roomFor(columns.length);
    this.rows = new Int32Array(room).fill(-1);
    this.holeAt = new Uint8Array(room);
    this.changedMs = new Float64Array(room);
    for (let row = 0; row < columns.length; row += 1) {
      if (columns.families[row] === AS_ROW) this.asns.set(columns.asn(row), columns.at(row) as AsnEntry);
      else this.occupy(row, row);
    }
    this.index.trim();
    this.listOrigins();
    before?.handOn(this);
  }

  /** What was noted of prefixes that the next plan watches too. */
  private handOn(next: WatchPlan): void {
    for (let slot = 0; slot < this.slotsEnd; slot += 1) {
      const changedMs = this.changedMs[slot]!;
      const prefix = changedMs > 0 ? this.watchedAt(slot)?.prefix : undefined;
      const place = prefix === undefined ? -1 : next.index.exact(prefix);
      if (place >= 0) next.noteChangeAt(place, changedMs);
    }
  }

  /** The prefix changed: who carries it, or how. */
  noteChange(prefix: Prefix, nowMs: number): void {
    const slot = this.watchedSlotOver(prefix);
    if (slot >= 0 && this.holeAt[slot] !== 1) this.noteChangeAt(slot, nowMs);
  }

  /** The same by slot. */
  noteChangeAt(slot: number, nowMs: number): void {
    this.changedMs[slot] = nowMs;
  }

  /** When this watched prefix or something inside it changed last, ms; undefined: not as far as is known. */
  lastChangeMs(prefix: Prefix): number | undefined {
    const slot = this.index.exact(prefix);
    const changedMs = slot < 0 ? 0 : this.changedMs[slot]!;
    return changedMs > 0 ? changedMs : undefined;
  }

  private occupy(slot: number, row: number): void {
    const { columns } = this;
    this.index.insertWords(columns.families[row] as 4 | 6, columns.words(row), columns.lengths[row]!, slot);
    this.rows[slot] = row;
    this.holeAt[slot] = columns.isHole(row) ? 1 : 0;
    this.size += 1;
  }

  /** Only of watched ASes: of others nobody asks. */
  private listOrigins(): void {
    const listed = new Set<number>();
    if (this.asns.size > 0)
      for (const asn of this.columns.everyOrigin()) if (this.asns.has(asn)) listed.add(asn);
    this.listedOrigins = listed;
  }

  private takeSlot(): number {
    const slot = this.freeSlots.pop() ?? this.slotsEnd;
    if (slot < this.slotsEnd) this.version += 1;
    this.slotsEnd = Math.max(this.slotsEnd, slot + 1);
    this.makeRoom(this.slotsEnd);
    this.changedMs[slot] = 0;
    return slot;
  }

  private makeRoom(slots: number): void {
    if (slots > this.rows.length) {
      const rows = new Int32Array(slots + roomFor(slots)).fill(-1);
      rows.set(this.rows);
      this.rows = rows;
    }
    if (this.holeAt.length < this.rows.length) {
      const holes = new Uint8Array(this.rows.length);
      holes.set(this.holeAt);
      this.holeAt = holes;
    }
    if (this.changedMs.length < this.rows.length) {
      const changedMs = new Float64Array(this.rows.length);
      changedMs.set(this.changedMs);
      this.changedMs = changedMs;
    }
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
    this.forget(this.index.exact(prefix));
    const slot = this.takeSlot();
    this.index.insert(prefix, slot);
    this.learned.set(slot, { entry, prefix, name: watchName(entry) });
    this.size += 1;
    return true;
  }

  /** The same, in place of another watched AS that it was watched for. */
  giveLearned(entry: AsnEntry, prefix: Prefix): void {
    const slot = this.index.exact(prefix);
    const known = this.learned.get(slot);
    if (known?.name === watchName(entry)) return;
    if (known === undefined) this.addLearned(entry, prefix);
    else this.learned.set(slot, { ...known, entry, name: watchName(entry) });
    this.version += 1;
  }

  /**
   * A prefix outside of every entry that is in the watched RIB all the same, through its origin: the hot path has to
   * hand over what is said of it. Matching goes on as if it were not there.
   */
  track(prefix: Prefix): void {
    if (this.index.exact(prefix) >= 0) return;
    const slot = this.takeSlot();
    this.index.insert(prefix, slot);
    this.tracked.set(slot, prefix);
    this.holeAt[slot] = 2;
  }

  /** Nobody carries it any more. */
  untrack(prefix: Prefix): void {
    const slot = this.index.exact(prefix);
    if (this.tracked.has(slot)) this.forget(slot);
  }

  match(prefix: Prefix): Match {
    const slot = this.watchedSlotOver(prefix);
    if (slot >= 0) {
      const watched = this.watchedAt(slot, prefix) as Watched;
      return this.holeAt[slot] === 1 ? { type: 'hole', watched } : { type: 'covered', watched };
    }
    const inside = this.index.insideOf(prefix, INSIDE_MAX).filter((at) => this.isJudged(at));
    if (inside.length === 0) return { type: 'none' };
    return { type: 'covering', inside: inside.map((at) => this.watchedAt(at) as Watched) };
  }

  /** The slot of what covers the prefix, holes among them; what is merely tracked is looked through. −1: nothing. */
  private watchedSlotOver(prefix: Prefix): number {
    const slot = this.index.coveringOf(prefix);
    if (slot < 0 || this.isWatched(slot)) return slot;
    return this.index.chainOf(prefix).find((at) => this.isWatched(at)) ?? -1;
  }

  /** The slot is that of a line of the watchlist. */
  isListed(slot: number): boolean {
    return this.rows[slot]! >= 0;
  }

  /** False for a slot whose prefix is merely tracked. */
  isWatched(slot: number): boolean {
    return this.rows[slot]! >= 0 || this.learned.has(slot);
  }

  private isJudged(slot: number): boolean {
    return this.isWatched(slot) && this.holeAt[slot] !== 1;
  }

  /** What stands at a slot of the index; undefined where a prefix is only tracked. `near`: maybe the prefix itself. */
  watchedAt(slot: number, near?: Prefix): Watched | undefined {
    const row = this.rows[slot]!;
    if (row < 0) return this.learned.get(slot);
    const cell = slot & (MADE_CELLS - 1);
    const known = this.made[cell];
    if (known?.slot === slot) return known.watched;
    const { columns } = this;
    // What covers a prefix and is as long is the prefix: its text need not be made again.
    const isSame = near !== undefined && near.length === columns.lengths[row];
    const watched = this.watchedOf(row, isSame ? near : columns.prefix(row));
    this.made[cell] = { slot, watched };
    return watched;
  }

  private watchedOf(row: number, prefix: Prefix): Watched {
    return { entry: this.columns.prefixEntry(row, prefix), prefix, name: prefix.text };
  }

  /** 1 at the slots of holes, for the hot path; slots beyond its end are none. A reload replaces it. */
  holes(): Uint8Array {
    return this.holeAt;
  }

  /** The entry whose own prefix this is; holes left out. */
  exact(prefix: Prefix): Watched | undefined {
    const slot = this.index.exact(prefix);
    return slot < 0 || !this.isJudged(slot) ? undefined : this.watchedAt(slot, prefix);
  }

  /** True when some listed entry names the AS, a watched one, among its origins. */
  isListedOrigin(asn: number): boolean {
    return this.listedOrigins.has(asn);
  }

  /** Everything watched, holes among them, made one by one; what changes meanwhile may come or not. */
  *every(): IterableIterator<Watched> {
    for (let slot = 0; slot < this.slotsEnd; slot += 1) {
      const row = this.rows[slot]!;
      const watched = row < 0 ? this.learned.get(slot) : this.watchedOf(row, this.columns.prefix(row));
      if (watched !== undefined) yield watched;
    }
  }

  /** What watched ASes are known to originate beyond the entries. */
  everyLearned(): IterableIterator<Watched> {
    return this.learned.values();
  }

  /** Watched prefixes strictly inside the given one, holes among them. */
  watchedInside(prefix: Prefix): Watched[] {
    return this.index
      .insideOf(prefix, Number.POSITIVE_INFINITY)
      .flatMap((slot) => (this.isWatched(slot) ? [this.watchedAt(slot) as Watched] : []));
  }

  /** Entries that name the AS among their origins, and what is learned of it when it is watched itself. */
  watchedOfAs(asn: number): Watched[] {
    const listed = this.columns.rowsOfAs(asn).flatMap((row) => this.watchedRow(row));
    return [...listed, ...[...this.learned.values()].filter(({ entry }) => isOfAs(entry, asn))];
  }

  /** Entries whose terms are meant, and what is learned of watched ASes with such terms. */
  watchedWith(isMeant: (terms: Pick<Terms, 'services' | 'mustSeeThrough'>) => boolean): Watched[] {
    const listed = this.columns.rowsWith(isMeant).flatMap((row) => this.watchedRow(row));
    return [...listed, ...[...this.learned.values()].filter(({ entry }) => isMeant(entry))];
  }

  private watchedRow(row: number): Watched[] {
    return this.columns.families[row] === AS_ROW ? [] : [this.watchedOf(row, this.columns.prefix(row))];
  }

  // ------------------------------------------------------------ changing in place

  /**
   * Compares the entries in force with those of a new watchlist, a stretch between two yields: a few microseconds a
   * step of the generator. What joins the plan meanwhile, because it is learned, does no harm.
   */
  *compare(watchlist: Watchlist): Generator<void, PlanChange> {
    const next = columnsOf(watchlist);
    const { columns, slotsEnd } = this;
    const sameTerms = columns.termsIn(next);
    const rows = new Int32Array(Math.max(this.rows.length, slotsEnd + roomFor(next.length))).fill(-1);
    yield;
    const change = { added: [] as number[], changed: [] as number[], gone: [] as number[] };
    for (let row = 0; row < next.length; row += 1) {
      if (row % 256 === 255) yield;
      const family = next.families[row]!;
      if (family === AS_ROW) continue;
      const slot = this.index.exactWords(family as 4 | 6, next.words(row), next.lengths[row]!);
      const old = slot < 0 ? -1 : this.rows[slot]!;
      if (old < 0) change.added.push(row);
      else {
        rows[slot] = row;
        if (!columns.saysTheSame(old, next, row, sameTerms)) change.changed.push(slot);
      }
    }
    for (let slot = 0; slot < slotsEnd; slot += 1) {
      if (slot % 16_384 === 16_383) yield;
      if (this.rows[slot]! >= 0 && rows[slot]! < 0) change.gone.push(slot);
    }
    return { columns: next, from: columns, rows, ...change, hasSameAsns: this.hasAsnsOf(next) };
  }

  private hasAsnsOf(next: WatchColumns): boolean {
    if (next.counts.asns !== this.asns.size) return false;
    if (this.asns.size === 0) return true;
    for (let row = 0; row < next.length; row += 1) {
      if (next.families[row] !== AS_ROW) continue;
      if (JSON.stringify(this.asns.get(next.asn(row))) !== JSON.stringify(next.at(row))) return false;
    }
    return true;
  }

  /**
   * Takes a change into force that was compared with what is in force. Prefixes learned or tracked inside a new entry
   * are no longer: it speaks for them.
   */
  change(change: PlanChange): Changed {
    if (change.from !== this.columns) throw new Error('a change of another watchlist');
    const before = [...change.gone, ...change.changed].map((slot) => this.watchedRow(this.rows[slot]!));
    for (const slot of change.gone) this.vacate(slot);
    const { rows } = change;
    this.rows = rows;
    this.makeRoom(this.slotsEnd);
    this.columns = change.columns;
    this.version += 1;
    this.made = [];
    for (const row of change.added) this.join(row);
    for (const slot of change.changed) this.holeAt[slot] = this.columns.isHole(this.rows[slot]!) ? 1 : 0;
    const listed = [...this.listedOrigins];
    this.listOrigins();
    const isListedOther =
      listed.length !== this.listedOrigins.size || !listed.every((asn) => this.listedOrigins.has(asn));
    const after = [...change.added, ...change.changed.map((slot) => this.rows[slot]!)];
    return { before: before.flat(), after: after.flatMap((row) => this.watchedRow(row)), isListedOther };
  }

  private join(row: number): void {
    const prefix = this.columns.prefix(row);
    const taken = this.index.exact(prefix);
    const inside = this.index.insideOf(prefix, Number.POSITIVE_INFINITY);
    if (taken >= 0) inside.push(taken);
    for (const slot of inside) this.forget(slot);
    this.occupy(this.takeSlot(), row);
  }

  /** Nothing more is known of a slot that was learned or tracked; others stay. */
  private forget(slot: number): void {
    const learned = this.learned.get(slot);
    const prefix = learned?.prefix ?? this.tracked.get(slot);
    if (prefix === undefined) return;
    this.index.remove(prefix);
    this.tracked.delete(slot);
    this.holeAt[slot] = 0;
    if (this.learned.delete(slot)) this.size -= 1;
    this.freeSlots.push(slot);
  }

  private vacate(slot: number): void {
    const { columns } = this;
    const row = this.rows[slot]!;
    this.index.remove(columns.prefix(row));
    this.holeAt[slot] = 0;
    this.freeSlots.push(slot);
    this.size -= 1;
  }
}

/** Slots beyond those in use: what is learned or added later finds room without a copy of everything. */
function roomFor(slots: number): number {
  return Math.max(64, slots >> 5);
}

function isOfAs(entry: WatchEntry, asn: number): boolean {
  return entry.type === 'asn' && entry.asn === asn;
}
