/**
 * The program as its users run it: processes of its own, told by arguments, files and signals. Bundled from `src/` as
 * it is now, so that no stale build is tested; waiting is for conditions, never for time.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildDashboard } from '../../src/dashboard/build.ts';

const ROOT = new URL('../..', import.meta.url).pathname;

export interface Program {
  readonly main: string;
  remove(): void;
}

/** Two levels below the root, as `dist/daemon/` is: files beside the code are found the same way. */
export async function buildProgram(): Promise<Program> {
  const directory = join(ROOT, 'dist', `.e2e-${process.pid}`);
  await bundleTo(directory);
  return {
    main: join(directory, 'main.js'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** The same with its dashboard: a package of its own, laid out as the installed one. */
export async function buildPackage(): Promise<Program> {
  const directory = mkdtempSync(join(tmpdir(), 'originwatch-package-'));
  for (const name of ['package.json', 'node_modules', 'config'])
    symlinkSync(join(ROOT, name), join(directory, name));
  mkdirSync(join(directory, 'dist/match/scan'), { recursive: true });
  copyFileSync(join(ROOT, SCANNER), join(directory, 'dist/match/scan/scanner.wasm'));
  const app = join(ROOT, 'src/dashboard/app');
  await Promise.all([
    bundleTo(join(directory, 'dist/daemon')),
    buildDashboard(app, join(directory, 'dist/dashboard/public')),
  ]);
  return {
    main: join(directory, 'dist/daemon/main.js'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

async function bundleTo(directory: string): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/main.ts'],
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    outdir: directory,
    logLevel: 'error',
  });
}

const SCANNER = 'src/match/scan/scanner.wasm';
const PATIENCE_MS = 20_000;

/** Looks until there is something, and returns it; a look that throws has found nothing. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const endMs = Date.now() + PATIENCE_MS;
  let last: unknown = 'nothing';
  while (Date.now() < endMs) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      last = found;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain for ${what}; last: ${String(last)}`);
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Running {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;

  constructor(program: Program, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [program.main, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Log lines with this `event`, oldest first. */
  logged(event: string): readonly Record<string, unknown>[] {
    return this.stderr
      .split('\n')
      .filter((line) => line.includes(`"event":"${event}"`))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async end(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** Runs to its end. */
export function runProgram(program: Program, args: readonly string[]): Promise<Ended> {
  return new Running(program, args).ended;
}
