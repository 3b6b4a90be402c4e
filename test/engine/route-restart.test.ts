/** The watched RIB over restarts: from the route log, and from the table that a database of schema 1 has instead. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prefixOf } from '../../src/bgp/prefix.ts';
import { Driver } from '../../src/daemon/driver.ts';
import type { Core } from '../../src/engine/core.ts';
import { stateOf } from '../../src/engine/engine.ts';
import { restoreEngine } from '../../src/engine/restore.ts';
import { openStore, type SqliteStore } from '../../src/store/store.ts';
import { temporaryPaths } from '../store/directory.ts';
import { routesOf } from '../store/routes.ts';
import { SCHEMAS, type Schema, writeSchema } from '../store/schemas.ts';
import { configOf, HOUR, Machine, MINUTE, SECOND, T0, watch } from './fixture.ts';

const OURS = watch('203.0.113.0/24', { origins: [64500] });
const newPath = temporaryPaths();

/** Routes as text, vantage points by name, in order. */
function routesIn(core: Core): string[] {
  const found = [...core.rib.every()].flatMap((prefix) =>
    core.rib.routesAt(prefix).map(({ vantagePoint, path, communities, observedMs, arrivedMs, finding }) => {
      const { name } = core.vantagePoints.byId(vantagePoint);
      const rest = JSON.stringify([path, communities, observedMs, arrivedMs]);
      return `${prefix.text} ${name} ${rest} ${finding?.kind ?? '-'}`;
    }),
  );
  return found.sort();
}

describe('a restart', () => {
  it('finds the routes that were committed, judged as before, after any of several changes', () => {
    const machine = new Machine(configOf([OURS]));
    const steps: readonly ((at: number) => void)[] = [
      (at) => machine.announce(at, '203.0.113.0/24', '3356 64510 64500', 1),
      (at) => machine.announce(at, '203.0.113.0/24', '174 64510 64500', 2),
      (at) => machine.announce(at, '203.0.113.0/25 203.0.113.128/25', '6461 666', 3),
      (at) => machine.announce(at, '203.0.113.0/24', '3356 {64500,64501}', 1),
      (at) => machine.withdraw(at, '203.0.113.0/25', 3),
      (at) => machine.announce(at, '203.0.113.0/25', '6461 667', 3),
      (at) => machine.announce(at, '203.0.113.0/24', '3356 64510 64500', 1),
      (at) => machine.withdraw(at, '203.0.113.0/24 203.0.113.0/25 203.0.113.128/25', 3),
      (at) => machine.withdraw(at, '203.0.113.0/24', 2),
    ];
    for (const [index, step] of steps.entries()) {
      const atMs = T0 + index * SECOND;
      step(atMs);
      const before = routesIn(machine.core);
      expect(routesOf(machine.store.remember())).toHaveLength(before.length);
      machine.crash(atMs);
      expect(routesIn(machine.core)).toEqual(before);
    }
    expect(routesIn(machine.core)).toHaveLength(1);
  });

  it('holds routes of a session that went down for lost, and those that came since for known', () => {
    const machine = new Machine(configOf([OURS]), { feeds: ['ris'] });
    machine.feed(T0, 'live');
    machine.announce(T0 + SECOND, '203.0.113.0/24', '3356 64510 64500', 1);
    machine.session(T0 + MINUTE, 1, 'down');
    machine.session(T0 + 2 * MINUTE, 1, 'up');
    machine.announce(T0 + 3 * MINUTE, '203.0.113.0/25', '3356 64510 64500', 1);
    machine.crash(T0 + HOUR);
    const { rib } = machine.core;
    const orders = ['203.0.113.0/24', '203.0.113.0/25'].map((text) => rib.routesAt(prefixOf(text))[0]?.order);
    expect(orders).toEqual([-1, 0]);
  });
});

/** A daemon on a file: restored, its first commit made. */
function boot(store: SqliteStore): Core {
  const engine = restoreEngine(configOf([OURS]), store.remember(), T0, []);
  new Driver({
    engine,
    target: { commit: (batch) => store.commit(batch) },
    onCommitted: () => undefined,
  }).commit(true);
  return stateOf(engine);
}

function olderFile(): string {
  const path = newPath();
  mkdirSync(dirname(path), { recursive: true });
  writeSchema(path, {
    ...(SCHEMAS[0] as Schema),
    fill: (database) => {
      const run = (sql: string, ...values: unknown[]): unknown => database.prepare(sql).run(...values);
      run(`INSERT INTO vantage_point VALUES (1, 'rrc00', '192.0.2.1', 3356), (2, 'rrc00', '192.0.2.2', 174)`);
      const rib = `INSERT INTO rib VALUES (?, ?, ?, ?, ?, ?, ?)`;
      run(rib, 1, '203.0.113.0/24', '3356 64510 64500', '65535:666 1:2', T0 - MINUTE + 0.25, T0 - MINUTE, 0);
      run(rib, 2, '203.0.113.0/24', '174 {64500,64501}', '', T0 - MINUTE, T0 - MINUTE, 1);
      run(rib, 2, '203.0.113.0/25', '174 64510 64500', '', T0 - MINUTE, T0 - MINUTE, 2);
      const row = `INSERT INTO baseline VALUES ('203.0.113.0/24', 64500, 'config', ?, ?, '64510', '3356,174', '', '')`;
      run(row, T0 - HOUR, T0 - MINUTE);
      const memory = 'INSERT INTO memory VALUES (?, ?)';
      run(memory, 'candidates/203.0.113.0/24/64500', `[[64511,${T0 - HOUR},[3356,7]]]`);
      run(memory, 'link/3356-64510', '1');
    },
  });
  return path;
}

describe('a database of schema 1', () => {
  it('brings its routes, candidates and memory; the first commit moves the table into the log', () => {
    const path = olderFile();
    const store = openStore(path, { lock: true });
    expect([...store.remember().ribTable]).toHaveLength(3);
    const first = boot(store);
    const expected = routesIn(first);
    expect(expected.map((route) => route.split(' ').slice(0, 3).join(' '))).toEqual([
      '203.0.113.0/24 rrc00 192.0.2.1',
      '203.0.113.0/24 rrc00 192.0.2.2',
      '203.0.113.0/25 rrc00 192.0.2.2',
    ]);
    expect(expected[0]).toContain(
      `[[3356,64510,64500],[[65535,666],[1,2]],${T0 - MINUTE + 0.25},${T0 - MINUTE}]`,
    );
    expect(first.rib.routesAt(prefixOf('203.0.113.0/25'))[0]?.order).toBe(-1);
    const neighbors = first.baseline.row(OURS.prefix, 64500)?.neighbors;
    expect(neighbors?.get(64510)?.firm).toBe(true);
    const candidate = { firm: false, firstSeenMs: T0 - HOUR, peerAsns: new Set([3356, 7]) };
    expect(neighbors?.get(64511)).toEqual(candidate);
    expect([...store.remember().ribTable]).toEqual([]);
    expect([...store.remember().segments]).toHaveLength(1);
    store.close();

    const again = openStore(path, { lock: true });
    const second = boot(again);
    expect(routesIn(second)).toEqual(expected);
    expect(second.baseline.row(OURS.prefix, 64500)?.neighbors.get(64511)).toEqual(candidate);
    again.close();
  });

  it('keeps its table when the process ends before the first commit', () => {
    const path = olderFile();
    const store = openStore(path, { lock: true });
    restoreEngine(configOf([OURS]), store.remember(), T0, []);
    store.close();
    const again = openStore(path, { lock: true });
    expect([...again.remember().ribTable]).toHaveLength(3);
    expect(routesIn(boot(again))).toHaveLength(3);
    again.close();
  });
});
