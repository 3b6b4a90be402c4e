/** The live driver's stamps: the machine's clock, never going back. */
export class LiveClock {
  private lastMs = 0;

  nowMs(): number {
    this.lastMs = Math.max(this.lastMs, Date.now());
    return this.lastMs;
  }
}
