/**
 * Tells a receiver again and again what stands open, where the other side forgets it otherwise (Alertmanager: its restart, or
 * the end that each alert carries). Not by the outbox: what is repeated is the present, and a round that fails is made good by
 * the next one. Never beside an alert of the outbox, so that a repetition cannot arrive after the end of what it repeats.
 */
import type { Incident } from '../incident/alert.ts';
import type { Clock } from './clock.ts';
import type { Lane } from './lane.ts';

/** Incidents told in one request. */
const ROUND_MAX = 100;
/** When the lane is busy, and after the start: an end that was promised before a restart may be near. */
const SOON_MS = 1_000;

export class Repeater {
  readonly #lane: Lane;
  readonly #clock: Clock;
  readonly #standing: (receiver: string) => Iterable<Incident>;
  #cancel: () => void = () => undefined;
  #stopped = false;

  /** `standing`: open incidents that a receiver was told of, as they are now. */
  constructor(lane: Lane, clock: Clock, standing: (receiver: string) => Iterable<Incident>) {
    this.#lane = lane;
    this.#clock = clock;
    this.#standing = standing;
  }

  start(): void {
    this.#plan(SOON_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #plan(ms: number): void {
    if (!this.#stopped) this.#cancel = this.#clock.after(ms, () => void this.#round(0));
  }

  /** One request, and at once the next one where there are more incidents. */
  async #round(from: number): Promise<void> {
    const { repeats, name } = this.#lane.receiver;
    if (repeats === undefined || this.#stopped) return;
    const incidents = [...this.#standing(name)];
    const part = incidents.slice(from, from + ROUND_MAX);
    if (part.length === 0) {
      this.#plan(repeats.everyMs);
      return;
    }
    const outcome = await this.#lane.between((context) => repeats.send(part, context));
    if (outcome === 'busy') this.#cancel = this.#clock.after(SOON_MS, () => void this.#round(from));
    else if (outcome === 'failed' || from + ROUND_MAX >= incidents.length) this.#plan(repeats.everyMs);
    else await this.#round(from + ROUND_MAX);
  }
}
