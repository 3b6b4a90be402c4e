/** What nobody is told of for now, until when, by whom; and its end. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Silence } from '../../../engine/ports.ts';
import { ChangeForm } from '../actions.tsx';
import { change } from '../api.ts';
import { useTools } from '../context.ts';
import { Dialog } from '../dialog.tsx';
import { asn, Badge, TableFrame, Waiting, When } from '../parts.tsx';
import { nowMs } from '../state.ts';
import { isoFromField } from '../times.ts';

export function SilencesPage(): JSX.Element {
  const { app, t, live } = useTools();
  const [ending, setEnding] = useState<Silence | undefined>(undefined);
  const [isPlanning, setPlanning] = useState(false);
  const { silences } = app.state;
  useEffect(() => live.refreshSilences(), []);
  return (
    <>
      <div class="title-row">
        <h1>{t.silences.title}</h1>
        {app.state.daemon?.you.scope !== 'read' && (
          <button type="button" class="primary" onClick={() => setPlanning(true)}>
            {t.plan.add}
          </button>
        )}
      </div>
      {isPlanning && <PlanDialog onClose={() => setPlanning(false)} />}
      {silences === undefined ? (
        <Waiting />
      ) : silences.length === 0 ? (
        <p class="empty muted">{t.silences.none}</p>
      ) : (
        <Rows silences={silences} onEnd={setEnding} />
      )}
      {ending !== undefined && (
        <Dialog title={t.action.end} onClose={() => setEnding(undefined)}>
          <p>{t.silences.endText}</p>
          <ChangeForm
            submit={t.action.end}
            done={t.action.done.end}
            onClose={() => setEnding(undefined)}
            send={(author) => change('DELETE', `/api/v1/silences/${encodeURIComponent(ending.id)}`, author)}
          />
        </Dialog>
      )}
    </>
  );
}

/** A silence that begins when the work does, and expects what it brings. */
function PlanDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const { app, t, live } = useTools();
  const [fields, setFields] = useState({
    prefix: '',
    group: '',
    offender: '',
    from: '',
    to: '',
    expected: '',
  });
  const { zone } = app.state.preferences;
  const [from, to] = [isoFromField(fields.from, zone), isoFromField(fields.to, zone)];
  const offender = asnOf(fields.offender);
  const expected = asnOf(fields.expected);
  const match = {
    ...(fields.prefix.trim() !== '' && { prefix: fields.prefix.trim() }),
    ...(fields.group.trim() !== '' && { group: fields.group.trim() }),
    ...(offender !== undefined && { offender }),
  };
  const isBadAsn = (text: string, value: number | undefined): boolean =>
    text.trim() !== '' && value === undefined;
  const problem =
    isBadAsn(fields.offender, offender) || isBadAsn(fields.expected, expected)
      ? t.action.badOrigin
      : Object.keys(match).length === 0
        ? t.plan.need
        : from === undefined || to === undefined || from >= to
          ? t.plan.badTimes
          : undefined;
  const set = (name: keyof typeof fields, value: string): void => setFields({ ...fields, [name]: value });
  const field = (name: keyof typeof fields, label: string): JSX.Element => (
    <label class="field">
      {label}
      <input
        name={name}
        value={fields[name]}
        onInput={({ currentTarget }) => set(name, currentTarget.value)}
      />
    </label>
  );
  const moment = (name: 'from' | 'to', label: string): JSX.Element => (
    <label class="field">
      {label}
      <input
        type="datetime-local"
        name={name}
        value={fields[name]}
        onInput={({ currentTarget }) => set(name, currentTarget.value)}
      />
    </label>
  );
  return (
    <Dialog title={t.plan.title} onClose={onClose}>
      <ChangeForm
        submit={t.plan.add}
        done={t.plan.done}
        problem={problem}
        onClose={onClose}
        send={async (author) => {
          const expects = expected === undefined ? {} : { expectedOrigin: expected };
          await change('POST', '/api/v1/silences', {
            match,
            startsAt: from,
            endsAt: to,
            ...expects,
            ...author,
          });
          live.refreshSilences();
        }}
      >
        {field('prefix', t.plan.prefix)}
        {field('group', t.plan.group)}
        {field('offender', t.plan.offender)}
        {moment('from', t.plan.from)}
        {moment('to', t.plan.to)}
        {field('expected', t.action.expectedOrigin)}
      </ChangeForm>
    </Dialog>
  );
}

function asnOf(text: string): number | undefined {
  const digits = /^(?:AS)?(\d{1,10})$/i.exec(text.trim())?.[1];
  return digits === undefined ? undefined : Number(digits);
}

const TONES = { running: 'warn', planned: 'plain', over: 'plain' } as const;

function Rows(props: {
  readonly silences: readonly Silence[];
  readonly onEnd: (silence: Silence) => void;
}): JSX.Element {
  const { app, t } = useTools();
  const now = new Date(nowMs(app.state)).toISOString();
  const mayEnd = app.state.daemon?.you.scope !== 'read';
  return (
    <TableFrame label={t.silences.title}>
      <table class="card">
        <thead>
          <tr>
            <th scope="col">{t.silences.match}</th>
            <th scope="col">{t.silences.state}</th>
            <th scope="col">{t.silences.from}</th>
            <th scope="col">{t.silences.to}</th>
            <th scope="col">{t.silences.expected}</th>
            <th scope="col">{t.silences.by}</th>
            <th scope="col">{t.silences.note}</th>
            {mayEnd && <th scope="col">{t.silences.action}</th>}
          </tr>
        </thead>
        <tbody>
          {props.silences.map((silence) => {
            const state = silence.endsAt <= now ? 'over' : silence.startsAt > now ? 'planned' : 'running';
            return (
              <tr key={silence.id}>
                <th scope="row">
                  <Match match={silence.match} />
                </th>
                <td>
                  <Badge tone={TONES[state]}>{t.silences.states[state]}</Badge>
                </td>
                <td>
                  <When at={silence.startsAt} />
                </td>
                <td>
                  <When at={silence.endsAt} />
                </td>
                <td class="mono">{silence.expectedOrigin === null ? '–' : asn(silence.expectedOrigin)}</td>
                <td>{silence.by}</td>
                <td>{silence.note}</td>
                {mayEnd && (
                  <td>
                    <button type="button" disabled={state === 'over'} onClick={() => props.onEnd(silence)}>
                      {t.action.end}
                    </button>
                  </td>
                )}
              </tr>
            );
          })}
        </tbody>
      </table>
    </TableFrame>
  );
}

function Match({ match }: { readonly match: Silence['match'] }): JSX.Element {
  const { t } = useTools();
  const kind = Object.entries(t.kind).find(([name]) => name === match.kind)?.[1] ?? match.kind;
  const parts = [
    ...(match.group === undefined ? [] : [`${t.silences.keys.group}: ${match.group}`]),
    ...(match.prefix === undefined ? [] : [`${t.silences.keys.prefix}: ${match.prefix}`]),
    ...(match.kind === undefined ? [] : [`${t.silences.keys.kind}: ${kind}`]),
    ...(match.offender === undefined ? [] : [`${t.silences.keys.offender}: ${asn(match.offender)}`]),
  ];
  return <span>{parts.join(' · ')}</span>;
}
