/**
 * How many messages a CPU-second takes: the daemon from socket to committed alert and `ws` receive alone, the ceiling,
 * by turns on the same bytes from the same sender. The figure is the median of the ratios of the rounds.
 */
import { median } from '../histogram.ts';
import { MB, type Plan, type Row } from '../row.ts';
import { hijacksOf, onStage, type Played, type Stage } from '../stage.ts';
import type { Scale, World } from '../world.ts';

/** Hijacks in a full-speed round: enough to know that they are found, too few to be what is measured. */
const HIJACKS = 7;

const WHAT = 'daemon, socket to committed alert';

/** One scale, with its budget as a share of the ceiling. */
export async function throughputRow(
  plan: Plan,
  world: World,
  scale: Scale,
  atLeast: number | undefined,
): Promise<Row> {
  const ceiling = { mode: 'receive', loops: plan.loops, hijacks: HIJACKS } as const;
  return onStage({ plan, world, scale, ceiling }, async (stage) => {
    const pairs = await pairsOf(stage, plan);
    const { ratios, beside } = summary(pairs);
    const hijacks = await hijacksOf(
      stage,
      pairs.map((_, round) => ({ round, hijacks: HIJACKS })),
    );
    const dropped = await stage.daemon.metric('originwatch_dropped_messages_total');
    const row: Row = {
      id: `daemon-${scale.watched}`,
      what: `${WHAT}, ${scale.watched.toLocaleString('en-US')} watched`,
      sort: atLeast === undefined ? 'beside' : 'budget',
      unit: '% of ceiling',
      value: median(ratios) * 100,
      ...(atLeast === undefined ? {} : { atLeast }),
      beside: {
        ...beside,
        'RSS MB': stage.daemon.figures.rssMaxBytes / MB,
        'start s': stage.startSeconds,
        injected: hijacks.injected,
        found: hijacks.found,
        false: hijacks.false,
        dropped,
      },
    };
    const wrong = hijacks.wrong ?? (dropped > 0 ? `${dropped} messages dropped` : undefined);
    return wrong === undefined ? row : { ...row, wrong };
  });
}

interface Pair {
  readonly ceiling: { readonly count: number; readonly cpuMs: number; readonly wallMs: number };
  readonly daemon: Played;
}

/** The first round of both warms them up: vantage points become known, code is compiled. */
async function pairsOf(stage: Stage, plan: Plan): Promise<readonly Pair[]> {
  const pairs: Pair[] = [];
  for (let round = 0; round <= plan.rounds; round += 1) {
    const ceiling = await stage.playCeiling(round);
    const daemon = await stage.play({ loops: plan.loops, rate: 0, round, hijacks: HIJACKS });
    pairs.push({ ceiling, daemon });
  }
  return pairs;
}

function summary(pairs: readonly Pair[]): { ratios: number[]; beside: Row['beside'] } {
  const counted = pairs.slice(1);
  const perCpuSecond = ({ count, cpuMs }: { count: number; cpuMs: number }): number =>
    (count / cpuMs) * 1_000;
  return {
    ratios: counted.map(({ daemon, ceiling }) => perCpuSecond(daemon) / perCpuSecond(ceiling)),
    beside: {
      'msg/CPU-s': median(counted.map(({ daemon }) => perCpuSecond(daemon))),
      'ceiling/CPU-s': median(counted.map(({ ceiling }) => perCpuSecond(ceiling))),
      'msg/s': median(counted.map(({ daemon }) => (daemon.count / daemon.wallMs) * 1_000)),
      'sender CPU %': median(counted.map(({ daemon }) => (100 * daemon.senderCpuMs) / daemon.wallMs)),
    },
  };
}

/** What a message costs at the larger scale, in what it costs at the smaller one, each against its own ceiling. */
export function growthRow(few: Row, many: Row): Row {
  return {
    id: 'growth',
    what: 'cost per message, 100,000 watched against 10',
    sort: 'budget',
    unit: 'times',
    value: few.value === null || many.value === null ? null : few.value / many.value,
    atMost: 2,
    beside: { '10: % of ceiling': few.value, '100,000: % of ceiling': many.value },
    ...(few.value === null || many.value === null ? { wrong: 'one of them was not measured' } : {}),
  };
}
