/**
 * What RIB snapshots say of watched space: who originates what, seen by how many, through whom. Counts only; memory
 * grows with the watched space and not with the RIB. `baseline learn` and `init` decide what of it can be trusted.
 *
 * Prefixes of a watched AS are known only once a row shows them, and who else originates them may stand before: so
 * with watched ASes the files are read twice, first for their prefixes.
 */

import type { Family } from '../bgp/address.ts';
import { neighborOf, originsOf } from '../bgp/as-path.ts';
import type { Prefix } from '../bgp/prefix.ts';
import type { Update } from '../bgp/update.ts';
import { type VantagePoint, vantagePointName } from '../bgp/vantage-point.ts';
import type { Interest } from '../decode/bgp/update.ts';
import { interestOf } from '../engine/interest.ts';
import { BZIP2 } from '../feed/files/bzip2.ts';
import { XZ, ZSTD } from '../feed/files/decompress-tool.ts';
import { formatFileProblem, RecordedInput } from '../feed/files/files.ts';
import { mrtForm } from '../feed/files/mrt-files.ts';
import { COVERING_LENGTH_MIN } from '../judge/judge.ts';
import type { WatchPlan } from '../judge/watch-plan.ts';
import { PointSets } from './point-sets.ts';

/** Peer ASes kept for each origin and neighbour; more change no decision. */
export const PEERS_KEPT_MAX = 64;
/** Neighbours kept for each origin. */
const NEIGHBORS_MAX = 256;

/** One origin of one prefix. Who shows it is kept as bits, and counted when asked. */
export class Sighted {
  readonly prefix: Prefix;
  readonly origin: number;
  /** It was a member of an AS_SET wherever it was seen. */
  isOnlySet = true;
  firstSeenMs: number;
  lastSeenMs: number;
  private readonly ledger: Ledger;
  /** Neighbour (`NO_NEIGHBOR`: none) and the set of its vantage points, by turns. */
  private readonly shown: number[] = [];

  constructor(prefix: Prefix, origin: number, atMs: number, ledger: Ledger) {
    this.prefix = prefix;
    this.origin = origin;
    this.firstSeenMs = atMs;
    this.lastSeenMs = atMs;
    this.ledger = ledger;
  }

  add(point: number, neighbor: number, atMs: number): void {
    this.firstSeenMs = Math.min(this.firstSeenMs, atMs);
    this.lastSeenMs = Math.max(this.lastSeenMs, atMs);
    this.ledger.sets.add(this.setOf(neighbor), point);
  }

  private setOf(neighbor: number): number {
    const { shown } = this;
    for (let at = 0; at < shown.length; at += 2) if (shown[at] === neighbor) return shown[at + 1] ?? 0;
    if (shown.length >= NEIGHBORS_MAX * 2 && neighbor !== NO_NEIGHBOR) return this.setOf(NO_NEIGHBOR);
    const made = this.ledger.sets.allocate();
    shown.push(neighbor, made);
    return made;
  }

  /** Different ones: several snapshots of a collector, or several paths of one session, count once. */
  get vantagePoints(): number {
    return this.points().length;
  }

  get peerAsns(): ReadonlySet<number> {
    return this.asnsOf(this.points());
  }

  /** Neighbour → peer ASes that show it. */
  get neighbors(): ReadonlyMap<number, ReadonlySet<number>> {
    const found = new Map<number, ReadonlySet<number>>();
    const { shown, ledger } = this;
    for (let at = 0; at < shown.length; at += 2) {
      const neighbor = shown[at] ?? NO_NEIGHBOR;
      if (neighbor !== NO_NEIGHBOR) found.set(neighbor, this.asnsOf(ledger.sets.union([shown[at + 1] ?? 0])));
    }
    return found;
  }

  private points(): readonly number[] {
    return this.ledger.sets.union(this.shown.filter((_, at) => at % 2 === 1));
  }

  private asnsOf(points: readonly number[]): ReadonlySet<number> {
    const asns = new Set<number>();
    for (const point of points) if (asns.size < PEERS_KEPT_MAX) asns.add(this.ledger.peerAsns[point] ?? 0);
    return asns;
  }
}

const NO_NEIGHBOR = -1;

/** What all sightings of a survey share. */
interface Ledger {
  readonly sets: PointSets;
  /** Peer AS of each vantage point, by its number. */
  readonly peerAsns: number[];
}

export interface Survey {
  /** By prefix text, then by origin. */
  readonly prefixes: ReadonlyMap<string, ReadonlyMap<number, Sighted>>;
  /** Routes of RIB rows that concern watched space. */
  readonly routes: number;
  readonly vantagePoints: number;
  /** Vantage points that show anything of a family, and their peer ASes: what a prefix's are out of. */
  readonly known: Readonly<Record<Family, { readonly vantagePoints: number; readonly peerAsns: number }>>;
  /** Announcements that came as updates and not as rows of a RIB: they teach nothing. */
  readonly skippedUpdates: number;
  readonly nothingRead: boolean;
}

export interface SurveyOptions {
  readonly files: readonly string[];
  readonly plan: WatchPlan;
  readonly collector: string | undefined;
  readonly onProblem: (text: string) => void;
  readonly onProgress: (bytes: number) => void;
}

/** Reads the files; the prefixes of watched ASes join `plan`. */
export async function surveyRibs(options: SurveyOptions): Promise<Survey> {
  const { plan } = options;
  if (plan.asns.size > 0) await meetWatchedAses(options);
  const counting = new Counting(plan);
  const input = inputOf(
    options,
    interestOf(() => plan),
    options.onProblem,
  );
  for await (const batch of input.batches()) {
    for (const { record, arrivedMs } of batch) {
      if (record.input?.type !== 'update') continue;
      counting.take(record.input.update, record.input.via === 'snapshot', arrivedMs);
    }
  }
  return { ...counting.result(), nothingRead: input.nothingRead() };
}

function inputOf(
  options: SurveyOptions,
  interest: Interest,
  onProblem: (text: string) => void,
): RecordedInput {
  return new RecordedInput({
    files: options.files,
    forms: [mrtForm({ collector: options.collector, interest })],
    compressions: [BZIP2, XZ, ZSTD],
    onProblem: (problem) => onProblem(formatFileProblem(problem)),
    onProgress: options.onProgress,
  });
}

/** Problems of the files are reported by the second reading. */
async function meetWatchedAses(options: SurveyOptions): Promise<void> {
  const { plan } = options;
  const interest: Interest = { prefix: () => false, origin: (asn) => plan.asns.has(asn) };
  for await (const batch of inputOf(options, interest, () => undefined).batches()) {
    for (const { record } of batch) {
      if (record.input?.type !== 'update' || record.input.via !== 'snapshot') continue;
      const { update } = record.input;
      for (const origin of originsOf(update.path)) {
        const entry = plan.asns.get(origin);
        if (entry === undefined || update.path.at(-1) !== origin) continue;
        for (const prefix of update.announced) plan.addLearned(entry, prefix);
      }
    }
  }
}

/** Takes routes one by one; also those that RIPEstat tells. */
export class Counting {
  private readonly plan: WatchPlan;
  private readonly prefixes = new Map<string, Map<number, Sighted>>();
  private readonly points = new Map<string, number>();
  private readonly ledger: Ledger = { sets: new PointSets(), peerAsns: [] };
  private readonly known = { 4: heardOf(), 6: heardOf() };
  private routes = 0;
  private skippedUpdates = 0;

  constructor(plan: WatchPlan) {
    this.plan = plan;
  }

  take(update: Update, isRow: boolean, atMs: number): void {
    if (!isRow) {
      this.skippedUpdates += update.announced.length;
      return;
    }
    const point = this.numberOf(update.vantagePoint);
    for (const prefix of update.announced) {
      this.known[prefix.family].points.add(point);
      this.known[prefix.family].peerAsns.add(update.vantagePoint.peerAsn);
      if (this.concerns(prefix)) this.count(prefix, update, point, atMs);
    }
  }

  private numberOf(vantagePoint: VantagePoint): number {
    const name = vantagePointName(vantagePoint);
    const known = this.points.get(name);
    if (known !== undefined) return known;
    this.points.set(name, this.points.size);
    this.ledger.peerAsns.push(vantagePoint.peerAsn);
    return this.points.size - 1;
  }

  private concerns(prefix: Prefix): boolean {
    const { type } = this.plan.match(prefix);
    if (type === 'covering') return prefix.length >= COVERING_LENGTH_MIN[prefix.family];
    return type === 'covered';
  }

  private count(prefix: Prefix, update: Update, point: number, atMs: number): void {
    this.routes += 1;
    const isSet = typeof update.path.at(-1) === 'object';
    const neighbor = isSet ? NO_NEIGHBOR : (neighborOf(update.path) ?? NO_NEIGHBOR);
    for (const origin of originsOf(update.path)) {
      const seen = this.at(prefix, origin, atMs);
      seen.isOnlySet &&= isSet;
      seen.add(point, neighbor, atMs);
    }
  }

  private at(prefix: Prefix, origin: number, atMs: number): Sighted {
    const origins = this.prefixes.get(prefix.text) ?? new Map<number, Sighted>();
    const known = origins.get(origin);
    if (known !== undefined) return known;
    // The plan's own object where it has one: of a million prefixes one copy each is enough.
    const made = new Sighted(this.plan.exact(prefix)?.prefix ?? prefix, origin, atMs, this.ledger);
    if (origins.size === 0) this.prefixes.set(made.prefix.text, origins);
    origins.set(origin, made);
    return made;
  }

  result(): Omit<Survey, 'nothingRead'> {
    const { prefixes, routes, skippedUpdates } = this;
    const known = { 4: sizesOf(this.known[4]), 6: sizesOf(this.known[6]) };
    return { prefixes, routes, skippedUpdates, vantagePoints: this.points.size, known };
  }
}

interface Heard {
  readonly points: Set<number>;
  readonly peerAsns: Set<number>;
}

function heardOf(): Heard {
  return { points: new Set(), peerAsns: new Set() };
}

function sizesOf({ points, peerAsns }: Heard): { readonly vantagePoints: number; readonly peerAsns: number } {
  return { vantagePoints: points.size, peerAsns: peerAsns.size };
}
