/**
 * Storms over 100,000 watched prefixes that two vantage points carry: a session reset that withdraws everything, a
 * burst of 100,000 hijacks within a second, a leak of a million announcements. Meanwhile somebody asks the API, and
 * somebody follows the event stream without ever reading from it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Histogram, nowMs } from '../histogram.ts';
import { failedRow, MB, type Plan, type Row } from '../row.ts';
import { onStage, type Played, type RoundOrder, type Stage } from '../stage.ts';
import { BURST_ATTACKER, LEAKER, type StormName } from '../stream.ts';
import { attackerOf, type Scale, type World } from '../world.ts';
import { LAST_HIJACK } from '../writer.ts';

const API_EVERY_MS = 20;
const API_MS_MAX = 100;
/** For all storms together. */
const WITHIN_MS = 130_000;
const BURST_RATE = 100_000;
/** A large incident is written once a second. */
const SETTLED_MS = 1_500;

/** In this order; the first prepares. `offender`: whose one incident it has to become. */
const STORMS: readonly { readonly reel: StormName; readonly what: string; readonly offender?: number }[] = [
  { reel: 'table', what: 'a whole table from two vantage points' },
  { reel: 'reset', what: 'a session reset that withdraws 100,000 prefixes' },
  { reel: 'burst', what: 'a burst of 100,000 hijacks in a second', offender: BURST_ATTACKER },
  { reel: 'leak', what: 'a leak of 1,000,000 announcements', offender: LEAKER },
];

interface Storm {
  readonly played: Played;
  readonly answers: Histogram;
  readonly rssMb: number;
  readonly dropped: number;
  /** Routes by offender. */
  readonly incidents: ReadonlyMap<number | null, number>;
}

export async function stormRows(plan: Plan, world: World, scale: Scale): Promise<readonly Row[]> {
  const reels = STORMS.map(({ reel }) => reel);
  const options = { plan: { ...plan, count: 0 }, world, scale, reels };
  return onStage(options, async (stage) => {
    const leave = stage.daemon.followDeaf();
    try {
      return await stormsInTurn(stage, scale);
    } finally {
      leave();
    }
  });
}

/** One after the other; what cannot be measured is told, and ends it: the sender would still be busy with it. */
async function stormsInTurn(stage: Stage, scale: Scale): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const storms: Storm[] = [];
  const deadline = nowMs() + WITHIN_MS;
  for (const [round, { reel, what, offender }] of STORMS.entries()) {
    const rate = reel === 'burst' ? BURST_RATE : 0;
    try {
      const withinMs = Math.max(1_000, Math.round(deadline - nowMs()));
      const storm = await stormOn(stage, { reel, loops: 1, hijacks: 0, withinMs, rate, round });
      storms.push(storm);
      const row = quietRow(reel, what, storm, storms[0] ?? storm);
      rows.push(offender === undefined ? row : attackRow(row, storm, { offender, routes: scale.watched }));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      rows.push(failedRow({ id: `storm-${reel}`, what, sort: 'budget', unit: 'messages' }, reason));
      break;
    }
  }
  return [...rows, apiRow(storms.slice(1))];
}

async function stormOn(stage: Stage, order: RoundOrder): Promise<Storm> {
  const answers = new Histogram();
  let isOver = false;
  const asking = ask(stage, answers, () => isOver);
  try {
    const played = await stage.play(order);
    await pause(SETTLED_MS);
    return {
      played,
      answers,
      rssMb: stage.daemon.figures.rssBytes / MB,
      dropped: await stage.daemon.metric('originwatch_dropped_messages_total'),
      incidents: await stage.incidents(),
    };
  } finally {
    isOver = true;
    await asking;
  }
}

async function ask(stage: Stage, answers: Histogram, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const asked = nowMs();
    try {
      await stage.daemon.get('/api/v1/incidents?limit=1');
    } catch {
      return;
    }
    answers.add(nowMs() - asked);
    await pause(API_EVERY_MS);
  }
}

function besideOf({ played, answers, rssMb }: Storm): Row['beside'] {
  return {
    messages: played.count,
    'msg/CPU-s': (played.count / played.cpuMs) * 1_000,
    'judged after s': played.wallMs / 1_000,
    'API p99 ms': answers.quantileMs(0.99) ?? null,
    'API max ms': answers.maxMs,
    'RSS MB': rssMb,
  };
}

/** Rounds so far end with a hijack each; those are no false ones. */
function offendersBeside({ incidents }: Storm): number[] {
  const ours = [0, 1, 2, 3].map((round) => attackerOf(round, LAST_HIJACK));
  const known = [...ours, BURST_ATTACKER, LEAKER];
  return [...incidents.keys()]
    .filter((offender) => offender === null || !known.includes(offender))
    .map(Number);
}

/** A storm that is nobody's attack: resident memory within twice what the table took, and no incident. */
function quietRow(id: string, what: string, storm: Storm, base: Storm): Row {
  const strangers = offendersBeside(storm).length;
  const wrong =
    storm.dropped > 0
      ? `${storm.dropped} messages dropped`
      : strangers > 0
        ? `${strangers} false incidents`
        : undefined;
  return {
    id: `storm-${id}`,
    what: `${what}: dropped`,
    sort: id === 'table' ? 'beside' : 'budget',
    unit: 'messages',
    value: storm.dropped,
    atMost: 0,
    beside: { ...besideOf(storm), 'RSS in tables': storm.rssMb / base.rssMb },
    ...(wrong === undefined ? {} : { wrong }),
  };
}

/** An attack: besides, it is one incident with a route for each prefix. */
function attackRow(
  row: Row,
  storm: Storm,
  wanted: { readonly offender: number; readonly routes: number },
): Row {
  const routes = storm.incidents.get(wanted.offender) ?? 0;
  const beside = { ...row.beside, 'routes in one incident': routes };
  if (row.wrong !== undefined || routes === wanted.routes) return { ...row, beside };
  return { ...row, beside, wrong: `${routes} of ${wanted.routes} routes in its incident` };
}

function apiRow(storms: readonly Storm[]): Row {
  return {
    id: 'storm-api',
    what: 'GET /api/v1/incidents meanwhile, longest',
    sort: 'budget',
    unit: 'ms',
    value: storms.length === 0 ? null : Math.max(...storms.map(({ answers }) => answers.maxMs)),
    atMost: API_MS_MAX,
    beside: {
      'p99 ms': Math.max(...storms.map(({ answers }) => answers.quantileMs(0.99) ?? 0)),
      answers: storms.reduce((sum, { answers }) => sum + answers.count, 0),
    },
  };
}
