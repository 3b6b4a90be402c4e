/** What was imported as files of ours: a configuration, a watchlist, and a file of its own for each secret. */
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { loadSettings } from '../../config/load.ts';
import { OperationalError } from '../../engine/errors.ts';
import { fileAdvice } from '../file-advice.ts';
import type { Imported } from './imported.ts';

export interface ImportedFiles {
  /** Names relative to the folder → texts. */
  readonly files: ReadonlyMap<string, string>;
  readonly secrets: ReadonlyMap<string, string>;
}

const CONFIGURATION = 'originwatch.yaml';
const WATCHLIST = 'watchlist.yaml';

export function configurationOf(imported: Imported): Record<string, unknown> {
  const { feed, sections, receivers, routes } = imported;
  return {
    watchlist: WATCHLIST,
    feeds: [feed],
    ...sections,
    ...(receivers.length > 0 && { receivers }),
    ...(routes.length > 0 && { routes }),
  };
}

/** `peer`: whose files it comes from, for the comment on top. */
export function writtenFiles(imported: Imported, peer: string): ImportedFiles {
  const lines = (value: unknown): string => stringify(value, { lineWidth: 0, flowCollectionPadding: true });
  const head = `# Made by: originwatch import ${peer}. What had no equal was said then; check it with: originwatch check\n`;
  const watch = [...imported.entries.values()];
  const files = new Map<string, string>();
  if (imported.hasConfiguration) files.set(CONFIGURATION, head + lines(configurationOf(imported)));
  files.set(WATCHLIST, head + (watch.length === 0 ? 'watch: []\n' : lines({ watch })));
  return { files, secrets: imported.secrets };
}

/** Throws `ConfigError` when what was made is not what our own reader takes. */
export function checkFiles({ files, secrets }: ImportedFiles): void {
  const folder = resolve('originwatch-import');
  const texts = new Map([...files, ...secrets].map(([name, text]) => [join(folder, name), text]));
  loadSettings({
    configPath: join(folder, CONFIGURATION),
    env: {},
    readFile: (path) => Buffer.from(texts.get(path) ?? `watchlist: ${WATCHLIST}\n`),
  });
}

/** Into a folder that has none of these files yet; nothing is written when one is there. */
export function writeFiles(folder: string, { files, secrets }: ImportedFiles): readonly string[] {
  const all = [...files, ...secrets].map(([name, text]) => ({
    path: join(folder, name),
    text,
    isSecret: secrets.has(name),
  }));
  const taken = all.find(({ path }) => existsSync(path));
  if (taken !== undefined)
    throw new OperationalError(
      'output-unwritable',
      `${taken.path} exists already; nothing was written: name another folder`,
    );
  try {
    for (const { path, text, isSecret } of all) {
      mkdirSync(dirname(path), { recursive: true, mode: isSecret ? 0o700 : 0o755 });
      writeFileSync(path, isSecret ? `${text}\n` : text, { mode: isSecret ? 0o600 : 0o644, flag: 'wx' });
      if (isSecret) chmodSync(path, 0o600);
    }
  } catch (cause) {
    throw new OperationalError('output-unwritable', `${folder}: ${fileAdvice(cause)}`, { cause });
  }
  return all.map(({ path }) => path);
}
