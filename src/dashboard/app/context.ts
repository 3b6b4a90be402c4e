/** How every part of the view reaches the app, its words and what can be done. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Live } from './live.ts';
import type { Preferences } from './preferences.ts';
import type { App } from './state.ts';
import { type Catalogue, WORDS } from './words.ts';

export interface Tools {
  readonly app: App;
  readonly live: Live;
  prefer(change: Partial<Preferences>): void;
}

export const ToolsContext = createContext<Tools | undefined>(undefined);

export interface InHand extends Tools {
  readonly t: Catalogue;
}

export function useTools(): InHand {
  const tools = useContext(ToolsContext);
  if (tools === undefined) throw new Error('the view is drawn outside of the app');
  return { ...tools, t: WORDS[tools.app.state.preferences.language] };
}
