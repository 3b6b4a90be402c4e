/** What waits for the disk and what does not, and how the write-ahead log is kept short without stopping. */
import { readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/engine/ports.ts';
import { openStore } from '../../src/store/store.ts';
import { temporaryPaths } from './directory.ts';
import { routes } from './routes.ts';
import { at, baselineRow, batch, incident, openingBatch, record, ribRow } from './samples.ts';

const newPath = temporaryPaths();

/** `synchronous` in force at each COMMIT of `batches`. */
function syncsOf(...batches: readonly Batch[]): readonly string[] {
  const syncs: string[] = [];
  let mode = 'FULL';
  const store = openStore(newPath(), {
    lock: false,
    trace: (sql) => {
      mode = /^PRAGMA synchronous = (\w+)/.exec(sql)?.[1] ?? mode;
      if (sql === 'COMMIT') syncs.push(mode);
    },
  });
  syncs.length = 0;
  for (const each of batches) store.commit(each);
  store.close();
  return syncs;
}

const ROUTES = batch({
  routes: routes(1, [ribRow()]),
  baseline: [baselineRow()],
  memory: [{ key: 'clock', value: '1' }],
});

const MORE_ROUTES = batch({ routes: routes(2, [ribRow()]) });

describe('a commit', () => {
  it.each<[string, Batch]>([
    ['an alert', openingBatch(1, incident('a'))],
    ['a changed incident', batch({ incidents: [record(incident('a', { acknowledged: true }))] })],
    [
      'what an operator did',
      batch({ audit: [{ at: at(0), who: 'kim', action: 'accept', subject: 's', note: '' }] }),
    ],
    ['the end of a silence', batch({ silencesRemoved: ['s'] })],
  ])('of %s waits for the disk, whatever came before it', (_, told) => {
    expect(syncsOf(ROUTES, told, MORE_ROUTES)).toEqual(['NORMAL', 'FULL', 'NORMAL']);
  });

  it('of a delivery that was confirmed does not: after a power cut it is told again', () => {
    let mode = '';
    const store = openStore(newPath(), {
      lock: false,
      trace: (sql) => {
        mode = /^PRAGMA synchronous = (\w+)/.exec(sql)?.[1] ?? mode;
      },
    });
    store.commit(openingBatch(1, incident('a')));
    store.outbox.delivered('noc', 'alert-1', 1);
    expect(mode).toBe('NORMAL');
    store.commit(openingBatch(2, incident('b')));
    expect(mode).toBe('FULL');
    store.close();
  });
});

describe('the write-ahead log', () => {
  it('is copied into the file only once it is worth it, and begins anew after that', () => {
    const path = newPath();
    const store = openStore(path, { lock: false });
    const before = statSync(path).size;
    store.commit(openingBatch(1, incident('a')));
    expect(store.checkpoint()).toBe(0);
    expect(statSync(path).size).toBe(before);
    let seq = 2;
    const fill = (): number => {
      for (let copied = 0; ; ) {
        for (const end = seq + 20; seq < end; seq += 1)
          store.commit(openingBatch(seq, incident(`incident-${seq}`)));
        copied = store.checkpoint();
        if (copied > 0) return copied;
      }
    };
    expect(fill()).toBeGreaterThanOrEqual(4_000);
    const logBytes = statSync(`${path}-wal`).size;
    fill();
    expect(statSync(`${path}-wal`).size).toBeLessThan(logBytes * 1.2);
    store.close();
    expect(readFileSync(path).length).toBeGreaterThan(before);
  });

  it('is not copied while it cannot be, and nothing is lost by that', () => {
    const path = newPath();
    openStore(path, { lock: false }).close();
    const reader = openStore(path, { lock: false, readOnly: true });
    expect(reader.checkpoint()).toBe(0);
    reader.close();
  });
});
