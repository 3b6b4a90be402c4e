/**
 * What operators do, as inputs of the engine: each with who, when and why, each audited. The same checks serve the
 * API, the command line and Slack's buttons.
 */
import { type Prefix, parsePrefix } from '../bgp/prefix.ts';
import { type Incident, isoTime } from '../incident/alert.ts';
import { idOf } from '../incident/ids.ts';
import type { IncidentState } from '../incident/incident-state.ts';
import { renderIncident } from '../incident/render.ts';
import type { Engine } from './engine.ts';
import { baselineRowOf } from './learner.ts';
import type { Answer, Author, BaselineRow, Refusal, Silence } from './ports.ts';
import { memoryOf } from './restore.ts';
import { writeIncident } from './speak.ts';

export class OperatorActions {
  private readonly engine: Engine;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  acknowledge(id: string, author: Author, nowMs: number): Answer<Incident> {
    const found = this.begin(id, nowMs);
    if ('refused' in found) return found;
    const { core } = this.engine;
    if (found.state !== 'open') return { refused: 'conflict', detail: 'the incident is resolved already' };
    core.book.acknowledge(found, author, nowMs);
    core.reminders.acknowledged(id);
    this.audit(author, 'incident.acknowledge', id, nowMs);
    writeIncident(core, found, nowMs);
    const incident = renderIncident(found, core.renderPorts());
    core.effects.incidentChanged(incident);
    this.engine.settle(nowMs);
    return incident;
  }

  resolve(id: string, author: Author, nowMs: number): Answer<Incident> {
    const found = this.begin(id, nowMs);
    if ('refused' in found) return found;
    if (found.state !== 'open') return { refused: 'conflict', detail: 'the incident is resolved already' };
    this.audit(author, 'incident.resolve', id, nowMs);
    this.engine.say(this.engine.core.book.resolveByHand(found, author, nowMs));
    this.engine.settle(nowMs);
    return renderIncident(found, this.engine.core.renderPorts());
  }

  private begin(id: string, nowMs: number): IncidentState | Refusal {
    this.engine.advance(nowMs);
    return (
      this.engine.core.book.get(id) ?? {
        refused: 'not-found',
        detail: 'no incident that is open or was resolved lately has this id',
      }
    );
  }

  /** An accepted origin comes with the neighbours it is seen with now, and resolves what it explains. */
  decideOrigin(
    prefix: Prefix,
    origin: number,
    isAccepted: boolean,
    author: Author,
    nowMs: number,
  ): Answer<BaselineRow> {
    const { core } = this.engine;
    this.engine.advance(nowMs);
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
    core.rejudge.all('accepted', nowMs);
    this.engine.settle(nowMs);
    return baselineRowOf(row);
  }

  private neighborsSeen(prefix: Prefix, origin: number): readonly number[] {
    const seen: number[] = [];
    for (const route of this.engine.core.rib.routesAt(prefix)) {
      const path = route.path.filter((element) => typeof element === 'number');
      if (path.at(-1) !== origin) continue;
      const neighbor = path.findLast((asn) => asn !== origin);
      if (neighbor !== undefined) seen.push(neighbor);
    }
    return seen;
  }

  /** What a watched AS was accepted for is watched from now on. */
  private watchAccepted(prefix: Prefix, origin: number): void {
    const { plan } = this.engine.core;
    const entry = plan.asns.get(origin);
    if (entry !== undefined) plan.addLearned(entry, prefix);
  }

  importRows(rows: readonly BaselineRow[], author: Author, nowMs: number): { readonly imported: number } {
    const { core } = this.engine;
    this.engine.advance(nowMs);
    for (const row of rows) {
      const memory = memoryOf(row, '');
      if (memory !== undefined) core.baseline.put(memory, true);
    }
    this.audit(author, 'baseline.import', `${rows.length} rows`, nowMs);
    core.learner.rebuildLearned();
    core.rejudge.all('accepted', nowMs);
    this.engine.settle(nowMs);
    return { imported: rows.length };
  }

  addSilence(wish: Omit<Silence, 'id'>, author: Author, nowMs: number): Answer<Silence> {
    const { core } = this.engine;
    this.engine.advance(nowMs);
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
    this.audit(author, 'silence.add', id, nowMs);
    this.engine.settle(nowMs);
    return silence;
  }

  removeSilence(id: string, author: Author, nowMs: number): Answer<undefined> {
    this.engine.advance(nowMs);
    if (this.engine.core.silences.get(id) === undefined)
      return { refused: 'not-found', detail: 'no silence has this id' };
    this.engine.say(this.engine.core.silences.remove(id, nowMs));
    this.audit(author, 'silence.expire', id, nowMs);
    this.engine.settle(nowMs);
    return undefined;
  }

  private audit(author: Author, action: string, subject: string, nowMs: number): void {
    this.engine.core.effects.audited({
      at: isoTime(nowMs),
      who: author.via === undefined || author.via === author.by ? author.by : `${author.by} (${author.via})`,
      action,
      subject,
      note: author.note,
    });
  }
}
