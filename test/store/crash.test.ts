/**
 * A daemon that ends at any statement: what it finds afterwards is what it had committed, whole batches only.
 * The files are copied before each statement, as `kill -9` at that instant would leave them; a real process is
 * killed, too, to show that this is the same.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { playStory, STORY, type Told, told } from './crash-story.ts';
import { copyOf, temporaryPaths } from './directory.ts';

const newPath = temporaryPaths();

/** What each whole number of steps leaves behind. */
function expectedStates(): readonly Told[] {
  const store = openStore(':memory:', { lock: false });
  const states = [told(store)];
  for (const step of STORY) {
    step(store);
    states.push(told(store));
  }
  return states;
}

function toldBy(path: string): Told {
  const store = openStore(path, { lock: false });
  const state = told(store);
  store.close();
  return state;
}

describe('a batch', () => {
  const states = expectedStates();

  it('is there whole or not at all, wherever the process is killed', () => {
    const path = newPath();
    openStore(path, { lock: false }).close();
    const copies: { readonly path: string; readonly done: number }[] = [];
    let done = 0;
    const store = openStore(path, {
      lock: false,
      trace: () => copies.push({ path: copyOf(path, newPath()), done }),
    });
    for (const step of STORY) {
      step(store);
      done += 1;
    }
    expect(told(store)).toEqual(states.at(-1));
    store.close();
    expect(copies.length).toBeGreaterThan(60);
    for (const copy of copies) expect(toldBy(copy.path)).toEqual(states[copy.done]);
  });

  it('is not there when any of its statements fails, and can be committed again', () => {
    let failing = 0;
    do failing += 1;
    while (stepFails(failing));
    expect(failing).toBeGreaterThan(40);
  });

  /** Plays the story with the n-th statement of its steps failing; false when it has fewer. */
  function stepFails(failing: number): boolean {
    let count = -Infinity;
    const trace = (): void => {
      count += 1;
      if (count === failing) throw new Error(`statement ${failing} fails`);
    };
    const store = openStore(':memory:', { lock: false, trace });
    let played = 0;
    let failed = false;
    for (const [index, step] of STORY.entries()) {
      count = played;
      try {
        step(store);
      } catch {
        failed = true;
        count = -Infinity;
        expect(told(store)).toEqual(states[index]);
        step(store);
      }
      played = count;
      count = -Infinity;
    }
    expect(told(store)).toEqual(states.at(-1));
    store.close();
    return failed;
  }

  it('survives a real kill -9 in the middle of a transaction', async () => {
    const statement = 20;
    const path = newPath();
    openStore(path, { lock: false }).close();
    const script = fileURLToPath(new URL('crash-child.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, path, String(statement)], {
      stdio: 'inherit',
    });
    const [, signal] = await once(child, 'exit');
    expect(signal).toBe('SIGKILL');
    const found = toldBy(path);
    const step = states.findIndex((state) => JSON.stringify(state) === JSON.stringify(found));
    expect(step).toBeGreaterThanOrEqual(0);
    const store = openStore(path, { lock: true });
    playStory(store, step);
    expect(told(store)).toEqual(states.at(-1));
    store.close();
  });
});
