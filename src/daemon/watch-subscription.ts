/** What a feed is asked for: the watchlist, and what its ASes are known to originate, as a subscription plan. */
import type { Prefix } from '../bgp/prefix.ts';
import { planSubscription, type SubscriptionPlan, type SubscriptionSettings } from '../feed/subscription.ts';
import type { Watchlist } from '../match/watchlist.ts';

/** `learned`: prefixes of watched ASes beyond the watchlist, so that their withdrawals are seen too. */
export function watchSubscription(
  { entries }: Watchlist,
  learned: readonly Prefix[],
  settings: SubscriptionSettings,
): SubscriptionPlan {
  const prefixes = entries.flatMap((entry) =>
    entry.type === 'prefix' && !entry.ignore ? [entry.prefix] : [],
  );
  const asns = entries.flatMap((entry) => (entry.type === 'asn' ? [entry.asn] : []));
  return planSubscription([...prefixes, ...learned], asns, settings);
}
