/**
 * YAML text → a tree of items that know where they stand. Everything in `config/` reads this tree, so that each
 * problem has its line and column. Anchors, aliases and merge keys are followed here, once and within a bound.
 */

import type { Alias, Document, Node, ParsedNode, Scalar, YAMLError, YAMLMap, YAMLSeq } from 'yaml';
import { isAlias, isCollection, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Position, Problems } from './problems.ts';
import { show } from './words.ts';

interface ItemBase {
  readonly at: Position;
}
export interface ScalarItem extends ItemBase {
  readonly kind: 'scalar';
  /** null for nothing. */
  readonly value: string | number | boolean | null;
}
export interface ListItem extends ItemBase {
  readonly kind: 'list';
  readonly items: readonly Item[];
}
export interface MapItem extends ItemBase {
  readonly kind: 'map';
  readonly pairs: ReadonlyMap<string, { readonly keyAt: Position; readonly value: Item }>;
}
export type Item = ScalarItem | ListItem | MapItem;

/** More values than this through aliases is a bomb, not a configuration. */
const ALIASED_VALUES_MAX = 100_000;

/** The first ones are real, the rest are echoes of them. */
const SYNTAX_PROBLEMS_MAX = 20;

/**
 * Reads one YAML document. Problems of syntax are noted with their position; what could be read in spite of them
 * is returned, undefined when that is nothing. `firstLine` places a text that is one line of a larger file.
 */
export function readYaml(text: string, file: string, problems: Problems, firstLine = 1): Item | undefined {
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1) + firstLine - 1, col: Math.max(col, 1) };
  };
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      version: '1.2',
    });
    for (const error of [...document.errors, ...document.warnings].slice(0, SYNTAX_PROBLEMS_MAX))
      noteSyntax(error, text, document, at, problems);
    return new TreeBuilder(at, problems).build(document);
  } catch {
    // The parser recurses: text that nests beyond the stack ends here, and so does what it never expected.
    problems.addSyntax(
      { file, line: firstLine, col: 1 },
      'this is no YAML that can be read',
      'nest less deeply, or start from the shipped file',
    );
    return undefined;
  }
}

const SYNTAX: Readonly<Record<string, readonly [found: string, remedy: string]>> = {
  ALIAS_PROPS: ['an alias with an anchor or a tag', 'write the alias alone'],
  BAD_ALIAS: ['an alias or anchor without a usable name', 'write &name and *name, or put the text in quotes'],
  BAD_COLLECTION_TYPE: ['a tag that does not fit what follows', 'remove the tag'],
  BAD_DIRECTIVE: ['a line with % that is no YAML directive', 'remove it'],
  BAD_DQ_ESCAPE: ['an unknown escape in double quotes', 'write \\\\ for a backslash, or use single quotes'],
  BAD_INDENT: ['indentation that does not fit the lines above', 'align it with its neighbours, by spaces'],
  BAD_PROP_ORDER: ['an anchor or tag at the wrong place', 'write it before the value'],
  BAD_SCALAR_START: ['text that starts with a reserved character', 'put the text in quotes'],
  BLOCK_AS_IMPLICIT_KEY: [
    'a map or list where a key is expected',
    'start it on a line of its own, or put the text in quotes',
  ],
  BLOCK_IN_FLOW: ['a block inside brackets', 'close the brackets first, or write it inside them'],
  MISSING_CHAR: [
    'a quote, bracket, comma or colon is missing',
    'close what was opened, or put the text in quotes',
  ],
  MULTILINE_IMPLICIT_KEY: [
    'a key that runs over several lines',
    'write the key on one line, followed by a colon',
  ],
  MULTIPLE_ANCHORS: ['more than one anchor', 'keep one'],
  MULTIPLE_DOCS: ['a second document in the file', 'keep one document a file'],
  MULTIPLE_TAGS: ['more than one tag', 'keep one'],
  TAB_AS_INDENT: ['a tab as indentation', 'indent by spaces'],
  TAG_RESOLVE_FAILED: ['an unknown tag', 'remove the tag; tags have no meaning here'],
  UNEXPECTED_TOKEN: [
    'something that does not belong here',
    'put the text in quotes, or check the line above',
  ],
};

/** The words are ours: those of the parser may quote the text, and the text may be a secret. */
function noteSyntax(
  error: YAMLError,
  text: string,
  document: Document.Parsed,
  at: (offset: number) => Position,
  problems: Problems,
): void {
  const offset = error.pos[0];
  const opened = /end with a|Missing closing/.test(error.message)
    ? openedBefore(offset, document)
    : undefined;
  if (opened !== undefined) {
    problems.addSyntax(
      at(opened),
      'a quote or bracket that is never closed',
      'close it, or put the text in quotes',
    );
    return;
  }
  const [found, remedy] = SYNTAX[error.code] ?? ['this is no YAML', 'check quotes, brackets and indentation'];
  problems.addSyntax(at(offset), found, isBareAddress(text, offset) ? BARE_ADDRESS : remedy);
}

/** Where the innermost quoted text or bracket begins that runs on to `offset`. */
function openedBefore(offset: number, document: Document.Parsed): number | undefined {
  let opened: number | undefined;
  let node = document.contents as Node | null | undefined;
  // Down the one branch that runs on to the offset: the parser's own visitor copies its path at every step.
  while (node?.range && node.range[0] < offset && node.range[2] >= offset) {
    const isQuoted = isScalar(node) && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE');
    if (isQuoted || (isCollection(node) && node.flow === true)) opened = node.range[0];
    const last: unknown = isCollection(node) ? node.items.at(-1) : undefined;
    node = (isPair(last) ? (last.value ?? last.key) : last) as Node | null | undefined;
  }
  return opened;
}

const BARE_ADDRESS = 'an IPv6 address with a port needs quotes: "[::1]:8480"';

/** True when the parser stumbled over `[::1]:8480`, which is a list in YAML. */
function isBareAddress(text: string, offset: number): boolean {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const address = /\[[0-9a-fA-F:.]+\]:\d+/.exec(text.slice(lineStart, offset + 60));
  return address !== null && lineStart + address.index <= offset;
}

interface Anchored {
  readonly item: Item | undefined;
  readonly size: number;
}

class TreeBuilder {
  readonly #at: (offset: number) => Position;
  readonly #problems: Problems;
  readonly #anchors = new Map<string, Anchored>();
  #size = 0;
  #aliased = 0;

  constructor(at: (offset: number) => Position, problems: Problems) {
    this.#at = at;
    this.#problems = problems;
  }

  build(document: Document.Parsed): Item | undefined {
    const contents = document.contents as ParsedNode | null;
    if (contents === null || (isScalar(contents) && contents.value === null)) return undefined;
    return this.#item(contents, contents.range[0]);
  }

  /** `fallback`: the offset to name where the node itself takes no room. */
  #item(node: Node | null, fallback: number): Item {
    if (node === null) return { kind: 'scalar', at: this.#at(fallback), value: null };
    const range = node.range ?? [fallback, fallback, fallback];
    const at = this.#at(range[0] === range[1] ? fallback : range[0]);
    if (isAlias(node)) return this.#alias(node, at);
    const anchor = (node as { anchor?: string }).anchor;
    const sizeBefore = this.#size;
    this.#size += 1;
    if (anchor !== undefined) this.#anchors.set(anchor, { item: undefined, size: 0 });
    const item = isMap(node)
      ? this.#map(node, at)
      : isSeq(node)
        ? this.#list(node, at)
        : this.#scalar(node as Scalar, at);
    if (anchor !== undefined) this.#anchors.set(anchor, { item, size: this.#size - sizeBefore });
    return item;
  }

  #scalar(node: Scalar, at: Position): ScalarItem {
    const value = node.value;
    const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    return { kind: 'scalar', at, value: isPlain ? value : typeof value === 'bigint' ? Number(value) : null };
  }

  #list(node: YAMLSeq, at: Position): ListItem {
    return {
      kind: 'list',
      at,
      items: node.items.map((item) => this.#item(item as Node | null, node.range?.[0] ?? 0)),
    };
  }

  #map(node: YAMLMap, at: Position): MapItem {
    const pairs = new Map<string, { keyAt: Position; value: Item }>();
    const merged: Item[] = [];
    for (const pair of node.items) {
      const keyNode = pair.key as Node | null;
      const keyOffset = keyNode?.range?.[0] ?? node.range?.[0] ?? 0;
      const keyAt = this.#at(keyOffset);
      const value = this.#item(pair.value as Node | null, keyOffset);
      const key = isScalar(keyNode) ? keyText(keyNode) : undefined;
      if (key === undefined)
        this.#problems.add(keyAt, 'a key that is no text', 'write a plain word and a colon');
      else if (key === '<<' && isAlias(pair.value)) merged.push(value);
      else if (pairs.has(key)) this.#noteTwice(key, keyAt, pairs.get(key)?.keyAt);
      else pairs.set(key, { keyAt, value });
    }
    for (const source of merged) {
      if (source.kind !== 'map')
        this.#problems.add(source.at, 'a merge of something that is no map', 'merge a map, as in <<: *name');
      else for (const [key, pair] of source.pairs) if (!pairs.has(key)) pairs.set(key, pair);
    }
    return { kind: 'map', at, pairs };
  }

  #noteTwice(key: string, keyAt: Position, first: Position | undefined): void {
    const where = first === undefined ? '' : `, first at ${first.file}:${first.line}:${first.col}`;
    this.#problems.add(keyAt, `the key ${show(key)} a second time${where}`, 'keep one of them');
  }

  #alias(node: Alias, at: Position): Item {
    const anchored = this.#anchors.get(node.source);
    if (anchored?.item === undefined) {
      const found = anchored === undefined ? 'an alias to nothing' : 'an alias to something that contains it';
      this.#problems.addSyntax(
        at,
        found,
        'write &name at the value above that is meant, or put the text in quotes',
      );
      return { kind: 'scalar', at, value: null };
    }
    this.#size += anchored.size;
    const before = this.#aliased;
    this.#aliased += anchored.size;
    if (this.#aliased <= ALIASED_VALUES_MAX) return anchored.item;
    if (before <= ALIASED_VALUES_MAX)
      this.#problems.addSyntax(
        at,
        `aliases stand for more than ${ALIASED_VALUES_MAX} values`,
        'write the values out',
      );
    return { kind: 'scalar', at, value: null };
  }
}

function keyText(key: Scalar): string | undefined {
  if (typeof key.value === 'string') return key.value;
  if (typeof key.value === 'number' || typeof key.value === 'boolean') return key.source ?? `${key.value}`;
  return undefined;
}

/** The item as plain data. A list of scalars and maps of them; deeper than the schemas go is never asked for. */
export function plain(item: Item): unknown {
  if (item.kind === 'scalar') return item.value;
  if (item.kind === 'list') return item.items.map(plain);
  return Object.fromEntries([...item.pairs].map(([key, pair]) => [key, plain(pair.value)]));
}
