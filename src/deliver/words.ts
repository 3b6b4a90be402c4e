/**
 * The catalogue of everything that a message says in our own words, in both languages, complete by type. Sentences
 * about one incident (summary, evidence, advice) come with the alert and are not here.
 */
import type { Severity } from '../bgp/severity.ts';
import type { AlertEvent, DetectedBy, Kind, Resolution } from '../incident/alert.ts';
import { type Language, NAMES } from '../words/names.ts';

export type { Language } from '../words/names.ts';

export interface Catalogue {
  readonly severity: Readonly<Record<Severity, string>>;
  readonly event: Readonly<Record<AlertEvent, string>>;
  readonly resolution: Readonly<Record<Resolution, string>>;
  readonly detectedBy: Readonly<Record<DetectedBy, string>>;
  readonly label: Readonly<Record<Label, string>>;
  readonly nobody: string;
  readonly none: string;
  readonly gone: string;
  readonly more: (count: number) => string;
  readonly seenBy: (seeing: number, known: number) => string;
  readonly reminder: (type: 'escalate' | 'repeat', number: number) => string;
  readonly digestTitle: (alerts: number) => string;
  readonly digestCounts: (counts: Readonly<Record<Severity, number>>) => string;
  readonly digestWhere: (link: string | undefined) => string;
  readonly button: Readonly<Record<'open' | 'acknowledge' | 'resolve' | 'silence', string>>;
  readonly pressed: (action: 'acknowledge' | 'resolve' | 'silence', who: string) => string;
  readonly notDone: (why: string) => string;
  readonly acknowledgedBy: (who: string) => string;
  readonly routes: (count: number) => string;
  readonly reached: (seeing: number, known: number) => string;
  readonly pointsBack: string;
}

export type Label =
  | 'severity'
  | 'score'
  | 'group'
  | 'offender'
  | 'watch'
  | 'prefix'
  | 'expected'
  | 'seen'
  | 'paths'
  | 'vantagePoints'
  | 'routes'
  | 'evidence'
  | 'benign'
  | 'next'
  | 'firstSeen'
  | 'alerted'
  | 'ended'
  | 'resolution'
  | 'incident'
  | 'services'
  | 'state'
  | 'acknowledged'
  | 'details'
  | 'duration'
  | 'reach'
  | 'notes'
  | 'feed'
  | 'resolvedBy'
  | 'doNow'
  | 'since'
  | 'concerned';

const en: Catalogue = {
  ...NAMES.en,
  label: {
    severity: 'Severity',
    score: 'Score',
    group: 'Group',
    offender: 'Offender',
    watch: 'Watch',
    prefix: 'Prefix',
    expected: 'Expected origin',
    seen: 'Seen origin',
    paths: 'Paths',
    vantagePoints: 'Vantage points',
    routes: 'Routes',
    evidence: 'Evidence',
    benign: 'Benign reading',
    next: 'What to do next',
    firstSeen: 'First seen',
    alerted: 'Alert',
    ended: 'Ended',
    resolution: 'Resolution',
    incident: 'Incident',
    services: 'Services',
    state: 'State',
    acknowledged: 'Acknowledged',
    details: 'Details',
    duration: 'Lasted',
    reach: 'Widest reach',
    notes: 'Notes',
    feed: 'Feed',
    resolvedBy: 'Resolved by',
    doNow: 'Do now',
    since: 'Since',
    concerned: 'Concerned',
  },
  nobody: 'nobody',
  none: 'none',
  gone: 'gone',
  more: (count) => `and ${count} more`,
  seenBy: (seeing, known) => `${seeing} of ${known}`,
  reminder: (type, number) =>
    type === 'escalate'
      ? 'Escalation: nobody acknowledged this'
      : `Reminder ${number}: still open, not acknowledged`,
  digestTitle: (alerts) => `${alerts} alerts at once`,
  digestCounts: (counts) => `${counts.critical} critical, ${counts.warning} warning, ${counts.info} info`,
  digestWhere: (link) => (link === undefined ? 'All of them: GET /api/v1/incidents' : `All of them: ${link}`),
  button: { open: 'Open', acknowledge: 'Acknowledge', resolve: 'Resolve', silence: 'Silence 1 h' },
  pressed: (action, who) =>
    `${{ acknowledge: 'Acknowledged', resolve: 'Resolved', silence: 'Silenced for 1 h' }[action]} by ${who}`,
  notDone: (why) => `Not done: ${why}`,
  acknowledgedBy: (who) => `acknowledged by ${who}`,
  routes: (count) => `${count} ${count === 1 ? 'route' : 'routes'}`,
  reached: (seeing, known) => `${seeing} of ${known} vantage points`,
  pointsBack: 'The first message of this incident has the details.',
};

const ko: Catalogue = {
  ...NAMES.ko,
  label: {
    severity: '심각도',
    score: '점수',
    group: '그룹',
    offender: '원인 AS',
    watch: '감시 대상',
    prefix: '프리픽스',
    expected: '기대 오리진 AS',
    seen: '관측 오리진 AS',
    paths: 'AS 경로',
    vantagePoints: '관측 지점',
    routes: '경로',
    evidence: '근거',
    benign: '정상일 가능성',
    next: '다음 조치',
    firstSeen: '최초 관측',
    alerted: '알림',
    ended: '종료',
    resolution: '종료 사유',
    incident: '인시던트',
    services: '서비스',
    state: '상태',
    acknowledged: '확인됨',
    details: '상세',
    duration: '지속 시간',
    reach: '최대 관측 범위',
    notes: '메모',
    feed: '피드',
    resolvedBy: '종료한 사람',
    doNow: '지금 할 일',
    since: '시작',
    concerned: '해당 대상',
  },
  nobody: '없음',
  none: '없음',
  gone: '사라짐',
  more: (count) => `외 ${count}건`,
  seenBy: (seeing, known) => `${known}곳 중 ${seeing}곳`,
  reminder: (type, number) =>
    type === 'escalate' ? '에스컬레이션: 아직 아무도 확인하지 않음' : `재알림 ${number}회: 미종료, 미확인`,
  digestTitle: (alerts) => `알림 ${alerts}건 동시 발생`,
  digestCounts: (counts) => `심각 ${counts.critical}건, 경고 ${counts.warning}건, 정보 ${counts.info}건`,
  digestWhere: (link) => (link === undefined ? '전체 목록: GET /api/v1/incidents' : `전체 목록: ${link}`),
  button: { open: '열기', acknowledge: '확인', resolve: '종료', silence: '1시간 알림 중지' },
  pressed: (action, who) =>
    `${{ acknowledge: '확인', resolve: '종료', silence: '1시간 알림 중지' }[action]}: ${who}`,
  notDone: (why) => `처리하지 못함: ${why}`,
  acknowledgedBy: (who) => `확인: ${who}`,
  routes: (count) => `경로 ${count}건`,
  reached: (seeing, known) => `관측 지점 ${known}곳 중 ${seeing}곳`,
  pointsBack: '자세한 내용은 이 인시던트의 첫 메시지에 있습니다.',
};

export const WORDS: Readonly<Record<Language, Catalogue>> = { en, ko };

/** What a kind is called; the words of a kind stand in `words/kinds.ts`. */
export function kindName(kind: Kind, language: Language): string {
  return NAMES[language].kind[kind];
}
