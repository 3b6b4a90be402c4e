/** Writes by hand what the scanner writes for a plain frame: for tests of those who read the tape. */
import type { Prefix } from '../../src/bgp/prefix.ts';
import type { Update } from '../../src/bgp/update.ts';
import * as tape from '../../src/match/tape.ts';

/** Cells of a prefix as they stand on the tape. */
export function cellsOf({ family, length, words }: Prefix): number[] {
  return [(family << 8) | length, ...words.map((word) => word | 0)];
}

/**
 * One record that begins at `at`, at the end of an array that is otherwise zero. Spans and the hash stay zero: the row of
 * the vantage point is given beside the tape. Throws at what is never plain: an AS_SET, a missing stamp.
 */
export function tapeOf(update: Update, at = 0): Int32Array {
  const { observedMs, announced, withdrawn, path, communities } = update;
  if (observedMs === undefined) throw new Error('a plain frame has a stamp');
  const asns = path.map((element) => {
    if (typeof element !== 'number') throw new Error('a plain path has no AS_SET');
    return element | 0;
  });
  const head = new Array<number>(tape.HEAD_CELLS).fill(0);
  const lists: number[] = [];
  const list = (cell: number, count: number, cells: readonly number[]): void => {
    head[cell] = count;
    head[cell + 1] = at + tape.HEAD_CELLS + lists.length;
    lists.push(...cells);
  };
  list(tape.PATH_COUNT, asns.length, asns);
  list(
    tape.COMMUNITY_COUNT,
    communities.length,
    communities.map(([high, low]) => (high << 16) | low),
  );
  list(tape.ANNOUNCED_COUNT, announced.length, announced.flatMap(cellsOf));
  list(tape.WITHDRAWN_COUNT, withdrawn.length, withdrawn.flatMap(cellsOf));
  head[tape.NEXT] = at + head.length + lists.length;
  head[tape.PLAIN] = 1;
  head[tape.SECONDS] = Math.floor(observedMs / 1_000) | 0;
  head[tape.MILLIS] = observedMs % 1_000;
  return Int32Array.from([...new Array<number>(at).fill(0), ...head, ...lists]);
}
