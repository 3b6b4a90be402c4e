/** *Is it BGP?* One field, one clear answer: yes, no, or unknown, which is never shown as a no. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { StatusAnswer } from '../../../engine/ports.ts';
import { fetchStatus } from '../api.ts';
import { useTools } from '../context.ts';
import { messageOf } from '../live.ts';
import { pageLink } from '../location.ts';
import { asn, IncidentLink, Section, Waiting } from '../parts.tsx';
import { CoverageStrip } from '../pictures/coverage-strip.tsx';
import { isoFromField } from '../times.ts';

type Asked = { readonly answer: StatusAnswer } | { readonly error: string };

/** The question alone, for pages where it is near at hand. */
export function AskBox({
  resource = '',
  at = '',
}: {
  readonly resource?: string;
  readonly at?: string;
}): JSX.Element {
  const { t } = useTools();
  const [text, setText] = useState(resource);
  const [when, setWhen] = useState(at);
  return (
    <form
      class="ask"
      onSubmit={(press) => {
        press.preventDefault();
        const wanted = text.trim();
        if (wanted !== '')
          location.hash = pageLink(
            'bgp',
            when === '' ? { resource: wanted } : { resource: wanted, at: when },
          );
      }}
    >
      <label class="field grow">
        {t.bgp.resource}
        <input
          data-filter
          value={text}
          maxLength={253}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <label class="field">
        {t.bgp.at}
        <input
          type="datetime-local"
          step={1}
          value={when}
          onInput={({ currentTarget }) => setWhen(currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary">
        {t.bgp.ask}
      </button>
    </form>
  );
}

export function BgpPage({ query }: { readonly query: URLSearchParams }): JSX.Element {
  const { app, t } = useTools();
  const resource = query.get('resource') ?? '';
  const at = query.get('at') ?? '';
  const { zone } = app.state.preferences;
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  useEffect(() => {
    if (resource === '') return undefined;
    let isWanted = true;
    void fetchStatus(resource, isoFromField(at, zone)).then(
      (answer) => isWanted && setAsked({ answer }),
      (error: unknown) => isWanted && setAsked({ error: messageOf(error) }),
    );
    return () => {
      isWanted = false;
    };
  }, [resource, at, zone]);
  return (
    <>
      <h1>{t.bgp.title}</h1>
      <div class="card">
        <AskBox resource={resource} at={at} />
        <p class="muted">{t.bgp.hint}</p>
      </div>
      <div aria-live="polite">
        {resource !== '' && asked === undefined && <Waiting />}
        {asked !== undefined && 'error' in asked && (
          <p class="banner bad">{t.failed(asked.error || t.unreachable)}</p>
        )}
        {asked !== undefined && 'answer' in asked && <Answer resource={resource} answer={asked.answer} />}
      </div>
    </>
  );
}

const SIGNS = { yes: '✕', no: '✓', unknown: '?' } as const;

function Answer({
  resource,
  answer,
}: {
  readonly resource: string;
  readonly answer: StatusAnswer;
}): JSX.Element {
  const { t } = useTools();
  const { verdict, because, origins, visibility, incidents, coverage } = answer;
  const feeds = [...new Set(coverage.map(({ feed }) => feed))];
  return (
    <section class={`answer answer-${verdict}`} aria-label={t.bgp.answerFor(resource)}>
      <div class="answer-head">
        <span class="answer-sign" aria-hidden="true">
          {SIGNS[verdict]}
        </span>
        <div>
          <h2>{t.bgp.answer[verdict]}</h2>
          <p>
            <span class="mono">{resource}</span> · {t.bgp.answerText[verdict]}
          </p>
        </div>
      </div>
      <div class="columns">
        <Section title={t.bgp.because}>
          <ul>
            {because.map((words) => (
              <li key={words.en}>{words[t.language]}</li>
            ))}
          </ul>
          {incidents.length > 0 && <h3>{t.bgp.incidents}</h3>}
          {incidents.map((incident) => (
            <p key={incident.id}>
              <IncidentLink incident={incident} />
            </p>
          ))}
        </Section>
        <Section title={t.bgp.visibility}>
          <p>
            <span class="big">{t.seenBy(visibility.seeing, visibility.known)}</span>{' '}
            <span class="muted">{t.vantagePoints}</span>
          </p>
          {origins.length > 0 && <h3>{t.bgp.origins}</h3>}
          <p class="origins">
            {origins.map(({ origin, vantagePoints }) => (
              <span key={origin} class="asn">
                {asn(origin)} <span class="asn-count">{vantagePoints}</span>
              </span>
            ))}
          </p>
          {feeds.length > 0 && <h3>{t.bgp.coverage}</h3>}
          {feeds.map((feed) => (
            <CoverageStrip key={feed} feed={feed} intervals={coverage} />
          ))}
        </Section>
      </div>
    </section>
  );
}
