/**
 * The RIS Live client: one WebSocket to the server, kept alive, kept subscribed, and honest about what it can see.
 *
 * It hands every text frame to `onFrame` as the bytes that `ws` delivered, in order and synchronously; decoding and
 * judging are the driver's. It reads answers (acknowledgements, pongs, errors) itself. A frame that is wrong costs
 * itself: binary ones are counted and left out, broken UTF-8 is passed on, one beyond 8 MiB ends the connection, which
 * comes back at once. Nothing is ever queued here: a driver that can't keep up calls `pause`, TCP holds the server back.
 *
 * States: `live` is subscribed (acknowledged, or BGP messages flow where the server acknowledges nothing) and sees
 * (`sight.ts`); `stalled` is silent, until a BGP message comes; `down` is not connected. Before silence is judged, what lies
 * in the socket is read: a process that stood still wakes up with old timers and new frames. Protocol: RIS Live manual; RFC 6455.
 */
import { WebSocket } from 'ws';
import { type ControlKind, decodeRisLive } from '../../decode/ris-live/ris-live.ts';
import type { ErrorCode } from '../../engine/errors.ts';
import type { FeedState } from '../../engine/ports.ts';
import { retryDelayMs } from '../retry-delay.ts';
import type { FeedLog, Timer } from '../surroundings.ts';
import { Acknowledgements } from './acknowledgements.ts';
import { errorText, failureText, signOf } from './frame.ts';
import { FrameTap } from './frame-tap.ts';
import {
  type FeedDrop,
  type FeedStats,
  FRAME_BYTES_MAX,
  RIS_LIVE_TIMINGS,
  type RisLiveOptions,
  type RisLiveTimings,
  withClient,
} from './options.ts';
import { SilenceWatch } from './silence.ts';
import {
  changeSubscription,
  type RisSubscription,
  type SubscriptionPlan,
  subscriptionsOf,
} from './subscription.ts';
import { connectionThrough } from './tapped-connection.ts';

/** Times that unacknowledged subscriptions are sent again before the connection is given up or taken as it is. */
const RESENDS_MAX = 2;
const CLOSE_WITHIN_MS = 500;

export class RisLiveFeed {
  readonly #options: RisLiveOptions;
  readonly #timings: RisLiveTimings;
  readonly #url: string;
  readonly #acknowledgements = new Acknowledgements();
  readonly #drops: Record<FeedDrop, number> = { 'binary-frame': 0, 'oversize-frame': 0 };
  #plan: SubscriptionPlan;
  #socket: WebSocket | undefined;
  #state: FeedState = 'down';
  /** Why the connection is about to end, when we know better than the close code. */
  #ending: string | undefined;
  #paused = false;
  #stopped = true;
  #tries = 0;
  #connections = 0;
  #resends = 0;
  #proven = false;
  readonly #silence: SilenceWatch;
  /** The connection is given up because of silence: the state stays `stalled`, which says more than `down`. */
  #isSilent = false;
  #endedByOversize = false;
  #bytes = 0;
  #frames = 0;
  #serverErrors = 0;
  /** Bytes that came in on the wire of this connection. */
  #wireBytes: () => number = () => 0;
  #retryTimer: Timer;
  #connectTimer: Timer;
  #pingTimer: Timer;
  #acknowledgeTimer: Timer;

  constructor(options: RisLiveOptions) {
    this.#options = options;
    this.#timings = { ...RIS_LIVE_TIMINGS, ...options.timings };
    this.#url = withClient(options.url, options.clientId);
    this.#plan = options.plan;
    const { deadAfterMs, doubtedForMs } = this.#timings;
    this.#silence = new SilenceWatch({
      clock: options.clock,
      blindAfterMs: options.blindAfterMs,
      deadAfterMs,
      doubtedForMs,
      isPaused: () => this.#paused,
      giveUp: (reason) => this.#giveUp(reason),
    });
  }

  /** Connects, and stays connected until `stop`. */
  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#connect();
  }

  /** Ends the connection politely, within half a second. No callback is called any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#clearTimers();
    this.#options.clock.clearTimeout(this.#retryTimer);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined || socket.readyState === WebSocket.CLOSED) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.terminate(), CLOSE_WITHIN_MS);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      if (socket.isPaused) socket.resume();
      socket.close(1000);
    });
  }

  /** Stops reading the socket; frames already received in full may still come. Silence is not judged meanwhile. */
  pause(): void {
    this.#paused = true;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#silence.excuse();
    this.#socket?.resume();
  }

  /** Subscribes and unsubscribes what changed, on the running connection; it is never dropped for that. */
  updateSubscription(plan: SubscriptionPlan): void {
    const change = changeSubscription(this.#plan, plan);
    this.#plan = plan;
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    if (change.subscribe.length > 0) this.#silence.subscribed(plan.mode === 'firehose');
    for (const subscription of change.subscribe) this.#subscribe(subscription);
    for (const subscription of change.unsubscribe) {
      this.#acknowledgements.cancelled(subscription);
      this.#send('ris_unsubscribe', subscription);
    }
    this.#resends = 0;
    if (this.#acknowledgements.missing > 0) this.#awaitAcknowledgements();
    else this.#considerLive();
  }

  stats(): FeedStats {
    return {
      state: this.#state,
      connected: this.#socket?.readyState === WebSocket.OPEN,
      bytes: this.#bytes,
      frames: this.#frames,
      reconnects: Math.max(0, this.#connections - 1),
      silentMs: this.#silence.silentMs(),
      unacknowledged: this.#acknowledgements.missing,
      serverErrors: this.#serverErrors,
      drops: { ...this.#drops },
    };
  }

  // ---------------------------------------------------------------- the connection

  #connect(): void {
    this.#connections += 1;
    this.#ending = undefined;
    this.#proven = this.#isSilent = false;
    const isCurrent = (): boolean => this.#socket === socket;
    const tap = this.#makeTap(isCurrent);
    const socket = this.#openSocket(tap);
    if (socket === undefined) return;
    this.#socket = socket;
    // Before anybody else hears of it: what the server sends next may be taken.
    socket.on('open', () => tap?.open());
    socket.on('upgrade', ({ socket: wire }) => {
      this.#wireBytes = () => wire.bytesRead;
    });
    socket.on('open', () => isCurrent() && this.#opened(socket));
    socket.on('message', (data, isBinary) => isCurrent() && this.#received(data as Buffer, isBinary));
    // Without a listener an error ends the process; for an old socket there is nothing else to do.
    socket.on('error', (error) => isCurrent() && this.#failed(socket, error));
    socket.on('close', (code) => isCurrent() && this.#lost(this.#ending ?? `closed by the server (${code})`));
    this.#connectTimer = this.#options.clock.setTimeout(() => {
      this.#end(socket, `no connection within ${this.#timings.connectWithinMs / 1_000} s`);
    }, this.#timings.connectWithinMs);
  }

  #makeTap(isCurrent: () => boolean): FrameTap | undefined {
    if (this.#options.scanner === undefined) return undefined;
    return new FrameTap({
      scanner: this.#options.scanner,
      settled: (frames, bytes) => isCurrent() && this.#settled(frames, bytes),
      frame: (payload) => isCurrent() && this.#received(payload, false),
    });
  }

  /** `ws` throws at addresses it cannot use: that is a failed try like any other. */
  #openSocket(tap: FrameTap | undefined): WebSocket | undefined {
    try {
      return new WebSocket(this.#url, {
        createConnection: connectionThrough(tap, this.#options.outside, this.#url) as never,
        perMessageDeflate: false,
        maxPayload: FRAME_BYTES_MAX,
        skipUTF8Validation: true,
      });
    } catch (error) {
      this.#lost(error instanceof Error ? error.message : 'the address cannot be used');
      return undefined;
    }
  }

  #opened(socket: WebSocket): void {
    this.#options.clock.clearTimeout(this.#connectTimer);
    this.#silence.connected(this.#plan.mode === 'firehose', this.#wireBytes);
    this.#acknowledgements.clear();
    this.#resends = 0;
    const subscriptions = subscriptionsOf(this.#plan);
    this.#log('info', 'feed.connected', { mode: this.#plan.mode, subscriptions: subscriptions.length });
    for (const subscription of subscriptions) this.#subscribe(subscription);
    this.#awaitAcknowledgements();
    this.#armPing();
    if (this.#paused) socket.pause();
  }

  #failed(socket: WebSocket, error: Error & { code?: string }): void {
    if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
      this.#drops['oversize-frame'] += 1;
      this.#log('warn', 'feed.oversize-frame', { maxBytes: FRAME_BYTES_MAX });
      // At once, but not for ever: a server whose every first frame is too large is met with growing delays.
      if (!this.#endedByOversize) this.#tries = 0;
      this.#endedByOversize = true;
      this.#end(socket, 'a frame was too large');
      return;
    }
    this.#end(socket, failureText(error));
  }

  /** `terminate` and not `close`: nobody waits for a server that misbehaves to say goodbye. */
  #end(socket: WebSocket, reason: string): void {
    this.#ending ??= reason;
    socket.terminate();
  }

  #lost(reason: string): void {
    this.#socket = undefined;
    this.#clearTimers();
    this.#acknowledgements.clear();
    if (!this.#isSilent) this.#setState('down', reason);
    const delayMs = retryDelayMs(this.#tries, this.#options.random);
    this.#tries += 1;
    this.#log('warn', 'feed.disconnected', {
      code: 'feed-connect' satisfies ErrorCode,
      reason,
      retryInMs: delayMs,
      tries: this.#tries,
    });
    this.#retryTimer = this.#options.clock.setTimeout(() => this.#connect(), delayMs);
  }

  #clearTimers(): void {
    const { clock } = this.#options;
    this.#silence.stop();
    const timers = [this.#connectTimer, this.#pingTimer, this.#acknowledgeTimer];
    for (const timer of timers) clock.clearTimeout(timer);
  }

  // ---------------------------------------------------------------- what arrives

  /** Route messages that the scanner settled. */
  #settled(frames: number, bytes: number): void {
    this.#bytes += bytes;
    this.#frames += frames;
    this.#noteMessage(false);
  }

  /** A BGP message: the server works with us, and the feed sees. */
  #noteMessage(isKeepalive: boolean): void {
    const isBelieved = this.#silence.message(isKeepalive);
    if (!this.#proven) this.#prove();
    if (isBelieved) this.#considerLive();
  }

  #received(bytes: Buffer, isBinary: boolean): void {
    this.#bytes += bytes.length;
    if (isBinary) {
      this.#drops['binary-frame'] += 1;
      return;
    }
    this.#frames += 1;
    const sign = signOf(bytes);
    if (sign === 'bgp' || sign === 'keepalive') this.#noteMessage(sign === 'keepalive');
    else this.#silence.heard();
    if (sign === 'answer') this.#readAnswer(bytes);
    this.#options.onFrame(bytes);
  }

  #readAnswer(bytes: Buffer): void {
    const decoded = decodeRisLive(bytes.toString());
    if (decoded.type === 'control') this.#answered(decoded.kind, decoded.data);
  }

  #answered(kind: ControlKind, data: unknown): void {
    if (kind === 'subscribe-ok') {
      this.#prove();
      this.#acknowledgements.confirmed(data);
      this.#considerLive();
    } else if (kind === 'error') {
      this.#serverErrors += 1;
      this.#log('warn', 'feed.server-error', {
        code: 'feed-protocol' satisfies ErrorCode,
        text: errorText(data),
      });
    }
  }

  /** The server works with us: the delays start over. */
  #prove(): void {
    this.#proven = true;
    this.#tries = 0;
    this.#endedByOversize = false;
  }

  #considerLive(): void {
    if (this.#acknowledgements.missing > 0) return;
    this.#options.clock.clearTimeout(this.#acknowledgeTimer);
    if (!this.#silence.isDoubted) this.#setState('live', 'subscribed');
  }

  #setState(state: FeedState, reason: string): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#log(state === 'live' ? 'info' : 'warn', `feed.${state}`, { reason });
    const silentMs = this.#silence.silentMs();
    this.#options.onState({ state, reason, silentMs, blindInMs: this.#silence.blindInMs() });
  }

  // ---------------------------------------------------------------- subscriptions

  #subscribe(subscription: RisSubscription): void {
    this.#acknowledgements.sent(subscription);
    this.#send('ris_subscribe', subscription);
  }

  #awaitAcknowledgements(): void {
    const { clock } = this.#options;
    clock.clearTimeout(this.#acknowledgeTimer);
    this.#acknowledgeTimer = clock.setTimeout(
      () => this.#acknowledgementsDue(),
      this.#timings.acknowledgeWithinMs,
    );
  }

  #acknowledgementsDue(): void {
    const { missing } = this.#acknowledgements;
    if (missing === 0 || this.#socket === undefined) return;
    this.#log('warn', 'feed.unacknowledged', { missing, resends: this.#resends });
    // A server that never acknowledges and yet delivers must not leave us blind: BGP messages are proof enough.
    if (this.#silence.hasSpoken)
      this.#setState('live', `messages flow, ${missing} subscriptions not acknowledged`);
    if (this.#resends < RESENDS_MAX) {
      this.#resends += 1;
      for (const subscription of this.#acknowledgements.unconfirmed())
        this.#send('ris_subscribe', subscription);
      this.#awaitAcknowledgements();
    } else if (this.#state !== 'live') this.#end(this.#socket, `${missing} subscriptions not acknowledged`);
  }

  // ---------------------------------------------------------------- staying alive

  #armPing(): void {
    this.#pingTimer = this.#options.clock.setTimeout(() => {
      this.#send('ping', null);
      this.#armPing();
    }, this.#timings.pingEveryMs);
  }

  #giveUp(reason: string): void {
    if (this.#socket === undefined) return;
    this.#isSilent = true;
    this.#setState('stalled', reason);
    this.#end(this.#socket, reason);
  }

  #send(type: string, data: RisSubscription | null): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify(data === null ? { type } : { type, data }));
  }

  #log(level: keyof FeedLog, event: string, fields: Readonly<Record<string, unknown>>): void {
    this.#options.log[level]({ event, feed: this.#options.name, ...fields });
  }
}
