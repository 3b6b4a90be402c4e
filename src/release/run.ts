/** Runs a program of a release and waits for it; what it prints goes to stderr, so that stdout stays ours. */
import { spawnSync } from 'node:child_process';

export interface RunOptions {
  readonly cwd?: string;
  /** Beside the environment that is there. */
  readonly env?: Readonly<Record<string, string>>;
}

export function run(program: string, args: readonly string[], { cwd, env }: RunOptions = {}): void {
  const { status, error } = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 2, 2],
  });
  if (error !== undefined)
    throw new Error(`${program} cannot be run (${error.message}): install it and try again`);
  if (status !== 0) throw new Error(`${program} ${args[0] ?? ''} failed with exit code ${String(status)}`);
}
