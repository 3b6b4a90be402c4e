/**
 * A daemon with everything around it on loopback: the RIS Live simulator before it, stand-ins for Slack and a webhook
 * behind it, a configuration and a state directory of its own.
 */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { RisLiveSimulator } from '../../src/feed/simulator/simulator.ts';
import type { Alert, Incident } from '../../src/incident/alert.ts';
import { type HttpStandIn, httpStandIn } from '../deliver/stand-ins.ts';
import { type Ended, eventually, type Program, Running } from './program.ts';

export interface StageOptions {
  readonly watch: readonly unknown[];
  readonly detection?: Record<string, unknown>;
  readonly feed?: Record<string, unknown>;
  /** Absent: nothing is fetched. */
  readonly backfill?: Record<string, unknown>;
  readonly routes?: readonly unknown[];
  readonly rpki?: Record<string, unknown>;
  readonly network?: Record<string, unknown>;
  /** Beside `siem` and `noc`. */
  readonly receivers?: readonly unknown[];
}

/** Small times, so that stories end soon. */
const DETECTION = { resolveAfterSeconds: 0.4, updateEverySeconds: 0.001 };

export class Stage {
  readonly program: Program;
  readonly simulator = new RisLiveSimulator();
  readonly directory = mkdtempSync(join(tmpdir(), 'originwatch-e2e-'));
  readonly options: StageOptions;
  webhook!: HttpStandIn;
  slack!: HttpStandIn;
  daemon!: Running;
  url = '';
  private messagesExpected = 0;

  private constructor(program: Program, options: StageOptions) {
    this.program = program;
    this.options = options;
  }

  /** Everything but the daemon. */
  static async set(program: Program, options: StageOptions): Promise<Stage> {
    const stage = new Stage(program, options);
    await stage.simulator.listen();
    [stage.webhook, stage.slack] = await Promise.all([httpStandIn(), httpStandIn()]);
    writeFileSync(stage.file('slack-url'), `http://127.0.0.1:${stage.slack.port}/services/T0/B0/secret`);
    stage.writeWatchlist(options.watch);
    stage.writeConfig(options.detection);
    return stage;
  }

  file(name: string): string {
    return join(this.directory, name);
  }

  get configPath(): string {
    return this.file('originwatch.yaml');
  }

  writeWatchlist(watch: readonly unknown[]): void {
    this.replace('watchlist.yaml', stringify({ watch }));
  }

  writeConfig(detection: Record<string, unknown> = {}): void {
    const { webhook } = this;
    this.replace(
      'originwatch.yaml',
      stringify({
        watchlist: 'watchlist.yaml',
        stateDirectory: 'state',
        feeds: [{ type: 'ris-live', url: this.simulator.url, ...this.options.feed }],
        backfill: this.options.backfill ?? null,
        detection: { ...DETECTION, ...detection },
        receivers: [
          { name: 'siem', type: 'webhook', url: `http://127.0.0.1:${webhook.port}/siem` },
          { name: 'noc', type: 'slack', webhookUrl: { file: 'slack-url' }, language: 'ko' },
          ...(this.options.receivers ?? []),
        ],
        routes: this.options.routes ?? [],
        ...(this.options.network && { network: this.options.network }),
        ...(this.options.rpki && { rpki: this.options.rpki }),
        serve: { listen: '127.0.0.1:0' },
      }),
    );
  }

  /** As editors do it: whole or not at all. */
  replace(name: string, text: string): void {
    writeFileSync(this.file(`${name}.new`), text);
    renameSync(this.file(`${name}.new`), this.file(name));
  }

  // ------------------------------------------------------------ the daemon

  /** Starts it and waits until it is subscribed and ready. */
  async start(...args: string[]): Promise<void> {
    await this.startUnready(...args);
    await this.ready();
  }

  /** Starts it and waits until it is subscribed. */
  async startUnready(...args: string[]): Promise<void> {
    const connections = this.simulator.connections;
    this.daemon = new Running(this.program, ['run', '--config', this.configPath, ...args]);
    const { daemon } = this;
    this.url = await eventually('the address in the log', () => {
      if (!daemon.isRunning) throw new Error(daemon.stderr);
      return daemon.logged('daemon.started').length > 0 && String(daemon.logged('serve.listening')[0]?.url);
    });
    await this.simulator.until(() => this.simulator.connections > connections);
    await eventually('a fresh feed', async () => (await this.metric('originwatch_feed_connected')) === 1);
    this.messagesExpected = 0;
  }

  ready(): Promise<boolean> {
    return eventually('readyz', async () => (await fetch(`${this.url}/readyz`)).status === 200);
  }

  kill(): Promise<Ended> {
    return this.daemon.end('SIGKILL');
  }

  /** Sends frames and waits until they are judged and committed. */
  async play(...frames: readonly string[]): Promise<void> {
    for (const frame of frames) {
      if (this.simulator.send(frame) === 0) throw new Error(`nobody subscribed ${frame}`);
    }
    this.messagesExpected += frames.length;
    await this.judged(this.messagesExpected);
  }

  judged(messages: number): Promise<boolean> {
    return eventually(
      `${messages} messages judged`,
      async () => (await this.metric('originwatch_feed_messages_total')) >= messages,
    );
  }

  async close(): Promise<void> {
    if (this.daemon?.isRunning) await this.kill();
    await Promise.all([this.simulator.close(), this.webhook.close(), this.slack.close()]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  // ------------------------------------------------------------ what it says

  async get<T = Record<string, unknown>>(path: string): Promise<T> {
    const response = await fetch(`${this.url}${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async alerts(): Promise<readonly Alert[]> {
    return (await this.get<{ alerts: Alert[] }>('/api/v1/alerts?limit=1000')).alerts;
  }

  async incidents(query = ''): Promise<readonly Incident[]> {
    return (await this.get<{ incidents: Incident[] }>(`/api/v1/incidents${query}`)).incidents;
  }

  /** Waits for an alert; `group`: of this group only. */
  alert(event: string, group?: string): Promise<Alert> {
    return eventually(`an alert "${event}" ${group ?? ''}`, async () =>
      (await this.alerts()).findLast(
        (alert) => alert.event === event && (group === undefined || alert.incident.group === group),
      ),
    );
  }

  /** The sum over all label sets that hold `labels`, written as in the text form. */
  async metric(name: string, labels = ''): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    let sum = 0;
    for (const line of text.split('\n')) {
      if (line.startsWith('#') || !/^[^{ ]+/.exec(line)?.[0].startsWith(name) || !line.includes(labels))
        continue;
      if (/^[^{ ]+/.exec(line)?.[0] === name) sum += Number(line.slice(line.lastIndexOf(' ') + 1));
    }
    return sum;
  }
}

/** The event stream over HTTP. */
export class AlertStream {
  readonly alerts: Alert[] = [];
  readonly ids: string[] = [];
  private readonly abort = new AbortController();

  static async open(url: string, query = ''): Promise<AlertStream> {
    const stream = new AlertStream();
    const response = await fetch(`${url}/api/v1/alerts/stream${query}`, { signal: stream.abort.signal });
    void stream.read(response.body as AsyncIterable<Uint8Array>);
    return stream;
  }

  private async read(body: AsyncIterable<Uint8Array>): Promise<void> {
    let text = '';
    const decoder = new TextDecoder();
    try {
      for await (const chunk of body) {
        text += decoder.decode(chunk, { stream: true });
        const messages = text.split('\n\n');
        text = messages.pop() ?? '';
        for (const message of messages) this.take(message.split('\n'));
      }
    } catch {
      // Closed: by the test, or with the daemon.
    }
  }

  private take(lines: readonly string[]): void {
    if (!lines.includes('event: alert')) return;
    this.ids.push(lines.find((line) => line.startsWith('id: '))?.slice(4) ?? '');
    this.alerts.push(JSON.parse(lines.find((line) => line.startsWith('data: '))?.slice(6) ?? '') as Alert);
  }

  close(): void {
    this.abort.abort();
  }
}
