/**
 * The outbox's way out: one lane per receiver, so that none holds up another. The rows are already committed when
 * `wake` is called; what is confirmed is marked, what is not stays and is tried again, also by the next process.
 */
import type { Alert, Incident } from '../incident/alert.ts';
import type { Clock } from './clock.ts';
import { Lane, type LaneOptions } from './lane.ts';
import { failureNotice } from './notice.ts';
import type { Receiver } from './receiver.ts';
import type { ReceiverState } from './receiver-health.ts';
import { Repeater } from './repeater.ts';

/** How long a receiver fails before people at the others hear of it. */
export const NOTICE_AFTER_MS = 300_000;
const GRACE_MS = 3_000;

export interface DispatcherOptions extends LaneOptions {
  /** Open incidents that a receiver was told of, as they stand; for those that repeat them. */
  readonly standing?: (receiver: string) => Iterable<Incident>;
}

export class Dispatcher {
  readonly #lanes: ReadonlyMap<string, Lane>;
  readonly #receivers: readonly Receiver[];
  readonly #clock: Clock;
  readonly #repeaters: readonly Repeater[];
  readonly #notices = new Map<string, () => void>();

  constructor(receivers: readonly Receiver[], options: DispatcherOptions) {
    this.#receivers = receivers;
    this.#clock = options.clock;
    const watched: LaneOptions = {
      ...options,
      onFailing: (state) => {
        this.#planNotice(state);
        options.onFailing?.(state);
      },
      onRecovered: (state) => {
        this.#dropNotice(state.receiver);
        options.onRecovered?.(state);
      },
    };
    this.#lanes = new Map(receivers.map((receiver) => [receiver.name, new Lane(receiver, watched)]));
    const { standing = () => [] } = options;
    this.#repeaters = [...this.#lanes.values()]
      .filter(({ receiver }) => receiver.repeats !== undefined)
      .map((lane) => new Repeater(lane, options.clock, standing));
  }

  /** Begins with what an earlier process left. */
  start(): void {
    for (const receiver of this.#receivers) receiver.start?.();
    for (const repeater of this.#repeaters) repeater.start();
    this.wake();
  }

  /** To be called after each commit with outbox rows; cheap, and safe at any time. */
  wake(): void {
    for (const lane of this.#lanes.values()) lane.wake();
  }

  /** In the order of the receivers, for the dashboard and the metrics. */
  states(): readonly ReceiverState[] {
    return [...this.#lanes.values()].map((lane) => lane.state());
  }

  state(receiver: string): ReceiverState | undefined {
    return this.#lanes.get(receiver)?.state();
  }

  /**
   * Starts nothing more, waits `graceMs` for what is on its way, then breaks it off. What was not confirmed stays
   * pending. Resolves within `graceMs` and a second.
   */
  async stop(graceMs: number = GRACE_MS): Promise<void> {
    for (const repeater of this.#repeaters) repeater.stop();
    for (const name of [...this.#notices.keys()]) this.#dropNotice(name);
    const lanes = [...this.#lanes.values()].map((lane) => lane.stop(graceMs));
    await Promise.all([...lanes, ...this.#receivers.map((receiver) => receiver.stop?.())]);
  }

  #planNotice(state: ReceiverState): void {
    this.#dropNotice(state.receiver);
    const cancel = this.#clock.after(NOTICE_AFTER_MS, () => this.#noticeOthers(state.receiver));
    this.#notices.set(state.receiver, cancel);
  }

  #dropNotice(receiver: string): void {
    this.#notices.get(receiver)?.();
    this.#notices.delete(receiver);
  }

  #noticeOthers(failing: string): void {
    this.#notices.delete(failing);
    const state = this.state(failing);
    if (state === undefined || state.failingSince === null) return;
    const notice: Alert = failureNotice(state, this.#clock.nowMs());
    for (const lane of this.#lanes.values()) {
      if (lane.receiver.forPeople && lane.state().failingSince === null) lane.notice(notice);
    }
  }
}
