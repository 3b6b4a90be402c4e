/**
 * visibility-loss: of the vantage points that carried a watched prefix, half lost it within 10 minutes while their
 * sessions stayed up. State, not a count of withdrawals: who announces it again has it again, and a session that goes
 * down takes its vantage point out of the reckoning. Pure; stamps are arrivals in ms.
 */

export const LOSS_WINDOW_MS = 600_000;
const CARRIED_MIN = 10;
const LOSS_SHARE = 0.5;
const LOSS_SHARE_CRITICAL = 0.9;

export interface Loss {
  readonly lost: number;
  readonly carried: number;
  readonly isSevere: boolean;
  /** False: by those whose sessions are up it would be none; who lost it is silent now, and that is no safety. */
  readonly isKnown: boolean;
}

interface PrefixLosses {
  /** Vantage point → when it lost the prefix. */
  readonly lost: Map<number, number>;
  /** Of those, whose sessions went down since. */
  readonly silent: Set<number>;
  isLost: boolean;
}

export class VisibilityWatch {
  private readonly prefixes = new Map<string, PrefixLosses>();
  /** Vantage points where a foreign origin took the place of ours: when that goes, ours is lost there. */
  private readonly taken = new Map<string, Set<number>>();

  /** Nobody lost anything, and no foreign origin took the place of ours anywhere. */
  get isQuiet(): boolean {
    return this.prefixes.size === 0 && this.taken.size === 0;
  }

  /** Somebody lost this prefix, or a foreign origin took the place of ours somewhere. */
  concerns(prefix: string): boolean {
    return this.prefixes.has(prefix) || this.taken.has(prefix);
  }

  /** The route of the prefix changed there: from ours to a foreign origin's, or back. */
  change(prefix: string, vantagePoint: number, wasOurs: boolean, isOurs: boolean): void {
    const taken = this.taken.get(prefix);
    if (isOurs) taken?.delete(vantagePoint);
    else if (wasOurs) this.taken.set(prefix, (taken ?? new Set()).add(vantagePoint));
    if (taken?.size === 0) this.taken.delete(prefix);
  }

  /** The vantage point withdrew the prefix while its session is up. Losing what a foreign origin brought is no loss. */
  lose(prefix: string, vantagePoint: number, wasOurs: boolean, nowMs: number): void {
    if (!wasOurs && this.taken.get(prefix)?.has(vantagePoint) !== true) return;
    this.change(prefix, vantagePoint, false, true);
    const losses = this.prefixes.get(prefix) ?? { lost: new Map(), silent: new Set(), isLost: false };
    losses.lost.set(vantagePoint, nowMs);
    losses.silent.delete(vantagePoint);
    this.prefixes.set(prefix, losses);
  }

  /** It carries the prefix again. */
  regain(prefix: string, vantagePoint: number): boolean {
    const losses = this.prefixes.get(prefix);
    losses?.silent.delete(vantagePoint);
    return losses?.lost.delete(vantagePoint) ?? false;
  }

  /**
   * Its session went down: what it lost makes no loss any more, but ends none that stands either. Returns the
   * prefixes to ask about.
   */
  sessionDown(vantagePoint: number): readonly string[] {
    const affected: string[] = [];
    for (const [prefix, losses] of this.prefixes) {
      if (!losses.lost.has(vantagePoint)) continue;
      if (losses.isLost) losses.silent.add(vantagePoint);
      else losses.lost.delete(vantagePoint);
      affected.push(prefix);
    }
    return affected;
  }

  /** A loss of which nobody knew anything for too long. */
  forget(prefix: string): void {
    this.prefixes.delete(prefix);
  }

  /** `carrying`: vantage points that are up and carry the prefix now. Undefined: no loss (any more). */
  assess(prefix: string, carrying: number, nowMs: number): Loss | undefined {
    const losses = this.prefixes.get(prefix);
    if (losses === undefined) return undefined;
    if (!losses.isLost) {
      for (const [vantagePoint, atMs] of losses.lost)
        if (nowMs - atMs > LOSS_WINDOW_MS) losses.lost.delete(vantagePoint);
    }
    const lost = losses.lost.size;
    const carried = carrying + lost;
    const share = carried === 0 ? 0 : lost / carried;
    losses.isLost = share >= LOSS_SHARE && (losses.isLost || carried >= CARRIED_MIN);
    if (!losses.isLost && lost === 0) this.prefixes.delete(prefix);
    if (!losses.isLost) {
      for (const vantagePoint of losses.silent) losses.lost.delete(vantagePoint);
      losses.silent.clear();
      return undefined;
    }
    const heard = lost - losses.silent.size;
    const isKnown = heard > 0 && heard / (carrying + heard) >= LOSS_SHARE;
    return { lost, carried, isSevere: share >= LOSS_SHARE_CRITICAL, isKnown };
  }

  /** For the store: who lost it, while it is lost. */
  lostAt(prefix: string): ReadonlyMap<number, number> {
    return this.prefixes.get(prefix)?.lost ?? new Map();
  }

  isSilent(prefix: string, vantagePoint: number): boolean {
    return this.prefixes.get(prefix)?.silent.has(vantagePoint) ?? false;
  }

  restore(prefix: string, lost: ReadonlyMap<number, number>, silent: ReadonlySet<number>): void {
    this.prefixes.set(prefix, { lost: new Map(lost), silent: new Set(silent), isLost: true });
  }
}
