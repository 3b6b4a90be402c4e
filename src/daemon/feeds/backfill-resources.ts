/** What RIPEstat is asked about: each watched prefix, and each watched AS for whatever else it originates. Pure. */
import type { WatchedSpace } from '../../feed/source.ts';

export function resourcesOf({ watchlist, learned }: WatchedSpace): readonly string[] {
  const resources = new Set<string>();
  for (const entry of watchlist.entries) {
    if (entry.type === 'asn') resources.add(`AS${entry.asn}`);
    else if (!entry.ignore) resources.add(entry.prefix.text);
  }
  for (const { text } of learned) resources.add(text);
  return [...resources];
}
