/** When one feed could see in the last 24 hours, as a strip; what it says stands in words beside it. */
import type { JSX } from 'preact';
import type { CoverageInterval } from '../../../engine/ports.ts';
import { useTools } from '../context.ts';
import { nowMs } from '../state.ts';
import { durationText } from '../times.ts';

const DAY_MS = 86_400_000;
const WIDTH = 1_000;
const HEIGHT = 14;
/** A gap of seconds must not vanish. */
const WIDTH_MIN = 3;

export function CoverageStrip(props: {
  readonly feed: string;
  readonly intervals: readonly CoverageInterval[];
}): JSX.Element {
  const { app, t } = useTools();
  const to = nowMs(app.state);
  const own = props.intervals.filter(({ feed }) => feed === props.feed);
  const { coveredMs, blindMs } = sums(own, to);
  const words = t.feeds.coverageText(props.feed, percent(coveredMs, blindMs), durationText(blindMs, t));
  return (
    <svg
      class="coverage"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={words}
    >
      <title>{words}</title>
      <rect class="coverage-none" width={WIDTH} height={HEIGHT} />
      {[...own]
        .sort((a, b) => Number(a.state === 'blind') - Number(b.state === 'blind'))
        .map(({ from, to: until, state }) => {
          const x = Math.max(0, ((Date.parse(from) - (to - DAY_MS)) / DAY_MS) * WIDTH);
          const end = Math.min(WIDTH, ((Date.parse(until) - (to - DAY_MS)) / DAY_MS) * WIDTH);
          return (
            <rect
              key={`${from} ${state}`}
              class={`coverage-${state}`}
              x={x}
              width={Math.max(end - x, WIDTH_MIN)}
              height={HEIGHT}
            />
          );
        })}
    </svg>
  );
}

/** How long of the last 24 hours was covered, and blind, ms. */
export function sums(
  intervals: readonly CoverageInterval[],
  toMs: number,
): { coveredMs: number; blindMs: number } {
  const result = { coveredMs: 0, blindMs: 0 };
  for (const { from, to, state } of intervals) {
    const ms = Math.max(0, Math.min(Date.parse(to), toMs) - Math.max(Date.parse(from), toMs - DAY_MS));
    if (state === 'blind') result.blindMs += ms;
    else result.coveredMs += ms;
  }
  return result;
}

/** Of the time on record, rounded down: 100 % means all of it. */
export function percent(coveredMs: number, blindMs: number): string {
  const onRecordMs = coveredMs + blindMs;
  if (onRecordMs === 0) return '–';
  return `${Math.floor((coveredMs / onRecordMs) * 1000) / 10} %`;
}
