/**
 * What some ASes originate, as RIBs, RIPEstat and VRPs tell it → proposed watch entries, for `init`. Pure.
 *
 * *Seen is not legitimate* (detection.md §2 rule 3): whatever looks wrong is marked. Marks that say "somebody should look" leave the
 * entry in force, for it watches more and not less; marks that say "this may not be yours at all" (`DOUBTS`) keep the
 * entry out of force until an operator takes it in. Another origin is never among the origins because it was seen.
 */
import { isUnroutableAsn } from '../bgp/asn.ts';
import { bogonOf } from '../bgp/bogon.ts';
import { comparePrefixes, covers, overlaps, type Prefix } from '../bgp/prefix.ts';
import type { Vrp } from '../bgp/vrp.ts';
import type { RpkiData } from '../judge/rpki-data.ts';
import { PrefixIndex } from '../match/prefix-index.ts';
import type { Sighted, Survey } from './rib-survey.ts';

export type SourceName = 'rib' | 'ripestat' | 'vrps';

/** Each mark with what it means. */
export const CHECKS = {
  moas: 'another AS originates the same prefix',
  few: 'seen by too few peer ASes',
  'as-set': 'the origin is seen in an AS_SET only',
  'rpki-invalid': 'no VRP allows this origin',
  'rpki-length': 'the VRPs allow no announcement as long as this',
  bogon: 'space that nobody announces rightfully',
  'not-announced': 'a VRP names the AS, and nobody shows the prefix announced',
  'foreign-inside': 'another AS originates a part of it',
  'too-long': 'most networks do not take a prefix as long as this',
  'open-incident': 'an open incident names this origin for it',
} as const;
export type CheckCode = keyof typeof CHECKS;

/** An entry with one of these is written as a comment. */
const DOUBTS: ReadonlySet<CheckCode> = new Set(['few', 'as-set', 'rpki-invalid', 'bogon', 'open-incident']);

export interface Check {
  readonly code: CheckCode;
  readonly text: string;
}

export interface ProposedEntry {
  readonly prefix: Prefix;
  /** Of the ASes asked for, ascending; never empty. */
  readonly origins: readonly number[];
  /** Undefined: left to be learned. */
  readonly upstreams: readonly number[] | undefined;
  /** Not below the prefix's own length. */
  readonly maxLength: number;
  readonly sources: readonly SourceName[];
  /** Undefined where nobody was asked who sees it. */
  readonly seen: { readonly vantagePoints: number; readonly known: number } | undefined;
  readonly rpki: 'valid' | 'invalid' | 'not-found' | undefined;
  readonly notes: readonly string[];
  readonly checks: readonly Check[];
  /** False: a doubt stands against it, see `DOUBTS`. */
  readonly isTrusted: boolean;
}

export interface Proposal {
  readonly asns: readonly number[];
  /** In the order of routing tables. */
  readonly entries: readonly ProposedEntry[];
}

/** A route of an open incident. */
export interface Accused {
  readonly prefix: Prefix;
  readonly origins: readonly number[];
  /** Who caused it: a false neighbour, where the origin is right. */
  readonly offender: number | null;
}

export interface ProposalInput {
  /** Asked for, in the order given. */
  readonly asns: readonly number[];
  /** Who sees what, the best source first. */
  readonly surveys: readonly { readonly source: 'rib' | 'ripestat'; readonly survey: Survey }[];
  /** What RIPEstat says that an AS announces. */
  readonly announced: readonly { readonly prefix: Prefix; readonly asn: number }[];
  /** VRPs that name one of the ASes. */
  readonly ownVrps: readonly Vrp[];
  /** Undefined: no VRPs at hand. */
  readonly rpki: RpkiData | undefined;
  /** What open incidents speak of: nobody becomes expected by announcing it. */
  readonly accused?: readonly Accused[];
  /** Peer ASes that must show an origin or a neighbour; fewer where fewer than twice as many are known at all. */
  readonly minPeers: number;
}

/** More neighbours than this make no list that anybody keeps up to date; they are learned. */
export const UPSTREAMS_MAX = 32;
const NAMED_MAX = 5;
const USUAL_LENGTH_MAX: Readonly<Record<4 | 6, number>> = { 4: 24, 6: 48 };

export function propose(input: ProposalInput): Proposal {
  const candidates = candidatesOf(input);
  const inside = insideOf(input, candidates);
  const entries = candidates.map((candidate, slot) => entryOf(candidate, inside[slot] ?? [], input));
  return { asns: input.asns, entries: withAnnouncedLengths(entries) };
}

/** One prefix with everything that was said of it. */
interface Candidate {
  readonly prefix: Prefix;
  readonly announcedBy: Set<number>;
  readonly vrps: Vrp[];
  /** Origins of ours and of others, in the first survey that has one of ours, else in the first that has any. */
  view: View | undefined;
}

interface View {
  readonly source: 'rib' | 'ripestat';
  readonly ours: readonly Sighted[];
  readonly others: readonly Sighted[];
  readonly known: { readonly vantagePoints: number; readonly peerAsns: number };
}

function candidatesOf(input: ProposalInput): readonly Candidate[] {
  const found = new Map<string, Candidate>();
  const at = (prefix: Prefix): Candidate => {
    const known = found.get(prefix.text);
    if (known !== undefined) return known;
    const made: Candidate = { prefix, announcedBy: new Set(), vrps: [], view: undefined };
    found.set(prefix.text, made);
    return made;
  };
  for (const { survey } of input.surveys)
    for (const origins of survey.prefixes.values())
      for (const { prefix, origin } of origins.values()) if (input.asns.includes(origin)) at(prefix);
  for (const { prefix, asn } of input.announced) at(prefix).announcedBy.add(asn);
  for (const vrp of input.ownVrps) at(vrp.prefix).vrps.push(vrp);
  for (const candidate of found.values()) candidate.view = viewOf(candidate.prefix, input);
  return [...found.values()].sort((a, b) => comparePrefixes(a.prefix, b.prefix));
}

function viewOf(prefix: Prefix, { surveys, asns }: ProposalInput): View | undefined {
  const views = surveys.map(({ source, survey }): View => {
    const sightings = [...(survey.prefixes.get(prefix.text)?.values() ?? [])];
    sightings.sort((a, b) => b.vantagePoints - a.vantagePoints || a.origin - b.origin);
    return {
      source,
      ours: sightings.filter(({ origin }) => asns.includes(origin)),
      others: sightings.filter(({ origin }) => !asns.includes(origin)),
      known: survey.known[prefix.family],
    };
  });
  return (
    views.find(({ ours }) => ours.length > 0) ?? views.find(({ others }) => others.length > 0) ?? views[0]
  );
}

/** Prefixes that others alone originate, each with the most specific candidate around it. */
function insideOf(input: ProposalInput, candidates: readonly Candidate[]): readonly (readonly Sighted[])[] {
  const index = new PrefixIndex();
  const inside = candidates.map((): Sighted[] => []);
  for (const [slot, { prefix }] of candidates.entries()) index.insert(prefix, slot);
  for (const { survey } of input.surveys.slice(0, 1)) {
    for (const origins of survey.prefixes.values()) {
      const [first] = origins.values();
      if (first === undefined || [...origins.keys()].some((origin) => input.asns.includes(origin))) continue;
      const slot = index.coveringOf(first.prefix);
      if (slot >= 0 && candidates[slot]?.prefix.text !== first.prefix.text)
        inside[slot]?.push(...origins.values());
    }
  }
  return inside;
}

function entryOf(candidate: Candidate, inside: readonly Sighted[], input: ProposalInput): ProposedEntry {
  const { prefix, view } = candidate;
  const origins = originsOf(candidate);
  const validations = origins.map((origin) => input.rpki?.validate(prefix, origin));
  const checks = [
    ...checksOfView(candidate, input),
    ...checksOfPrefix(prefix),
    ...checksOfRpki(origins, validations),
    ...checksOfIncidents(prefix, origins, input),
  ];
  if (inside.length > 0) checks.push({ code: 'foreign-inside', text: insideText(inside) });
  const neighbors = neighborsOf(prefix, view, input);
  const isAsked = view !== undefined && (view.known.vantagePoints > 0 || view.ours.length > 0);
  return {
    prefix,
    origins,
    upstreams: neighbors.upstreams,
    maxLength: lengthByVrps(prefix, origins, input),
    sources: sourcesOf(candidate),
    seen: isAsked ? { vantagePoints: view.ours[0]?.vantagePoints ?? 0, known: knownOf(view) } : undefined,
    rpki: worst(validations.map((validation) => validation?.state)),
    notes: [...originNotes(view), ...neighbors.notes],
    checks,
    isTrusted: !checks.some(({ code }) => DOUBTS.has(code)),
  };
}

/** Seen, else announced as RIPEstat says, else named by VRPs. */
function originsOf({ view, announcedBy, vrps }: Candidate): readonly number[] {
  const seen = (view?.ours ?? []).map(({ origin }) => origin);
  const all = [...seen, ...announcedBy];
  const origins = all.length > 0 ? all : vrps.map(({ asn }) => asn);
  return [...new Set(origins)].sort((a, b) => a - b);
}

function sourcesOf({ view, announcedBy, vrps }: Candidate): readonly SourceName[] {
  const sources: SourceName[] = [];
  if (view?.source === 'rib' && view.ours.length > 0) sources.push('rib');
  if (announcedBy.size > 0 || (view?.source === 'ripestat' && view.ours.length > 0)) sources.push('ripestat');
  if (vrps.length > 0) sources.push('vrps');
  return sources;
}

/** Never fewer than see it: a vantage point may have come late to a file. */
function knownOf({ known, ours, others }: View): number {
  return [...ours, ...others].reduce(
    (most, { vantagePoints }) => Math.max(most, vantagePoints),
    known.vantagePoints,
  );
}

/** What is enough: as asked for, but no more than half of the peer ASes that there are. */
function peersNeeded(view: View, { minPeers }: ProposalInput): number {
  return Math.min(minPeers, Math.max(1, Math.ceil(view.known.peerAsns / 2)));
}

function checksOfView(candidate: Candidate, input: ProposalInput): Check[] {
  const { view, announcedBy, vrps } = candidate;
  if (view === undefined) return [];
  const checks: Check[] = [];
  const known = knownOf(view);
  const [best] = view.ours;
  if (best === undefined && announcedBy.size === 0 && vrps.length > 0 && known > 0)
    checks.push({
      code: 'not-announced',
      text: `a VRP names ${namesOf(vrps.map(({ asn }) => asn))}, but no vantage point of ${known} shows it so`,
    });
  if (view.others.length > 0) {
    const others = view.others
      .slice(0, NAMED_MAX)
      .map((one) => `AS${one.origin} (${one.vantagePoints} of ${known})`);
    const more = view.others.length > NAMED_MAX ? ` and ${view.others.length - NAMED_MAX} more` : '';
    checks.push({
      code: 'moas',
      text: `also originated by ${others.join(', ')}${more}; add it to origins if that is right`,
    });
  }
  if (best === undefined) return checks;
  const most = view.ours.reduce((peers, one) => Math.max(peers, one.peerAsns.size), 0);
  if (most < peersNeeded(view, input))
    checks.push({
      code: 'few',
      text: `seen by ${best.vantagePoints} of ${known} vantage points only (peer ASes: ${most})`,
    });
  if (view.ours.every(({ isOnlySet }) => isOnlySet))
    checks.push({ code: 'as-set', text: 'the AS is seen as a member of an AS_SET only' });
  return checks;
}

function checksOfPrefix(prefix: Prefix): Check[] {
  const checks: Check[] = [];
  const bogon = bogonOf(prefix);
  if (bogon !== undefined && !bogon.isForExamples)
    checks.push({ code: 'bogon', text: `nobody announces this rightfully: ${bogon.what}` });
  if (prefix.length > USUAL_LENGTH_MAX[prefix.family])
    checks.push({
      code: 'too-long',
      text: `longer than /${USUAL_LENGTH_MAX[prefix.family]}: a blackhole, or a route of the inside?`,
    });
  return checks;
}

type Validated = ReturnType<RpkiData['validate']> | undefined;

function checksOfIncidents(
  prefix: Prefix,
  origins: readonly number[],
  { accused = [] }: ProposalInput,
): Check[] {
  const named = accused.filter(
    (one) => covers(one.prefix, prefix) && one.origins.some((origin) => origins.includes(origin)),
  );
  const [first] = named;
  if (first === undefined) return [];
  const asns = [...new Set(named.flatMap((one) => one.origins.filter((origin) => origins.includes(origin))))];
  return [
    {
      code: 'open-incident',
      text: `an open incident names ${namesOf(asns)} as origin of ${first.prefix.text}; accept it there first`,
    },
  ];
}

function checksOfRpki(origins: readonly number[], validations: readonly Validated[]): Check[] {
  return validations.flatMap((validation, index): Check[] => {
    if (validation?.state !== 'invalid') return [];
    const named = [...new Set(validation.covering.map(({ asn }) => asn))];
    const [decisive] = validation.covering;
    if (validation.reason === 'length')
      return [
        {
          code: 'rpki-length',
          text: `RPKI-invalid: the VRP for ${decisive?.prefix.text} allows no longer than /${decisive?.maxLength}`,
        },
      ];
    return [
      {
        code: 'rpki-invalid',
        text: `RPKI-invalid: the VRPs name ${namesOf(named)} and not AS${origins[index]}`,
      },
    ];
  });
}

function insideText(inside: readonly Sighted[]): string {
  const named = inside.slice(0, NAMED_MAX).map(({ prefix, origin }) => `${prefix.text} by AS${origin}`);
  const more = inside.length > NAMED_MAX ? ` and ${inside.length - NAMED_MAX} more` : '';
  return `inside it: ${named.join(', ')}${more}; give a customer's part an entry of its own, or a hole (ignore: true)`;
}

function originNotes(view: View | undefined): readonly string[] {
  if (view === undefined || view.ours.length < 2) return [];
  return [
    `of yours, ${view.ours.map((one) => `AS${one.origin} is seen by ${one.vantagePoints}`).join(', ')}`,
  ];
}

/** Neighbours that enough peer ASes show. One that few show is named and left out: a forged path looks like that. */
function neighborsOf(
  prefix: Prefix,
  view: View | undefined,
  input: ProposalInput,
): { readonly upstreams: readonly number[] | undefined; readonly notes: readonly string[] } {
  if (view === undefined || view.ours.length === 0) return { upstreams: undefined, notes: [] };
  const peers = new Map<number, Set<number>>();
  for (const { neighbors } of view.ours)
    for (const [asn, by] of neighbors) peers.set(asn, new Set([...(peers.get(asn) ?? []), ...by]));
  const needed = peersNeeded(view, input);
  const isFirm = ([asn, by]: readonly [number, ReadonlySet<number>]): boolean =>
    by.size >= needed && !isUnroutableOther(asn, input.asns) && !isOffender(asn, prefix, input);
  const firm = [...peers].filter(isFirm).map(([asn]) => asn);
  const left = [...peers].filter((one) => !isFirm(one)).map(([asn]) => asn);
  if (firm.length > UPSTREAMS_MAX)
    return { upstreams: undefined, notes: [`${firm.length} neighbours: left to be learned`] };
  const few = left.filter((asn) => !isOffender(asn, prefix, input));
  const notes = [
    ...(few.length > 0 && firm.length > 0 ? [`left out of upstreams, seen by few: ${namesOf(few)}`] : []),
    ...(few.length < left.length
      ? ['left out of upstreams: who an open incident names as a false neighbour']
      : []),
  ];
  return { upstreams: firm.length === 0 ? undefined : firm.sort((a, b) => a - b), notes };
}

function isOffender(asn: number, prefix: Prefix, { accused = [] }: ProposalInput): boolean {
  return accused.some((one) => one.offender === asn && overlaps(one.prefix, prefix));
}

/** Documentation numbers are somebody's laboratory when the laboratory asks. */
function isUnroutableOther(asn: number, asns: readonly number[]): boolean {
  return isUnroutableAsn(asn) && !asns.some(isUnroutableAsn);
}

function lengthByVrps(prefix: Prefix, origins: readonly number[], { rpki }: ProposalInput): number {
  const allowed = (rpki?.vrps.vrpsCovering(prefix, 1_000) ?? []).filter(({ asn }) => origins.includes(asn));
  return allowed.reduce((longest, { maxLength }) => Math.max(longest, maxLength), prefix.length);
}

/** What is announced inside by the same origins, and nothing speaks against, an expected origin may announce. */
function withAnnouncedLengths(entries: readonly ProposedEntry[]): readonly ProposedEntry[] {
  const index = new PrefixIndex();
  const longest = entries.map(({ maxLength }) => maxLength);
  // Sorted by address and length: whatever covers an entry stands before it.
  for (const [slot, entry] of entries.entries()) {
    const isAnnounced = entry.sources.some((source) => source !== 'vrps');
    const outer = index.coveringOf(entry.prefix);
    index.insert(entry.prefix, slot);
    if (outer < 0 || !isAnnounced || !entry.isTrusted || entry.checks.length > 0) continue;
    if (!entry.origins.every((origin) => entries[outer]?.origins.includes(origin))) continue;
    longest[outer] = Math.max(longest[outer] ?? 0, entry.prefix.length);
  }
  return entries.map((entry, slot) => ({ ...entry, maxLength: longest[slot] ?? entry.maxLength }));
}

type State = 'valid' | 'invalid' | 'not-found';

function worst(states: readonly (State | undefined)[]): State | undefined {
  return (['invalid', 'not-found', 'valid'] as const).find((state) => states.includes(state));
}

function namesOf(asns: readonly number[]): string {
  const named = [...new Set(asns)].sort((a, b) => a - b);
  const more = named.length > NAMED_MAX ? ` and ${named.length - NAMED_MAX} more` : '';
  return `${named
    .slice(0, NAMED_MAX)
    .map((asn) => `AS${asn}`)
    .join(', ')}${more}`;
}
