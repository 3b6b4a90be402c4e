/**
 * One sentence a colleague would say, in both languages (issue words: who announces what, inside whose, who should;
 * seen by how many since when; what is new about it). Pure; outside strings stay raw.
 */

import { asLabel, evidenceOf } from '../judge/evidence-words.ts';
import type { Row } from '../judge/finding.ts';
import type { Words } from '../judge/vocabulary.ts';
import { withParticle as josa } from '../words/korean.ts';
import type { IncidentRoute } from './alert.ts';
import type { IncidentState } from './incident-state.ts';

type AsName = (asn: number) => string | undefined;

export function summaryOf(
  incident: IncidentState,
  routes: readonly IncidentRoute[],
  total: number,
  asName: AsName,
): Words {
  const [route] = routes;
  if (route === undefined) return { en: 'Nothing is seen any more.', ko: '더 이상 보이는 것이 없습니다.' };
  if (incident.family === 'feed' || incident.family === 'visibility')
    return conditionSentence(incident, total, asName);
  const act = actSentence(incident, route, asName);
  const spread = spreadSentence(route);
  const more = total > 1 ? { en: ` And ${total - 1} more.`, ko: ` 외 ${total - 1}건.` } : { en: '', ko: '' };
  const remark = remarkOf(incident.rows, asName);
  return {
    en: `${act.en}${more.en} ${spread.en}${remark === undefined ? '' : ` ${remark.en}`}`,
    ko: `${act.ko}${more.ko} ${spread.ko}${remark === undefined ? '' : ` ${remark.ko}`}`,
  };
}

function conditionSentence(incident: IncidentState, total: number, asName: AsName): Words {
  const [row] = incident.rows;
  const words = row === undefined ? { en: '', ko: '' } : evidenceOf(row, asName).text;
  if (total < 2) return words;
  return { en: `${words.en} And ${total - 1} more.`, ko: `${words.ko} 외 ${total - 1}건.` };
}

function actSentence(incident: IncidentState, route: IncidentRoute, asName: AsName): Words {
  const origin = route.originAs.map((asn) => asLabel(asn, asName)).join(', ');
  const expected = expectedWords(route, asName);
  const named = route.name === '' ? route.watch : `${route.name} (${route.watch})`;
  const offender = incident.offender === null ? origin : asLabel(incident.offender, asName);
  const says = josa(origin, '이가');
  const announces = josa(route.prefix, '을를');
  switch (route.kind) {
    case 'sub-prefix':
      return {
        en: `${origin} announces ${route.prefix}, inside ${named}, which ${expected.en}.`,
        ko: `${says} ${named} 안의 ${announces} 광고합니다. ${expected.ko}.`,
      };
    case 'origin-change':
      return {
        en: `${origin} announces ${route.prefix}${route.name === '' ? '' : ` (${route.name})`}, which ${expected.en}.`,
        ko: `${says} ${route.prefix}${route.name === '' ? '' : ` (${route.name})`} 프리픽스를 광고합니다. ${expected.ko}.`,
      };
    case 'squatting':
      return {
        en: `${origin} announces ${route.prefix} of ${named}, which nobody may announce.`,
        ko: `${says} 아무도 광고할 수 없는 ${named}의 ${announces} 광고합니다.`,
      };
    case 'covering-prefix':
      return {
        en: `${origin} announces ${route.prefix}, which covers ${named}, which ${expected.en}.`,
        ko: `${says} ${josa(named, '을를')} 포함하는 ${announces} 광고합니다. ${expected.ko}.`,
      };
    case 'forged-origin':
      return {
        en: `${offender} announces ${route.prefix} of ${named} as if it had it from ${origin}.`,
        ko: `${josa(offender, '이가')} ${origin}에서 받은 것처럼 ${named}의 ${announces} 광고합니다.`,
      };
    case 'route-leak':
      return {
        en: `${offender} leaks ${route.prefix} of ${named}; the origin ${origin} is unchanged.`,
        ko: `${josa(offender, '이가')} ${named}의 ${announces} 유출합니다. 기원 ${josa(origin, '은는')} 그대로입니다.`,
      };
    case 'unexpected-origination':
      return {
        en: `${origin} originates ${route.prefix}, which it was not known for.`,
        ko: `${says} 알려지지 않은 ${announces} 새로 광고합니다.`,
      };
    default:
      return {
        en: `${origin} announces ${route.prefix} of ${named}: ${route.kind}.`,
        ko: `${says} ${named}의 ${announces} 광고합니다: ${route.kind}.`,
      };
  }
}

function expectedWords(route: IncidentRoute, asName: AsName): Words {
  const names = route.expectedOrigins.map((asn) => asLabel(asn, asName));
  const last = names.at(-1);
  if (last === undefined) return { en: 'nobody may announce', ko: '아무도 광고할 수 없는 프리픽스입니다' };
  const list = names.join(', ');
  const en = names.length === 1 ? list : `${names.slice(0, -1).join(', ')} or ${last}`;
  return { en: `${en} should originate`, ko: `${josa(list, '이가')} 광고해야 하는 프리픽스입니다` };
}

const CLOCK_SEOUL = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Asia/Seoul',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

function spreadSentence(route: IncidentRoute): Words {
  const { seeing, known } = route.vantagePoints;
  const utc = route.firstSeenAt.slice(11, 19);
  const seoul = CLOCK_SEOUL.format(new Date(route.firstSeenAt));
  if (!route.active)
    return {
      en: `Seen since ${utc} UTC (${seoul} KST), gone now.`,
      ko: `${seoul} KST(${utc} UTC)부터 보였고 지금은 사라졌습니다.`,
    };
  const plural = known === 1 ? '' : 's';
  return {
    en: `Seen by ${seeing} of ${known} vantage point${plural} since ${utc} UTC (${seoul} KST).`,
    ko: `${seoul} KST(${utc} UTC)부터 관측 지점 ${known}곳 중 ${seeing}곳에서 보입니다.`,
  };
}

/** The most telling row beside the kind: what is new, else what RPKI says. */
function remarkOf(rows: readonly Row[], asName: AsName): Words | undefined {
  const telling = ['rpki-invalid-origin', 'new-link', 'strange-transit', 'never-seen', 'related', 'siblings'];
  const row = rows
    .filter(({ code }) => telling.includes(code))
    .sort((a, b) => telling.indexOf(a.code) - telling.indexOf(b.code))[0];
  return row === undefined ? undefined : evidenceOf(row, asName).text;
}
