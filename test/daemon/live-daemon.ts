/**
 * The daemon as it is composed, in this very process: real store, sockets and receivers, the RIS Live simulator before it,
 * on loopback; only the machine's clocks can be turned.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { loadSettings } from '../../src/config/load.ts';
import type { Settings } from '../../src/config/settings.ts';
import type { MachineClocks } from '../../src/daemon/clock/arrival-clock.ts';
import { machineClocks } from '../../src/daemon/clock/machine-clocks.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { frameOf } from '../../src/demo/kakao-2022.ts';
import { RisLiveSimulator } from '../../src/feed/simulator/simulator.ts';
import type { Alert, Incident } from '../../src/incident/alert.ts';
import { eventually } from '../e2e/program.ts';

export interface LiveDaemonOptions {
  readonly watch?: readonly unknown[];
  readonly detection?: Readonly<Record<string, unknown>>;
  /** Further top-level keys of the configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly record?: boolean;
  readonly machine?: MachineClocks;
  /** Puts files in place before it starts. */
  readonly before?: (live: LiveDaemon) => void;
}

const WATCH = [{ prefix: '203.0.112.0/22', origins: [64500], group: 'ours' }];
/** Small times, so that stories end soon. */
const DETECTION = { resolveAfterSeconds: 0.4, updateEverySeconds: 0.001 };

export class LiveDaemon {
  readonly directory = mkdtempSync(join(tmpdir(), 'originwatch-live-'));
  readonly simulator = new RisLiveSimulator();
  readonly logged: Record<string, unknown>[] = [];
  readonly broken: unknown[] = [];
  private readonly options: LiveDaemonOptions;
  daemon!: Daemon;
  url = '';

  private constructor(options: LiveDaemonOptions) {
    this.options = options;
  }

  static async start(options: LiveDaemonOptions = {}): Promise<LiveDaemon> {
    const live = new LiveDaemon(options);
    await live.simulator.listen();
    options.before?.(live);
    await live.begin();
    return live;
  }

  /** Starts it on what an earlier one left, and waits until it is ready. */
  async begin(): Promise<void> {
    this.daemon = new Daemon({
      settings: this.settings(),
      stateDirectory: this.file('state'),
      recordTo: this.options.record === true ? this.file('recording.ndjson') : undefined,
      log: pino({ base: null }, { write: (line) => this.logged.push(JSON.parse(line)) }),
      machine: this.options.machine ?? machineClocks,
      onBroken: (error) => this.broken.push(error),
    });
    this.url = await this.daemon.start();
    await eventually('readyz', async () => (await fetch(`${this.url}/readyz`)).status === 200);
  }

  file(name: string): string {
    return join(this.directory, name);
  }

  /** Writes the files and reads them; `more`: top-level keys that are other. */
  settings(more: Readonly<Record<string, unknown>> = {}, watchNow?: readonly unknown[]): Settings {
    const { watch, detection, config } = this.options;
    const configPath = this.file('originwatch.yaml');
    writeFileSync(this.file('watchlist.yaml'), stringify({ watch: watchNow ?? watch ?? WATCH }));
    const settings = {
      watchlist: 'watchlist.yaml',
      feeds: [{ type: 'ris-live', url: this.simulator.url }],
      detection: { ...DETECTION, ...detection },
      serve: { listen: '127.0.0.1:0' },
      ...config,
      ...more,
    };
    writeFileSync(configPath, stringify(settings));
    return loadSettings({ configPath, env: process.env }).settings;
  }

  /** One vantage point says this; undefined: withdrawn. */
  say(prefix: string, path: readonly number[] | undefined, peer = 1): void {
    if (!this.trySay(prefix, path, peer)) throw new Error(`nobody subscribed ${prefix}`);
  }

  /** The same once the prefix is subscribed. */
  async sayWhenAsked(prefix: string, path: readonly number[] | undefined): Promise<void> {
    await eventually(`a subscription to ${prefix}`, () => this.trySay(prefix, path, 1));
  }

  private trySay(prefix: string, path: readonly number[] | undefined, peer: number): boolean {
    const from = { collector: 'rrc00', peerAddress: `192.0.2.${peer}`, peerAsn: path?.[0] ?? 3356 };
    return this.simulator.send(frameOf({ from, prefix, path }, Date.now())) > 0;
  }

  /** The first alert that fits. */
  alert(event: Alert['event'], fits: (incident: Incident) => boolean = () => true): Promise<Alert> {
    return eventually(`an alert "${event}"`, async () =>
      (await this.alerts()).find((alert) => alert.event === event && fits(alert.incident)),
    );
  }

  async alerts(): Promise<readonly Alert[]> {
    return (await this.get<{ alerts: Alert[] }>('/api/v1/alerts?limit=1000')).alerts;
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** A change with the token that the daemon left. */
  async change(method: string, path: string, body?: unknown, token = this.token()): Promise<Response> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return fetch(`${this.url}${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  }

  token(): string {
    return readFileSync(this.file('state/admin-token'), 'utf8').trim();
  }

  async metric(line: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find((one) => one.startsWith(`${line} `))
        ?.split(' ')
        .at(-1),
    );
  }

  async close(): Promise<void> {
    await this.daemon.stop();
    await this.simulator.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
