/**
 * AS paths: left the vantage point's AS, right the origin, an AS_SET as its members (RFC 4271 §4.3, §9.2.2.2).
 * Confederation segments (RFC 5065) never leave a confederation and are dropped by the decoders.
 * Vocabulary; imports only its neighbours.
 */
import { parseAsn } from './asn.ts';

/** One AS, or the members of an AS_SET as they came. */
export type PathElement = number | readonly number[];
export type AsPath = readonly PathElement[];

/** As routers print it: `6461 9457`, `3356 {1,2}`. */
export function formatAsPath(path: AsPath): string {
  return path
    .map((element) => (typeof element === 'number' ? `${element}` : `{${element.join(',')}}`))
    .join(' ');
}

/** Reads what `formatAsPath` writes, `AS` in front of numbers allowed; undefined when it is no path. */
export function parseAsPath(text: string): AsPath | undefined {
  const path: PathElement[] = [];
  for (const token of text
    .trim()
    .replace(/\{\s*|\s*\}|\s*,\s*/g, (found) => found.trim())
    .split(/\s+/)) {
    if (token === '') continue;
    const set = /^\{([^{}]*)\}$/.exec(token);
    const members = (set === null ? [token] : (set[1] ?? '').split(',').filter((part) => part !== '')).map(
      parseAsn,
    );
    if (members.includes(undefined)) return undefined;
    const numbers = members.filter((member) => member !== undefined);
    path.push(set === null ? (numbers[0] ?? 0) : numbers);
  }
  return path;
}

/**
 * The origin: the last AS, or the members of a final AS_SET in ascending order without duplicates.
 * Empty for an empty path or an empty set: such a route has no origin.
 */
export function originsOf(path: AsPath): readonly number[] {
  const last = path.at(-1);
  if (last === undefined) return [];
  if (typeof last === 'number') return [last];
  return [...new Set(last)].sort((a, b) => a - b);
}

/** True when the path ends in an AS_SET (RFC 6811 calls its origin NONE). */
export function endsInSet(path: AsPath): boolean {
  return typeof path.at(-1) === 'object';
}

/** The path as single ASes without prepending; a set stands as itself. Sets equal by members count as prepending. */
export function withoutPrepending(path: AsPath): AsPath {
  return path.filter((element, index) => index === 0 || !sameElement(element, path[index - 1]));
}

function sameElement(a: PathElement | undefined, b: PathElement | undefined): boolean {
  if (typeof a === 'number' || typeof b === 'number' || a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((member, index) => member === b[index]);
}

/**
 * The ASes next to the origin, ascending and without duplicates: walking left from the end, the members of the first
 * element that is not made of origins alone. Several where an AS_SET stands there; empty when the path is the origin alone.
 */
export function neighborsOf(path: AsPath): readonly number[] {
  const origins = originsOf(path);
  for (let index = path.length - 2; index >= 0; index -= 1) {
    const element = path[index] ?? [];
    const members = typeof element === 'number' ? [element] : element;
    if (members.some((asn) => !origins.includes(asn))) return [...new Set(members)].sort((a, b) => a - b);
  }
  return [];
}

/** The only AS next to the origin. Undefined when nobody stands there, or an AS_SET of several. */
export function neighborOf(path: AsPath): number | undefined {
  const neighbors = neighborsOf(path);
  return neighbors.length === 1 ? neighbors[0] : undefined;
}

/** Every AS that stands anywhere on the path, sets included. */
export function asnsOf(path: AsPath): ReadonlySet<number> {
  return new Set(path.flatMap((element) => (typeof element === 'number' ? [element] : [...element])));
}

/** An AS returns after another one stood between: `7625 10158 7625`. Prepending is none. Sets count by their members. */
export function returnsOnPath(path: AsPath): boolean {
  const seen = new Set<number>();
  for (const element of withoutPrepending(path)) {
    for (const asn of typeof element === 'number' ? [element] : new Set(element)) {
      if (seen.has(asn)) return true;
      seen.add(asn);
    }
  }
  return false;
}
