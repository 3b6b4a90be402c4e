/**
 * The captured events of `../shared/data/events`: rows of RIBs, updates and withdrawals as RIS Live frames, what is
 * watched in each, and what has to be found. Read where they lie; absent, whoever asks is skipped.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { covers, type Prefix, parsePrefix } from '../../src/bgp/prefix.ts';

const EVENTS = new URL('../../../shared/data/events/', import.meta.url).pathname;
export const hasEvents = existsSync(EVENTS);

export interface Meta {
  readonly event: string;
  readonly category: 'origin_change' | 'forged_as_path' | 'prepend' | 'typo';
  readonly victim_prefix: string | null;
  readonly hijack_prefix: string;
  readonly victim_as: string;
  readonly hijack_as: string;
  readonly innocent_as: string | null;
  readonly prefixes: readonly string[];
  /** Unix seconds. */
  readonly first_hijacker_update: number;
}

interface Row {
  readonly ts: number;
  readonly collector: string;
  readonly peer: string;
  readonly type: 'rib' | 'updates' | 'withdrawal';
  readonly prefix: string;
  readonly path: string;
}

export interface Capture {
  readonly meta: Meta;
  /** RIS Live NDJSON, one frame a row. */
  readonly lines: readonly string[];
}

export function captureNames(): readonly string[] {
  if (!hasEvents) return [];
  return readdirSync(`${EVENTS}cho-tma19`)
    .filter((name) => name.endsWith('.ndjson.gz'))
    .map((name) => name.replace('.ndjson.gz', ''))
    .sort();
}

/** The rows as they were kept: whole seconds, no communities; the peer AS is the first of the path. */
export function readCapture(name: string): Capture {
  const [meta, ...rows] = jsonLines(`${EVENTS}cho-tma19/${name}.ndjson.gz`) as [{ meta: Meta }, ...Row[]];
  const lines = [...rows]
    .sort((a, b) => a.ts - b.ts)
    .map((row, index) => JSON.stringify({ type: 'ris_message', data: frameOf(row, index) }));
  return { meta: meta.meta, lines };
}

/** The same event as somebody else put it into RIS Live form. */
export function readReencoded(name: string): Capture {
  const lines = gunzipSync(readFileSync(`${EVENTS}rislive-reencoded/${name}.rislive.ndjson.gz`))
    .toString()
    .split('\n');
  return { meta: readCapture(name).meta, lines: lines.filter((line) => line !== '') };
}

function jsonLines(file: string): unknown[] {
  return gunzipSync(readFileSync(file))
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}

function frameOf(row: Row, index: number): Record<string, unknown> {
  const path = row.path
    .split(' ')
    .filter((part) => part !== '')
    .map((part) => (part.startsWith('{') ? part.slice(1, -1).split(',').map(Number) : Number(part)));
  const host = row.collector.startsWith('rrc') ? `${row.collector}.ripe.net` : row.collector;
  const common = {
    timestamp: row.ts,
    peer: row.peer,
    peer_asn: String(typeof path[0] === 'number' ? path[0] : 0),
    id: `${row.peer}-${index}`,
    host,
    type: 'UPDATE',
  };
  if (row.type === 'withdrawal') return { ...common, withdrawals: [row.prefix] };
  return { ...common, path, community: [], announcements: [{ next_hop: row.peer, prefixes: [row.prefix] }] };
}

/**
 * Victim prefix and victim AS. Where the capture names no victim prefix (a typing error in a prefix has no intended
 * victim): the least specific captured prefix that covers the announced one, which is that of the network it fell into.
 * The captures of prepending begin with the slip: what came before is what the operator declares, the upstreams of the victim.
 */
export function watchOf({ meta, lines }: Capture): readonly Record<string, unknown>[] {
  const victim = Number(meta.victim_as);
  const entry = { prefix: meta.victim_prefix ?? outermost(meta), origins: [victim], group: 'victim' };
  return [meta.category === 'prepend' ? { ...entry, upstreams: upstreamsOf(lines, victim) } : entry];
}

/** The ASes before the victim on the paths of the capture. */
function upstreamsOf(lines: readonly string[], victim: number): readonly number[] {
  const found = new Set<number>();
  for (const line of lines) {
    const { path = [] } = (JSON.parse(line) as { data: { path?: readonly number[] } }).data;
    const before = path[path.indexOf(victim) - 1];
    if (typeof before === 'number') found.add(before);
  }
  return [...found];
}

function outermost(meta: Meta): string {
  const taken = prefixOf(meta.hijack_prefix);
  const covering = meta.prefixes.map(prefixOf).filter((prefix) => covers(prefix, taken));
  return covering.sort((a, b) => a.length - b.length)[0]?.text ?? meta.hijack_prefix;
}

function prefixOf(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new Error(`no prefix: ${text}`);
  return parsed.prefix;
}
