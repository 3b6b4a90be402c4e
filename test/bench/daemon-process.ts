/** `originwatch run` as a process of its own, its HTTP side and what it says in its log. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { figuresOf, type ProcessFigures } from './children.ts';
import { nowMs } from './histogram.ts';

/** The bench runs from the project's root, as `npm run` does, and is itself compiled: the loader of a runner costs a factor. */
export const MAIN: string = resolve('dist/main.js');

/** The daemon can be measured when it has been built from a tree that has one. */
export function daemonIsBuilt(): boolean {
  return existsSync('src/daemon') && existsSync('dist/daemon') && existsSync(MAIN);
}

/** What the bench reads of an alert on the event stream. */
export interface SeenAlert {
  readonly id: string;
  readonly event: string;
  readonly incident: { readonly offender: number | null };
}

const LOG_KEPT = 200_000;

export class Daemon {
  private readonly process: ChildProcess;
  private log = '';
  private port = 0;

  /** `env` beside our own environment. BENCH_NODE_ARGS: arguments for Node.js itself, to profile it. */
  constructor(config: string, env: Readonly<Record<string, string>> = {}) {
    const nodeArguments = process.env.BENCH_NODE_ARGS?.split(' ') ?? [];
    this.process = spawn(process.execPath, [...nodeArguments, MAIN, 'run', '--config', config], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, NODE_ENV: 'production', ...env },
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.log = (this.log + text).slice(-LOG_KEPT);
      if (this.port !== 0) return;
      const found = /"serve\.listening"[^\n]*?127\.0\.0\.1:(\d+)|"serve\.listening"[^\n]*?"port":(\d+)/.exec(
        this.log,
      );
      if (found !== null) this.port = Number(found[1] ?? found[2]);
    });
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get figures(): ProcessFigures {
    return figuresOf(this.pid);
  }

  private lastLine(): string {
    return this.log.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
  }

  /** Throws when the daemon has ended; every wait asks. */
  alive(): void {
    if (this.process.exitCode !== null || this.process.signalCode !== null)
      throw new Error(`the daemon ended: ${this.lastLine()}`);
  }

  async listening(withinMs: number): Promise<void> {
    await this.until(() => this.port !== 0, withinMs, 'the daemon does not listen');
  }

  /** Waits for an event in the log. */
  async says(event: string, withinMs: number): Promise<void> {
    await this.until(() => this.log.includes(`"${event}"`), withinMs, `no ${event}`);
  }

  private async until(isSo: () => boolean, withinMs: number, otherwise: string): Promise<void> {
    const deadline = nowMs() + withinMs;
    while (!isSo()) {
      this.alive();
      if (nowMs() > deadline)
        throw new Error(`${otherwise} within ${withinMs / 1_000} s: ${this.lastLine()}`);
      await pause(5);
    }
  }

  get(path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port: this.port, path }, (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        answer.on('end', () =>
          answer.statusCode === 200 ? resolve(body) : reject(new Error(`${path}: ${answer.statusCode}`)),
        );
      });
      asked.on('error', reject);
      asked.end();
    });
  }

  /** Sum of a metric over all its labels. */
  async metric(name: string): Promise<number> {
    let sum = 0;
    for (const line of (await this.get('/metrics')).split('\n')) {
      if (line.startsWith(`${name}{`) || line.startsWith(`${name} `))
        sum += Number(line.slice(line.lastIndexOf(' ') + 1));
    }
    return sum;
  }

  /** Follows the event stream; `take` gets each alert and the moment its line arrived. Resolves with the way out. */
  follow(take: (alert: SeenAlert, atMs: number) => void): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const path = '/api/v1/alerts/stream';
      const asked = request({ host: '127.0.0.1', port: this.port, path }, (answer) => {
        let rest = '';
        answer.setEncoding('utf8').on('data', (text: string) => {
          const atMs = nowMs();
          const lines = (rest + text).split('\n');
          rest = lines.pop() ?? '';
          for (const line of lines) {
            const alert = line.startsWith('data:') ? (JSON.parse(line.slice(5)) as SeenAlert) : undefined;
            if (alert?.event !== undefined) take(alert, atMs);
          }
        });
        resolve(() => asked.destroy());
      });
      asked.on('error', reject);
      asked.end();
    });
  }

  /** Opens the event stream and never reads from it. Returns the way out. */
  followDeaf(): () => void {
    const socket = connect(this.port, '127.0.0.1');
    socket.pause();
    socket.on('error', () => {});
    socket.write('GET /api/v1/alerts/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    return () => socket.destroy();
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
  }
}
