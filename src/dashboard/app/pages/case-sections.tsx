/** The case of an incident on its page: notes, who works on it, everything that happened and was done, who was told. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AuditRow, Delivery } from '../../../engine/ports.ts';
import type { Alert } from '../../../incident/alert.ts';
import { ChangeForm } from '../actions.tsx';
import { change, type IncidentDetail } from '../api.ts';
import { useTools } from '../context.ts';
import { Dialog } from '../dialog.tsx';
import { Badge, reachOf, Section, SeverityBadge, TableFrame, When } from '../parts.tsx';

export function Notes({ detail }: { readonly detail: IncidentDetail }): JSX.Element {
  const { app, t } = useTools();
  const [open, setOpen] = useState<'note' | 'assign' | undefined>(undefined);
  const mayChange = app.state.daemon?.you.scope !== 'read';
  const path = `/api/v1/incidents/${encodeURIComponent(detail.id)}`;
  const close = (): void => setOpen(undefined);
  return (
    <Section
      title={t.case.title}
      aside={
        <span class="case-head">
          <span class="muted">
            {t.case.assignee}: <strong>{detail.assignee ?? t.case.nobody}</strong>
          </span>
          {mayChange && (
            <>
              <button type="button" onClick={() => setOpen('assign')}>
                {t.case.assign}
              </button>
              <button type="button" data-note onClick={() => setOpen('note')}>
                {t.case.add}
              </button>
            </>
          )}
        </span>
      }
    >
      {detail.notes.length === 0 && <p class="muted">{t.case.none}</p>}
      <ul class="notes">
        {detail.notes.map(({ at, by, text }) => (
          <li key={`${at} ${by} ${text}`}>
            <p class="note-head">
              <strong>{by}</strong> <When at={at} />
            </p>
            <p class="note-text">{text}</p>
          </li>
        ))}
      </ul>
      {open === 'note' && <NoteDialog path={path} onClose={close} />}
      {open === 'assign' && <AssignDialog path={path} onClose={close} />}
    </Section>
  );
}

interface DialogProps {
  readonly path: string;
  readonly onClose: () => void;
}

function NoteDialog({ path, onClose }: DialogProps): JSX.Element {
  const { t } = useTools();
  return (
    <Dialog title={t.case.add} onClose={onClose}>
      <ChangeForm
        submit={t.case.add}
        done={t.case.add}
        needsNote
        onClose={onClose}
        send={({ by, note }) => change('POST', `${path}/notes`, { by, text: note })}
      />
    </Dialog>
  );
}

function AssignDialog({ path, onClose }: DialogProps): JSX.Element {
  const { app, t } = useTools();
  const [assignee, setAssignee] = useState(app.state.preferences.by);
  return (
    <Dialog title={t.case.assign} onClose={onClose}>
      <p>{t.case.assignText}</p>
      <ChangeForm
        submit={t.case.assign}
        done={t.case.assign}
        onClose={onClose}
        send={(author) =>
          change('POST', `${path}/assign`, {
            assignee: assignee.trim() === '' ? null : assignee.trim(),
            ...author,
          })
        }
      >
        <label class="field">
          {t.case.assignee}
          <input
            name="assignee"
            maxLength={200}
            value={assignee}
            onInput={({ currentTarget }) => setAssignee(currentTarget.value)}
          />
        </label>
      </ChangeForm>
    </Dialog>
  );
}

type Turn =
  | { readonly at: string; readonly alert: Alert; readonly act?: undefined }
  | { readonly at: string; readonly act: AuditRow; readonly alert?: undefined };

/** Newest first; of one moment the act stands before what it led to. */
export function turnsOf(alerts: readonly Alert[], acts: readonly AuditRow[]): readonly Turn[] {
  const turns: Turn[] = [
    ...acts.map((act) => ({ at: act.at, act })),
    ...alerts.map((alert) => ({ at: alert.at, alert })),
  ];
  return turns.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).toReversed();
}

export function Timeline({ detail }: { readonly detail: IncidentDetail }): JSX.Element {
  const { t } = useTools();
  return (
    <Section title={t.incident.timeline}>
      <ol class="timeline" reversed>
        {turnsOf(detail.alerts, detail.acts ?? []).map((turn, index) =>
          turn.alert === undefined ? (
            <ActTurn key={`act ${index}`} act={turn.act} />
          ) : (
            <AlertTurn key={turn.alert.seq} alert={turn.alert} />
          ),
        )}
      </ol>
    </Section>
  );
}

function AlertTurn({ alert }: { readonly alert: Alert }): JSX.Element {
  const { t } = useTools();
  const { event, at, reason, incident } = alert;
  const { seeing, known } = reachOf(incident);
  return (
    <li class={`turn turn-${event}`}>
      <p class="turn-head">
        <strong>{t.event[event]}</strong> <span class="muted">{t.reason[reason]}</span>
        <SeverityBadge severity={incident.severity} />
      </p>
      <p class="turn-facts">
        <When at={at} />
        <span class="muted">
          {known > 0 && `${t.incident.seenBy} ${t.seenBy(seeing, known)} · `}
          {t.incident.score} {incident.score}
        </span>
      </p>
    </li>
  );
}

function ActTurn({ act }: { readonly act: AuditRow }): JSX.Element {
  const { t } = useTools();
  return (
    <li class="turn turn-act">
      <p class="turn-head">
        <strong>{act.who}</strong> <span class="muted">{t.case.did[act.action] ?? act.action}</span>
      </p>
      {act.note !== '' && <p class="note-text">{act.note}</p>}
      <p class="turn-facts">
        <When at={act.at} />
      </p>
    </li>
  );
}

const TONES = { waiting: 'warn', delivered: 'good', 'given-up': 'bad' } as const;

/** Who was told of it, and who was not yet or will not be. */
export function Deliveries({ deliveries }: { readonly deliveries: readonly Delivery[] }): JSX.Element | null {
  const { t } = useTools();
  if (deliveries.length === 0) return null;
  const waiting = deliveries.filter(({ state }) => state === 'waiting').length;
  const lost = deliveries.filter(({ state }) => state === 'given-up').length;
  return (
    <details class="card fold" open={waiting + lost > 0}>
      <summary>
        <h2>{t.deliveries.title}</h2>{' '}
        {waiting + lost > 0 && (
          <Badge tone={lost > 0 ? 'bad' : 'warn'}>{t.deliveries.trouble(waiting, lost)}</Badge>
        )}
      </summary>
      <TableFrame label={t.deliveries.title}>
        <table>
          <tbody>
            {deliveries.map((row) => (
              <tr key={`${row.receiver} ${row.alert} ${row.reminder ?? ''}`}>
                <th scope="row">{row.receiver}</th>
                <td>{t.event[row.event]}</td>
                <td>
                  <Badge tone={TONES[row.state]}>{t.deliveries.state[row.state]}</Badge>
                  {row.error !== null && <span class="under">{row.error}</span>}
                </td>
                <td>
                  {t.deliveries.attempts(row.attempts)}
                  {row.at !== null && <When at={row.at} />}
                  {row.nextAt !== null && (
                    <span class="under">
                      {t.deliveries.next}: <When at={row.nextAt} />
                    </span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableFrame>
    </details>
  );
}
