/**
 * AS path regular expressions as operators write them on routers: judged on the path's text form, `3356 {1,2}`.
 * Called by `config/` (is the pattern sound?) and by the kind `path-policy`.
 *
 * POSIX-like: `.` `[0-9]` `[^0-9]` `*` `+` `?` `|` `( )` `{m,n}` `^` `$`, `\` before a sign, `\d`; a match anywhere in
 * the text counts. `_` is a delimiter: space, comma, brace, parenthesis, or either end of the path. A brace opens an
 * AS_SET where a term may begin (`_3356 {1,2}$`), and a repetition behind one (`[0-9]{4}`).
 *
 * A pattern becomes a Thompson automaton whose states are all walked at once, so a test costs at most
 * (length of the path) × (states) steps whatever the pattern: no backtracking, nothing for anybody to blow up.
 * Algorithm: K. Thompson, "Regular expression search algorithm", CACM 11(6), 1968.
 */
import { type AsPath, formatAsPath } from '../bgp/as-path.ts';
import { parseAsPathPattern, type RegexNode, symbolBit } from './as-path-pattern.ts';

/** More than any policy in use by far; a test then walks at most this many states a character. */
const STATES_MAX = 2_000;

const SYMBOL = 0;
const SPLIT = 1;
const START = 2;
const END = 3;
const ACCEPT = 4;

/** State i does `op[i]`: reads one of the symbols in `a[i]`, goes on to `a[i]` and `b[i]`, or to `a[i]` at an end. */
interface Automaton {
  readonly op: number[];
  readonly a: number[];
  readonly b: number[];
}

export type CompiledRegex =
  | { readonly regex: AsPathRegex }
  /** `at` counts characters from 0 into the pattern. */
  | { readonly error: string; readonly at: number };

/** Compiles once; an unsound or too large pattern is a value that says what and where. */
export function compileAsPathRegex(pattern: string): CompiledRegex {
  const parsed = parseAsPathPattern(pattern);
  if ('error' in parsed) return parsed;
  if (statesOf(parsed.node) > STATES_MAX) {
    return { error: `the pattern needs more than ${STATES_MAX} states: repeat less`, at: 0 };
  }
  const automaton: Automaton = { op: [], a: [], b: [] };
  emit(automaton, parsed.node);
  push(automaton, ACCEPT, 0, 0);
  return { regex: new AsPathRegex(pattern, automaton) };
}

/** A compiled pattern. Not to be shared between threads: it keeps its working lists between tests. */
export class AsPathRegex {
  readonly pattern: string;
  /** States walked by the last test: its cost, at most (characters + 1) × states. */
  steps = 0;
  private readonly automaton: Automaton;
  private readonly seenAt: Int32Array;
  private current: number[] = [];
  private next: number[] = [];
  private readonly pending: number[] = [];

  constructor(pattern: string, automaton: Automaton) {
    this.pattern = pattern;
    this.automaton = automaton;
    this.seenAt = new Int32Array(automaton.op.length);
  }

  get states(): number {
    return this.automaton.op.length;
  }

  test(path: AsPath): boolean {
    return this.testText(formatAsPath(path));
  }

  /** `text` as `formatAsPath` writes it. */
  testText(text: string): boolean {
    this.steps = 0;
    this.seenAt.fill(-1);
    this.current.length = 0;
    for (let at = 0; ; at += 1) {
      if (this.enter(0, at, text.length, this.current)) return true;
      if (at === text.length) return false;
      if (this.read(symbolBit(text.charCodeAt(at)), at + 1, text.length)) return true;
    }
  }

  /** Moves every current state over one symbol; true when that accepts. */
  private read(bit: number, at: number, end: number): boolean {
    const { a, b } = this.automaton;
    this.next.length = 0;
    for (const state of this.current) {
      if (((a[state] ?? 0) & bit) !== 0 && this.enter(b[state] ?? 0, at, end, this.next)) return true;
    }
    [this.current, this.next] = [this.next, this.current];
    return false;
  }

  /** Adds a state and all it leads to without reading to `list`, each once a position; true when one accepts. */
  private enter(first: number, at: number, end: number, list: number[]): boolean {
    const { op, a, b } = this.automaton;
    const { pending, seenAt } = this;
    pending.length = 0;
    pending.push(first);
    for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
      if (seenAt[state] === at) continue;
      seenAt[state] = at;
      this.steps += 1;
      const code = op[state];
      if (code === ACCEPT) return true;
      if (code === SYMBOL) list.push(state);
      else if (code === SPLIT) pending.push(b[state] ?? 0, a[state] ?? 0);
      else if (code === START ? at === 0 : at === end) pending.push(a[state] ?? 0);
    }
    return false;
  }
}

function push(automaton: Automaton, op: number, a: number, b: number): number {
  automaton.a.push(a);
  automaton.b.push(b);
  return automaton.op.push(op) - 1;
}

/** States that `emit` will make of a node; may be astronomically large, so it is asked first. */
function statesOf(node: RegexNode): number {
  switch (node.type) {
    case 'symbols':
    case 'start':
    case 'end':
      return 1;
    case 'sequence':
      return node.nodes.reduce((sum, part) => sum + statesOf(part), 0);
    case 'choice':
      return node.nodes.reduce((sum, part) => sum + statesOf(part) + 2, 0);
    case 'repeat': {
      const copies = node.max ?? Math.max(node.min, 1);
      return copies * (statesOf(node.node) + 2);
    }
  }
}

/** Appends the states of a node; whoever follows begins at the next free number. */
function emit(automaton: Automaton, node: RegexNode): void {
  const here = (): number => automaton.op.length;
  switch (node.type) {
    case 'symbols':
      push(automaton, SYMBOL, node.mask, here() + 1);
      break;
    case 'start':
      push(automaton, START, here() + 1, 0);
      break;
    case 'end':
      push(automaton, END, here() + 1, 0);
      break;
    case 'sequence':
      for (const part of node.nodes) emit(automaton, part);
      break;
    case 'choice':
      emitChoice(automaton, node.nodes);
      break;
    case 'repeat':
      emitRepeat(automaton, node.node, node.min, node.max);
      break;
  }
}

function emitChoice(automaton: Automaton, nodes: readonly RegexNode[]): void {
  const jumps: number[] = [];
  for (const [index, part] of nodes.entries()) {
    if (index === nodes.length - 1) {
      emit(automaton, part);
      continue;
    }
    const split = push(automaton, SPLIT, automaton.op.length + 1, 0);
    emit(automaton, part);
    jumps.push(push(automaton, SPLIT, 0, 0));
    automaton.b[split] = automaton.op.length;
  }
  for (const jump of jumps) {
    automaton.a[jump] = automaton.op.length;
    automaton.b[jump] = automaton.op.length;
  }
}

function emitRepeat(automaton: Automaton, node: RegexNode, min: number, max: number | undefined): void {
  const looped = max === undefined && min > 0;
  for (let copy = looped ? 1 : 0; copy < min; copy += 1) emit(automaton, node);
  if (looped) {
    const start = automaton.op.length;
    emit(automaton, node);
    push(automaton, SPLIT, start, automaton.op.length + 1);
    return;
  }
  if (max === undefined) {
    const split = push(automaton, SPLIT, automaton.op.length + 1, 0);
    emit(automaton, node);
    push(automaton, SPLIT, split, split);
    automaton.b[split] = automaton.op.length;
    return;
  }
  const splits: number[] = [];
  for (let copy = min; copy < max; copy += 1) {
    splits.push(push(automaton, SPLIT, automaton.op.length + 1, 0));
    emit(automaton, node);
  }
  for (const split of splits) automaton.b[split] = automaton.op.length;
}
