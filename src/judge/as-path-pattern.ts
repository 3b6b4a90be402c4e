/**
 * Reads the text of an AS path regular expression into a tree: the grammar half of `as-path-regex.ts`.
 * Everything an operator may get wrong comes back as a value with the position, for `FILE:LINE:COL`.
 */

export type RegexNode =
  /** One character out of a set; bits by `symbolBit`. */
  | { readonly type: 'symbols'; readonly mask: number }
  | { readonly type: 'start' | 'end' }
  | { readonly type: 'sequence' | 'choice'; readonly nodes: readonly RegexNode[] }
  | {
      readonly type: 'repeat';
      readonly node: RegexNode;
      readonly min: number;
      readonly max: number | undefined;
    };

export type ParsedPattern = { readonly node: RegexNode } | { readonly error: string; readonly at: number };

export const PATTERN_LENGTH_MAX = 1_000;
const REPETITIONS_MAX = 255;

/** All signs that a path's text form can hold, and the parentheses that routers print round confederations. */
const ALPHABET = '0123456789 ,{}()';
const ANY = 2 ** ALPHABET.length - 1;
const DIGITS = 2 ** 10 - 1;
const DELIMITERS = ANY & ~DIGITS;

/** The bit of a character code in a mask; 0 for what never stands in a path. */
export function symbolBit(code: number): number {
  if (code >= 48 && code <= 57) return 1 << (code - 48);
  const index = ALPHABET.indexOf(String.fromCharCode(code));
  return index < 0 ? 0 : 1 << index;
}

/** At most `PATTERN_LENGTH_MAX` characters. */
export function parseAsPathPattern(pattern: string): ParsedPattern {
  if (pattern === '') return { error: 'the pattern is empty', at: 0 };
  if (pattern.length > PATTERN_LENGTH_MAX) {
    return { error: `the pattern is longer than ${PATTERN_LENGTH_MAX} characters`, at: PATTERN_LENGTH_MAX };
  }
  const reader: Reader = { text: pattern, at: 0, isInSet: false, failure: undefined };
  const node = readChoice(reader);
  if (reader.failure === undefined && reader.at < pattern.length) fail(reader, 'this ) closes nothing');
  return reader.failure ?? { node };
}

interface Reader {
  readonly text: string;
  at: number;
  /** Between the braces of an AS_SET, the one place where a path has commas. */
  isInSet: boolean;
  failure: { readonly error: string; readonly at: number } | undefined;
}

/** Keeps the first failure and moves to the end, so that every loop comes to its own. */
function fail(reader: Reader, error: string, at = reader.at): void {
  reader.failure ??= { error, at };
  reader.at = reader.text.length;
}

const NOTHING: RegexNode = { type: 'sequence', nodes: [] };
const DELIMITER: RegexNode = {
  type: 'choice',
  nodes: [{ type: 'start' }, { type: 'end' }, { type: 'symbols', mask: DELIMITERS }],
};

function readChoice(reader: Reader): RegexNode {
  const nodes = [readSequence(reader)];
  while (reader.text[reader.at] === '|') {
    reader.at += 1;
    nodes.push(readSequence(reader));
  }
  return nodes.length === 1 ? (nodes[0] ?? NOTHING) : { type: 'choice', nodes };
}

function readSequence(reader: Reader): RegexNode {
  const nodes: RegexNode[] = [];
  for (let sign = reader.text[reader.at]; sign !== undefined; sign = reader.text[reader.at]) {
    if (sign === '|' || sign === ')') break;
    let node = readAtom(reader);
    // Behind a digit, class or group a brace repeats it; behind a space, `_` or `^` it begins an AS_SET.
    const bracesRepeat = /[0-9.\])dDs]/.test(reader.text[reader.at - 1] ?? '');
    for (;;) {
      const repeated = readRepetition(reader, node, bracesRepeat);
      if (repeated === undefined) break;
      node = repeated;
    }
    nodes.push(node);
  }
  return { type: 'sequence', nodes };
}

function readAtom(reader: Reader): RegexNode {
  const at = reader.at;
  const sign = reader.text[at] ?? '';
  reader.at += 1;
  switch (sign) {
    case '^':
      return { type: 'start' };
    case '$':
      return { type: 'end' };
    case '.':
      return { type: 'symbols', mask: ANY };
    case '_':
      return DELIMITER;
    case '[':
      return { type: 'symbols', mask: readClass(reader, at) };
    case '(':
      return readGroup(reader, at);
    case '\\':
      return { type: 'symbols', mask: readEscape(reader) };
    case '*':
    case '+':
    case '?':
      fail(reader, `nothing stands before this ${sign}`, at);
      return NOTHING;
    default:
      return { type: 'symbols', mask: literal(reader, sign, at) };
  }
}

function literal(reader: Reader, sign: string, at: number): number {
  const bit = sign.length === 1 ? symbolBit(sign.charCodeAt(0)) : 0;
  if (bit === 0) {
    const shown = JSON.stringify(String.fromCodePoint(reader.text.codePointAt(at) ?? 0));
    fail(reader, `${shown} never stands in an AS path: write numbers, without AS`, at);
  }
  if (sign === '{' || sign === '}') reader.isInSet = sign === '{';
  if (sign === ',' && !reader.isInSet) fail(reader, COMMA, at);
  return bit;
}

/** Other programs write paths with commas: taken silently, such an expression would never match. */
const COMMA = 'AS numbers are separated by a space or _; a comma stands only inside an AS_SET, {1,2}';

function readGroup(reader: Reader, at: number): RegexNode {
  const node = readChoice(reader);
  if (reader.text[reader.at] === ')') reader.at += 1;
  else fail(reader, 'this ( is never closed', at);
  return node;
}

function readEscape(reader: Reader): number {
  const sign = reader.text[reader.at];
  if (sign === undefined) {
    fail(reader, 'nothing stands behind this \\', reader.at - 1);
    return 0;
  }
  reader.at += 1;
  if (sign === 'd') return DIGITS;
  if (sign === 'D') return ANY & ~DIGITS;
  if (sign === 's') return symbolBit(32);
  return literal(reader, sign, reader.at - 1);
}

/** Inside `[ ]`: single signs and ranges of digits; a leading `^` turns it round. */
function readClass(reader: Reader, opened: number): number {
  const negated = reader.text[reader.at] === '^';
  if (negated) reader.at += 1;
  let mask = 0;
  const wasInSet = reader.isInSet;
  reader.isInSet = true;
  for (let sign = reader.text[reader.at]; sign !== ']'; sign = reader.text[reader.at]) {
    if (sign === undefined) {
      fail(reader, 'this [ is never closed', opened);
      return 0;
    }
    mask |= readClassPart(reader, sign);
  }
  reader.at += 1;
  reader.isInSet = wasInSet;
  // `[^,]` means a separator elsewhere; beside others, as in `[ ,{}]`, the comma is one of an AS_SET.
  if (mask === symbolBit(44)) fail(reader, COMMA, opened);
  if (mask === 0) fail(reader, 'this [ ] holds nothing', opened);
  return negated ? ANY & ~mask : mask;
}

function readClassPart(reader: Reader, sign: string): number {
  const at = reader.at;
  reader.at += 1;
  if (sign === '\\') return readEscape(reader);
  const range = /^([0-9])-([0-9])/.exec(reader.text.slice(at, at + 3));
  if (range === null) return sign === '_' ? DELIMITERS : literal(reader, sign, at);
  reader.at += 2;
  const [from, to] = [Number(range[1]), Number(range[2])];
  if (from > to) fail(reader, `the range ${range[0]} runs backwards`, at);
  let mask = 0;
  for (let digit = from; digit <= to; digit += 1) mask |= 1 << digit;
  return mask;
}

/** The node repeated as the next signs say; undefined when they say nothing of the kind. */
function readRepetition(reader: Reader, node: RegexNode, braces: boolean): RegexNode | undefined {
  const sign = reader.text[reader.at];
  if (sign === '*' || sign === '+' || sign === '?') {
    reader.at += 1;
    return { type: 'repeat', node, min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : undefined };
  }
  if (sign !== '{' || !braces) return undefined;
  const found = /^\{(\d*)(,?)(\d*)\}/.exec(reader.text.slice(reader.at));
  if (found === null || (found[1] === '' && found[3] === '')) {
    fail(reader, 'this { is no repetition; write \\{ for the brace of an AS_SET');
    return NOTHING;
  }
  const min = Number(found[1] || 0);
  const max = found[2] === '' ? min : found[3] === '' ? undefined : Number(found[3]);
  if (Math.max(min, max ?? 0) > REPETITIONS_MAX || (max !== undefined && max < min)) {
    fail(reader, `repetitions run from 0 to ${REPETITIONS_MAX}, the smaller first; \\{ begins an AS_SET`);
    return NOTHING;
  }
  reader.at += found[0].length;
  return { type: 'repeat', node, min, max };
}
