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
  /** Learned at the announced prefix itself: then that prefix is as specific as it may be. */
  readonly isOwn: boolean;
}

function declaredBase(origins: readonly number[]): Base {
  return { state: origins.length === 0 ? 'none' : 'declared', origins, isOwn: false };
}

function stateWith(state: Expectation['state'], isAccepted: boolean): Expectation['state'] {
  if (!isAccepted) return state;
  return state === 'none' ? 'none' : state === 'declared' ? 'declared' : 'learned';
}

/** The closest prefix with a firm or provisional memory, walking from the announced one up to the watched one. */
function learnedBase(watched: Watched, prefix: Prefix, world: World): Base {
  for (const at of upwards(watched, prefix)) {
    const isOwn = at === prefix;
    const rows = world.baseline.at(at);
    const firm = rows.filter((row) => isFirm(row.source)).map((row) => row.origin);
    if (firm.length > 0) return { state: 'learned', origins: firm, isOwn };
    const provisional = rows.filter((row) => row.source === 'provisional').map((row) => row.origin);
    if (provisional.length > 0) return { state: 'provisional', origins: provisional, isOwn };
  }
  return { state: 'unknown', origins: [], isOwn: false };
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
    longest = base.isOwn ? Math.max(prefix.length, entryMaxLength(watched)) : entryMaxLength(watched);
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
  const upstreams = watched.entry.upstreams;
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

/** True when the entry lets its own origins announce more-specifics as they like. */
export function ignoresMoreSpecifics(watched: Watched): boolean {
  return watched.entry.type === 'prefix' && (watched.entry as PrefixEntry).moreSpecifics === 'ignore';
}

/** True when `prefix` is the watched one itself. */
export function isExact(watched: Watched, prefix: Prefix): boolean {
  return watched.prefix.text === prefix.text;
}
