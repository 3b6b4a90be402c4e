/**
 * The wall: read at five metres. Can we see; what is wrong now, in large type; and in quiet the grid of everything that
 * is watched, so that "all is well" is seen and not assumed. Shows when it is stale itself.
 */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { WatchlistStateEntry } from '../../../engine/ports.ts';
import type { Incident } from '../../../incident/alert.ts';
import { useTools } from '../context.ts';
import { incidentLink } from '../location.ts';
import { asn, reachOf, Unknown } from '../parts.tsx';
import { byUrgency, nowMs, type State, sightOf } from '../state.ts';
import { clockOf, durationText } from '../times.ts';

/** As many fit on 1080 lines in large type. */
const SHOWN_MAX = 4;
/** Beyond this many, cells of a prefix each cannot be told apart: groups are shown instead. */
const CELLS_MAX = 600;

export function WallPage(): JSX.Element {
  const { app, t } = useTools();
  useAwake();
  const open = [...app.state.open.values()].sort(byUrgency);
  const loud = open.filter(({ severity }) => severity !== 'info');
  return (
    <div class="wall">
      <Sight />
      <section class={`wall-now ${loud.length === 0 ? 'is-quiet' : ''}`} aria-label={t.wall.now}>
        {!app.state.isLoaded ? (
          <p class="wall-calm">
            <Unknown /> {t.stale.connecting}
          </p>
        ) : loud.length === 0 ? (
          <Calm />
        ) : (
          loud.slice(0, SHOWN_MAX).map((incident) => <Wrong key={incident.id} incident={incident} />)
        )}
        {loud.length > SHOWN_MAX && <p class="wall-more">{t.wall.more(loud.length - SHOWN_MAX)}</p>}
      </section>
      <Grid open={open} isSmall={loud.length > 0} />
    </div>
  );
}

/** Keeps the screen on where the browser lets us; asked again whenever somebody looks. */
function useAwake(): void {
  useEffect(() => {
    let lock: WakeLockSentinel | undefined;
    const wake = (): void => {
      if (document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
      void navigator.wakeLock.request('screen').then(
        (held) => {
          lock = held;
        },
        () => undefined,
      );
    };
    wake();
    document.addEventListener('visibilitychange', wake);
    return () => {
      document.removeEventListener('visibilitychange', wake);
      void lock?.release().catch(() => undefined);
    };
  }, []);
}

function Sight(): JSX.Element {
  const { app, t } = useTools();
  const { readiness, link, preferences, coverage } = app.state;
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  const sight = link.isStale ? 'no' : sightOf(readiness);
  const words = { yes: t.wall.sees, partly: t.wall.seesPartly, no: t.wall.seesNot, unknown: t.sight.unknown };
  const feeds = readiness?.feeds ?? [];
  const live = feeds.filter((feed) => feed.connected && feed.fresh).length;
  const blind = (coverage ?? []).filter(({ state }) => state === 'blind').length;
  return (
    <header class={`wall-sight sight-${sight}`}>
      <h1>{words[sight]}</h1>
      <p>
        {readiness === undefined ? <Unknown /> : t.sight.feeds(live, feeds.length)}
        {blind > 0 && ` · ${t.feeds.gaps}: ${blind}`}
        {readiness?.store === 'failed' && ` · ${t.sight.storeFailed}`}
      </p>
      <p class="wall-sign">
        {t.wall.lastSign}: {durationText(Date.now() - link.heardMs, t)}
      </p>
      <p class="wall-clock">{clockOf(nowMs(app.state), preferences.zone, true)}</p>
    </header>
  );
}

function Calm(): JSX.Element {
  const { app, t } = useTools();
  const isSure = sightOf(app.state.readiness) === 'yes' && !app.state.link.isStale;
  return (
    <p class={isSure ? 'wall-calm is-good' : 'wall-calm'}>{isSure ? t.wall.quiet : t.open.quietBlind}</p>
  );
}

function Wrong({ incident }: { readonly incident: Incident }): JSX.Element {
  const { app, t } = useTools();
  const { seeing, known } = reachOf(incident);
  const [route] = incident.routes;
  const lasted = nowMs(app.state) - Date.parse(incident.firstSeenAt);
  return (
    <a class={`wall-wrong wall-${incident.severity}`} href={incidentLink(incident.id)}>
      <span class="wall-what">
        <span class="badge">{t.severity[incident.severity]}</span> {t.kind[incident.kind]}
        {incident.acknowledgedBy !== null && (
          <span class="wall-who"> · {t.case.acknowledgedBy(incident.acknowledgedBy)}</span>
        )}
      </span>
      <span class="wall-where">
        <strong class="mono">{route?.prefix ?? incident.group}</strong> {route?.name}
        {incident.routesTotal > 1 && ` ${t.routesMore(incident.routesTotal - 1)}`}
      </span>
      <span class="wall-facts">
        {incident.offender !== null && <strong class="mono">{asn(incident.offender)}</strong>}
        <strong>{durationText(lasted, t)}</strong>
        {known > 0 && (
          <span>
            <strong>{t.seenBy(seeing, known)}</strong> {t.vantagePoints}
          </span>
        )}
      </span>
    </a>
  );
}

type CellState = 'good' | 'info' | 'warning' | 'critical' | 'unheard';
const RANK: readonly CellState[] = ['good', 'unheard', 'info', 'warning', 'critical'];

function cellOf(entry: WatchlistStateEntry, open: State['open']): CellState {
  const severities = entry.incidents.map((id) => open.get(id)?.severity ?? 'info');
  const worst = severities.sort((a, b) => RANK.indexOf(b) - RANK.indexOf(a))[0];
  return worst ?? (entry.visibility.seeing === 0 ? 'unheard' : 'good');
}

/** Each watched entry a cell with its state; of a long list each group. */
function Grid({ isSmall }: { readonly open: readonly Incident[]; readonly isSmall: boolean }): JSX.Element {
  const { app, t } = useTools();
  const entries = app.state.watchlist;
  if (entries === undefined) return <section class="wall-grid" aria-label={t.wall.watched} />;
  const cells = entries.map((entry) => ({
    key: entry.watch,
    label: entry.name === '' ? entry.watch : entry.name,
    under: entry.watch,
    group: entry.group,
    state: cellOf(entry, app.state.open),
  }));
  const shown = cells.length <= CELLS_MAX ? cells : grouped(cells);
  const counts = RANK.map((state) => [state, cells.filter((cell) => cell.state === state).length] as const);
  return (
    <section class={isSmall ? 'wall-grid is-small' : 'wall-grid'} aria-label={t.wall.watched}>
      <p class="wall-counts">
        {t.wall.watched}: {cells.length} ·{' '}
        {counts
          .filter(([, count]) => count > 0)
          .map(([state, count]) => `${t.wall.state[state]} ${count}`)
          .join(' · ')}
      </p>
      <ul>
        {shown.map(({ key, label, under, state }) => (
          <li key={key} class={`cell cell-${state}`} title={`${label} ${under}: ${t.wall.state[state]}`}>
            <span class="cell-name">{label}</span>
            <span class="cell-under mono">{under}</span>
            <span class="visually-hidden">{t.wall.state[state]}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface Cell {
  readonly key: string;
  readonly label: string;
  readonly under: string;
  readonly group: string;
  readonly state: CellState;
}

function grouped(cells: readonly Cell[]): readonly Cell[] {
  const groups = new Map<string, Cell[]>();
  for (const cell of cells) groups.set(cell.group, [...(groups.get(cell.group) ?? []), cell]);
  return [...groups]
    .map(([group, members]) => ({
      key: group,
      label: group,
      under: String(members.length),
      group,
      state: members.reduce<CellState>(
        (worst, { state }) => (RANK.indexOf(state) > RANK.indexOf(worst) ? state : worst),
        'good',
      ),
    }))
    .slice(0, CELLS_MAX);
}
