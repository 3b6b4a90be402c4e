/**
 * What the findings of one attack have in common, kept once: their rows, origins and paths. A hundred thousand hijacked
 * prefixes differ in their prefix and in the entry that watches it, and so does the text of their rows; in shared rows
 * a mark stands in the place of either, and `writtenOut` puts the prefix back where somebody reads them.
 */
import type { AsPath } from '../bgp/as-path.ts';
import type { Finding, Row } from './finding.ts';

/** In the place of the announced prefix, and of the watched one. No fact is a control character. */
const ANNOUNCED = '\u0001';
export const WATCHED = '\u0002';

/** What was shared lately; more attacks than that at a time share less. */
const KEPT_MAX = 16;

type Fact = string | number;

export class Sharing {
  private readonly rows = new Kept<readonly Row[]>();
  private readonly lists = new Kept<readonly number[]>();
  private readonly paths = new Kept<AsPath>();

  /** The same finding, with marks in its rows. `prefix`: the announced one. */
  finding(finding: Finding, prefix: string): Finding {
    const { watched, rows, expectedOrigins, originAs } = finding;
    return {
      ...finding,
      expectedOrigins: this.lists.of(expectedOrigins, isSameList),
      originAs: this.lists.of(originAs, isSameList),
      rows: this.marked(rows, prefix, watched.prefix.text),
    };
  }

  path(path: AsPath): AsPath {
    return this.paths.of(path, isSameList);
  }

  private marked(rows: readonly Row[], prefix: string, watched: string): readonly Row[] {
    const known = this.rows.find((kept) => isSameRows(kept, rows, prefix, watched));
    return known ?? this.rows.keep(rows.map((row) => replaced(row, (fact) => markOf(fact, prefix, watched))));
  }
}

/** Rows as they were judged for this prefix, of which marks may stand in them. */
export function writtenOut(rows: readonly Row[], prefix: string, watched: string): readonly Row[] {
  return rows.map((row) => {
    if (!row.facts.includes(ANNOUNCED) && !row.facts.includes(WATCHED)) return row;
    return replaced(row, (fact) => (fact === ANNOUNCED ? prefix : fact === WATCHED ? watched : fact));
  });
}

function replaced(row: Row, of: (fact: Fact) => Fact): Row {
  const { code, weight, source, facts } = row;
  return { code, weight, source, facts: facts.map(of) };
}

function markOf(fact: Fact, prefix: string, watched: string): Fact {
  return fact === prefix ? ANNOUNCED : fact === watched ? WATCHED : fact;
}

function isSameRows(kept: readonly Row[], rows: readonly Row[], prefix: string, watched: string): boolean {
  if (kept.length !== rows.length) return false;
  for (let at = 0; at < rows.length; at += 1) {
    const [a, b] = [kept[at] as Row, rows[at] as Row];
    if (a.code !== b.code || a.weight !== b.weight || a.source !== b.source) return false;
    if (a.facts.length !== b.facts.length) return false;
    for (let fact = 0; fact < a.facts.length; fact += 1)
      if (a.facts[fact] !== markOf(b.facts[fact] as Fact, prefix, watched)) return false;
  }
  return true;
}

/** Element by element; AS_SETs in a path are never the same. */
function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}

class Kept<T> {
  private readonly all: T[] = [];
  private next = 0;

  find(isMeant: (kept: T) => boolean): T | undefined {
    for (const kept of this.all) if (isMeant(kept)) return kept;
    return undefined;
  }

  keep(one: T): T {
    this.all[this.next] = one;
    this.next = (this.next + 1) % KEPT_MAX;
    return one;
  }

  of(one: T, isSame: (a: T, b: T) => boolean): T {
    return this.find((kept) => isSame(kept, one)) ?? this.keep(one);
  }
}
