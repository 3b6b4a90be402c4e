/**
 * Alerts of a replay on their way out. A recording says how far the alerts were committed; what was judged behind that when
 * the daemon was killed was told to nobody, and is not told here. Other input says nothing of the kind: all of it is told.
 */
import type { Published } from '../../engine/ports.ts';
import type { Alert } from '../../incident/alert.ts';

export class ReplayedAlerts {
  private readonly print: (alert: Alert) => void;
  private held: Alert[] = [];
  /** A recording that says what was committed is read. */
  private isHolding = false;

  constructor(print: (alert: Alert) => void) {
    this.print = print;
  }

  committed(published: readonly Published[]): void {
    for (const one of published) {
      if (one.type !== 'alert') continue;
      if (this.isHolding) this.held.push(one.alert);
      else this.print(one.alert);
    }
  }

  /** Alerts up to this number were committed. */
  through(seq: number): void {
    const { held } = this;
    this.held = held.filter((alert) => alert.seq > seq);
    for (const alert of held) if (alert.seq <= seq) this.print(alert);
  }

  /** A daemon began with what was committed before: its next alert has this number. */
  begin(nextSeq: number): void {
    this.through(nextSeq - 1);
    this.held = [];
    this.isHolding = true;
  }

  /** Nothing comes any more: nobody knows of the last ones whether they were committed. */
  end(): void {
    this.through(Number.POSITIVE_INFINITY);
  }
}
