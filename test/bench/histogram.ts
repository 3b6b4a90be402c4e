/** Latencies in logarithmic cells, 5 % wide from 10 µs to 100 s: quantiles in constant memory. */

const LOWEST_MS = 0.01;
const STEP = Math.log(1.05);
const CELLS = 331;

export class Histogram {
  private readonly cells = new Uint32Array(CELLS);
  count = 0;
  maxMs = 0;

  add(ms: number): void {
    const cell = Math.floor(Math.log(Math.max(ms, LOWEST_MS) / LOWEST_MS) / STEP);
    this.cells[Math.min(CELLS - 1, cell)] += 1;
    this.count += 1;
    if (ms > this.maxMs) this.maxMs = ms;
  }

  /** Upper edge of the cell that holds the quantile (0…1), never above the maximum; undefined when empty. */
  quantileMs(quantile: number): number | undefined {
    if (this.count === 0) return undefined;
    const wanted = Math.max(1, Math.ceil(quantile * this.count));
    let seen = 0;
    for (let cell = 0; cell < CELLS; cell += 1) {
      seen += this.cells[cell]!;
      if (seen >= wanted) return Math.min(this.maxMs, LOWEST_MS * Math.exp((cell + 1) * STEP));
    }
    return this.maxMs;
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** The machine's monotonic clock, the same in all processes, in ms. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** One quantile (0…1) of a few values; undefined when there are none. */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}
