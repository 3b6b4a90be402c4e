/**
 * What every command shares: its streams, the error for wrong usage, the arguments, the settings it asks for. The command line
 * (`command-line.ts`) knows the commands; they know this file and not the command line.
 */
import { defaultConfigPath } from '../config/default-path.ts';
import { loadSettings } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';

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

/** Options stand on the subcommand or, for groups, on the group. */
export function settingsOf(options: Common & { watchlist?: string; vrps?: string }): Settings {
  return loadSettings({
    configPath: options.config ?? defaultConfigPath(process.env),
    watchlistPath: options.watchlist,
    vrpsPath: options.vrps,
    env: process.env,
  }).settings;
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
  readonly asn: readonly string[];
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
