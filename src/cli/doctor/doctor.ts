/**
 * `originwatch doctor`: looks at everything a watch stands on, and says what would do. One line for each look: `ok`,
 * `warning` or `failed`. Connects where the daemon would connect, says nothing there, and tells people nothing.
 */
import { loadSettings } from '../../config/load.ts';
import { ConfigError } from '../../config/problems.ts';
import type { Settings } from '../../config/settings.ts';
import { networkOf } from '../../daemon/way-out.ts';
import { Outside } from '../../outside/outside.ts';
import type { Streams } from '../usage.ts';
import { lookAtClock, lookAtFileLimit, lookAtStateDirectory } from './machine.ts';
import { lookAround } from './reach.ts';

export interface Look {
  readonly state: 'ok' | 'warning' | 'failed';
  /** What was looked at. */
  readonly what: string;
  /** What was found. */
  readonly found: string;
  /** What would do; undefined where nothing has to be done. */
  readonly remedy?: string;
}

export interface DoctorOptions {
  readonly configPath: string;
  readonly stateDirectory: string;
  readonly json: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Exit 1 when something failed. */
export async function runDoctor(options: DoctorOptions, io: Pick<Streams, 'stdout'>): Promise<number> {
  const { settings, looks } = lookAtConfiguration(options);
  looks.push(...lookAtStateDirectory(options.stateDirectory), lookAtClock(options.stateDirectory));
  looks.push(lookAtFileLimit());
  if (settings !== undefined)
    looks.push(...(await lookAround(settings, new Outside(networkOf(settings.network)))));
  if (options.json) io.stdout.write(`${JSON.stringify(looks)}\n`);
  else for (const look of looks) io.stdout.write(`${lineOf(look)}\n`);
  return looks.some(({ state }) => state === 'failed') ? 1 : 0;
}

function lineOf({ state, what, found, remedy }: Look): string {
  return `${state.padEnd(7)} ${what}: ${found}${remedy === undefined ? '' : `; ${remedy}`}`;
}

function lookAtConfiguration({ configPath, env }: DoctorOptions): {
  readonly settings: Settings | undefined;
  readonly looks: Look[];
} {
  const what = 'configuration';
  try {
    const { settings } = loadSettings({ configPath, env });
    const found = `${configPath}, ${settings.receivers.length} receivers`;
    const looks: Look[] = [{ state: 'ok', what, found }];
    if (settings.receivers.length === 0)
      looks.push({ state: 'warning', what: 'receivers', found: 'nobody is told', remedy: 'name receivers' });
    return { settings, looks };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = error.format().split('\n').slice(0, -1);
    return {
      settings: undefined,
      looks: lines.map((found) => ({ state: 'failed', what, found })),
    };
  }
}
