/**
 * What the engine can tell of this moment: the state of each watched prefix, and *is it BGP?* for a prefix, an
 * address, an AS or a host name. Read-only.
 */
import { parseAddress } from '../bgp/address.ts';
import { originsOf } from '../bgp/as-path.ts';
import { parseAsn } from '../bgp/asn.ts';
import { hostPrefix, type Prefix, parsePrefix } from '../bgp/prefix.ts';
import { isoTime } from '../incident/alert.ts';
import { stands } from '../incident/incident-state.ts';
import { expectationOf } from '../judge/expectation.ts';
import type { Watched } from '../judge/finding.ts';
import type { Core } from './core.ts';
import type { WatchlistStateEntry } from './ports.ts';

/** Made row by row while it is read: a long watchlist is never there as a whole. May be read over several turns. */
export function* watchlistState(core: Core): Generator<WatchlistStateEntry> {
  const open = new Map<string, string[]>();
  for (const incident of core.book.every()) {
    if (incident.state !== 'open') continue;
    for (const route of incident.routes.values()) {
      if (route.isAdmitted && stands(route))
        open.set(route.watch, [...new Set([...(open.get(route.watch) ?? []), incident.id])]);
    }
  }
  const known = { 4: core.known(4), 6: core.known(6) };
  const idle = new Map(core.plan.asns);
  for (const watched of core.plan.every()) {
    const { entry, name } = watched;
    if (entry.type === 'asn') idle.delete(entry.asn);
    if (entry.type === 'asn' || !entry.ignore) yield entryState(core, watched, known, open.get(name) ?? []);
  }
  for (const entry of idle.values())
    yield {
      watch: `AS${entry.asn}`,
      name: entry.name,
      group: entry.group,
      expectedOrigins: [entry.asn],
      origins: [],
      visibility: { seeing: 0, known: known[4] },
      rpki: 'unknown',
      lastChangeAt: null,
      incidents: open.get(`AS${entry.asn}`) ?? [],
    };
}

function entryState(
  core: Core,
  watched: Watched,
  known: Readonly<Record<4 | 6, number>>,
  incidents: readonly string[],
): WatchlistStateEntry {
  const { prefix, entry } = watched;
  const origins = originsSeen(core, prefix);
  const lastChange = core.plan.lastChangeMs(prefix);
  return {
    watch: entry.type === 'asn' ? `AS${entry.asn} ${prefix.text}` : prefix.text,
    name: entry.name,
    group: entry.group,
    expectedOrigins: entry.type === 'asn' ? [entry.asn] : expectationOf(watched, prefix, core.world).origins,
    origins: origins.origins,
    visibility: { seeing: origins.seeing, known: known[prefix.family] },
    rpki: rpkiState(
      core,
      prefix,
      origins.origins.map(({ origin }) => origin),
    ),
    lastChangeAt: lastChange === undefined ? null : isoTime(lastChange),
    incidents,
  };
}

interface Seen {
  readonly origins: readonly { readonly origin: number; readonly vantagePoints: number }[];
  readonly seeing: number;
}

/** Origins of exactly this prefix, as carried by vantage points that are up; most seen first. */
function originsSeen(core: Core, prefix: Prefix): Seen {
  const seeing = new Set<number>();
  const shownBy = new Map<number, Set<number>>();
  for (const route of core.rib.routesAt(prefix)) {
    if (
      !core.vantagePoints.isUp(route.vantagePoint) ||
      core.vantagePoints.doubtOf(route.vantagePoint, route.order) === 2
    )
      continue;
    seeing.add(route.vantagePoint);
    for (const origin of originsOf(route.path)) {
      const points = shownBy.get(origin);
      if (points === undefined) shownBy.set(origin, new Set([route.vantagePoint]));
      else points.add(route.vantagePoint);
    }
  }
  const origins = [...shownBy].map(([origin, points]) => ({ origin, vantagePoints: points.size }));
  return {
    origins: origins.sort((a, b) => b.vantagePoints - a.vantagePoints || a.origin - b.origin),
    seeing: seeing.size,
  };
}

function rpkiState(core: Core, prefix: Prefix, origins: readonly number[]): WatchlistStateEntry['rpki'] {
  if (core.rpki === undefined || !core.rpki.holds()) return 'unknown';
  const states = origins.map((origin) => core.rpki?.validate(prefix, origin).state);
  if (states.includes('invalid')) return 'invalid';
  if (states.includes('valid')) return 'valid';
  return states.length === 0 ? 'unknown' : 'not-found';
}

/** What was asked: which watched prefixes it is about. */
export interface Resource {
  readonly watched: readonly Watched[];
  readonly prefix: Prefix | undefined;
  /** An AS is watched of which nothing was seen yet: no prefix stands for it. */
  readonly isUnseen: boolean;
}

/** Undefined: the text is no prefix, address, AS number or host name. */
export function resourceOf(core: Core, text: string): Resource | undefined {
  const address = parseAddress(text);
  const prefix = address === undefined ? parsePrefix(text)?.prefix : hostPrefix(address);
  if (prefix !== undefined) return { watched: watchedAround(core, prefix), prefix, isUnseen: false };
  const asn = parseAsn(text);
  if (asn !== undefined) return resourceOfMany(core.plan.watchedOfAs(asn), core.plan.asns.has(asn));
  if (!/^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}\.?$/i.test(text))
    return undefined;
  const name = text.toLowerCase().replace(/\.$/, '');
  const isMeant = ({ services }: { readonly services: readonly string[] }): boolean =>
    services.some((service) => service.toLowerCase() === name);
  return resourceOfMany(core.plan.watchedWith(isMeant), [...core.plan.asns.values()].some(isMeant));
}

function resourceOfMany(watched: readonly Watched[], isAsWatched: boolean): Resource {
  return { watched, prefix: undefined, isUnseen: watched.length === 0 && isAsWatched };
}

function watchedAround(core: Core, prefix: Prefix): readonly Watched[] {
  const match = core.plan.match(prefix);
  if (match.type === 'covered') return [match.watched, ...core.plan.watchedInside(prefix)];
  return match.type === 'covering' ? match.inside : [];
}
