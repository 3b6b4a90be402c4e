/**
 * What to ask RIS Live for: from the watched prefixes and ASes to a plan, from a plan to `ris_subscribe` data, and from
 * one plan to the next to the few frames that a reload sends. Pure; `check` prints the plan that the client subscribes.
 *
 * Collectors are not part of a subscription: the server writes them as `rrc00` or as `rrc25.ripe.net`, and a `host`
 * filter in the wrong form would be a silent feed. They are filtered where frames arrive (`keepsCollector`).
 */
import type { Prefix } from '../../bgp/prefix.ts';
import { collectorName } from '../../bgp/vantage-point.ts';

export interface SubscriptionSettings {
  readonly subscribe: 'auto' | 'filtered' | 'firehose';
  /** `auto` takes the firehose beyond that many watched prefixes, or watched ASes. */
  readonly filterPrefixesMax: number;
}

export interface SubscriptionPlan {
  readonly mode: 'filtered' | 'firehose';
  /** Why this mode, for `check` and the log. */
  readonly why: string;
  /** Canonical texts, each once, in the order given; empty for the firehose. */
  readonly prefixes: readonly string[];
  /** Each once; empty for the firehose. */
  readonly asns: readonly number[];
}

/** The `data` of `ris_subscribe`; `ris_unsubscribe` repeats it. */
export interface RisSubscription {
  readonly type: 'UPDATE' | 'RIS_PEER_STATE' | 'KEEPALIVE';
  readonly prefix?: readonly string[];
  readonly moreSpecific?: boolean;
  readonly lessSpecific?: boolean;
  readonly path?: string;
  readonly socketOptions: { readonly acknowledge: boolean; readonly includeRaw: boolean };
}

/** Prefixes in one `ris_subscribe` frame: small enough for any server's message limit. */
export const PREFIXES_PER_FRAME = 200;

const SOCKET_OPTIONS = { acknowledge: true, includeRaw: false } as const;
const FIREHOSE: RisSubscription = { type: 'UPDATE', socketOptions: SOCKET_OPTIONS };
const PEER_STATE: RisSubscription = { type: 'RIS_PEER_STATE', socketOptions: SOCKET_OPTIONS };
const KEEPALIVE: RisSubscription = { type: 'KEEPALIVE', socketOptions: SOCKET_OPTIONS };

/** RIS announces or withdraws them every ten minutes, so that somebody who filters hears something (RIPE NCC, routing beacons). */
export const FAST_BEACONS: readonly string[] = ['84.205.66.0/24', '2001:7fb:ff02::/48'];
const BEACONS: RisSubscription = {
  type: 'UPDATE',
  prefix: FAST_BEACONS,
  moreSpecific: true,
  lessSpecific: true,
  socketOptions: SOCKET_OPTIONS,
};

/** Decides between filters and the firehose. `prefixes` are those to be judged, holes (`ignore`) left out. */
export function planSubscription(
  prefixes: Iterable<Prefix>,
  asns: Iterable<number>,
  settings: SubscriptionSettings,
): SubscriptionPlan {
  const texts = [...new Set(Array.from(prefixes, (prefix) => prefix.text))];
  const numbers = [...new Set(asns)];
  const counts = { prefixes: texts.length, asns: numbers.length };
  const why = settings.subscribe === 'filtered' ? 'configured' : whyBy(counts, settings);
  return firehoseFor(counts, settings) ?? { mode: 'filtered', why, prefixes: texts, asns: numbers };
}

/** The plan of everything, when that is configured or so many are watched; nobody need list them. Else undefined. */
export function firehoseFor(
  counts: { readonly prefixes: number; readonly asns: number },
  settings: SubscriptionSettings,
): SubscriptionPlan | undefined {
  const { subscribe, filterPrefixesMax: max } = settings;
  const isMany = subscribe === 'auto' && (counts.prefixes > max || counts.asns > max);
  if (subscribe !== 'firehose' && !isMany) return undefined;
  const why = isMany ? whyBy(counts, settings) : 'configured';
  return { mode: 'firehose', why, prefixes: [], asns: [] };
}

function whyBy(
  counts: { readonly prefixes: number; readonly asns: number },
  { filterPrefixesMax }: SubscriptionSettings,
): string {
  return `${counts.prefixes} prefixes and ${counts.asns} ASes are watched, filters carry up to ${filterPrefixesMax}`;
}

/**
 * Every subscription of a plan, each the data of one `ris_subscribe`: sessions of peers, routes, and last the signs of life,
 * which are not awaited (`isSignOfLife`).
 */
export function subscriptionsOf(plan: SubscriptionPlan): readonly RisSubscription[] {
  return [PEER_STATE, ...routeSubscriptions(plan), ...beaconsOf(plan), KEEPALIVE];
}

/** Asked for to know that the feed sees. A server that knows no such subscription may stay silent about it. */
export function isSignOfLife(subscription: RisSubscription): boolean {
  return subscription === KEEPALIVE || subscription === BEACONS;
}

function beaconsOf({ mode }: SubscriptionPlan): readonly RisSubscription[] {
  return mode === 'filtered' ? [BEACONS] : [];
}

export interface SubscriptionChange {
  readonly subscribe: readonly RisSubscription[];
  readonly unsubscribe: readonly RisSubscription[];
}

/**
 * From one plan to the next: only what changed. Send `subscribe` first: when the mode changes, the new one has to
 * flow before the old one ends. RIS Live keeps each prefix of an array as a subscription of its own, so a part of an
 * earlier array can be unsubscribed.
 */
export function changeSubscription(from: SubscriptionPlan, to: SubscriptionPlan): SubscriptionChange {
  if (from.mode !== to.mode)
    return {
      subscribe: [...routeSubscriptions(to), ...beaconsOf(to)],
      unsubscribe: [...routeSubscriptions(from), ...beaconsOf(from)],
    };
  const beacons = new Set(FAST_BEACONS);
  const gone = without(from, to);
  const unwanted = { ...gone, prefixes: gone.prefixes.filter((prefix) => !beacons.has(prefix)) };
  return {
    subscribe: routeSubscriptions(without(to, from), true),
    unsubscribe: routeSubscriptions(unwanted, true),
  };
}

function without(plan: SubscriptionPlan, other: SubscriptionPlan): SubscriptionPlan {
  const prefixes = new Set(other.prefixes);
  const asns = new Set(other.asns);
  return {
    ...plan,
    prefixes: plan.prefixes.filter((prefix) => !prefixes.has(prefix)),
    asns: plan.asns.filter((asn) => !asns.has(asn)),
  };
}

function routeSubscriptions(plan: SubscriptionPlan, isChange = false): readonly RisSubscription[] {
  if (plan.mode === 'firehose') return isChange ? [] : [FIREHOSE];
  const subscriptions: RisSubscription[] = [];
  for (let start = 0; start < plan.prefixes.length; start += PREFIXES_PER_FRAME) {
    const prefix = plan.prefixes.slice(start, start + PREFIXES_PER_FRAME);
    subscriptions.push({
      type: 'UPDATE',
      prefix,
      moreSpecific: true,
      lessSpecific: true,
      socketOptions: SOCKET_OPTIONS,
    });
  }
  for (const asn of plan.asns)
    subscriptions.push({ type: 'UPDATE', path: `${asn}$`, socketOptions: SOCKET_OPTIONS });
  return subscriptions;
}

/** True when frames of this collector are wanted; `collectors` as configured, empty: all. */
export function keepsCollector(collectors: readonly string[], collector: string): boolean {
  return (
    collectors.length === 0 || collectors.some((name) => collectorName(name) === collectorName(collector))
  );
}
