/** One open incident in the list, of fixed height: the list draws only what is in sight. */
import type { JSX } from 'preact';
import type { Incident } from '../../../incident/alert.ts';
import { useTools } from '../context.ts';
import { incidentLink } from '../location.ts';
import { asn, Badge, reachOf, SeverityBadge, When } from '../parts.tsx';

/** As in `app.css`, where a narrow screen has rows of its own. */
export function rowPx(): number {
  return matchMedia('(max-width: 640px)').matches ? 148 : 92;
}

export function IncidentRow(props: {
  readonly incident: Incident;
  readonly position: number;
  readonly size: number;
  readonly isSelected: boolean;
  readonly onSelect: (isOn: boolean) => void;
}): JSX.Element {
  const { t } = useTools();
  const { incident } = props;
  const { seeing, known } = reachOf(incident);
  const [route] = incident.routes;
  return (
    <li class={`row row-${incident.severity}`} aria-setsize={props.size} aria-posinset={props.position}>
      <label class="row-select">
        <span class="visually-hidden">{t.triage.select(incident.summary[t.language])}</span>
        <input
          type="checkbox"
          checked={props.isSelected}
          onChange={({ currentTarget }) => props.onSelect(currentTarget.checked)}
        />
      </label>
      <a class="row-link" data-row href={incidentLink(incident.id)}>
        <span class="row-tags">
          <SeverityBadge severity={incident.severity} />
          <span class="row-kind">{t.kind[incident.kind]}</span>
          {incident.acknowledged && (
            <Badge tone="good">
              {incident.acknowledgedBy === null
                ? t.acknowledged
                : t.case.acknowledgedBy(incident.acknowledgedBy)}
            </Badge>
          )}
        </span>
        <span class="row-text">
          <span class="row-summary">{incident.summary[t.language]}</span>
          <span class="row-facts">
            <span class="tag">{incident.group}</span>
            {route !== undefined && <span class="mono">{route.prefix}</span>}
            {incident.routesTotal > 1 && <span>{t.routesMore(incident.routesTotal - 1)}</span>}
            {incident.offender !== null && <span class="mono">{asn(incident.offender)}</span>}
          </span>
        </span>
        <span class="row-reach" hidden={known === 0}>
          <span class="row-number">{t.seenBy(seeing, known)}</span>
          <span class="muted">{t.vantagePoints}</span>
        </span>
        <span class="row-when">
          <When at={incident.openedAt} age />
        </span>
      </a>
    </li>
  );
}
