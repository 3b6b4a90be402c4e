/**
 * The heartbeat: an address outside is called while feeds, store and outbox are well. When the calls stop, whoever keeps
 * that address (a dead man's switch) tells people: that works also when this machine is gone.
 */
import type { Outside } from './outside.ts';

export interface HeartbeatOptions {
  readonly outside: Outside;
  readonly url: string;
  /** What is not well; undefined: all is. */
  readonly trouble: () => string | undefined;
  /** Told once when it changes: why nobody is called, why a call failed, or that all is well again (undefined). */
  readonly onChange: (trouble: string | undefined) => void;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 1_024;

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #isUnderway = false;
  #said: string | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Call it every so many seconds. One call at a time; never rejects. */
  async beat(): Promise<void> {
    if (this.#isUnderway) return;
    const trouble = this.#options.trouble();
    if (trouble !== undefined) {
      this.#say(trouble);
      return;
    }
    this.#isUnderway = true;
    this.#say(await this.#call());
    this.#isUnderway = false;
  }

  async #call(): Promise<string | undefined> {
    const { outside, url, timeoutMs = TIMEOUT_MS } = this.#options;
    try {
      const { status } = await outside.askText({ url, timeoutMs }, ANSWER_BYTES_MAX);
      return status < 300 ? undefined : `it answered HTTP ${status}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #say(trouble: string | undefined): void {
    if (trouble === this.#said) return;
    this.#said = trouble;
    this.#options.onChange(trouble);
  }
}
