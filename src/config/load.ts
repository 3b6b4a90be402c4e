/**
 * The way in: configuration and watchlist files → settings, complete, or one `ConfigError` with everything that is
 * wrong in all of them. Reads files and nothing else; a reload calls it again and swaps the result whole.
 */
import { readFileSync } from 'node:fs';
import { readDetection } from './detection.ts';
import { readBackfill, readFeeds, readRpki } from './feeds/feeds.ts';
import { type Item, plain } from './item.ts';
import { readKnowledge } from './knowledge.ts';
import { readHeartbeat, readNetwork } from './network.ts';
import { ConfigError, Problems } from './problems.ts';
import { readReceivers } from './receivers.ts';
import { readRoutes } from './routes.ts';
import * as rules from './rules.ts';
import { readServe } from './serve.ts';
import type { NetworkSettings, Settings } from './settings.ts';
import { readMap, shape } from './shape.ts';
import { type Environment, type FileName, type ReadFile, type SecretsOf, Sources } from './sources.ts';
import {
  type CheckedWatchlist,
  type KeptColumns,
  readWatchlists,
  type WatchlistName,
} from './watchlist-files.ts';
import { kindOf } from './words.ts';

export interface LoadOptions {
  /** As the user gave it: shown in problems, relative to the working directory. */
  readonly configPath: string;
  /** Instead of the configured watchlists (`--watchlist FILE`). */
  readonly watchlistPath?: string | undefined;
  /** Instead of `rpki.vrps` (`--vrps FILE`). */
  readonly vrpsPath?: string | undefined;
  readonly env: Environment;
  /** Long watchlists as they were kept, in the state directory that the configuration names; else they are read. */
  readonly keptIn?: ((stateDirectory: string | undefined) => KeptColumns) | undefined;
  /** The configured watchlist, when it was read already: its files are not read again. */
  readonly watchlist?: CheckedWatchlist | undefined;
  /** Whose secrets are resolved; default: everybody's. What is left alone cannot be revealed. */
  readonly secretsOf?: SecretsOf | undefined;
  /** Throws like `readFileSync`; the default is it. */
  readonly readFile?: ReadFile | undefined;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

const rootShape = shape(() => ({
  watchlist: rules.anything(),
  stateDirectory: rules.lineText(4_096),
  feeds: rules.anything(),
  backfill: rules.orNull(rules.anything()),
  rpki: rules.anything(),
  network: rules.anything(),
  heartbeat: rules.anything(),
  knowledge: rules.anything(),
  detection: rules.anything(),
  receivers: rules.anything(),
  routes: rules.anything(),
  serve: rules.anything(),
  log: rules.anything(),
}));
const logShape = shape(() => ({ level: rules.enumOf(LOG_LEVELS) }));

/** Throws `ConfigError` and nothing else, whatever stands in the files. */
export function loadSettings(options: LoadOptions): { readonly settings: Settings } {
  const problems = new Problems();
  const sources = new Sources(problems, options.env, options.readFile ?? readFileSync, options.secretsOf);
  const settings = readSettings(options, sources);
  const found = problems.sorted();
  if (found.length > 0) throw new ConfigError(found, sources.files);
  return { settings };
}

/** The section `network` alone, for commands that need nothing else of the configuration; direct where it cannot be read. */
export function loadNetwork(configPath: string, env: Environment): NetworkSettings {
  const sources = new Sources(new Problems(), env, readFileSync);
  const root = sources.yaml(sources.named(configPath), undefined);
  return readNetwork(root?.kind === 'map' ? root.pairs.get('network')?.value : undefined, sources);
}

function readSettings(options: LoadOptions, sources: Sources): Settings {
  const config = sources.named(options.configPath);
  const root = sources.yaml(config, undefined);
  const values = (root && readMap(root, rootShape(), sources.problems, { what: 'the configuration' })) ?? {};
  const section = (name: string): Item | undefined => {
    const item = root?.kind === 'map' ? root.pairs.get(name)?.value : undefined;
    return item === undefined || plainNull(item) ? undefined : item;
  };
  const watchlists =
    options.watchlistPath === undefined
      ? namesOf(section('watchlist'), root, sources)
      : [given(options.watchlistPath, sources)];
  const receivers = readReceivers(section('receivers'), sources);
  const stateDirectory = stateDirectoryOf(values.stateDirectory, config, sources);
  const feeds = readFeeds(section('feeds'), sources);
  const parts = {
    feeds,
    ownFeeds: new Set(feeds.filter((feed) => feed.type === 'bmp' && feed.ours).map(({ name }) => name)),
    backfill: readBackfill(root?.kind === 'map' ? root.pairs.get('backfill')?.value : undefined, sources),
    rpki: readRpki(section('rpki'), sources, options.vrpsPath),
    network: readNetwork(section('network'), sources),
    heartbeat: sources.ownedBy('heartbeat', () => readHeartbeat(section('heartbeat'), sources)),
    detection: readDetection(section('detection'), sources),
    receivers: receivers.settings,
    routes: readRoutes(section('routes'), receivers.names, sources),
    serve: sources.ownedBy('serve', () => readServe(section('serve'), sources)),
    log: { level: readLevel(section('log'), sources) },
    stateDirectory,
    watchlist: watchlistOf(options, watchlists, stateDirectory, sources),
    knowledge: readKnowledge(section('knowledge'), sources),
  };
  return { files: sources.files, ...parts };
}

function watchlistOf(
  options: LoadOptions,
  names: readonly WatchlistName[],
  stateDirectory: string | undefined,
  sources: Sources,
): CheckedWatchlist {
  if (options.watchlist === undefined)
    return readWatchlists(names, sources, options.keptIn?.(stateDirectory));
  for (const name of names) sources.note(name);
  return options.watchlist;
}

function plainNull(item: Item): boolean {
  return item.kind === 'scalar' && item.value === null;
}

function given(path: string, sources: Sources): WatchlistName {
  return { ...sources.named(path), namedAt: undefined };
}

/** `watchlist:` names one file or several, beside the configuration. */
function namesOf(item: Item | undefined, root: Item | undefined, sources: Sources): readonly WatchlistName[] {
  const { problems } = sources;
  const remedy = 'write watchlist: watchlist.yaml, or a list of files';
  if (item === undefined) {
    if (root?.kind === 'map') problems.addAbsence(root.at, 'no watchlist is named', remedy);
    return [];
  }
  const items = item.kind === 'list' ? item.items : [item];
  if (items.length === 0) problems.add(item.at, 'an empty list of watchlists', remedy);
  return items.flatMap((each) => {
    const path = plain(each);
    if (typeof path === 'string' && path !== '')
      return [{ ...sources.beside(each.at.file, path), namedAt: each.at }];
    problems.add(each.at, `watchlist is ${path === '' ? 'empty' : kindOf(path)}`, remedy);
    return [];
  });
}

function readLevel(item: Item | undefined, sources: Sources): Settings['log']['level'] {
  const values = item && readMap(item, logShape(), sources.problems, { what: 'the section log' });
  return (values?.level ?? 'info') as Settings['log']['level'];
}

function stateDirectoryOf(value: unknown, config: FileName, sources: Sources): string | undefined {
  return typeof value === 'string' ? sources.beside(config.shown, value).absolute : undefined;
}
