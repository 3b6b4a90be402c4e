/** Whether we can see and whether anybody is told: feeds, their coverage and gaps, receivers, the daemon itself. */
import type { JSX } from 'preact';
import type { CoverageInterval } from '../../../engine/ports.ts';
import type { DaemonView, Readiness } from '../api.ts';
import { useTools } from '../context.ts';
import { Badge, Section, TableFrame, Waiting, When } from '../parts.tsx';
import { CoverageStrip, percent, sums } from '../pictures/coverage-strip.tsx';
import { namedReceivers } from '../receivers.ts';
import { nowMs } from '../state.ts';
import { durationText } from '../times.ts';

export function FeedsPage(): JSX.Element {
  const { app, t } = useTools();
  const { readiness, coverage, daemon } = app.state;
  return (
    <>
      <h1>{t.feeds.title}</h1>
      {readiness === undefined ? <Waiting /> : <Feeds readiness={readiness} intervals={coverage ?? []} />}
      <Gaps intervals={(coverage ?? []).filter(({ state }) => state !== 'live')} />
      <Receivers daemon={daemon} />
      {daemon !== undefined && <Daemon daemon={daemon} readiness={readiness} />}
    </>
  );
}

type FeedView = Readiness['feeds'][number];

function stateOf({ connected, fresh }: FeedView): 'live' | 'stalled' | 'down' {
  return connected ? (fresh ? 'live' : 'stalled') : 'down';
}

const FEED_TONES = { live: 'good', stalled: 'warn', down: 'bad' } as const;

function Feeds(props: {
  readonly readiness: Readiness;
  readonly intervals: readonly CoverageInterval[];
}): JSX.Element {
  const { app, t } = useTools();
  const { readiness, intervals } = props;
  const now = nowMs(app.state);
  return (
    <Section title={t.feeds.feeds}>
      <TableFrame label={t.feeds.feeds}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.feeds.feed}</th>
              <th scope="col">{t.feeds.state}</th>
              <th scope="col" class="wide">
                {t.feeds.coverage}
              </th>
              <th scope="col">{t.feeds.covered}</th>
            </tr>
          </thead>
          <tbody>
            {readiness.feeds.map((feed) => {
              const own = intervals.filter((interval) => interval.feed === feed.name);
              const { coveredMs, blindMs } = sums(own, now);
              return (
                <tr key={feed.name}>
                  <th scope="row">{feed.name}</th>
                  <td>
                    <Badge tone={FEED_TONES[stateOf(feed)]}>{t.feedState[stateOf(feed)]}</Badge>
                  </td>
                  <td>
                    <CoverageStrip feed={feed.name} intervals={intervals} />
                  </td>
                  <td class="nowrap">{percent(coveredMs, blindMs)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </TableFrame>
      <ul class="legend" aria-hidden="true">
        {(['live', 'backfilled', 'blind', 'none'] as const).map((state) => (
          <li key={state} class={`legend-coverage-${state}`}>
            {t.feeds.interval[state]}
          </li>
        ))}
      </ul>
    </Section>
  );
}

const GAPS_SHOWN = 50;

function Gaps({ intervals }: { readonly intervals: readonly CoverageInterval[] }): JSX.Element {
  const { t } = useTools();
  if (intervals.length === 0) {
    return (
      <Section title={t.feeds.gaps}>
        <p class="muted">{t.feeds.gapsNone}</p>
      </Section>
    );
  }
  return (
    <Section title={t.feeds.gaps}>
      <TableFrame label={t.feeds.gaps}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.feeds.feed}</th>
              <th scope="col">{t.feeds.state}</th>
              <th scope="col">{t.feeds.from}</th>
              <th scope="col">{t.feeds.to}</th>
              <th scope="col">{t.feeds.reason}</th>
            </tr>
          </thead>
          <tbody>
            {intervals
              .toSorted((a, b) => (a.from < b.from ? 1 : -1))
              .slice(0, GAPS_SHOWN)
              .map(({ feed, state, from, to, reason }) => (
                <tr key={`${feed} ${from} ${state}`}>
                  <th scope="row">{feed}</th>
                  <td>
                    <Badge tone={state === 'blind' ? 'bad' : 'plain'}>{t.feeds.interval[state]}</Badge>
                  </td>
                  <td>
                    <When at={from} />
                  </td>
                  <td>
                    <When at={to} />{' '}
                    <span class="muted">{durationText(Date.parse(to) - Date.parse(from), t)}</span>
                  </td>
                  <td>{reason}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </TableFrame>
    </Section>
  );
}

function Receivers({ daemon }: { readonly daemon: DaemonView | undefined }): JSX.Element {
  const { t } = useTools();
  const receivers = namedReceivers(daemon);
  if (receivers === undefined || receivers.length === 0) {
    return (
      <Section title={t.feeds.receivers}>
        <p class="muted">{receivers === undefined ? t.feeds.receiversUnknown : t.feeds.receiversNone}</p>
      </Section>
    );
  }
  return (
    <Section title={t.feeds.receivers}>
      <TableFrame label={t.feeds.receivers}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.feeds.receiver}</th>
              <th scope="col">{t.feeds.type}</th>
              <th scope="col">{t.feeds.state}</th>
              <th scope="col" class="number">
                {t.feeds.pending}
              </th>
              <th scope="col">{t.feeds.lastDelivered}</th>
            </tr>
          </thead>
          <tbody>
            {receivers.map(({ name, type, pending, isFailing, lastError, failingSince, lastDeliveredAt }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{type}</td>
                <td>
                  <Badge tone={isFailing ? 'bad' : 'good'}>
                    {isFailing ? t.feeds.receiverState.failing : t.feeds.receiverState.ok}
                  </Badge>
                  {isFailing && failingSince && (
                    <span class="under">
                      {t.feeds.failingSince} <When at={failingSince} />
                    </span>
                  )}
                  {isFailing && <span class="under">{lastError}</span>}
                </td>
                <td class="number">{pending}</td>
                <td>{lastDeliveredAt ? <When at={lastDeliveredAt} /> : '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
    </Section>
  );
}

function Daemon(props: {
  readonly daemon: DaemonView;
  readonly readiness: Readiness | undefined;
}): JSX.Element {
  const { t } = useTools();
  const { daemon, readiness } = props;
  const { reload } = daemon;
  return (
    <Section title={t.feeds.daemon}>
      <dl class="facts">
        {daemon.version !== undefined && (
          <div>
            <dt>{t.feeds.version}</dt>
            <dd>{daemon.version}</dd>
          </div>
        )}
        {daemon.startedAt !== undefined && (
          <div>
            <dt>{t.feeds.startedAt}</dt>
            <dd>
              <When at={daemon.startedAt} age />
            </dd>
          </div>
        )}
        {readiness !== undefined && (
          <div>
            <dt>{t.feeds.store}</dt>
            <dd>{t.feeds.storeState[readiness.store]}</dd>
          </div>
        )}
        {reload && (
          <div>
            <dt>{t.feeds.reload}</dt>
            <dd>
              {reload.at !== undefined && <When at={reload.at} />}{' '}
              {reload.result === 'error' ? t.feeds.reloadFailed : t.feeds.reloadOk}
              {(reload.problems ?? []).map((error) => (
                <span key={error} class="under mono">
                  {error}
                </span>
              ))}
            </dd>
          </div>
        )}
        <div>
          <dt>{t.feeds.you}</dt>
          <dd>
            {daemon.you.name} <span class="muted">{t.feeds.scope[daemon.you.scope]}</span>
          </dd>
        </div>
      </dl>
    </Section>
  );
}
