/** Who carried what, over time: the graph of paths under a slider, from before the first offending route to its end. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { History } from '../../../engine/ports.ts';
import { fetchHistory, type IncidentDetail } from '../api.ts';
import { useTools } from '../context.ts';
import { Section, TableFrame, When } from '../parts.tsx';
import { Drawing } from './as-graph-view.tsx';
import { incidentAt, momentsOf } from './moments.ts';
import { saveSvg } from './save-svg.ts';

const STEP_MS = 700;
const ROWS_SHOWN = 50;

export function HistoryView({ detail }: { readonly detail: IncidentDetail }): JSX.Element | null {
  const [history, setHistory] = useState<History | undefined>(undefined);
  const count = detail.alerts.length;
  useEffect(() => {
    let isWanted = true;
    void fetchHistory(detail.id).then(
      (found) => isWanted && setHistory(found),
      () => undefined,
    );
    return () => {
      isWanted = false;
    };
  }, [detail.id, count]);
  if (history === undefined || history.steps.length === 0) return null;
  return <Scrubber detail={detail} history={history} />;
}

function Scrubber({
  detail,
  history,
}: {
  readonly detail: IncidentDetail;
  readonly history: History;
}): JSX.Element {
  const { t } = useTools();
  const frame = useRef<HTMLDivElement>(null);
  const moments = momentsOf(history.steps);
  const [chosen, setChosen] = useState<number | undefined>(undefined);
  const [isPlaying, setPlaying] = useState(false);
  const last = moments.length - 1;
  const index = Math.min(chosen ?? last, last);
  useEffect(() => {
    if (!isPlaying) return undefined;
    const timer = setTimeout(() => (index >= last ? setPlaying(false) : setChosen(index + 1)), STEP_MS);
    return () => clearTimeout(timer);
  }, [isPlaying, index, last]);
  const upTo = moments[index] ?? 0;
  const now = history.steps[upTo - 1];
  const shown = incidentAt(detail, history.steps, upTo);
  const seeing = shown.routes.reduce((sum, { vantagePoints }) => sum + vantagePoints.seeing, 0);
  const play = (): void => {
    if (!isPlaying && index >= last) setChosen(0);
    setPlaying(!isPlaying);
  };
  return (
    <Section
      title={t.history.title}
      aside={
        <button type="button" onClick={() => saveSvg(frame.current, `${detail.id}-${upTo}.svg`)}>
          {t.history.save}
        </button>
      }
    >
      <div class="scrub">
        <button type="button" onClick={play}>
          {isPlaying ? t.history.pause : t.history.play}
        </button>
        <label class="grow">
          <span class="visually-hidden">{t.history.moment}</span>
          <input
            type="range"
            min={0}
            max={last}
            value={index}
            onInput={({ currentTarget }) => {
              setPlaying(false);
              setChosen(Number(currentTarget.value));
            }}
          />
        </label>
        <span class="scrub-now">{now !== undefined && <When at={now.at} />}</span>
      </div>
      <p class="muted">
        {index + 1} / {moments.length} · {t.history.carries(seeing)}
        {history.cut && ` · ${t.history.cut}`}
      </p>
      <div ref={frame}>
        {shown.routes.length === 0 ? <p class="muted">{t.incident.graphNone}</p> : <Drawing detail={shown} />}
      </div>
      <details class="fold">
        <summary>{t.incident.paths}</summary>
        <TableFrame label={t.history.title}>
          <table>
            <tbody>
              {history.steps
                .slice(Math.max(0, upTo - ROWS_SHOWN), upTo)
                .toReversed()
                .map((step, row) => (
                  <tr key={`${step.at} ${step.vantagePoint} ${row}`}>
                    <td>
                      <When at={step.at} />
                    </td>
                    <td class="mono">{step.vantagePoint}</td>
                    <td class="mono">{step.prefix}</td>
                    <td class="mono">{step.path ?? t.history.nothing}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        </TableFrame>
      </details>
    </Section>
  );
}
