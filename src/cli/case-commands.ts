/** The commands about one incident as a case: what to do against it, and the evidence of it. */
import type { Command } from 'commander';
import type { CommonOptions } from './arguments.ts';
import { beside, command, type Done } from './command-parts.ts';
import type { Streams } from './usage.ts';

export function addCaseCommands(program: Command, done: Done, io: Streams): void {
  beside(
    command(program, 'countermeasures', 'what to announce, ROAs, router lines, whom to call, a mail', true),
  )
    .argument('<incident>', 'its id, or how it begins')
    .action(
      done(async (id: string, options: CommonOptions) => {
        const { runCountermeasures } = await import('./commands/countermeasures.ts');
        return runCountermeasures(id, options, io);
      }),
    );
}
