/**
 * The mail to the offender's NOC, in English and Korean: what is seen, since when and by whom, whose the space is, and
 * what we ask for. Pure; part of the sheet.
 */
import type { Words } from '../../judge/vocabulary.ts';
import type { Incident, IncidentRoute } from '../alert.ts';
import type { Callee } from './callees.ts';

export interface NocMail {
  readonly to: readonly string[];
  /** Those that pass it on. */
  readonly cc: readonly string[];
  readonly subject: Words;
  readonly body: Words;
}

/** Routes and paths that a mail lists; who reads it needs examples, not all. */
const ROUTES_MAX = 20;
const PATHS_MAX = 5;

/** Null where there is nobody to write to. */
export function nocMail(incident: Incident, callees: readonly Callee[]): NocMail | null {
  const [offender, ...passers] = callees;
  if (offender === undefined) return null;
  const mailsOf = ({ contacts }: Callee): readonly string[] =>
    contacts.map(({ mail }) => mail).filter((mail) => mail !== '');
  const to = [...new Set(mailsOf(offender))];
  return {
    to,
    cc: [...new Set(passers.flatMap(mailsOf))].filter((mail) => !to.includes(mail)),
    subject: subject(incident),
    body: { en: english(incident, offender).join('\n'), ko: korean(incident, offender).join('\n') },
  };
}

function subject({ routes, routesTotal, offender, state }: Incident): Words {
  const first = routes[0]?.prefix ?? '';
  const more = routesTotal > 1 ? ` (+${routesTotal - 1})` : '';
  const isOver = state === 'resolved';
  return {
    en: `${isOver ? 'Ended: u' : 'URGENT: u'}nauthorised BGP announcement of ${first}${more} by AS${offender}`,
    ko: `${isOver ? '[종료]' : '[긴급]'} AS${offender}의 ${first}${more} 무단 BGP 광고`,
  };
}

function listed(routes: readonly IncidentRoute[], words: RouteWords): string[] {
  return routes
    .slice(0, ROUTES_MAX)
    .flatMap((route) => [
      `  ${route.prefix}  ${words.origin} ${route.originAs.map((asn) => `AS${asn}`).join(', ') || '-'}  ${words.expected} ${route.expectedOrigins.map((asn) => `AS${asn}`).join(', ') || '-'}`,
      `    ${words.since} ${route.firstSeenAt}  ${words.seen(route.vantagePoints.seeing, route.vantagePoints.known)}`,
      ...route.paths.slice(0, PATHS_MAX).map(({ path }) => `    ${words.path} ${path}`),
    ]);
}

interface RouteWords {
  readonly origin: string;
  readonly expected: string;
  readonly since: string;
  readonly path: string;
  seen(seeing: number, known: number): string;
}

const ENGLISH: RouteWords = {
  origin: 'origin seen',
  expected: 'origin authorised',
  since: 'first seen',
  path: 'AS path',
  seen: (seeing, known) => `at ${seeing} of ${known} vantage points`,
};
const KOREAN: RouteWords = {
  origin: '관측된 오리진',
  expected: '정당한 오리진',
  since: '최초 관측',
  path: 'AS 경로',
  seen: (seeing, known) => `관측 지점 ${known}곳 중 ${seeing}곳`,
};

function english(incident: Incident, { asn, name }: Callee): string[] {
  const who = name === '' ? `AS${asn}` : `AS${asn} (${name})`;
  const isOver = incident.state === 'resolved';
  return [
    `To the NOC of ${who}`,
    '',
    isOver
      ? `your network appeared as the source of the following routes until ${incident.endedAt ?? incident.resolvedAt}. The address space is ours; we did not authorise these announcements.`
      : 'your network appears as the source of the following routes, at this moment. The address space is ours; we did not authorise these announcements.',
    '',
    ...listed(incident.routes, ENGLISH),
    ...left(incident, (count) => `  and ${count} more`),
    '',
    ...(isOver
      ? ['Please tell us what happened, and what keeps it from happening again.']
      : [
          'Please',
          '  1. withdraw these announcements, or filter them towards your neighbours, at once;',
          '  2. tell us what happened, whether a customer of yours announced them, or whether somebody used your AS number.',
        ]),
    '',
    'Times are UTC, paths as public route collectors show them (left the collector peer, right the origin).',
    `Our reference: ${incident.id}`,
  ];
}

function korean(incident: Incident, { asn, name }: Callee): string[] {
  const who = name === '' ? `AS${asn}` : `AS${asn}(${name})`;
  const isOver = incident.state === 'resolved';
  return [
    `${who} NOC 담당자께`,
    '',
    isOver
      ? `귀사의 망이 ${incident.endedAt ?? incident.resolvedAt}까지 아래 경로의 출처로 관측되었습니다. 해당 주소는 당사의 것이며, 이 광고를 승인한 적이 없습니다.`
      : '귀사의 망이 현재 아래 경로의 출처로 관측되고 있습니다. 해당 주소는 당사의 것이며, 이 광고를 승인한 적이 없습니다.',
    '',
    ...listed(incident.routes, KOREAN),
    ...left(incident, (count) => `  외 ${count}건`),
    '',
    ...(isOver
      ? ['원인과 재발 방지 대책을 알려 주시기 바랍니다.']
      : [
          '다음을 요청합니다.',
          '  1. 위 광고를 즉시 철회하거나 이웃 망으로 나가지 않도록 필터링해 주십시오.',
          '  2. 원인을 알려 주십시오. 고객의 광고인지, 귀사의 AS 번호가 도용된 것인지 확인 부탁드립니다.',
        ]),
    '',
    '시각은 UTC이며, 경로는 공개 수집기에서 보이는 그대로입니다(왼쪽이 수집기 피어, 오른쪽이 오리진).',
    `당사 관리 번호: ${incident.id}`,
  ];
}

function left({ routesTotal }: Incident, words: (count: number) => string): string[] {
  return routesTotal > ROUTES_MAX ? [words(routesTotal - ROUTES_MAX)] : [];
}
