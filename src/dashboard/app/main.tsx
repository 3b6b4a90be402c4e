/**
 * The dashboard in the browser: state, live feed and view put together. Everything that comes from the daemon is
 * untrusted text and reaches the page as text only.
 */
import { render } from 'preact';
import type { Incident } from '../../incident/alert.ts';
import { type Tools, ToolsContext } from './context.ts';
import { listenToKeys } from './keyboard.ts';
import { keepLive } from './live.ts';
import { readPlace } from './location.ts';
import { Shell } from './pages/shell.tsx';
import { loadPreferences, type Preferences, savePreferences, shadeOf } from './preferences.ts';
import { createSound } from './sound.ts';
import { type App, firstState, type State } from './state.ts';
import { WORDS } from './words.ts';

/** Changes within one frame are one drawing. */
const FRAME_MS = 16;

function start(root: HTMLElement): void {
  // `/wall` is an address that a screen can be pointed at.
  if (location.pathname === '/wall' && location.hash === '') history.replaceState(null, '', '/wall#/wall');
  let state = firstState(loadPreferences(), location.hash);
  let isDue = false;
  const app: App = {
    get state() {
      return state;
    },
    update(change) {
      state = { ...state, ...change };
      if (isDue) return;
      isDue = true;
      setTimeout(draw, FRAME_MS);
    },
  };
  const sound = createSound();
  const live = keepLive({ app, onCritical: (incidents) => announce(app, sound, incidents) });
  const prefer = (change: Partial<Preferences>): void => {
    const preferences = { ...state.preferences, ...change };
    savePreferences(preferences);
    app.update({ preferences });
    if (change.sound) sound.unlock();
  };
  const tools: Tools = { app, live, prefer };
  const draw = (): void => {
    isDue = false;
    applyToDocument(state);
    render(
      <ToolsContext.Provider value={{ ...tools }}>
        <Shell />
      </ToolsContext.Provider>,
      root,
    );
  };
  addEventListener('hashchange', () => {
    app.update({ place: readPlace(location.hash), notice: undefined });
    scrollTo(0, 0);
    live.refreshPlace();
  });
  for (const gesture of ['pointerdown', 'keydown']) {
    addEventListener(gesture, () => state.preferences.sound && sound.unlock());
  }
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => app.update({}));
  listenToKeys(app);
  draw();
}

function announce(app: App, sound: ReturnType<typeof createSound>, incidents: readonly Incident[]): void {
  const t = WORDS[app.state.preferences.language];
  const [first] = incidents;
  if (first === undefined) return;
  const announcement =
    incidents.length === 1
      ? t.announced(t.severity[first.severity], first.summary[t.language])
      : t.announcedMany(incidents.length);
  app.update({ announcement });
  if (app.state.preferences.sound) sound.play();
}

/** Language, theme and title belong to the document, which is not drawn by us. */
function applyToDocument({ preferences, open, link, isLoaded }: State): void {
  const { documentElement } = document;
  documentElement.lang = preferences.language;
  documentElement.dataset.theme = shadeOf(preferences.theme);
  const criticals = [...open.values()].filter(({ severity }) => severity === 'critical').length;
  const count = isLoaded && open.size > 0 ? `(${criticals > 0 ? `${criticals}!` : open.size}) ` : '';
  document.title = `${link.isStale ? '⚠ ' : ''}${count}Originwatch`;
}

const root = document.getElementById('app');
if (root !== null) start(root);
