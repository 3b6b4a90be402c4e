/**
 * What is done to many incidents at once: the filter that stays in the address, groups, selection, and the two acts
 * that make sense for all of them.
 */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Incident } from '../../../incident/alert.ts';
import { ChangeForm } from '../actions.tsx';
import { change } from '../api.ts';
import { useTools } from '../context.ts';
import { Dialog } from '../dialog.tsx';
import { messageOf } from '../live.ts';
import { pageLink } from '../location.ts';
import { asn } from '../parts.tsx';
import { nowMs } from '../state.ts';
import { durationText } from '../times.ts';

export const GROUPINGS = ['none', 'offender', 'kind'] as const;
type Grouping = (typeof GROUPINGS)[number];

export interface Filter {
  readonly severity: Incident['severity'] | 'all';
  readonly text: string;
  readonly hidesAcknowledged: boolean;
  readonly grouping: Grouping;
}

export function filterOf(query: URLSearchParams): Filter {
  const severity = (['critical', 'warning', 'info'] as const).find((each) => each === query.get('severity'));
  return {
    severity: severity ?? 'all',
    text: query.get('text') ?? '',
    hidesAcknowledged: query.get('acknowledged') === 'hidden',
    grouping: GROUPINGS.find((each) => each === query.get('by')) ?? 'none',
  };
}

/** The address of the page under this filter: to be kept, sent to somebody, gone back to. */
export function filterLink({ severity, text, hidesAcknowledged, grouping }: Filter): string {
  return pageLink('open', {
    ...(severity !== 'all' && { severity }),
    ...(text !== '' && { text }),
    ...(hidesAcknowledged && { acknowledged: 'hidden' }),
    ...(grouping !== 'none' && { by: grouping }),
  });
}

export interface Group {
  readonly name: string;
  readonly incidents: readonly Incident[];
}

/** Groups in the order of their most urgent incident, which is the order of `incidents`. */
export function groupsOf(
  incidents: readonly Incident[],
  nameOf: (incident: Incident) => string,
): readonly Group[] {
  const groups = new Map<string, Incident[]>();
  for (const incident of incidents) {
    const name = nameOf(incident);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [incident]);
    else group.push(incident);
  }
  return [...groups].map(([name, members]) => ({ name, incidents: members }));
}

export function useGroupName(grouping: Grouping): (incident: Incident) => string {
  const { t } = useTools();
  if (grouping === 'kind') return ({ kind }) => t.kind[kind];
  return ({ offender }) => (offender === null ? t.triage.noOffender : asn(offender));
}

/** The bar over the list while something is selected. */
export function BulkBar(props: {
  readonly incidents: readonly Incident[];
  readonly onClear: () => void;
}): JSX.Element {
  const { t } = useTools();
  const [open, setOpen] = useState<'acknowledge' | 'silence' | undefined>(undefined);
  const close = (): void => setOpen(undefined);
  return (
    <div class="bulk" role="toolbar" aria-label={t.triage.selected(props.incidents.length)}>
      <strong>{t.triage.selected(props.incidents.length)}</strong>
      <button type="button" class="primary" onClick={() => setOpen('acknowledge')}>
        {t.triage.acknowledge}
      </button>
      <button type="button" onClick={() => setOpen('silence')}>
        {t.triage.silence}
      </button>
      <button type="button" onClick={props.onClear}>
        {t.triage.clear}
      </button>
      {open === 'acknowledge' && (
        <BulkDialog
          {...props}
          title={t.triage.acknowledge}
          onClose={close}
          act={({ id }, author) =>
            change('POST', `/api/v1/incidents/${encodeURIComponent(id)}/acknowledge`, author)
          }
        />
      )}
      {open === 'silence' && <BulkSilence {...props} onClose={close} />}
    </div>
  );
}

interface Author {
  readonly by: string;
  readonly note: string;
}

interface BulkProps {
  readonly incidents: readonly Incident[];
  readonly onClear: () => void;
  readonly onClose: () => void;
}

/** At ten changes a second a token is refused: one after the other, a little slower than that. */
const BETWEEN_MS = 110;

function BulkDialog(
  props: BulkProps & {
    readonly title: string;
    readonly act: (incident: Incident, author: Author) => Promise<void>;
    readonly children?: JSX.Element;
  },
): JSX.Element {
  const { app, t } = useTools();
  const send = async (author: Author): Promise<void> => {
    let failed = 0;
    let last = '';
    for (const incident of props.incidents) {
      await props.act(incident, author).catch((cause: unknown) => {
        failed += 1;
        last = messageOf(cause);
      });
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
    }
    const done = props.incidents.length - failed;
    if (done === 0) throw new Error(last);
    props.onClear();
    const text = failed === 0 ? t.triage.done(done) : t.triage.someFailed(done, failed);
    app.update({ notice: { text, isGood: failed === 0 } });
  };
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <p>{t.triage.incidents(props.incidents.length)}</p>
      <ChangeForm submit={props.title} onClose={props.onClose} send={send}>
        {props.children}
      </ChangeForm>
    </Dialog>
  );
}

const HOUR_MS = 3_600_000;
const HOURS = [1, 4, 8, 24, 168];

function BulkSilence(props: BulkProps): JSX.Element {
  const { app, t } = useTools();
  const [hours, setHours] = useState(1);
  const silence = ({ group, offender, kind }: Incident, author: Author): Promise<void> => {
    const now = nowMs(app.state);
    return change('POST', '/api/v1/silences', {
      match: offender === null ? { group, kind } : { group, offender },
      startsAt: new Date(now).toISOString(),
      endsAt: new Date(now + hours * HOUR_MS).toISOString(),
      ...author,
    });
  };
  return (
    <BulkDialog {...props} title={t.triage.silence} act={silence}>
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
    </BulkDialog>
  );
}
