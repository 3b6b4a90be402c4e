/**
 * `originwatch record`: the configured feeds, written down in the replayable form for a while. Nothing is judged and
 * no state is kept; what comes in goes to the file with its stamp of arrival, as `run --record` does it.
 */
import { closeSync, openSync } from 'node:fs';
import type { Settings } from '../../config/settings.ts';
import { clientId } from '../../daemon/client-id.ts';
import { ArrivalClock } from '../../daemon/clock/arrival-clock.ts';
import { machineClocks } from '../../daemon/clock/machine-clocks.ts';
import { openSource } from '../../daemon/feeds/sources.ts';
import { createLog } from '../../daemon/log.ts';
import { networkOf } from '../../daemon/way-out.ts';
import { RecordingWriter } from '../../feed/files/recording.ts';
import { feedStateOf, type LiveSource } from '../../feed/source.ts';
import { systemClock } from '../../feed/surroundings.ts';
import { Outside } from '../../outside/outside.ts';
import type { Streams } from '../usage.ts';

export interface RecordOptions {
  /** Fractions are fine. */
  readonly minutes: number;
  readonly out: string;
}

const PROGRESS_EVERY_MS = 500;

/**
 * Resolves with 0 when the time is over or a signal came, with 1 when the file can't be written or no feed was ever
 * there. A file that exists is left alone: two stories in one file would replay as one.
 */
export async function runRecord(settings: Settings, options: RecordOptions, io: Streams): Promise<number> {
  const refusal = claimFile(options.out);
  if (refusal !== undefined) {
    io.stderr.write(`error: ${refusal}\n`);
    return 1;
  }
  return new Recorder(settings, options, io).run();
}

/** Creates the file, so that nobody else does; says why that was not possible. */
function claimFile(file: string): string | undefined {
  try {
    closeSync(openSync(file, 'wx', 0o640));
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') return `${file} cannot be written: ${message}`;
    return `${file} exists already; name a file that does not, or remove it first`;
  }
}

class Recorder {
  private readonly options: RecordOptions;
  private readonly io: Streams;
  private readonly clock: ArrivalClock;
  private readonly writer: RecordingWriter;
  private readonly feeds: readonly LiveSource[];
  private readonly beganMs: number;
  private readonly endMs: number;
  private wasLive = false;
  private failure: Error | undefined;
  private end: () => void = () => undefined;

  constructor(settings: Settings, options: RecordOptions, io: Streams) {
    this.options = options;
    this.io = io;
    const log = createLog(settings.log.level, io.stderr);
    const onJump = (aheadMs: number): void => log.warn({ event: 'clock.jumped', aheadMs });
    this.clock = new ArrivalClock({ machine: machineClocks, onJump });
    this.beganMs = this.clock.nowMs();
    this.endMs = this.beganMs + options.minutes * 60_000;
    this.writer = new RecordingWriter(options.out, {
      append: false,
      atMs: this.beganMs,
      onFailure: (error) => {
        this.failure = error;
        this.end();
      },
    });
    this.feeds = settings.feeds.map((feed) => this.openFeed(settings, feed, log));
  }

  private openFeed(
    settings: Settings,
    feed: Settings['feeds'][number],
    log: ReturnType<typeof createLog>,
  ): LiveSource {
    const { name } = feed;
    this.writer.state(this.beganMs, { type: 'feed-state', feed: name, state: 'down', reason: 'starting' });
    return openSource(feed, {
      clock: systemClock,
      random: Math.random,
      log,
      outside: new Outside(networkOf(settings.network)),
      clientId: clientId(),
      blindAfterMs: settings.detection.blindAfterSeconds * 1_000,
      space: { watchlist: settings.watchlist, learned: [] },
      interest: undefined,
      fast: undefined,
      nowMs: () => this.clock.nowMs(),
      record: (arrivedMs, bytes) => this.writer.frame(arrivedMs, name, 'live', bytes),
      // Of sources that do not hand over their messages: what they say, in the form of RIS Live.
      apply: (input, arrivedMs) => {
        if (feed.type === 'bmp' && input.type === 'update' && input.raw !== undefined)
          this.writer.frame(arrivedMs, name, 'live', Buffer.from(input.raw));
      },
      judged: () => undefined,
      heard: () => undefined,
      problem: () => undefined,
      dropped: () => undefined,
      changed: (change) => {
        this.wasLive ||= change.state === 'live';
        const nowMs = this.clock.nowMs();
        this.writer.state(nowMs, feedStateOf(name, change, nowMs));
      },
    });
  }

  async run(): Promise<number> {
    const over = new Promise<void>((resolve) => {
      this.end = resolve;
    });
    process.on('SIGINT', this.end).on('SIGTERM', this.end);
    const progress = setInterval(() => this.tick(), PROGRESS_EVERY_MS);
    const alarm = setTimeout(() => this.tick(), Math.min(this.leftMs(), PROGRESS_EVERY_MS));
    for (const feed of this.feeds) feed.start();
    await over;
    clearInterval(progress);
    clearTimeout(alarm);
    process.off('SIGINT', this.end).off('SIGTERM', this.end);
    await Promise.all(this.feeds.map((feed) => feed.stop()));
    this.writer.close(this.clock.nowMs());
    return this.report();
  }

  private leftMs(): number {
    return Math.max(0, this.endMs - this.clock.nowMs());
  }

  private tick(): void {
    if (this.leftMs() === 0) this.end();
    if (this.io.stderr.isTTY !== true) return;
    const left = (this.leftMs() / 1000).toFixed(0);
    const states = this.feeds.map((feed) => feed.stats().state).join(', ');
    this.io.stderr.write(`\r\u001b[K${this.writer.frames} frames, feed ${states}, ${left} s left`);
  }

  private report(): number {
    const { stderr } = this.io;
    if (stderr.isTTY === true) stderr.write('\r\u001b[K');
    const { out } = this.options;
    if (this.failure !== undefined) {
      stderr.write(`error: ${out} cannot be written on: ${this.failure.message}\n`);
      return 1;
    }
    const seconds = ((this.clock.nowMs() - this.beganMs) / 1000).toFixed(1);
    stderr.write(`${this.writer.frames} frames in ${seconds} s written to ${out}\n`);
    if (this.wasLive) return 0;
    stderr.write('error: no feed was ever there\n');
    return 1;
  }
}
