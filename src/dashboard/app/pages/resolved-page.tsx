/** What is over: resolved incidents page by page, by severity, group or prefix. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Incident } from '../../../incident/alert.ts';
import { ApiError, fetchIncidents, type IncidentPage } from '../api.ts';
import { useTools } from '../context.ts';
import { messageOf } from '../live.ts';
import { incidentLink, pageLink } from '../location.ts';
import { SeverityBadge, TableFrame, Waiting, When } from '../parts.tsx';
import { durationText } from '../times.ts';

const PAGE_SIZE = '50';

type Found = { readonly page: IncidentPage } | { readonly error: string };

export function ResolvedPage({ query }: { readonly query: URLSearchParams }): JSX.Element {
  const { t } = useTools();
  const [found, setFound] = useState<Found | undefined>(undefined);
  /** Of each page up to this one; the first has none. */
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const severity = query.get('severity') ?? '';
  const prefix = query.get('prefix') ?? '';
  const group = query.get('group') ?? '';
  const cursor = cursors.at(-1);
  useEffect(() => {
    let isWanted = true;
    const show = (next: Found): void => {
      if (isWanted) setFound(next);
    };
    void fetchIncidents({ state: 'resolved', severity, prefix, group, cursor, limit: PAGE_SIZE }).then(
      (page) => show({ page }),
      (error: unknown) => {
        const isPrefix = error instanceof ApiError && error.status === 400 && prefix !== '';
        show({ error: isPrefix ? t.resolved.badPrefix : t.failed(messageOf(error) || t.unreachable) });
      },
    );
    return () => {
      isWanted = false;
    };
  }, [severity, prefix, group, cursor, t]);
  const next = found !== undefined && 'page' in found ? found.page.next : null;
  const isFiltered = severity !== '' || prefix !== '' || group !== '';
  return (
    <>
      <h1>{t.resolved.title}</h1>
      <SearchForm severity={severity} prefix={prefix} group={group} />
      {found === undefined ? (
        <Waiting />
      ) : 'error' in found ? (
        <p class="banner bad" role="alert">
          {found.error}
        </p>
      ) : found.page.incidents.length === 0 ? (
        <p class="empty muted">{isFiltered ? t.resolved.noMatch : t.resolved.none}</p>
      ) : (
        <Rows incidents={found.page.incidents} />
      )}
      <div class="pager">
        <button type="button" disabled={cursors.length === 0} onClick={() => setCursors([])}>
          {t.resolved.newer}
        </button>
        <span aria-live="polite">{t.resolved.page(cursors.length + 1)}</span>
        <button
          type="button"
          disabled={next === null}
          onClick={() => next !== null && setCursors([...cursors, next])}
        >
          {t.resolved.older}
        </button>
      </div>
    </>
  );
}

interface Search {
  readonly severity: string;
  readonly prefix: string;
  readonly group: string;
}

function SearchForm(given: Search): JSX.Element {
  const { t } = useTools();
  const [severity, setSeverity] = useState(given.severity);
  const [prefix, setPrefix] = useState(given.prefix);
  const [group, setGroup] = useState(given.group);
  return (
    <form
      class="toolbar"
      onSubmit={(press) => {
        press.preventDefault();
        const wanted = Object.entries({ severity, prefix: prefix.trim(), group: group.trim() });
        location.hash = pageLink('resolved', Object.fromEntries(wanted.filter(([, value]) => value !== '')));
      }}
    >
      <label class="field">
        {t.resolved.severity}
        <select value={severity} onChange={({ currentTarget }) => setSeverity(currentTarget.value)}>
          <option value="">{t.resolved.any}</option>
          {(['critical', 'warning', 'info'] as const).map((each) => (
            <option key={each} value={each}>
              {t.severity[each]}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        {t.resolved.prefix}
        <input data-filter value={prefix} onInput={({ currentTarget }) => setPrefix(currentTarget.value)} />
      </label>
      <label class="field">
        {t.resolved.group}
        <input value={group} onInput={({ currentTarget }) => setGroup(currentTarget.value)} />
      </label>
      <button type="submit">{t.resolved.apply}</button>
    </form>
  );
}

function Rows({ incidents }: { readonly incidents: readonly Incident[] }): JSX.Element {
  const { t } = useTools();
  return (
    <TableFrame label={t.resolved.title}>
      <table class="card">
        <thead>
          <tr>
            <th scope="col">{t.resolved.severity}</th>
            <th scope="col">{t.resolved.summary}</th>
            <th scope="col">{t.resolved.group}</th>
            <th scope="col">{t.incident.opened}</th>
            <th scope="col">{t.resolved.lasted}</th>
            <th scope="col">{t.resolved.how}</th>
          </tr>
        </thead>
        <tbody>
          {incidents.map((incident) => (
            <tr key={incident.id}>
              <td>
                <SeverityBadge severity={incident.peakSeverity} />
              </td>
              <th scope="row">
                <a data-row href={incidentLink(incident.id)}>
                  {t.kind[incident.kind]}
                </a>
                <span class="under">{incident.summary[t.language]}</span>
              </th>
              <td>{incident.group}</td>
              <td>
                <When at={incident.openedAt} />
              </td>
              <td class="nowrap">
                {durationText(
                  Date.parse(incident.endedAt ?? incident.updatedAt) - Date.parse(incident.firstSeenAt),
                  t,
                )}
              </td>
              <td>{incident.resolution === null ? '–' : t.resolution[incident.resolution]}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}
