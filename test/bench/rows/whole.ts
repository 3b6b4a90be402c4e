/** The whole Internet watched: 1.23 million prefixes, each with its origin, every message ours; and a reload of a hundred. */
import { median, quantile } from '../histogram.ts';
import { MB, type Plan, type Row } from '../row.ts';
import { hijacksOf, onStage, type Played, type Stage } from '../stage.ts';
import { writeWatchlist } from '../watched.ts';
import type { Scale, World } from '../world.ts';

const HIJACKS = 7;
const ROUND_WITHIN_MS = 60_000;
const RELOAD_WITHIN_MS = 40_000;
const CHANGED = 100;
/** Messages a second while the watchlist is read again. */
const RELOAD_RATE = 5_000;
const PING_EVERY_MS = 4;

export async function wholeRows(plan: Plan, world: World, scale: Scale): Promise<readonly Row[]> {
  return onStage({ plan, world, scale, startsTwice: true }, async (stage) => {
    const startMb = stage.daemon.figures.rssBytes / MB;
    const played: Played[] = [];
    for (let round = 0; round <= plan.rounds; round += 1)
      played.push(
        await stage.play({ loops: 1, rate: 0, round, hijacks: HIJACKS, withinMs: ROUND_WITHIN_MS }),
      );
    const rounds = played.map((_, round) => ({ round, hijacks: HIJACKS }));
    const hijacks = await hijacksOf(stage, rounds);
    const dropped = await stage.daemon.metric('originwatch_dropped_messages_total');
    const { rssBytes, rssMaxBytes } = stage.daemon.figures;
    const beside = { injected: hijacks.injected, found: hijacks.found, false: hijacks.false, dropped };
    const wrong = hijacks.wrong ?? (dropped > 0 ? `${dropped} messages dropped` : undefined);
    const rate = ({ count, cpuMs }: Played): number => (count / cpuMs) * 1_000;
    const rows: Row[] = [
      {
        id: 'whole-rate',
        what: 'the whole Internet watched, every message ours',
        sort: 'budget',
        unit: 'msg/CPU-s',
        value: median(played.slice(1).map(rate)),
        atLeast: 100_000,
        beside: {
          ...beside,
          'first hearing/CPU-s': rate(played[0]!),
          'msg/s': median(played.slice(1).map(({ count, wallMs }) => (count / wallMs) * 1_000)),
        },
        ...(wrong === undefined ? {} : { wrong }),
      },
      {
        id: 'whole-rss',
        what: 'the whole Internet watched, resident at its highest',
        sort: 'budget',
        unit: 'MB',
        value: rssMaxBytes / MB,
        atMost: 700,
        beside: { 'after the start': startMb, 'after the rounds': rssBytes / MB },
      },
      {
        id: 'whole-start',
        what: 'the whole Internet watched, second start',
        sort: 'budget',
        unit: 's',
        value: stage.startSeconds,
        atMost: 15,
        beside: {},
      },
    ];
    return [...rows, await reloadRow(plan, world, scale, stage)];
  });
}

/** Pings among the messages of a calm feed tell how long the daemon takes to come to what was sent. */
async function reloadRow(plan: Plan, world: World, scale: Scale, stage: Stage): Promise<Row> {
  const row = {
    id: 'reload',
    what: `reload of ${CHANGED} of all entries, longest delay of a message`,
    sort: 'budget' as const,
    unit: 'ms',
    atMost: 20,
  };
  const loops = Math.max(1, Math.ceil((RELOAD_RATE * 12) / plan.count));
  const round = plan.rounds + 1;
  const order = {
    loops,
    rate: RELOAD_RATE,
    hijacks: 0,
    pingEveryMs: PING_EVERY_MS,
    withinMs: ROUND_WITHIN_MS,
  };
  const [played, seconds] = await Promise.all([
    stage.play({ ...order, round }),
    reloaded(world, scale, stage),
  ]);
  return {
    ...row,
    value: Math.max(...played.pingsMs),
    beside: {
      'p99 ms': quantile(played.pingsMs, 0.99) ?? null,
      pings: played.pingsMs.length,
      'in force after s': seconds,
    },
    ...(seconds === null ? { wrong: 'the reload did not come into force' } : {}),
  };
}

/** Replaces the list; from then to the word of the daemon, s. The file watcher's wait is in it. */
async function reloaded(world: World, scale: Scale, stage: Stage): Promise<number | null> {
  await writeWatchlist(stage.folder, world, scale, undefined, CHANGED);
  const began = performance.now();
  try {
    await stage.daemon.says('reload.ok', RELOAD_WITHIN_MS);
    return (performance.now() - began) / 1_000;
  } catch {
    return null;
  }
}
