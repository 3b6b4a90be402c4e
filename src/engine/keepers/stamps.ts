/** Which stamps of a collector can be believed; the engine and its fast path ask. What is impossible is shown as `clock`, and nothing is dropped for it. */

/** A collector's stamp further ahead of the arrival than this is impossible. */
export const FUTURE_MAX_MS = 3_600_000;

/** `nowMs`: the arrival. */
export function isPossibleStamp(observedMs: number | undefined, nowMs: number): boolean {
  return (
    observedMs !== undefined &&
    Number.isFinite(observedMs) &&
    observedMs > 0 &&
    observedMs - nowMs <= FUTURE_MAX_MS
  );
}
