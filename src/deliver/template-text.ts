/**
 * The small template language of the receiver `template`: `{{ name }}` puts a value in, escaped for where it stands;
 * `{{ name | filter argument }}` changes it first. No loops, no conditions, nothing is executed. Pure.
 *
 * Filters: `json` (the value with its quotes, for JSON), `cut N`, `upper`, `inert` (takes the meaning out of @, # and links, for chats),
 * `map a=b c=d *=e` (another word for each value).
 */
import { shorten } from './clean-text.ts';

/** What a value is made safe for: inside the quotes of a JSON string, a form or an address, or plain text. */
export type Escaping = 'json' | 'url' | 'none';

export type TemplateValues = Readonly<Record<string, string>>;

type Part = string | { readonly name: string; readonly filters: readonly Filter[] };
interface Filter {
  readonly name: FilterName;
  readonly argument: string;
}

export interface Template {
  readonly parts: readonly Part[];
}

const FILTERS = {
  json: (value: string) => JSON.stringify(value),
  cut: (value: string, argument: string) => shorten(value, Number(argument)),
  upper: (value: string) => value.toUpperCase(),
  inert: (value: string) => inert(value),
  map: (value: string, argument: string) => mapped(value, argument),
} as const;
type FilterName = keyof typeof FILTERS;

/** Throws an `Error` that says what is wrong, for the person who wrote it. */
export function parseTemplate(text: string, names: readonly string[]): Template {
  const parts: Part[] = [];
  let at = 0;
  for (const match of text.matchAll(/\{\{(.*?)\}\}/gs)) {
    parts.push(text.slice(at, match.index), parsePlace(match[1] ?? '', names));
    at = match.index + match[0].length;
  }
  const rest = text.slice(at);
  if (rest.includes('{{')) throw new Error('a {{ is never closed');
  return { parts: [...parts, rest] };
}

function parsePlace(inner: string, names: readonly string[]): Part {
  const [name = '', ...filters] = inner.split('|').map((piece) => piece.trim());
  if (!names.includes(name)) throw new Error(`{{${inner}}} names no value; there are ${names.join(', ')}`);
  return { name, filters: filters.map(parseFilter) };
}

function parseFilter(text: string): Filter {
  const [name = '', ...rest] = text.split(/\s+/);
  const argument = rest.join(' ');
  if (!Object.hasOwn(FILTERS, name))
    throw new Error(`"${name}" is no filter; there are ${Object.keys(FILTERS).join(', ')}`);
  if (name === 'cut' && !/^[1-9]\d{0,5}$/.test(argument))
    throw new Error('cut needs a number of characters: cut 200');
  if (name === 'map' && !/^\S+=\S*(?: \S+=\S*)*$/.test(argument))
    throw new Error('map needs pairs: map critical=P1 *=P3');
  return { name: name as FilterName, argument };
}

export function renderTemplate({ parts }: Template, values: TemplateValues, escaping: Escaping): string {
  return parts.map((part) => (typeof part === 'string' ? part : place(part, values, escaping))).join('');
}

function place(part: Exclude<Part, string>, values: TemplateValues, escaping: Escaping): string {
  let value = values[part.name] ?? '';
  let isEscaped = false;
  for (const { name, argument } of part.filters) {
    value = FILTERS[name](value, argument);
    isEscaped ||= name === 'json';
  }
  if (isEscaped || escaping === 'none') return value;
  return escaping === 'url' ? encodeURIComponent(value) : JSON.stringify(value).slice(1, -1);
}

function mapped(value: string, argument: string): string {
  const pairs = new Map(
    argument.split(' ').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  return pairs.get(value) ?? pairs.get('*') ?? value;
}

/** Takes the meaning out of `@name`, `#tag`, `/command`, `<tag>` and `scheme://`: chats make mentions and links of plain text. */
export function inert(text: string): string {
  return text
    .replaceAll('@', '＠')
    .replaceAll('#', '＃')
    .replaceAll('<', '‹')
    .replaceAll('>', '›')
    .replaceAll('://', '：//')
    .replace(/(^|\s)\/(?=\w)/g, '$1／');
}
