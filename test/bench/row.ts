/** One row of the bench: what was measured, what it may be, and what stands beside it. */

/** `limit`: what this stack can do at all, no budget. `budget`: a row of performance.md §3. `beside`: good to know. */
export type RowSort = 'limit' | 'budget' | 'beside';

export interface Row {
  /** Lasting name: the next run is compared with the committed one by it. */
  readonly id: string;
  readonly what: string;
  readonly sort: RowSort;
  readonly unit: string;
  readonly value: number | null;
  readonly atMost?: number;
  readonly atLeast?: number;
  /** What else was seen: counts, rates, other quantiles. */
  readonly beside: Readonly<Record<string, number | null>>;
  /** Why there is no value, or what is amiss beside it: then the row is missed whatever the value. */
  readonly wrong?: string;
}

export function isMet(row: Row): boolean {
  if (row.value === null || row.wrong !== undefined) return false;
  if (row.atMost !== undefined && row.value > row.atMost) return false;
  return row.atLeast === undefined || row.value >= row.atLeast;
}

/** A row that could not be measured. */
export function failedRow(row: Pick<Row, 'id' | 'what' | 'sort' | 'unit'>, reason: string): Row {
  return { ...row, value: null, beside: {}, wrong: reason };
}

/** How large the bench is: `--quick` makes it smaller, not other. */
export interface Plan {
  readonly seed: number;
  readonly rounds: number;
  /** Messages in a reel. */
  readonly count: number;
  /** How often a round plays the reel. */
  readonly loops: number;
  /** Messages a second where latency is measured. */
  readonly rate: number;
  readonly isQuick: boolean;
}

export const MB = 1_048_576;
