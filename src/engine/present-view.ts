/**
 * What the engine can tell of this moment: the state of each watched prefix, and *is it BGP?* for a prefix, an
 * address, an AS or a host name. Read-only.
 */
import { parseAddress } from '../bgp/address.ts';
import { originsOf } from '../bgp/as-path.ts';
import { parseAsn } from '../bgp/asn.ts';
import { hostPrefix, overlaps, type Prefix, parsePrefix } from '../bgp/prefix.ts';
import { type Incident, isoTime } from '../incident/alert.ts';
import type { IncidentState } from '../incident/incident-state.ts';
import { stands } from '../incident/incident-state.ts';
import { renderIncident } from '../incident/render.ts';
import { expectationOf } from '../judge/expectation.ts';
import type { Watched } from '../judge/finding.ts';
import type { Words } from '../judge/vocabulary.ts';
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
  if (core.rpki === undefined) return 'unknown';
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

export interface PresentStatus {
  readonly verdict: 'yes' | 'no' | 'unknown';
  readonly because: readonly Words[];
  readonly origins: Seen['origins'];
  readonly visibility: { readonly seeing: number; readonly known: number };
  readonly incidents: readonly Incident[];
}

/** The verdict of now. `yes` needs an open incident above info; `no` needs a feed that delivers. */
export function statusNow(core: Core, resource: Resource): PresentStatus {
  const concerned = [...core.book.every()].filter(
    (incident) => incident.state === 'open' && concerns(incident, resource),
  );
  const incidents = concerned.map((incident) => renderIncident(incident, core.renderPorts()));
  const sums = resource.watched.map(({ prefix }) => ({ prefix, ...originsSeen(core, prefix) }));
  const counts = new Map<number, number>();
  for (const { origins } of sums)
    for (const { origin, vantagePoints } of origins)
      counts.set(origin, Math.max(counts.get(origin) ?? 0, vantagePoints));
  const family = (resource.prefix ?? resource.watched[0]?.prefix)?.family ?? 4;
  return {
    ...verdictOf(core, resource, incidents),
    origins: [...counts]
      .map(([origin, vantagePoints]) => ({ origin, vantagePoints }))
      .sort((a, b) => b.vantagePoints - a.vantagePoints),
    visibility: {
      seeing: Math.max(0, ...sums.map(({ seeing }) => seeing)),
      known: core.known(family),
    },
    incidents,
  };
}

function concerns(incident: IncidentState, resource: Resource): boolean {
  if (incident.family === 'feed') return false;
  const names = new Set(resource.watched.map(({ name }) => name));
  for (const route of incident.routes.values()) {
    if (!route.isAdmitted || !stands(route)) continue;
    if (
      resource.prefix === undefined
        ? names.has(route.watch)
        : route.prefix !== undefined && overlaps(route.prefix, resource.prefix)
    )
      return true;
  }
  return false;
}

function verdictOf(
  core: Core,
  resource: Resource,
  incidents: readonly Incident[],
): { verdict: PresentStatus['verdict']; because: readonly Words[] } {
  const because = incidents.map(({ summary }) => summary);
  if (incidents.some(({ severity }) => severity !== 'info')) return { verdict: 'yes', because };
  if (resource.watched.length === 0) return { verdict: 'unknown', because: [whyNothing(resource)] };
  if (!core.isCovered() || core.feeds.size === 0) return { verdict: 'unknown', because: [...because, BLIND] };
  return { verdict: 'no', because: [...because, QUIET] };
}

/** Why nothing can be said where no watched prefix is concerned. */
export function whyNothing({ isUnseen }: Resource): Words {
  return isUnseen ? UNSEEN : NOT_WATCHED;
}

const UNSEEN: Words = {
  en: 'It is watched, but no prefix of it was seen yet: nothing can be said.',
  ko: '감시 대상이지만 아직 관측된 프리픽스가 없어 알 수 없습니다.',
};
const NOT_WATCHED: Words = {
  en: 'It is not watched: nothing can be said.',
  ko: '감시 대상이 아니어서 알 수 없습니다.',
};
const BLIND: Words = {
  en: 'The feed does not deliver at the moment: what happens now is not seen.',
  ko: '현재 피드가 오지 않아 지금 일어나는 일을 볼 수 없습니다.',
};
const QUIET: Words = {
  en: 'No routing anomaly: the origins are as expected and the feed delivers.',
  ko: '라우팅 이상이 없습니다. 기원이 예상대로이며 피드가 정상입니다.',
};
