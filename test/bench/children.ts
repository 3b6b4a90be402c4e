/** The processes of the bench: forks that speak IPC, the daemon, and what /proc says of it. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { resolve } from 'node:path';

/** Ticks a second of the times in /proc/PID/stat; fixed on Linux. */
const TICKS = 100;

/** A fork and the words it says, in order. */
export class Child<Word extends { readonly word: string }> {
  private readonly process: ChildProcess;
  private readonly words: Word[] = [];

  constructor(file: string, order: unknown) {
    this.process = fork(new URL(file, import.meta.url), [JSON.stringify(order)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.process.on('message', (word) => this.words.push(word as Word));
  }

  say(word: object): void {
    this.process.send(word);
  }

  /** Waits for a word; words that came before it are dropped. */
  async hear<Name extends Word['word']>(
    name: Name,
    withinMs: number,
  ): Promise<Extract<Word, { word: Name }>> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const word = this.words.shift();
      if (word?.word === name) return word as Extract<Word, { word: Name }>;
      if (word !== undefined) continue;
      if (this.process.exitCode !== null) throw new Error(`${name}: the process ended`);
      if (performance.now() > deadline) throw new Error(`${name}: not said within ${withinMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }
}

export interface ProcessFigures {
  readonly cpuMs: number;
  readonly rssBytes: number;
  readonly rssMaxBytes: number;
}

/** CPU time of all threads (utime + stime) and resident memory, from /proc. */
export function figuresOf(pid: number): ProcessFigures {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kilobytes = (key: string): number =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  const cpuMs = ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS;
  return { cpuMs, rssBytes: kilobytes('VmRSS') * 1_024, rssMaxBytes: kilobytes('VmHWM') * 1_024 };
}

/** The bench runs from the project's root, as `npm run` does, and is itself compiled: the loader of a runner costs a factor. */
const MAIN = resolve('dist/main.js');

/** The daemon can be measured when it has been built from a tree that has one. */
export function daemonIsBuilt(): boolean {
  return existsSync('src/daemon') && existsSync('dist/daemon') && existsSync(MAIN);
}

/** `originwatch run` and its HTTP side. */
export class Daemon {
  private readonly process: ChildProcess;
  private log = '';
  private port = 0;

  constructor(config: string) {
    this.process = spawn(
      process.execPath,
      [...(process.env.BENCH_NODE_ARGS?.split(' ') ?? []), MAIN, 'run', '--config', config],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, NODE_ENV: 'production' },
      },
    );
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.log = (this.log + text).slice(-200_000);
      const found = /"serve\.listening"[^\n]*?127\.0\.0\.1:(\d+)|"serve\.listening"[^\n]*?"port":(\d+)/.exec(
        this.log,
      );
      if (found !== null && this.port === 0) this.port = Number(found[1] ?? found[2]);
    });
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get figures(): ProcessFigures {
    return figuresOf(this.pid);
  }

  async listening(withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (this.port === 0) {
      if (this.process.exitCode !== null)
        throw new Error(`the daemon ended: ${this.log.trim().split('\n').at(-1)?.slice(0, 300)}`);
      if (performance.now() > deadline)
        throw new Error(`the daemon does not listen: ${this.log.trim().split('\n').at(-1)?.slice(0, 300)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
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

  /** Follows the event stream; `take` gets each alert and the moment its line arrived. Returns the way out. */
  follow(
    take: (alert: { event: string; incident: { offender: number | null } }, atMs: number) => void,
  ): () => void {
    const asked = request({ host: '127.0.0.1', port: this.port, path: '/api/v1/alerts/stream' }, (answer) => {
      let rest = '';
      answer.setEncoding('utf8').on('data', (text: string) => {
        const atMs = performance.timeOrigin + performance.now();
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const alert = line.startsWith('data:') ? JSON.parse(line.slice(5)) : undefined;
          if (alert?.event !== undefined) take(alert, atMs);
        }
      });
    });
    asked.on('error', () => {});
    asked.end();
    return () => asked.destroy();
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
