/** ExaBGP's own vectors of UPDATE messages with what they mean: every one that concerns IPv4 or IPv6 unicast. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatAddress, parseAddress } from '../../src/bgp/address.ts';
import { originsOf } from '../../src/bgp/as-path.ts';
import type { Problem } from '../../src/bgp/update.ts';
import { type ParsedUpdate, parseUpdate } from '../../src/decode/bgp/update.ts';
import { pathOf } from '../../src/decode/bgp/update-path.ts';
import type { Reachability } from '../../src/decode/bgp/update-reach.ts';
import { hexOf } from '../../src/decode/octets.ts';
import { hex } from './bytes.ts';

const DATA = '../shared/data/bgphex/exabgp/qa';

/** What a vector is expected to say, as text for comparison. */
interface Meaning {
  readonly announced: readonly string[];
  readonly withdrawn: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface Vector {
  readonly name: string;
  readonly bytes: Buffer;
  readonly meaning: Meaning;
  readonly addPath: boolean;
  readonly asnSize: 2 | 4;
}

type Json = Readonly<Record<string, never>>;
interface Announced {
  readonly nlri: string;
  readonly 'path-information'?: string;
}

const canonical = (text: string): string => {
  const address = parseAddress(text);
  return address === undefined ? text : formatAddress(address.family, address.words);
};

/** `prefix via next hop #path identifier`. */
const routeText = (nlri: string, nextHop: string | undefined, id: string | undefined): string =>
  `${nlri}${nextHop === undefined ? '' : ` via ${canonical(nextHop)}`}${id === undefined ? '' : ` #${id}`}`;

/** Reads ExaBGP's JSON; undefined where it is not about unicast. */
function fromJson(text: string): { readonly meaning: Meaning; readonly addPath: boolean } | undefined {
  // 64-bit values would lose digits as numbers.
  const json = JSON.parse(text.replace(/"value": ?(\d+)/g, '"value":"$1"')) as Json;
  const update = (json.neighbor as Json).message as Json | undefined;
  const { announce = {}, withdraw = {}, attribute = {} } = (update?.update ?? {}) as Record<string, Json>;
  const families = [...Object.keys(announce), ...Object.keys(withdraw)];
  if (update === undefined || families.some((family) => !/^ipv[46] unicast$/.test(family))) return undefined;
  const announced: string[] = [];
  const listed: Announced[] = [];
  for (const byNextHop of Object.values(announce) as Record<string, Announced[]>[])
    for (const [nextHop, items] of Object.entries(byNextHop))
      for (const item of items) {
        listed.push(item);
        announced.push(routeText(item.nlri, nextHop, item['path-information']));
      }
  const gone = Object.values(withdraw).flat() as unknown as Announced[];
  const withdrawn = gone.map((item) => routeText(item.nlri, undefined, item['path-information']));
  const addPath = [...listed, ...gone].some((item) => item['path-information'] !== undefined);
  return {
    meaning: { announced: announced.sort(), withdrawn: withdrawn.sort(), attributes: attribute },
    addPath,
  };
}

/** Reads the command that made a vector which has no JSON. */
function fromCommand(command: string | undefined): Meaning | undefined {
  if (/^announce eor ipv[46] unicast$/.test(command ?? ''))
    return { announced: [], withdrawn: [], attributes: {} };
  const route = /^announce (?:route|ipv[46] unicast) (\S+) next-hop (\S+)(.*)$/.exec(command ?? '');
  if (route === null) return undefined;
  const [, prefix = '', nextHop = '', rest = ''] = route;
  const number = (name: string): number | undefined => {
    const found = new RegExp(`${name} (\\d+)`).exec(rest)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const path = /as-path \[([\d ]*)\]/.exec(rest)?.[1];
  const communities = /(?<!-)community \[([^\]]*)\]/.exec(rest)?.[1];
  const attributes: Record<string, unknown> = {
    origin: /origin (\w+)/.exec(rest)?.[1],
    med: number('med'),
    'local-preference': number('local-preference'),
    'as-path':
      path === undefined ? undefined : { 0: { element: 'as-sequence', value: path.split(' ').map(Number) } },
    community: communities?.split(' ').map((pair) => pair.split(':').map(Number)),
    'atomic-aggregate': rest.includes('atomic-aggregate') ? true : undefined,
    aggregator: /aggregator (\S+)/.exec(rest.replace('atomic-aggregate', ''))?.[1],
  };
  return { announced: [routeText(prefix, nextHop, undefined)], withdrawn: [], attributes };
}

function encodingVectors(file: string): Vector[] {
  const vectors: Vector[] = [];
  let command: string | undefined;
  let raw: string | undefined;
  const add = (json: string | undefined): void => {
    if (raw === undefined) return;
    const bytes = hex(raw);
    const read = json === undefined ? undefined : fromJson(json);
    const meaning = json === undefined ? fromCommand(command) : read?.meaning;
    const asnSize = file.includes('no-asn4') ? 2 : 4;
    if (meaning !== undefined && bytes[18] === 2)
      vectors.push({
        name: `${file} ${vectors.length + 1}`,
        bytes,
        meaning,
        addPath: read?.addPath ?? false,
        asnSize,
      });
    raw = undefined;
  };
  for (const line of readFileSync(join(DATA, 'encoding', file), 'utf8').split('\n')) {
    const [, kind, text = ''] = /^[0-9A-Z]+:(cmd|raw|json):(.*)$/.exec(line.trim()) ?? [];
    if (kind === 'json') add(text);
    else if (kind !== undefined) add(undefined);
    if (kind === 'cmd') command = text;
    if (kind === 'raw') raw = text;
  }
  add(undefined);
  return vectors;
}

function decodingVectors(file: string): Vector[] {
  const [title = '', raw = '', json = ''] = readFileSync(join(DATA, 'decoding', file), 'utf8').split('\n');
  if (!/^update ipv[46] unicast/.test(title)) return [];
  const read = fromJson(json);
  return read === undefined ? [] : [{ name: file, bytes: hex(raw), ...read, asnSize: 4 }];
}

const hasData = existsSync(DATA);
const vectors = hasData
  ? [
      ...readdirSync(join(DATA, 'decoding')).flatMap(decodingVectors),
      ...readdirSync(join(DATA, 'encoding'))
        .filter((file) => file.endsWith('.ci'))
        .flatMap(encodingVectors),
    ]
  : [];

/** Read otherwise here: four default routes and a prefix are, by the bytes, a prefix with identifier 0 that nobody declared. */
const OTHERWISE: Readonly<Record<string, readonly string[]>> = {
  'ipv4-unicast-1': ['1.1.1.1/32 via 101.1.101.1 #0.0.0.0'],
};

const identifier = (id: number | undefined): string | undefined =>
  id === undefined ? undefined : [id >>> 24, (id >>> 16) & 255, (id >>> 8) & 255, id & 255].join('.');

function routesOf(parts: readonly Reachability[] | undefined): string[] {
  return (parts ?? []).flatMap(({ prefixes, nextHops }) =>
    prefixes.map(({ prefix, pathId }) => routeText(prefix.text, nextHops[0], identifier(pathId))),
  );
}

/** Our reading in the words of ExaBGP's JSON, for the attributes that the vector names. */
function attributesOf({ attributes }: ParsedUpdate): Readonly<Record<string, unknown>> {
  const path = pathOf(attributes.segments ?? []);
  return {
    origin: ['igp', 'egp', 'incomplete'][attributes.origin ?? -1],
    med: attributes.med,
    'local-preference': attributes.localPref,
    'as-path': path.length === 0 ? undefined : { 0: { element: 'as-sequence', value: path } },
    community: attributes.communities,
    'large-community': attributes.largeCommunities,
    'extended-community': attributes.extendedCommunities,
    'atomic-aggregate': attributes.atomicAggregate,
    aggregator:
      attributes.aggregator === undefined
        ? undefined
        : `${attributes.aggregator.asn}:${attributes.aggregator.address}`,
  };
}

function expectedOf(name: string, value: unknown): unknown {
  if (name !== 'extended-community') return value;
  return (value as { value: string }[]).map((item) => BigInt(item.value).toString(16).padStart(16, '0'));
}

test.skipIf(!hasData)('there are vectors to hold (../shared/data/bgphex/exabgp)', () => {
  expect(vectors.length).toBeGreaterThan(80);
  expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length);
});

test.skipIf(!hasData).each(vectors)('$name', ({ name: vector, bytes, meaning, addPath, asnSize }) => {
  const problems: Problem[] = [];
  const parsed = parseUpdate({ bytes, start: 19, end: bytes.length }, { asnSize, addPath }, problems);
  const classic = parsed.announced.map(({ prefix, pathId }) =>
    routeText(prefix.text, parsed.attributes.nextHop, identifier(pathId)),
  );
  expect([...classic, ...routesOf(parsed.attributes.reach)].sort()).toEqual(
    OTHERWISE[vector] ?? meaning.announced,
  );
  const gone = parsed.withdrawn.map(({ prefix, pathId }) =>
    routeText(prefix.text, undefined, identifier(pathId)),
  );
  expect([...gone, ...routesOf(parsed.attributes.unreach)].sort()).toEqual(meaning.withdrawn);
  const ours = attributesOf(parsed);
  for (const [name, value] of Object.entries(meaning.attributes)) {
    const unknown = /^attribute-0x(\w+)-0x(\w+)$/i.exec(name);
    if (unknown !== null) {
      const found = parsed.attributes.unknown?.find(
        ({ type }) => type === Number.parseInt(unknown[1] ?? '', 16),
      );
      expect(`0x${found?.hex}`.toLowerCase()).toBe(String(value).toLowerCase());
    } else if (value !== undefined)
      expect({ [name]: ours[name] }).toEqual({ [name]: expectedOf(name, value) });
  }
  // Not sound, and meant so: an AGGREGATOR of the wrong session type, and an attribute 153 that claims to be well-known.
  const meant =
    OTHERWISE[vector] === undefined
      ? /^AGGREGATOR|^unknown well-known attribute 153/
      : /reads with path identifiers/;
  expect(problems.filter(({ detail }) => !meant.test(detail))).toEqual([]);
  expect(originsOf(pathOf(parsed.attributes.segments ?? [])).length).toBeLessThanOrEqual(1);
  expect(hexOf(bytes, 0, 16)).toBe('f'.repeat(32));
});
