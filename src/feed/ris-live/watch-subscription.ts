/** What a feed is asked for: the watchlist, and what its ASes are known to originate, as a subscription plan. */
import type { Prefix } from '../../bgp/prefix.ts';
import { columnsOf } from '../../match/watch-builder.ts';
import type { WatchEntries } from '../../match/watchlist.ts';
import type { WatchedSpace } from '../source.ts';
import {
  firehoseFor,
  planSubscription,
  type SubscriptionPlan,
  type SubscriptionSettings,
} from './subscription.ts';

export function watchSubscription(
  { watchlist: { entries }, learned }: WatchedSpace,
  settings: SubscriptionSettings,
): SubscriptionPlan {
  const { watched4, watched6, asns } = columnsOf({ entries }).counts;
  // Nobody learned is listed: what an entry covers is never learned.
  const counts = { prefixes: watched4 + watched6 + learned.length, asns };
  return (
    firehoseFor(counts, settings) ??
    planSubscription([...prefixesOf(entries), ...learned], asnsOf(entries), settings)
  );
}

function* prefixesOf(entries: WatchEntries): Generator<Prefix> {
  for (const entry of entries) if (entry.type === 'prefix' && !entry.ignore) yield entry.prefix;
}

function* asnsOf(entries: WatchEntries): Generator<number> {
  for (const entry of entries) if (entry.type === 'asn') yield entry.asn;
}
