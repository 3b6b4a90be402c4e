/**
 * The live driver's stamps of arrival. They follow the machine's wall clock while it runs as evenly as the steady one, and
 * the steady one as soon as somebody sets the wall clock: a jump neither fires nor freezes a deadline (decision 0035).
 * The daemon looks once a second; every duration and deadline of the engine is measured in these stamps.
 */
import type { Leap } from '../../engine/input.ts';

/** The machine's clocks, ms. */
export interface MachineClocks {
  /** Since the epoch; may be set, forward and back. */
  wallMs(): number;
  /** Since some moment; nobody sets it, and it stands still while the machine is suspended. */
  steadyMs(): number;
  /** Since the machine was started, suspended or not. */
  uptimeMs(): number;
}

export interface ArrivalClockOptions {
  readonly machine: MachineClocks;
  /** The wall clock jumped: it is `aheadMs` ahead of the stamps now (negative: behind them, 0: together again). */
  readonly onJump: (aheadMs: number) => void;
}

/** Wall clock and steady clock disagree by this much: somebody set one. */
export const JUMP_MS = 1_000;
/** A wall clock that stays ahead for so long was put right, and is followed. */
export const SETTLED_MS = 300_000;
/** How exactly the time asleep has to explain the jump. */
const ASLEEP_WITHIN_MS = 2_000;

export class ArrivalClock {
  private readonly options: ArrivalClockOptions;
  /** Where the two clocks were last together. */
  private metMs: number;
  private steadyMs: number;
  /** Uptime less steady time: grows only while the machine is suspended. */
  private asleepMs: number;
  /** How far the wall clock was ahead when it jumped, and since when on the steady clock; undefined: together. */
  private away: { readonly aheadMs: number; readonly sinceMs: number } | undefined;
  private lastMs = 0;

  constructor(options: ArrivalClockOptions) {
    const { machine } = options;
    this.options = options;
    this.metMs = machine.wallMs();
    this.steadyMs = machine.steadyMs();
    this.asleepMs = machine.uptimeMs() - this.steadyMs;
  }

  /** Ms since the epoch, whole, never decreasing. */
  nowMs(): number {
    const { machine } = this.options;
    const [wallMs, steadyMs] = [machine.wallMs(), machine.steadyMs()];
    const stampMs = this.metMs + steadyMs - this.steadyMs;
    const aheadMs = wallMs - stampMs;
    if (Math.abs(aheadMs) < JUMP_MS) this.together(wallMs, steadyMs);
    else if (this.away === undefined || Math.abs(aheadMs - this.away.aheadMs) >= JUMP_MS) {
      this.away = { aheadMs, sinceMs: steadyMs };
      this.options.onJump(Math.round(aheadMs));
    }
    this.lastMs = Math.max(this.lastMs, Math.floor(this.away === undefined ? wallMs : stampMs));
    return this.lastMs;
  }

  /** What the wall clock says, whoever set it. */
  wallMs(): number {
    return this.options.machine.wallMs();
  }

  /** How far the wall clock is ahead of the stamps, ms. */
  aheadMs(): number {
    this.nowMs();
    return this.away === undefined ? 0 : this.options.machine.wallMs() - this.lastMs;
  }

  /**
   * Whether the stamps have to follow a wall clock that went ahead: at once after the machine was suspended, else when it
   * stayed there. They never go back: behind a wall clock that was set back they run on ahead of it until a restart.
   * With an answer, `nowMs` has made the leap; the engine has to be told before anything else.
   */
  leap(): Leap | undefined {
    this.nowMs();
    const { away, options } = this;
    if (away === undefined || away.aheadMs < 0) return undefined;
    const [wallMs, steadyMs] = [options.machine.wallMs(), options.machine.steadyMs()];
    const asleepMs = options.machine.uptimeMs() - steadyMs - this.asleepMs;
    const wasAsleep = Math.abs(asleepMs - away.aheadMs) <= ASLEEP_WITHIN_MS;
    if (!wasAsleep && steadyMs - away.sinceMs < SETTLED_MS) return undefined;
    const beforeMs = this.lastMs;
    this.asleepMs += asleepMs;
    this.together(wallMs, steadyMs);
    const byMs = this.nowMs() - beforeMs;
    return { cause: wasAsleep ? 'suspended' : 'stepped', byMs };
  }

  private together(wallMs: number, steadyMs: number): void {
    this.metMs = wallMs;
    this.steadyMs = steadyMs;
    if (this.away === undefined) return;
    this.away = undefined;
    this.options.onJump(0);
  }
}
