/**
 * Configuration files in memory, for the tests of `config/`: nothing is written to disk.
 */
import { resolve } from 'node:path';
import { type LoadOptions, loadSettings } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problems.ts';
import type { Settings } from '../../src/config/settings.ts';
import type { WatchEntry } from '../../src/match/watchlist.ts';

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** One entry, so that a configuration under test has a sound watchlist. */
export const ONE_ENTRY = 'watch:\n  - prefix: 192.0.2.0/24\n';

/** Reads `files` (names relative to the working directory) and fails like the file system on all others. */
export function readFrom(files: Files): (path: string) => Uint8Array {
  const byPath = new Map(Object.entries(files).map(([name, content]) => [resolve(name), content]));
  return (path) => {
    const content = byPath.get(path);
    if (content === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return typeof content === 'string' ? new TextEncoder().encode(content) : content;
  };
}

/** Entries as objects, for looking at them. */
export interface ListedSettings extends Settings {
  readonly watchlist: Settings['watchlist'] & { readonly entries: readonly WatchEntry[] };
}

type Extra = Partial<Omit<LoadOptions, 'configPath' | 'readFile'>>;

/** Loads `c.yaml` out of `files`, the watchlist as a plain list; `w.yaml` has one entry unless it is among them. */
export function load(files: Files, extra: Extra = {}): ListedSettings {
  const readFile = readFrom({ 'w.yaml': ONE_ENTRY, ...files });
  const { settings } = loadSettings({ configPath: 'c.yaml', env: {}, readFile, ...extra });
  const { watchlist } = settings;
  return { ...settings, watchlist: { ...watchlist, entries: [...watchlist.entries] } };
}

/** A configuration with a sound watchlist and these lines. */
export function config(lines: string, extra: Extra = {}, files: Files = {}): ListedSettings {
  return load({ 'c.yaml': `watchlist: w.yaml\n${lines}`, ...files }, extra);
}

/** A sound configuration with this watchlist. */
export function watchlist(text: string, name = 'w.yaml'): ListedSettings {
  return load({ 'c.yaml': `watchlist: ${name}\n`, [name]: text });
}

/** The lines of the `ConfigError` that `run` throws, the last one is `N errors`. */
export function errorsOf(run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.format().split('\n');
    throw error;
  }
  throw new Error('it loaded without an error');
}
