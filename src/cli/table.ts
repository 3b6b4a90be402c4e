/** Data for people: aligned columns, times in their own zone, nothing from outside that could steer the terminal. */
import { printable } from '../words/printable.ts';

/** Hangul, kana, Han and the like take two columns. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/gu;

function widthOf(text: string): number {
  return [...text].length + (text.match(WIDE)?.length ?? 0);
}

/** The header first; two spaces between columns, none at the end of a line. */
export function tableLines(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [header, ...rows].map((row) => row.map(printable));
  const widths = header.map((_, column) =>
    all.reduce((most, row) => Math.max(most, widthOf(row[column] ?? '')), 0),
  );
  return all.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
      .join('  ')
      .trimEnd(),
  );
}

/** The part of an id that people read and type. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

const ZONE_NAMES: Readonly<Record<string, string>> = { 'Asia/Seoul': 'KST', 'Asia/Tokyo': 'JST' };

/** `2022-02-03 10:04:18 KST (01:04:18 UTC)`: the zone of this machine with UTC beside it; `–` for no time. */
export function localTime(
  iso: string | null,
  zone = Intl.DateTimeFormat().resolvedOptions().timeZone,
): string {
  const ms = iso === null ? Number.NaN : Date.parse(iso);
  if (Number.isNaN(ms)) return '–';
  const utc = clockOf(ms, 'UTC');
  const local = clockOf(ms, zone);
  if (local.zone === 'UTC') return `${utc.date} ${utc.time} UTC`;
  const beside = local.date === utc.date ? utc.time : `${utc.date} ${utc.time}`;
  return `${local.date} ${local.time} ${local.zone} (${beside} UTC)`;
}

function clockOf(ms: number, zone: string): { date: string; time: string; zone: string } {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  });
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  const at = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? '';
  return {
    date: `${at('year')}-${at('month')}-${at('day')}`,
    time: `${at('hour')}:${at('minute')}:${at('second')}`,
    zone: ZONE_NAMES[zone] ?? at('timeZoneName'),
  };
}

/** The language that this machine's user reads, by the POSIX locale variables. */
export function languageOf(env: Readonly<Record<string, string | undefined>>): 'en' | 'ko' {
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || '';
  return locale.startsWith('ko') ? 'ko' : 'en';
}

/** `1 row`, `2 rows`. */
export function counted(count: number, word: string): string {
  return `${count} ${count === 1 ? word : `${word}s`}`;
}
