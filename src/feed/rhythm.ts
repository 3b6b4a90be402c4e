/**
 * Which collectors of a feed keep their rhythm: who had one and falls silent is said to be, while the feed as a whole still
 * speaks. Beside `sight.ts`, which asks the same of the whole feed. Pure; every time is a reading of one monotonic clock, in ms.
 *
 * A peer sends KEEPALIVEs in a steady rhythm (RFC 4271 §4.4), so a collector with one such peer speaks at least as often. On a firehose
 * the longest pause so far is a rhythm too.
 */
import { BEACON_RHYTHM_MS } from './sight.ts';

/** Pauses of a peer that are kept: the longest of them is its rhythm. */
const PAUSES_MAX = 3;
/** The longest pause of a firehose is that of the last one to two windows of this length. */
const WINDOW_MS = 1_800_000;
/** On a firehose the pauses say nothing before so many messages. */
const MESSAGES_MIN = 5;
/** Whoever names more than these is not listened to: both are a few dozen, a few hundred. */
const COLLECTORS_MAX = 1_000;
const PEERS_MAX = 5_000;

export interface CollectorChange {
  readonly collector: string;
  readonly isSilent: boolean;
  /** How long ago it was heard last, ms. */
  readonly silentMs: number;
  readonly reason: string;
}

export interface CollectorSight {
  readonly collector: string;
  readonly isSilent: boolean;
  readonly silentMs: number;
}

interface Peer {
  lastMs: number;
  readonly pauses: number[];
}

interface Collector {
  readonly peers: Map<string, Peer>;
  readonly firstMs: number;
  lastMs: number;
  messages: number;
  /** The longest pauses of the window before, and of this one, which began at `windowMs`. */
  before: number;
  longest: number;
  windowMs: number;
  isSilent: boolean;
}

export class Rhythms {
  readonly #blindAfterMs: number;
  readonly #collectors = new Map<string, Collector>();

  constructor(blindAfterMs: number) {
    this.#blindAfterMs = blindAfterMs;
  }

  /** A BGP message came from it. */
  heard(name: string, nowMs: number): void {
    this.#note(name, nowMs);
  }

  /** A KEEPALIVE of one of its peers came. */
  keepalive(name: string, peer: string, nowMs: number): void {
    const collector = this.#note(name, nowMs);
    if (collector === undefined) return;
    const known = collector.peers.get(peer);
    if (known === undefined) {
      if (collector.peers.size < PEERS_MAX) collector.peers.set(peer, { lastMs: nowMs, pauses: [] });
      return;
    }
    known.pauses.push(nowMs - known.lastMs);
    if (known.pauses.length > PAUSES_MAX) known.pauses.shift();
    known.lastMs = nowMs;
  }

  #note(name: string, nowMs: number): Collector | undefined {
    const known = this.#collectors.get(name);
    if (known === undefined) return this.#meet(name, nowMs);
    if (nowMs - known.windowMs > WINDOW_MS) {
      known.before = known.longest;
      known.longest = 0;
      known.windowMs = nowMs;
    }
    known.longest = Math.max(known.longest, nowMs - known.lastMs);
    known.lastMs = nowMs;
    known.messages += 1;
    return known;
  }

  #meet(name: string, nowMs: number): Collector | undefined {
    if (this.#collectors.size >= COLLECTORS_MAX) return undefined;
    const made: Collector = {
      peers: new Map(),
      firstMs: nowMs,
      lastMs: nowMs,
      messages: 1,
      before: 0,
      longest: 0,
      windowMs: nowMs,
      isSilent: false,
    };
    this.#collectors.set(name, made);
    return made;
  }

  /** The feed itself delivered nothing until now: nobody's silence counts. */
  excuse(nowMs: number): void {
    for (const collector of this.#collectors.values()) {
      if (!collector.isSilent) collector.lastMs = nowMs;
      for (const peer of collector.peers.values()) peer.lastMs = nowMs;
    }
  }

  /** Who fell silent and who speaks again since the last look. */
  look(nowMs: number, isFirehose: boolean): readonly CollectorChange[] {
    const changes: CollectorChange[] = [];
    for (const [name, collector] of this.#collectors) {
      const silentMs = nowMs - collector.lastMs;
      const rhythmMs = this.#rhythmOf(collector, isFirehose);
      const isSilent = rhythmMs !== undefined && silentMs >= rhythmMs + this.#blindAfterMs;
      // Without a rhythm it stays what it was: only being heard ends a silence.
      if (isSilent === collector.isSilent || (!isSilent && silentMs > this.#blindAfterMs)) continue;
      collector.isSilent = isSilent;
      const seconds = Math.round(silentMs / 1_000);
      const reason = isSilent
        ? `no BGP message of collector ${name} for ${seconds} s`
        : `${name} is heard again`;
      changes.push({ collector: name, isSilent, silentMs, reason });
    }
    return changes;
  }

  sights(nowMs: number): readonly CollectorSight[] {
    return [...this.#collectors].map(([collector, { isSilent, lastMs }]) => ({
      collector,
      isSilent,
      silentMs: nowMs - lastMs,
    }));
  }

  /** The pause after which it is due to speak; undefined: it has no rhythm. */
  #rhythmOf(collector: Collector, isFirehose: boolean): number | undefined {
    let rhythmMs: number | undefined;
    for (const { lastMs, pauses } of collector.peers.values()) {
      const pauseMs = Math.max(...pauses);
      // A peer that was gone before the collector fell silent says nothing of it.
      if (pauses.length === 0 || collector.lastMs - lastMs > PAUSES_MAX * pauseMs + this.#blindAfterMs)
        continue;
      rhythmMs = Math.min(rhythmMs ?? pauseMs, pauseMs);
    }
    const observedMs = collector.lastMs - collector.firstMs;
    if (
      rhythmMs === undefined &&
      isFirehose &&
      collector.messages >= MESSAGES_MIN &&
      observedMs >= this.#blindAfterMs
    )
      rhythmMs = Math.max(collector.before, collector.longest);
    return rhythmMs === undefined ? undefined : Math.min(rhythmMs, BEACON_RHYTHM_MS);
  }
}
