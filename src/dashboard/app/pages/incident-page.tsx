/** One incident: what, how bad, since when, who sees it, why we say so, what to do, and what has been done. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { ActionBar } from '../actions.tsx';
import type { IncidentDetail } from '../api.ts';
import { useTools } from '../context.ts';
import { pageLink } from '../location.ts';
import { asn, Badge, reachOf, SeverityBadge, Waiting, When } from '../parts.tsx';
import { AsGraph } from '../pictures/as-graph-view.tsx';
import { HistoryView } from '../pictures/history-view.tsx';
import { SpreadChart } from '../pictures/spread-chart.tsx';
import { nowMs } from '../state.ts';
import { durationText } from '../times.ts';
import { Deliveries, Notes, Timeline } from './case-sections.tsx';
import { Advice, EvidenceTable, RawUpdates, RoutesTable } from './incident-sections.tsx';

export function IncidentPage(): JSX.Element {
  const { app, t, live } = useTools();
  const { place, detail } = app.state;
  useEffect(() => {
    if (app.state.isLoaded) live.refreshPlace();
  }, []);
  const found = place.page === 'incident' && detail?.id === place.id ? detail : undefined;
  return (
    <>
      <p class="crumb">
        <a href={pageLink('open')}>← {t.incident.back}</a>
      </p>
      {found?.value !== undefined ? (
        <Whole detail={found.value} />
      ) : found?.error === undefined ? (
        <>
          <h1 class="visually-hidden">{t.pages.open}</h1>
          <Waiting />
        </>
      ) : (
        <>
          <h1>
            {found.error.status === 404 ? t.incident.missing : t.failed(found.error.text || t.unreachable)}
          </h1>
          <button type="button" onClick={live.refreshPlace}>
            {t.retry}
          </button>
        </>
      )}
    </>
  );
}

function Whole({ detail }: { readonly detail: IncidentDetail }): JSX.Element {
  const { t } = useTools();
  return (
    <article class="incident">
      <header class={`incident-head head-${detail.state === 'open' ? detail.severity : 'resolved'}`}>
        <p class="incident-tags">
          <SeverityBadge severity={detail.severity} />
          <strong>{t.kind[detail.kind]}</strong>
          <Badge tone={detail.state === 'open' ? 'bad' : 'good'}>{t.incident.state[detail.state]}</Badge>
          <Badge tone={detail.acknowledged ? 'good' : 'plain'}>
            {!detail.acknowledged
              ? t.notAcknowledged
              : detail.acknowledgedBy === null
                ? t.acknowledged
                : t.case.acknowledgedBy(detail.acknowledgedBy)}
          </Badge>
          {detail.reopenedCount > 0 && (
            <Badge tone="plain">{t.incident.reopened(detail.reopenedCount)}</Badge>
          )}
        </p>
        <h1>{detail.summary[t.language]}</h1>
        <Facts detail={detail} />
        <ActionBar incident={detail} />
      </header>
      <div class="columns">
        <div class="column">
          <RoutesTable incident={detail} />
          <AsGraph detail={detail} />
          <HistoryView detail={detail} />
          <SpreadChart detail={detail} />
        </div>
        <div class="column">
          <Advice incident={detail} />
          <EvidenceTable incident={detail} />
          <Notes detail={detail} />
          <Timeline detail={detail} />
          <Deliveries deliveries={detail.deliveries ?? []} />
        </div>
      </div>
      <RawUpdates raw={detail.raw} />
    </article>
  );
}

function Facts({ detail }: { readonly detail: IncidentDetail }): JSX.Element {
  const { app, t } = useTools();
  const { seeing, known } = reachOf(detail);
  const from = Date.parse(detail.firstSeenAt);
  const until = detail.endedAt === null ? nowMs(app.state) : Date.parse(detail.endedAt);
  const isOver = detail.endedAt !== null;
  const taxonomy = [...new Set(detail.routes.map((route) => route.taxonomy).filter((each) => each !== null))];
  return (
    <dl class="facts" aria-label={t.incident.facts}>
      <Fact name={t.incident.offender}>
        <span class="big mono">{detail.offender === null ? '–' : asn(detail.offender)}</span>
      </Fact>
      {known > 0 && (
        <Fact name={isOver ? t.case.peak : t.incident.seenBy}>
          <span class="big">
            {isOver ? t.seenBy(detail.peak.seeing, detail.peak.known) : t.seenBy(seeing, known)}
          </span>{' '}
          <span class="muted">{t.vantagePoints}</span>
        </Fact>
      )}
      <Fact name={isOver ? t.incident.lasted : t.incident.lasting}>
        <span class="big">{durationText(until - from, t)}</span>
      </Fact>
      <Fact name={t.incident.score}>
        <span class="big">{detail.score}</span>{' '}
        {detail.peakSeverity !== detail.severity && (
          <span class="muted">{t.incident.peak(t.severity[detail.peakSeverity])}</span>
        )}
      </Fact>
      <Fact name={t.incident.group}>
        {detail.group}
        {taxonomy.length > 0 && <span class="muted mono"> {taxonomy.join(' ')}</span>}
      </Fact>
      <Fact name={t.incident.firstSeen}>
        <When at={detail.firstSeenAt} />
      </Fact>
      <Fact name={t.incident.opened}>
        <When at={detail.openedAt} />{' '}
        <span class="muted">
          {t.incident.detectedBy}: {t.detectedBy[detail.detectedBy]}
        </span>
      </Fact>
      {detail.endedAt !== null && (
        <Fact name={t.incident.ended}>
          <When at={detail.endedAt} />
        </Fact>
      )}
      {detail.resolvedAt !== null && (
        <Fact name={t.incident.resolvedAt}>
          <When at={detail.resolvedAt} />{' '}
          {detail.resolution !== null && <span class="muted">{t.resolution[detail.resolution]}</span>}{' '}
          {detail.resolvedBy !== null && <strong>{t.case.resolvedBy(detail.resolvedBy)}</strong>}
        </Fact>
      )}
    </dl>
  );
}

function Fact(props: { readonly name: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}
