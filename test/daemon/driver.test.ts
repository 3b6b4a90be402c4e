/** When the driver commits: at once what somebody is told of, the rest in company when much comes. */
import { describe, expect, it } from 'vitest';
import { parseAsPath } from '../../src/bgp/as-path.ts';
import { prefixOf } from '../../src/bgp/prefix.ts';
import { BATCH_WAIT_MS, Driver } from '../../src/daemon/driver.ts';
import { type Engine, stateOf } from '../../src/engine/engine.ts';
import type { Batch } from '../../src/engine/ports.ts';
import { restoreEngine } from '../../src/engine/restore.ts';
import { openStore } from '../../src/store/store.ts';
import { configOf, T0, watch } from '../engine/fixture.ts';
import { routesOf } from '../store/routes.ts';

const OURS = '3356 64500';
const FOREIGN = '3356 666';

/** A driver on a store that tells in which order things happened. */
function stage(): {
  engine: Engine;
  driver: Driver;
  batches: Batch[];
  said: string[];
  hear(prefix: string, path: string): void;
} {
  const config = configOf([watch('10.0.0.0/8', { origins: [64_500], maxLength: 24 })]);
  const store = openStore(':memory:', { lock: false });
  const batches: Batch[] = [];
  const said: string[] = [];
  const engine = restoreEngine(config, store.remember(), T0, []);
  const driver = new Driver({
    engine,
    target: {
      commit: (batch) => {
        store.commit(batch);
        batches.push(batch);
        said.push('committed');
      },
    },
    onCommitted: () => said.push('counted'),
    onOutbox: () => said.push('woken'),
    onPublished: () => said.push('logged'),
  });
  driver.subscribe(() => said.push('published'));
  driver.commit();
  batches.length = said.length = 0;
  let atMs = T0;
  const hear = (prefix: string, path: string): void => {
    atMs += 1;
    driver.apply(
      {
        type: 'update',
        feed: 'replay',
        via: 'replay',
        raw: '',
        update: {
          vantagePoint: { collector: 'rrc00', peerAddress: '192.0.2.1', peerAsn: 3356 },
          observedMs: atMs,
          path: parseAsPath(path) ?? [],
          communities: [],
          announced: [prefixOf(prefix)],
          withdrawn: [],
        },
      },
      atMs,
    );
  };
  return { engine, driver, batches, said, hear };
}

function routesIn({ routes }: Batch): number {
  const { segment } = routes;
  return segment === undefined ? 0 : routesOf({ segments: [segment] }).length;
}

describe('the end of a turn', () => {
  it('commits a route at once when nothing was committed lately', () => {
    const { driver, batches, hear } = stage();
    hear('10.1.0.0/24', OURS);
    expect(driver.endTurn(1_000)).toBeUndefined();
    hear('10.2.0.0/24', OURS);
    expect(driver.endTurn(1_000 + BATCH_WAIT_MS)).toBeUndefined();
    expect(batches.map(routesIn)).toEqual([1, 1]);
    expect(driver.isDirty).toBe(false);
  });

  it('lets routes wait for each other under load, and says for how long', () => {
    const { driver, batches, hear } = stage();
    hear('10.1.0.0/24', OURS);
    driver.endTurn(1_000);
    hear('10.2.0.0/24', OURS);
    expect(driver.endTurn(1_001)).toBe(BATCH_WAIT_MS - 1);
    hear('10.3.0.0/24', OURS);
    expect(driver.endTurn(1_010)).toBe(BATCH_WAIT_MS - 10);
    expect(driver.isDirty).toBe(true);
    expect(batches).toHaveLength(1);
    expect(driver.endTurn(1_000 + BATCH_WAIT_MS)).toBeUndefined();
    expect(batches.map(routesIn)).toEqual([1, 2]);
  });

  it('commits an alert at once, with everything that waited before it', () => {
    const { driver, batches, hear } = stage();
    hear('10.1.0.0/24', OURS);
    driver.endTurn(1_000);
    hear('10.2.0.0/24', OURS);
    driver.endTurn(1_001);
    hear('10.3.0.0/24', FOREIGN);
    expect(driver.endTurn(1_002)).toBeUndefined();
    expect(batches[1]?.alerts).toHaveLength(1);
    expect(batches.map(routesIn)).toEqual([1, 2]);
    expect(driver.isDirty).toBe(false);
  });

  it('tells of a transaction that failed, whoever asked for it: what it had is lost', () => {
    const told: unknown[] = [];
    const failure = new Error('disk full');
    const { engine } = stage();
    const driver = new Driver({
      engine,
      target: {
        commit: () => {
          throw failure;
        },
      },
      onFailed: (error) => told.push(error),
    });
    driver.apply({ type: 'feed-state', feed: 'ris', state: 'down', reason: 'test' }, T0 + 1);
    stateOf(engine).effects.remember('something', 'to write');
    expect(() => driver.commit()).toThrow(failure);
    expect(told).toEqual([failure]);
  });

  it('has nothing to wait for when nothing changed', () => {
    const { driver, batches, hear } = stage();
    hear('10.1.0.0/24', OURS);
    driver.endTurn(1_000);
    hear('192.0.2.0/24', OURS);
    expect(driver.endTurn(1_001)).toBeUndefined();
    expect(batches).toHaveLength(1);
    expect(driver.isDirty).toBe(false);
  });
});

describe('an alert', () => {
  it('is on disk before it counts, then published, sent and logged, in this order', () => {
    const { driver, said, hear } = stage();
    hear('10.3.0.0/24', FOREIGN);
    driver.endTurn(1_000);
    expect(said).toEqual(['committed', 'counted', 'published', 'woken', 'logged']);
  });
});
