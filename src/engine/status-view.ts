/**
 * *Is it BGP?* for this moment, answered from the watched RIB at the asked address itself: its own routes first, then
 * what lies inside it, then what covers it. Whatever stands there that was judged wrong is said, also when an operator
 * resolved its incident, also when too few peers show it for one. Read-only.
 */
import { originsOf } from '../bgp/as-path.ts';
import { type Prefix, truncate } from '../bgp/prefix.ts';
import { type IncidentState, type RouteState, stands } from '../incident/incident-state.ts';
import { renderIncident } from '../incident/render.ts';
import type { Finding } from '../judge/finding.ts';
import type { RibRoute } from '../rows/rib-route.ts';
import { STATUS_WORDS } from '../words/status.ts';
import type { Words } from '../words/words.ts';
import type { Core } from './core.ts';
import type { StatusAnswer } from './ports.ts';
import type { Resource } from './present-view.ts';

export type PresentStatus = Omit<StatusAnswer, 'coverage'>;

/** Routes of one prefix that vantage points carry now, as far as is known. */
interface Standing {
  readonly prefix: Prefix;
  readonly routes: readonly RibRoute<Finding>[];
}

/** What stands around one asked prefix. */
interface Around {
  /** Of the asked prefix, else of the longest that covers it: what a packet to it follows. */
  readonly own: readonly Standing[];
  readonly inside: readonly Standing[];
  readonly covering: readonly Standing[];
}

export function statusNow(core: Core, resource: Resource): PresentStatus {
  const asked = askedOf(resource);
  const around = asked.map((prefix) => aroundOf(core, prefix));
  const standing = around.flatMap(({ own, inside, covering }) => [...own, ...inside, ...covering]);
  const incidents = concerned(core, resource, asked);
  const reaching = around.flatMap(({ own, covering }) => [...own, ...covering]);
  return {
    ...verdictOf(core, resource, { incidents, standing, reaching, asked }),
    origins: originsSeen(around),
    visibility: { seeing: pointsOf(reaching).size, known: core.known(asked[0]?.family ?? 4) },
    incidents: incidents.map((incident) => renderIncident(incident, core.renderPorts())),
  };
}

function askedOf({ prefix, watched }: Resource): readonly Prefix[] {
  return prefix === undefined ? watched.map((each) => each.prefix) : [prefix];
}

// ------------------------------------------------------------ what stands there

function aroundOf(core: Core, asked: Prefix): Around {
  const exact = standingAt(core, asked);
  const covering: Standing[] = [];
  for (let length = asked.length - 1; length >= 0; length -= 1) {
    const prefix = truncate(asked, length);
    if (core.rib.has(prefix)) covering.push(...standingAt(core, prefix));
  }
  const inside = core.rib
    .inside(asked)
    .filter(({ text }) => text !== asked.text)
    .flatMap((prefix) => standingAt(core, prefix));
  const own = exact.length > 0 ? exact : covering.slice(0, 1);
  return { own, inside, covering: exact.length > 0 ? covering : covering.slice(1) };
}

/** One entry, or none where nobody is known to carry it. */
function standingAt(core: Core, prefix: Prefix): readonly Standing[] {
  const { vantagePoints } = core;
  const routes = core.rib
    .routesAt(prefix)
    .filter(
      ({ vantagePoint, order }) =>
        vantagePoints.isUp(vantagePoint) && vantagePoints.doubtOf(vantagePoint, order) < 2,
    );
  return routes.length === 0 ? [] : [{ prefix, routes }];
}

function pointsOf(standing: readonly Standing[]): ReadonlySet<number> {
  return new Set(standing.flatMap(({ routes }) => routes.map(({ vantagePoint }) => vantagePoint)));
}

/** Each origin once, where it stands nearest to what was asked, most seen first there. */
function originsSeen(around: readonly Around[]): PresentStatus['origins'] {
  const tiers = [
    around.flatMap(({ own }) => own),
    around.flatMap(({ inside }) => inside),
    around.flatMap(({ covering }) => covering),
  ];
  const found = new Map<number, PresentStatus['origins'][number]>();
  for (const tier of tiers) {
    const seen = new Map<number, { points: Set<number>; prefix: string }>();
    for (const { prefix, routes } of tier)
      for (const { path, vantagePoint } of routes)
        for (const origin of originsOf(path)) {
          const entry = seen.get(origin) ?? { points: new Set(), prefix: prefix.text };
          seen.set(origin, entry);
          entry.points.add(vantagePoint);
        }
    const rows = [...seen].map(([origin, { points, prefix }]) => ({
      origin,
      vantagePoints: points.size,
      prefix,
    }));
    rows.sort((a, b) => b.vantagePoints - a.vantagePoints || a.origin - b.origin);
    for (const row of rows) if (!found.has(row.origin)) found.set(row.origin, row);
  }
  return [...found.values()];
}

// ------------------------------------------------------------ what was made of it

/** Open ones, and those that an operator resolved over a route that still stands; the heaviest first. */
function concerned(core: Core, resource: Resource, asked: readonly Prefix[]): readonly IncidentState[] {
  const names = new Set(resource.watched.map(({ name }) => name));
  const isMeant = (route: RouteState): boolean =>
    route.isAdmitted &&
    stands(route) &&
    ((route.prefix === undefined && names.has(route.watch)) ||
      (resource.prefix === undefined && names.has(route.watch)) ||
      asked.some((prefix) => route.prefix !== undefined && isAround(route.prefix, prefix)));
  return [...core.book.every()]
    .filter((incident) => incident.family !== 'feed' && incident.state !== 'pending')
    .filter((incident) => incident.routes.values().some(isMeant))
    .sort((a, b) => b.score - a.score);
}

function isAround(a: Prefix, b: Prefix): boolean {
  if (a.family !== b.family) return false;
  const length = Math.min(a.length, b.length);
  return truncate(a, length).text === truncate(b, length).text;
}

function verdictOf(
  core: Core,
  resource: Resource,
  there: {
    readonly incidents: readonly IncidentState[];
    readonly standing: readonly Standing[];
    readonly reaching: readonly Standing[];
    readonly asked: readonly Prefix[];
  },
): Pick<PresentStatus, 'verdict' | 'because'> {
  const { incidents, standing, reaching, asked } = there;
  const told = incidents.map((incident) => whatStands(core, incident));
  const untold = untoldOf(incidents, standing);
  if (told.length + untold.length > 0) return { verdict: 'yes', because: [...told, ...untold] };
  if (resource.watched.length === 0) return { verdict: 'unknown', because: [whyNothing(resource)] };
  if (!core.isCovered() || core.feeds.size === 0)
    return { verdict: 'unknown', because: [STATUS_WORDS.blind] };
  const gone = asked.filter((prefix) => core.withdrawn.has(prefix.text));
  if (reaching.length === 0 && gone.length > 0)
    return { verdict: 'yes', because: gone.map(({ text }) => STATUS_WORDS.withdrawn(text)) };
  // What was remembered over a restart is not what was heard: it may have changed meanwhile.
  const isHeard = reaching.some(({ routes }) => routes.some(({ order }) => order > 0));
  if (!isHeard) return { verdict: 'unknown', because: [STATUS_WORDS.unheard] };
  return { verdict: 'no', because: [STATUS_WORDS.quiet] };
}

function whatStands(core: Core, incident: IncidentState): Words {
  const { summary, resolvedBy } = renderIncident(incident, core.renderPorts());
  return incident.state === 'open' ? summary : STATUS_WORDS.stillStands(summary, resolvedBy ?? '–');
}

/** Routes that were judged wrong and that no incident above speaks of: too few peers show them yet. */
function untoldOf(incidents: readonly IncidentState[], standing: readonly Standing[]): readonly Words[] {
  const words: Words[] = [];
  for (const { prefix, routes } of standing) {
    const wrong = routes.filter(({ finding }) => finding !== undefined);
    const isTold = incidents.some((incident) =>
      incident.routes.values().some((route) => route.isAdmitted && route.prefixText === prefix.text),
    );
    if (wrong.length === 0 || isTold) continue;
    const origins = [...new Set(wrong.flatMap(({ path }) => originsOf(path)))];
    words.push(STATUS_WORDS.foreign(prefix.text, origins, pointsOf([{ prefix, routes: wrong }]).size));
  }
  return words;
}

/** Why nothing can be said where no watched prefix is concerned. */
export function whyNothing({ isUnseen }: Resource): Words {
  return isUnseen ? STATUS_WORDS.unseen : STATUS_WORDS.notWatched;
}
