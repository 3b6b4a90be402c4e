/**
 * Is it watched? What an operator silences or accepts is looked for on the watchlist first: a slip in a prefix or the
 * name of a group would else do nothing, and say nothing.
 */
import { overlaps, type Prefix, parsePrefix } from '../../bgp/prefix.ts';
import { nearestWord, show } from '../../config/words.ts';
import type { WatchlistStateEntry } from '../../engine/ports.ts';
import { type WatchEntries, watchName } from '../../match/watchlist.ts';
import type { ApiClient } from '../api-client.ts';
import { UsageError } from '../usage.ts';

/** An entry as it is named outside, and its group. */
export interface Watched {
  readonly watch: string;
  readonly group: string;
}

export async function watchedBy(client: ApiClient): Promise<readonly Watched[]> {
  const { entries } = await client.get<{ entries: readonly WatchlistStateEntry[] }>('/api/v1/watchlist');
  return entries;
}

export function watchedIn(entries: WatchEntries): readonly Watched[] {
  const watched: Watched[] = [];
  for (const entry of entries) {
    if (entry.type === 'asn' || !entry.ignore) watched.push({ watch: watchName(entry), group: entry.group });
  }
  return watched;
}

/** What is wrong, as a sentence; undefined where an entry overlaps the prefix. */
export function unwatchedPrefix(prefix: Prefix, watched: readonly Watched[]): string | undefined {
  const isWatched = watched.some(({ watch }) => {
    const own = parsePrefix(watch)?.prefix;
    return own !== undefined && overlaps(own, prefix);
  });
  return isWatched ? undefined : `${prefix.text} overlaps nothing that is watched`;
}

/** A watched AS originates what no entry names. */
export function unwatchedOrigin(
  prefix: Prefix,
  origin: number,
  watched: readonly Watched[],
): string | undefined {
  return watched.some(({ watch }) => watch === `AS${origin}`) ? undefined : unwatchedPrefix(prefix, watched);
}

/** `others`: names of groups beside those of the watchlist: the feeds. */
export function unwatchedGroup(
  group: string,
  watched: readonly Watched[],
  others: readonly string[],
): string | undefined {
  const known = new Set([...watched.map((entry) => entry.group), ...others]);
  if (known.has(group)) return undefined;
  const meant = nearestWord(group, [...known]);
  return `no entry has the group ${show(group)}${meant === undefined ? '' : `; did you mean ${show(meant)}?`}`;
}

/** Says it, and goes on only with `--force`. */
export function refuseUnwatched(
  complaint: string | undefined,
  force: boolean | undefined,
  io: { readonly stderr: { write(text: string): unknown } },
): void {
  if (complaint === undefined) return;
  if (force !== true) throw new UsageError(`${complaint}: nothing was changed; --force does it all the same`);
  io.stderr.write(`${complaint}; done all the same (--force)\n`);
}
