/**
 * Names each alert that a receiver did not get yet, or never will, so that nobody has to guess which. Beside a lane.
 */
import type { OutboxItem } from '../engine/ports.ts';

export interface DeliveryTrouble {
  readonly receiver: string;
  readonly alert: string;
  readonly seq: number;
  readonly alertEvent: string;
  readonly incident: string;
  readonly severity: string;
  /** Tries so far; 0: it stands behind another that was tried. */
  readonly attempts: number;
  readonly error: string;
}

export interface TroubleListener {
  /** Once for each alert that has to wait, whether it was tried or stands behind one that was. */
  readonly onWaiting?: (trouble: DeliveryTrouble) => void;
  /** For each alert that is given up. */
  readonly onGivenUp?: (trouble: DeliveryTrouble) => void;
}

/** Waiting alerts that are remembered as named. */
const NAMED_MAX = 10_000;

export class Troubles {
  readonly #receiver: string;
  readonly #listener: TroubleListener;
  readonly #named = new Set<string>();

  constructor(receiver: string, listener: TroubleListener) {
    this.#receiver = receiver;
    this.#listener = listener;
  }

  waits(row: OutboxItem, attempts: number, error: string): void {
    const key = keyOf(row);
    if (this.#named.size >= NAMED_MAX || this.#named.has(key)) return;
    this.#named.add(key);
    this.#listener.onWaiting?.(this.#troubleOf(row, attempts, error));
  }

  givenUp(row: OutboxItem, error: string): void {
    this.over(row);
    this.#listener.onGivenUp?.(this.#troubleOf(row, row.attempts + 1, error));
  }

  over(row: OutboxItem): void {
    this.#named.delete(keyOf(row));
  }

  #troubleOf({ alert }: OutboxItem, attempts: number, error: string): DeliveryTrouble {
    const { id, seq, event, incident } = alert;
    return {
      receiver: this.#receiver,
      alert: id,
      seq,
      alertEvent: event,
      incident: incident.id,
      severity: incident.severity,
      attempts,
      error,
    };
  }
}

/** The row's identity beside its receiver: the alert's id, or a reminder's own. */
export function keyOf(row: OutboxItem): string {
  return row.key ?? row.alert.id;
}
