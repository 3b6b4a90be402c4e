/**
 * Known links: pairs of ASes that stood next to each other on conforming paths, with who showed them and when. One sighting buys nothing:
 * a link is *firm* when `learnPeers` peer ASes showed it over `learnAfterHours`, or in one RIB snapshot, and somebody showed it within the
 * last 60 days (detection.md §3). Which paths teach is said in `engine/learner.ts`; what stands in the RIB at this moment, in `firm-links.ts`.
 */
import { grown, HashCells, mixed } from '../../rows/hash-cells.ts';

/** Links kept at most; the first ones stay. Crossing it is counted in `refused`. */
const LINKS_MAX = 1_000_000;
const LINKS_MIN = 64;
/** Peer ASes kept of a link that is not shown by enough yet. */
const PEERS_MAX = 16;
/** The last sighting moves in steps: the store is not written for every update. */
const SEEN_STEP_MS = 3_600_000;
/** In place of the time since when enough peer ASes show it. */
const NOT_SHOWN = -2;
/** A RIB snapshot showed it by enough peer ASes: that is firm at once. */
const IN_SNAPSHOT = -1;

export interface LinkRules {
  readonly learnPeers: number;
  readonly learnAfterMs: number;
}

export class KnownLinks {
  rules: LinkRules;
  /** Smaller and greater AS of each link, by its number. */
  private lows = new Int32Array(LINKS_MIN);
  private highs = new Int32Array(LINKS_MIN);
  private lastSeen = new Float64Array(LINKS_MIN);
  private shownSince = new Float64Array(LINKS_MIN);
  /** Peer ASes that showed it in the stream, and in a snapshot, while they are not enough. */
  private readonly peers = new Map<number, number[]>();
  private readonly snapshotPeers = new Map<number, number[]>();
  private readonly index = new HashCells();
  refused = 0;

  constructor(rules: LinkRules) {
    this.rules = rules;
  }

  /** In either direction. Numbers may be signed words. */
  has(a: number, b: number): boolean {
    return this.find(a, b) >= 0;
  }

  /** Nothing would change if this peer AS showed it again now. For the hot path. */
  isSettled(a: number, b: number, peerAsn: number, nowMs: number): boolean {
    const link = this.find(a, b);
    if (link < 0 || nowMs - this.lastSeen[link]! >= SEEN_STEP_MS) return false;
    return this.shownSince[link] !== NOT_SHOWN || (this.peers.get(link)?.includes(peerAsn) ?? false);
  }

  /** A conforming path showed it. True when there is something new to remember. */
  see(
    a: number,
    b: number,
    from: { readonly peerAsn: number; readonly isSnapshot: boolean },
    nowMs: number,
  ): boolean {
    const known = this.find(a, b);
    const link = known >= 0 ? known : this.add(a, b);
    if (link < 0) return false;
    const isLater = known < 0 || nowMs - this.lastSeen[link]! >= SEEN_STEP_MS;
    const isNews = this.join(link, from, nowMs);
    if (!isLater && !isNews) return false;
    this.lastSeen[link] = Math.max(this.lastSeen[link]!, nowMs);
    return true;
  }

  private join(
    link: number,
    { peerAsn, isSnapshot }: { peerAsn: number; isSnapshot: boolean },
    nowMs: number,
  ): boolean {
    if (this.shownSince[link] === IN_SNAPSHOT) return false;
    const isShownBefore = this.shownSince[link] !== NOT_SHOWN;
    if (isSnapshot && this.joinOne(this.snapshotPeers, link, peerAsn)) {
      if (this.isEnough(this.snapshotPeers, link)) this.show(link, IN_SNAPSHOT);
      else if (!isShownBefore) this.joinStream(link, peerAsn, nowMs);
      return true;
    }
    return !isShownBefore && this.joinStream(link, peerAsn, nowMs);
  }

  private joinStream(link: number, peerAsn: number, nowMs: number): boolean {
    const isNew = this.joinOne(this.peers, link, peerAsn);
    if (this.isEnough(this.peers, link)) this.show(link, nowMs);
    return isNew;
  }

  private joinOne(of: Map<number, number[]>, link: number, peerAsn: number): boolean {
    const peers = of.get(link) ?? [];
    if (peers.length >= PEERS_MAX || peers.includes(peerAsn)) return false;
    of.set(link, [...peers, peerAsn]);
    return true;
  }

  private isEnough(of: Map<number, number[]>, link: number): boolean {
    return (of.get(link)?.length ?? 0) >= Math.min(this.rules.learnPeers, PEERS_MAX);
  }

  private show(link: number, sinceMs: number): void {
    this.shownSince[link] = sinceMs;
    this.peers.delete(link);
    if (sinceMs === IN_SNAPSHOT) this.snapshotPeers.delete(link);
  }

  /** Enough peer ASes showed it for long enough, or a snapshot did. */
  hasAged(a: number, b: number): boolean {
    const link = this.find(a, b);
    if (link < 0) return false;
    const since = this.shownSince[link]!;
    if (since === NOT_SHOWN || since === IN_SNAPSHOT) return since === IN_SNAPSHOT;
    return this.lastSeen[link]! - since >= this.rules.learnAfterMs;
  }

  /** ms; −Infinity: never. */
  lastSeenMs(a: number, b: number): number {
    const link = this.find(a, b);
    return link < 0 ? Number.NEGATIVE_INFINITY : this.lastSeen[link]!;
  }

  /** As the store keeps it. */
  written(a: number, b: number): string {
    const link = this.find(a, b);
    const kept = [
      this.lastSeen[link],
      this.shownSince[link],
      this.peers.get(link) ?? [],
      this.snapshotPeers.get(link) ?? [],
    ];
    return JSON.stringify(kept);
  }

  restore(a: number, b: number, written: string): void {
    const kept = JSON.parse(written) as unknown;
    // What an earlier version wrote does not say who showed it: it has to be seen again.
    if (!Array.isArray(kept)) return;
    const [lastSeen, shownSince, peers, snapshotPeers] = kept as [number, number, number[], number[]];
    const known = this.find(a, b);
    const link = known >= 0 ? known : this.add(a, b);
    if (link < 0) return;
    this.lastSeen[link] = lastSeen;
    this.shownSince[link] = shownSince;
    if (peers.length > 0) this.peers.set(link, peers);
    if (snapshotPeers.length > 0) this.snapshotPeers.set(link, snapshotPeers);
  }

  /** Number of a link that is not there yet; −1: there is no room. */
  private add(a: number, b: number): number {
    const link = this.index.size;
    if (link >= LINKS_MAX) {
      this.refused += 1;
      return -1;
    }
    if (link === this.lows.length) {
      this.lows = grown(this.lows);
      this.highs = grown(this.highs);
      this.lastSeen = grown(this.lastSeen);
      this.shownSince = grown(this.shownSince);
    }
    const low = Math.min(a >>> 0, b >>> 0) | 0;
    const high = Math.max(a >>> 0, b >>> 0) | 0;
    this.lows[link] = low;
    this.highs[link] = high;
    this.lastSeen[link] = Number.NEGATIVE_INFINITY;
    this.shownSince[link] = NOT_SHOWN;
    this.index.insert(hashOf(low, high), link);
    return link;
  }

  private find(a: number, b: number): number {
    const low = Math.min(a >>> 0, b >>> 0) | 0;
    const high = Math.max(a >>> 0, b >>> 0) | 0;
    const hash = hashOf(low, high);
    const { index } = this;
    for (let cell = index.start(hash); index.idAt(cell) >= 0; cell = index.after(cell)) {
      const link = index.idAt(cell);
      if (index.hashAt(cell) === hash && this.lows[link] === low && this.highs[link] === high) return link;
    }
    return -1;
  }
}

/** As it is remembered: `a-b` with a < b. */
export function linkName(a: number, b: number): string {
  const [left, right] = [a >>> 0, b >>> 0];
  return left < right ? `${left}-${right}` : `${right}-${left}`;
}

function hashOf(low: number, high: number): number {
  return mixed(mixed(0, low), high);
}
