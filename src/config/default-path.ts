/**
 * Which configuration is meant when the command line names none.
 */
import { fileURLToPath } from 'node:url';
import type { Environment } from './sources.ts';

/** `$ORIGINWATCH_CONFIG`, else the file shipped in the package: found from this file, in `src/` as in `dist/`. */
export function defaultConfigPath(env: Environment): string {
  const named = env.ORIGINWATCH_CONFIG;
  if (named !== undefined && named !== '') return named;
  return fileURLToPath(new URL('../../config/originwatch.yaml', import.meta.url));
}
