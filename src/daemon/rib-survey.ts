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
import type { Interest } from '../decode/bgp-update.ts';
import { BZIP2 } from '../feed/bzip2.ts';
import { XZ, ZSTD } from '../feed/decompress-tool.ts';
import { formatFileProblem, RecordedInput } from '../feed/files.ts';
import { mrtForm } from '../feed/mrt-files.ts';
import { COVERING_LENGTH_MIN } from '../judge/judge.ts';
import type { WatchPlan } from '../judge/watch-plan.ts';
import { interestOf } from './interest.ts';

/** Peer ASes kept for each origin and neighbour; more change no decision. */
export const PEERS_KEPT_MAX = 64;
/** Neighbours kept for each origin. */
const NEIGHBORS_MAX = 256;

/** One origin of one prefix. */
export interface Sighted {
  readonly prefix: Prefix;
  readonly origin: number;
  /** It was a member of an AS_SET wherever it was seen. */
  isOnlySet: boolean;
  /** Different ones: several snapshots of a collector, or several paths of one session, count once. */
  vantagePoints: number;
  readonly points: PointSet;
  readonly peerAsns: Set<number>;
  /** Neighbour → peer ASes that show it. */
  readonly neighbors: Map<number, Set<number>>;
  firstSeenMs: number;
  lastSeenMs: number;
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

/** Numbers of vantage points, a bit each. */
class PointSet {
  private bits = new Uint32Array(4);

  /** False when it was in already. */
  add(point: number): boolean {
    const word = point >>> 5;
    if (word >= this.bits.length) {
      const wider = new Uint32Array(Math.max(word + 1, this.bits.length * 2));
      wider.set(this.bits);
      this.bits = wider;
    }
    const bit = 1 << (point & 31);
    if (((this.bits[word] ?? 0) & bit) !== 0) return false;
    this.bits[word] = (this.bits[word] ?? 0) | bit;
    return true;
  }
}

/** Takes routes one by one; also those that RIPEstat tells. */
export class Counting {
  private readonly plan: WatchPlan;
  private readonly prefixes = new Map<string, Map<number, Sighted>>();
  private readonly points = new Map<string, number>();
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
    const number = this.points.get(name) ?? this.points.size;
    this.points.set(name, number);
    return number;
  }

  private concerns(prefix: Prefix): boolean {
    const { type } = this.plan.match(prefix);
    if (type === 'covering') return prefix.length >= COVERING_LENGTH_MIN[prefix.family];
    return type === 'covered';
  }

  private count(prefix: Prefix, update: Update, point: number, atMs: number): void {
    this.routes += 1;
    const isSet = typeof update.path.at(-1) === 'object';
    const neighbor = neighborOf(update.path);
    const { peerAsn } = update.vantagePoint;
    for (const origin of originsOf(update.path)) {
      const seen = this.at(prefix, origin, atMs);
      if (seen.points.add(point)) seen.vantagePoints += 1;
      seen.isOnlySet &&= isSet;
      seen.firstSeenMs = Math.min(seen.firstSeenMs, atMs);
      seen.lastSeenMs = Math.max(seen.lastSeenMs, atMs);
      addUpTo(seen.peerAsns, peerAsn);
      if (neighbor !== undefined && !isSet) addNeighbor(seen, neighbor, peerAsn);
    }
  }

  private at(prefix: Prefix, origin: number, atMs: number): Sighted {
    const origins = this.prefixes.get(prefix.text) ?? new Map<number, Sighted>();
    this.prefixes.set(prefix.text, origins);
    const known = origins.get(origin);
    if (known !== undefined) return known;
    const made: Sighted = {
      prefix,
      origin,
      isOnlySet: true,
      vantagePoints: 0,
      points: new PointSet(),
      peerAsns: new Set(),
      neighbors: new Map(),
      firstSeenMs: atMs,
      lastSeenMs: atMs,
    };
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

function addUpTo(peers: Set<number>, peerAsn: number): void {
  if (peers.size < PEERS_KEPT_MAX) peers.add(peerAsn);
}

function addNeighbor(seen: Sighted, neighbor: number, peerAsn: number): void {
  const peers = seen.neighbors.get(neighbor);
  if (peers !== undefined) addUpTo(peers, peerAsn);
  else if (seen.neighbors.size < NEIGHBORS_MAX) seen.neighbors.set(neighbor, new Set([peerAsn]));
}
