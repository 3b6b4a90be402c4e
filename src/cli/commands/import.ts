/**
 * `originwatch import bgpalerter FILE…` and `import artemis FILE`: a peer's files as our watchlist and configuration. What
 * has no equal here is said line by line on stderr; the result is read by our own reader before anything is written.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Item, MapItem } from '../../config/item.ts';
import { readYaml } from '../../config/item.ts';
import { ConfigError, Problems } from '../../config/problems.ts';
import { OperationalError } from '../../engine/errors.ts';
import { printable } from '../../words/printable.ts';
import { fileAdvice } from '../file-advice.ts';
import { isArtemis, readArtemis } from '../import/artemis.ts';
import { isConfiguration, readConfiguration, readReports } from '../import/bgpalerter-config.ts';
import { readPrefixes } from '../import/bgpalerter-prefixes.ts';
import { Imported, sortedRemarks, textIn } from '../import/imported.ts';
import {
  checkFiles,
  configurationOf,
  type ImportedFiles,
  writeFiles,
  writtenFiles,
} from '../import/written.ts';
import { Output } from '../output.ts';
import { counted } from '../table.ts';
import { type Streams, UsageError } from '../usage.ts';

export interface ImportOptions {
  /** A folder; undefined: everything is printed. */
  readonly out?: string;
  readonly json?: boolean;
}

interface PeerFile {
  readonly name: string;
  readonly root: Item;
}

export async function importBgpalerter(
  names: readonly string[],
  options: ImportOptions,
  io: Streams,
): Promise<number> {
  const problems = new Problems();
  const given = names.map((name) => readFile(name, problems));
  refuse(problems);
  const imported = new Imported();
  const configurations = given.filter(({ root }) => isConfiguration(root));
  let alarms: ReadonlyMap<string, string> = new Map();
  const lists = given.filter((file) => !configurations.includes(file));
  for (const { name, root } of configurations) {
    if (root.kind !== 'map') continue;
    const read = readConfiguration(root, imported);
    alarms = read.alarms;
    const groups = groupsOf(name, root, imported, problems);
    readReports(root, groups?.root, imported);
    // Its own list of files counts when none is given beside it.
    if (given.length === configurations.length)
      for (const { name: list } of read.prefixFiles)
        lists.push(readFile(resolve(dirname(name), list), problems, list));
  }
  refuse(problems);
  for (const { root } of lists) readPrefixes(root, alarms, imported);
  return finish(imported, 'bgpalerter', options, io);
}

/** The file of groups that a configuration names, when it is there. */
function groupsOf(name: string, root: MapItem, imported: Imported, problems: Problems): PeerFile | undefined {
  const file = textIn(root, 'groupsFile');
  if (file === '') return undefined;
  try {
    return readFile(resolve(dirname(name), file), problems, file);
  } catch {
    const at = root.pairs.get('groupsFile')?.keyAt ?? root.at;
    imported.remark(
      at,
      `the file of groups ${JSON.stringify(file)} cannot be read; its receivers are left out`,
    );
    return undefined;
  }
}

export async function importArtemis(
  names: readonly string[],
  options: ImportOptions,
  io: Streams,
): Promise<number> {
  const problems = new Problems();
  const given = names.map((name) => readFile(name, problems));
  refuse(problems);
  const imported = new Imported();
  for (const { name, root } of given) {
    if (!isArtemis(root))
      throw new UsageError(`${name} has no rules and prefixes: it is no configuration of ARTEMIS`);
    readArtemis(root, imported);
  }
  return finish(imported, 'artemis', options, io);
}

function readFile(path: string, problems: Problems, shown = path): PeerFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new OperationalError('input-unreadable', `${shown}: ${fileAdvice(cause)}`, { cause });
  }
  const root = readYaml(text, shown, problems);
  if (root === undefined) problems.add({ file: shown, line: 1, col: 1 }, 'the file is empty', 'name another');
  return { name: path, root: root ?? { kind: 'scalar', value: null, at: { file: shown, line: 1, col: 1 } } };
}

function refuse(problems: Problems): void {
  if (!problems.isEmpty) throw new ConfigError(problems.sorted());
}

async function finish(
  imported: Imported,
  peer: string,
  options: ImportOptions,
  io: Streams,
): Promise<number> {
  const files = writtenFiles(imported, peer);
  checkFiles(files);
  for (const { file, line, col, text } of sortedRemarks(imported.remarks))
    io.stderr.write(`${printable(`${file}:${line}:${col}: ${text}`)}\n`);
  if (options.out === undefined) await print(imported, files, options, io);
  else {
    for (const path of writeFiles(options.out, files)) io.stderr.write(`${path} written\n`);
    if (options.json === true) await print(imported, files, options, io);
  }
  const { entries, receivers, remarks } = imported;
  io.stderr.write(
    `${counted(entries.size, 'watch entry').replace('entrys', 'entries')}, ${counted(receivers.length, 'receiver')}; ${counted(remarks.length, 'line')} without an exact equal\n`,
  );
  return 0;
}

async function print(
  imported: Imported,
  { files, secrets }: ImportedFiles,
  options: ImportOptions,
  io: Streams,
): Promise<void> {
  const output = new Output(io.stdout);
  if (options.json === true) {
    const watchlist = { watch: [...imported.entries.values()] };
    const configuration = imported.hasConfiguration ? configurationOf(imported) : null;
    output.line(JSON.stringify({ watchlist, configuration, remarks: sortedRemarks(imported.remarks) }));
  } else
    for (const [name, text] of files) {
      if (files.size > 1) output.line(`--- # ${name}`);
      output.line(text.trimEnd());
    }
  await output.flush();
  if (secrets.size > 0 && options.out === undefined)
    io.stderr.write(
      `${counted(secrets.size, 'secret')} not shown; --out DIR writes each into a file of its own\n`,
    );
}
