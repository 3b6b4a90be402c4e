/**
 * `knowledge.organisations`: which ASes belong to one organisation, as CAIDA's as2org tells it: text in both forms (with and without
 * `opaque_id`), JSON lines, plain or gzip; or inline, a map of a name to AS numbers. Called by `../knowledge.ts`; judging asks it
 * for the row `same-organisation`, and people read its names.
 */
import { gunzipSync } from 'node:zlib';
import { parseAsn } from '../../bgp/asn.ts';
import type { Organisations } from '../../judge/world.ts';
import { type Item, plain } from '../item.ts';
import { BoundedProblems } from '../problems.ts';
import { noteUnknownKeys } from '../shape.ts';
import type { Sources } from '../sources.ts';
import { kindOf, show } from '../words.ts';

const PROBLEMS_MAX = 20;
const TEXT_MAX = 200;
const EXAMPLE = 'write { file: PATH } of CAIDA’s as2org, or a map of a name to AS numbers';

export function readOrganisations(item: Item | undefined, sources: Sources): Organisations {
  const reader = new OrganisationsReader();
  const { of, names } = reader;
  if (item === undefined || (item.kind === 'scalar' && item.value === null)) return { of, names };
  if (item.kind !== 'map') sources.problems.add(item.at, `organisations is ${kindOf(plain(item))}`, EXAMPLE);
  else if (item.pairs.has('file')) readFile(item, sources, reader);
  else readInline(item, sources, reader);
  return { of, names };
}

class OrganisationsReader {
  readonly of = new Map<number, string>();
  readonly names = new Map<string, string>();

  /** False for a line of an unknown format. */
  take(line: string): boolean {
    return line.startsWith('{') ? this.takeJson(line) : this.takeColumns(line.split('|'));
  }

  /** `aut|changed|aut_name|org_id|opaque_id|source`, the same without `opaque_id`, and `org_id|changed|name|country|source`. */
  private takeColumns(columns: readonly string[]): boolean {
    const [first = '', , third = '', fourth = ''] = columns;
    if (columns.length < 5 || columns.length > 6) return false;
    const asn = /^\d+$/.test(first) ? parseAsn(first) : undefined;
    if (asn !== undefined) return this.join(asn, fourth);
    return columns.length === 5 && this.name(first, third);
  }

  private takeJson(line: string): boolean {
    const row = parsed(line);
    if (row === undefined || typeof row.organizationId !== 'string') return false;
    if (row.asn !== undefined) {
      const asn = parseAsn(row.asn);
      return asn !== undefined && this.join(asn, row.organizationId);
    }
    return typeof row.name === 'string' && this.name(row.organizationId, row.name);
  }

  join(asn: number, organisation: string): boolean {
    if (organisation === '') return false;
    this.of.set(asn, organisation);
    return true;
  }

  name(organisation: string, name: string): boolean {
    if (organisation === '') return false;
    const clean = [...name.replace(/[\p{Cc}\p{Cs}\u2028\u2029]+/gu, ' ').trim()].slice(0, TEXT_MAX).join('');
    if (clean !== '') this.names.set(organisation, clean);
    return true;
  }
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function readFile(item: Item & { kind: 'map' }, sources: Sources, reader: OrganisationsReader): void {
  noteUnknownKeys(item, ['file'], sources.problems);
  const path = item.pairs.get('file')?.value;
  if (path?.kind !== 'scalar' || typeof path.value !== 'string' || path.value === '') {
    const found = `file of organisations is ${kindOf(path && plain(path))}, no path`;
    sources.problems.add(path?.at ?? item.at, found, 'write the path of a file');
    return;
  }
  const file = sources.beside(item.at.file, path.value);
  sources.problems.announce(file.shown);
  const bytes = sources.bytes(file, path.at);
  const text = bytes === undefined ? undefined : textOf(bytes);
  if (bytes !== undefined && text === undefined)
    sources.problems.add(path.at, `${file.shown} is a damaged gzip file`, 'fetch it again');
  const bounded = new BoundedProblems(sources.problems, file.shown, PROBLEMS_MAX);
  for (const [index, line] of (text ?? '').split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#') || reader.take(line.trim())) continue;
    bounded.add(
      index + 1,
      `${show(line.slice(0, 80))} is no line of as2org`,
      'write aut|changed|name|org_id|source',
    );
  }
  bounded.close();
}

/** Names are often not in UTF-8; a wrong letter in one costs nobody the start of the daemon. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const whole = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
    return new TextDecoder().decode(whole);
  } catch {
    return undefined;
  }
}

function readInline(item: Item & { kind: 'map' }, sources: Sources, reader: OrganisationsReader): void {
  for (const [name, { value, keyAt }] of item.pairs) {
    const listed = plain(value);
    const asns = Array.isArray(listed) ? listed.map(parseAsn) : [undefined];
    if (asns.includes(undefined)) {
      sources.problems.add(
        keyAt,
        `the ASes of ${show(name)} are no list of AS numbers`,
        'write [7625, 38099]',
      );
      continue;
    }
    for (const asn of asns) reader.join(asn ?? 0, name);
    reader.name(name, name);
  }
}
