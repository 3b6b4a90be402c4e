/** Long work that gives everybody else a turn: a generator's steps, as many at a time as fit into a stretch. */
import { performance } from 'node:perf_hooks';
import { setImmediate as aTurn } from 'node:timers/promises';

/** Runs the generator to its end, in stretches of about `sliceMs`; resolves with what it returns. */
export async function inSlices<T>(work: Generator<void, T>, sliceMs: number): Promise<T> {
  for (;;) {
    const endAt = performance.now() + sliceMs;
    do {
      const step = work.next();
      if (step.done === true) return step.value;
    } while (performance.now() < endAt);
    await aTurn();
  }
}
