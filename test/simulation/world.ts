/**
 * A seeded world around one engine and its store: vantage points announce, withdraw and go away, the feed stalls, the
 * process dies at any moment. Beside it a naive model of what must be true, which knows nothing of the engine.
 */
import { configOf, Machine, SECOND, T0, watch } from '../engine/fixture.ts';

const PREFIXES = ['203.0.113.0/24', '203.0.113.0/25', '198.51.100.0/24'];
const OFFENDERS = [666, 667];
const POINTS = 5;
const RESOLVE_MS = 300 * SECOND;

/** Small and good enough: mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface Faults {
  /** For the canary: withdrawals get lost on their way to the engine. */
  readonly losesWithdrawals?: boolean;
}

export class World {
  readonly machine: Machine;
  private readonly random: () => number;
  private readonly faults: Faults;
  /** `point prefix` → the offender that stands there; absent: nobody. */
  private readonly standing = new Map<string, number>();
  private nowMs = T0;
  private isLive = true;
  /** Per offender: since when nothing stands while the feed delivers. */
  private readonly clearSince = new Map<number, number>();
  readonly violations: string[] = [];

  constructor(seed: number, faults: Faults = {}) {
    this.random = randomOf(seed);
    this.faults = faults;
    const entries = [
      watch('203.0.113.0/24', { origins: [64500], maxLength: 25 }),
      watch('198.51.100.0/24', { origins: [64501] }),
    ];
    this.machine = new Machine(configOf(entries), { feeds: ['ris'] });
    this.machine.feed(this.nowMs, 'live');
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step += 1) {
      this.nowMs += Math.floor(this.random() * 90) * SECOND;
      this.act();
      this.check(step);
    }
    this.end(steps);
    this.checkAlerts();
  }

  /** Everybody withdraws everything: after five covered minutes nothing may be open. */
  private end(steps: number): void {
    if (!this.isLive) this.setFeed(true);
    for (const key of [...this.standing.keys()]) {
      const [point = '', prefix = ''] = key.split(' ');
      this.withdraw(Number(point), prefix);
    }
    this.nowMs += RESOLVE_MS + SECOND;
    this.check(steps);
    const open = [...this.openOffenders()].join();
    if (open !== '') this.violations.push(`in the end AS${open} is gone and still open`);
  }

  private act(): void {
    const dice = this.random();
    const point = 1 + Math.floor(this.random() * POINTS);
    const prefix = PREFIXES[Math.floor(this.random() * PREFIXES.length)] ?? '';
    if (dice < 0.3) this.hijack(point, prefix);
    else if (dice < 0.5) this.conform(point, prefix);
    else if (dice < 0.75) this.withdraw(point, prefix);
    else if (dice < 0.83) this.machine.session(this.nowMs, point, this.random() < 0.5 ? 'down' : 'up');
    else if (dice < 0.91) this.setFeed(!this.isLive);
    else this.crash();
  }

  private hijack(point: number, prefix: string): void {
    if (!this.isLive) return;
    const offender = OFFENDERS[Math.floor(this.random() * OFFENDERS.length)] ?? 0;
    this.standing.set(`${point} ${prefix}`, offender);
    this.machine.announce(this.nowMs, prefix, `${3000 + point} 6461 ${offender}`, point);
  }

  private conform(point: number, prefix: string): void {
    if (!this.isLive) return;
    this.standing.delete(`${point} ${prefix}`);
    this.machine.announce(
      this.nowMs,
      prefix,
      `${3000 + point} 174 ${prefix.startsWith('203') ? 64500 : 64501}`,
      point,
    );
  }

  private withdraw(point: number, prefix: string): void {
    if (!this.isLive) return;
    this.standing.delete(`${point} ${prefix}`);
    if (this.faults.losesWithdrawals !== true) this.machine.withdraw(this.nowMs, prefix, point);
  }

  private setFeed(isLive: boolean): void {
    this.isLive = isLive;
    this.clearSince.clear();
    this.machine.feed(this.nowMs, isLive ? 'live' : 'down');
  }

  private crash(): void {
    this.machine.crash(this.nowMs);
    this.clearSince.clear();
    this.machine.feed(this.nowMs, 'down');
    this.isLive = false;
    this.setFeed(true);
  }

  /** What must be true after every step, whatever came before it. */
  private check(step: number): void {
    this.machine.runTo(this.nowMs);
    for (const offender of OFFENDERS) {
      const stands = [...this.standing.values()].includes(offender);
      const isOpen = this.openOffenders().has(offender);
      if (stands) this.clearSince.delete(offender);
      else if (this.isLive && !this.clearSince.has(offender)) this.clearSince.set(offender, this.nowMs);
      if (stands && !isOpen)
        this.violations.push(`step ${step}: AS${offender} stands and no incident is open`);
      const clearMs = this.nowMs - (this.clearSince.get(offender) ?? this.nowMs);
      if (isOpen && clearMs > RESOLVE_MS + 90 * SECOND) {
        this.violations.push(`step ${step}: AS${offender} is gone for ${clearMs} covered ms and still open`);
      }
    }
  }

  private openOffenders(): ReadonlySet<number | null> {
    const open = new Set<number | null>();
    for (const incident of this.machine.core.book.every()) {
      if (incident.state === 'open') open.add(incident.offender);
    }
    return open;
  }

  /** No number left out, no id twice, and what the store holds is what was published. */
  private checkAlerts(): void {
    const alerts = this.machine.alerts();
    alerts.forEach(({ seq }, index) => {
      if (seq !== index + 1) this.violations.push(`alert ${index + 1} has the number ${seq}`);
    });
    if (new Set(alerts.map(({ id }) => id)).size !== alerts.length)
      this.violations.push('an id was given twice');
    const published = this.machine.published.flatMap((one) => (one.type === 'alert' ? [one.alert.id] : []));
    if (published.join() !== alerts.map(({ id }) => id).join())
      this.violations.push('published is not what is stored');
    const outbox = this.machine.outbox.map(({ alert }) => alert.id);
    if (outbox.join() !== published.join()) this.violations.push('an alert has no row in the outbox, or two');
  }
}
