/**
 * What the daemon keeps: the store with those who write to it whatever becomes of the disk. The driver's batches go
 * through `keeper`, the lanes' marks through `outbox`, what feeds could see through `coverage`.
 */
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { OperationalError } from '../../engine/errors.ts';
import type { StoreReason } from '../../engine/ports.ts';
import type { StoreNow } from '../../serve/metrics.ts';
import { PatientCoverage } from '../../store/patient-coverage.ts';
import { PatientOutbox } from '../../store/patient-outbox.ts';
import { DATABASE_FILE, type SqliteStore } from '../../store/store.ts';
import type { Repeating } from '../repeating.ts';
import { heldBytesMax, type OpenedStore, openDaemonStore } from './open-store.ts';
import { StoreKeeper } from './store-keeper.ts';

/** A slice of retention, and those after it while there is more; the log copied into the file. */
const PRUNE_EVERY_MS = 60_000;
const SLICE_EVERY_MS = 100;
const CHECKPOINT_EVERY_MS = 1_000;

export interface DurableOptions {
  readonly stateDirectory: string;
  /** The daemon before did not stop in order. */
  readonly wasKilled: boolean;
  readonly log: Logger;
  readonly nowMs: () => number;
  /** To be judged like any input, and committed. */
  readonly onState: (state: 'ok' | 'away', reason: StoreReason) => void;
  /** Something is to be told from memory. */
  readonly onUnwritten: () => void;
  /** Our files are to be laid into the state directory again. */
  readonly onBack: () => void;
  readonly onBroken: (error: unknown) => void;
}

export class Durable {
  readonly store: SqliteStore;
  readonly outbox: PatientOutbox;
  readonly coverage: PatientCoverage;
  readonly keeper: StoreKeeper;
  private readonly options: DurableOptions;
  private readonly opened: OpenedStore;

  constructor(options: DurableOptions) {
    this.options = options;
    this.opened = openDaemonStore(
      join(options.stateDirectory, DATABASE_FILE),
      options.wasKilled,
      options.log,
    );
    const { store, spillPlaces } = this.opened;
    this.store = store;
    const failed = (error: OperationalError): void => this.keeper.failed(error);
    this.outbox = new PatientOutbox(store.outbox, failed);
    this.coverage = new PatientCoverage(store.coverage, failed);
    const { outbox, coverage } = this;
    this.keeper = new StoreKeeper({
      ...options,
      store,
      outbox,
      coverage,
      spillPlaces,
      heldBytesMax: heldBytesMax(),
    });
  }

  /**
   * What a damaged database lost is told like a blindness: it opens now, and ends as all is well from here on. So does
   * one that an earlier process left standing.
   */
  start(repeating: Repeating): void {
    repeating.every(PRUNE_EVERY_MS, () => this.prune());
    repeating.every(CHECKPOINT_EVERY_MS, () => this.checkpoint());
    const { trouble, waiting, damage } = this.opened;
    this.keeper.start(trouble, waiting);
    if (damage !== undefined) this.options.onState('away', 'damaged');
    if (trouble === undefined) this.options.onState('ok', 'none');
  }

  now(): StoreNow {
    const { isOk, held } = this.keeper;
    return { isOk, heldBatches: held.batches, heldBytes: held.bytes };
  }

  private checkpoint(): void {
    if (!this.keeper.isHolding) this.store.checkpoint();
  }

  /** Retention, in slices with other work in between. */
  private prune(): void {
    if (this.keeper.isHolding) return;
    const nothing = { rows: 0, more: false };
    const { more } = this.keeper.tried(nothing, () => this.store.prune(this.options.nowMs()));
    if (more) setTimeout(() => this.prune(), SLICE_EVERY_MS).unref();
  }
}
