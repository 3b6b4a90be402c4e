/**
 * The accept road: an update about watched prefixes in which nothing is wrong, applied in numbers as the scanner read them (`match/tape.ts`).
 * Beside `Engine.apply`, which is the reference: what is accepted here leaves the same state behind, the same rows for the store and says as little as
 * that would; whatever is unusual is refused, untouched. Pure, hot.
 *
 * Accepted are announcements of watched prefixes themselves that `engine/fast/plain-judge.ts` proves to conform, withdrawals of what the vantage point
 * did not carry, and what is not ours beside them.
 */
import { prefixFromWords } from '../../bgp/prefix.ts';
import type { VantagePoint } from '../../bgp/vantage-point.ts';
import { vantagePointName } from '../../bgp/vantage-point.ts';
import {
  ANNOUNCED_AT,
  ANNOUNCED_COUNT,
  COMMUNITY_AT,
  COMMUNITY_COUNT,
  MILLIS,
  PATH_AT,
  PATH_COUNT,
  PREFIX_CELLS,
  SECONDS,
  WITHDRAWN_AT,
  WITHDRAWN_COUNT,
} from '../../match/tape.ts';
import { grown } from '../../rows/hash-cells.ts';
import type { PlainRoute, Words } from '../../rows/rib-route.ts';
import type { Core } from '../core.ts';
import { type Engine, stateOf } from '../engine.ts';
import { FUTURE_MAX_MS } from '../keepers/stamps.ts';
import { settle } from '../speak.ts';
import { PlainJudge } from './plain-judge.ts';

/** Prefixes of one update; more are compared with each other the slow way. */
const PREFIXES_MAX = 32;
/** In place of a slot: the prefix is not ours. */
const NOT_OURS = -1;
/** In place of a slot: only the slow road can tell. */
const UNUSUAL = -2;

export interface AcceptPorts {
  /** Whether the prefix at a cell of the tape concerns us in whatever way: as the quick reject asks it. */
  readonly concerns: (tape: Int32Array, cell: number) => boolean;
  /** The vantage point of a row of the table that knows it by its spelling. */
  readonly pointOf: (row: number) => VantagePoint | undefined;
  /** An update was applied. */
  readonly accepted: () => void;
}

const CLOCK = { type: 'clock' } as const;

interface Place {
  slot: number;
  row: number;
}

interface MutableWords extends Words {
  cells: Int32Array;
  at: number;
  count: number;
}

export class AcceptRoad {
  private readonly engine: Engine;
  private readonly core: Core;
  private readonly ports: AcceptPorts;
  private judge: PlainJudge;
  /** By row of the caller's table of vantage points: id + 1. */
  private ids = new Int32Array(64);
  private readonly places: Place[] = Array.from({ length: PREFIXES_MAX }, () => ({ slot: 0, row: 0 }));
  private readonly path: MutableWords = { cells: new Int32Array(0), at: 0, count: 0 };
  private readonly communities: MutableWords = { cells: new Int32Array(0), at: 0, count: 0 };
  private readonly route: { -readonly [Key in keyof PlainRoute]: PlainRoute[Key] } = {
    vantagePoint: 0,
    path: this.path,
    communities: this.communities,
    observedMs: 0,
    arrivedMs: 0,
    order: 0,
  };

  constructor(engine: Engine, ports: AcceptPorts) {
    this.engine = engine;
    this.core = stateOf(engine);
    this.ports = ports;
    this.judge = new PlainJudge(this.core.plan, this.core.world);
  }

  /**
   * Applies the update of the record at `at`, or refuses it and has changed nothing but the clock. `tableRow` is that of the vantage point,
   * `arrivedMs` the driver's stamp, `feed` the one that was read.
   */
  accept(tape: Int32Array, at: number, tableRow: number, arrivedMs: number, feed: string): boolean {
    const { core } = this;
    const nowMs = Math.max(arrivedMs, core.nowMs);
    this.engine.apply(CLOCK, nowMs);
    const point = this.ports.pointOf(tableRow);
    const id = point === undefined ? -1 : this.idOf(tableRow, point);
    const observedMs = observedOf(tape, at, nowMs);
    if (point === undefined || id < 0 || observedMs < 0 || core.silences.expectsSomething(nowMs))
      return false;
    const known = core.vantagePoints.byId(id);
    const { peerAsn } = point;
    if (!known.up || known.feed !== feed || peerAsn === 0 || known.point.peerAsn !== peerAsn) return false;
    this.begin(tape, at);
    if (!this.findPlaces(tape, at, id)) return false;
    core.order += 1;
    core.lastVia = 'live';
    this.apply(tape, at, { id, peerAsn, observedMs }, nowMs);
    settle(core, nowMs);
    this.ports.accepted();
    return true;
  }

  private idOf(tableRow: number, point: VantagePoint): number {
    while (tableRow >= this.ids.length) this.ids = grown(this.ids);
    if (this.ids[tableRow] === 0)
      this.ids[tableRow] = this.core.vantagePoints.idOf(vantagePointName(point)) + 1;
    return this.ids[tableRow]! - 1;
  }

  private begin(tape: Int32Array, at: number): void {
    const { path, communities, core } = this;
    path.cells = communities.cells = tape;
    path.at = tape[at + PATH_AT]!;
    path.count = tape[at + PATH_COUNT]!;
    communities.at = tape[at + COMMUNITY_AT]!;
    communities.count = tape[at + COMMUNITY_COUNT]!;
    if (!this.judge.isFor(core.plan, core.world)) this.judge = new PlainJudge(core.plan, core.world);
    this.judge.begin(path);
  }

  /** Finds where each announced prefix belongs; false when something is unusual. */
  private findPlaces(tape: Int32Array, at: number, id: number): boolean {
    const announced = tape[at + ANNOUNCED_COUNT]!;
    const withdrawn = tape[at + WITHDRAWN_COUNT]!;
    if (announced + withdrawn > PREFIXES_MAX || (announced > 0 && this.path.count === 0)) return false;
    // What is withdrawn may be about to come late.
    if (withdrawn > 0 && this.core.late.isAwaited(this.core.nowMs)) return false;
    const firstAnnounced = tape[at + ANNOUNCED_AT]!;
    const firstWithdrawn = tape[at + WITHDRAWN_AT]!;
    for (let n = 0; n < withdrawn; n += 1)
      if (this.carries(tape, firstWithdrawn + n * PREFIX_CELLS, id)) return false;
    if (announced + withdrawn > 1 && hasTwins(tape, firstAnnounced, announced, firstWithdrawn, withdrawn))
      return false;
    for (let n = 0; n < announced; n += 1)
      if (!this.findPlace(tape, firstAnnounced + n * PREFIX_CELLS, this.places[n]!, id)) return false;
    return true;
  }

  private carries(tape: Int32Array, cell: number, id: number): boolean {
    const row = this.rowAt(tape, cell);
    return this.core.rib.routesOf(row, id).length > 0;
  }

  private rowAt(tape: Int32Array, cell: number): number {
    return this.core.rib.rows.find(
      tape[cell]!,
      tape[cell + 1]!,
      tape[cell + 2]!,
      tape[cell + 3]!,
      tape[cell + 4]!,
    );
  }

  private findPlace(tape: Int32Array, cell: number, place: Place, id: number): boolean {
    place.slot = this.slotAt(tape, cell);
    if (place.slot === NOT_OURS) return true;
    if (place.slot === UNUSUAL) return false;
    place.row = this.rowAt(tape, cell);
    const isNew = place.row < 0 || this.core.rib.find(place.row, id) < 0;
    if (isNew && this.isMissed(tape, cell)) return false;
    return this.judge.conforms(place.slot, place.row, id);
  }

  /** Who begins to carry a prefix may end a loss of it, or its absence. */
  private isMissed(tape: Int32Array, cell: number): boolean {
    const { visibility, withdrawn } = this.core;
    if (visibility.isQuiet && withdrawn.size === 0) return false;
    const shape = tape[cell]!;
    const words: [number, number, number, number] = [
      tape[cell + 1]! >>> 0,
      tape[cell + 2]! >>> 0,
      tape[cell + 3]! >>> 0,
      tape[cell + 4]! >>> 0,
    ];
    const { text } = prefixFromWords(shape >>> 8 === 4 ? 4 : 6, words, shape & 255).prefix;
    return visibility.concerns(text) || withdrawn.has(text);
  }

  private slotAt(tape: Int32Array, cell: number): number {
    const shape = tape[cell]!;
    const w0 = tape[cell + 1]!;
    const w1 = tape[cell + 2]!;
    const w2 = tape[cell + 3]!;
    const w3 = tape[cell + 4]!;
    const { plan } = this.core;
    const slot = plan.index.exactAt(shape >>> 8, w0, w1, w2, w3, shape & 255);
    if (slot < 0) return this.ports.concerns(tape, cell) || this.isWatchedOrigin() ? UNUSUAL : NOT_OURS;
    return plan.isWatched(slot) ? slot : UNUSUAL;
  }

  private isWatchedOrigin(): boolean {
    const { cells, at, count } = this.path;
    const { asns } = this.core.plan;
    return asns.size > 0 && count > 0 && asns.has(cells[at + count - 1]! >>> 0);
  }

  private apply(
    tape: Int32Array,
    at: number,
    from: { readonly id: number; readonly peerAsn: number; readonly observedMs: number },
    nowMs: number,
  ): void {
    const { core, route } = this;
    this.noteHeard(tape, tape[at + WITHDRAWN_AT]!, tape[at + WITHDRAWN_COUNT]!, from.id, nowMs);
    const first = tape[at + ANNOUNCED_AT]!;
    const count = tape[at + ANNOUNCED_COUNT]!;
    this.noteHeard(tape, first, count, from.id, nowMs);
    route.vantagePoint = from.id;
    route.observedMs = from.observedMs;
    route.arrivedMs = nowMs;
    route.order = core.order;
    let hasLearnt = false;
    for (let n = 0; n < count; n += 1) {
      const place = this.places[n]!;
      if (place.slot === NOT_OURS) continue;
      if (!hasLearnt) core.learner.learnLinksOf(this.path, from.peerAsn, nowMs);
      hasLearnt = true;
      this.take(tape, first + n * PREFIX_CELLS, place, from.peerAsn, nowMs);
    }
  }

  private take(tape: Int32Array, cell: number, place: Place, peerAsn: number, nowMs: number): void {
    const { core } = this;
    core.observations += 1;
    if (place.row < 0)
      place.row = core.rib.rows.make(
        tape[cell]!,
        tape[cell + 1]!,
        tape[cell + 2]!,
        tape[cell + 3]!,
        tape[cell + 4]!,
      );
    core.rib.announcePlain(place.row, this.route);
    core.plan.noteChangeAt(place.slot, nowMs);
    core.learner.afterAccepted(place, this.path, peerAsn, nowMs);
  }

  private noteHeard(tape: Int32Array, first: number, count: number, id: number, nowMs: number): void {
    for (let n = 0; n < count; n += 1)
      this.core.vantagePoints.heard(id, tape[first + n * PREFIX_CELLS]! >>> 8 === 4 ? 4 : 6, nowMs);
  }
}

/** The collector's stamp, ms; −1 when the slow road has to look at it. */
function observedOf(tape: Int32Array, at: number, nowMs: number): number {
  const millis = tape[at + MILLIS]!;
  const observedMs = (tape[at + SECONDS]! >>> 0) * 1_000 + millis;
  return millis < 0 || observedMs <= 0 || observedMs - nowMs > FUTURE_MAX_MS ? -1 : observedMs;
}

/** Some prefix stands twice: announced twice, or announced and withdrawn (RFC 4271 §3.1). */
function hasTwins(
  tape: Int32Array,
  firstAnnounced: number,
  announced: number,
  firstWithdrawn: number,
  withdrawn: number,
): boolean {
  const cellOf = (n: number): number =>
    n < announced ? firstAnnounced + n * PREFIX_CELLS : firstWithdrawn + (n - announced) * PREFIX_CELLS;
  for (let n = 1; n < announced + withdrawn; n += 1)
    for (let m = 0; m < n; m += 1) if (isSame(tape, cellOf(n), cellOf(m))) return true;
  return false;
}

function isSame(tape: Int32Array, a: number, b: number): boolean {
  for (let n = PREFIX_CELLS - 1; n >= 0; n -= 1) if (tape[a + n] !== tape[b + n]) return false;
  return true;
}
