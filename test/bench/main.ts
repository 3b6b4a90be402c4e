/**
 * `npm run bench`: the limits of this stack and the program, side by side, from one run on one machine. What counts is
 * the ratio to the ceiling (`ws` receive alone), not the absolute figure. Loopback only, three minutes at most.
 *
 *   --quick        fewer messages, one round, no whole table      --json FILE   where the figures go
 *   --no-daemon    the limits and match alone                     --only N      only the scale with N watched prefixes
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { daemonIsBuilt } from './children.ts';
import { daemonRow, type Figures, limitRow, matchRow, type Plan, stormRow } from './rows.ts';
import { SCALES, type Scale, TABLE_SIZE, World } from './world.ts';

const BUDGET_MS = 170_000;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    'no-daemon': { type: 'boolean' },
    json: { type: 'string' },
    only: { type: 'string' },
    'only-storm': { type: 'boolean' },
    rounds: { type: 'string' },
  },
});
const isQuick = options.quick === true;
const plan: Plan = {
  seed: 20_220_203,
  rounds: Number(options.rounds ?? (isQuick ? 1 : 3)),
  count: isQuick ? 50_000 : 200_000,
  hijacks: isQuick ? 10 : 40,
  rate: 50_000,
};
const scales = SCALES.filter((scale) =>
  options.only === undefined
    ? !(isQuick && scale.watched === TABLE_SIZE)
    : scale.watched === Number(options.only),
);

/** Where every message is ours, fewer messages say the same. */
function planFor(scale: Scale): Plan {
  return scale.watched === TABLE_SIZE ? { ...plan, count: Math.floor(plan.count / 4) } : plan;
}

async function measured(
  name: string,
  scale: Scale | undefined,
  measure: () => Promise<Figures> | Figures,
): Promise<Figures> {
  const empty = {
    row: name,
    watched: scale?.watched ?? null,
    perCpuSecond: null,
    perSecond: null,
    rssMb: null,
  };
  if (performance.now() > BUDGET_MS) return { ...empty, note: 'skipped: out of time' };
  process.stderr.write(
    `${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${name} ${scale?.watched ?? ''}\n`,
  );
  try {
    return await measure();
  } catch (error) {
    return { ...empty, note: error instanceof Error ? error.message : String(error) };
  }
}

/** MRT in a process of its own: MB of decompressed updates per CPU-second, decoded and matched, 1,000 watched. */
function mrtRow(): Figures {
  const script = new URL('./mrt.js', import.meta.url).pathname;
  const { stdout } = spawnSync(process.execPath, [script, '--megabytes', isQuick ? '20' : '100'], {
    encoding: 'utf8',
  });
  const note = stdout.split('\n').find((line) => line.startsWith('MRT, 1,000')) ?? 'no figure came back';
  return { row: 'MRT updates', watched: 1_000, perCpuSecond: null, perSecond: null, rssMb: null, note };
}

async function allRows(): Promise<Figures[]> {
  const world = new World(plan.seed);
  if (options['only-storm'] === true) {
    const scale = SCALES[2];
    return scale === undefined ? [] : [await measured('storm', scale, () => stormRow(plan, world, scale))];
  }
  const rows = [
    await measured('ws receive alone (the ceiling)', undefined, () => limitRow(plan, 'receive')),
    await measured('ws + decode of everything', undefined, () =>
      limitRow({ ...plan, count: plan.count / 4 }, 'parse'),
    ),
  ];
  for (const scale of scales) {
    rows.push(await measured('match alone', scale, () => matchRow(planFor(scale), world, scale)));
    rows.push(
      await measured('ws + match, decode of the rest', scale, () =>
        limitRow(planFor(scale), 'reject', scale),
      ),
    );
  }
  if (options.only === undefined) rows.push(await measured('MRT updates', undefined, mrtRow));
  if (options['no-daemon'] === true) return rows;
  for (const scale of scales) {
    const row = 'daemon, socket to committed alert';
    if (daemonIsBuilt()) rows.push(await measured(row, scale, () => daemonRow(planFor(scale), world, scale)));
    else
      rows.push({
        row,
        watched: scale.watched,
        perCpuSecond: null,
        perSecond: null,
        rssMb: null,
        note: 'not built: npm run build',
      });
  }
  const storm = scales.find(({ watched }) => watched === 100_000);
  if (storm !== undefined && daemonIsBuilt())
    rows.push(await measured('storm', storm, () => stormRow(plan, world, storm)));
  return rows;
}

function whole(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : Math.round(value).toLocaleString('en-US');
}

function fixed(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : value.toFixed(1);
}

function table(rows: readonly Figures[]): string {
  const ceiling = rows[0]?.perCpuSecond ?? null;
  const head = [
    'row',
    'watched',
    'messages/CPU-s',
    'messages/s',
    '% of ceiling',
    'RSS MB',
    'start s',
    'p50 ms',
    'p99 ms',
    'max ms',
    'hijacks',
    'false',
    'dropped',
    'note',
  ];
  const lines = rows.map((row) => [
    row.row,
    whole(row.watched),
    whole(row.perCpuSecond),
    whole(row.perSecond),
    ceiling === null || row.perCpuSecond === null ? '–' : fixed((100 * row.perCpuSecond) / ceiling),
    whole(row.rssMb),
    fixed(row.startSeconds),
    fixed(row.latencyMs?.p50),
    fixed(row.latencyMs?.p99),
    fixed(row.latencyMs?.max),
    row.hijacks === undefined ? '–' : `${row.hijacks.found}/${row.hijacks.injected}`,
    whole(row.hijacks?.false),
    whole(row.dropped),
    row.note ?? (row.rejectedShare === undefined ? '' : `${(100 * row.rejectedShare).toFixed(2)} % rejected`),
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]!.length)),
  );
  const show = (line: readonly string[]): string =>
    line
      .map((cell, column) =>
        column === 0 || column === head.length - 1
          ? cell.padEnd(widths[column]!)
          : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return [show(head), ...lines.map(show)].join('\n');
}

const rows = await allRows();
process.stdout.write(`${table(rows)}\n`);
const file = options.json ?? (isQuick ? join(tmpdir(), 'originwatch-bench.json') : 'test/bench/figures.json');
const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version };
writeFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), machine, plan, rows }, null, 2)}\n`);
process.stderr.write(`figures: ${file}\n`);
process.exit(0);
