/**
 * `originwatch demo`: the Kakao hijack of 2022 against a real daemon, without any network. A RIS Live simulator on
 * loopback plays the story; the daemon, its database, its dashboard and its alert feed are those of `run`; a stand-in
 * takes what Slack would get. Everything is in a temporary directory and gone afterwards.
 */
import { createServer } from 'node:net';
import { loadSettings } from '../../config/load.ts';
import { Daemon } from '../../daemon/daemon.ts';
import { createLog } from '../../daemon/log.ts';
import { followAlerts } from '../../demo/alert-feed.ts';
import { type DemoFiles, writeDemoFiles } from '../../demo/files.ts';
import {
  frameOf,
  HIJACKED,
  KAKAO_2022,
  type ScenarioStep,
  VANTAGE_POINTS,
  WATCHED,
} from '../../demo/kakao-2022.ts';
import { Narrator, seoulTime } from '../../demo/narrator.ts';
import { type SlackStandIn, startSlackStandIn } from '../../demo/slack-stand-in.ts';
import { RisLiveSimulator } from '../../feed/simulator/simulator.ts';
import type { Alert } from '../../incident/alert.ts';
import type { Streams } from '../usage.ts';

export interface DemoOptions {
  /** Times the usual pace, which takes about a minute and a half. */
  readonly speed: number;
  /** Of the dashboard; 0 or one that is taken: a free one. */
  readonly port: number;
  /** Begin once that many dashboards are open. */
  readonly viewers: number;
  /** End after the all-clear. */
  readonly exit: boolean;
}

const RESOLVE_AFTER_SECONDS = 12;
const UPDATE_EVERY_SECONDS = 6;
/** So often the simulated peers say that they are there. */
const KEEPALIVE_MS = 20_000;
/** Between two routes of one step: they spread, they don't jump. */
const ROUTE_GAP_MS = 60;
/** How much later than due the all-clear may come before the demo gives up. */
const PATIENCE_MS = 30_000;
const VIEWERS_EVERY_MS = 200;

/** Resolves with 0 after the all-clear or a signal, with 1 when the daemon did not do what the story says. */
export async function runDemo(options: DemoOptions, io: Streams): Promise<number> {
  const demo = new Demo(options, io);
  try {
    return await demo.run();
  } finally {
    await demo.close();
  }
}

class Demo {
  private readonly options: DemoOptions;
  private readonly io: Streams;
  private readonly narrator: Narrator;
  private readonly simulator = new RisLiveSimulator();
  /** Aborted by a signal, and at the end. */
  private readonly over = new AbortController();
  private readonly seen: Alert[] = [];
  private slack: SlackStandIn | undefined;
  private files: DemoFiles | undefined;
  private daemon: Daemon | undefined;
  private url = '';
  private broken: unknown;
  private slackMessages = 0;
  private sentMs = 0;
  private onAllClear: () => void = () => undefined;

  constructor(options: DemoOptions, io: Streams) {
    this.options = options;
    this.io = io;
    this.narrator = new Narrator(io.stdout);
  }

  async run(): Promise<number> {
    const stop = (): void => this.over.abort();
    process.on('SIGINT', stop).on('SIGTERM', stop);
    const allClear = new Promise<void>((resolve) => {
      this.onAllClear = resolve;
    });
    this.url = await this.start();
    await followAlerts(this.url, (alert) => this.heardAlert(alert), this.over.signal);
    this.introduce();
    await this.awaitViewers();
    for (const step of KAKAO_2022) await this.play(step);
    if (!this.over.signal.aborted) await this.awaitAllClear(allClear);
    if (this.over.signal.aborted) return this.broken === undefined ? 0 : 1;
    if (this.seen.at(-1)?.event !== 'resolved') {
      this.io.stderr.write('error: the incident was not resolved in time\n');
      return 1;
    }
    this.conclude();
    if (!this.options.exit) await this.untilStopped();
    return this.broken === undefined ? 0 : 1;
  }

  async close(): Promise<void> {
    this.over.abort();
    await this.daemon?.stop();
    await Promise.all([this.simulator.close(), this.slack?.close()]);
    this.files?.remove();
  }

  // ------------------------------------------------------------ setting the stage

  private async start(): Promise<string> {
    const { speed } = this.options;
    const port = await this.freePort();
    const feedUrl = await this.simulator.listen();
    this.slack = await startSlackStandIn((lines) => this.heardSlack(lines));
    this.files = writeDemoFiles({
      feedUrl,
      slackUrl: this.slack.url,
      port,
      resolveAfterSeconds: Math.max(1, RESOLVE_AFTER_SECONDS / speed),
      updateEverySeconds: Math.max(1, UPDATE_EVERY_SECONDS / speed),
    });
    const { configPath, stateDirectory } = this.files;
    const { settings } = loadSettings({ configPath, env: {} });
    this.daemon = new Daemon({
      settings,
      stateDirectory,
      recordTo: undefined,
      log: createLog(settings.log.level, this.io.stderr),
      onBroken: (error) => {
        this.broken = error;
        this.io.stderr.write(`error: the daemon broke: ${String(error)}\n`);
        this.over.abort();
      },
    });
    const url = await this.daemon.start();
    this.simulator.keepAlive(VANTAGE_POINTS, KEEPALIVE_MS);
    await this.simulator.until(() => (this.simulator.clients[0]?.subscriptions.length ?? 0) > WATCHED.length);
    return url;
  }

  private async freePort(): Promise<number> {
    const { port } = this.options;
    if (port === 0 || (await isFree(port))) return port;
    this.narrator.line(`Port ${port} is taken; the dashboard takes a free one.`);
    return 0;
  }

  // ------------------------------------------------------------ telling the story

  private introduce(): void {
    const { narrator, url } = this;
    const config = this.files?.configPath ?? '';
    narrator.line(
      'Originwatch demo: the hijack of Kakao’s addresses on 3 February 2022, played to a real daemon.',
    );
    narrator.line(
      'The simulator speaks RIS Live on loopback; routes are stamped with the present. No network is used.',
    );
    narrator.line(
      'Where no public record was found (who saw it, how it spread), stand-ins are played: marked *.',
    );
    narrator.line();
    narrator.line(`  Dashboard    ${url}/`);
    narrator.line(`  Alert feed   curl -N ${url}/api/v1/alerts/stream`);
    narrator.line(`  Incidents    curl ${url}/api/v1/incidents`);
    narrator.line(`  Is it BGP?   curl '${url}/api/v1/status?resource=${WATCHED[0].service}'`);
    narrator.line(`  Commands     originwatch incidents list --config ${config}`);
  }

  /** Whoever looks follows the alerts; one stream is our own. */
  private async awaitViewers(): Promise<void> {
    const { viewers } = this.options;
    if (viewers === 0) return;
    this.narrator.line();
    this.narrator.line(`The story begins when the dashboard is open ${viewers}×.`);
    while (!this.over.signal.aborted && (await this.streams()) <= viewers) await this.pause(VIEWERS_EVERY_MS);
  }

  private async streams(): Promise<number> {
    const response = await fetch(`${this.url}/api/v1/daemon`, { signal: this.over.signal }).catch(
      () => undefined,
    );
    return response?.ok === true ? ((await response.json()) as { streams: number }).streams : 0;
  }

  private async play(step: ScenarioStep): Promise<void> {
    await this.pause((step.pauseSeconds * 1_000) / this.options.speed);
    if (this.over.signal.aborted) return;
    this.narrator.paragraph(`${seoulTime(step.at)}${step.isStandIn ? ' *' : ''}`, step.say);
    this.sentMs = Date.now();
    const isQuick = step === KAKAO_2022[0];
    for (const route of step.routes) {
      if (this.over.signal.aborted) return;
      this.simulator.send(frameOf(route, Date.now()));
      if (!isQuick) await this.pause(ROUTE_GAP_MS / this.options.speed);
    }
    if (step.asks !== undefined) await this.ask(step.asks);
  }

  private async ask(resource: string): Promise<void> {
    const response = await fetch(`${this.url}/api/v1/status?resource=${encodeURIComponent(resource)}`, {
      signal: this.over.signal,
    }).catch(() => undefined);
    if (response?.ok !== true) return;
    const { verdict, because } = (await response.json()) as { verdict: string; because: { en: string }[] };
    this.narrator.heard('is it BGP?', `${resource}: ${verdict}. ${because.map(({ en }) => en).join(' ')}`);
  }

  private heardAlert(alert: Alert): void {
    this.seen.push(alert);
    const { incident } = alert;
    const text = `#${alert.seq} ${alert.event}, ${incident.severity}: ${incident.summary.en}`;
    const afterMs = Date.parse(alert.at) - this.sentMs;
    const isFirst = this.seen.length === 1;
    this.narrator.heard(
      'alert feed',
      isFirst ? `${text} (${Math.max(0, afterMs)} ms after the route)` : text,
    );
    if (alert.event === 'resolved') this.onAllClear();
  }

  /** The first message whole, of the others what a phone would show. */
  private heardSlack(lines: readonly string[]): void {
    this.slackMessages += 1;
    const shown = this.slackMessages === 1 ? lines : lines.slice(0, 2);
    for (const line of shown) if (line.trim() !== '') this.narrator.heard('Slack', line);
  }

  private async awaitAllClear(allClear: Promise<void>): Promise<void> {
    this.narrator.paragraph(
      'A while later',
      'No vantage point carries them any more. Silence is not safety: Originwatch waits (five minutes in real life, shorter here) before it says that it is over.',
    );
    const dueMs = Math.max(1, RESOLVE_AFTER_SECONDS / this.options.speed) * 1_000;
    await Promise.race([allClear, this.pause(dueMs + PATIENCE_MS)]);
    // The message to Slack follows the alert; Slack takes one a second.
    if (this.options.exit) await this.pause(Math.min(1_500, 3_000 / this.options.speed));
  }

  private conclude(): void {
    const opened = this.seen.find(({ event }) => event === 'opened');
    this.narrator.paragraph(
      'All clear',
      `One incident, ${opened?.incident.severity ?? ''} from its first update on: ${HIJACKED.join(' and ')}, taken by AS${opened?.incident.offender ?? ''}. In 2022 that moment was 75 minutes and 42 seconds before the first user noticed, and 87 minutes before the first theft.`,
    );
  }

  private async untilStopped(): Promise<void> {
    this.narrator.line();
    this.narrator.line(`The daemon stays up: ${this.url}/   Ctrl-C ends it.`);
    const { signal } = this.over;
    if (signal.aborted) return;
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }

  /** Cut short by a signal. */
  private async pause(ms: number): Promise<void> {
    const { signal } = this.over;
    if (ms <= 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1' }, () => probe.close(() => resolve(true)));
  });
}
