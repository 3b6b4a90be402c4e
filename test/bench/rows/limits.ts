/** The limits beside which the program stands, and `match/` alone on frames in memory. */
import { spawnSync } from 'node:child_process';
import { getHeapStatistics } from 'node:v8';
import { median } from '../histogram.ts';
import type { Plan, Row } from '../row.ts';
import { onStage } from '../stage.ts';
import { streamOf } from '../stream.ts';
import { quickRejectFor } from '../watched.ts';
import type { Scale, World } from '../world.ts';

/** `ws` receive alone, or `ws` and decoding all. */
export async function limitRow(
  plan: Plan,
  world: World,
  scale: Scale,
  mode: 'receive' | 'parse',
): Promise<Row> {
  const ceiling = { mode, loops: mode === 'parse' ? 1 : plan.loops, hijacks: 0 };
  return onStage({ plan, world, scale, ceiling, hasDaemon: false }, async (stage) => {
    const rates: number[] = [];
    for (let round = 0; round <= plan.rounds; round += 1) {
      const { count, cpuMs } = await stage.playCeiling(round);
      rates.push((count / cpuMs) * 1_000);
    }
    return {
      id: `limit-${mode}`,
      what:
        mode === 'receive' ? 'ws receive alone, UTF-8 check skipped (the ceiling)' : 'ws and decoding all',
      sort: 'limit',
      unit: 'msg/CPU-s',
      value: median(rates.slice(1)),
      beside: {},
    };
  });
}

const FRAMES = 100_000;
const MISSES = 200_000;
const STRETCHES = 5;

/** `match/` alone, on frames in memory, the vantage points known: what a frame costs, and what a miss allocates. */
export function matchRows(plan: Plan, world: World, scale: Scale): readonly Row[] {
  const quick = quickRejectFor(world, scale);
  const frames = [...streamOf(world, scale, FRAMES, plan.seed + 1)].map((text) =>
    Buffer.from(text, 'latin1'),
  );
  for (const frame of frames) {
    if (quick.verdict(frame, 1) === 'stranger')
      quick.adopt({ collector: 'bench', peerAddress: '192.0.2.1', peerAsn: 0 });
  }
  const rates: number[] = [];
  const before = quick.rejected;
  for (let round = 0; round <= plan.rounds; round += 1) {
    const used = process.cpuUsage();
    for (const frame of frames) quick.verdict(frame, 1);
    rates.push((frames.length / process.cpuUsage(used).user) * 1e6);
  }
  const rejected = (quick.rejected - before) / (frames.length * (plan.rounds + 1));
  const watched = scale.watched.toLocaleString('en-US');
  const misses = frames.filter((frame) => quick.verdict(frame, 1) === 'reject');
  return [
    {
      id: `match-${scale.watched}`,
      what: `match/ alone, ${watched} watched`,
      sort: 'beside',
      unit: 'msg/CPU-s',
      value: median(rates.slice(1)),
      beside: { 'rejected %': 100 * rejected },
    },
    {
      id: `miss-${scale.watched}`,
      what: `a miss in match/, ${watched} watched, allocates`,
      sort: 'budget',
      unit: 'bytes',
      value: bytesPerMiss(misses, (frame) => quick.verdict(frame, 1)),
      atMost: 0,
      beside: { misses: MISSES * STRETCHES },
    },
  ];
}

/**
 * What misses leave on the heap, before any collection, at the least of several stretches: one boxed number each would be
 * 16 bytes. What a run of the loop leaves, however short, is taken off; whole bytes, since code that is compiled meanwhile leaves some.
 */
function bytesPerMiss(misses: readonly Buffer[], judge: (frame: Buffer) => unknown): number {
  const grown = (count: number): number => {
    globalThis.gc?.();
    const before = getHeapStatistics().used_heap_size;
    for (let n = 0; n < count; n += 1) judge(misses[n % misses.length]!);
    return getHeapStatistics().used_heap_size - before;
  };
  const least = (count: number): number => Math.min(...Array.from({ length: STRETCHES }, () => grown(count)));
  return Math.max(0, Math.round((least(MISSES) - least(100)) / MISSES));
}

/** MRT in a process of its own: MB of decompressed updates per CPU-second, decoded and matched, 1,000 watched. */
export function mrtRow(plan: Plan): Row {
  const script = new URL('../mrt.js', import.meta.url).pathname;
  const megabytes = plan.isQuick ? '20' : '100';
  const { stdout } = spawnSync(process.execPath, [script, '--megabytes', megabytes], { encoding: 'utf8' });
  const found = /^MRT, 1,000 [^\n]*?(\d+) MB per CPU-second/m.exec(stdout);
  return {
    id: 'mrt',
    what: 'MRT updates, decompressed, decoded and matched, 1,000 watched',
    sort: 'budget',
    unit: 'MB/CPU-s',
    value: found === null ? null : Number(found[1]),
    atLeast: 60,
    beside: {},
    ...(found === null ? { wrong: 'no figure came back' } : {}),
  };
}
