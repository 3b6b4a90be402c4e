/** `originwatch replay`: from arguments to a run; files, or a built-in incident. */
import { type ReplayArguments, type Streams, settingsOf, UsageError } from '../usage.ts';
import { runReplay } from './replay.ts';

export async function replayCommand(
  files: readonly string[],
  options: ReplayArguments,
  io: Streams,
): Promise<number> {
  if (options.list === true || options.incident !== undefined) {
    const { replayIncident } = await import('./incident-library.ts');
    return replayIncident(options, io);
  }
  if (files.length === 0) throw new UsageError('replay needs at least one file, or --incident NAME');
  return runReplay(
    {
      files,
      settings: settingsOf(options),
      given: { watchlist: options.watchlist !== undefined, vrps: options.vrps !== undefined },
      json: options.json === true,
      state: options.state,
      fromMs: options.from,
      toMs: options.to,
      speed: options.speed,
      collector: options.collector,
    },
    io,
  );
}
