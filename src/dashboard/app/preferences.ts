/** What each person has chosen for this screen, kept by the browser; anything unreadable is the default. */
import type { ZoneChoice } from './times.ts';
import type { Language } from './words.ts';

export type Theme = 'auto' | 'light' | 'dark';

export interface Preferences {
  readonly language: Language;
  readonly zone: ZoneChoice;
  readonly theme: Theme;
  readonly sound: boolean;
  /** Who acts, filled in from the last time. */
  readonly by: string;
}

const KEY = 'originwatch';

export function loadPreferences(): Preferences {
  const kept = readKept();
  const isKorean = navigator.language.toLowerCase().startsWith('ko');
  return {
    language: oneOf(kept.language, ['en', 'ko']) ?? (isKorean ? 'ko' : 'en'),
    zone: oneOf(kept.zone, ['seoul', 'browser']) ?? 'seoul',
    theme: oneOf(kept.theme, ['auto', 'light', 'dark']) ?? 'auto',
    sound: kept.sound === true,
    by: typeof kept.by === 'string' ? kept.by.slice(0, 200) : '',
  };
}

/** What the choice comes to on this machine. */
export function shadeOf(theme: Theme): 'light' | 'dark' {
  if (theme !== 'auto') return theme;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

export function savePreferences(preferences: Preferences): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // A browser that keeps nothing still shows everything.
  }
}

function readKept(): Readonly<Record<string, unknown>> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[]): T | undefined {
  return allowed.find((each) => each === value);
}
