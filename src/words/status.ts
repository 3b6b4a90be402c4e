/**
 * The answers to *is it BGP?* in words, in both languages.
 */
import { josa } from './korean.ts';
import type { Words } from './words.ts';

export const STATUS_WORDS = {
  quiet: {
    en: 'No routing anomaly: the origins are as expected and the feed delivers.',
    ko: '라우팅 이상이 없습니다. 오리진 AS가 예상과 같고 피드가 정상입니다.',
  },
  unheard: {
    en: 'No route to it was heard since the start: nothing can be said yet.',
    ko: '시작 이후 아직 수신된 경로가 없어 알 수 없습니다.',
  },
  blind: {
    en: 'The feed does not deliver at the moment: what happens now is not seen.',
    ko: '현재 피드가 수신되지 않아 지금 일어나는 일을 볼 수 없습니다.',
  },
  unseen: {
    en: 'It is watched, but no prefix of it was seen yet: nothing can be said.',
    ko: '감시 대상이지만 아직 관측된 프리픽스가 없어 알 수 없습니다.',
  },
  notWatched: {
    en: 'It is not watched: nothing can be said.',
    ko: '감시 대상이 아니어서 알 수 없습니다.',
  },
  unseenThen: {
    en: 'Nothing was seen at that time: the feed did not deliver.',
    ko: '그 시각에는 피드가 수신되지 않아 알 수 없습니다.',
  },
  quietThen: {
    en: 'No routing anomaly stood at that time.',
    ko: '그 시각에는 라우팅 이상이 없었습니다.',
  },
  withdrawn: (prefix: string): Words => ({
    en: `${prefix} is withdrawn: no vantage point carries a route to it any more.`,
    ko: `${josa(prefix, '이가')} 철회되었습니다. 이 프리픽스로 가는 경로를 가진 관측 지점이 없습니다.`,
  }),
  stillStands: (summary: Words, by: string): Words => ({
    en: `${summary.en} The incident was resolved by ${by}; the route still stands.`,
    ko: `${summary.ko} 인시던트는 ${josa(by, '이가')} 종료 처리했지만 경로는 아직 남아 있습니다.`,
  }),
  foreign: (prefix: string, origins: readonly number[], seeing: number): Words => {
    const names = origins.map((origin) => `AS${origin}`).join(', ');
    return {
      en: `${prefix} from ${names} stands and is not as the watchlist or the baseline has it (${seeing} vantage ${seeing === 1 ? 'point' : 'points'}).`,
      ko: `${josa(names, '이가')} 광고하는 ${josa(prefix, '이가')} 감시 목록이나 기준선과 다릅니다(관측 지점 ${seeing}곳).`,
    };
  },
} as const;
