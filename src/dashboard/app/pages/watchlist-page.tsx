/** What is watched and how each of it stands: origins, visibility with its curve, RPKI, last change, incidents. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { WatchlistStateEntry } from '../../../engine/ports.ts';
import { useTools } from '../context.ts';
import { incidentLink } from '../location.ts';
import { asn, Badge, Origins, SeverityBadge, TableFrame, Waiting, When } from '../parts.tsx';
import type { Reading } from '../state.ts';

const FILTERS = ['all', 'troubled', 'odd', 'unseen'] as const;
type Filter = (typeof FILTERS)[number];
const STEP = 200;
/** Less than this share of the vantage points is few. */
const FEW = 0.5;

export function WatchlistPage(): JSX.Element {
  const { app, t } = useTools();
  const [text, setText] = useState('');
  const [filter, setFilter] = useState<Filter>('all');
  const [limit, setLimit] = useState(STEP);
  const entries = app.state.watchlist;
  const found = (entries ?? []).filter((entry) => passes(entry, filter) && matches(entry, text));
  return (
    <>
      <h1>{t.watchlist.title}</h1>
      <div class="toolbar">
        <label class="field grow">
          <span class="visually-hidden">{t.open.filter}</span>
          <input
            type="search"
            data-filter
            placeholder={t.watchlist.filterHint}
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        <label class="field inline">
          {t.watchlist.show}
          <select
            value={filter}
            onChange={({ currentTarget }) =>
              setFilter(FILTERS.find((each) => each === currentTarget.value) ?? 'all')
            }
          >
            {FILTERS.map((each) => (
              <option key={each} value={each}>
                {t.watchlist[each]}
              </option>
            ))}
          </select>
        </label>
        <span class="muted">{t.watchlist.shown(found.length, entries?.length ?? 0)}</span>
      </div>
      {entries === undefined ? (
        <Waiting />
      ) : found.length === 0 ? (
        <p class="empty muted">{entries.length === 0 ? t.watchlist.none : t.watchlist.noMatch}</p>
      ) : (
        <Entries entries={found.slice(0, limit)} />
      )}
      {found.length > limit && (
        <button type="button" onClick={() => setLimit(limit + STEP)}>
          {t.watchlist.more(Math.min(STEP, found.length - limit))}
        </button>
      )}
    </>
  );
}

function passes(entry: WatchlistStateEntry, filter: Filter): boolean {
  if (filter === 'troubled') return entry.incidents.length > 0;
  if (filter === 'odd') return entry.origins.some(({ origin }) => isOdd(entry, origin));
  if (filter === 'unseen') return isFew(entry.visibility);
  return true;
}

function isOdd({ watch, expectedOrigins }: WatchlistStateEntry, origin: number): boolean {
  return !watch.startsWith('AS') && expectedOrigins.length > 0 && !expectedOrigins.includes(origin);
}

function isFew({ seeing, known }: Reading): boolean {
  return known > 0 && seeing < known * FEW;
}

function matches(
  { watch, name, group, expectedOrigins, origins }: WatchlistStateEntry,
  text: string,
): boolean {
  const wanted = text.trim().toLowerCase();
  const numbers = [...expectedOrigins, ...origins.map(({ origin }) => origin)].map((each) => `as${each}`);
  return [watch, name, group, ...numbers].some((each) => each.toLowerCase().includes(wanted));
}

function Entries({ entries }: { readonly entries: readonly WatchlistStateEntry[] }): JSX.Element {
  const { t } = useTools();
  return (
    <TableFrame label={t.watchlist.title}>
      <table class="card watch-table">
        <thead>
          <tr>
            <th scope="col">{t.watchlist.watch}</th>
            <th scope="col">{t.watchlist.group}</th>
            <th scope="col">{t.watchlist.expected}</th>
            <th scope="col">{t.watchlist.seen}</th>
            <th scope="col">{t.watchlist.visibility}</th>
            <th scope="col">{t.watchlist.rpki}</th>
            <th scope="col">{t.watchlist.lastChange}</th>
            <th scope="col">{t.watchlist.incidents}</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <Entry key={entry.watch} entry={entry} />
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}

const RPKI_TONES = { valid: 'good', invalid: 'bad', 'not-found': 'plain', unknown: 'plain' } as const;

function Entry({ entry }: { readonly entry: WatchlistStateEntry }): JSX.Element {
  const { app, t } = useTools();
  const { watch, name, visibility, rpki, lastChangeAt } = entry;
  return (
    <tr class={entry.incidents.length > 0 ? 'is-troubled' : ''}>
      <th scope="row">
        <span class="mono">{watch}</span>
        <span class="under">{name}</span>
      </th>
      <td>{entry.group}</td>
      <td>
        <Origins
          origins={entry.expectedOrigins}
          none={watch.startsWith('AS') ? '–' : t.watchlist.anyLearned}
        />
      </td>
      <td>
        <span class="origins">
          {entry.origins.length === 0 && <span class="muted">{t.watchlist.nothing}</span>}
          {entry.origins.map(({ origin, vantagePoints }) => (
            <span key={origin} class={isOdd(entry, origin) ? 'asn foreign' : 'asn'}>
              {asn(origin)} <span class="asn-count">{vantagePoints}</span>
            </span>
          ))}
        </span>
      </td>
      <td class="nowrap">
        <Sparkline readings={app.state.readings.get(watch) ?? []} />
        <span class={isFew(visibility) ? 'few' : ''}>{t.seenBy(visibility.seeing, visibility.known)}</span>
      </td>
      <td>
        <Badge tone={RPKI_TONES[rpki]}>{t.watchlist.rpkiState[rpki]}</Badge>
      </td>
      <td>
        {lastChangeAt === null ? <span class="muted">{t.watchlist.never}</span> : <When at={lastChangeAt} />}
      </td>
      <td>
        {entry.incidents.map((id) => {
          const incident = app.state.open.get(id);
          return (
            <a key={id} class="entry-incident" href={incidentLink(id)}>
              {incident === undefined ? id.slice(0, 8) : <SeverityBadge severity={incident.severity} />}
              {incident !== undefined && <span class="under">{t.kind[incident.kind]}</span>}
            </a>
          );
        })}
      </td>
    </tr>
  );
}

const SPARK = { width: 72, height: 20 };

function Sparkline({ readings }: { readonly readings: readonly Reading[] }): JSX.Element {
  const { t } = useTools();
  // A single reading is a level.
  const points = readings.length === 1 ? [...readings, ...readings] : readings;
  const at = ({ seeing, known }: Reading, index: number): string => {
    const x = points.length < 2 ? 0 : (index / (points.length - 1)) * SPARK.width;
    const share = known === 0 ? 0 : Math.min(1, seeing / known);
    return `${x.toFixed(1)},${(SPARK.height - 2 - share * (SPARK.height - 4)).toFixed(1)}`;
  };
  return (
    <svg
      class="spark"
      role="img"
      aria-label={t.watchlist.sparkline(readings.length)}
      width={SPARK.width}
      height={SPARK.height}
      viewBox={`0 0 ${SPARK.width} ${SPARK.height}`}
    >
      <polyline points={points.map(at).join(' ')} />
    </svg>
  );
}
