/**
 * Values as JSON and back: what inputs and remembered state are made of, for recordings. Beyond JSON it knows maps, sets,
 * bytes, prefixes and numbers that JSON has no word for; other iterables become lists. A key that is undefined is absent.
 */
import { Buffer } from 'node:buffer';
import { type Prefix, prefixOf } from '../../bgp/prefix.ts';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export function encodeValue(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $number: String(value) };
  if (typeof value !== 'object') throw new Error(`assert: a ${typeof value} cannot be written down`);
  if (Array.isArray(value)) return value.map(encodeValue);
  if (value instanceof Map) return { $map: [...value].map(encodeValue) };
  if (value instanceof Set) return { $set: [...value].map(encodeValue) };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (isPrefix(value)) return { $prefix: value.text };
  if (Symbol.iterator in value) return Array.from(value as Iterable<unknown>, encodeValue);
  const pairs = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(pairs.map(([key, part]) => [key, encodeValue(part)]));
}

/** Throws on what `encodeValue` did not make. */
export function decodeValue(json: unknown): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map(decodeValue);
  const { $number, $map, $set, $bytes, $prefix } = json as Readonly<Record<string, unknown>>;
  if (typeof $number === 'string') return Number($number);
  if (Array.isArray($map)) return new Map($map.map((pair) => decodeValue(pair) as [unknown, unknown]));
  if (Array.isArray($set)) return new Set($set.map(decodeValue));
  if (typeof $bytes === 'string') return new Uint8Array(Buffer.from($bytes, 'base64'));
  if (typeof $prefix === 'string') return prefixOf($prefix);
  return Object.fromEntries(Object.entries(json).map(([key, part]) => [key, decodeValue(part)]));
}

function isPrefix(value: object): value is Prefix {
  return 'words' in value && 'family' in value && 'text' in value && 'length' in value;
}
