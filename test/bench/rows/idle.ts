/** The daemon at rest: a filtered subscription, 50 watched prefixes, a few messages a second. */
import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { figuresOf } from '../children.ts';
import { nowMs } from '../histogram.ts';
import { MB, type Plan, type Row } from '../row.ts';
import { onStage } from '../stage.ts';
import type { World } from '../world.ts';

const WATCHED = 50;
const MESSAGES_A_SECOND = 5;
const SECONDS = 20;
/** What V8 tidies up after a start is no rest. */
const SETTLED_MS = 8_000;

/**
 * The least that a process costs here which wakes as often: on a virtual machine waking up alone may cost more than the
 * budget, and the daemon can't be better than that.
 */
const WAKER = `setInterval(() => JSON.parse('{}'), ${1_000 / MESSAGES_A_SECOND})`;
const WAKER_STARTED_MS = 1_000;

export async function idleRows(plan: Plan, world: World): Promise<readonly Row[]> {
  const seconds = plan.isQuick ? 8 : SECONDS;
  // All that a filtered feed sends is ours.
  const scale = { watched: WATCHED, hitShare: 1 };
  const few = { ...plan, count: MESSAGES_A_SECOND * (seconds + SETTLED_MS / 1_000) };
  return onStage({ plan: few, world, scale, subscribe: 'filtered' }, async (stage) => {
    const startMb = stage.daemon.figures.rssBytes / MB;
    const playing = stage.play({ loops: 1, rate: MESSAGES_A_SECOND, round: 0, hijacks: 0, withinMs: 90_000 });
    await pause(SETTLED_MS);
    const waker = spawn(process.execPath, ['-e', WAKER], { stdio: 'ignore' });
    await pause(WAKER_STARTED_MS);
    const began = nowMs();
    const { cpuMs } = stage.daemon.figures;
    const before = figuresOf(waker.pid ?? 0).cpuMs;
    await pause(seconds * 1_000);
    const figures = stage.daemon.figures;
    const share = (100 * (figures.cpuMs - cpuMs)) / (nowMs() - began);
    const floor = (100 * (figuresOf(waker.pid ?? 0).cpuMs - before)) / (nowMs() - began);
    waker.kill();
    await playing;
    const what = `idle, filtered subscription, ${WATCHED} watched`;
    return [
      {
        id: 'idle-rss',
        what: `${what}, resident`,
        sort: 'budget',
        unit: 'MB',
        value: figures.rssBytes / MB,
        atMost: 90,
        beside: { 'after the start': startMb, highest: figures.rssMaxBytes / MB },
      },
      {
        id: 'idle-cpu',
        what: `${what}, ${MESSAGES_A_SECOND} messages a second`,
        sort: 'budget',
        unit: '% of a core',
        value: share,
        atMost: 1,
        beside: { seconds, 'a process that only wakes as often, %': floor },
      },
    ];
  });
}
