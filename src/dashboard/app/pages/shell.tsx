/** The frame around every page: navigation, what applies everywhere (stale, blind, failing), and the page itself. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useTools } from '../context.ts';
import { HelpDialog } from '../help.tsx';
import { PAGES, pageLink } from '../location.ts';
import { When } from '../parts.tsx';
import { failingReceivers } from '../receivers.ts';
import { nowMs, sightOf } from '../state.ts';
import { durationText, stampOf } from '../times.ts';
import { BgpPage } from './bgp-page.tsx';
import { FeedsPage } from './feeds-page.tsx';
import { IncidentPage } from './incident-page.tsx';
import { IncidentsPage } from './incidents-page.tsx';
import { ResolvedPage } from './resolved-page.tsx';
import { SilencesPage } from './silences-page.tsx';
import { WallPage } from './wall-page.tsx';
import { WatchlistPage } from './watchlist-page.tsx';

export function Shell(): JSX.Element {
  const { app, t } = useTools();
  const { link, announcement, notice, place } = app.state;
  const isWall = place.page === 'wall';
  return (
    <div class={`shell ${link.isStale ? 'is-stale' : ''} ${isWall ? 'is-wall' : ''}`}>
      <button type="button" class="skip" onClick={() => document.getElementById('content')?.focus()}>
        {t.skip}
      </button>
      {!isWall && <Head />}
      <Banners />
      <main id="content" tabIndex={-1}>
        <Page />
      </main>
      <div class="visually-hidden" role="alert">
        {announcement}
      </div>
      <div class="notice-place" role="status">
        {notice !== undefined && <p class={notice.isGood ? 'notice good' : 'notice bad'}>{notice.text}</p>}
      </div>
      {app.state.isHelpOpen && <HelpDialog />}
    </div>
  );
}

function Page(): JSX.Element {
  const { place } = useTools().app.state;
  switch (place.page) {
    case 'wall':
      return <WallPage />;
    case 'incident':
      return <IncidentPage key={place.id} />;
    case 'resolved':
      return <ResolvedPage key={place.query.toString()} query={place.query} />;
    case 'watchlist':
      return <WatchlistPage />;
    case 'bgp':
      return <BgpPage key={place.query.toString()} query={place.query} />;
    case 'feeds':
      return <FeedsPage />;
    case 'silences':
      return <SilencesPage />;
    default:
      return <IncidentsPage query={place.query} />;
  }
}

function Head(): JSX.Element {
  const { app, t } = useTools();
  const { place, open } = app.state;
  const current = place.page === 'incident' ? 'open' : place.page;
  return (
    <header class="head">
      <div class="head-row">
        <a class="brand" href={pageLink('open')}>
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <circle cx="16" cy="16" r="13" fill="none" stroke="currentColor" stroke-width="4" />
            <circle cx="16" cy="16" r="5" fill="currentColor" />
          </svg>
          Originwatch
        </a>
        <nav aria-label={t.navigation}>
          <ul>
            {PAGES.map((page) => (
              <li key={page}>
                <a href={pageLink(page)} aria-current={page === current ? 'page' : undefined}>
                  {t.pages[page]}
                  {page === 'open' && open.size > 0 && <span class="count">{open.size}</span>}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <a class="wall-link" href="#/wall">
          {t.wall.open}
        </a>
        <LinkState />
        <Clock />
        <Settings />
      </div>
    </header>
  );
}

/** Whether the page hears the daemon; never "live" while the daemon itself cannot see. */
function LinkState(): JSX.Element {
  const { app, t } = useTools();
  const { link, readiness } = app.state;
  const isBlind = link.state === 'live' && sightOf(readiness) === 'no';
  const words = {
    live: t.stale.live,
    connecting: t.stale.connecting,
    lost: t.stale.lost,
    'logged-out': t.stale.lost,
  };
  const shade = link.isStale || isBlind ? 'stale' : link.state;
  return <span class={`link-state link-${shade}`}>{isBlind ? t.stale.blind : words[link.state]}</span>;
}

/** Ticks by itself, so that the rest needs no drawing every second. */
function Clock(): JSX.Element {
  const { app } = useTools();
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  const now = nowMs(app.state);
  const { local, utc } = stampOf(now, app.state.preferences.zone, now);
  return (
    <span class="clock" aria-hidden="true">
      <span class="when-local">{local}</span>
      {utc !== '' && <span class="when-utc">{utc}</span>}
    </span>
  );
}

function Settings(): JSX.Element {
  const { app, t, prefer } = useTools();
  const { language, zone, theme, sound } = app.state.preferences;
  return (
    <fieldset class="settings">
      <legend class="visually-hidden">{t.settings}</legend>
      <label>
        <span class="visually-hidden">{t.languageLabel}</span>
        <select
          value={language}
          onChange={({ currentTarget }) => prefer({ language: currentTarget.value === 'ko' ? 'ko' : 'en' })}
        >
          <option value="en" lang="en">
            English
          </option>
          <option value="ko" lang="ko">
            한국어
          </option>
        </select>
      </label>
      <label>
        <span class="visually-hidden">{t.zoneLabel}</span>
        <select
          value={zone}
          onChange={({ currentTarget }) =>
            prefer({ zone: currentTarget.value === 'browser' ? 'browser' : 'seoul' })
          }
        >
          <option value="seoul">{t.zone.seoul}</option>
          <option value="browser">{t.zone.browser}</option>
        </select>
      </label>
      <label>
        <span class="visually-hidden">{t.themeLabel}</span>
        <select
          value={theme}
          onChange={({ currentTarget: { value } }) =>
            prefer({ theme: value === 'light' || value === 'dark' ? value : 'auto' })
          }
        >
          <option value="auto">{t.theme.auto}</option>
          <option value="light">{t.theme.light}</option>
          <option value="dark">{t.theme.dark}</option>
        </select>
      </label>
      <button
        type="button"
        class="icon"
        aria-pressed={sound}
        aria-label={t.sound}
        title={t.sound}
        onClick={() => prefer({ sound: !sound })}
      >
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M4 9v6h4l5 4V5L8 9z" fill="currentColor" />
          {sound ? (
            <path
              d="M16 8a6 6 0 0 1 0 8M18.5 5.5a9.5 9.5 0 0 1 0 13"
              fill="none"
              stroke="currentColor"
              stroke-width="2"
            />
          ) : (
            <path d="M16 9l6 6M22 9l-6 6" fill="none" stroke="currentColor" stroke-width="2" />
          )}
        </svg>
      </button>
      <button
        type="button"
        class="icon"
        aria-label={t.help}
        title={t.help}
        onClick={() => app.update({ isHelpOpen: true })}
      >
        ?
      </button>
    </fieldset>
  );
}

/** What must not be overlooked on any page, the worst first. */
function Banners(): JSX.Element {
  const { app, t } = useTools();
  const { link, readiness, daemon, ownVersion } = app.state;
  const sight = sightOf(readiness);
  const failing = failingReceivers(daemon);
  const reload = daemon?.reload;
  const age = durationText(Date.now() - link.heardMs, t);
  return (
    <div class="banners">
      {link.isStale && (
        <div class="banner stale" role="alert">
          <strong>{t.stale.title}</strong>
          <span aria-live="off">{t.stale.text(age)}</span>
          <span>
            {t.stale.since} <When at={new Date(link.heardMs + app.state.skewMs).toISOString()} />
          </span>
        </div>
      )}
      {link.state === 'logged-out' && (
        <div class="banner bad" role="alert">
          <span>{t.loggedOut}</span>
          <button type="button" onClick={() => location.reload()}>
            {t.logIn}
          </button>
        </div>
      )}
      {!link.isStale && sight === 'no' && (
        <div class="banner bad" role="alert">
          <strong>{t.sight.blind}</strong>
        </div>
      )}
      {readiness?.store === 'failed' && <p class="banner bad">{t.sight.storeFailed}</p>}
      {failing.length > 0 && (
        <p class="banner warn">{t.feeds.receiverFailing(failing.map(({ name }) => name).join(', '))}</p>
      )}
      {reload?.result === 'error' && (
        <p class="banner warn">
          {t.feeds.reload}: {t.feeds.reloadFailed}
        </p>
      )}
      {app.state.preferences.sound && navigator.userActivation?.hasBeenActive === false && (
        <p class="banner info">{t.soundBlocked}</p>
      )}
      {daemon?.version !== undefined && ownVersion !== daemon.version && (
        <div class="banner info">
          <span>{t.newVersion}</span>
          <button type="button" onClick={() => location.reload()}>
            {t.reloadPage}
          </button>
        </div>
      )}
    </div>
  );
}
