/**
 * What every command shares: its streams, the error for wrong usage, the arguments, the settings it asks for. The command line
 * (`command-line.ts`) knows the commands; they know this file and not the command line.
 */
import { defaultConfigPath } from '../config/default-path.ts';
import { loadSettings } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import type { SecretsOf } from '../config/sources.ts';

export interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** What the user asked for makes no sense: exit 64. */
export class UsageError extends Error {}

export interface Common {
  readonly config?: string;
  readonly json?: boolean;
}

interface FileOptions {
  readonly config?: string;
  readonly watchlist?: string;
  readonly vrps?: string;
}

/** The settings, with the secrets of those that are named and no others: `receiver NAME`, `serve`. */
export function settingsOf(options: FileOptions, secretsOf: SecretsOf = () => false): Settings {
  return loadSettings({
    configPath: options.config ?? defaultConfigPath(process.env),
    watchlistPath: options.watchlist,
    vrpsPath: options.vrps,
    env: process.env,
    secretsOf,
  }).settings;
}

/** The settings that go with a state directory: of the configuration that was named, else of the daemon that is there. */
export function settingsAt(place: { readonly config: string | undefined }, options: FileOptions): Settings {
  return settingsOf({ ...options, ...(place.config !== undefined && { config: place.config }) });
}

export interface ReplayArguments extends Common {
  readonly watchlist?: string;
  readonly vrps?: string;
  readonly state?: string;
  readonly from?: number;
  readonly to?: number;
  readonly speed?: number;
  readonly collector?: string;
  readonly incident?: string;
  readonly list?: boolean;
}

export interface InitArguments extends Common {
  readonly asn?: readonly string[];
  readonly asSet?: readonly string[];
  readonly irr?: string;
  readonly state?: string;
  readonly rib?: readonly string[];
  readonly vrps?: string;
  readonly ripestat?: boolean;
  readonly ripestatUrl?: string;
  readonly collector?: string;
  readonly minPeers?: number;
  readonly group?: string;
  readonly out?: string;
  readonly yes?: boolean;
}

export interface ExplainArguments extends Common {
  readonly watchlist?: string;
  readonly vrps?: string;
  readonly community?: readonly string[];
  readonly state?: string;
}
