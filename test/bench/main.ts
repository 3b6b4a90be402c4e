/**
 * `npm run bench`: every budget of this project with its figure, met or missed, beside the limits of this stack, from
 * one run on one machine. What counts is the ratio to the ceiling (`ws` receive alone), not the absolute figure.
 * Loopback only, ten minutes at most. Run `npm run build` before.
 *
 *   --quick     smaller, three minutes at most; not for comparing      --only NAMES  only these topics, by comma
 *   --rounds N  rounds of which a median is taken                      --json FILE   where the figures go
 *
 * A whole run writes `test/bench/figures.json` and prints the change against what stood there.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { daemonIsBuilt } from './daemon-process.ts';
import { COMMITTED, committed, keep, table } from './report.ts';
import { failedRow, type Plan, type Row } from './row.ts';
import { dayRow } from './rows/day.ts';
import { idleRows } from './rows/idle.ts';
import { latencyRows } from './rows/latency.ts';
import { limitRow, matchRows, mrtRow } from './rows/limits.ts';
import { stormRows } from './rows/storms.ts';
import { growthRow, throughputRow } from './rows/throughput.ts';
import { wholeRows } from './rows/whole.ts';
import { type Scale, TABLE_SIZE, World } from './world.ts';

/** No topic begins after that; the longest takes the rest of the ten minutes. */
const BEGIN_MS_MAX = 400_000;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    json: { type: 'string' },
    only: { type: 'string' },
    rounds: { type: 'string' },
  },
});
const isQuick = options.quick === true;
const plan: Plan = {
  seed: 20_220_203,
  rounds: Number(options.rounds ?? (isQuick ? 1 : 3)),
  count: isQuick ? 100_000 : 300_000,
  loops: isQuick ? 2 : 4,
  rate: 50_000,
  isQuick,
};

const TEN: Scale = { watched: 10, hitShare: 0.0001 };
const THOUSAND: Scale = { watched: 1_000, hitShare: 0.001 };
const MANY: Scale = { watched: 100_000, hitShare: 0.01 };
const WHOLE: Scale = { watched: TABLE_SIZE, hitShare: 1 };

interface Topic {
  readonly name: string;
  readonly needsDaemon?: boolean;
  readonly measure: (world: World) => Promise<readonly Row[]> | readonly Row[];
}

const TOPICS: readonly Topic[] = [
  {
    name: 'limits',
    measure: async (world) => [
      await limitRow(plan, world, TEN, 'receive'),
      await limitRow(plan, world, TEN, 'parse'),
    ],
  },
  {
    name: 'match',
    measure: (world) => [TEN, THOUSAND, MANY].flatMap((scale) => matchRows(plan, world, scale)),
  },
  { name: 'mrt', measure: () => [mrtRow(plan)] },
  { name: 'idle', needsDaemon: true, measure: (world) => idleRows(plan, world) },
  { name: 'day', needsDaemon: true, measure: async (world) => [await dayRow(plan, world, THOUSAND)] },
  { name: '10', needsDaemon: true, measure: (world) => throughput(world, TEN, undefined) },
  { name: '1000', needsDaemon: true, measure: (world) => throughput(world, THOUSAND, 60) },
  { name: '100000', needsDaemon: true, measure: (world) => throughput(world, MANY, 40) },
  {
    name: 'latency',
    needsDaemon: true,
    measure: async (world) => [
      ...(await latencyRows(plan, world, THOUSAND)),
      ...(isQuick ? [] : await latencyRows(plan, world, MANY)),
    ],
  },
  {
    name: 'whole',
    needsDaemon: true,
    measure: (world) => wholeRows({ ...plan, count: plan.count / 4 }, world, WHOLE),
  },
  { name: 'storms', needsDaemon: true, measure: (world) => stormRows(plan, world, MANY) },
];

async function throughput(world: World, scale: Scale, atLeast: number | undefined): Promise<readonly Row[]> {
  return [await throughputRow(plan, world, scale, atLeast)];
}

/** The rows of a topic, or one that says why there are none. */
async function measured(topic: Topic, world: World): Promise<readonly Row[]> {
  const { name } = topic;
  const none = { id: name, what: name, sort: 'budget', unit: '' } as const;
  if (performance.now() > BEGIN_MS_MAX) return [failedRow(none, 'out of time')];
  if (topic.needsDaemon === true && !daemonIsBuilt()) return [failedRow(none, 'not built: npm run build')];
  process.stderr.write(`${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${name}\n`);
  try {
    return await topic.measure(world);
  } catch (error) {
    return [failedRow(none, error instanceof Error ? error.message : String(error))];
  }
}

const wanted = options.only?.split(',') ?? TOPICS.map(({ name }) => name);
const unknown = wanted.filter((name) => !TOPICS.some((topic) => topic.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no such topic: ${unknown.join(', ')}; there are ${TOPICS.map(({ name }) => name)}\n`);
  process.exit(64);
}
const world = new World(plan.seed);
const rows: Row[] = [];
for (const topic of TOPICS) if (wanted.includes(topic.name)) rows.push(...(await measured(topic, world)));
const [few, many] = ['daemon-10', 'daemon-100000'].map((id) => rows.find((row) => row.id === id));
if (few !== undefined && many !== undefined) rows.splice(rows.indexOf(many) + 1, 0, growthRow(few, many));
process.stdout.write(`${table(rows, committed())}\n`);
const isWhole = !isQuick && options.only === undefined;
const file = options.json ?? (isWhole ? COMMITTED : join(tmpdir(), 'originwatch-bench.json'));
keep(file, plan, rows);
process.stderr.write(`figures: ${file}\n`);
process.exit(0);
