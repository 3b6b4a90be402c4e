/** What an operator can do about an incident: each in a dialog that says what it means and asks who and why. */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Incident } from '../../incident/alert.ts';
import { change } from './api.ts';
import { useTools } from './context.ts';
import { Dialog } from './dialog.tsx';
import { messageOf } from './live.ts';
import { asn } from './parts.tsx';
import { nowMs } from './state.ts';
import { durationText } from './times.ts';

type ActionName = 'acknowledge' | 'resolve' | 'silence' | 'accept';

export function ActionBar({ incident }: { readonly incident: Incident }): JSX.Element {
  const { app, t } = useTools();
  const [open, setOpen] = useState<ActionName | undefined>(undefined);
  if (app.state.daemon?.you.scope === 'read') return <p class="muted">{t.action.readOnly}</p>;
  const isOver = incident.state !== 'open';
  const close = (): void => setOpen(undefined);
  return (
    <div class="actions">
      <button
        type="button"
        class="primary"
        data-acknowledge
        disabled={isOver || incident.acknowledged}
        onClick={() => setOpen('acknowledge')}
      >
        {t.action.acknowledge}
      </button>
      <button type="button" disabled={isOver} onClick={() => setOpen('resolve')}>
        {t.action.resolve}
      </button>
      <button type="button" onClick={() => setOpen('silence')}>
        {t.action.silence}
      </button>
      {foreignOrigins(incident).length > 0 && (
        <button type="button" onClick={() => setOpen('accept')}>
          {t.action.accept}
        </button>
      )}
      {(open === 'acknowledge' || open === 'resolve') && (
        <PlainDialog name={open} incident={incident} onClose={close} />
      )}
      {open === 'silence' && <SilenceDialog incident={incident} onClose={close} />}
      {open === 'accept' && <AcceptDialog incident={incident} onClose={close} />}
    </div>
  );
}

interface DialogProps {
  readonly incident: Incident;
  readonly onClose: () => void;
}

function PlainDialog({
  name,
  incident,
  onClose,
}: DialogProps & { name: 'acknowledge' | 'resolve' }): JSX.Element {
  const { t } = useTools();
  const path = `/api/v1/incidents/${encodeURIComponent(incident.id)}/${name}`;
  return (
    <Dialog title={t.action[name]} onClose={onClose}>
      <p>{name === 'acknowledge' ? t.action.acknowledgeText : t.action.resolveText}</p>
      <ChangeForm
        submit={t.action[name]}
        done={t.action.done[name]}
        onClose={onClose}
        send={(author) => change('POST', path, author)}
      />
    </Dialog>
  );
}

const HOUR_MS = 3_600_000;
const HOURS = [1, 4, 8, 24, 168];

function SilenceDialog({ incident, onClose }: DialogProps): JSX.Element {
  const { app, t } = useTools();
  const scopes = silenceScopes(incident, t);
  const [scope, setScope] = useState(0);
  const [hours, setHours] = useState(1);
  const [expected, setExpected] = useState('');
  const origin = /^(?:AS)?(\d{1,10})$/i.exec(expected.trim())?.[1];
  const problem = expected.trim() !== '' && origin === undefined ? t.action.badOrigin : undefined;
  const now = nowMs(app.state);
  return (
    <Dialog title={t.action.silence} onClose={onClose}>
      <p>{t.action.silenceText}</p>
      <ChangeForm
        submit={t.action.silence}
        done={t.action.done.silence}
        problem={problem}
        onClose={onClose}
        send={(author) =>
          change('POST', '/api/v1/silences', {
            match: scopes[scope]?.match,
            startsAt: new Date(now).toISOString(),
            endsAt: new Date(now + hours * HOUR_MS).toISOString(),
            ...(origin !== undefined && { expectedOrigin: Number(origin) }),
            ...author,
          })
        }
      >
        <label class="field">
          {t.action.scope}
          <select value={scope} onChange={({ currentTarget }) => setScope(Number(currentTarget.value))}>
            {scopes.map(({ words }, index) => (
              <option key={words} value={index}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          {t.action.forHow}
          <select value={hours} onChange={({ currentTarget }) => setHours(Number(currentTarget.value))}>
            {HOURS.map((each) => (
              <option key={each} value={each}>
                {durationText(each * HOUR_MS, t)}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          {t.action.expectedOrigin}
          <input
            inputMode="numeric"
            value={expected}
            onInput={({ currentTarget }) => setExpected(currentTarget.value)}
          />
        </label>
      </ChangeForm>
    </Dialog>
  );
}

function silenceScopes(incident: Incident, t: ReturnType<typeof useTools>['t']) {
  const { group, kind, offender, routes } = incident;
  const prefixes = [...new Set(routes.map((route) => route.prefix))].slice(0, 20);
  return [
    ...(offender === null
      ? []
      : [{ words: t.action.scopes.offender(asn(offender), group), match: { group, offender } }]),
    ...prefixes.map((prefix) => ({ words: t.action.scopes.prefix(prefix), match: { prefix } })),
    { words: t.action.scopes.kind(t.kind[kind], group), match: { group, kind } },
    { words: t.action.scopes.group(group), match: { group } },
  ];
}

/** Origins that somebody could declare expected, each with its prefix. */
function foreignOrigins(incident: Incident): readonly { readonly prefix: string; readonly origin: number }[] {
  return incident.routes.flatMap(({ prefix, originAs, expectedOrigins }) =>
    originAs.filter((origin) => !expectedOrigins.includes(origin)).map((origin) => ({ prefix, origin })),
  );
}

function AcceptDialog({ incident, onClose }: DialogProps): JSX.Element | null {
  const { t } = useTools();
  const choices = foreignOrigins(incident);
  const [index, setIndex] = useState(0);
  const [isConfirmed, setConfirmed] = useState(false);
  const choice = choices[index] ?? choices[0];
  if (choice === undefined) return null;
  return (
    <Dialog title={t.action.accept} onClose={onClose}>
      <p class="warning-text">{t.action.acceptText(choice.prefix, asn(choice.origin))}</p>
      <ChangeForm
        submit={t.action.accept}
        done={t.action.done.accept}
        problem={isConfirmed ? undefined : t.action.confirmNeeded}
        onClose={onClose}
        send={(author) => change('POST', '/api/v1/baseline/accept', { ...choice, ...author })}
      >
        {choices.length > 1 && (
          <label class="field">
            {t.action.route}
            <select value={index} onChange={({ currentTarget }) => setIndex(Number(currentTarget.value))}>
              {choices.map(({ prefix, origin }, at) => (
                <option key={`${prefix} ${origin}`} value={at}>
                  {prefix} {asn(origin)}
                </option>
              ))}
            </select>
          </label>
        )}
        <label class="check">
          <input
            type="checkbox"
            checked={isConfirmed}
            onChange={({ currentTarget }) => setConfirmed(currentTarget.checked)}
          />
          {t.action.acceptConfirm}
        </label>
      </ChangeForm>
    </Dialog>
  );
}

interface AuthorFields {
  readonly by: string;
  readonly note: string;
}

/** Who and why, and what became of it; a refusal stays in the dialog, with what was written. */
export function ChangeForm(props: {
  readonly submit: string;
  /** Absent: whoever sends says it. */
  readonly done?: string;
  /** Why it can't be sent yet. */
  readonly problem?: string | undefined;
  /** The note is what it is about. */
  readonly needsNote?: boolean;
  readonly onClose: () => void;
  readonly send: (author: AuthorFields) => Promise<void>;
  readonly children?: ComponentChildren;
}): JSX.Element {
  const { app, t, live, prefer } = useTools();
  const [by, setBy] = useState(app.state.preferences.by);
  const [note, setNote] = useState('');
  const [error, setError] = useState('');
  const [isSending, setSending] = useState(false);
  const submit = async (): Promise<void> => {
    const isEmpty = props.needsNote === true && note.trim() === '';
    const problem = by.trim() === '' ? t.action.byNeeded : isEmpty ? t.action.noteNeeded : props.problem;
    if (problem !== undefined) return setError(problem);
    setSending(true);
    try {
      await props.send({ by: by.trim(), note: note.trim() });
      prefer({ by: by.trim() });
      if (props.done !== undefined) app.update({ notice: { text: props.done, isGood: true } });
      live.refreshPlace();
      props.onClose();
    } catch (cause) {
      setError(t.action.refused(messageOf(cause) || t.unreachable));
      setSending(false);
    }
  };
  return (
    <form
      noValidate
      onSubmit={(press) => {
        press.preventDefault();
        void submit();
      }}
    >
      {props.children}
      <label class="field">
        {t.action.by}
        <input
          name="by"
          required
          maxLength={200}
          autocomplete="name"
          value={by}
          onInput={({ currentTarget }) => setBy(currentTarget.value)}
        />
      </label>
      <label class="field">
        {t.action.note}
        <textarea
          name="note"
          rows={3}
          maxLength={2000}
          placeholder={t.action.noteHint}
          value={note}
          onInput={({ currentTarget }) => setNote(currentTarget.value)}
        />
      </label>
      <p class="form-error" role="alert">
        {error}
      </p>
      <div class="dialog-foot">
        <button type="button" onClick={props.onClose}>
          {t.cancel}
        </button>
        <button type="submit" class="primary" disabled={isSending}>
          {isSending ? t.action.sending : props.submit}
        </button>
      </div>
    </form>
  );
}
