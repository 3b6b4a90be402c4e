/**
 * The first page: what is wrong, how bad, since when, and whether we can see at all. The list draws only the rows
 * in sight, so that a thousand incidents cost no more than twenty.
 */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Incident } from '../../../incident/alert.ts';
import { useTools } from '../context.ts';
import { readPlace } from '../location.ts';
import { Unknown, Waiting } from '../parts.tsx';
import { CoverageStrip } from '../pictures/coverage-strip.tsx';
import { byUrgency, sightOf } from '../state.ts';
import { AskBox } from './bgp-page.tsx';
import { IncidentRow, rowPx } from './incident-row.tsx';
import { BulkBar, type Filter, filterLink, filterOf, GROUPINGS, groupsOf, useGroupName } from './triage.tsx';

const SEVERITIES = ['critical', 'warning', 'info'] as const;

export function IncidentsPage({ query }: { readonly query: URLSearchParams }): JSX.Element {
  const { app, t } = useTools();
  const filter = filterOf(query);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const all = [...app.state.open.values()];
  const shown = all
    .filter((incident) => filter.severity === 'all' || incident.severity === filter.severity)
    .filter((incident) => !filter.hidesAcknowledged || !incident.acknowledged)
    .filter((incident) => matches(incident, filter.text))
    .sort(byUrgency);
  const change = (part: Partial<Filter>): void => {
    const link = filterLink({ ...filter, ...part });
    history.replaceState(null, '', link);
    app.update({ place: readPlace(link) });
  };
  const inHand = shown.filter(({ id }) => selected.has(id));
  const toggle = (ids: readonly string[], isOn: boolean): void => {
    const next = new Set(selected);
    for (const id of ids) {
      if (isOn) next.add(id);
      else next.delete(id);
    }
    setSelected(next);
  };
  return (
    <>
      <h1 class="visually-hidden">{t.open.title}</h1>
      <div class="tiles">
        {SEVERITIES.map((each) => (
          <Tile
            key={each}
            severity={each}
            incidents={all.filter((incident) => incident.severity === each)}
            isPressed={filter.severity === each}
            onPress={() => change({ severity: filter.severity === each ? 'all' : each })}
          />
        ))}
        <SightTile />
      </div>
      <Toolbar
        filter={filter}
        change={change}
        shown={shown}
        all={all.length}
        selected={selected}
        toggle={toggle}
      />
      {inHand.length > 0 && <BulkBar incidents={inHand} onClear={() => setSelected(new Set())} />}
      {!app.state.isLoaded ? (
        <Waiting />
      ) : all.length === 0 ? (
        <Quiet />
      ) : shown.length === 0 ? (
        <p class="empty muted">{t.open.noMatch}</p>
      ) : (
        <Rows incidents={shown} grouping={filter.grouping} selected={selected} toggle={toggle} />
      )}
    </>
  );
}

interface SelectionProps {
  readonly selected: ReadonlySet<string>;
  readonly toggle: (ids: readonly string[], isOn: boolean) => void;
}

function Toolbar(
  props: SelectionProps & {
    readonly filter: Filter;
    readonly change: (part: Partial<Filter>) => void;
    readonly shown: readonly Incident[];
    readonly all: number;
  },
): JSX.Element {
  const { t } = useTools();
  const { filter, change, shown, all, selected, toggle } = props;
  const ids = shown.map(({ id }) => id);
  return (
    <div class="toolbar">
      <label class="field grow">
        <span class="visually-hidden">{t.open.filter}</span>
        <input
          type="search"
          data-filter
          placeholder={t.open.filterHint}
          value={filter.text}
          onInput={({ currentTarget }) => change({ text: currentTarget.value })}
        />
      </label>
      <label class="field inline">
        {t.triage.group}
        <select
          value={filter.grouping}
          onChange={({ currentTarget: { value } }) =>
            change({ grouping: GROUPINGS.find((each) => each === value) ?? 'none' })
          }
        >
          {GROUPINGS.map((each) => (
            <option key={each} value={each}>
              {t.triage.by[each]}
            </option>
          ))}
        </select>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={filter.hidesAcknowledged}
          onChange={({ currentTarget }) => change({ hidesAcknowledged: currentTarget.checked })}
        />
        {t.open.hideAcknowledged}
      </label>
      {shown.length > 0 && (
        <label class="check">
          <input
            type="checkbox"
            checked={ids.every((id) => selected.has(id))}
            onChange={({ currentTarget }) => toggle(ids, currentTarget.checked)}
          />
          {t.triage.selectAll}
        </label>
      )}
      <span class="muted">{all > 0 && t.open.shown(shown.length, all)}</span>
    </div>
  );
}

function Rows({
  incidents,
  grouping,
  ...selection
}: SelectionProps & {
  readonly incidents: readonly Incident[];
  readonly grouping: Filter['grouping'];
}): JSX.Element {
  const { t } = useTools();
  const nameOf = useGroupName(grouping);
  if (grouping === 'none') return <RowWindow incidents={incidents} {...selection} />;
  return (
    <>
      {groupsOf(incidents, nameOf).map((group, index) => (
        <details class="row-group" key={group.name} open={index === 0}>
          <summary>
            <h2>{group.name}</h2> <span class="muted">{t.triage.incidents(group.incidents.length)}</span>
          </summary>
          <RowWindow incidents={group.incidents} {...selection} />
        </details>
      ))}
    </>
  );
}

function matches(incident: Incident, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return true;
  const { group, offender, summary, routes, kind } = incident;
  const names = routes.flatMap((route) => [route.prefix, route.watch, route.name]);
  return [group, kind, offender === null ? '' : `as${offender}`, summary.en, summary.ko, ...names].some(
    (each) => each.toLowerCase().includes(wanted),
  );
}

function Tile(props: {
  readonly severity: Incident['severity'];
  readonly incidents: readonly Incident[];
  readonly isPressed: boolean;
  readonly onPress: () => void;
}): JSX.Element {
  const { app, t } = useTools();
  const { severity, incidents, isPressed, onPress } = props;
  const unacknowledged = incidents.filter((incident) => !incident.acknowledged).length;
  return (
    <button
      type="button"
      class={`tile tile-${incidents.length === 0 ? 'none' : severity}`}
      aria-pressed={isPressed}
      onClick={onPress}
    >
      <span class="tile-label">{t.severity[severity]}</span>
      <span class="tile-number">{app.state.isLoaded ? incidents.length : <Unknown />}</span>
      <span class="tile-note">{unacknowledged > 0 ? t.open.unacknowledged(unacknowledged) : '\u00a0'}</span>
    </button>
  );
}

function SightTile(): JSX.Element {
  const { app, t } = useTools();
  const { readiness, coverage } = app.state;
  const sight = sightOf(readiness);
  const feeds = readiness?.feeds ?? [];
  const live = feeds.filter((feed) => feed.connected && feed.fresh).length;
  const names = feeds.map((feed) => feed.name);
  return (
    <div class={`tile tile-sight sight-${sight}`}>
      <span class="tile-label">{t.sight.label}</span>
      <span class="tile-number">{t.sight[sight]}</span>
      <span class="tile-note">
        {readiness === undefined
          ? '\u00a0'
          : feeds.length === 0
            ? t.sight.noFeed
            : t.sight.feeds(live, feeds.length)}
      </span>
      <div class="tile-strips">
        {names.slice(0, 3).map((name) => (
          <CoverageStrip key={name} feed={name} intervals={coverage ?? []} />
        ))}
      </div>
    </div>
  );
}

/** Nothing is wrong, as far as we can see; and the question that comes then. */
function Quiet(): JSX.Element {
  const { app, t } = useTools();
  // Silence is never safety: quiet is said only where everything is seen.
  const isBlind = sightOf(app.state.readiness) !== 'yes' || app.state.link.isStale;
  return (
    <div class={isBlind ? 'quiet is-blind' : 'quiet'}>
      <p class="quiet-title">{isBlind ? t.sight.unknown : t.open.quiet}</p>
      <p>
        {isBlind
          ? t.open.quietBlind
          : app.state.watchlist === undefined
            ? t.unknownYet
            : t.open.quietText(app.state.watchlist.length)}
      </p>
      <h2>{t.bgp.title}</h2>
      <AskBox />
    </div>
  );
}

/** Rows above and below what is in sight, so that scrolling shows no holes. */
const OVERSCAN = 8;

function RowWindow({
  incidents,
  selected,
  toggle,
}: SelectionProps & { readonly incidents: readonly Incident[] }): JSX.Element {
  const { t } = useTools();
  const list = useRef<HTMLUListElement>(null);
  const [range, setRange] = useState({ from: 0, to: 30 });
  useEffect(() => {
    const measure = (): void => {
      const top = list.current?.getBoundingClientRect().top ?? 0;
      const height = rowPx();
      const from = Math.max(0, Math.floor(-top / height) - OVERSCAN);
      const to = Math.ceil((innerHeight - top) / height) + OVERSCAN;
      setRange((before) => (before.from === from && before.to === to ? before : { from, to }));
    };
    measure();
    addEventListener('scroll', measure, { passive: true });
    addEventListener('resize', measure);
    const fold = list.current?.closest('details');
    fold?.addEventListener('toggle', measure);
    return () => {
      removeEventListener('scroll', measure);
      removeEventListener('resize', measure);
      fold?.removeEventListener('toggle', measure);
    };
  }, []);
  const from = Math.min(range.from, Math.max(0, incidents.length - 1));
  const to = Math.min(range.to, incidents.length);
  return (
    <ul
      ref={list}
      class="rows"
      aria-label={t.open.list}
      style={{ paddingTop: `${from * rowPx()}px`, paddingBottom: `${(incidents.length - to) * rowPx()}px` }}
    >
      {incidents.slice(from, to).map((incident, index) => (
        <IncidentRow
          key={incident.id}
          incident={incident}
          position={from + index + 1}
          size={incidents.length}
          isSelected={selected.has(incident.id)}
          onSelect={(isOn) => toggle([incident.id], isOn)}
        />
      ))}
    </ul>
  );
}
