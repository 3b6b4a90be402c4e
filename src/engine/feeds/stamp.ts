/** Which stamps of collectors can be true. */

/** A collector's stamp further ahead of the arrival than this is impossible. */
export const FUTURE_MAX_MS = 3_600_000;

export function isPossibleStamp(observedMs: number | undefined, nowMs: number): boolean {
  return (
    observedMs !== undefined &&
    Number.isFinite(observedMs) &&
    observedMs > 0 &&
    observedMs - nowMs <= FUTURE_MAX_MS
  );
}
