/**
 * Which configuration is meant when the command line names none.
 */
import { fileURLToPath } from 'node:url';
import type { Environment } from './sources.ts';

/** `$ORIGINWATCH_CONFIG`, else the file shipped in the package. */
export function defaultConfigPath(env: Environment): string {
  return namedConfigPath(env) ?? shippedConfigPath();
}

/** What the environment names; undefined: nothing. */
export function namedConfigPath(env: Environment): string | undefined {
  return env.ORIGINWATCH_CONFIG === '' ? undefined : env.ORIGINWATCH_CONFIG;
}

/** Found from this file, in `src/` as in `dist/`. */
export function shippedConfigPath(): string {
  return fileURLToPath(new URL('../../config/originwatch.yaml', import.meta.url));
}
