/** Where the daemon keeps its state, and what it leaves there for commands beside it. */

import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { OperationalError } from '../engine/errors.ts';

/** The token that commands on this machine use; write scope, mode 0600. */
export const ADMIN_TOKEN_FILE = 'admin-token';
/** What a running daemon says of itself: `{ "url", "pid", "config", "tokenFile", "startedAt" }`; gone when it has stopped. */
export const DAEMON_FILE = 'daemon.json';
/** The path of the configuration that the last daemon ran with: whose state this is. */
export const CONFIGURATION_FILE = 'configuration';

/** As configured, else `$STATE_DIRECTORY` (the first, where systemd names several), else ./var. */
export function stateDirectoryOf(
  settings: Pick<Settings, 'stateDirectory'>,
  env: Readonly<Record<string, string | undefined>>,
): string {
  return resolve(settings.stateDirectory ?? firstStateDirectory(env) ?? 'var');
}

/** What systemd names; the first of several. */
export function firstStateDirectory(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const first = env.STATE_DIRECTORY?.split(':')[0];
  return first === undefined || first === '' ? undefined : resolve(first);
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

/** `config`: the path of the configuration; undefined: it came from no file. */
export function announceDaemon(directory: string, url: string, config: string | undefined): void {
  const path = config === undefined ? undefined : resolve(config);
  const tokenFile = join(directory, ADMIN_TOKEN_FILE);
  const said = { url, pid: process.pid, config: path, tokenFile, startedAt: new Date().toISOString() };
  if (path !== undefined) writeWhole(join(directory, CONFIGURATION_FILE), `${path}\n`);
  writeWhole(join(directory, DAEMON_FILE), `${JSON.stringify(said)}\n`);
}

/** Undefined where no daemon has said it. */
export function configurationOf(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, CONFIGURATION_FILE), 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
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
