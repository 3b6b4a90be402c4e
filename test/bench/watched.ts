/** What is watched at one scale of the bench: as an index in memory, and as files for the daemon. */

import { once } from 'node:events';
import { createWriteStream, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { prefixOf } from '../../src/bgp/prefix.ts';
import { loadScanner } from '../../src/daemon/scanner-file.ts';
import { AsnSet } from '../../src/match/asn-set.ts';
import { PrefixIndex } from '../../src/match/prefix-index.ts';
import { QuickReject } from '../../src/match/quick-reject.ts';
import { VantagePointTable } from '../../src/match/vantage-point-table.ts';
import type { Scale, World } from './world.ts';

/** The bench is compiled to a place of its own; what it measures is that of the sources. */
const SCANNER = resolve('src/match/scan/scanner.wasm');

export function indexFor(world: World, scale: Scale): PrefixIndex {
  const index = new PrefixIndex();
  for (let order = 0; order < scale.watched; order += 1)
    index.insert(prefixOf(world.prefix(world.entryAt(order))), order);
  return index;
}

export function quickRejectFor(world: World, scale: Scale): QuickReject {
  const watched = {
    index: indexFor(world, scale),
    holes: new Uint8Array(scale.watched),
    origins: new AsnSet([]),
  };
  const scanner = loadScanner(SCANNER);
  return new QuickReject(scanner, new VantagePointTable(scanner), watched);
}

/** Writes `originwatch.yaml` and `watch.ndjson` into the folder; the path of the former. */
export async function writeConfig(folder: string, world: World, scale: Scale, port: number): Promise<string> {
  const list = createWriteStream(join(folder, 'watch.ndjson'));
  for (let order = 0; order < scale.watched; order += 1) {
    const entry = world.entryAt(order);
    const line = `{"prefix":"${world.prefix(entry)}","name":"bench ${order}","group":"bench","origins":[${world.origin(entry)}]}\n`;
    if (!list.write(line)) await once(list, 'drain');
  }
  list.end();
  await once(list, 'finish');
  const yaml = [
    'watchlist: watch.ndjson',
    `stateDirectory: ${join(folder, 'state')}`,
    'feeds:',
    `  - { type: ris-live, name: bench, url: "ws://127.0.0.1:${port}/", subscribe: firehose }`,
    'serve: { listen: "127.0.0.1:0" }',
    'log: { level: info }',
    '',
  ].join('\n');
  const path = join(folder, 'originwatch.yaml');
  writeFileSync(path, yaml);
  return path;
}
