/**
 * What proves that a feed sees, and how long a proof holds (detection.md §1, `feed-blind`). Only BGP messages prove sight: a
 * pong or an acknowledgement proves a socket. Pure; every time is a reading of one monotonic clock, in ms.
 *
 * A firehose always has something to say, and so has a filtered feed on whose connection KEEPALIVEs flow: each peer sends one
 * a minute or so. A filtered feed without them still hears of the fast beacons, announced or withdrawn every ten minutes.
 */

/** The fast beacons of RIS change every ten minutes (RIPE NCC, routing beacons). */
export const BEACON_RHYTHM_MS = 600_000;

export class Sight {
  /** Without a BGP message for this long, beyond the rhythm of the feed, it is blind. */
  readonly #blindAfterMs: number;
  #isFirehose = false;
  /** Since when silence counts on this connection: when it was subscribed, or the last BGP message on it. */
  #sinceMs = Number.NEGATIVE_INFINITY;
  #hasKeepalives = false;
  #hasSpoken = false;
  #lastMs: number | undefined;

  constructor(blindAfterMs: number) {
    this.#blindAfterMs = blindAfterMs;
  }

  /** The last BGP message on any connection; undefined: none ever came. */
  get lastMs(): number | undefined {
    return this.#lastMs;
  }

  /** A BGP message came on this connection. */
  get hasSpoken(): boolean {
    return this.#hasSpoken;
  }

  /** A connection was made. */
  connected(nowMs: number, isFirehose: boolean): void {
    this.#hasKeepalives = this.#hasSpoken = false;
    this.subscribed(nowMs, isFirehose);
  }

  /** Something else is subscribed on the same connection: silence counts anew. */
  subscribed(nowMs: number, isFirehose: boolean): void {
    this.#isFirehose = isFirehose;
    this.#sinceMs = Math.max(this.#sinceMs, nowMs);
  }

  /** A BGP message came. */
  message(nowMs: number, isKeepalive: boolean): void {
    this.#sinceMs = this.#lastMs = nowMs;
    this.#hasSpoken = true;
    this.#hasKeepalives ||= isKeepalive;
  }

  /** When the feed is blind if nothing comes until then. */
  get dueMs(): number {
    const rhythmMs = this.#isFirehose || this.#hasKeepalives ? 0 : BEACON_RHYTHM_MS;
    return this.#sinceMs + rhythmMs + this.#blindAfterMs;
  }

  /** Why it is blind at `nowMs`, for people. */
  reason(nowMs: number): string {
    const seconds = Math.round((nowMs - this.#sinceMs) / 1_000);
    if (this.#hasSpoken) return `no BGP message for ${seconds} s`;
    return `no BGP message within ${seconds} s of connecting: nothing proves that the feed sees`;
  }
}
