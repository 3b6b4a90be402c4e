/** Where the daemon keeps its state, and what it leaves there for commands beside it. */

import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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

export interface PreparedDirectory {
  readonly token: string;
  /** The daemon before did not stop in order: it left its address. */
  readonly wasKilled: boolean;
}

/**
 * Makes the directory and the token when they are missing. A disk that takes nothing for now is no reason not to
 * watch: the token then holds for this process alone.
 */
export function prepareStateDirectory(directory: string): PreparedDirectory {
  const wasKilled = existsSync(join(directory, DAEMON_FILE));
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return { token: keepToken(directory), wasKilled };
  } catch (cause) {
    if (isPassing(cause)) return { token: readToken(directory) ?? newToken(), wasKilled };
    throw new OperationalError(
      'store-open',
      `the state directory cannot be used: ${adviceOn(cause, directory)}`,
      {
        cause,
      },
    );
  }
}

/** Full, read-only or failing disks: `store/` says so, too, and tries again. */
function isPassing(error: unknown): boolean {
  return /^(ENOSPC|EDQUOT|EROFS|EIO)$/.test(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** What the system said, and what would do. */
function adviceOn(error: unknown, directory: string): string {
  const said = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  if (code === 'EEXIST' || code === 'ENOTDIR')
    return `${directory} is no directory, or lies in something that is none (${code}); move that file away, or name another stateDirectory`;
  if (code === 'EACCES' || code === 'EPERM')
    return `the user of this process may not write in ${directory} (${code}); give it the directory (chown), or name another stateDirectory`;
  return said;
}

function keepToken(directory: string): string {
  const file = join(directory, ADMIN_TOKEN_FILE);
  const known = readToken(directory);
  if (known !== undefined) {
    chmodSync(file, 0o600);
    return known;
  }
  const token = newToken();
  writeWhole(file, `${token}\n`);
  return token;
}

function newToken(): string {
  return randomBytes(32).toString('hex');
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

export interface Announcement {
  readonly url: string;
  readonly token: string;
  /** The path of the configuration; undefined: it came from no file. */
  readonly config: string | undefined;
}

/** Lays the files into the directory by which others find us. Returns why it could not: a full disk is no reason not to watch. */
export function announceDaemon(directory: string, { url, token, config }: Announcement): string | undefined {
  const path = config === undefined ? undefined : resolve(config);
  const tokenFile = join(directory, ADMIN_TOKEN_FILE);
  const said = { url, pid: process.pid, config: path, tokenFile, startedAt: new Date().toISOString() };
  try {
    if (readToken(directory) !== token) writeWhole(tokenFile, `${token}\n`);
    if (path !== undefined) writeWhole(join(directory, CONFIGURATION_FILE), `${path}\n`);
    writeWhole(join(directory, DAEMON_FILE), `${JSON.stringify(said)}\n`);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
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
