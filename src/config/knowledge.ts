/**
 * The section `knowledge`: what the operator knows of the world beyond the watchlist. Each part stands in the YAML
 * itself or in a file, in the forms that are in use: CAIDA's `a|b|-1`, lists of AS names, Spamhaus ASN-DROP.
 */
import { parseAsn } from '../bgp/asn.ts';
import { type Item, plain, readYaml } from './item.ts';
import { readContacts } from './knowledge/contacts.ts';
import { readOrganisations } from './knowledge/organisations.ts';
import { readLines } from './lines.ts';
import { anything, type Complaint, isComplaint, TEXT_MAX } from './rules.ts';
import type { KnowledgeSettings } from './settings.ts';
import { noteUnknownKeys, readMap, shape } from './shape.ts';
import type { Sources } from './sources.ts';
import { kindOf, show } from './words.ts';

type Link = KnowledgeSettings['topology'][number];

const knowledgeShape = shape(() => ({
  siblings: anything(),
  topology: anything(),
  asNames: anything(),
  dropList: anything(),
  contacts: anything(),
  organisations: anything(),
}));

export function readKnowledge(item: Item | undefined, sources: Sources): KnowledgeSettings {
  const siblings: number[][] = [];
  const topology: Link[] = [];
  const asNames = new Map<number, string>();
  const dropList = new Set<number>();
  const isMap =
    item !== undefined &&
    readMap(item, knowledgeShape(), sources.problems, { what: 'the section knowledge' }) !== undefined;
  if (isMap && item.kind === 'map') {
    const part = (key: string): Item | undefined => item.pairs.get(key)?.value;
    readPart('siblings', part('siblings'), sources, new SiblingsReader(siblings));
    readPart('topology', part('topology'), sources, new TopologyReader(topology));
    readPart('asNames', part('asNames'), sources, new NamesReader(asNames));
    readPart('dropList', part('dropList'), sources, new DropReader(dropList));
  }
  const further = (key: string): Item | undefined =>
    isMap && item.kind === 'map' ? item.pairs.get(key)?.value : undefined;
  const contacts = readContacts(further('contacts'), sources);
  const organisations = readOrganisations(further('organisations'), sources);
  return { siblings, topology, asNames, dropList, contacts, organisations };
}

/** How one part is read: as an inline item, and as a line of its file. */
interface PartReader {
  /** `list` or `map`: what stands in the YAML. */
  readonly inline: 'list' | 'map';
  readonly example: string;
  takeItem(item: Item, key: string): Complaint | undefined;
  takeLine(line: string, number: number): Complaint | undefined;
}

function readPart(name: string, item: Item | undefined, sources: Sources, reader: PartReader): void {
  if (item === undefined || (item.kind === 'scalar' && item.value === null)) return;
  if (item.kind === 'map' && item.pairs.has('file')) readPartFile(name, item, sources, reader);
  else readInline(name, item, sources, reader);
}

function readPartFile(
  name: string,
  item: Item & { kind: 'map' },
  sources: Sources,
  reader: PartReader,
): void {
  noteUnknownKeys(item, ['file'], sources.problems);
  const path = item.pairs.get('file')?.value;
  if (path?.kind !== 'scalar' || typeof path.value !== 'string' || path.value === '') {
    sources.problems.add(
      path?.at ?? item.at,
      `file of ${name} is ${kindOf(path && plain(path))}, no path`,
      'write the path of a file',
    );
    return;
  }
  const file = sources.beside(item.at.file, path.value);
  sources.problems.announce(file.shown);
  // Lists of AS names are often in Latin-1; a wrong letter in a name costs nobody the start of the daemon.
  const bytes = sources.bytes(file, path.at);
  const text =
    bytes &&
    (reader instanceof NamesReader ? new TextDecoder().decode(bytes) : sources.textOf(bytes, file.shown));
  if (text === undefined) return;
  const inline = /^\s*(#.*\s+)*(\[|-\s|\{\s*"?\d)/.test(text.slice(0, 10_000))
    ? readYaml(text, file.shown, sources.problems)
    : undefined;
  if (inline !== undefined) readInline(name, inline, sources, reader);
  else readLines(text, file.shown, sources, (line, number) => reader.takeLine(line, number));
}

function readInline(name: string, item: Item, sources: Sources, reader: PartReader): void {
  const { problems } = sources;
  if (item.kind !== reader.inline) {
    problems.add(item.at, `${name} is ${kindOf(plain(item))}`, `write ${reader.example}, or { file: PATH }`);
    return;
  }
  const inner = item.kind === 'list' ? item.items.map((each) => ['', each, each.at] as const) : [];
  const pairs =
    item.kind === 'map'
      ? [...item.pairs].map(([key, pair]) => [key, pair.value, pair.keyAt] as const)
      : inner;
  for (const [key, value, at] of pairs) {
    const complaint = reader.takeItem(value, key);
    if (complaint !== undefined) problems.add(at, complaint.found, complaint.remedy);
  }
}

const ASN_REMEDY = 'write 7625 or AS7625, from 0 to 4294967295';

function noAsn(text: unknown): Complaint {
  const shown = typeof text === 'string' || typeof text === 'number' ? show(text) : kindOf(text);
  return { found: `${shown} is no AS number`, remedy: ASN_REMEDY };
}

function toAsns(values: readonly unknown[]): number[] | Complaint {
  const asns: number[] = [];
  for (const value of values) {
    const asn = parseAsn(value);
    if (asn === undefined) return noAsn(value);
    asns.push(asn);
  }
  return asns;
}

class SiblingsReader implements PartReader {
  readonly inline = 'list';
  readonly example = 'a list of lists: [[7625, 38099]]';
  readonly #groups: number[][];

  constructor(groups: number[][]) {
    this.#groups = groups;
  }

  takeItem(item: Item): Complaint | undefined {
    const value = plain(item);
    if (!Array.isArray(value))
      return {
        found: `${kindOf(value)} where a list of siblings is expected`,
        remedy: `write ${this.example}`,
      };
    return this.#take(toAsns(value));
  }

  takeLine(line: string): Complaint | undefined {
    return this.#take(toAsns(line.split(/[\s,|]+/).filter((part) => part !== '')));
  }

  #take(asns: number[] | Complaint): Complaint | undefined {
    if (isComplaint(asns)) return asns;
    this.#groups.push([...new Set(asns)]);
    return undefined;
  }
}

/** -1: provider and customer; 0: peers; 1 and 2: siblings in some exports, here neighbours like peers. */
const LINK_KINDS: Readonly<Record<string, -1 | 0>> = { '-1': -1, '0': 0, '1': 0, '2': 0 };

class TopologyReader implements PartReader {
  readonly inline = 'list';
  readonly example = 'a list of "a|b|-1" and "a|b|0"';
  readonly #links: Link[];

  constructor(links: Link[]) {
    this.#links = links;
  }

  takeItem(item: Item): Complaint | undefined {
    const value = plain(item);
    return typeof value === 'string'
      ? this.takeLine(value)
      : { found: `${kindOf(value)} where a link is expected`, remedy: `write ${this.example}` };
  }

  /** CAIDA's serial-1 and serial-2: the latter has a fourth column that says how the link is known. */
  takeLine(line: string): Complaint | undefined {
    const [left = '', right = '', relation = '', ...rest] = line.split('|');
    const a = parseAsn(left);
    const b = parseAsn(right);
    const kind = LINK_KINDS[relation.trim()];
    if (a === undefined || b === undefined || kind === undefined || rest.length > 1)
      return {
        found: `${show(line)} is no link between two ASes`,
        remedy: 'write provider|customer|-1 or peer|peer|0',
      };
    this.#links.push({ a, b, relation: kind });
    return undefined;
  }
}

class NamesReader implements PartReader {
  readonly inline = 'map';
  readonly example = 'a map of AS number to name';
  readonly #names: Map<number, string>;

  constructor(names: Map<number, string>) {
    this.#names = names;
  }

  takeItem(item: Item, key: string): Complaint | undefined {
    const asn = parseAsn(key);
    const name = plain(item);
    if (asn === undefined) return noAsn(key);
    if (typeof name !== 'string')
      return {
        found: `the name of AS${asn} is ${kindOf(name)}`,
        remedy: 'write text, in quotes if it is a number',
      };
    this.#names.set(asn, cleanName(name));
    return undefined;
  }

  /** `AS38099 KAKAO - Kakao Corp, KR`, `38099 KAKAO`, `38099|KAKAO`, and the export with `<SEP>` between. */
  takeLine(line: string, number: number): Complaint | undefined {
    const match =
      /^(?:AS)?(\d{1,10})(?:<SEP>|[\s|,;:]+)(.*)$/i.exec(line) ?? /^(?:AS)?(\d{1,10})()$/i.exec(line);
    const asn = parseAsn(match?.[1]);
    if (match !== null && asn !== undefined) {
      const name = cleanName(match[2] ?? '');
      if (name !== '') this.#names.set(asn, name);
      return undefined;
    }
    const isHeading = number === 1 && /^"?asn?\b/i.test(line);
    return isHeading
      ? undefined
      : {
          found: `${show(line)} is no AS number with a name`,
          remedy: 'write AS38099 and the name behind it',
        };
  }
}

/** A name from outside: one line, at most 200 characters. */
function cleanName(name: string): string {
  return [...name.replace(/[\p{Cc}\p{Cs}\u2028\u2029]+/gu, ' ').trim()].slice(0, TEXT_MAX).join('');
}

class DropReader implements PartReader {
  readonly inline = 'list';
  readonly example = 'a list of AS numbers';
  readonly #asns: Set<number>;

  constructor(asns: Set<number>) {
    this.#asns = asns;
  }

  takeItem(item: Item): Complaint | undefined {
    return this.#take(plain(item));
  }

  /** One AS number a line, words behind it are a remark; or Spamhaus ASN-DROP, one JSON object a line. */
  takeLine(line: string): Complaint | undefined {
    if (line.startsWith(';')) return undefined;
    if (!line.startsWith('{')) return this.#take(line.split(/[\s;,|]/)[0]);
    try {
      const row = JSON.parse(line) as { asn?: unknown; type?: unknown };
      return row.asn === undefined && row.type === 'metadata' ? undefined : this.#take(row.asn);
    } catch {
      return {
        found: 'a line that is no JSON',
        remedy: 'write one AS number, or one JSON object with asn, a line',
      };
    }
  }

  #take(value: unknown): Complaint | undefined {
    const asn = parseAsn(value);
    if (asn === undefined) return noAsn(value);
    this.#asns.add(asn);
    return undefined;
  }
}
