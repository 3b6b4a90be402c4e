/**
 * Every bound of the HTTP server in one place, and the two counters of time that keep them:
 * a token bucket for rates and a window for failed log-ins. Both are bounded in memory themselves.
 */

export interface Limits {
  /** Requests a second of one reader, and how many may come at once. */
  readonly readsPerSecond: number;
  readonly readsBurst: number;
  /** Changes a second of one token. */
  readonly changesPerSecond: number;
  /** Failed log-ins a minute of one address. */
  readonly failedLoginsPerMinute: number;
  /** Ms for a request to arrive whole, and for a connection to make progress. */
  readonly slowMs: number;
  /** Ms for an answer that waits for others, as the test of the receivers does. */
  readonly longMs: number;
  /** Ms that requests in work have to end when the server closes. */
  readonly closeMs: number;
  /** How often slow connections are looked for, ms. */
  readonly sweepMs: number;
  readonly connectionsMax: number;
  readonly headerBytesMax: number;
  readonly bodyBytesMax: number;
  /** A baseline as NDJSON. */
  readonly importBytesMax: number;
  readonly streamsMax: number;
  /** Event streams of one reader. */
  readonly streamsPerReaderMax: number;
  /** What may wait unsent for one event stream before it is served from the archive. */
  readonly streamBufferBytesMax: number;
  /** Ms between two comments of an event stream; at most 15 s. */
  readonly heartbeatMs: number;
  /** Ms an event stream may take nothing at all while something waits. */
  readonly streamStallMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  readsPerSecond: 500,
  readsBurst: 1000,
  changesPerSecond: 10,
  failedLoginsPerMinute: 5,
  slowMs: 10_000,
  longMs: 120_000,
  closeMs: 1_000,
  sweepMs: 1_000,
  connectionsMax: 4_000,
  headerBytesMax: 16_384,
  bodyBytesMax: 65_536,
  importBytesMax: 33_554_432,
  streamsMax: 500,
  streamsPerReaderMax: 200,
  streamBufferBytesMax: 262_144,
  heartbeatMs: 10_000,
  streamStallMs: 30_000,
};

/** Keys remembered by one limit; the ones unused for longest go first. */
const KEYS_MAX = 10_000;

export interface RateLimit {
  /** Takes one; 0 when granted, else the seconds until one is free. */
  take(key: string): number;
}

/** A token bucket per key that starts full. */
export function createRateLimit(perSecond: number, burst: number, nowMs: () => number): RateLimit {
  const buckets = new Map<string, { left: number; atMs: number }>();
  return {
    take(key) {
      const now = nowMs();
      const bucket = buckets.get(key) ?? { left: burst, atMs: now };
      const gained = (Math.max(0, now - bucket.atMs) / 1000) * perSecond;
      const left = Math.min(burst, bucket.left + gained);
      const ok = left >= 1;
      remember(buckets, key, { left: ok ? left - 1 : left, atMs: now });
      return ok ? 0 : (1 - left) / perSecond;
    },
  };
}

export interface LoginGuard {
  /** Seconds until this address may try again; 0 when it may now. */
  lockedFor(address: string): number;
  failed(address: string): void;
}

/** Counts failures in a sliding minute, exactly. */
export function createLoginGuard(perMinute: number, nowMs: () => number): LoginGuard {
  const failures = new Map<string, readonly number[]>();
  const recent = (address: string): readonly number[] =>
    (failures.get(address) ?? []).filter((atMs) => nowMs() - atMs < 60_000);
  return {
    lockedFor(address) {
      const stamps = recent(address);
      if (stamps.length < perMinute) return 0;
      return ((stamps[0] ?? 0) + 60_000 - nowMs()) / 1000;
    },
    failed(address) {
      remember(failures, address, [...recent(address), nowMs()].slice(-perMinute));
    },
  };
}

/** Sets a key as the newest one and lets the oldest go beyond the bound. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= KEYS_MAX) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}
