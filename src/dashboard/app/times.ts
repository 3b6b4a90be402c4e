/**
 * Times and durations as people read them: in Asia/Seoul or the browser's zone, with UTC beside it. Pure but for the
 * browser's own zone.
 */
import type { Catalogue } from './words.ts';

export type ZoneChoice = 'seoul' | 'browser';

export interface Stamp {
  /** `02-03 10:04:18 KST` in the chosen zone. */
  readonly local: string;
  /** `01:04:18 UTC`, with the date where it is another day; '' when the zone is UTC itself. */
  readonly utc: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function partsIn(zone: string, ms: number): Readonly<Record<string, string>> {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
      timeZoneName: 'shortOffset',
    });
    formats.set(zone, format);
  }
  return Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
}

/** The IANA name behind the choice. */
export function zoneName(choice: ZoneChoice): string {
  return choice === 'seoul' ? 'Asia/Seoul' : Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/** The zone as it stands behind a time: `KST`, `UTC`, `UTC+9`. */
function zoneLabel(zone: string, parts: Readonly<Record<string, string>>): string {
  if (zone === 'Asia/Seoul') return 'KST';
  return (parts.timeZoneName ?? '').replace('GMT', 'UTC');
}

/** `nowMs` decides whether the year is worth saying. */
export function stampOf(ms: number, choice: ZoneChoice, nowMs: number): Stamp {
  const zone = zoneName(choice);
  const local = partsIn(zone, ms);
  const utc = partsIn('UTC', ms);
  const isThisYear = local.year === partsIn(zone, nowMs).year;
  const day = `${isThisYear ? '' : `${local.year}-`}${local.month}-${local.day}`;
  const label = zoneLabel(zone, local);
  const isOtherDay = local.day !== utc.day;
  return {
    local: `${day} ${local.hour}:${local.minute}:${local.second} ${label}`,
    utc:
      label === 'UTC'
        ? ''
        : `${isOtherDay ? `${utc.month}-${utc.day} ` : ''}${utc.hour}:${utc.minute}:${utc.second} UTC`,
  };
}

/** `10:04` in the chosen zone, for axes. */
export function clockOf(ms: number, choice: ZoneChoice, withSeconds: boolean): string {
  const { hour, minute, second } = partsIn(zoneName(choice), ms);
  return withSeconds ? `${hour}:${minute}:${second}` : `${hour}:${minute}`;
}

/** A length of time in its two largest units; a negative one counts as none. */
export function durationText(ms: number, t: Catalogue): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (seconds < 60) return t.duration.seconds(seconds);
  if (minutes < 60) return t.duration.minutes(minutes);
  if (hours < 48) return t.duration.hours(hours, minutes % 60);
  return t.duration.days(Math.floor(hours / 24), hours % 24);
}

/** What a `datetime-local` field holds, read in the chosen zone, as ISO UTC; undefined when it holds no time. */
export function isoFromField(text: string, choice: ZoneChoice): string | undefined {
  if (text === '') return undefined;
  const ms = Date.parse(choice === 'seoul' ? `${text}+09:00` : text);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
