/**
 * What each kind of incident is called, and the one sentence a colleague would say of it: who announces what, inside
 * whose, who should. In both languages, for what stands and for what is over. Whoever adds a kind adds its words here:
 * `judge/` and `incident/` take them by type, so that a kind without words does not compile. Pure; outside strings stay
 * raw.
 */
import { josa } from './korean.ts';
import type { Words } from './words.ts';

/** What a sentence is made of, as text that is ready to be read. */
export interface ActFacts {
  /** `AS9457 (DREAMX)`, several by comma. */
  readonly origin: string;
  readonly offender: string;
  readonly prefix: string;
  /** The watched prefix or AS, with its name where it has one: `Kakao (211.249.216.0/21)`. */
  readonly watched: string;
  /** The name of the entry alone, in brackets with a space before it; '' where it has none. */
  readonly nameRemark: string;
  /** `AS7625 should originate` / `AS7625가 광고해야 하는 프리픽스입니다`, in the tense of the sentence. */
  readonly expected: Words;
}

export interface KindWords {
  readonly name: Words;
  /** While it stands. */
  readonly now: (facts: ActFacts) => Words;
  /** Once it is over. */
  readonly past: (facts: ActFacts) => Words;
  readonly over?: undefined;
}

/** Our own store could not be written for a while, or was damaged. */
const STORE_OVER: Words = {
  en: 'The database could not be written, or was damaged, and takes everything again: what was judged meanwhile was told late.',
  ko: '데이터베이스에 쓸 수 없었거나 손상되었으나 복구되었습니다. 그동안의 판정은 늦게 통보되었습니다.',
};

/** Kinds that are conditions and not routes tell of themselves by their first row of evidence. */
export interface ConditionWords {
  readonly name: Words;
  readonly now?: undefined;
  readonly past?: undefined;
  /** Once it is over, made of that row's facts; absent: the row speaks of the past already. */
  readonly over?: (facts: readonly string[]) => Words;
}

export const KIND_WORDS = {
  squatting: {
    name: { en: 'Squatting on unannounced space', ko: '미광고 대역 무단 광고' },
    now: ({ origin, prefix, watched }) => ({
      en: `${origin} announces ${prefix} of ${watched}, which nobody may announce.`,
      ko: `${josa(origin, '이가')} 아무도 광고할 수 없는 ${watched}의 ${josa(prefix, '을를')} 광고합니다.`,
    }),
    past: ({ origin, prefix, watched }) => ({
      en: `${origin} announced ${prefix} of ${watched}, which nobody may announce.`,
      ko: `${josa(origin, '이가')} 아무도 광고할 수 없는 ${watched}의 ${josa(prefix, '을를')} 광고했습니다.`,
    }),
  },
  'sub-prefix': {
    name: { en: 'Sub-prefix hijack', ko: '하위 프리픽스 하이재킹' },
    now: ({ origin, prefix, watched, expected }) => ({
      en: `${origin} announces ${prefix}, inside ${watched}, which ${expected.en}.`,
      ko: `${josa(origin, '이가')} ${watched} 안의 ${josa(prefix, '을를')} 광고합니다. ${expected.ko}.`,
    }),
    past: ({ origin, prefix, watched, expected }) => ({
      en: `${origin} announced ${prefix}, inside ${watched}, which ${expected.en}.`,
      ko: `${josa(origin, '이가')} ${watched} 안의 ${josa(prefix, '을를')} 광고했습니다. ${expected.ko}.`,
    }),
  },
  'origin-change': {
    name: { en: 'Origin change', ko: '오리진 AS 변경' },
    now: ({ origin, prefix, nameRemark, expected }) => ({
      en: `${origin} announces ${prefix}${nameRemark}, which ${expected.en}.`,
      ko: `${josa(origin, '이가')} ${josa(`${prefix}${nameRemark}`, '을를')} 광고합니다. ${expected.ko}.`,
    }),
    past: ({ origin, prefix, nameRemark, expected }) => ({
      en: `${origin} announced ${prefix}${nameRemark}, which ${expected.en}.`,
      ko: `${josa(origin, '이가')} ${josa(`${prefix}${nameRemark}`, '을를')} 광고했습니다. ${expected.ko}.`,
    }),
  },
  'forged-origin': {
    name: { en: 'Forged origin', ko: '오리진 AS 위조' },
    now: ({ offender, origin, prefix, watched }) => ({
      en: `${offender} announces ${prefix} of ${watched} as if it had it from ${origin}.`,
      ko: `${josa(offender, '이가')} ${origin}에서 받은 것처럼 ${watched}의 ${josa(prefix, '을를')} 광고합니다.`,
    }),
    past: ({ offender, origin, prefix, watched }) => ({
      en: `${offender} announced ${prefix} of ${watched} as if it had it from ${origin}.`,
      ko: `${josa(offender, '이가')} ${origin}에서 받은 것처럼 ${watched}의 ${josa(prefix, '을를')} 광고했습니다.`,
    }),
  },
  'route-leak': {
    name: { en: 'Route leak', ko: '경로 유출' },
    now: ({ offender, origin, prefix, watched }) => ({
      en: `${offender} leaks ${prefix} of ${watched}; the origin ${origin} is unchanged.`,
      ko: `${josa(offender, '이가')} ${watched}의 ${prefix} 경로를 유출합니다. 오리진 ${josa(origin, '은는')} 그대로입니다.`,
    }),
    past: ({ offender, origin, prefix, watched }) => ({
      en: `${offender} leaked ${prefix} of ${watched}; the origin ${origin} was unchanged.`,
      ko: `${josa(offender, '이가')} ${watched}의 ${prefix} 경로를 유출했습니다. 오리진 ${josa(origin, '은는')} 그대로였습니다.`,
    }),
  },
  'path-policy': {
    name: { en: 'Path policy broken', ko: '경로 정책 위반' },
    now: ({ offender, origin, prefix, watched }) => ({
      en: `${prefix} of ${watched} is reached from ${origin} by a path that its rules forbid; ${offender} breaks them.`,
      ko: `${watched}의 ${josa(prefix, '이가')} 항목의 경로 규칙을 어기는 경로로 보입니다. 오리진은 ${origin}, 규칙을 어긴 AS는 ${offender}입니다.`,
    }),
    past: ({ offender, origin, prefix, watched }) => ({
      en: `${prefix} of ${watched} was reached from ${origin} by a path that its rules forbid; ${offender} broke them.`,
      ko: `${watched}의 ${josa(prefix, '이가')} 항목의 경로 규칙을 어기는 경로로 보였습니다. 오리진은 ${origin}, 규칙을 어긴 AS는 ${offender}입니다.`,
    }),
  },
  'rpki-invalid': {
    name: { en: 'Own route is RPKI-invalid', ko: '자사 경로 RPKI 무효' },
    now: ({ origin, prefix, watched }) => ({
      en: `Our own route ${prefix} of ${watched} from ${origin} is RPKI-invalid: networks that validate drop it.`,
      ko: `${josa(origin, '이가')} 광고하는 ${watched}의 자사 경로 ${josa(prefix, '이가')} RPKI 무효입니다. 검증하는 망에서는 버려집니다.`,
    }),
    past: ({ origin, prefix, watched }) => ({
      en: `Our own route ${prefix} of ${watched} from ${origin} was RPKI-invalid: networks that validate dropped it.`,
      ko: `${josa(origin, '이가')} 광고한 ${watched}의 자사 경로 ${josa(prefix, '이가')} RPKI 무효였습니다. 검증하는 망에서는 버려졌습니다.`,
    }),
  },
  'unexpected-more-specific': {
    name: { en: 'Unexpected more-specific', ko: '예상 밖의 세부 프리픽스' },
    now: ({ origin, prefix, watched }) => ({
      en: `${origin} announces ${prefix}, more specific than ${watched} allows.`,
      ko: `${josa(origin, '이가')} ${watched}에 허용된 길이보다 긴 ${josa(prefix, '을를')} 광고합니다.`,
    }),
    past: ({ origin, prefix, watched }) => ({
      en: `${origin} announced ${prefix}, more specific than ${watched} allows.`,
      ko: `${josa(origin, '이가')} ${watched}에 허용된 길이보다 긴 ${josa(prefix, '을를')} 광고했습니다.`,
    }),
  },
  misconfiguration: {
    name: { en: 'Misconfiguration', ko: '설정 오류' },
    now: ({ offender, origin, prefix, watched }) => ({
      en: `${prefix} of ${watched} appears with the origin ${origin}: most likely a slip in the configuration of ${offender}.`,
      ko: `${watched}의 ${josa(prefix, '이가')} 오리진 ${josa(origin, '으로로')} 보입니다. ${offender}의 설정 실수일 가능성이 큽니다.`,
    }),
    past: ({ offender, origin, prefix, watched }) => ({
      en: `${prefix} of ${watched} appeared with the origin ${origin}: most likely a slip in the configuration of ${offender}.`,
      ko: `${watched}의 ${josa(prefix, '이가')} 오리진 ${josa(origin, '으로로')} 보였습니다. ${offender}의 설정 실수일 가능성이 큽니다.`,
    }),
  },
  'unexpected-origination': {
    name: { en: 'Unexpected origination', ko: '예상 밖의 광고' },
    now: ({ origin, prefix }) => ({
      en: `${origin} originates ${prefix}, which it was not known for.`,
      ko: `${josa(origin, '이가')} 알려지지 않은 ${josa(prefix, '을를')} 새로 광고합니다.`,
    }),
    past: ({ origin, prefix }) => ({
      en: `${origin} originated ${prefix}, which it was not known for.`,
      ko: `${josa(origin, '이가')} 알려지지 않은 ${josa(prefix, '을를')} 새로 광고했습니다.`,
    }),
  },
  'covering-prefix': {
    name: { en: 'Covering prefix', ko: '상위 프리픽스 광고' },
    now: ({ origin, prefix, watched, expected }) => ({
      en: `${origin} announces ${prefix}, which covers ${watched}, which ${expected.en}.`,
      ko: `${josa(origin, '이가')} ${josa(watched, '을를')} 포함하는 ${josa(prefix, '을를')} 광고합니다. ${expected.ko}.`,
    }),
    past: ({ origin, prefix, watched, expected }) => ({
      en: `${origin} announced ${prefix}, which covers ${watched}, which ${expected.en}.`,
      ko: `${josa(origin, '이가')} ${josa(watched, '을를')} 포함하는 ${josa(prefix, '을를')} 광고했습니다. ${expected.ko}.`,
    }),
  },
  'visibility-loss': { name: { en: 'Visibility loss', ko: '관측 상태 저하' } },
  'upstream-loss': {
    name: { en: 'Upstream loss', ko: '상위 사업자 경로 상실' },
    over: ([asns = '', prefix = '']) => ({
      en: `${asns} stood on no path to ${prefix}, though the sessions that had shown it there were up.`,
      ko: `세션이 유지되고 있었는데도 ${josa(asns, '이가')} ${prefix} 경로에 보이지 않았습니다.`,
    }),
  },
  'roa-expiring': {
    name: { en: 'ROA is ending', ko: 'ROA 만료 임박' },
    over: ([prefix = '', origin = '', day = '']) => ({
      en:
        day === ''
          ? `No ROA made AS${origin} valid for ${prefix}, which was announced.`
          : `The ROA that alone made AS${origin} valid for ${prefix} was to end on ${day}.`,
      ko:
        day === ''
          ? `광고 중인 ${prefix}에 대해 AS${origin}의 유효한 ROA가 없었습니다.`
          : `${prefix}에 대해 AS${origin}의 유일한 ROA가 ${day}에 만료될 예정이었습니다.`,
    }),
  },
  'feed-blind': {
    name: { en: 'Feed is blind', ko: '피드 수신 불가' },
    over: ([feed = '', reason = '', what = '']) =>
      what === 'store'
        ? STORE_OVER
        : {
            en: `The feed ${feed} did not deliver (${reason}): what happened meanwhile was not seen live.`,
            ko: `피드 ${josa(feed, '이가')} 수신되지 않았습니다(${reason}). 그동안 일어난 일은 실시간으로 관측되지 않았습니다.`,
          },
  },
} as const satisfies Readonly<Record<string, KindWords | ConditionWords>>;
