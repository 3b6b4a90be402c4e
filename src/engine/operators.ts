/**
 * What operators do, as inputs of the engine: each with who, when and why, each audited. The same checks serve the
 * API, the command line and Slack's buttons.
 */
import { type Prefix, parsePrefix } from '../bgp/prefix.ts';
import { type Incident, isoTime } from '../incident/alert.ts';
import { acknowledge, addNote, assign } from '../incident/case.ts';
import { idOf } from '../incident/ids.ts';
import type { IncidentState } from '../incident/incident-state.ts';
import { renderIncident } from '../incident/render.ts';
import type { Core } from './core.ts';
import type { OperatorInput, Outcomes } from './input.ts';
import { baselineRowOf, memoryOf } from './learner.ts';
import type { Answer, Author, BaselineRow, Refusal, Silence } from './ports.ts';
import { say, settle, writeIncident } from './speak.ts';

/** Works on the engine's state, on its behalf: deadlines up to `nowMs` have fired. */
export class OperatorActions {
  private readonly core: Core;

  constructor(core: Core) {
    this.core = core;
  }

  act(input: OperatorInput, nowMs: number): Outcomes[OperatorInput['type']] {
    switch (input.type) {
      case 'acknowledge':
        return this.acknowledge(input.id, input.author, nowMs);
      case 'resolve':
        return this.resolve(input.id, input.author, nowMs);
      case 'note':
        return this.note(input.id, input.author, nowMs);
      case 'assign':
        return this.assign(input.id, input.assignee, input.author, nowMs);
      case 'accept-origin':
      case 'reject-origin':
        return this.decideOrigin(input, nowMs);
      case 'forget-origin':
        return this.forgetOrigin(input, nowMs);
      case 'add-silence':
        return this.addSilence(input.silence, input.via, nowMs);
      case 'remove-silence':
        return this.removeSilence(input.id, input.author, nowMs);
      case 'import-baseline':
        return this.importRows(input.rows, input.author, nowMs);
    }
  }

  private acknowledge(id: string, author: Author, nowMs: number): Answer<Incident> {
    const found = this.find(id);
    if ('refused' in found) return found;
    const { core } = this;
    if (found.state !== 'open') return { refused: 'conflict', detail: 'the incident is resolved already' };
    acknowledge(found, author, nowMs);
    core.reminders.acknowledged(id);
    this.audit(author, 'incident.acknowledge', id, nowMs);
    return this.shown(found, nowMs);
  }

  /** Also of one that is over: what was learned afterwards belongs to it. */
  private note(id: string, author: Author, nowMs: number): Answer<Incident> {
    const found = this.find(id);
    if ('refused' in found) return found;
    if (author.note === '') return { refused: 'bad-value', detail: 'a note without text' };
    addNote(found, author, nowMs);
    this.audit(author, 'incident.note', id, nowMs);
    return this.shown(found, nowMs);
  }

  private assign(id: string, assignee: string | null, author: Author, nowMs: number): Answer<Incident> {
    const found = this.find(id);
    if ('refused' in found) return found;
    assign(found, assignee ?? undefined, author, nowMs);
    this.audit({ ...author, note: joined(assignee, author.note) }, 'incident.assign', id, nowMs);
    return this.shown(found, nowMs);
  }

  /** A change that is no alert: written down, and told to whoever listens. */
  private shown(found: IncidentState, nowMs: number): Incident {
    const { core } = this;
    writeIncident(core, found, nowMs);
    const incident = renderIncident(found, core.renderPorts());
    core.effects.incidentChanged(incident);
    settle(core, nowMs);
    return incident;
  }

  private resolve(id: string, author: Author, nowMs: number): Answer<Incident> {
    const { core } = this;
    const found = this.find(id);
    if ('refused' in found) return found;
    if (found.state !== 'open') return { refused: 'conflict', detail: 'the incident is resolved already' };
    this.audit(author, 'incident.resolve', id, nowMs);
    say(core, core.book.resolveByHand(found, author, nowMs));
    settle(core, nowMs);
    return renderIncident(found, core.renderPorts());
  }

  private find(id: string): IncidentState | Refusal {
    return (
      this.core.book.get(id) ?? {
        refused: 'not-found',
        detail: 'no incident that is open or was resolved lately has this id',
      }
    );
  }

  /** An accepted origin comes with the neighbours it is seen with now, and resolves what it explains. */
  private decideOrigin(
    {
      type,
      prefix,
      origin,
      author,
    }: Extract<OperatorInput, { readonly type: 'accept-origin' | 'reject-origin' }>,
    nowMs: number,
  ): Answer<BaselineRow> {
    const { core } = this;
    const isAccepted = type === 'accept-origin';
    const watched = core.plan.exact(prefix)?.entry;
    if (!isAccepted && watched?.type === 'prefix' && (watched.origins?.includes(origin) ?? false)) {
      return { refused: 'conflict', detail: 'the watchlist declares this origin; take it out there' };
    }
    const neighbors = new Set<number>();
    if (isAccepted) for (const asn of this.neighborsSeen(prefix, origin)) neighbors.add(asn);
    const row = core.baseline.decide(
      prefix,
      origin,
      { accepted: isAccepted, by: author.by, note: author.note, neighbors: [...neighbors] },
      nowMs,
    );
    this.audit(
      author,
      isAccepted ? 'baseline.accept' : 'baseline.reject',
      `${prefix.text} AS${origin}`,
      nowMs,
    );
    this.watchAccepted(prefix, origin);
    this.explain(author, nowMs);
    return baselineRowOf(row);
  }

  /** Judges all anew on behalf of somebody, who stands on what that resolves. */
  private explain(author: Author, nowMs: number): void {
    const { core } = this;
    core.book.actor = { by: author.by, note: author.note };
    core.rejudge.all('accepted', nowMs);
    settle(core, nowMs);
    core.book.actor = undefined;
  }

  private neighborsSeen(prefix: Prefix, origin: number): readonly number[] {
    const seen: number[] = [];
    for (const route of this.core.rib.routesAt(prefix)) {
      const path = route.path.filter((element) => typeof element === 'number');
      if (path.at(-1) !== origin) continue;
      const neighbor = path.findLast((asn) => asn !== origin);
      if (neighbor !== undefined) seen.push(neighbor);
    }
    return seen;
  }

  /** What a watched AS was accepted for is watched from now on. */
  private watchAccepted(prefix: Prefix, origin: number): void {
    const { plan } = this.core;
    const entry = plan.asns.get(origin);
    if (entry !== undefined) plan.addLearned(entry, prefix);
  }

  /** As if it had never been seen: it is learned again, or judged, as any other. What the watchlist declares stays. */
  private forgetOrigin(
    { prefix, origin, author }: Extract<OperatorInput, { readonly type: 'forget-origin' }>,
    nowMs: number,
  ): Answer<{ readonly forgotten: number }> {
    const { core } = this;
    const declared = core.plan.exact(prefix)?.entry;
    const listed = declared?.type === 'prefix' ? (declared.origins ?? []) : [];
    if (origin !== undefined && listed.includes(origin))
      return { refused: 'conflict', detail: 'the watchlist declares this origin; take it out there' };
    const origins = core.baseline
      .originsOf(prefix)
      .filter((one) => (origin === undefined || one === origin) && !listed.includes(one));
    if (origins.length === 0)
      return { refused: 'not-found', detail: 'the baseline knows no such origin of this prefix' };
    for (const one of origins) {
      core.baseline.drop(prefix, one);
      core.effects.baselineGone(prefix.text, one);
    }
    this.audit(
      author,
      'baseline.forget',
      `${prefix.text} ${origins.map((one) => `AS${one}`).join(' ')}`,
      nowMs,
    );
    core.learner.rebuildLearned();
    this.explain(author, nowMs);
    return { forgotten: origins.length };
  }

  private importRows(
    rows: readonly BaselineRow[],
    author: Author,
    nowMs: number,
  ): { readonly imported: number } {
    const { core } = this;
    for (const row of rows) {
      const memory = memoryOf(row, '');
      if (memory !== undefined) core.baseline.put(memory, true);
    }
    this.audit(author, 'baseline.import', `${rows.length} rows`, nowMs);
    core.learner.rebuildLearned();
    this.explain(author, nowMs);
    return { imported: rows.length };
  }

  private addSilence(wish: Omit<Silence, 'id'>, via: string | undefined, nowMs: number): Answer<Silence> {
    const { core } = this;
    if (Date.parse(wish.endsAt) <= nowMs) return { refused: 'bad-value', detail: 'endsAt is in the past' };
    const { prefix } = wish.match;
    if (prefix !== undefined && parsePrefix(prefix) === undefined)
      return { refused: 'bad-value', detail: 'match.prefix is no prefix' };
    const id = idOf('silence', JSON.stringify(wish), nowMs, core.silences.every().length);
    const silence: Silence = {
      id,
      ...wish,
      startsAt: isoTime(Date.parse(wish.startsAt)),
      endsAt: isoTime(Date.parse(wish.endsAt)),
    };
    core.silences.add(silence, nowMs);
    const { by, note } = wish;
    this.audit(via === undefined ? { by, note } : { by, note, via }, 'silence.add', id, nowMs);
    settle(core, nowMs);
    return silence;
  }

  private removeSilence(id: string, author: Author, nowMs: number): Answer<undefined> {
    const { core } = this;
    if (core.silences.get(id) === undefined)
      return { refused: 'not-found', detail: 'no silence has this id' };
    say(core, core.silences.remove(id, nowMs));
    this.audit(author, 'silence.expire', id, nowMs);
    settle(core, nowMs);
    return undefined;
  }

  private audit(author: Author, action: string, subject: string, nowMs: number): void {
    this.core.effects.audited({
      at: isoTime(nowMs),
      who: author.via === undefined || author.via === author.by ? author.by : `${author.by} (${author.via})`,
      action,
      subject,
      note: author.note,
    });
  }
}

function joined(assignee: string | null, note: string): string {
  return [assignee ?? '–', ...(note === '' ? [] : [note])].join(': ');
}
