/** The commands that look after the state directory: copies of the database, the way back, and the look at everything. */
import type { Command } from 'commander';
import { defaultConfigPath } from '../../config/default-path.ts';
import { beside, command, type Done } from '../command-parts.ts';
import { placeOf } from '../place.ts';
import type { Common, Streams } from '../usage.ts';

interface BesideOptions extends Common {
  readonly state?: string;
}

export function addStateCommands(program: Command, done: Done, io: Streams): void {
  beside(command(program, 'backup', 'copy the database, while the daemon runs or not', true))
    .argument('<file>', 'must not be there yet')
    .action(
      done(async (file: string, options: BesideOptions) => {
        const { runBackup } = await import('../commands/backup.ts');
        const { directory } = await placeOf(options, process.env);
        return runBackup(directory, file, options.json === true, io);
      }),
    );
  beside(command(program, 'restore', 'put a copy back: never over a newer one, never under a daemon', true))
    .argument('<file>', 'a copy that backup made')
    .action(
      done(async (file: string, options: BesideOptions) => {
        const { runRestore } = await import('../commands/backup.ts');
        const { directory } = await placeOf(options, process.env);
        return runRestore(directory, file, options.json === true, io);
      }),
    );
  beside(
    command(program, 'doctor', 'look at everything a watch stands on, and say what would do', true),
  ).action(
    done(async (options: BesideOptions) => {
      const { runDoctor } = await import('./doctor.ts');
      const { directory, config } = await placeOf(options, process.env);
      return runDoctor(
        {
          configPath: config ?? defaultConfigPath(process.env),
          stateDirectory: directory,
          json: options.json === true,
          env: process.env,
        },
        io,
      );
    }),
  );
}
