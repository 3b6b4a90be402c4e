/** The graph of AS paths as SVG, its legend, and the same in words: a table of paths. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { IncidentDetail } from '../api.ts';
import { useTools } from '../context.ts';
import { asn, Section, TableFrame, When } from '../parts.tsx';
import { curve, graphOf, hopsOf, lastWithPaths, pathsOf, placed, type Role } from './as-graph.ts';

const PATHS_SHOWN = 100;
/** A wide graph shrinks to this and scrolls beyond. */
const SCALE_MIN = 0.75;
/** So that nobody needs the colour. */
const SIGNS: Readonly<Record<Role, string>> = {
  prefix: '',
  offender: '✕ ',
  victim: '✓ ',
  viewer: '◉ ',
  transit: '',
};

export function AsGraph({ detail }: { readonly detail: IncidentDetail }): JSX.Element {
  const { t } = useTools();
  const { incident, at } = lastWithPaths(detail, detail.alerts);
  const paths = pathsOf(incident);
  return (
    <Section
      title={t.incident.graph}
      aside={
        at !== undefined && (
          <span class="muted">
            {t.incident.graphPast} <When at={at} />
          </span>
        )
      }
    >
      {paths.length === 0 ? <p class="muted">{t.incident.graphNone}</p> : <Drawing detail={incident} />}
      {paths.length > 0 && (
        <details class="fold">
          <summary>{t.incident.paths}</summary>
          <TableFrame label={t.incident.paths}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{t.incident.prefix}</th>
                  <th scope="col">{t.incident.path}</th>
                  <th scope="col">{t.vantagePoints}</th>
                </tr>
              </thead>
              <tbody>
                {paths.slice(0, PATHS_SHOWN).map(({ prefix, path, vantagePoints }) => (
                  <tr key={`${prefix} ${path}`}>
                    <td class="mono">{prefix}</td>
                    <td class="mono">{path}</td>
                    <td class="number">{vantagePoints}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </TableFrame>
        </details>
      )}
    </Section>
  );
}

/** The graph of the paths of the incident as it is given. */
export function Drawing({ detail }: { readonly detail: Parameters<typeof graphOf>[0] }): JSX.Element {
  const { t } = useTools();
  const key = JSON.stringify([detail.offender, detail.routes.map(({ prefix, paths }) => [prefix, paths])]);
  const { graph, places } = useMemo(() => {
    const found = graphOf(detail);
    return { graph: found, places: placed(found) };
  }, [key]);
  const victims = graph.nodes.filter(({ role }) => role === 'victim').map(({ label }) => label);
  const viewers = new Set(pathsOf(detail).map(({ path }) => hopsOf(path).at(-1))).size;
  const words = t.incident.graphText(
    detail.offender === null ? '–' : asn(detail.offender),
    victims.join(', ') || '–',
    viewers,
  );
  const most = Math.max(1, ...places.edges.map(({ vantagePoints }) => vantagePoints));
  const roles = new Set(graph.nodes.map(({ role }) => role));
  return (
    <>
      <TableFrame label={t.incident.graph}>
        <svg
          class="graph"
          role="img"
          aria-label={words}
          width={places.width}
          style={{ minWidth: `${places.width * SCALE_MIN}px` }}
          height={places.height}
          viewBox={`0 0 ${places.width} ${places.height}`}
        >
          <title>{words}</title>
          {places.edges.map(({ from, to, points, vantagePoints, isExpected, isRightful }) => (
            <path
              key={`${from} ${to}`}
              class={isExpected ? 'edge expected' : isRightful ? 'edge rightful' : 'edge'}
              d={curve(points)}
              stroke-width={isExpected ? 2 : 1.5 + (3.5 * vantagePoints) / most}
            />
          ))}
          {places.nodes.map(({ id, label, role, x, y, width, height, vantagePoints }) => (
            <g
              key={id}
              class={`node node-${role}`}
              transform={`translate(${x - width / 2} ${y - height / 2})`}
            >
              <rect width={width} height={height} rx={role === 'prefix' ? 4 : height / 2} />
              <text
                x={width / 2}
                y={vantagePoints > 0 ? height / 2 - 3 : height / 2 + 5}
                text-anchor="middle"
              >
                {SIGNS[role]}
                {label}
              </text>
              {vantagePoints > 0 && (
                <text class="node-count" x={width / 2} y={height / 2 + 12} text-anchor="middle">
                  {vantagePoints} {t.vantagePoints}
                </text>
              )}
            </g>
          ))}
        </svg>
      </TableFrame>
      <ul class="legend" aria-hidden="true">
        {(['prefix', 'offender', 'victim', 'transit', 'viewer'] as const)
          .filter((role) => roles.has(role))
          .map((role) => (
            <li key={role} class={`legend-${role}`}>
              {SIGNS[role]}
              {t.incident.legend[role]}
            </li>
          ))}
      </ul>
      {graph.left > 0 && <p class="muted">{t.incident.graphMore(graph.left)}</p>}
    </>
  );
}
