/** What the daemon does again and again, beside what comes in. Keeps no process alive. */
export class Repeating {
  private readonly timers: NodeJS.Timeout[] = [];

  every(ms: number, act: () => void): void {
    const timer = setInterval(act, ms);
    timer.unref();
    this.timers.push(timer);
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
  }
}
