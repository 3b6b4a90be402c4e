/**
 * The live daemon, composed: store, engine and driver in the middle; feeds, RPKI, receivers and HTTP around it.
 * Everything here is wiring; what judges is in the engine, and a replay runs the very same driver.
 */
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { sameValue } from '../config/compare.ts';
import type { Settings } from '../config/settings.ts';
import type { Operator, Published, StoreReason } from '../engine/ports.ts';
import { restoreEngine } from '../engine/restore.ts';
import { systemClock } from '../feed/surroundings.ts';
import type { RpkiData } from '../judge/rpki-data.ts';
import { VantagePointTable } from '../match/vantage-point-table.ts';
import { Outside } from '../outside/outside.ts';
import { createMetrics, type Metrics } from '../serve/metrics.ts';
import { createServer, type Server } from '../serve/server.ts';
import { logChanges } from './change-log.ts';
import type { MachineClocks } from './clock/arrival-clock.ts';
import { LiveTime } from './clock/live-time.ts';
import { machineClocks } from './clock/machine-clocks.ts';
import { CommitSchedule } from './commit-schedule.ts';
import { dashboardDirectory, homeOf } from './dashboard-directory.ts';
import { Deliveries } from './deliveries.ts';
import { Driver } from './driver.ts';
import { Durable } from './durable/durable.ts';
import { ColumnsKeeper } from './durable/kept-columns.ts';
import { LiveFeeds } from './feeds/live-feeds.ts';
import { sourceCodes } from './feeds/sources.ts';
import { archivePort, operatorPort, presentPort, troubleOf } from './live-ports.ts';
import { preparedReload } from './prepared-reload.ts';
import { openRecording, type Recorder } from './recorder.ts';
import { beatWhileWell, Repeating } from './repeating.ts';
import { openRpkiSources, type RpkiSources } from './rpki-sources.ts';
import { loadScanner } from './scanner-file.ts';
import { announceDaemon, prepareStateDirectory, withdrawDaemon } from './state-directory.ts';
import { VERSION } from './version.ts';
import { networkOf } from './way-out.ts';

export interface DaemonOptions {
  readonly settings: Settings;
  readonly stateDirectory: string;
  readonly recordTo: string | undefined;
  /** Where the settings came from, for commands beside this daemon. */
  readonly configPath?: string;
  readonly log: Logger;
  /** For tests that turn the clocks. */
  readonly machine?: MachineClocks;
  /** The process cannot go on: our own store failed. */
  readonly onBroken: (error: unknown) => void;
}

/** Alerts that a receiver never got, on the dashboard. */
const GIVEN_UP_SHOWN = 20;
/** The next look at coverage. */
const COVERAGE_EVERY_MS = 10_000;
const CLOCK_EVERY_MS = 1_000;

export class Daemon {
  settings: Settings;
  readonly metrics: Metrics;
  readonly driver: Driver;
  readonly feeds: LiveFeeds;
  private readonly options: DaemonOptions;
  readonly log: Logger;
  private readonly clock: LiveTime;
  readonly outside: Outside;
  private readonly commits: CommitSchedule;
  private readonly durable: Durable;
  private readonly keeper: ColumnsKeeper;
  private readonly recorder: Recorder | undefined;
  private readonly server: Server;
  private readonly operator: Operator;
  private readonly adminToken: string;
  private readonly startedAt = new Date().toISOString();
  private readonly rpki: RpkiSources<RpkiData>;
  private deliveries: Deliveries;
  /** Resolves when the receivers of the configuration in force are at work. */
  private replacing: Promise<void> = Promise.resolve();
  /** Where the server listens; empty before it does. */
  private url = '';
  private readonly repeating = new Repeating();
  private observationsCounted = 0;
  private lastReload:
    | { readonly at: string; readonly result: string; readonly problems: readonly string[] }
    | undefined;

  constructor(options: DaemonOptions) {
    this.options = options;
    this.settings = options.settings;
    this.log = options.log;
    this.clock = new LiveTime(options.machine ?? machineClocks, this.log, () => this.metrics.clockJumped());
    this.outside = new Outside(networkOf(options.settings.network));
    const { token, wasKilled } = prepareStateDirectory(options.stateDirectory);
    this.adminToken = token;
    this.durable = new Durable({
      ...options,
      wasKilled,
      nowMs: () => this.clock.nowMs(),
      onState: (state, reason) => this.storeState(state, reason),
      onUnwritten: () => this.deliveries.wake(),
      onBack: () => this.announce(),
    });
    this.keeper = new ColumnsKeeper(this.durable.store, options.log);
    const { settings } = options;
    const nowMs = this.clock.nowMs();
    const codes = sourceCodes();
    this.metrics = createMetrics({
      feeds: settings.feeds.map(({ name }) => name),
      receivers: settings.receivers.map(({ name }) => name),
      decodeCodes: codes.problems,
      dropReasons: codes.drops,
    });
    this.recorder = openRecording(options.recordTo, nowMs, this.log);
    const remembered = this.durable.store.remember();
    this.recorder?.begin(settings, remembered, nowMs);
    const scanner = loadScanner();
    const table = new VantagePointTable(scanner);
    const engine = restoreEngine(
      settings,
      remembered,
      nowMs,
      settings.feeds.map(({ name }) => name),
      table,
    );
    this.driver = new Driver({
      engine,
      target: this.durable.keeper,
      onInput: (input, arrivedMs) => this.recorder?.input(input, arrivedMs),
      beforeCommit: () => this.recorder?.beforeCommit(engine.view.nowMs),
      onFailed: options.onBroken,
      onCommitted: (published) => this.committed(published),
      onOutbox: () => this.deliveries.wake(),
      onPublished: (published) => logChanges(this.log, published),
    });
    this.commits = new CommitSchedule({
      driver: this.driver,
      onClean: () => this.countCommitted(),
      afterTurn: () => {
        this.feeds.followLearned();
        this.armDeadline();
      },
      onBroken: options.onBroken,
    });
    this.operator = operatorPort(this.driver, this.clock, {
      refusal: () => this.durable.keeper.refusal(),
      afterwards: () => this.armDeadline(),
    });
    this.deliveries = this.makeDeliveries();
    this.feeds = new LiveFeeds({
      settings,
      engine,
      scanner,
      table,
      driver: this.driver,
      clock: this.clock,
      metrics: this.metrics,
      outside: this.outside,
      log: this.log,
      recorder: this.recorder,
      coverage: this.durable.coverage,
      commit: () => {
        this.commits.beforeReading();
        return !this.driver.isDirty && !this.durable.keeper.isHolding;
      },
      afterInput: () => this.commits.soon(),
    });
    this.rpki = this.makeRpki();
    this.server = this.makeServer();
    this.registerGauges();
  }

  // ------------------------------------------------------------ running

  /** Resolves with the address of the dashboard and the API. */
  async start(): Promise<string> {
    const { url } = await this.server.listen();
    this.url = url;
    this.driver.commit();
    this.durable.start(this.repeating);
    this.announce();
    this.deliveries.start();
    this.rpki.start();
    this.feeds.start();
    this.armDeadline();
    this.repeating.every(CLOCK_EVERY_MS, () => this.lookAtClock());
    this.repeating.every(COVERAGE_EVERY_MS, () => this.feeds.writeCoverage());
    beatWhileWell(this.repeating, this.settings.heartbeat, this, () =>
      troubleOf(this.feeds.readiness(), this.durable.keeper.isOk, this.deliveries.states()),
    );
    this.keeper.keep(this.settings.watchlist);
    this.log.info({ event: 'daemon.started', version: VERSION, stateDirectory: this.options.stateDirectory });
    return url;
  }

  /** An orderly stop: nothing new comes in, what is held back is said and committed, connections end. */
  async stop(): Promise<void> {
    this.keeper.stop();
    this.repeating.stop();
    this.clock.arm(undefined, () => undefined);
    await Promise.all([this.rpki.stop(), this.feeds.stop()]);
    await this.recorder?.settled();
    const nowMs = this.clock.nowMs();
    this.clock.arm(undefined, () => undefined);
    this.commits.stop();
    this.driver.apply({ type: 'daemon', state: 'stopped' }, nowMs);
    this.driver.commitAll(() => performance.now());
    this.feeds.writeCoverage();
    await this.durable.keeper.stop();
    this.recorder?.close(nowMs);
    withdrawDaemon(this.options.stateDirectory);
    await Promise.all([this.server.close(), this.replacing.then(() => this.deliveries.stop())]);
    this.durable.store.close();
  }

  private announce(): void {
    const said = { url: this.url, token: this.adminToken, config: this.options.configPath };
    const failure = announceDaemon(this.options.stateDirectory, said);
    if (failure !== undefined) this.log.warn({ event: 'daemon.unannounced', detail: failure });
  }

  private storeState(state: 'ok' | 'away', reason: StoreReason): void {
    const input = { type: 'store-state', state, reason } as const;
    this.driver.apply(input, this.clock.nowMs());
    this.commits.now();
  }

  /** Everything that was judged is committed: it counts. */
  private countCommitted(): void {
    this.feeds.countJudged();
    const { observations } = this.driver.view;
    this.metrics.observations(observations - this.observationsCounted);
    this.observationsCounted = observations;
  }

  private committed(published: readonly Published[]): void {
    this.recorder?.committed(published);
    for (const one of published) {
      if (one.type === 'incident') this.deliveries.changed(one.incident);
      if (one.type !== 'alert') continue;
      this.metrics.alert(one.alert.event);
      const sinceMs = this.commits.sinceFrameMs();
      if (sinceMs !== undefined) this.metrics.detectionLatency(sinceMs / 1000);
    }
  }

  /** The engine's next deadline fires when no input comes before it. */
  private armDeadline(): void {
    this.clock.arm(this.driver.view.nextDeadlineMs, () => {
      this.driver.advance(this.clock.nowMs());
      this.commits.now();
    });
  }

  /** Somebody set the machine's clock, or it was suspended: deadlines run on as if nothing had happened. */
  private lookAtClock(): void {
    const leap = this.clock.leap();
    if (leap === undefined) return;
    const nowMs = this.clock.nowMs();
    this.log.warn({ event: 'clock.followed', ...leap });
    this.feeds.leapt(leap, nowMs);
    this.driver.apply({ type: 'clock', leap }, nowMs);
    this.commits.now();
    this.deliveries.wake();
  }

  // ------------------------------------------------------------ parts

  private makeDeliveries(): Deliveries {
    return new Deliveries({
      receivers: this.settings.receivers,
      outbox: this.durable.outbox,
      time: this.clock,
      outside: this.outside,
      metrics: this.metrics,
      log: this.log,
      operator: () => this.operator,
      home: () => homeOf(this.settings.serve.publicUrl, this.url),
      ownUrl: () => (this.url === '' ? '' : `${this.url}/`),
      standing: (receiver) => this.driver.view.toldOf(receiver),
      onBroken: this.options.onBroken,
    });
  }

  private makeRpki(): RpkiSources<RpkiData> {
    const around = { clock: systemClock, log: this.log, outside: this.outside };
    return openRpkiSources(this.settings.rpki, around, (data) => {
      const apply = (): void => {
        this.driver.apply({ type: 'rpki', rpki: data }, this.clock.nowMs());
        this.commits.now();
      };
      if (this.recorder === undefined) apply();
      else this.recorder.rpkiReady(data, apply);
    });
  }

  private makeServer(): Server {
    const archive = archivePort(this.durable.store.archive, {
      commit: () => this.commits.beforeReading(),
      writeCoverage: () => this.feeds.writeCoverage(),
      provisionalCoverage: () => this.feeds.provisionalCoverage(),
    });
    return createServer({
      archive,
      present: presentPort(this.driver, this.clock, archive, {
        feeds: () => this.feeds.readiness(),
        isWritable: () => this.durable.keeper.isOk,
        knowledge: () => this.settings.knowledge,
      }),
      operator: this.operator,
      publisher: this.driver,
      metricsText: () => this.metricsText(),
      settings: { ...this.settings.serve, tokens: this.tokens() },
      clock: this.clock,
      log: this.log,
      notifyTest: (receiver) => this.deliveries.test(receiver),
      daemon: () => ({
        version: VERSION,
        startedAt: this.startedAt,
        receivers: this.deliveries.states(),
        givenUp: this.durable.store.outbox.failures(GIVEN_UP_SHOWN),
        reload: this.lastReload ?? null,
        rpki: this.rpki.freshness() ?? null,
      }),
      sessionKey: createHash('sha256').update(`session ${this.adminToken}`).digest(),
      refused: (reason) => this.metrics.httpRefused(reason),
      version: VERSION,
      ...dashboardDirectory(),
    });
  }

  private tokens(): Settings['serve']['tokens'] {
    const admin = { name: 'admin', token: { reveal: () => this.adminToken }, scope: 'write' as const };
    return [...this.settings.serve.tokens, admin];
  }

  private async metricsText(): Promise<string> {
    this.commits.beforeReading();
    this.feeds.refreshMetrics();
    return this.metrics.text();
  }

  private registerGauges(): void {
    this.metrics.store(() => this.durable.now());
    this.metrics.clockAhead(() => this.clock.aheadMs() / 1000);
    this.metrics.incidents(() =>
      Array.from(this.driver.view.incidents(), (incident) => ({ ...incident, count: 1 })),
    );
  }

  // ------------------------------------------------------------ reload

  /**
   * Takes new settings into force, whole and within one turn, once it is known what they change. Feeds keep their
   * connection; only what changed is subscribed. One reload at a time.
   */
  async reload(next: Settings): Promise<void> {
    const { receivers, network } = this.settings;
    const input = await preparedReload(this.driver.view, this.settings, next);
    this.settings = {
      ...next,
      feeds: this.settings.feeds,
      rpki: this.settings.rpki,
      stateDirectory: this.settings.stateDirectory,
    };
    this.driver.apply(input, this.clock.nowMs());
    this.feeds.reload(next);
    this.commits.now();
    this.server.applyTokens(this.tokens());
    this.server.applyHosts(next.serve.hosts);
    if (!sameValue(network, next.network)) this.outside.use(networkOf(next.network));
    if (!sameValue([receivers, network], [next.receivers, next.network])) this.replaceDeliveries(receivers);
    this.log.level = next.log.level;
    this.reloaded('ok', []);
    this.keeper.keep(next.watchlist);
  }

  /** Shown in the log, the metric and on the dashboard; the old configuration stays in force. */
  reloadFailed(problems: readonly string[]): void {
    this.reloaded('error', problems);
  }

  private reloaded(result: 'ok' | 'error', problems: readonly string[]): void {
    this.metrics.reload(result);
    this.lastReload = { at: new Date().toISOString(), result, problems };
  }

  /** What is on its way ends first, so that nothing is sent twice side by side. */
  private replaceDeliveries(old: Settings['receivers']): void {
    this.replacing = this.replacing
      .then(async () => {
        await this.deliveries.stop();
        for (const { name } of old) this.metrics.outboxGone(name);
        this.deliveries = this.makeDeliveries();
        this.deliveries.start();
      })
      .catch((error: unknown) => this.options.onBroken(error));
  }
}
