/** The engine as the API and Slack's buttons see it: stamp, act, commit, answer. */

import type { Settings } from '../config/settings.ts';
import { asNameOf } from '../engine/config.ts';
import type { OperatorInput, Outcome } from '../engine/input.ts';
import type { Archive, CoverageInterval, Operator, Present, StatusAnswer } from '../engine/ports.ts';
import { statusThen } from '../explain/status-then.ts';
import { isoTime } from '../incident/alert.ts';
import { countermeasuresFor } from '../incident/answer/sheet.ts';
import type { Driver } from './driver.ts';

/** Stamps of arrival. */
interface ArrivalStamps {
  nowMs(): number;
}

export interface OperatorSurroundings {
  /** Why a change would not be kept now; undefined: it would be. */
  refusal(): Error | undefined;
  /** After each change: deadlines may have moved. */
  afterwards(): void;
}

/** What could not be kept is refused before it is done: whoever is told that it is done finds it done after any crash. */
export function operatorPort(driver: Driver, clock: ArrivalStamps, around: OperatorSurroundings): Operator {
  const act = <I extends OperatorInput>(input: I): Outcome<I> => {
    const refusal = around.refusal();
    if (refusal !== undefined) throw refusal;
    const outcome = driver.apply(input, clock.nowMs());
    driver.commit(true);
    around.afterwards();
    const lost = around.refusal();
    if (lost !== undefined) throw lost;
    return outcome;
  };
  return {
    acknowledge: (id, author) => act({ type: 'acknowledge', id, author }),
    resolve: (id, author) => act({ type: 'resolve', id, author }),
    note: (id, author) => act({ type: 'note', id, author }),
    assign: (id, assignee, author) => act({ type: 'assign', id, assignee, author }),
    acceptOrigin: (prefix, origin, author) => act({ type: 'accept-origin', prefix, origin, author }),
    rejectOrigin: (prefix, origin, author) => act({ type: 'reject-origin', prefix, origin, author }),
    forgetOrigin: (prefix, origin, author) => act({ type: 'forget-origin', prefix, origin, author }),
    addSilence: (silence, via) => act({ type: 'add-silence', silence, via }),
    removeSilence: (id, author) => act({ type: 'remove-silence', id, author }),
    importBaseline: (rows, author) => act({ type: 'import-baseline', rows, author }),
  };
}

/** The store's archive; what is judged, and what the feeds could see, is written down until now before it is told. */
export function archivePort<Stored extends Archive>(
  archive: Stored,
  before: {
    commit(): void;
    writeCoverage(): void;
    /** What each feed is taken to see until now; it is not written down before it is certain. */
    provisionalCoverage(): readonly CoverageInterval[];
  },
): Stored {
  const after =
    <Args extends readonly unknown[], Result>(write: () => void, read: (...args: Args) => Result) =>
    (...args: Args): Result => {
      write();
      return read(...args);
    };
  const { commit } = before;
  const current: Partial<Archive> = {
    incidents: after(commit, archive.incidents.bind(archive)),
    incident: after(commit, archive.incident.bind(archive)),
    rawOf: after(commit, archive.rawOf.bind(archive)),
    historyOf: after(commit, archive.historyOf.bind(archive)),
    deliveriesOf: after(commit, archive.deliveriesOf.bind(archive)),
    baseline: after(commit, archive.baseline.bind(archive)),
    coverage: (from, to) => {
      before.writeCoverage();
      return joined(archive.coverage(from, to), before.provisionalCoverage(), from, to);
    },
  };
  return Object.assign(Object.create(archive) as Stored, current);
}

/** What is certain, and what is taken to be so behind it. */
function joined(
  certain: readonly CoverageInterval[],
  provisional: readonly CoverageInterval[],
  from: string,
  to: string,
): readonly CoverageInterval[] {
  const intervals = [...certain];
  for (const interval of provisional) {
    if (interval.to <= from || interval.from >= to) continue;
    const clipped = {
      ...interval,
      from: interval.from < from ? from : interval.from,
      to: interval.to > to ? to : interval.to,
    };
    const at = intervals.findLastIndex(({ feed }) => feed === interval.feed);
    const last = intervals[at];
    if (
      last !== undefined &&
      last.state === clipped.state &&
      last.reason === clipped.reason &&
      last.to === clipped.from
    )
      intervals[at] = { ...last, to: clipped.to };
    else intervals.push(clipped);
  }
  return intervals;
}

export interface FeedReadiness {
  readonly name: string;
  readonly connected: boolean;
  readonly fresh: boolean;
}

export function presentPort(
  driver: Driver,
  clock: ArrivalStamps,
  archive: Archive,
  readiness: {
    feeds(): readonly FeedReadiness[];
    isWritable(): boolean;
    knowledge(): Settings['knowledge'];
  },
): Present {
  const { view } = driver;
  const advance = (): void => {
    driver.advance(clock.nowMs());
    driver.commit();
  };
  return {
    watchlist: () => {
      advance();
      return view.watchlist();
    },
    status: (resource, at) => {
      advance();
      const found = view.resource(resource);
      if (found === undefined)
        return { refused: 'bad-value', detail: 'resource is no prefix, IP address, AS number or host name' };
      if (at !== undefined && Date.parse(at) < view.nowMs)
        return statusThen(view, archive, found, Date.parse(at));
      const nowMs = view.nowMs;
      const coverage = archive.coverage(isoTime(nowMs - 3_600_000), isoTime(nowMs));
      const answer: StatusAnswer = { ...view.status(found), coverage };
      return answer;
    },
    countermeasures: (id) => {
      advance();
      const incident = archive.incident(id);
      if (incident === undefined)
        return { refused: 'not-found', detail: 'There is no incident with this id.' };
      const knowledge = readiness.knowledge();
      return countermeasuresFor(incident, {
        validate: (prefix, origin) => view.validate(prefix, origin),
        book: {
          name: (asn) => asNameOf(knowledge, asn),
          contacts: (asn) => knowledge.contacts.get(asn) ?? [],
        },
      });
    },
    readiness: () => ({ feeds: readiness.feeds(), store: readiness.isWritable() ? 'ok' : 'failed' }),
  };
}

/** The first of feeds, store and receivers that is not well, in words; undefined: all are. */
export function troubleOf(
  feeds: readonly FeedReadiness[],
  isStoreOk: boolean,
  receivers: readonly { readonly receiver: string; readonly failingSince: string | null }[],
): string | undefined {
  const feed = feeds.find(({ connected, fresh }) => !connected || !fresh);
  if (feed !== undefined) return `feed ${feed.name} is not seen`;
  if (!isStoreOk) return 'the store cannot be written';
  const failing = receivers.find(({ failingSince }) => failingSince !== null);
  return failing && `receiver ${failing.receiver} takes no alerts`;
}
