/** The engine as the API and Slack's buttons see it: stamp, act, commit, answer. */

import { OperatorActions } from '../engine/operators.ts';
import type { Answer, Archive, Operator, Present, StatusAnswer } from '../engine/ports.ts';
import { resourceOf, statusNow, watchlistState } from '../engine/present-view.ts';
import { statusThen } from '../explain/status-then.ts';
import { isoTime } from '../incident/alert.ts';
import type { Driver } from './driver.ts';
import type { LiveClock } from './live-clock.ts';

export interface OperatorSurroundings {
  /** Why a change would not be kept now; undefined: it would be. */
  refusal(): Error | undefined;
  /** After each change: deadlines may have moved. */
  afterwards(): void;
}

/** What could not be kept is refused before it is done: whoever is told that it is done finds it done after any crash. */
export function operatorPort(driver: Driver, clock: LiveClock, around: OperatorSurroundings): Operator {
  const actions = new OperatorActions(driver.engine);
  const acted = <T>(act: (nowMs: number) => Answer<T>): Answer<T> => {
    const refusal = around.refusal();
    if (refusal !== undefined) throw refusal;
    const answer = act(clock.nowMs());
    driver.commit(true);
    around.afterwards();
    const lost = around.refusal();
    if (lost !== undefined) throw lost;
    return answer;
  };
  return {
    acknowledge: (id, author) => acted((nowMs) => actions.acknowledge(id, author, nowMs)),
    resolve: (id, author) => acted((nowMs) => actions.resolve(id, author, nowMs)),
    acceptOrigin: (prefix, origin, author) =>
      acted((nowMs) => actions.decideOrigin(prefix, origin, true, author, nowMs)),
    rejectOrigin: (prefix, origin, author) =>
      acted((nowMs) => actions.decideOrigin(prefix, origin, false, author, nowMs)),
    addSilence: (silence, via) =>
      acted((nowMs) => {
        const { by, note } = silence;
        return actions.addSilence(silence, via === undefined ? { by, note } : { by, note, via }, nowMs);
      }),
    removeSilence: (id, author) => acted((nowMs) => actions.removeSilence(id, author, nowMs)),
    importBaseline: (rows, author) => acted((nowMs) => actions.importRows(rows, author, nowMs)),
  };
}

/** The store's archive; what is judged, and what the feeds could see, is written down until now before it is told. */
export function archivePort<Stored extends Archive>(
  archive: Stored,
  before: { commit(): void; writeCoverage(): void },
): Stored {
  const after =
    <Args extends readonly unknown[], Result>(write: () => void, read: (...args: Args) => Result) =>
    (...args: Args): Result => {
      write();
      return read(...args);
    };
  const { commit, writeCoverage } = before;
  const current: Partial<Archive> = {
    incidents: after(commit, archive.incidents.bind(archive)),
    incident: after(commit, archive.incident.bind(archive)),
    rawOf: after(commit, archive.rawOf.bind(archive)),
    baseline: after(commit, archive.baseline.bind(archive)),
    coverage: after(writeCoverage, archive.coverage.bind(archive)),
  };
  return Object.assign(Object.create(archive) as Stored, current);
}

export interface FeedReadiness {
  readonly name: string;
  readonly connected: boolean;
  readonly fresh: boolean;
}

export function presentPort(
  driver: Driver,
  clock: LiveClock,
  archive: Archive,
  readiness: { feeds(): readonly FeedReadiness[]; isWritable(): boolean },
): Present {
  const { core } = driver.engine;
  const advance = (): void => {
    driver.advance(clock.nowMs());
    driver.commit();
  };
  return {
    watchlist: () => {
      advance();
      return watchlistState(core);
    },
    status: (resource, at) => {
      advance();
      const found = resourceOf(core, resource);
      if (found === undefined)
        return { refused: 'bad-value', detail: 'resource is no prefix, IP address, AS number or host name' };
      if (at !== undefined && Date.parse(at) < core.nowMs)
        return statusThen(core, archive, found, Date.parse(at));
      const nowMs = core.nowMs;
      const coverage = archive.coverage(isoTime(nowMs - 3_600_000), isoTime(nowMs));
      const answer: StatusAnswer = { ...statusNow(core, found), coverage };
      return answer;
    },
    readiness: () => ({ feeds: readiness.feeds(), store: readiness.isWritable() ? 'ok' : 'failed' }),
  };
}
