/**
 * Where the daemon is that a command stands beside: by `--state DIR`, the configuration's `stateDirectory`,
 * `$STATE_DIRECTORY`, else what lives at /var/lib/originwatch or ./var: a `daemon.json` whose process answers.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { namedConfigPath } from '../config/default-path.ts';
import type { ListenAddress } from '../config/section.ts';
import { DEFAULT_LISTEN } from '../config/serve.ts';
import { DAEMON_FILE, firstStateDirectory } from '../daemon/state-directory.ts';
import { configuredPlace } from './beside/configured-place.ts';
import { type Common, UsageError } from './usage.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where to look when nothing names a state directory: where the unit keeps it, and where `run` in a shell does. */
export const USUAL_DIRECTORIES: readonly string[] = ['/var/lib/originwatch', 'var'];

/** What a daemon wrote down when it began to listen; it takes it away when it stops. */
export interface RunningDaemon {
  readonly url: string;
  readonly pid: number;
  /** Absolute; undefined: an older daemon did not say. */
  readonly config: string | undefined;
}

export interface Place {
  /** The state directory, absolute. */
  readonly directory: string;
  /** How it was found; `guess`: nothing names one and nothing lives there. */
  readonly by: 'option' | 'configuration' | 'environment' | 'living' | 'guess';
  /** Undefined: no process answers for this directory. */
  readonly daemon: RunningDaemon | undefined;
  /** Where a daemon of this configuration would listen; undefined for a port that it chooses. */
  readonly configuredUrl: string | undefined;
  /** The configuration that was named, or that of the daemon that was found; undefined: the shipped one. */
  readonly config: string | undefined;
}

export interface PlaceOptions extends Common {
  readonly state?: string;
}

/** Throws `ConfigError` for a configuration that can't be read, `UsageError` where two daemons fit. */
export async function placeOf(
  options: PlaceOptions,
  env: Environment,
  usual: readonly string[] = USUAL_DIRECTORIES,
): Promise<Place> {
  const named = options.config ?? namedConfigPath(env);
  const configured = named === undefined ? undefined : configuredPlace(named, env);
  const configuredUrl = urlOf(configured?.listen ?? DEFAULT_LISTEN);
  const [directory, by] = namedDirectory(options.state, configured?.stateDirectory, env);
  if (directory !== undefined) {
    const daemon = await runningIn(directory);
    return { directory, by, daemon, configuredUrl, config: named ?? daemon?.config };
  }
  const found = await livingIn(usual);
  if (found.length > 1)
    throw new UsageError(
      `two daemons run here, at ${found.map((one) => one.directory).join(' and ')}; say which is meant with --state DIR`,
    );
  const [living] = found;
  if (living === undefined)
    return { directory: resolve('var'), by: 'guess', daemon: undefined, configuredUrl, config: named };
  return { ...living, by: 'living', configuredUrl, config: named ?? living.daemon.config };
}

function namedDirectory(
  option: string | undefined,
  configured: string | undefined,
  env: Environment,
): readonly [directory: string | undefined, by: Place['by']] {
  if (option !== undefined) return [resolve(option), 'option'];
  if (configured !== undefined) return [configured, 'configuration'];
  return [firstStateDirectory(env), 'environment'];
}

async function livingIn(
  directories: readonly string[],
): Promise<readonly { readonly directory: string; readonly daemon: RunningDaemon }[]> {
  const places = [...new Set(directories.map((directory) => resolve(directory)))];
  const daemons = await Promise.all(places.map(runningIn));
  return places.flatMap((directory, index) => {
    const daemon = daemons[index];
    return daemon === undefined ? [] : [{ directory, daemon }];
  });
}

/** The daemon that `daemon.json` names, when its process is there and answers. */
export async function runningIn(directory: string): Promise<RunningDaemon | undefined> {
  const daemon = writtenDaemon(directory);
  if (daemon === undefined || !isAlive(daemon.pid)) return undefined;
  return (await answers(daemon.url)) ? daemon : undefined;
}

function writtenDaemon(directory: string): RunningDaemon | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(join(directory, DAEMON_FILE), 'utf8'));
  } catch {
    return undefined;
  }
  const { url, pid, config } = (value ?? {}) as Record<string, unknown>;
  if (typeof url !== 'string' || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    return undefined;
  return {
    url: reachable(new URL(url).hostname, new URL(url).port),
    pid: typeof pid === 'number' ? pid : 0,
    config: typeof config === 'string' ? config : undefined,
  };
}

/** A process of somebody else is alive, too; one in another container can't be told, and is believed. */
function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const PATIENCE_MS = 2_000;

/** Does an Originwatch answer there? */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/healthz`, {
      redirect: 'manual',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const body = (await response.json()) as { feeds?: unknown } | null;
    return response.status === 200 && Array.isArray(body?.feeds);
  } catch {
    return false;
  }
}

/** Undefined for port 0: which one it took is only known from the file. */
function urlOf({ host, port }: ListenAddress): string | undefined {
  return port === 0 ? undefined : reachable(host, String(port));
}

/** From this machine: what listens on all addresses is reached on loopback. */
function reachable(host: string, port: string): string {
  const bare = host.replace(/^\[|\]$/g, '');
  const reached = bare === '0.0.0.0' ? '127.0.0.1' : bare === '::' ? '::1' : bare;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}${port === '' ? '' : `:${port}`}`;
}
