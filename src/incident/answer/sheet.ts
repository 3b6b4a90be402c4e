/**
 * The sheet of countermeasures for one incident (`countermeasures`, `GET …/countermeasures`): what to announce and what
 * our ROAs say to it, router lines, whom to call, a mail to their NOC, and what to watch until it is over. Pure.
 */
import type { Words } from '../../judge/vocabulary.ts';
import type { Incident } from '../alert.ts';
import { type Announcement, answerOf, type RoaChange, type Validate } from './announcements.ts';
import { type AddressBook, type Callee, calleesOf } from './callees.ts';
import { type NocMail, nocMail } from './noc-mail.ts';
import { type Router, type RouterLines, routerLines } from './router-lines.ts';

export interface CountermeasureSheet {
  readonly incident: Pick<Incident, 'id' | 'group' | 'kind' | 'severity' | 'state' | 'offender' | 'summary'>;
  readonly announce: readonly Announcement[];
  readonly announceTotal: number;
  /** Those that have to be out before the announcement come first. */
  readonly roaChanges: readonly RoaChange[];
  readonly routers: Readonly<Record<Router, RouterLines>>;
  readonly contacts: readonly Callee[];
  readonly mail: NocMail | null;
  /** What no announcement mends, and what to look at until it is over. */
  readonly limits: readonly Words[];
  readonly watch: readonly Words[];
}

export function countermeasuresFor(
  incident: Incident,
  parts: { validate: Validate; book: AddressBook },
): CountermeasureSheet {
  const { id, group, kind, severity, state, offender, summary } = incident;
  const { announce, announceTotal, limits } = answerOf(incident, parts.validate);
  const contacts = calleesOf(incident, parts.book);
  const changes = announce.flatMap(({ roa }) => roa ?? []);
  return {
    incident: { id, group, kind, severity, state, offender, summary },
    announce,
    announceTotal,
    roaChanges: [...changes.filter(({ first }) => first), ...changes.filter(({ first }) => !first)],
    routers: routerLines(announce),
    contacts,
    mail: nocMail(incident, contacts),
    limits,
    watch: whatToWatch(incident, announce),
  };
}

function whatToWatch(incident: Incident, announce: readonly Announcement[]): readonly Words[] {
  if (incident.state === 'resolved') return [TAKE_BACK];
  if (announce.length === 0) return [UNTIL_RESOLVED];
  return announce.some(({ rpki }) => rpki === 'unknown')
    ? [ROAS_UNKNOWN, SPREAD, UNTIL_RESOLVED]
    : [SPREAD, UNTIL_RESOLVED];
}

const ROAS_UNKNOWN: Words = {
  en: 'No RPKI data is loaded here: look up your ROAs before you announce.',
  ko: 'RPKI 데이터가 없으므로 광고하기 전에 ROA를 직접 확인하십시오.',
};
const SPREAD: Words = {
  en: 'Watch the answer spread: `originwatch status PREFIX` for each announced prefix. Keep it up until the foreign route is gone everywhere.',
  ko: '대응 광고가 퍼지는지 확인하십시오. 광고한 프리픽스마다 `originwatch status PREFIX`를 실행하고, 외부 경로가 모두 사라질 때까지 유지하십시오.',
};
const UNTIL_RESOLVED: Words = {
  en: 'The incident resolves by itself when no vantage point carries an offending route any more.',
  ko: '문제 경로가 모든 관측 지점에서 사라지면 인시던트는 자동으로 종료됩니다.',
};
const TAKE_BACK: Words = {
  en: 'It is over: take the answer back (the lines under withdraw), and the ROAs that were made for it.',
  ko: '종료되었습니다. 대응 광고(withdraw 항목)와 이를 위해 만든 ROA를 거두십시오.',
};
