/** The parts of an incident's page that are tables and lists. */
import type { JSX } from 'preact';
import type { RawEvidence } from '../../../engine/ports.ts';
import type { Incident } from '../../../incident/alert.ts';
import { useTools } from '../context.ts';
import { Origins, Section, TableFrame, When } from '../parts.tsx';

export function RoutesTable({ incident }: { readonly incident: Incident }): JSX.Element | null {
  const { t } = useTools();
  const { routes, routesTotal } = incident;
  if (routes.length === 0) return null;
  return (
    <Section
      title={t.incident.routes}
      aside={
        routesTotal > routes.length && (
          <span class="muted">{t.incident.routesShown(routes.length, routesTotal)}</span>
        )
      }
    >
      <TableFrame label={t.incident.routes}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.incident.prefix}</th>
              <th scope="col">{t.incident.watch}</th>
              <th scope="col">{t.incident.expected}</th>
              <th scope="col">{t.incident.seen}</th>
              <th scope="col">{t.incident.seenBy}</th>
              <th scope="col">{t.incident.lastSeen}</th>
            </tr>
          </thead>
          <tbody>
            {routes.map((route) => (
              <tr key={`${route.kind} ${route.prefix} ${route.watch}`} class={route.active ? '' : 'is-gone'}>
                <th scope="row">
                  <span class="mono">{route.prefix}</span>
                  <span class="under">{t.kind[route.kind]}</span>
                </th>
                <td>
                  <span class="mono">{route.watch}</span>
                  <span class="under">{route.name}</span>
                </td>
                <td>
                  <Origins origins={route.expectedOrigins} none={t.incident.nobody} />
                </td>
                <td>
                  <Origins
                    origins={route.originAs}
                    expected={route.expectedOrigins}
                    none={t.incident.noOrigin}
                  />
                </td>
                <td class="nowrap">
                  {route.active
                    ? t.seenBy(route.vantagePoints.seeing, route.vantagePoints.known)
                    : t.incident.gone}
                </td>
                <td>
                  <When at={route.lastSeenAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
    </Section>
  );
}

export function EvidenceTable({ incident }: { readonly incident: Incident }): JSX.Element {
  const { t } = useTools();
  return (
    <Section title={t.incident.evidence}>
      <TableFrame label={t.incident.evidence}>
        <table class="evidence">
          <thead>
            <tr>
              <th scope="col" class="number">
                {t.incident.weight}
              </th>
              <th scope="col">{t.incident.finding}</th>
              <th scope="col">{t.incident.source}</th>
            </tr>
          </thead>
          <tbody>
            {incident.evidence.map(({ code, weight, source, text }) => (
              <tr key={code}>
                <td class={`number weight ${weight > 0 ? 'adds' : weight < 0 ? 'lowers' : ''}`}>
                  {weight > 0 ? `+${weight}` : weight < 0 ? `−${-weight}` : '0'}
                </td>
                <td>
                  {text[t.language]}
                  <span class="under mono">{code}</span>
                </td>
                <td class="muted">{source}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <td class="number weight">{incident.score}</td>
              <th scope="row" colSpan={2}>
                {t.incident.sum}
              </th>
            </tr>
          </tfoot>
        </table>
      </TableFrame>
    </Section>
  );
}

export function Advice({ incident }: { readonly incident: Incident }): JSX.Element | null {
  const { t } = useTools();
  const { benign, next } = incident.advice;
  if (next.length === 0 && benign.en === '') return null;
  return (
    <Section title={t.incident.advice} class="advice">
      {next.length > 0 && (
        <ol>
          {next.map((words) => (
            <li key={words.en}>{words[t.language]}</li>
          ))}
        </ol>
      )}
      <h3>{t.incident.benign}</h3>
      <p>{benign[t.language]}</p>
    </Section>
  );
}

export function RawUpdates({ raw }: { readonly raw: readonly RawEvidence[] }): JSX.Element {
  const { t } = useTools();
  return (
    <details class="card fold raw">
      <summary>
        <h2>{t.incident.raw}</h2> <span class="muted">{t.incident.rawCount(raw.length)}</span>
      </summary>
      {raw.length === 0 ? (
        <p class="muted">{t.incident.rawNone}</p>
      ) : (
        <ul>
          {raw.map(({ at, vantagePoint, frame }, index) => (
            <li key={index}>
              <p>
                <When at={at} /> {t.incident.by} <span class="mono">{vantagePoint}</span>
              </p>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
              <pre tabIndex={0}>{frame}</pre>
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}
