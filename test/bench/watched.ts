/** What is watched at one scale of the bench: as an index in memory, and as files for the daemon. */
import { once } from 'node:events';
import { createWriteStream, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { prefixOf } from '../../src/bgp/prefix.ts';
import { loadScanner } from '../../src/daemon/scanner-file.ts';
import { AsnSet } from '../../src/match/asn-set.ts';
import { PrefixIndex } from '../../src/match/prefix-index.ts';
import { QuickReject } from '../../src/match/quick-reject.ts';
import { VantagePointTable } from '../../src/match/vantage-point-table.ts';
import type { Scale, World } from './world.ts';
import { declaresNeighbor } from './writer.ts';

/** The bench is compiled to a place of its own; what it measures is that of the sources. */
const SCANNER = resolve('src/match/scan/scanner.wasm');

export function quickRejectFor(world: World, scale: Scale): QuickReject {
  const index = new PrefixIndex();
  for (let order = 0; order < scale.watched; order += 1)
    index.insert(prefixOf(world.prefix(world.entryAt(order))), order);
  const watched = { index, holes: new Uint8Array(scale.watched), origins: new AsnSet([]) };
  const scanner = loadScanner(SCANNER);
  return new QuickReject(scanner, new VantagePointTable(scanner), watched);
}

export interface ConfigOptions {
  readonly port: number;
  readonly subscribe: 'firehose' | 'filtered';
  /** The group of the entry at this place in the watch order; default `bench`. */
  readonly groupOf?: (order: number) => string | undefined;
  /** Lines of YAML beside the usual ones. */
  readonly more?: readonly string[];
}

/** Writes `originwatch.yaml` and `watch.ndjson` into the folder; the path of the former. */
export async function writeConfig(
  folder: string,
  world: World,
  scale: Scale,
  options: ConfigOptions,
): Promise<string> {
  await writeWatchlist(folder, world, scale, options.groupOf);
  const feed = `{ type: ris-live, name: bench, url: "ws://127.0.0.1:${options.port}/", subscribe: ${options.subscribe} }`;
  const yaml = [
    'watchlist: watch.ndjson',
    `stateDirectory: ${join(folder, 'state')}`,
    `feeds: [${feed}]`,
    'serve: { listen: "127.0.0.1:0" }',
    'log: { level: info }',
    ...(options.more ?? []),
    '',
  ].join('\n');
  const path = join(folder, 'originwatch.yaml');
  writeFileSync(path, yaml);
  return path;
}

/** The list in place, replaced as a whole. The entries up to `changed` have another name than in the list before. */
export async function writeWatchlist(
  folder: string,
  world: World,
  scale: Scale,
  groupOf: (order: number) => string | undefined = () => undefined,
  changed = 0,
): Promise<void> {
  const file = join(folder, 'watch.ndjson');
  const list = createWriteStream(`${file}.new`);
  for (let order = 0; order < scale.watched; order += 1) {
    const entry = world.entryAt(order);
    const upstreams = declaresNeighbor(order, scale.watched) ? `,"upstreams":[${world.neighbor(entry)}]` : '';
    const name = order < changed ? `changed ${order}` : `bench ${order}`;
    const line = `{"prefix":"${world.prefix(entry)}","name":"${name}","group":"${groupOf(order) ?? 'bench'}","origins":[${world.origin(entry)}]${upstreams}}\n`;
    if (!list.write(line)) await once(list, 'drain');
  }
  list.end();
  await once(list, 'finish');
  await rename(`${file}.new`, file);
}
