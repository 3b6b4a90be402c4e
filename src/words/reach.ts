/**
 * How far and how long, and how it ended: what stands behind the first sentence about an incident, for what stands and
 * for what is over. Pure.
 */
import { josa } from './korean.ts';
import { clockWords, durationWords } from './spans.ts';
import type { Words } from './words.ts';

interface Reach {
  readonly seeing: number;
  readonly known: number;
}

/** Of a route that stands and of which somebody is known to carry it. */
export function seenWords({ seeing, known }: Reach, sinceIso: string): Words {
  const since = clockWords(sinceIso);
  return {
    en: `Seen by ${seeing} of ${known} vantage ${known === 1 ? 'point' : 'points'} since ${since.en}.`,
    ko: `${since.ko}부터 관측 지점 ${known}곳 중 ${seeing}곳에서 보입니다.`,
  };
}

/** Of a route that stands as far as is known, while nobody who carried it can be heard. */
export function doubtWords(sinceIso: string): Words {
  const since = clockWords(sinceIso);
  return {
    en: `Stands since ${since.en} as far as is known: who carried it cannot be heard now.`,
    ko: `${since.ko}부터 남아 있는 것으로 보이나, 관측하던 지점이 지금 수신되지 않아 확인할 수 없습니다.`,
  };
}

/** Of a route that went while its incident is still open. */
export function goneWords(sinceIso: string): Words {
  const since = clockWords(sinceIso);
  return {
    en: `Seen since ${since.en}, gone now.`,
    ko: `${since.ko}부터 보였고 지금은 사라졌습니다.`,
  };
}

/** Of an incident that is over: from when to when, how long, how far. `reach` undefined: nothing that could be counted. */
export function pastWords(span: { readonly fromIso: string; readonly toIso: string }, reach?: Reach): Words {
  const from = clockWords(span.fromIso);
  const to = clockWords(span.toIso);
  const lasted = durationWords(Date.parse(span.toIso) - Date.parse(span.fromIso));
  const isCounted = reach !== undefined && reach.seeing > 0;
  const far = isCounted
    ? {
        en: `Seen by at most ${reach.seeing} of ${reach.known} vantage ${reach.known === 1 ? 'point' : 'points'}`,
        ko: `최대 관측 지점 ${reach.known}곳 중 ${reach.seeing}곳에서 보였습니다.`,
      }
    : { en: 'It lasted', ko: '' };
  return {
    en: `${far.en}, from ${from.en} to ${to.en}, ${lasted.en}.`.replace('lasted,', 'lasted'),
    ko: `${from.ko}부터 ${to.ko}까지 ${lasted.ko} 동안 지속되었습니다.${far.ko === '' ? '' : ` ${far.ko}`}`,
  };
}

/** How it ended; `by`: who declared it over or accepted it. */
export const END_WORDS = {
  withdrawn: () => ({ en: 'It was withdrawn.', ko: '경로가 철회되었습니다.' }),
  replaced: () => ({
    en: 'A conforming route replaced it.',
    ko: '정상 경로로 대체되었습니다.',
  }),
  accepted: (by) =>
    by === undefined
      ? { en: 'It was accepted as expected.', ko: '정상으로 승인되었습니다.' }
      : { en: `${by} accepted it as expected.`, ko: `${josa(by, '이가')} 정상으로 승인했습니다.` },
  operator: (by) =>
    by === undefined
      ? { en: 'An operator resolved it.', ko: '운영자가 종료 처리했습니다.' }
      : { en: `${by} resolved it.`, ko: `${josa(by, '이가')} 종료 처리했습니다.` },
  'no-evidence': () => ({
    en: 'It was closed after too long without evidence either way.',
    ko: '오랫동안 확인할 근거가 없어 종료 처리되었습니다.',
  }),
} as const satisfies Readonly<Record<string, (by: string | undefined) => Words>>;

/** Resolved by hand over what did not go away. */
export const STOOD_THEN: Words = {
  en: 'Its route still stood then.',
  ko: '그 시점에 경로는 아직 남아 있었습니다.',
};
