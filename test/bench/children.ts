/** The forks of the bench that speak IPC, and what /proc says of a process. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';

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

  get pid(): number {
    return this.process.pid ?? 0;
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

/** CPU time of all threads and resident memory, from /proc. */
export function figuresOf(pid: number): ProcessFigures {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kilobytes = (key: string): number =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  return {
    cpuMs: threadsMs(pid) ?? ticksMs(pid),
    rssBytes: kilobytes('VmRSS') * 1_024,
    rssMaxBytes: kilobytes('VmHWM') * 1_024,
  };
}

/** What the scheduler counted for each thread that lives, in ns; undefined where the kernel does not tell. */
function threadsMs(pid: number): number | undefined {
  try {
    let ns = 0;
    for (const thread of readdirSync(`/proc/${pid}/task`))
      ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')[0]);
    return ns / 1e6;
  } catch {
    return undefined;
  }
}

/** utime + stime, in steps of 10 ms. */
function ticksMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS;
}
