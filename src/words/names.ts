/**
 * What the closed lists are called, in both languages, once for every message, page and report: severities, alerts,
 * reasons, resolutions, ways of detection, kinds. Consumers are complete by type against their own lists.
 */
import { KIND_WORDS } from './kinds.ts';
import type { Words } from './words.ts';

export type Language = 'en' | 'ko';

type Names<Key extends string> = Readonly<Record<Key, string>>;

/** The names of a list in one language. */
function namesIn<Key extends string>(list: Readonly<Record<Key, Words>>, language: Language): Names<Key> {
  const entries = (Object.entries(list) as [Key, Words][]).map(([key, words]) => [key, words[language]]);
  return Object.fromEntries(entries) as Names<Key>;
}

const SEVERITY = {
  critical: { en: 'Critical', ko: '심각' },
  warning: { en: 'Warning', ko: '경고' },
  info: { en: 'Info', ko: '정보' },
} as const;

const EVENT = {
  opened: { en: 'Opened', ko: '발생' },
  escalated: { en: 'Escalated', ko: '심각도 상승' },
  updated: { en: 'Updated', ko: '갱신' },
  resolved: { en: 'Resolved', ko: '종료' },
  reopened: { en: 'Reopened', ko: '재발생' },
} as const;

const REASON = {
  'first-sighting': { en: 'first sighting', ko: '최초 관측' },
  'severity-raised': { en: 'severity raised', ko: '심각도 상승' },
  'route-added': { en: 'route added', ko: '경로 추가' },
  'reach-doubled': { en: 'reach doubled', ko: '확산 범위 두 배' },
  ended: { en: 'ended', ko: '종료' },
  operator: { en: 'by an operator', ko: '운영자 조치' },
  accepted: { en: 'accepted', ko: '정상 승인' },
  'no-evidence': { en: 'no evidence', ko: '근거 없음' },
  returned: { en: 'it returned', ko: '다시 나타남' },
} as const;

const RESOLUTION = {
  withdrawn: { en: 'withdrawn', ko: '철회됨' },
  replaced: { en: 'replaced by a conforming route', ko: '정상 경로로 대체됨' },
  accepted: { en: 'accepted as expected', ko: '정상으로 승인됨' },
  operator: { en: 'resolved by an operator', ko: '운영자가 종료함' },
  'no-evidence': { en: 'no evidence either way for too long', ko: '오랫동안 확인할 근거 없음' },
} as const;

const DETECTED_BY = {
  live: { en: 'live', ko: '실시간' },
  backfill: { en: 'backfill', ko: '소급 수신' },
  snapshot: { en: 'snapshot', ko: '스냅샷' },
  replay: { en: 'replay', ko: '재생' },
} as const;

/** Short labels of kinds for tables and filters are the kinds' own names. */
function kindNames(language: Language): Names<keyof typeof KIND_WORDS> {
  const entries = Object.entries(KIND_WORDS).map(([kind, { name }]) => [kind, name[language]]);
  return Object.fromEntries(entries) as Names<keyof typeof KIND_WORDS>;
}

function named(language: Language) {
  return {
    severity: namesIn(SEVERITY, language),
    event: namesIn(EVENT, language),
    reason: namesIn(REASON, language),
    resolution: namesIn(RESOLUTION, language),
    detectedBy: namesIn(DETECTED_BY, language),
    kind: kindNames(language),
  };
}

export const NAMES: Readonly<Record<Language, ReturnType<typeof named>>> = {
  en: named('en'),
  ko: named('ko'),
};
