/** What a reload does to the engine, prepared while the old settings are in force, so that the swap itself takes a moment. */
import { performance } from 'node:perf_hooks';
import { setImmediate as aTurn } from 'node:timers/promises';
import { sameValue } from '../config/compare.ts';
import type { Settings } from '../config/settings.ts';
import type { ConfigInput } from '../engine/input.ts';
import type { EngineView } from '../engine/view.ts';

/** Long work is done in stretches of this length, messages between them. */
const STRETCH_MS = 5;

/** Resolves with the input that swaps, which is to be applied before the next reload is prepared. */
export async function preparedReload(view: EngineView, old: Settings, next: Settings): Promise<ConfigInput> {
  const judgesTheSame = sameValue(old.detection, next.detection) && sameValue(old.knowledge, next.knowledge);
  const change = judgesTheSame ? await inStretches(view.compare(next.watchlist)) : undefined;
  return { type: 'config', config: next, change };
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
