/**
 * What `init` asks about the ASes: RIB files, RIPEstat and a VRP export → the material of a proposal. A source that
 * fails is told and left out as long as another one answers.
 */
import type { Family } from '../bgp/address.ts';
import { comparePrefixes, type Prefix, prefixFromWords } from '../bgp/prefix.ts';
import type { RpkiRows, Vrp, VrpRow } from '../bgp/vrp.ts';
import { OperationalError } from '../engine/errors.ts';
import type { Ripestat } from '../feed/ripestat/client.ts';
import { loadVrpFile } from '../feed/rpki/vrp-export.ts';
import { systemClock } from '../feed/surroundings.ts';
import { type RpkiData, RpkiDataBuilder } from '../judge/rpki-data.ts';
import { WatchPlan } from '../judge/watch-plan.ts';
import type { WatchEntry } from '../match/watchlist.ts';
import { Counting, type Survey, surveyRibs } from './rib-survey.ts';
import type { Accused, ProposalInput } from './watch-proposal.ts';

export interface WatchQuestion {
  readonly asns: readonly number[];
  readonly ribs: readonly string[];
  readonly collector: string | undefined;
  readonly vrps: string | undefined;
  readonly ripestat: Ripestat | undefined;
  readonly minPeers: number;
  readonly accused: readonly Accused[];
  readonly say: (text: string) => void;
  readonly onProgress: (bytes: number) => void;
}

export interface Material {
  readonly input: ProposalInput;
  /** Where it is from, in words. */
  readonly origins: readonly string[];
}

/** Prefixes of which RIPEstat is asked who sees them; it is a guest's question each. */
export const STATES_MAX = 200;
/** Vantage points whose table is at least this share of the largest are asked for everything. */
const FULL_TABLE_SHARE = 0.5;

/** Rejects with an `OperationalError` when no source answers. */
export async function gatherMaterial(question: WatchQuestion): Promise<Material> {
  const vrps = await vrpsOf(question);
  const announced = await announcedOf(question);
  const plan = planOf(question.asns, [
    ...vrps.own.map(({ prefix }) => prefix),
    ...announced.map(({ prefix }) => prefix),
  ]);
  const surveys: { source: 'rib' | 'ripestat'; survey: Survey }[] = [];
  const rib = await ribOf(question, plan);
  if (rib !== undefined) surveys.push({ source: 'rib', survey: rib });
  const unseen = announced
    .map(({ prefix }) => prefix)
    .filter((prefix) => !isSeen(rib, prefix, question.asns));
  const states = await statesOf(question, plan, unseen);
  if (states !== undefined) surveys.push({ source: 'ripestat', survey: states });
  return {
    input: {
      asns: question.asns,
      surveys,
      announced,
      ownVrps: vrps.own,
      rpki: vrps.rpki,
      minPeers: question.minPeers,
      accused: question.accused,
    },
    origins: wordsOf(question, surveys, vrps.count),
  };
}

function wordsOf(
  question: WatchQuestion,
  surveys: Material['input']['surveys'],
  vrps: number,
): readonly string[] {
  const words: string[] = [];
  const rib = surveys.find(({ source }) => source === 'rib')?.survey;
  if (rib !== undefined) {
    const { 4: four, 6: six } = rib.known;
    words.push(
      `RIB: ${question.ribs.join(', ')}; vantage points: ${four.vantagePoints} IPv4, ${six.vantagePoints} IPv6`,
    );
  }
  if (question.ripestat !== undefined) words.push('RIPEstat: announced-prefixes, bgp-state');
  if (question.vrps !== undefined) words.push(`VRPs: ${question.vrps}, ${vrps} in all`);
  return words;
}

function isSeen(survey: Survey | undefined, prefix: Prefix, asns: readonly number[]): boolean {
  const origins = survey?.prefixes.get(prefix.text);
  return asns.some((asn) => origins?.has(asn));
}

// ---------------------------------------------------------------- RIBs

async function ribOf(question: WatchQuestion, plan: WatchPlan): Promise<Survey | undefined> {
  if (question.ribs.length === 0) return undefined;
  const survey = await surveyRibs({
    files: question.ribs,
    plan,
    collector: question.collector,
    onProblem: question.say,
    onProgress: question.onProgress,
  });
  if (survey.nothingRead || survey.vantagePoints === 0)
    throw new OperationalError('input-unreadable', `no row of a RIB in ${question.ribs.join(', ')}`);
  return survey;
}

/** The ASes and what is said to be theirs, as if it were watched. */
function planOf(asns: readonly number[], prefixes: readonly Prefix[]): WatchPlan {
  const common = {
    name: '',
    group: 'default',
    services: [],
    tags: [],
    minPeers: 1,
    mitigation: [],
    mustSeeThrough: [],
    mute: [],
    upstreams: undefined,
    path: undefined,
    severity: undefined,
  };
  const byText = new Map(prefixes.map((prefix) => [prefix.text, prefix]));
  const entries: WatchEntry[] = asns.map((asn) => ({ type: 'asn', asn, ...common }));
  for (const prefix of byText.values())
    entries.push({
      type: 'prefix',
      prefix,
      ...common,
      ignore: false,
      origins: undefined,
      maxLength: prefix.length,
      moreSpecifics: 'watch',
    });
  return new WatchPlan({ entries });
}

// ---------------------------------------------------------------- VRPs

async function vrpsOf(
  question: WatchQuestion,
): Promise<{ readonly own: readonly Vrp[]; readonly rpki: RpkiData | undefined; readonly count: number }> {
  if (question.vrps === undefined) return { own: [], rpki: undefined, count: 0 };
  const builder = new OwnVrps(question.asns);
  const { data, vrps } = await loadVrpFile(question.vrps, builder, systemClock);
  return { own: builder.own, rpki: data, count: vrps };
}

/** Builds the table, and keeps the rows that name one of the ASes. */
class OwnVrps implements RpkiRows {
  readonly own: Vrp[] = [];
  private readonly asns: ReadonlySet<number>;
  private readonly builder = new RpkiDataBuilder();

  constructor(asns: readonly number[]) {
    this.asns = new Set(asns);
  }

  vrp(row: VrpRow): void {
    this.builder.vrp(row);
    if (!this.asns.has(row.asn)) return;
    const { prefix } = prefixFromWords(row.family, [...row.words], row.length);
    this.own.push({ prefix, maxLength: row.maxLength, asn: row.asn });
  }

  aspa(aspa: Parameters<RpkiRows['aspa']>[0]): void {
    this.builder.aspa(aspa);
  }

  build(): RpkiData {
    return this.builder.build();
  }
}

// ---------------------------------------------------------------- RIPEstat

async function announcedOf({
  asns,
  ripestat,
  ribs,
  vrps,
  say,
}: WatchQuestion): Promise<readonly { readonly prefix: Prefix; readonly asn: number }[]> {
  if (ripestat === undefined) return [];
  try {
    const answers = await Promise.all(
      asns.map(async (asn) => ({ asn, ...(await ripestat.announcedPrefixes(asn)) })),
    );
    for (const { asn, problems } of answers)
      if (problems.length > 0) say(`RIPEstat, AS${asn}: ${problems.length} prefixes cannot be read`);
    const rows = answers.flatMap(({ asn, value }) => value.map(({ prefix }) => ({ prefix, asn })));
    return rows.sort((a, b) => comparePrefixes(a.prefix, b.prefix) || a.asn - b.asn);
  } catch (error) {
    if (!(error instanceof OperationalError) || (ribs.length === 0 && vrps === undefined)) throw error;
    say(`${error.message}; going on without RIPEstat`);
    return [];
  }
}

/** Who sees what no RIB file shows. Undefined where RIPEstat is not asked or does not say. */
async function statesOf(
  { ripestat, say }: WatchQuestion,
  plan: WatchPlan,
  prefixes: readonly Prefix[],
): Promise<Survey | undefined> {
  if (ripestat === undefined || prefixes.length === 0) return undefined;
  const asked = [...new Map(prefixes.map((prefix) => [prefix.text, prefix])).values()];
  if (asked.length > STATES_MAX)
    say(
      `RIPEstat is asked who sees the first ${STATES_MAX} of ${asked.length} prefixes; a RIB file tells of all`,
    );
  const counting = new Counting(plan);
  try {
    await askStates(ripestat, asked.slice(0, STATES_MAX), counting);
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    say(`${error.message}; who sees the prefixes stays unknown`);
    return undefined;
  }
  return {
    ...counting.result(),
    known: await fullTables(ripestat, counting.result().known, say),
    nothingRead: false,
  };
}

/** The first question alone: where it fails, the others are not asked. */
async function askStates(ripestat: Ripestat, prefixes: readonly Prefix[], counting: Counting): Promise<void> {
  const ask = async (prefix: Prefix): Promise<void> => {
    const { value } = await ripestat.bgpState(prefix.text);
    for (const update of value) counting.take(update, true, update.observedMs ?? Date.now());
  };
  const [first, ...rest] = prefixes;
  if (first !== undefined) await ask(first);
  await Promise.all(rest.map(ask));
}

type Known = Survey['known'];

/** RIS peers with a whole table; never fewer than were heard. */
async function fullTables(ripestat: Ripestat, heard: Known, say: (text: string) => void): Promise<Known> {
  try {
    const { value } = await ripestat.risPeers();
    const countOf = (family: Family): Known[Family] => {
      const sizes = value.map((peer) => (family === 4 ? peer.prefixes4 : peer.prefixes6));
      const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
      const full = value.filter(
        (_, index) => largest > 0 && (sizes[index] ?? 0) >= largest * FULL_TABLE_SHARE,
      );
      const asns = new Set(full.map(({ vantagePoint }) => vantagePoint.peerAsn));
      return {
        vantagePoints: Math.max(heard[family].vantagePoints, full.length),
        peerAsns: Math.max(heard[family].peerAsns, asns.size),
      };
    };
    return { 4: countOf(4), 6: countOf(6) };
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    say(`${error.message}; how many vantage points there are stays unknown`);
    return heard;
  }
}
