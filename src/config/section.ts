/**
 * What the readers of the configuration's sections share: lists, unique names, addresses to listen on.
 */
import { parseAddress } from '../bgp/address.ts';
import { type Item, plain } from './item.ts';
import type { Position, Problems } from './problems.ts';
import { kindOf, show } from './words.ts';

/** The items of a list; undefined when nothing stands there, none after a problem was noted. */
export function readList(
  item: Item | undefined,
  name: string,
  problems: Problems,
): readonly Item[] | undefined {
  if (item === undefined || (item.kind === 'scalar' && item.value === null)) return undefined;
  if (item.kind === 'list') return item.items;
  problems.add(item.at, `${name} is ${kindOf(plain(item))}`, 'write a list: - …, one below the other');
  return [];
}

export function textOf(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback;
}

/** Names that may stand once. */
export class UniqueNames {
  readonly #what: string;
  readonly #problems: Problems;
  readonly #first = new Map<string, Position>();

  constructor(what: string, problems: Problems) {
    this.#what = what;
    this.#problems = problems;
  }

  take(name: string, at: Position): void {
    const first = this.#first.get(name);
    if (first === undefined) this.#first.set(name, at);
    else
      this.#problems.add(
        at,
        `a second ${this.#what} named ${show(name)}, first at ${first.file}:${first.line}:${first.col}`,
        'give each a name of its own',
      );
  }

  has(name: string): boolean {
    return this.#first.has(name);
  }

  get names(): readonly string[] {
    return [...this.#first.keys()];
  }
}

export interface ListenAddress {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
}

const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;

/** Reads `host:port` with an IPv6 address in brackets; undefined when it is none. */
export function parseListen(text: string): ListenAddress | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, bracketed, bare, portText] = match;
  const port = Number(portText);
  if (port > 65_535) return undefined;
  if (bracketed !== undefined)
    return parseAddress(bracketed)?.family === 6 ? { host: bracketed, port } : undefined;
  const host = bare ?? '';
  const isAddress = /^[\d.]+$/.test(host) ? parseAddress(host) !== undefined : isHostName(host);
  return isAddress ? { host, port } : undefined;
}

export function isHostName(text: string): boolean {
  return HOST_NAME.test(text);
}

/** 127.0.0.0/8, ::1, both as IPv4-mapped IPv6, and `localhost`. */
export function isLoopback(host: string): boolean {
  if (/^localhost\.?$/i.test(host)) return true;
  const address = parseAddress(host);
  if (address === undefined) return false;
  const [first, second, third, fourth] = address.words;
  if (address.family === 4) return first >>> 24 === 127;
  if (first !== 0 || second !== 0) return false;
  return (third === 0 && fourth === 1) || (third === 0xffff && fourth >>> 24 === 127);
}
