/**
 * A command of the operator's: started without a shell, the alert as JSON on its standard input.
 * Exit 0 is success; 64 to 66 (usage, data, no input: sysexits.h) and 78 (configuration) refuse for good; any other
 * end is tried again. It sees none of the daemon's environment but what a program needs, so none of its secrets.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { wordsOfFailure } from '../../outside/failure.ts';
import {
  type Outcome,
  type Receiver,
  type ReceiverConfig,
  type ReceiverDeps,
  refused,
  tryAgain,
} from '../receiver.ts';
import type { ReceiverType } from '../receiver-type.ts';
import { optionalNumber, requiredTexts } from '../settings.ts';

const TIMEOUT_SECONDS = 30;
const REFUSALS: ReadonlySet<number> = new Set([64, 65, 66, 78]);
const ENVIRONMENT = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];

export const command: ReceiverType = {
  keys: { plain: { command: 'command', timeoutSeconds: 'seconds' }, needs: [['command']] },
  create: createCommand,
};

function createCommand(config: ReceiverConfig, deps: ReceiverDeps): Receiver {
  const [file = '', ...args] = requiredTexts(config, 'command');
  const seconds = optionalNumber(config, 'timeoutSeconds');
  const timeoutMs = seconds === undefined ? (deps.timeoutMs ?? TIMEOUT_SECONDS * 1000) : seconds * 1000;
  return {
    name: config.name,
    type: config.type,
    concurrency: 1,
    forPeople: false,
    keepsState: false,
    digestFrom: undefined,
    send: (alert, context) => {
      const env: Record<string, string> = { ORIGINWATCH_ALERT_ID: alert.id, ORIGINWATCH_EVENT: alert.event };
      for (const name of ENVIRONMENT) {
        const value = process.env[name];
        if (value !== undefined) env[name] = value;
      }
      // A group of its own, so that a time limit ends what it started, too.
      const child = spawn(file, args, {
        stdio: ['pipe', 'ignore', 'ignore'],
        shell: false,
        detached: true,
        env,
      });
      return outcomeOf(child, `${JSON.stringify(alert)}\n`, timeoutMs, context.signal);
    },
  };
}

function outcomeOf(
  child: ChildProcess,
  input: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Outcome> {
  return new Promise((resolve) => {
    let late = false;
    const end = (): void => killGroup(child);
    const timer = setTimeout(() => {
      late = true;
      end();
    }, timeoutMs);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    const settle = (outcome: Outcome): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve(outcome);
    };
    child.on('error', (error) => settle(tryAgain(`cannot be started: ${startError(error)}`)));
    child.on('close', (code, killedBy) =>
      settle(late ? tryAgain(`no end within ${timeoutMs} ms`) : gradeExit(code, killedBy)),
    );
    // A command that does not read its input is its own affair: the exit code says how it went.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

function startError(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'the program was not found';
  return code === 'EACCES' ? 'the program may not be executed' : wordsOfFailure(error);
}

function gradeExit(code: number | null, killedBy: NodeJS.Signals | null): Outcome {
  if (code === 0) return { ok: true };
  if (code === null) return tryAgain(`ended by ${killedBy ?? 'a signal'}`);
  return REFUSALS.has(code) ? refused(`exit code ${code}`) : tryAgain(`exit code ${code}`);
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}
