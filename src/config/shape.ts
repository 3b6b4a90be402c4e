/**
 * Reading one map of the YAML tree against a schema of fastest-validator: unknown keys, types and ranges, each with
 * the position of the very key or value. The rules are in `rules.ts`.
 */
import FastestValidator from 'fastest-validator';
import type { Item, MapItem } from './item.ts';
import { plain } from './item.ts';
import type { Position, Problems } from './problems.ts';
import { kindOf, oneOf, show, suggest } from './words.ts';

/** A schema of one key, as fastest-validator takes it. Each use needs an object of its own: equal ones read as a cycle. */
export type Rule = { readonly type: string } & Record<string, unknown>;

interface ShapeError {
  readonly type: string;
  /** `origins` or `origins[2]`. */
  readonly field: string;
  readonly expected?: unknown;
  readonly actual?: unknown;
}

export interface Shape {
  readonly keys: readonly string[];
  readonly keySet: ReadonlySet<string>;
  /** Checks and converts in place; on errors the value is half converted and useless. */
  readonly check: (value: Record<string, unknown>) => true | readonly ShapeError[];
}

// Under nodenext the types of the package name its namespace, not its class.
const Validator = FastestValidator as unknown as typeof FastestValidator.default;

/** Compiles at the first use, so that importing this file runs nothing. */
export function shape(rules: () => Readonly<Record<string, Rule>>): () => Shape {
  let made: Shape | undefined;
  return () => {
    if (made !== undefined) return made;
    const schema = rules();
    const validator = new Validator({
      haltOnFirstError: false,
      useNewCustomCheckerFunction: true,
      considerNullAsAValue: true,
    });
    const check = validator.compile({ ...schema, $$strict: false } as never) as unknown as Shape['check'];
    const keys = Object.keys(schema);
    made = { keys, keySet: new Set(keys), check };
    return made;
  };
}

export interface ReadMapOptions {
  /** Keys that are allowed beside those of the shape and read elsewhere. */
  readonly also?: readonly string[];
  /** What is read, for the words: `a receiver`. */
  readonly what: string;
  /** Unknown keys are somebody else's affair. */
  readonly isOpen?: boolean;
}

/**
 * The map with its values checked and converted; what was wrong is noted and left out.
 * Undefined when the item is no map.
 */
export function readMap(
  item: Item,
  mapShape: Shape,
  problems: Problems,
  options: ReadMapOptions,
): Record<string, unknown> | undefined {
  if (item.kind !== 'map') {
    problems.add(
      item.at,
      `${kindOf(plain(item))} where ${options.what} is expected`,
      'write a map: key: value, one a line',
    );
    return undefined;
  }
  const known = [...mapShape.keys, ...(options.also ?? [])];
  if (options.isOpen !== true) noteUnknownKeys(item, known, problems);
  const value: Record<string, unknown> = {};
  for (const key of mapShape.keys) {
    const pair = item.pairs.get(key);
    if (pair !== undefined) value[key] = plain(pair.value);
  }
  const result = mapShape.check(value);
  if (result === true) return value;
  const failed = new Set<string>();
  for (const error of result) failed.add(noteShapeError(error, item, problems, options.what));
  return Object.fromEntries(Object.entries(value).filter(([key]) => !failed.has(key)));
}

/** Every key that is not among `known`, each with what was probably meant. */
export function noteUnknownKeys(item: MapItem, known: readonly string[], problems: Problems): void {
  for (const [key, pair] of item.pairs)
    if (!known.includes(key)) problems.add(pair.keyAt, `unknown key ${show(key)}`, suggest(key, known));
}

/** Notes one error where it stands and returns the key it is about. */
function noteShapeError(error: ShapeError, item: MapItem, problems: Problems, what: string): string {
  const [key, ...indices] = error.field.split(/[[\]]+/).filter((part) => part !== '');
  const name = key ?? error.field;
  const pair = item.pairs.get(name);
  if (pair === undefined) {
    problems.addAbsence(item.at, `${what} without ${name}`, `add ${name}`);
    return name;
  }
  // The package names the list where an item is nothing; people want to know which.
  const gaps =
    error.type === 'required' && pair.value.kind === 'list' ? pair.value.items.filter(isNothing) : [];
  const [found, remedy] = wordsOf(error, indices.length + gaps.length > 0 ? `an item of ${name}` : name);
  if (gaps.length === 0) problems.add(positionIn(pair.value, indices), found, remedy);
  for (const gap of gaps) problems.add(gap.at, found, remedy);
  return name;
}

function isNothing(item: Item): boolean {
  return item.kind === 'scalar' && item.value === null;
}

function positionIn(item: Item, indices: readonly string[]): Position {
  let inner = item;
  for (const index of indices) if (inner.kind === 'list') inner = inner.items[Number(index)] ?? inner;
  return inner.at;
}

/** The words for an error: our rules bring their own, those of the package are translated. */
function wordsOf(error: ShapeError, name: string): readonly [found: string, remedy: string] {
  const { expected, actual } = error;
  switch (error.type) {
    case 'found':
      return [`${name} ${actual}`, `${expected}`];
    case 'required':
      return [`nothing stands behind ${name}`, 'write a value or remove the key'];
    case 'number':
      if (typeof actual === 'number') return [`${name} is ${actual}`, 'write a finite number'];
      return [`${name} is ${kindOf(actual)}`, 'write a number, without quotes'];
    case 'numberInteger':
      return [`${name} is ${show(actual)}`, 'write a whole number'];
    case 'numberMin':
      return [`${name} is ${show(actual)}`, `write ${expected} or more`];
    case 'numberMax':
      return [`${name} is ${show(actual)}`, `write ${expected} or less`];
    case 'numberPositive':
      return [`${name} is ${show(actual)}`, 'write a number above 0'];
    case 'boolean':
      return [`${name} is ${kindOf(actual)}`, 'write true or false'];
    case 'enumValue':
      return enumWords(name, actual, `${expected}`.split(', '));
    case 'array':
      return [`${name} is ${kindOf(actual)}`, `write a list: [ … ]`];
    case 'arrayEmpty':
      return [`${name} is an empty list`, 'name at least one, or remove the key'];
    default:
      return [`${name} is ${kindOf(actual)}`, 'write what the shipped file shows for it'];
  }
}

function enumWords(name: string, actual: unknown, allowed: readonly string[]): readonly [string, string] {
  if (typeof actual === 'string') return [`${name} is ${show(actual)}`, suggest(actual, allowed)];
  return [`${name} is ${kindOf(actual)}`, `write ${oneOf(allowed)}`];
}
