/** Where the daemon keeps its state, and what it leaves there for commands beside it. */

import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { OperationalError } from '../engine/errors.ts';

/** The token that commands on this machine use; write scope, mode 0600. */
export const ADMIN_TOKEN_FILE = 'admin-token';
/** Where the running daemon listens: `{ "url", "pid" }`. */
export const DAEMON_FILE = 'daemon.json';

/** As configured, else `$STATE_DIRECTORY` (the first, where systemd names several), else ./var. */
export function stateDirectoryOf(
  settings: Pick<Settings, 'stateDirectory'>,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const named = settings.stateDirectory ?? env.STATE_DIRECTORY?.split(':')[0];
  return resolve(named === undefined || named === '' ? 'var' : named);
}

/** Makes the directory and the token when they are missing; returns the token. */
export function prepareStateDirectory(directory: string): string {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return keepToken(directory);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new OperationalError('store-open', `the state directory can not be used: ${detail}`, { cause });
  }
}

function keepToken(directory: string): string {
  const file = join(directory, ADMIN_TOKEN_FILE);
  const known = readToken(directory);
  if (known !== undefined) {
    chmodSync(file, 0o600);
    return known;
  }
  const token = randomBytes(32).toString('hex');
  writeWhole(file, `${token}\n`);
  return token;
}

/** Undefined when there is none that can be used. */
export function readToken(directory: string): string | undefined {
  try {
    const token = readFileSync(join(directory, ADMIN_TOKEN_FILE), 'utf8').trim();
    return token.length >= 32 ? token : undefined;
  } catch {
    return undefined;
  }
}

export function announceDaemon(directory: string, url: string): void {
  writeWhole(join(directory, DAEMON_FILE), `${JSON.stringify({ url, pid: process.pid })}\n`);
}

export function withdrawDaemon(directory: string): void {
  rmSync(join(directory, DAEMON_FILE), { force: true });
}

/** Old or new, never half. */
function writeWhole(file: string, text: string): void {
  const draft = `${file}.${process.pid}.new`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}
