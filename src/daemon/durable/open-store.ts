/**
 * The database of a daemon that starts: what is damaged is set aside and said, what an earlier process could not write
 * comes in first, and where the disk takes nothing the watch begins all the same.
 */
import { tmpdir } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { Logger } from 'pino';
import type { OperationalError } from '../../engine/errors.ts';
import { type Damage, setDamagedAside } from '../../store/damage.ts';
import { openAsFarAsPossible } from '../../store/open-anyhow.ts';
import {
  fitsInto,
  readSpills,
  type Spilled,
  spillPlaces,
  takeInSpill,
  wasTakenIn,
} from '../../store/spill.ts';
import type { SqliteStore } from '../../store/store.ts';

export interface OpenedStore {
  readonly store: SqliteStore;
  /** Why it cannot be written for now. */
  readonly trouble: OperationalError | undefined;
  readonly damage: Damage | undefined;
  /** What has to be written first, once it can be. */
  readonly waiting: readonly Spilled[];
  /** Where what cannot be written may be left for the next start. */
  readonly spillPlaces: readonly string[];
}

/** How long the loop waits for somebody else's lock, ms. */
const WAIT_MS = 3;

/** `wasKilled`: the daemon before did not stop in order. */
export function openDaemonStore(path: string, wasKilled: boolean, log: Logger): OpenedStore {
  let damage: Damage | undefined;
  const { store, trouble } = openAsFarAsPossible(path, {
    lock: true,
    waitMs: WAIT_MS,
    beforeOpening: () => {
      damage = setDamagedAside(path, stampOf(new Date()), wasKilled);
    },
  });
  if (damage !== undefined) {
    const { found, setAside, isWhole } = damage;
    const lost = isWhole ? 'everything that was remembered' : 'what was written last';
    log.error({ event: 'store.damaged', code: 'store-damaged', found, setAside, lost });
  }
  const places = spillPlaces(path, [process.env.RUNTIME_DIRECTORY ?? '', tmpdir()].filter(isPath));
  const waiting = takeIn(store, places, trouble !== undefined, log);
  return { store, trouble, damage, waiting, spillPlaces: places };
}

function isPath(directory: string): boolean {
  return directory !== '';
}

/** Bytes of what is held in memory at most while the database cannot be written: a quarter of the heap, at most 256 MiB. */
export function heldBytesMax(): number {
  return Math.min(256 * 1024 * 1024, Math.floor(getHeapStatistics().heap_size_limit / 4));
}

function takeIn(
  store: SqliteStore,
  places: readonly string[],
  isAway: boolean,
  log: Logger,
): readonly Spilled[] {
  const waiting: Spilled[] = [];
  const onBad = (file: string, detail: string): void =>
    log.error({ event: 'store.spill.unreadable', file, detail });
  for (const spilled of readSpills(places, onBad)) {
    const { place, batches } = spilled;
    const alerts = batches.reduce((sum, batch) => sum + batch.alerts.length, 0);
    if (!wasTakenIn(store, spilled) && !fitsInto(store, spilled)) {
      log.error({ event: 'store.spill.stranger', file: place, alerts });
      continue;
    }
    if (isAway) {
      store.rehearse(batches);
      waiting.push(spilled);
    } else takeInSpill(store, wasTakenIn(store, spilled) ? { ...spilled, batches: [] } : spilled);
    log.warn({ event: 'store.spill.taken', file: place, batches: batches.length, alerts });
  }
  return waiting;
}

/** `20261201T101112Z`: sorts by time, and no file system minds it. */
function stampOf(now: Date): string {
  return now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
