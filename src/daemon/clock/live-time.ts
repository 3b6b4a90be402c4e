/** The daemon's time: stamps of arrival that say when the machine's clock jumped, and the timer of the engine's next deadline. */
import type { Logger } from 'pino';
import { ArrivalClock, type MachineClocks } from './arrival-clock.ts';

/** Longest delay that setTimeout takes. */
const TIMER_MS_MAX = 2_147_483_647;

export class LiveTime extends ArrivalClock {
  private timer: NodeJS.Timeout | undefined;

  constructor(machine: MachineClocks, log: Logger, onJump: () => void) {
    const said = (aheadMs: number): void => {
      onJump();
      log.warn({ event: 'clock.jumped', aheadMs });
    };
    super({ machine, onJump: said });
  }

  /** Calls `fire` when the stamps reach `atMs`, instead of what was armed before; undefined: never. */
  arm(atMs: number | undefined, fire: () => void): void {
    clearTimeout(this.timer);
    if (atMs === undefined) return;
    this.timer = setTimeout(fire, Math.min(TIMER_MS_MAX, Math.max(0, atMs - this.nowMs())));
  }
}
