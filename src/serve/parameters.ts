/**
 * Query parameters: each is declared once, with its reader and its description, and used by the routes and by
 * OpenAPI alike. Unknown parameters are ignored; an unknown value, or the same parameter twice, is a 400.
 */
import { type Prefix, parsePrefix } from '../bgp/prefix.ts';
import { type Fault, Problem } from './problem.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Parameter<T = unknown> {
  readonly name: string;
  readonly description: string;
  readonly schema: JsonSchema;
  /** True where the description in OpenAPI says required. */
  readonly required?: boolean;
  /** True for lists by comma. */
  readonly list?: boolean;
  /** The value, or what would do. */
  read(text: string): { readonly value: T } | { readonly wanted: string };
}

/** The checked values of one request. */
export interface Query {
  get<T>(parameter: Parameter<T>): T | undefined;
}

/** Reads the declared parameters out of a request target; throws a 400 with every fault. */
export function readQuery(target: string, parameters: readonly Parameter[]): Query {
  const texts = queryTexts(target);
  const values = new Map<Parameter, unknown>();
  const faults: Fault[] = [];
  for (const parameter of parameters) {
    const found = readOne(parameter, texts.get(parameter.name) ?? []);
    if ('wanted' in found) faults.push({ at: parameter.name, detail: found.wanted });
    else values.set(parameter, found.value);
  }
  if (faults.length > 0) {
    const names = faults.map((fault) => `${fault.at}: ${fault.detail}`);
    throw new Problem(400, names.join('; '), { faults });
  }
  return { get: <T>(parameter: Parameter<T>) => values.get(parameter) as T | undefined };
}

function readOne(
  parameter: Parameter,
  texts: readonly (string | undefined)[],
): { readonly value: unknown } | { readonly wanted: string } {
  if (texts.length > 1) return { wanted: 'may stand once' };
  if (texts.length === 0) return parameter.required ? { wanted: 'is needed' } : { value: undefined };
  const text = texts[0];
  return text === undefined ? { wanted: 'percent-encoding of UTF-8 is needed' } : parameter.read(text);
}

/** Every value of every name; undefined for one whose encoding is broken. */
function queryTexts(target: string): ReadonlyMap<string, readonly (string | undefined)[]> {
  const texts = new Map<string, (string | undefined)[]>();
  const start = target.indexOf('?');
  if (start < 0) return texts;
  for (const part of target.slice(start + 1).split('&')) {
    const equals = part.indexOf('=');
    const name = decoded(equals < 0 ? part : part.slice(0, equals));
    if (name === undefined || name === '') continue;
    const value = decoded(equals < 0 ? '' : part.slice(equals + 1));
    texts.set(name, [...(texts.get(name) ?? []), value]);
  }
  return texts;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

const LIST_MAX = 100;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
export const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** A whole number of decimal digits from `min` on; beyond `clampMax` it counts as that. */
export function wholeNumber(
  name: string,
  description: string,
  range: { readonly min: number; readonly usual: number; readonly clampMax?: number },
): Parameter<number> {
  return {
    name,
    description,
    schema: { type: 'integer', minimum: range.min, default: range.usual },
    read(text) {
      const value = /^\d{1,30}$/.test(text) ? Number(text) : Number.NaN;
      const clamped = Math.min(value, range.clampMax ?? value);
      if (value >= range.min && Number.isSafeInteger(clamped)) return { value: clamped };
      return { wanted: `a whole number from ${range.min} on is needed` };
    },
  };
}

/** A list by comma of names from a closed list. */
export function namesOf(
  name: string,
  description: string,
  allowed: readonly string[],
): Parameter<readonly string[]> {
  return {
    name,
    description,
    list: true,
    schema: { type: 'array', items: { type: 'string', enum: allowed } },
    read(text) {
      const names = text.split(',');
      const known = names.length <= LIST_MAX && names.every((each) => allowed.includes(each));
      return known ? { value: names } : { wanted: `any of ${allowed.join(', ')} is needed, by comma` };
    },
  };
}

/** A list by comma of free names. */
export function textList(name: string, description: string): Parameter<readonly string[]> {
  return {
    name,
    description,
    list: true,
    schema: { type: 'array', items: { type: 'string', maxLength: 200 } },
    read(text) {
      const names = text.split(',');
      const good = names.length <= LIST_MAX && names.every((each) => isPlain(each, 200));
      return good ? { value: names } : { wanted: 'names by comma are needed, each of 1 to 200 characters' };
    },
  };
}

/** Free text on one line. */
export function plainText(name: string, description: string, lengthMax: number): Parameter<string> {
  return {
    name,
    description,
    schema: { type: 'string', minLength: 1, maxLength: lengthMax },
    read: (text) =>
      isPlain(text, lengthMax)
        ? { value: text }
        : { wanted: `text of 1 to ${lengthMax} characters is needed` },
  };
}

export function prefixParameter(name: string, description: string): Parameter<Prefix> {
  return {
    name,
    description,
    schema: { type: 'string', examples: ['211.249.216.0/21'] },
    read(text) {
      const prefix = wholePrefix(text);
      return prefix
        ? { value: prefix }
        : { wanted: 'a prefix without host bits is needed, as 211.249.216.0/21' };
    },
  };
}

/** An ISO time; the value is ISO 8601 UTC with milliseconds. */
export function timeParameter(name: string, description: string): Parameter<string> {
  return {
    name,
    description,
    schema: { type: 'string', format: 'date-time' },
    read(text) {
      // An unescaped `+09:00` arrives with a space for the plus sign.
      const value = readTime(text.replace(/ (?=\d\d:?\d\d$)/, '+'));
      return value === undefined
        ? { wanted: 'an ISO 8601 time with Z or offset is needed, as 2022-02-03T01:04:18Z' }
        : { value };
    },
  };
}

/** One line of 1 to `lengthMax` characters without control characters. */
export function isPlain(text: string, lengthMax: number): boolean {
  return text.length > 0 && text.length <= lengthMax && !CONTROL.test(text);
}

/** A prefix that says what it means: no host bits. */
export function wholePrefix(text: string): Prefix | undefined {
  const parsed = parsePrefix(text);
  return parsed === undefined || parsed.hostBits ? undefined : parsed.prefix;
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d))?$/;

/**
 * Reads an ISO 8601 date (midnight UTC), or date and time with zone, to UTC with milliseconds; undefined for anything
 * else, days that don't exist included, which `Date.parse` would carry over into the next month.
 */
export function readTime(text: string): string | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0] = match.slice(1, 4).map(Number);
  const midnight = new Date(Date.UTC(2000, month - 1, day));
  midnight.setUTCFullYear(year, month - 1, day);
  if (midnight.getUTCMonth() !== month - 1 || midnight.getUTCDate() !== day) return undefined;
  const zoned = text.replace(/([+-]\d\d)(\d\d)$/, (whole, hours: string, minutes: string) =>
    text.includes('T') ? `${hours}:${minutes}` : whole,
  );
  const ms = Date.parse(zoned);
  if (Number.isNaN(ms)) return undefined;
  const iso = new Date(ms).toISOString();
  return iso.length === 24 ? iso : undefined;
}
