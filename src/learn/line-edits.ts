/**
 * Changes of a text that keep everything else as it is: splices at offsets → edits of whole lines, and the unified
 * difference that people read before they agree. Pure.
 */

/** Replaces `text.slice(start, end)`. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** From line `at` (0-based) on, `removed` lines go and `added` come. */
interface LineEdit {
  readonly at: number;
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

export interface Edited {
  readonly text: string;
  readonly edits: readonly LineEdit[];
  /** Lines of the text before. */
  readonly lines: readonly string[];
}

const CONTEXT_LINES = 3;

/** Applies splices that don't overlap; those at one offset in the order given. */
export function applySplices(text: string, splices: readonly Splice[]): Edited {
  const ordered = splices.map((splice, order) => ({ ...splice, order }));
  ordered.sort((a, b) => a.start - b.start || a.order - b.order);
  const edits: LineEdit[] = [];
  const starts = lineStarts(text);
  let result = '';
  let at = 0;
  for (let index = 0; index < ordered.length; ) {
    const group = groupAt(text, ordered, index);
    const { start, end, count } = group;
    let changed = '';
    let from = start;
    for (const splice of ordered.slice(index, index + count)) {
      changed += text.slice(from, splice.start) + splice.text;
      from = splice.end;
    }
    changed += text.slice(from, end);
    result += text.slice(at, start) + changed;
    edits.push({
      at: lineOf(starts, start),
      removed: linesOf(text.slice(start, end)),
      added: linesOf(changed),
    });
    at = end;
    index += count;
  }
  return { text: result + text.slice(at), edits, lines: linesOf(text) };
}

/** The splices from `index` on that touch the same lines, and the span of these lines; empty for lines put between. */
function groupAt(
  text: string,
  splices: readonly Splice[],
  index: number,
): { readonly start: number; readonly end: number; readonly count: number } {
  const first = splices[index] as Splice;
  const start = text.lastIndexOf('\n', first.start - 1) + 1;
  const isBetween = first.start === start && first.end === start && first.text.endsWith('\n');
  let end = isBetween ? start : endOfLine(text, first.end);
  let count = 1;
  for (let next = splices[index + count]; next !== undefined; next = splices[index + count]) {
    const joins = next.start < end || (next.start === first.start && next.end === first.end);
    if (!joins) break;
    if (!(next.start === start && next.end === start && next.text.endsWith('\n')))
      end = Math.max(end, endOfLine(text, next.end));
    count += 1;
  }
  return { start, end, count };
}

function endOfLine(text: string, offset: number): number {
  if (offset > 0 && text[offset - 1] === '\n' && offset === text.length) return offset;
  const newline = text.indexOf('\n', offset);
  return newline < 0 ? text.length : newline + 1;
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function lineOf(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** As `diff -u`; empty when nothing changes. */
export function unifiedDiff({ lines, edits }: Edited, before: string, after: string): readonly string[] {
  if (edits.length === 0) return [];
  const out = [`--- ${before}`, `+++ ${after}`];
  let shift = 0;
  for (let index = 0; index < edits.length; ) {
    const hunk = [edits[index] as LineEdit];
    let end = endOf(hunk[0] as LineEdit);
    for (let next = edits[index + hunk.length]; next !== undefined; next = edits[index + hunk.length]) {
      if (next.at - end > CONTEXT_LINES * 2) break;
      hunk.push(next);
      end = endOf(next);
    }
    shift += pushHunk(out, lines, hunk, shift);
    index += hunk.length;
  }
  return out;
}

function endOf(edit: LineEdit): number {
  return edit.at + edit.removed.length;
}

/** Returns by how much the hunk makes the text longer. */
function pushHunk(out: string[], lines: readonly string[], hunk: readonly LineEdit[], shift: number): number {
  const from = Math.max(0, (hunk[0]?.at ?? 0) - CONTEXT_LINES);
  const to = Math.min(lines.length, endOf(hunk.at(-1) as LineEdit) + CONTEXT_LINES);
  const body: string[] = [];
  let at = from;
  for (const edit of hunk) {
    for (; at < edit.at; at += 1) body.push(` ${lines[at] ?? ''}`);
    for (const line of edit.removed) body.push(`-${line}`);
    for (const line of edit.added) body.push(`+${line}`);
    at = endOf(edit);
  }
  for (; at < to; at += 1) body.push(` ${lines[at] ?? ''}`);
  const growth = hunk.reduce((sum, { added, removed }) => sum + added.length - removed.length, 0);
  const size = to - from;
  out.push(`@@ -${rangeOf(from, size)} +${rangeOf(from + shift, size + growth)} @@`, ...body);
  return growth;
}

/** An empty range names the line before it. */
function rangeOf(from: number, size: number): string {
  return `${size === 0 ? from : from + 1},${size}`;
}
