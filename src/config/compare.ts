/**
 * Comparing settings at a reload: are they the same, which sections changed, and which of them need a restart.
 */
import { WatchColumns } from '../match/watch-columns.ts';
import { watchName } from '../match/watchlist.ts';
import { isSecret } from './secret.ts';
import type { Settings } from './settings.ts';

/** Equal in all that counts; secrets by what they hide. The list of files does not count: it says nothing by itself. */
export function sameSettings(a: Settings, b: Settings): boolean {
  return changedSections(a, b).length === 0;
}

const SECTIONS = [
  'watchlist',
  'stateDirectory',
  'feeds',
  'rpki',
  'network',
  'heartbeat',
  'knowledge',
  'detection',
  'receivers',
  'routes',
  'serve',
  'log',
] as const satisfies readonly (keyof Settings)[];

export type Section = (typeof SECTIONS)[number];

/** The top-level keys whose content differs, in the order of the file. */
export function changedSections(old: Settings, next: Settings): readonly Section[] {
  return SECTIONS.filter((section) => !sameValue(old[section], next[section]));
}

/**
 * The changed keys that stay as they were until a restart: what a running process has opened and must not drop.
 * Network (for connections to come), watchlist, knowledge, detection, receivers, routes, host names and tokens are taken over at once.
 */
export function restartNeeded(old: Settings, next: Settings): string[] {
  const keys: string[] = [];
  if (old.stateDirectory !== next.stateDirectory) keys.push('stateDirectory');
  if (!sameValue(old.feeds, next.feeds)) keys.push('feeds');
  if (!sameValue(old.backfill, next.backfill)) keys.push('backfill');
  if (!sameValue(old.rpki, next.rpki)) keys.push('rpki');
  if (!sameValue(old.heartbeat, next.heartbeat)) keys.push('heartbeat');
  if (old.serve.host !== next.serve.host || old.serve.port !== next.serve.port) keys.push('serve.listen');
  return keys;
}

/** Deep equality of settings: plain data, watchlists, maps, sets and secrets. A key that is undefined is as good as absent. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (isSecret(a) || isSecret(b)) return isSecret(a) && isSecret(b) && a.reveal() === b.reveal();
  if (a instanceof WatchColumns && b instanceof WatchColumns) return a.equals(b);
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && sameList(a, b);
  if (a instanceof Set || b instanceof Set)
    return a instanceof Set && b instanceof Set && sameList([...a], [...b]);
  if (a instanceof Map || b instanceof Map)
    return a instanceof Map && b instanceof Map && sameList([...a].flat(), [...b].flat());
  return sameObject(a as Record<string, unknown>, b as Record<string, unknown>);
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, index) => sameValue(value, b[index]));
}

function sameObject(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  for (const key in a) if (!sameValue(a[key], b[key])) return false;
  for (const key in b) if (b[key] !== undefined && a[key] === undefined) return false;
  return true;
}

/** Names that a difference lists of each sort; the rest is counted. */
const NAMES_MAX = 20;
/** Longer watchlists are counted only: to compare them entry by entry would hold everything else up. */
const COMPARED_MAX = 50_000;

export interface WatchDifference {
  readonly entries: number;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  /** How many names were left out of the three lists. */
  readonly more: number;
}

/** What came, went and changed, by the names of the entries; undefined where the lists are the same. */
export function watchDifference(
  old: Settings['watchlist'],
  next: Settings['watchlist'],
): WatchDifference | undefined {
  if (sameValue(old.entries, next.entries)) return undefined;
  const entries = next.entries.length;
  if (Math.max(old.entries.length, entries) > COMPARED_MAX)
    return { entries, added: [], removed: [], changed: [], more: Math.abs(entries - old.entries.length) };
  const before = new Map([...old.entries].map((entry) => [watchName(entry), JSON.stringify(entry)]));
  const added: string[] = [];
  const changed: string[] = [];
  for (const entry of next.entries) {
    const name = watchName(entry);
    const known = before.get(name);
    before.delete(name);
    if (known === undefined) added.push(name);
    else if (known !== JSON.stringify(entry)) changed.push(name);
  }
  const removed = [...before.keys()];
  const first = (names: readonly string[]): readonly string[] => names.slice(0, NAMES_MAX);
  const more = [added, removed, changed].reduce(
    (sum, names) => sum + Math.max(0, names.length - NAMES_MAX),
    0,
  );
  return { entries, added: first(added), removed: first(removed), changed: first(changed), more };
}
