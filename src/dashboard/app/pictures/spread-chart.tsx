/** How many vantage points saw the offending routes, over time, from the alerts; drawn by uPlot on a canvas. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { IncidentDetail } from '../api.ts';
import { useTools } from '../context.ts';
import { reachOf, Section } from '../parts.tsx';
import { shadeOf } from '../preferences.ts';
import { nowMs } from '../state.ts';
import { clockOf, type ZoneChoice, zoneName } from '../times.ts';

const HEIGHT = 180;

interface Series {
  /** Seconds since the epoch. */
  readonly at: readonly number[];
  readonly seeing: readonly number[];
}

export function SpreadChart({ detail }: { readonly detail: IncidentDetail }): JSX.Element {
  const { app, t } = useTools();
  const place = useRef<HTMLDivElement>(null);
  const now = nowMs(app.state);
  const series = seriesOf(detail, now);
  const { zone, theme } = app.state.preferences;
  const shade = shadeOf(theme);
  const { language } = t;
  // While it is open the line goes on to now, every ten seconds.
  const until = detail.state === 'open' ? Math.floor(now / 10_000) : 0;
  const key = JSON.stringify([series.seeing, detail.alerts.length, detail.state, until]);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const chart = draw(element, series, zone, t.incident.spreadSeeing);
    const size = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }));
    size.observe(element);
    return () => {
      size.disconnect();
      chart.destroy();
    };
  }, [key, zone, shade, language]);
  const words = t.incident.spreadText(
    detail.alerts.length,
    Math.max(0, ...series.seeing),
    series.seeing.at(-1) ?? 0,
  );
  return (
    <Section title={t.incident.spread}>
      <div ref={place} class="chart" role="img" aria-label={words} />
      <p class="muted">{words}</p>
    </Section>
  );
}

/** One step per alert; zero before the first, and the state of now at the end. */
function seriesOf(detail: IncidentDetail, now: number): Series {
  const points = detail.alerts.map(({ at, incident }) => ({
    at: Date.parse(at),
    seeing: reachOf(incident).seeing,
  }));
  const last = detail.state === 'open' ? now : Date.parse(detail.resolvedAt ?? detail.updatedAt);
  points.push({ at: last, seeing: reachOf(detail).seeing });
  points.sort((a, b) => a.at - b.at);
  const first = points[0]?.at ?? now;
  const lead = Math.max(5_000, ((points.at(-1)?.at ?? now) - first) * 0.04);
  points.unshift({ at: first - lead, seeing: 0 }, { at: first - 1, seeing: 0 });
  return { at: points.map(({ at }) => at / 1000), seeing: points.map(({ seeing }) => seeing) };
}

function draw(element: HTMLElement, series: Series, zone: ZoneChoice, label: string): uPlot {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const font = '12px system-ui, sans-serif';
  const grid = { stroke: color('--line'), width: 1 };
  const axis = { stroke: color('--muted'), font, grid, ticks: grid };
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  const isShort = (series.at.at(-1) ?? 0) - (series.at[0] ?? 0) < 600;
  return new uPlot(
    {
      width: element.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zoneName(zone)),
      scales: { y: { range: (_chart, _least, most) => [0, Math.max(4, Math.ceil(most * 1.15))] } },
      axes: [
        {
          ...axis,
          space: 80,
          values: (_chart, splits) => splits.map((at) => clockOf(at * 1000, zone, isShort)),
        },
        { ...axis, size: 48, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
      ],
      series: [
        {},
        {
          label,
          stroke: color('--critical'),
          fill: color('--critical-wash'),
          width: 2,
          points: { show: false },
          ...(stepped !== undefined && { paths: stepped }),
        },
      ],
    },
    [[...series.at], [...series.seeing]],
    element,
  );
}
