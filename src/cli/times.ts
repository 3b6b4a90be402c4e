/** Times as people write them on the command line: ISO 8601 (UTC where no zone is named), Unix seconds, or a span. */

const SPANS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Ms since the epoch; undefined when it is no time. A date alone is its first moment, UTC. */
export function parseTime(text: string): number | undefined {
  if (/^\d{9,11}(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(text))
    return undefined;
  if (!isDay(text.slice(0, 10))) return undefined;
  const iso = text.replace(' ', 'T');
  const ms = Date.parse(/T/.test(iso) && !/(Z|[+-]\d{2}:?\d{2})$/.test(iso) ? `${iso}Z` : iso);
  return Number.isNaN(ms) ? undefined : ms;
}

/** `Date.parse` carries days that don't exist over into the next month. */
function isDay(text: string): boolean {
  const midnight = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text);
}

/** `90s`, `30m`, `2h`, `1d` in ms; undefined when it is no span. */
export function parseSpan(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text);
  return match === null ? undefined : Number(match[1]) * SPANS[match[2] as keyof typeof SPANS];
}
