/** What a reload does to the engine, prepared while the old settings are in force, so that the swap itself takes a moment. */
import { performance } from 'node:perf_hooks';
import { setImmediate as aTurn } from 'node:timers/promises';
import { sameValue } from '../config/compare.ts';
import type { Settings } from '../config/settings.ts';
import type { Engine } from '../engine/engine.ts';

/** Long work is done in stretches of this length, messages between them. */
const STRETCH_MS = 5;

/** Resolves with the swap, which is to be made before the next reload is prepared. */
export async function preparedReload(
  engine: Engine,
  old: Settings,
  next: Settings,
): Promise<(nowMs: number) => void> {
  const judgesTheSame = sameValue(old.detection, next.detection) && sameValue(old.knowledge, next.knowledge);
  if (!judgesTheSame) return (nowMs) => engine.reload(next, nowMs);
  const change = await inStretches(engine.core.plan.compare(next.watchlist));
  return (nowMs) => engine.reloadWatch(next, change, nowMs);
}

async function inStretches<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    const endAt = performance.now() + STRETCH_MS;
    do {
      const step = work.next();
      if (step.done === true) return step.value;
    } while (performance.now() < endAt);
    await aTurn();
  }
}
