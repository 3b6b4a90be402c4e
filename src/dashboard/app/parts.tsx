/** The small pieces that every page is made of. */
import type { ComponentChildren, JSX } from 'preact';
import type { Incident } from '../../incident/alert.ts';
import { useTools } from './context.ts';
import { incidentLink } from './location.ts';
import { nowMs } from './state.ts';
import { durationText, stampOf } from './times.ts';

/** A time in the chosen zone with UTC beside it. */
export function When({ at, age = false }: { readonly at: string; readonly age?: boolean }): JSX.Element {
  const { app, t } = useTools();
  const ms = Date.parse(at);
  const now = nowMs(app.state);
  if (Number.isNaN(ms)) return <span>–</span>;
  const { local, utc } = stampOf(ms, app.state.preferences.zone, now);
  return (
    <time class="when" dateTime={at}>
      <span class="when-local">{local}</span>
      {utc !== '' && <span class="when-utc">{utc}</span>}
      {age && <span class="when-age">{t.ago(durationText(now - ms, t))}</span>}
    </time>
  );
}

export function SeverityBadge({ severity }: { readonly severity: Incident['severity'] }): JSX.Element {
  const { t } = useTools();
  return <span class={`badge severity-${severity}`}>{t.severity[severity]}</span>;
}

export function Badge(props: { readonly tone: string; readonly children: ComponentChildren }): JSX.Element {
  return <span class={`badge tone-${props.tone}`}>{props.children}</span>;
}

export function asn(number: number): string {
  return `AS${number}`;
}

/** AS numbers, each marked when it is none of the expected ones. */
export function Origins(props: {
  readonly origins: readonly number[];
  readonly expected?: readonly number[];
  readonly none: string;
}): JSX.Element {
  const { origins, expected, none } = props;
  if (origins.length === 0) return <span class="muted">{none}</span>;
  return (
    <span class="origins">
      {origins.map((origin) => (
        <span key={origin} class={expected && !expected.includes(origin) ? 'asn foreign' : 'asn'}>
          {asn(origin)}
        </span>
      ))}
    </span>
  );
}

export function Section(props: {
  readonly title: string;
  readonly class?: string;
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <section class={`card ${props.class ?? ''}`}>
      <div class="card-head">
        <h2>{props.title}</h2>
        {props.aside}
      </div>
      {props.children}
    </section>
  );
}

/** A table that scrolls by itself where it is too wide, reachable by keyboard. */
export function TableFrame(props: {
  readonly label: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="table-frame" aria-label={props.label} tabIndex={0}>
      {props.children}
    </section>
  );
}

export function Waiting(): JSX.Element {
  const { t } = useTools();
  return <p class="empty muted">{t.loading}</p>;
}

/** A link to an incident by its kind. */
export function IncidentLink({ incident }: { readonly incident: Incident }): JSX.Element {
  const { t } = useTools();
  return (
    <a class="incident-link" href={incidentLink(incident.id)}>
      <SeverityBadge severity={incident.severity} /> {incident.summary[t.language]}
    </a>
  );
}

/** The most vantage points that see any one offending route, of those known. */
export function reachOf(incident: Incident): { readonly seeing: number; readonly known: number } {
  const active = incident.routes.filter((route) => route.active);
  return active.reduce(
    (most, { vantagePoints }) => (vantagePoints.seeing > most.seeing ? vantagePoints : most),
    active[0]?.vantagePoints ?? { seeing: 0, known: incident.routes[0]?.vantagePoints.known ?? 0 },
  );
}

/** In the place of a number that nobody knows yet: never a zero. */
export function Unknown(): JSX.Element {
  const { t } = useTools();
  return (
    <>
      <span aria-hidden="true">–</span>
      <span class="visually-hidden">{t.unknownYet}</span>
    </>
  );
}
