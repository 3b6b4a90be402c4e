/** What could not be written when the process ended comes into the database at the next start, once. */
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  fitsInto,
  readSpills,
  spillPlaces,
  takeInSpill,
  wasTakenIn,
  writeSpill,
} from '../../src/store/spill.ts';
import { openStore } from '../../src/store/store.ts';
import { temporaryPaths } from './directory.ts';
import { incident, openingBatch } from './samples.ts';

const freshPath = temporaryPaths();
const ignore = (): void => undefined;

function twoAlerts() {
  return [openingBatch(1, incident('a')), openingBatch(2, incident('b'))];
}

describe('a spill', () => {
  it('lies beside the database, readable by its owner alone', () => {
    const path = freshPath();
    mkdirSync(dirname(path), { recursive: true });
    expect(writeSpill(spillPlaces(path, [tmpdir()]), twoAlerts())).toBe(`${path}.spill`);
    expect(statSync(`${path}.spill`).mode & 0o777).toBe(0o600);
  });

  it('lies elsewhere where there is no room beside the database, and is found again', () => {
    const path = freshPath();
    const elsewhere = dirname(freshPath());
    mkdirSync(elsewhere, { recursive: true });
    const places = spillPlaces(path, [elsewhere]);
    const place = writeSpill(places, twoAlerts());
    expect(place?.startsWith(elsewhere)).toBe(true);
    expect(readSpills(places, ignore)).toMatchObject([{ place, batches: twoAlerts() }]);
    expect(spillPlaces(freshPath(), [elsewhere])[1]).not.toBe(place);
  });

  it('comes in once, whatever happens between writing it and removing the file', () => {
    const path = freshPath();
    const store = openStore(path, { lock: false });
    const places = spillPlaces(path, []);
    writeSpill(places, twoAlerts());
    const [spilled] = readSpills(places, ignore);
    if (spilled === undefined) throw new Error('no spill');
    const content = readFileSync(spilled.place);
    expect(fitsInto(store, spilled)).toBe(true);
    takeInSpill(store, spilled);
    expect(existsSync(spilled.place)).toBe(false);
    writeFileSync(spilled.place, content, { mode: 0o600 });
    const [again] = readSpills(places, ignore);
    if (again === undefined) throw new Error('no spill');
    expect(wasTakenIn(store, again)).toBe(true);
    expect(store.archive.alertsAfter(0, 10).map(({ seq }) => seq)).toEqual([1, 2]);
    store.close();
  });

  it('does not fit into a database that went on without it', () => {
    const path = freshPath();
    const store = openStore(path, { lock: false });
    store.commit(openingBatch(1, incident('c')));
    const places = spillPlaces(path, []);
    writeSpill(places, twoAlerts());
    const [spilled] = readSpills(places, ignore);
    expect(spilled && fitsInto(store, spilled)).toBe(false);
    store.close();
  });

  it('is left where it is and said when it is cut, changed, or another could have written it', () => {
    const path = freshPath();
    mkdirSync(dirname(path), { recursive: true });
    const places = spillPlaces(path, []);
    const place = writeSpill(places, twoAlerts()) ?? '';
    const content = readFileSync(place);
    const bad: string[] = [];
    for (const change of [content.subarray(0, content.length - 5), Buffer.from('x'), Buffer.alloc(0)]) {
      writeFileSync(place, change);
      expect(readSpills(places, (file) => bad.push(file))).toEqual([]);
    }
    expect(bad).toEqual([place, place, place]);
    writeFileSync(place, content);
    chmodSync(place, 0o666);
    expect(readSpills(places, (file) => bad.push(file))).toEqual([]);
    expect(existsSync(place)).toBe(true);
  });
});
