/**
 * How long a feed waits before it connects again: at once, then 1 s, doubling with jitter up to 30 s.
 * Pure; the feed counts the tries and starts over after the first message or acknowledgement of a connection.
 */

export const RETRY_DELAY_FIRST_MS = 1_000;
export const RETRY_DELAY_MAX_MS = 30_000;

/**
 * Delay in ms before try number `tries` (0 is the first after a connection that worked, or ever).
 * `random` gives 0…1 and spreads the delay over ±20 %, so that clients cut off together don't come back together.
 */
export function retryDelayMs(tries: number, random: () => number): number {
  if (tries <= 0) return 0;
  const doubled = Math.min(RETRY_DELAY_FIRST_MS * 2 ** Math.min(tries - 1, 10), RETRY_DELAY_MAX_MS);
  return Math.min(Math.round(doubled * (0.8 + 0.4 * random())), RETRY_DELAY_MAX_MS);
}
