/**
 * The words of every evidence row, in both languages: one closed catalogue, complete by type. `facts` are those
 * that the row was made with, in the order the maker wrote them. Pure; outside strings stay raw.
 */

import { josa } from '../words/korean.ts';
import type { Row } from './finding.ts';
import { mitigationName } from './mitigation.ts';
import type { Evidence, EvidenceCode, Words } from './vocabulary.ts';

type AsName = (asn: number) => string | undefined;
interface Facts {
  /** `AS9457 (DREAMX)`. */
  readonly as: (index: number) => string;
  readonly at: (index: number) => string;
}
type Catalogue = Readonly<Record<EvidenceCode, (facts: Facts) => Words>>;

/** `AS9457 (DREAMX)`, or `AS9457` where the name is not known. */
export function asLabel(asn: number, asName: AsName): string {
  const name = asName(asn);
  return name === undefined || name === '' ? `AS${asn}` : `AS${asn} (${name})`;
}

export function evidenceOf(row: Row, asName: AsName): Evidence {
  const at = (index: number): string => String(row.facts[index] ?? '');
  const as = (index: number): string => asLabel(Number(row.facts[index] ?? 0), asName);
  return { code: row.code, weight: row.weight, source: row.source, text: CATALOGUE[row.code]({ as, at }) };
}

const CATALOGUE: Catalogue = {
  squatting: ({ at }) => ({
    en: `${at(0)} is announced, and the watchlist says that nobody may announce it.`,
    ko: `감시 목록은 아무도 광고할 수 없다고 하는데 ${josa(at(0), '이가')} 광고되었습니다.`,
  }),
  'sub-prefix': ({ at }) => ({
    en: `${at(0)} is more specific than the watched ${at(1)} and its origin is not expected: a longer match takes the traffic.`,
    ko: `${josa(at(0), '은는')} 감시 중인 ${at(1)}보다 더 구체적이고 오리진 AS가 예상과 다릅니다. 더 긴 프리픽스가 트래픽을 가져갑니다.`,
  }),
  'origin-change': ({ at }) => ({
    en: `The origin of the watched ${at(0)} is not an expected one.`,
    ko: `감시 중인 ${at(0)}의 오리진 AS가 예상과 다릅니다.`,
  }),
  'forged-origin': ({ as, at }) => ({
    en: `The origin ${as(0)} is right, but ${as(1)} next to it is none of its ${at(2)} neighbours (${at(3)}).`,
    ko: `오리진 ${josa(as(0), '은는')} 맞지만 바로 옆의 ${josa(as(1), '은는')} ${at(2) === 'declared' ? '선언된' : '학습된'} 이웃(${at(3)})이 아닙니다.`,
  }),
  'route-leak': ({ as, at }) =>
    at(0) === 'aspa'
      ? {
          en: `Provider attestations (ASPA, or the declared upstreams) contradict the path; ${as(1)} passed the route on against them.`,
          ko: `ASPA 또는 선언된 상위 사업자와 경로가 어긋납니다. ${josa(as(1), '이가')} 이를 어기고 경로를 전달했습니다.`,
        }
      : {
          en: `The path has a valley: ${as(1)} passes a route from ${as(2)} on to ${as(3)}.`,
          ko: `valley-free 위반 경로입니다. ${josa(as(1), '이가')} ${as(2)}에서 받은 경로를 ${as(3)}에 전달합니다.`,
        },
  'path-policy': ({ at }) => ({
    en: `The path ${at(2)} breaks the entry's rule ${at(0)}: ${at(1)}.`,
    ko: `경로 ${josa(at(2), '이가')} 항목의 규칙 ${at(0)}: ${josa(at(1), '을를')} 어깁니다.`,
  }),
  'rpki-invalid': ({ at }) => ({
    en: `The origin is ours, yet ${at(0)} is RPKI-invalid (${at(1)}); covering VRP: ${at(2)}. Our own ROAs are wrong, or the length is.`,
    ko: `오리진 AS는 자사이지만 ${josa(at(0), '은는')} RPKI 무효(${at(1)})입니다. 해당 VRP: ${at(2)}. 우리 ROA 또는 프리픽스 길이가 잘못되었습니다.`,
  }),
  'unexpected-more-specific': ({ at }) => ({
    en: `The origin is ours, but ${at(0)} is longer than the entry allows (/${at(1)}).`,
    ko: `오리진 AS는 자사이지만 ${josa(at(0), '은는')} 항목이 허용하는 길이(/${at(1)})보다 깁니다.`,
  }),
  misconfiguration: ({ as, at }) => ({
    en: `${as(0)} stands directly before the odd origin ${at(1)}: most likely a slip in its own configuration.`,
    ko: `${josa(as(0), '이가')} 이상한 오리진 ${at(1)} 바로 앞에 있습니다. 자체 설정 실수일 가능성이 큽니다.`,
  }),
  'unexpected-origination': ({ as, at }) => ({
    en: `${as(0)} originates ${at(1)}, which is neither on the watchlist nor in its baseline.`,
    ko: `${josa(as(0), '이가')} 감시 목록에도 기준선에도 없는 ${josa(at(1), '을를')} 광고합니다.`,
  }),
  'covering-prefix': ({ at }) => ({
    en: `${at(0)} covers the watched ${at(1)} and was not there in the baseline.`,
    ko: `${josa(at(0), '이가')} 감시 중인 ${josa(at(1), '을를')} 포함하며 기준선에는 없던 것입니다.`,
  }),
  'visibility-loss': ({ at }) => ({
    en: `${at(0)} of ${at(1)} vantage points that carried ${at(2)} lost it while their sessions stayed up.`,
    ko: `${josa(at(2), '을를')} 가지고 있던 관측 지점 ${at(1)}곳 중 ${at(0)}곳이 세션이 유지된 채로 경로를 잃었습니다.`,
  }),
  'upstream-loss': ({ at }) => ({
    en: `${at(0)} stands on no path to ${at(1)} any more, though the sessions that showed it there are up.`,
    ko: `세션이 유지되고 있는데도 ${josa(at(0), '이가')} ${josa(at(1), '으로로')} 가는 모든 경로에서 사라졌습니다.`,
  }),
  'roa-expiring': ({ as, at }) =>
    at(2) === ''
      ? {
          en: `No ROA makes ${as(1)} valid for ${at(0)} any more, and it is still announced.`,
          ko: `${josa(at(0), '을를')} 광고하는 ${josa(as(1), '을를')} 유효하게 하던 ROA가 사라졌지만 광고는 계속되고 있습니다.`,
        }
      : {
          en: `The ROA that alone makes ${as(1)} valid for ${at(0)} ends on ${at(2)}, and no other takes over.`,
          ko: `${at(0)}에 대해 ${josa(as(1), '을를')} 유효하게 하는 유일한 ROA가 ${at(2)}에 만료되며, 대신할 ROA가 없습니다.`,
        },
  'same-organisation': ({ as }) => ({
    en: `${as(0)} and ${as(1)} belong to one organisation by the registries.`,
    ko: `등록 정보에 따르면 ${josa(as(0), '과와')} ${josa(as(1), '은는')} 같은 조직에 속합니다.`,
  }),
  'announced-by-us': ({ as, at }) => ({
    en: `Our own routers announce ${at(0)} with the origin ${as(1)} at this moment.`,
    ko: `자체 라우터가 지금 ${josa(at(0), '을를')} 오리진 ${josa(as(1), '으로로')} 광고하고 있습니다.`,
  }),
  'unannounced-by-us': ({ at }) => ({
    en: `Our own routers are up and announce neither ${at(0)} nor anything that covers it.`,
    ko: `자체 라우터가 동작 중이지만 ${at(0)}이나 이를 포함하는 프리픽스를 광고하지 않습니다.`,
  }),
  'feed-blind': ({ at }) => (at(2) === 'store' ? storeWords(at(1)) : feedWords(at(0), at(1))),
  'unexpected-length': ({ at }) => ({
    en: `${at(0)} is also an unexpected more-specific of ${at(1)}: the way RPKI origin validation is walked around.`,
    ko: `${josa(at(0), '은는')} ${at(1)}의 예상치 못한 더 긴 프리픽스이기도 합니다. RPKI 오리진 검증을 우회하는 방법입니다.`,
  }),
  'strange-transit': ({ as, at }) => ({
    en: `Most paths lead through ${as(0)}, which hardly any path to ${at(1)} itself does.`,
    ko: `대부분의 경로가 ${josa(as(0), '을를')} 지나지만, ${at(1)} 자체로 가는 경로에는 거의 나타나지 않습니다.`,
  }),
  exposed: ({ at }) => ({
    en: `${at(0)} itself is withdrawn: traffic follows the covering prefix now.`,
    ko: `${at(0)} 자체가 철회되어 트래픽이 상위 프리픽스를 따라갑니다.`,
  }),
  'rpki-invalid-origin': ({ at }) => ({
    en: `RPKI: no VRP that covers ${at(0)} names this origin (${at(1)}).`,
    ko: `RPKI: ${josa(at(0), '을를')} 포함하는 어떤 VRP도 이 오리진 AS를 허용하지 않습니다(${at(1)}).`,
  }),
  'rpki-invalid-length': ({ at }) => ({
    en: `RPKI: ${at(0)} is longer than its VRP allows (${at(1)}).`,
    ko: `RPKI: ${josa(at(0), '이가')} VRP가 허용하는 길이보다 깁니다(${at(1)}).`,
  }),
  'never-seen': ({ as, at }) => ({
    en: `${as(0)} was never seen as an origin of ${at(1)}.`,
    ko: `${josa(as(0), '이가')} ${at(1)}의 오리진 AS로 관측된 적이 없습니다.`,
  }),
  'new-link': ({ as }) => ({
    en: `New link ${as(0)}–${as(1)}, never seen before.`,
    ko: `${as(0)}–${as(1)} 링크는 이전에 관측된 적이 없습니다.`,
  }),
  'upstream-conflict': ({ as }) => ({
    en: `${as(0)} is none of the upstreams declared for ${as(1)}.`,
    ko: `${josa(as(0), '은는')} ${as(1)}에 선언된 상위 사업자가 아닙니다.`,
  }),
  'aspa-invalid': ({ as }) => ({
    en: `The ASPA of ${as(1)} does not name ${as(0)} as a provider.`,
    ko: `${as(1)}의 ASPA에 ${josa(as(0), '이가')} 상위 사업자로 등록되어 있지 않습니다.`,
  }),
  'drop-list': ({ as }) => ({
    en: `${as(0)} is on the operator's drop list.`,
    ko: `${josa(as(0), '은는')} 운영자의 차단 목록에 있습니다.`,
  }),
  reach: ({ at }) => ({
    en: `Seen by ${at(0)} vantage points.`,
    ko: `관측 지점 ${at(0)}곳에서 보입니다.`,
  }),
  'rpki-valid': ({ as, at }) => ({
    en: `RPKI: a VRP names ${as(1)} for ${at(0)}.`,
    ko: `RPKI: ${at(0)}에 대해 ${josa(as(1), '을를')} 허용하는 VRP가 있습니다.`,
  }),
  'second-source': () => ({
    en: 'Two independent sources show it.',
    ko: '서로 독립적인 두 데이터 소스에서 관측됩니다.',
  }),
  relayed: ({ as, at }) => ({
    en:
      at(1) === at(2)
        ? `${as(1)} itself, a vantage point, passes on what ${as(0)} announces: most likely a customer behind the owner.`
        : `${as(1)} itself passes on what ${as(0)} announces, by its known neighbour ${as(2)}: most likely a customer behind the owner.`,
    ko:
      at(1) === at(2)
        ? `관측 지점인 ${josa(as(1), '이가')} ${as(0)}의 광고를 직접 전달합니다. 소유자의 하위 고객일 가능성이 큽니다.`
        : `${josa(as(1), '이가')} ${as(0)}의 광고를 알려진 이웃 ${josa(as(2), '을를')} 통해 직접 전달합니다. 소유자의 하위 고객일 가능성이 큽니다.`,
  }),
  related: ({ as }) => ({
    en: `${as(0)} and ${as(1)} are neighbours on known paths: it may be a provider or customer acting for it.`,
    ko: `${josa(as(0), '과와')} ${josa(as(1), '은는')} 알려진 경로에서 이웃입니다. 상위 사업자나 고객의 정상 작업일 수 있습니다.`,
  }),
  siblings: ({ as }) => ({
    en: `${as(0)} and ${as(1)} belong to the same organisation by the operator's list.`,
    ko: `운영자 목록에 따르면 ${josa(as(0), '과와')} ${josa(as(1), '은는')} 같은 조직입니다.`,
  }),
  'mitigation-declared': ({ as }) => ({
    en: `${as(0)} is a DDoS-mitigation AS under contract for this entry.`,
    ko: `${josa(as(0), '은는')} 이 항목에 계약된 DDoS 방어 AS입니다.`,
  }),
  'mitigation-known': ({ as, at }) => ({
    en: `${as(0)} is a well-known DDoS-mitigation service (${mitigationName(Number(at(0))) ?? ''}); none is declared here.`,
    ko: `${josa(as(0), '은는')} 잘 알려진 DDoS 방어 서비스(${mitigationName(Number(at(0))) ?? ''})이지만 이 항목에 선언되지 않았습니다.`,
  }),
  slip: ({ as, at }) =>
    at(2) === ''
      ? {
          en: `${as(0)} is one slip of the finger away from the expected ${as(1)}.`,
          ko: `${josa(as(0), '은는')} 기대 오리진 ${as(1)}에서 숫자 하나만 다릅니다. 오타일 수 있습니다.`,
        }
      : {
          en: `The prefix is one slip of the finger away from ${at(2)}, which ${as(0)} announces rightfully.`,
          ko: `이 프리픽스는 ${josa(as(0), '이가')} 정당하게 광고하는 ${at(2)}에서 숫자 하나만 다릅니다. 오타일 수 있습니다.`,
        },
  blackhole: ({ at }) => ({
    en: `${at(0)} is one host with the BLACKHOLE community: our own DDoS defence.`,
    ko: `${josa(at(0), '은는')} BLACKHOLE 커뮤니티가 붙은 단일 호스트로, 자체 DDoS 방어입니다.`,
  }),
  'held-long': () => ({
    en: 'Unchanged for more than 30 days.',
    ko: '30일 넘게 변함이 없습니다.',
  }),
  'baseline-provisional': ({ at }) => ({
    en: `What is expected of ${at(0)} is not yet firm.`,
    ko: `${at(0)}의 기준선이 아직 확정되지 않았습니다.`,
  }),
  'single-vantage-point': () => ({
    en: 'Known for 10 minutes and still seen by one vantage point: it may be that one’s own trouble.',
    ko: '10분이 지나도 관측 지점 한 곳에서만 보입니다. 그 지점만의 문제일 수 있습니다.',
  }),
  clock: () => ({
    en: 'The collector’s stamp is impossible; the time of arrival is shown instead.',
    ko: '수집기의 시각이 잘못되어 도착 시각으로 표시합니다.',
  }),
};

function feedWords(feed: string, reason: string): Words {
  return {
    en: `The feed ${feed} does not deliver (${reason}): what happens now is not seen.`,
    ko: `피드 ${feed}에서 데이터가 오지 않습니다(${reason}). 지금 일어나는 일을 볼 수 없습니다.`,
  };
}

const STORE_REASONS: Readonly<Record<string, Words>> = {
  locked: { en: 'another process holds its lock', ko: '다른 프로세스가 잠금 보유' },
  full: { en: 'the disk is full', ko: '디스크 가득 참' },
  'read-only': { en: 'the disk is read-only', ko: '디스크 읽기 전용' },
  gone: { en: 'the state directory was removed', ko: '상태 디렉터리 삭제됨' },
  failing: { en: 'the disk fails', ko: '디스크 오류' },
};

/** Our own database. Damaged: what it remembered is gone, and with it what was learned and who was told of what. */
function storeWords(reason: string): Words {
  if (reason === 'damaged')
    return {
      en: 'The database was damaged and is set aside: what was remembered (incidents, learned origins, silences, deliveries that waited) is lost in part or whole; the watch goes on.',
      ko: '데이터베이스가 손상되어 따로 보관했습니다. 기억하던 내용(인시던트, 학습된 오리진, 알림 중지, 대기 중이던 전송)의 일부 또는 전부를 잃었습니다. 감시는 계속됩니다.',
    };
  const why = STORE_REASONS[reason] ?? { en: reason, ko: reason };
  return {
    en: `The database cannot be written (${why.en}): judging goes on in memory, alerts go out from there, and all is written once it can be.`,
    ko: `데이터베이스에 쓸 수 없습니다(${why.ko}). 판정과 알림은 메모리에서 계속되며, 기록은 복구된 뒤에 남습니다.`,
  };
}
