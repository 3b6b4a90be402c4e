/**
 * What an engineer asks after *what*: could it be benign, and what do I do now. Pure.
 */
import { covers, lengthMax, type Prefix, parsePrefix } from '../bgp/prefix.ts';
import { asLabel } from '../judge/evidence-words.ts';
import type { EvidenceCode, Words } from '../judge/vocabulary.ts';
import { josa } from '../words/korean.ts';
import type { Incident, IncidentRoute } from './alert.ts';
import type { IncidentState } from './incident-state.ts';

type AsName = (asn: number) => string | undefined;

/** Longest prefixes that are accepted everywhere: /24 and /48. */
const ROUTABLE_MAX = { 4: 24, 6: 48 } as const;

export function adviceFor(
  incident: IncidentState,
  routes: readonly IncidentRoute[],
  asName: AsName,
): Incident['advice'] {
  if (incident.state !== 'resolved')
    return { benign: benignReading(incident), next: nextSteps(incident, routes, asName) };
  const stillStands = routes.some(({ active }) => active);
  return { benign: benignThen(incident), next: stillStands ? [LOOK_AGAIN] : [] };
}

/** Readings in the order of how much they explain; each with why it was not enough here. */
const BENIGN: readonly (readonly [EvidenceCode, Words])[] = [
  [
    'mitigation-declared',
    { en: 'DDoS mitigation under contract that has taken over', ko: '계약된 DDoS 방어 서비스가 넘겨받은 것' },
  ],
  ['siblings', { en: 'a move inside one organisation', ko: '같은 조직 안의 이전' }],
  [
    'blackhole',
    { en: 'our own blackhole route that leaked to a collector', ko: '자체 블랙홀 경로가 수집기에 보인 것' },
  ],
  [
    'rpki-valid',
    {
      en: 'a change that the holder of the address space authorised by a ROA',
      ko: '주소 보유자가 ROA로 승인한 변경',
    },
  ],
  [
    'related',
    {
      en: 'a provider or customer that originates on behalf of the expected AS',
      ko: '상위 사업자나 고객이 대신 광고한 것',
    },
  ],
  ['slip', { en: 'a typing error in somebody’s router', ko: '라우터 설정 오타' }],
  [
    'misconfiguration',
    { en: 'a slip in the expected origin’s own configuration', ko: '기대 오리진 AS의 자체 설정 실수' },
  ],
  [
    'mitigation-known',
    {
      en: 'a DDoS-mitigation service that was called in without being declared here',
      ko: '선언되지 않은 DDoS 방어 서비스의 투입',
    },
  ],
  ['single-vantage-point', { en: 'trouble of one collector peer alone', ko: '수집기 피어 한 곳만의 문제' }],
  [
    'baseline-provisional',
    { en: 'an expectation that was learned too early', ko: '너무 일찍 학습된 기준선' },
  ],
];

function likeliest(incident: IncidentState): Words {
  const found = BENIGN.find(([code]) => incident.rows.some((row) => row.code === code));
  return found?.[1] ?? defaultReading(incident);
}

/** Once it is over, nothing is asked for any more. */
function benignThen(incident: IncidentState): Words {
  const reading = likeliest(incident);
  return {
    en: `It could have been ${reading.en}.`,
    ko: `${reading.ko}이었을 수 있습니다.`,
  };
}

const LOOK_AGAIN: Words = {
  en: 'The route still stood when it was resolved by hand: only new evidence reopens it, so look again.',
  ko: '종료 처리할 때 경로가 아직 남아 있었습니다. 새로운 근거가 있어야 다시 열리므로 다시 확인하십시오.',
};

function benignReading(incident: IncidentState): Words {
  const reading = likeliest(incident);
  return {
    en: `It could be ${reading.en}. Not enough to dismiss it: the score is still ${incident.score}, and only an operator can declare it expected.`,
    ko: `${reading.ko}일 수 있습니다. 그래도 점수가 ${incident.score}점이며, 예상된 것이라고 선언할 수 있는 것은 운영자뿐입니다.`,
  };
}

function defaultReading(incident: IncidentState): Words {
  switch (incident.family) {
    case 'own':
      return {
        en: 'a planned change of our own that the watchlist does not know yet',
        ko: '감시 목록에 아직 반영되지 않은 자체 변경',
      };
    case 'path':
      return { en: 'a new peering or a traffic-engineering detour', ko: '새 피어링 또는 트래픽 우회' };
    case 'visibility':
      return { en: 'planned maintenance of the origin', ko: '오리진 AS의 계획된 작업' };
    case 'feed':
      return {
        en: 'maintenance of the feed or of the network in between',
        ko: '피드 또는 중간 네트워크의 점검',
      };
    default:
      return {
        en: 'a planned move of the prefix that nobody announced to this watchlist',
        ko: '감시 목록에 알리지 않은 계획된 이전',
      };
  }
}

function nextSteps(
  incident: IncidentState,
  routes: readonly IncidentRoute[],
  asName: AsName,
): readonly Words[] {
  if (incident.family === 'feed') return [CHECK_FEED];
  const steps: Words[] = [];
  const answer = incident.family === 'hijack' ? answerWithMoreSpecifics(routes) : undefined;
  if (answer !== undefined) steps.push(answer);
  if (incident.offender !== null && incident.family !== 'own')
    steps.push(callOffender(incident.offender, routes, asName));
  if (incident.family === 'own' || incident.family === 'visibility') steps.push(LOOK_AT_OWN);
  steps.push(ACCEPT);
  return steps;
}

const CHECK_FEED: Words = {
  en: 'Check the way to the feed (DNS, proxy, firewall) and the feed’s own status; until it is back, look at a looking glass by hand.',
  ko: '피드까지의 경로(DNS, 프록시, 방화벽)와 피드 상태를 확인하십시오. 복구될 때까지는 looking glass로 직접 확인하십시오.',
};
const LOOK_AT_OWN: Words = {
  en: 'Look at our own routers and change calendar first: the origin is our own.',
  ko: '오리진 AS가 자사이므로 자체 라우터와 작업 일정을 먼저 확인하십시오.',
};
const ACCEPT: Words = {
  en: 'If it is expected, accept the origin (`originwatch baseline accept PREFIX ORIGIN`) or put it on the watchlist.',
  ko: '예상된 변경이라면 오리진 AS를 승인하거나(`originwatch baseline accept PREFIX ORIGIN`) 감시 목록에 추가하십시오.',
};

function callOffender(offender: number, routes: readonly IncidentRoute[], asName: AsName): Words {
  const upstreams = [
    ...new Set(routes.flatMap((route) => route.paths.flatMap(({ path }) => neighborInText(path, offender)))),
  ].slice(0, 5);
  const via = upstreams.map((asn) => asLabel(asn, asName)).join(', ');
  const who = asLabel(offender, asName);
  if (via === '') {
    return {
      en: `Call the NOC of ${who}; its number may be forged, so do not take its word for an attack.`,
      ko: `${who}의 NOC에 연락하십시오. AS 번호가 위조되었을 수 있으니 공격자로 단정하지 마십시오.`,
    };
  }
  return {
    en: `Call the NOCs of ${who} and of ${via}, who pass it on and can filter it; the number may be forged, so do not call ${who} the attacker.`,
    ko: `${josa(who, '과와')} 경로를 전달하는 ${via}의 NOC에 연락해 필터링을 요청하십시오. AS 번호가 위조되었을 수 있으니 ${josa(who, '을를')} 공격자로 단정하지 마십시오.`,
  };
}

/** The AS left of `asn` in a path as printed. */
function neighborInText(path: string, asn: number): number[] {
  const parts = path.split(' ');
  const at = parts.lastIndexOf(String(asn));
  const left = Number(parts.slice(0, Math.max(0, at)).findLast((part) => part !== String(asn)));
  return Number.isInteger(left) && left > 0 ? [left] : [];
}

function answerWithMoreSpecifics(routes: readonly IncidentRoute[]): Words | undefined {
  const route = routes.find(({ active }) => active) ?? routes[0];
  const taken = route === undefined ? undefined : parsePrefix(route.prefix)?.prefix;
  if (route === undefined || taken === undefined || route.expectedOrigins.length === 0) return undefined;
  const longest = ROUTABLE_MAX[taken.family];
  if (taken.length >= longest) {
    return {
      en: `${taken.text} can’t be answered with something longer (/${longest} is the limit most networks accept): announce the same prefix yourself and have it filtered upstream.`,
      ko: `${taken.text}보다 긴 프리픽스로는 대응할 수 없습니다(대부분 /${longest}까지만 수용). 같은 프리픽스를 직접 광고하고 상위 사업자에 필터링을 요청하십시오.`,
    };
  }
  const length = Math.min(longest, taken.length + 1, lengthMax(taken.family));
  return {
    en: `The owner can answer with more-specifics: announce the two halves of ${ownerPart(taken, route)} as /${length}, after checking that the ROA’s maxLength allows /${length}.`,
    ko: `더 긴 프리픽스로 대응할 수 있습니다. ROA의 maxLength가 /${josa(`${length}`, '을를')} 허용하는지 확인한 뒤 ${josa(ownerPart(taken, route), '을를')} /${length} 두 개로 나누어 광고하십시오.`,
  };
}

/** A covering prefix is answered inside the watched one, anything else inside itself. */
function ownerPart(taken: Prefix, route: IncidentRoute): string {
  const watched = parsePrefix(route.watch)?.prefix;
  return watched !== undefined && covers(taken, watched) ? watched.text : taken.text;
}
