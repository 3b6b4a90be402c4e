/** A RIS Live client beside a simulator, with a clock that only the test moves. Network is real and on loopback. */
import { loadScanner } from '../../src/daemon/scanner-file.ts';
import type { FeedState } from '../../src/engine/ports.ts';
import { RisLiveFeed } from '../../src/feed/ris-live/client.ts';
import type { FrameScanner } from '../../src/feed/ris-live/frame-tap.ts';
import type { RisLiveOptions } from '../../src/feed/ris-live/options.ts';
import type { SubscriptionPlan } from '../../src/feed/ris-live/subscription.ts';
import { RisLiveSimulator } from '../../src/feed/simulator/simulator.ts';
import type { FeedChange } from '../../src/feed/source.ts';
import type { FeedClock, Timer } from '../../src/feed/surroundings.ts';
import { END, NEXT, START } from '../../src/match/tape.ts';

interface Due {
  readonly atMs: number;
  readonly run: () => void;
}

/** Stands still until `advance`. What is due at once runs at once. */
export class TestClock implements FeedClock {
  readonly delays: number[] = [];
  readonly #due = new Set<Due>();
  #nowMs = 1_000_000;

  now(): number {
    return this.#nowMs;
  }

  setTimeout(run: () => void, delayMs: number): Timer {
    const due = { atMs: this.#nowMs + delayMs, run };
    this.#due.add(due);
    this.delays.push(delayMs);
    if (delayMs === 0) setImmediate(() => this.#run(due));
    return due;
  }

  clearTimeout(timer: Timer): void {
    this.#due.delete(timer as Due);
  }

  /** Runs what becomes due, in order, each at its own time. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const next = [...this.#due].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.#run(next);
    }
    this.#nowMs = untilMs;
  }

  /** The process stood still: whatever became due meanwhile runs at the end of it. */
  leap(ms: number): void {
    this.#nowMs += ms;
    this.advance(0);
  }

  #run(due: Due): void {
    if (this.#due.delete(due)) due.run();
  }
}

export const FILTERED: SubscriptionPlan = {
  mode: 'filtered',
  why: 'test',
  prefixes: ['198.51.100.0/22', '2001:db8::/32'],
  asns: [64_501],
};
export const FIREHOSE: SubscriptionPlan = { mode: 'firehose', why: 'test', prefixes: [], asns: [] };

export function message(change: object = {}): string {
  const data = {
    timestamp: 1_643_850_258.5,
    peer: '192.0.2.1',
    peer_asn: '64500',
    id: 'x',
    host: 'rrc00',
    type: 'UPDATE',
    path: [64_500, 64_502],
    announcements: [{ next_hop: '192.0.2.1', prefixes: ['198.51.100.0/24'] }],
    withdrawals: [],
  };
  return JSON.stringify({ type: 'ris_message', data: { ...data, ...change } });
}

export function keepalive(change: object = {}): string {
  const data = { timestamp: 1_643_850_258.5, peer: '192.0.2.1', peer_asn: '64500', id: 'x', host: 'rrc00' };
  return JSON.stringify({ type: 'ris_message', data: { ...data, type: 'KEEPALIVE', ...change } });
}

/** The road of a daemon that does not record: frames are taken before `ws` reads them. Each comes on as a buffer. */
function nothingSettled(): FrameScanner {
  const scanner = loadScanner();
  const { area, tape } = scanner;
  return {
    area,
    begin: () => {},
    take: (start, end, taker) => {
      const stop = scanner.scanStream(start, end);
      for (let at = 0; at < scanner.recordsEnd(); at = tape[at + NEXT])
        taker.frame(Buffer.from(area.subarray(tape[at + START], tape[at + END])));
      return stop;
    },
  };
}

export class Stage {
  readonly clock = new TestClock();
  readonly simulator: RisLiveSimulator;
  readonly frames: string[] = [];
  /** Messages of routes that arrived, answers left out. */
  readonly messages: string[] = [];
  readonly bytes: Buffer[] = [];
  readonly states: FeedState[] = [];
  readonly changes: FeedChange[] = [];
  readonly logged: Readonly<Record<string, unknown>>[] = [];
  feed!: RisLiveFeed;
  readonly #waiting = new Set<{ holds: () => boolean; resolve: () => void }>();

  constructor(simulator = new RisLiveSimulator()) {
    this.simulator = simulator;
  }

  /** Starts simulator and client. */
  async open(options: Partial<RisLiveOptions> = {}): Promise<this> {
    const url = await this.simulator.listen();
    const log = (fields: Readonly<Record<string, unknown>>): void => {
      this.logged.push(fields);
      this.#check();
    };
    this.feed = new RisLiveFeed({
      name: 'ris-live',
      url,
      clientId: 'originwatch-test',
      plan: FILTERED,
      blindAfterMs: 60_000,
      clock: this.clock,
      random: () => 0.5,
      log: { debug: log, info: log, warn: log },
      onFrame: (bytes) => {
        this.bytes.push(bytes);
        const text = bytes.toString();
        this.frames.push(text);
        if (text.includes('ris_message')) this.messages.push(text);
        this.#check();
      },
      onState: (change) => {
        this.states.push(change.state);
        this.changes.push(change);
        this.#check();
      },
      scanner: nothingSettled(),
      ...options,
    });
    this.feed.start();
    return this;
  }

  /** Resolves when `holds`, asked again whenever the client says or hears something. */
  async until(holds: () => boolean): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve) => this.#waiting.add({ holds, resolve }));
  }

  async live(): Promise<this> {
    await this.until(() => this.feed.stats().state === 'live');
    return this;
  }

  count(event: string): number {
    return this.logged.filter((fields) => fields.event === event).length;
  }

  async close(): Promise<void> {
    await this.feed.stop();
    await this.simulator.close();
  }

  #check(): void {
    for (const waiting of this.#waiting)
      if (waiting.holds()) {
        this.#waiting.delete(waiting);
        waiting.resolve();
      }
  }
}
