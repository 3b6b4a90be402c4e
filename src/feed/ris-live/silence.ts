/**
 * Watches over the silence of one connection to RIS Live, for `client.ts`: whether the feed sees (`../sight.ts`), and whether
 * the connection is dead. It says when to give the connection up, and keeps in mind that silence was the reason: after that
 * an acknowledgement is no proof, only a BGP message is.
 */
import { Sight } from '../sight.ts';
import type { FeedClock, Timer } from '../surroundings.ts';

export interface SilenceOptions {
  readonly clock: FeedClock;
  readonly blindAfterMs: number;
  /** Without any frame, answers to pings among them, the connection is dead. */
  readonly deadAfterMs: number;
  /** A connection that is made because of silence gets this long at least to say something. */
  readonly doubtedForMs: number;
  /** Silence is to be judged now; not called while the driver keeps us from reading. */
  readonly isPaused: () => boolean;
  readonly giveUp: (reason: string) => void;
}

/** How long bytes that bring no BGP message put judging off, ms: long enough to read what lies in the buffers of a socket. */
const READING_MAX_MS = 5_000;

export class SilenceWatch {
  readonly #options: SilenceOptions;
  readonly #sight: Sight;
  #isFirehose = false;
  #connectedMs = 0;
  #heardMs = 0;
  #wireBytes: () => number = () => 0;
  /** Number of the connection, odd while there is one. */
  #connection = 0;
  #isDoubted = false;
  #timer: Timer;

  constructor(options: SilenceOptions) {
    this.#options = options;
    this.#sight = new Sight(options.blindAfterMs);
  }

  /** The feed fell silent and no BGP message came since. */
  get isDoubted(): boolean {
    return this.#isDoubted;
  }

  /** A BGP message came on this connection. */
  get hasSpoken(): boolean {
    return this.#sight.hasSpoken;
  }

  /** How long ago the last BGP message came; undefined: none ever did. */
  silentMs(): number | undefined {
    const { lastMs } = this.#sight;
    return lastMs === undefined ? undefined : Math.max(0, Math.round(this.#nowMs - lastMs));
  }

  /** How soon the feed is blind, if it stays as it is; when the connection is lost, no rhythm excuses it. */
  blindInMs(): number {
    return Math.max(0, Math.round(Math.min(this.#sight.dueMs - this.#nowMs, this.#options.blindAfterMs)));
  }

  /** A connection is there. `wireBytes` counts what came in on it, message or not. */
  connected(isFirehose: boolean, wireBytes: () => number): void {
    this.#isFirehose = isFirehose;
    this.#wireBytes = wireBytes;
    this.#connection += 1;
    this.#connectedMs = this.#heardMs = this.#nowMs;
    this.#sight.connected(this.#nowMs, isFirehose);
    this.#arm();
  }

  /** Something else is subscribed on it. */
  subscribed(isFirehose: boolean): void {
    this.#isFirehose = isFirehose;
    this.#sight.subscribed(this.#nowMs, isFirehose);
    this.#arm();
  }

  /** There is no connection any more. */
  stop(): void {
    this.#connection += 1;
    this.#options.clock.clearTimeout(this.#timer);
  }

  /** A frame came. */
  heard(): void {
    this.#heardMs = this.#nowMs;
  }

  /** A BGP message came. Returns true when it ends a doubt. */
  message(isKeepalive: boolean): boolean {
    this.#heardMs = this.#nowMs;
    const dueMs = this.#dueMs;
    this.#sight.message(this.#heardMs, isKeepalive);
    // The first KEEPALIVE of a connection shortens the patience with it.
    if (isKeepalive && this.#dueMs < dueMs) this.#arm();
    const wasDoubted = this.#isDoubted;
    this.#isDoubted = false;
    return wasDoubted;
  }

  /** Silence of which we are the cause is none. */
  excuse(): void {
    this.#heardMs = this.#nowMs;
    this.#sight.subscribed(this.#nowMs, this.#isFirehose);
  }

  get #nowMs(): number {
    return this.#options.clock.now();
  }

  #arm(): void {
    const { clock } = this.#options;
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(
      () => this.#due(this.#nowMs),
      Math.max(1, Math.ceil(this.#dueMs - this.#nowMs)),
    );
  }

  /** When silence costs the connection: the feed is blind, or the connection is dead. */
  get #dueMs(): number {
    const { doubtedForMs, deadAfterMs } = this.#options;
    const patientMs = this.#isDoubted ? this.#connectedMs + doubtedForMs : Number.NEGATIVE_INFINITY;
    return Math.min(Math.max(this.#sight.dueMs, patientMs), this.#heardMs + deadAfterMs);
  }

  /**
   * Silence is due. Timers run before the socket is read, so it is judged only after a turn of the event loop in which nothing
   * came in: a process that stood still wakes up with old timers, and new frames in the socket.
   */
  #due(sinceMs: number): void {
    if (this.#options.isPaused()) this.excuse();
    if (this.#nowMs < this.#dueMs) {
      this.#arm();
      return;
    }
    const connection = this.#connection;
    const bytes = this.#wireBytes();
    afterATurn(() => {
      if (this.#connection !== connection) return;
      const isReading = this.#wireBytes() !== bytes && this.#nowMs - sinceMs < READING_MAX_MS;
      if (isReading || this.#nowMs < this.#dueMs) this.#due(sinceMs);
      else this.#giveUp();
    });
  }

  #giveUp(): void {
    const nowMs = this.#nowMs;
    const isBlind = nowMs >= this.#sight.dueMs;
    const seconds = Math.round((nowMs - this.#heardMs) / 1_000);
    this.#isDoubted = true;
    this.#options.giveUp(isBlind ? this.#sight.reason(nowMs) : `no answer to pings for ${seconds} s`);
  }
}

/** Between two checks of the event loop lies a poll: whatever was in a socket had its chance to be read. */
function afterATurn(run: () => void): void {
  setImmediate(() => setImmediate(run));
}
