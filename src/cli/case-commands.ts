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

export function addEvidenceCommands(program: Command, done: Done, io: Streams): void {
  beside(command(program, 'export', 'an evidence file (tar) of one incident', true))
    .argument('<incident>', 'its id, or how it begins')
    .requiredOption('--out <file>', 'where to; a file that is not there yet')
    .action(
      done(async (id: string, options: CommonOptions & { out: string }) => {
        const { runExport } = await import('./commands/evidence.ts');
        return runExport(id, options, io);
      }),
    );
  command(program, 'verify', 'is an evidence file as it was written? Needs no daemon', true)
    .argument('<file>')
    .action(
      done(async (file: string, options: { json?: boolean }) => {
        const { runVerify } = await import('./commands/evidence.ts');
        return runVerify(file, options, io);
      }),
    );
}

export function addImportCommands(program: Command, done: Done, io: Streams): void {
  const group = program
    .command('import')
    .description("a peer's files as our watchlist and configuration; says what has no equal here")
    .exitOverride();
  const out = '--out <dir>';
  const words = 'write originwatch.yaml, watchlist.yaml and secrets there (default: print)';
  command(group, 'bgpalerter', 'prefixes.yml and config.yml of BGPalerter', true)
    .argument('<files...>', 'prefixes.yml, config.yml, in any order')
    .option(out, words)
    .action(
      done(async (files: string[], options: { out?: string; json?: boolean }) => {
        const { importBgpalerter } = await import('./commands/import.ts');
        return importBgpalerter(files, options, io);
      }),
    );
  command(group, 'artemis', 'the configuration of ARTEMIS', true)
    .argument('<files...>', 'config.yaml')
    .option(out, words)
    .action(
      done(async (files: string[], options: { out?: string; json?: boolean }) => {
        const { importArtemis } = await import('./commands/import.ts');
        return importArtemis(files, options, io);
      }),
    );
}
