/**
 * What is expected of an announced prefix: from the watchlist, from operators, from the baseline, in this order
 * of trust. `accept` rows hold for their own prefix; for what is inside it they make the origin an expected one
 * that announces too specifically, so that an allow-listed landlord can't take a /24 unseen.
 */
import type { Prefix } from '../bgp/prefix.ts';
import type { PrefixEntry } from '../match/watchlist.ts';
import { isFirm } from './baseline.ts';
import type { Expectation, Watched } from './finding.ts';
import type { World } from './world.ts';

/** Makes the expectation for `prefix`, which `watched` covers. */
export function expectationOf(watched: Watched, prefix: Prefix, world: World): Expectation {
  const declared = watched.entry.type === 'prefix' ? watched.entry.origins : undefined;
  const accepted = operatorRows(watched, prefix, world);
  const refused = refusedOrigins(watched, prefix, world);
  const base = declared !== undefined ? declaredBase(declared) : learnedBase(watched, prefix, world);
  const origins = [...new Set([...base.origins, ...accepted.map((row) => row.origin)])].filter(
    (asn) => !refused.has(asn) || (declared?.includes(asn) ?? false),
  );
  return {
    state: stateWith(base.state, accepted.length > 0),
    origins: origins.sort((a, b) => a - b),
    maxLengthOf: (origin) => maxLengthOf(watched, prefix, origin, base, accepted),
    neighborsOf: (origin) => neighborsOf(watched, prefix, origin, world),
  };
}

interface Base {
  readonly state: Expectation['state'];
  readonly origins: readonly number[];
  /** Origins remembered for the announced prefix itself: for them that prefix is as specific as it may be. */
  readonly own: readonly number[];
}

function declaredBase(origins: readonly number[]): Base {
  return { state: origins.length === 0 ? 'none' : 'declared', origins, own: [] };
}

function stateWith(state: Expectation['state'], isAccepted: boolean): Expectation['state'] {
  if (!isAccepted) return state;
  return state === 'none' ? 'none' : state === 'declared' ? 'declared' : 'learned';
}

/**
 * What is learned of the watched prefix holds for what is inside it: who was there before its owner was known earns nothing by that. What a snapshot
 * showed inside is expected there as well. While nothing is known of the watched prefix, the memory of the announced one counts.
 */
function learnedBase(watched: Watched, prefix: Prefix, world: World): Base {
  const own = memoryAt(prefix, world);
  if (watched.prefix.text === prefix.text) return own;
  const outer = memoryAt(watched.prefix, world);
  if (outer.state === 'unknown') return own;
  const snapshot = world.baseline.at(prefix).filter((row) => row.source === 'snapshot');
  return { ...outer, origins: [...outer.origins, ...snapshot.map((row) => row.origin)], own: own.own };
}

function memoryAt(prefix: Prefix, world: World): Base {
  const rows = world.baseline.at(prefix);
  const firm = rows.filter((row) => isFirm(row.source)).map((row) => row.origin);
  if (firm.length > 0) return { state: 'learned', origins: firm, own: firm };
  const provisional = rows.filter((row) => row.source === 'provisional').map((row) => row.origin);
  if (provisional.length > 0) return { state: 'provisional', origins: provisional, own: provisional };
  return { state: 'unknown', origins: [], own: [] };
}

function upwards(watched: Watched, prefix: Prefix): readonly Prefix[] {
  return watched.prefix.text === prefix.text ? [prefix] : [prefix, watched.prefix];
}

/** An origin that an operator accepted, for the prefix that he accepted it for. */
interface Accepted {
  readonly prefix: Prefix;
  readonly origin: number;
}

/** `operator` rows on the watched prefix, the announced one, and anything between that covers it. */
function operatorRows(watched: Watched, prefix: Prefix, world: World): readonly Accepted[] {
  const found: Accepted[] = [];
  if (!world.baseline.hasDecisions) return found;
  for (const at of world.baseline.between(prefix, watched.prefix)) {
    for (const { origin, source } of world.baseline.at(at))
      if (source === 'operator') found.push({ prefix: at, origin });
  }
  return found;
}

function refusedOrigins(watched: Watched, prefix: Prefix, world: World): ReadonlySet<number> {
  const refused = new Set<number>();
  if (!world.baseline.hasDecisions) return refused;
  for (const at of upwards(watched, prefix)) {
    for (const { origin, source } of world.baseline.at(at)) if (source === 'rejected') refused.add(origin);
  }
  return refused;
}

function maxLengthOf(
  watched: Watched,
  prefix: Prefix,
  origin: number,
  base: Base,
  accepted: readonly Accepted[],
): number {
  let longest = -1;
  if (base.origins.includes(origin))
    longest = Math.max(entryMaxLength(watched), base.own.includes(origin) ? prefix.length : 0);
  for (const row of accepted) {
    if (row.origin !== origin) continue;
    const own = row.prefix.text === watched.prefix.text ? entryMaxLength(watched) : row.prefix.length;
    longest = Math.max(longest, own);
  }
  return longest < 0 ? prefix.length : longest;
}

function entryMaxLength(watched: Watched): number {
  return watched.entry.type === 'prefix' ? watched.entry.maxLength : watched.prefix.length;
}

function neighborsOf(
  watched: Watched,
  prefix: Prefix,
  origin: number,
  world: World,
): ReturnType<Expectation['neighborsOf']> {
  const upstreams = upstreamsOf(watched, origin, world);
  const learned = new Set<number>();
  const accepted = new Set<number>();
  for (const at of world.baseline.between(prefix, watched.prefix)) {
    const source = world.baseline.sourceOf(at, origin);
    if (source === undefined) continue;
    for (const asn of world.baseline.firmNeighbors(at, origin))
      (source === 'operator' ? accepted : learned).add(asn);
  }
  if (upstreams !== undefined) return { allowed: new Set([...upstreams, ...accepted]), isDeclared: true };
  const allowed = new Set([...learned, ...accepted]);
  return allowed.size === 0 ? undefined : { allowed, isDeclared: false };
}

/** The entry's own, else those of the line that watches this very AS. */
export function upstreamsOf(watched: Watched, origin: number, world: World): readonly number[] | undefined {
  return watched.entry.upstreams ?? world.upstreamsOf(origin);
}

/** True when the entry lets its own origins announce more-specifics as they like. */
export function ignoresMoreSpecifics(watched: Watched): boolean {
  return watched.entry.type === 'prefix' && (watched.entry as PrefixEntry).moreSpecifics === 'ignore';
}

/** True when `prefix` is the watched one itself. */
export function isExact(watched: Watched, prefix: Prefix): boolean {
  return watched.prefix.text === prefix.text;
}
