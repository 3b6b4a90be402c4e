/**
 * The vantage points the daemon has met: interned to small numbers, with what is known of each session.
 * Part of the judge's state; no clock of its own, stamps come in as arguments (arrived, ms).
 */
import type { Family } from '../bgp/address.ts';
import { type VantagePoint, vantagePointName } from '../bgp/vantage-point.ts';
import type { Doubt } from '../rows/rib-route.ts';

/** A vantage point counts as known for this long after it was last heard. */
const HEARD_WITHIN_MS = 24 * 3_600_000;

export interface KnownVantagePoint {
  readonly id: number;
  readonly point: VantagePoint;
  readonly name: string;
  /** The feed it was last heard through. */
  feed: string;
  up: boolean;
  /** Arrival of the last word about a prefix of the family; -Infinity: never. */
  heard4Ms: number;
  heard6Ms: number;
  /** Number of the input with which the session last went down: routes up to it are in doubt. */
  downOrder: number;
}

export class VantagePoints {
  private readonly all: KnownVantagePoint[] = [];
  private readonly byName = new Map<string, KnownVantagePoint>();
  private readonly stalled = new Set<string>();
  private collectorGapped = false;
  /** Feed → collectors of it that fell silent. */
  private readonly silent = new Map<string, Set<string>>();
  /** Feed, or feed and collector → number of the input up to which it had a gap. */
  private readonly gaps = new Map<string, number>();

  /** The vantage point, made on first sight. A peer AS that was unknown (0) is filled in when it is told. */
  meet(point: VantagePoint, feed: string): KnownVantagePoint {
    const name = vantagePointName(point);
    const known = this.byName.get(name);
    if (known === undefined) return this.add(point, name, feed);
    known.feed = feed;
    if (known.point.peerAsn === point.peerAsn || point.peerAsn === 0) return known;
    const corrected = { ...known, point };
    this.all[known.id] = corrected;
    this.byName.set(name, corrected);
    return corrected;
  }

  private add(point: VantagePoint, name: string, feed: string): KnownVantagePoint {
    const made: KnownVantagePoint = {
      id: this.all.length,
      point,
      name,
      feed,
      up: true,
      heard4Ms: Number.NEGATIVE_INFINITY,
      heard6Ms: Number.NEGATIVE_INFINITY,
      downOrder: -1,
    };
    this.all.push(made);
    this.byName.set(name, made);
    return made;
  }

  /** Id of the vantage point of this name; −1 when it was never met. */
  idOf(name: string): number {
    return this.byName.get(name)?.id ?? -1;
  }

  byId(id: number): KnownVantagePoint {
    const found = this.all[id];
    if (found === undefined) throw new Error(`assert: vantage point ${id} was never met`);
    return found;
  }

  every(): readonly KnownVantagePoint[] {
    return this.all;
  }

  heard(id: number, family: Family, nowMs: number): void {
    const point = this.byId(id);
    // What comes late is no later sign of life.
    if (family === 4) point.heard4Ms = Math.max(point.heard4Ms, nowMs);
    else point.heard6Ms = Math.max(point.heard6Ms, nowMs);
  }

  /** Later signs of life of a vantage point that was met before; 0 where there was none. */
  noteHeard(name: string, heard4Ms: number, heard6Ms: number): void {
    const known = this.byName.get(name);
    if (known === undefined) return;
    if (heard4Ms > 0) known.heard4Ms = Math.max(known.heard4Ms, heard4Ms);
    if (heard6Ms > 0) known.heard6Ms = Math.max(known.heard6Ms, heard6Ms);
  }

  /** A feed that does not deliver moves its vantage points to *unknown*, not to *clear*. */
  setFeedLive(feed: string, live: boolean): void {
    if (live) this.stalled.delete(feed);
    else this.stalled.add(feed);
  }

  /** True while what this vantage point carries is what we last heard of it. */
  isUp(id: number): boolean {
    const point = this.byId(id);
    return point.up && !this.isUnheard(point);
  }

  /** Its feed does not deliver, or its collector does not. */
  private isUnheard({ feed, point }: KnownVantagePoint): boolean {
    if (this.stalled.has(feed)) return true;
    return this.silent.size > 0 && this.silent.get(feed)?.has(point.collector) === true;
  }

  /** The same as `setFeedLive`, for the vantage points of one collector. */
  setCollectorLive(feed: string, collector: string, live: boolean): void {
    const silent = this.silent.get(feed) ?? new Set();
    if (live) silent.delete(collector);
    else silent.add(collector);
    if (silent.size > 0) this.silent.set(feed, silent);
    else this.silent.delete(feed);
  }

  /** A collector had a gap up to input number `order`. */
  setCollectorGap(feed: string, collector: string, order: number): void {
    this.gaps.set(gapName(feed, collector), order);
    this.collectorGapped = true;
  }

  /** The session went down with input number `order`, or came up. Nothing is withdrawn by that. */
  setUp(id: number, isUp: boolean, order: number): void {
    const point = this.byId(id);
    point.up = isUp;
    if (!isUp) point.downOrder = order;
  }

  /** A feed had a gap up to input number `order`. */
  setGap(feed: string, order: number): void {
    this.gaps.set(feed, order);
  }

  /** How far a route that came with input `order` may be trusted to be what the vantage point carries now. */
  doubtOf(id: number, order: number): Doubt {
    const point = this.byId(id);
    if (point.downOrder >= order) return 2;
    if ((this.gaps.get(point.feed) ?? 0) >= order) return 1;
    if (!this.collectorGapped) return 0;
    return (this.gaps.get(gapName(point.feed, point.point.collector)) ?? 0) >= order ? 1 : 0;
  }

  /** How many of the family are up and were heard in the last 24 h. */
  known(family: Family, nowMs: number): number {
    let count = 0;
    for (const point of this.all) {
      const heardMs = family === 4 ? point.heard4Ms : point.heard6Ms;
      if (point.up && !this.isUnheard(point) && nowMs - heardMs <= HEARD_WITHIN_MS) count += 1;
    }
    return count;
  }
}

function gapName(feed: string, collector: string): string {
  return `${feed} ${collector}`;
}
