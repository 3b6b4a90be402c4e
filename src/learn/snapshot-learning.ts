/**
 * From what RIB snapshots show to rows of the baseline: what can be trusted becomes an expectation with the source
 * `snapshot`, what looks wrong is marked and left to an operator. *Seen is not legitimate* (detection.md §2 rule 3).
 */
import { isUnroutableAsn } from '../bgp/asn.ts';
import type { BaselineRow } from '../engine/ports.ts';
import { isoTime } from '../incident/alert.ts';
import { isFirm } from '../judge/baseline.ts';
import type { Watched } from '../judge/finding.ts';
import type { WatchPlan } from '../judge/watch-plan.ts';
import type { RpkiView } from '../judge/world.ts';
import type { Sighted, Survey } from './rib-survey.ts';

/** Each mark with what it means, for people. */
export const MARKS = {
  'few-peers': 'seen by too few peer ASes',
  'not-declared': 'the watchlist names other origins',
  moas: 'several origins announce the same prefix, and neither watchlist, baseline nor RPKI tells which is right',
  'foreign-more-specific': 'inside a watched prefix that another AS originates',
  'rpki-invalid': 'RPKI says invalid',
  'as-set': 'the origin is seen in an AS_SET only',
  'unroutable-origin': 'a private or reserved AS number that the watchlist does not name',
  refused: 'an operator refused this origin',
} as const;
export type Mark = keyof typeof MARKS;

/** What even `--all` does not learn. */
const NEVER: readonly Mark[] = ['as-set', 'refused'];

export interface LearningRules {
  readonly plan: WatchPlan;
  /** What is known already. */
  readonly known: (prefix: string, origin: number) => BaselineRow | undefined;
  /** Undefined: no VRPs at hand. */
  readonly rpki: RpkiView | undefined;
  readonly siblings: readonly (readonly number[])[];
  readonly minPeers: number;
  /** Learn what is marked too. */
  readonly isAll: boolean;
}

/** One origin of one prefix, and what becomes of it. */
export interface Judged {
  readonly seen: Sighted;
  readonly marks: readonly Mark[];
  /** The row to write; undefined when nothing is learned of it. */
  readonly row: BaselineRow | undefined;
}

export function judgeSurvey(survey: Survey, rules: LearningRules): readonly Judged[] {
  const judged: Judged[] = [];
  for (const origins of survey.prefixes.values()) {
    for (const seen of origins.values()) {
      const marks = marksOf(seen, origins, survey, rules);
      const isLearned = rules.isAll ? !marks.some((mark) => NEVER.includes(mark)) : marks.length === 0;
      judged.push({ seen, marks, row: isLearned ? rowOf(seen, rules) : undefined });
    }
  }
  return judged;
}

function marksOf(
  seen: Sighted,
  origins: ReadonlyMap<number, Sighted>,
  survey: Survey,
  rules: LearningRules,
): readonly Mark[] {
  const { prefix, origin } = seen;
  const match = rules.plan.match(prefix);
  const watched = match.type === 'covered' ? match.watched : undefined;
  const known = rules.known(prefix.text, origin);
  const declared = watched === undefined ? undefined : declaredOrigins(watched);
  const isVouched = declared?.includes(origin) === true || isAccepted(known);
  const validation = rules.rpki?.validate(prefix, origin).state;
  const marks: Mark[] = [];
  if (known?.source === 'rejected') marks.push('refused');
  if (seen.isOnlySet) marks.push('as-set');
  if (seen.peerAsns.size < rules.minPeers) marks.push('few-peers');
  if (validation === 'invalid') marks.push('rpki-invalid');
  if (isVouched) return marks;
  if (isUnroutableAsn(origin)) marks.push('unroutable-origin');
  if (declared !== undefined) marks.push('not-declared');
  else if (validation !== 'valid' && rivals(seen, origins.values(), rules)) marks.push('moas');
  else if (validation !== 'valid' && watched !== undefined && isForeignInside(seen, watched, survey, rules))
    marks.push('foreign-more-specific');
  return marks;
}

function isAccepted(row: BaselineRow | undefined): boolean {
  return row !== undefined && isFirm(row.source);
}

/** Undefined where the entry leaves the origins to the baseline. */
function declaredOrigins({ entry }: Watched): readonly number[] | undefined {
  return entry.type === 'asn' ? [entry.asn] : entry.origins;
}

/** Another origin of the same prefix that enough peers show and that is not of the same organisation. */
function rivals(seen: Sighted, others: Iterable<Sighted>, rules: LearningRules): boolean {
  for (const other of others) {
    if (other.origin === seen.origin || other.peerAsns.size < rules.minPeers) continue;
    if (!areSiblings(seen.origin, other.origin, rules)) return true;
  }
  return false;
}

function areSiblings(a: number, b: number, { siblings }: LearningRules): boolean {
  return siblings.some((set) => set.includes(a) && set.includes(b));
}

/** The watched prefix itself has origins, and this more-specific has none of them. */
function isForeignInside(seen: Sighted, watched: Watched, survey: Survey, rules: LearningRules): boolean {
  if (watched.prefix.text === seen.prefix.text) return false;
  const outer = [...(survey.prefixes.get(watched.prefix.text)?.keys() ?? [])];
  return (
    outer.length > 0 &&
    !outer.some((origin) => origin === seen.origin || areSiblings(origin, seen.origin, rules))
  );
}

/** What an operator or the watchlist said stays what it is; sightings only become firm. */
function rowOf(seen: Sighted, rules: LearningRules): BaselineRow {
  const known = rules.known(seen.prefix.text, seen.origin);
  const neighbors = new Set([...(known?.neighbors ?? []), ...firmNeighbors(seen, rules)]);
  const peerAsns = new Set([...(known?.peerAsns ?? []), ...seen.peerAsns]);
  return {
    prefix: seen.prefix.text,
    origin: seen.origin,
    neighbors: [...neighbors].sort((a, b) => a - b),
    source: known !== undefined && isFirm(known.source) ? known.source : 'snapshot',
    firstSeenAt: earlier(known?.firstSeenAt, isoTime(seen.firstSeenMs)),
    lastSeenAt: later(known?.lastSeenAt, isoTime(seen.lastSeenMs)),
    peerAsns: [...peerAsns].slice(0, PEERS_MAX),
    by: known?.by ?? '',
    note: known?.note ?? '',
  };
}

/** As many peer ASes as the baseline keeps. */
const PEERS_MAX = 16;

/** Neighbours that enough peers show; where the entry declares `upstreams`, only those. */
function firmNeighbors(seen: Sighted, rules: LearningRules): readonly number[] {
  const match = rules.plan.match(seen.prefix);
  const declared = match.type === 'covered' ? match.watched.entry.upstreams : undefined;
  return [...seen.neighbors]
    .filter(
      ([asn, peers]) => peers.size >= rules.minPeers && (declared === undefined || declared.includes(asn)),
    )
    .map(([asn]) => asn);
}

function earlier(a: string | null | undefined, b: string): string {
  return a === null || a === undefined || b < a ? b : a;
}

function later(a: string | null | undefined, b: string): string {
  return a === null || a === undefined || b > a ? b : a;
}
