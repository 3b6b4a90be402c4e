/**
 * `originwatch replay FILE…`: recorded input through the very pipeline of the daemon, under a virtual clock. Never
 * touches the network, never notifies. stdout: alerts; stderr: progress, problems, totals.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { Settings } from '../../config/settings.ts';
import { Driver } from '../../daemon/driver.ts';
import type { Interest } from '../../decode/bgp/update.ts';
import type { EngineConfig } from '../../engine/config.ts';
import type { Engine } from '../../engine/engine.ts';
import { interestOf } from '../../engine/interest.ts';
import type { FeedInput, Remembered } from '../../engine/ports.ts';
import {
  inputOf,
  type RecordedFeed,
  UnreadableInput,
  type WrittenInput,
} from '../../engine/recorded/inputs.ts';
import { restoreEngine } from '../../engine/restore.ts';
import { BZIP2 } from '../../feed/files/bzip2.ts';
import { XZ, ZSTD } from '../../feed/files/decompress-tool.ts';
import { formatFileProblem, RecordedInput } from '../../feed/files/files.ts';
import type { FileRecord, Recorded } from '../../feed/files/forms.ts';
import { mrtForm } from '../../feed/files/mrt-files.ts';
import type { Stamped } from '../../feed/files/stamps.ts';
import { ignoring } from '../../feed/peers.ts';
import { keepsCollector } from '../../feed/ris-live/subscription.ts';
import { loadVrpFile } from '../../feed/rpki/vrp-export.ts';
import { systemClock } from '../../feed/surroundings.ts';
import type { Alert } from '../../incident/alert.ts';
import { type RpkiData, RpkiDataBuilder } from '../../judge/rpki-data.ts';
import { WatchPlan } from '../../judge/watch-plan.ts';
import { DATABASE_FILE, openStore, type SqliteStore } from '../../store/store.ts';
import { alertLine } from '../alert-line.ts';
import { Output } from '../output.ts';
import { Progress } from '../progress.ts';
import { ReplayedAlerts } from './replayed-alerts.ts';

export interface ReplayOptions {
  readonly files: readonly string[];
  readonly settings: Settings;
  /** Given on the command line: these win over what a recording holds of its day. */
  readonly given?: { readonly watchlist: boolean; readonly vrps: boolean };
  readonly json: boolean;
  /** Keeps and continues this state; undefined: in memory. */
  readonly state: string | undefined;
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  /** Times real time; undefined: as fast as it goes. */
  readonly speed: number | undefined;
  readonly collector: string | undefined;
}

export interface ReplayStreams {
  readonly stdout: Writable;
  readonly stderr: Writable & { readonly isTTY?: boolean };
}

const NOTHING: Remembered = {
  nextSeq: 1,
  segments: [],
  ribTable: [],
  baseline: [],
  incidents: [],
  silences: [],
  memory: new Map(),
};

/** Returns the exit code: 0, or 1 when nothing could be read. */
export async function runReplay(options: ReplayOptions, io: ReplayStreams): Promise<number> {
  const replay = new Replay(options, io);
  try {
    return await replay.run();
  } finally {
    replay.close();
  }
}

class Replay {
  private readonly options: ReplayOptions;
  private readonly io: ReplayStreams;
  private readonly output: Output;
  private readonly progress: Progress;
  private readonly store: SqliteStore | undefined;
  private driver: Driver | undefined;
  private engine: Engine | undefined;
  /** Whose frames are judged: as configured, or as the recording says. */
  private feeds: readonly RecordedFeed[];
  private readonly told: ReplayedAlerts;
  /** What of MRT files is worth an object. */
  private interest: Interest;
  private clockMs = 0;
  private isFilling: boolean;
  private readonly problems = new Map<string, number>();
  private alerts = 0;
  private inputs = 0;
  /** Wall clock and virtual clock where the paced part begins. */
  private pace: { readonly wallMs: number; readonly clockMs: number } | undefined;

  constructor(options: ReplayOptions, io: ReplayStreams) {
    this.options = options;
    this.io = io;
    this.output = new Output(io.stdout);
    this.progress = new Progress(options.files, io.stderr);
    this.isFilling = options.fromMs !== undefined;
    this.feeds = options.settings.feeds;
    this.told = new ReplayedAlerts((alert) => this.print(alert));
    const firstPlan = new WatchPlan(options.settings.watchlist);
    this.interest = interestOf(() => firstPlan);
    if (options.state === undefined) return;
    mkdirSync(options.state, { recursive: true });
    this.store = openStore(join(options.state, DATABASE_FILE), { lock: true });
  }

  close(): void {
    this.progress.end();
    this.store?.close();
  }

  async run(): Promise<number> {
    const rpki = await this.loadRpki();
    const input = new RecordedInput({
      files: this.options.files,
      forms: [
        mrtForm({
          collector: this.options.collector,
          interest: {
            prefix: (...words) => this.interest.prefix(...words),
            origin: (asn) => this.interest.origin?.(asn) ?? false,
          },
        }),
      ],
      compressions: [BZIP2, XZ, ZSTD],
      onProblem: (problem) => this.say(formatFileProblem(problem)),
      onProgress: (bytes) => this.progress.read(bytes),
    });
    for await (const batch of input.batches()) {
      for (const stamped of batch) {
        if (this.options.toMs !== undefined && stamped.arrivedMs > this.options.toMs) continue;
        this.begin(stamped.arrivedMs, rpki);
        await this.step(stamped, rpki);
      }
      this.driver?.commit();
      if (this.output.isFull && !(await this.output.flush())) return 0;
    }
    this.end(rpki);
    await this.output.flush();
    this.report(input);
    return input.nothingRead() ? 1 : 0;
  }

  private async loadRpki(): Promise<RpkiData | undefined> {
    const { file } = this.options.settings.rpki;
    if (file === undefined) return undefined;
    return (await loadVrpFile(file, new RpkiDataBuilder(), systemClock)).data;
  }

  /** The engine begins with the first record. */
  private begin(atMs: number, rpki: RpkiData | undefined): void {
    if (this.driver !== undefined) return;
    const remembered = this.store?.remember() ?? NOTHING;
    this.use(restoreEngine(this.options.settings, remembered, atMs, []), atMs, rpki);
  }

  private use(engine: Engine, atMs: number, rpki: RpkiData | undefined): void {
    this.engine = engine;
    this.interest = engine.view.interest();
    this.clockMs = atMs;
    this.driver = new Driver({
      engine,
      target: this.store ?? { commit: () => undefined, keepsState: false },
      onCommitted: (published) => this.told.committed(published),
    });
    if (rpki !== undefined) this.driver.apply({ type: 'rpki', rpki }, atMs);
    if (this.isFilling) this.driver.apply({ type: 'filling', state: 'begins' }, atMs);
  }

  /** What an own recording says beside frames and states of feeds. */
  private recorded(recorded: Recorded, driver: Driver, atMs: number, rpki: RpkiData | undefined): void {
    if (recorded.type === 'committed') {
      driver.advance(atMs);
      driver.commit();
      this.told.through(recorded.seq);
      return;
    }
    try {
      this.said(inputOf(recorded.value, recorded.textOf), driver, atMs, rpki);
      this.inputs += 1;
    } catch (error) {
      if (!(error instanceof UnreadableInput)) throw error;
      recorded.report(error.message);
      driver.advance(atMs);
    }
  }

  private said(input: WrittenInput, driver: Driver, atMs: number, rpki: RpkiData | undefined): void {
    const { given, settings } = this.options;
    const configOf = (config: EngineConfig): EngineConfig =>
      given?.watchlist === true ? { ...config, watchlist: settings.watchlist } : config;
    if (input.type === 'begin') this.beginAgain(input, configOf(input.config), driver, atMs, rpki);
    else if (input.type === 'config') {
      const config = configOf(input.config);
      const change =
        input.isInPlace && this.engine ? ended(this.engine.view.compare(config.watchlist)) : undefined;
      driver.apply({ type: 'config', config, change }, atMs);
    } else if (input.type === 'rpki') {
      if (given?.vrps !== true) driver.apply(input, atMs);
    } else driver.apply(input, atMs);
  }

  /**
   * The daemon began with what it remembered: so does the replay, and what was judged before and not committed is gone as it
   * was then. A state that is kept, or another watchlist, makes it another day: that one goes on.
   */
  private beginAgain(
    { remembered, feeds }: Extract<WrittenInput, { readonly type: 'begin' }>,
    config: EngineConfig,
    driver: Driver,
    atMs: number,
    rpki: RpkiData | undefined,
  ): void {
    this.feeds = feeds;
    if (this.store !== undefined || this.options.given?.watchlist === true) {
      driver.apply({ type: 'config', config, change: undefined }, atMs);
      for (const { name: feed } of feeds)
        driver.apply({ type: 'feed-state', feed, state: 'down', reason: 'starting' }, atMs);
      return;
    }
    driver.commit();
    this.told.begin(remembered.nextSeq);
    const names = feeds.map(({ name }) => name);
    this.use(
      restoreEngine(config, remembered, atMs, names),
      atMs,
      this.options.given?.vrps ? rpki : undefined,
    );
  }

  private async step(stamped: Stamped<FileRecord>, rpki: RpkiData | undefined): Promise<void> {
    const { driver } = this;
    const { record, arrivedMs } = stamped;
    for (const { code } of record.problems) this.problems.set(code, (this.problems.get(code) ?? 0) + 1);
    if (driver === undefined) return;
    const atMs = Math.max(this.clockMs, arrivedMs);
    if (this.isFilling && atMs >= (this.options.fromMs ?? 0)) this.endFilling(driver);
    if (this.options.speed !== undefined && !this.isFilling) await this.wait(atMs, this.options.speed);
    this.clockMs = atMs;
    if (record.recorded !== undefined) this.recorded(record.recorded, driver, atMs, rpki);
    else if (record.input === undefined || !this.isKept(record.input)) driver.advance(atMs);
    else {
      this.inputs += 1;
      driver.apply(record.input, atMs);
    }
    if (this.options.speed !== undefined) {
      this.driver?.commit();
      await this.output.flush();
    }
  }

  /** An own recording holds every frame; the feed's collectors are kept as the daemon kept them. */
  private isKept(input: FeedInput): boolean {
    if (input.type !== 'update' && input.type !== 'peer-state') return true;
    const feed = this.feeds.find(({ name }) => name === input.feed);
    const { vantagePoint } = input.type === 'update' ? input.update : input.change;
    if (feed === undefined) return true;
    return (
      keepsCollector(feed.collectors, vantagePoint.collector) && !ignoring(feed.ignorePeers)(vantagePoint)
    );
  }

  private endFilling(driver: Driver): void {
    this.isFilling = false;
    driver.apply({ type: 'filling', state: 'ends' }, Math.max(this.clockMs, this.options.fromMs ?? 0));
    driver.commit();
  }

  private async wait(atMs: number, speed: number): Promise<void> {
    this.pace ??= { wallMs: Date.now(), clockMs: atMs };
    const dueMs = this.pace.wallMs + (atMs - this.pace.clockMs) / speed;
    const leftMs = dueMs - Date.now();
    if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(leftMs, 2_147_483_647)));
  }

  /** `--to` beyond the last record lets the clock run on to it; what is held back is said at the end. */
  private end(rpki: RpkiData | undefined): void {
    const { fromMs, toMs } = this.options;
    if (this.driver === undefined) {
      if (this.store === undefined || toMs === undefined) return;
      this.begin(toMs, rpki);
    }
    if (this.driver === undefined) return;
    if (this.isFilling && (toMs === undefined || toMs >= (fromMs ?? 0))) this.endFilling(this.driver);
    if (toMs !== undefined) this.clockMs = Math.max(this.clockMs, toMs);
    this.driver.apply({ type: 'daemon', state: 'stopped' }, this.clockMs);
    this.driver.commitAll();
    this.told.end();
  }

  private print(alert: Alert): void {
    this.alerts += 1;
    this.output.line(this.options.json ? JSON.stringify(alert) : alertLine(alert));
  }

  private say(text: string): void {
    this.progress.clear();
    this.io.stderr.write(`${text}\n`);
  }

  private report(input: RecordedInput): void {
    this.progress.end();
    for (const [code, count] of [...this.problems].sort()) this.say(`${code}: ${count}`);
    const records = input.summaries().reduce((sum, file) => sum + file.records, 0);
    this.say(
      `${records} records, ${this.inputs} inputs, ${this.driver?.view.observations ?? 0} observations of watched space, ${this.alerts} alerts`,
    );
  }
}

/** Does long work to its end. */
function ended<T>(work: Generator<void, T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
