/**
 * Times and lengths of time inside sentences: UTC and Korean time beside each other, a duration in its two largest
 * units. Pure: the zone is named, the machine's is not asked.
 */
import type { Words } from './words.ts';

const SEOUL = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Asia/Seoul',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** `01:04:18 UTC (10:04:18 KST)` and `10:04:18 KST(01:04:18 UTC)`, of an ISO time in UTC. */
export function clockWords(iso: string): Words {
  const utc = `${iso.slice(11, 19)} UTC`;
  const seoul = `${SEOUL.format(new Date(iso))} KST`;
  return { en: `${utc} (${seoul})`, ko: `${seoul}(${utc})` };
}

/** `23 min`, `1 h 5 min`, `2 d 3 h`; a negative length counts as none. */
export function durationWords(ms: number): Words {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (seconds < 60) return { en: `${seconds} s`, ko: `${seconds}초` };
  if (minutes < 60) return { en: `${minutes} min`, ko: `${minutes}분` };
  if (hours < 48) return pair(hours, ['h', '시간'], minutes % 60, ['min', '분']);
  return pair(Math.floor(hours / 24), ['d', '일'], hours % 24, ['h', '시간']);
}

type Unit = readonly [en: string, ko: string];

function pair(large: number, largeUnit: Unit, small: number, smallUnit: Unit): Words {
  const rest =
    small === 0 ? { en: '', ko: '' } : { en: ` ${small} ${smallUnit[0]}`, ko: ` ${small}${smallUnit[1]}` };
  return { en: `${large} ${largeUnit[0]}${rest.en}`, ko: `${large}${largeUnit[1]}${rest.ko}` };
}
