/** The commands beside a daemon: what an operator sees and does, and the baseline. */
import type { Command } from 'commander';
import { authored, beside, command, type Done } from './command-parts.ts';
import { wholeNumber } from './option-values.ts';
import { type Common, type ExplainArguments, type Streams, settingsOf } from './usage.ts';

export function addOperatorCommands(program: Command, done: Done, io: Streams): void {
  const client = async (): Promise<typeof import('./commands/operator.ts')> =>
    import('./commands/operator.ts');
  const incidents = program
    .command('incidents')
    .description('incidents of the running daemon')
    .exitOverride();
  command(incidents, 'list', 'newest first', true)
    .option('--state <value>', 'open, resolved; or the state directory of the daemon', severally)
    .option('--kind <list>', 'kinds, by comma')
    .option('--group <list>', 'groups, by comma')
    .option('--severity <list>', 'info, warning, critical')
    .option('--prefix <prefix>', 'any route overlaps it')
    .option('--since <time>', 'opened at or after it; a time, or a span such as 2h')
    .option('--limit <n>', 'at most (default: 100)', wholeNumber)
    .action(done(async (options) => (await client()).listIncidents(options, io)));
  beside(command(incidents, 'show', 'one incident with its timeline', true))
    .argument('<id>', 'its id, or how it begins')
    .action(done(async (id: string, options) => (await client()).showIncident(id, options, io)));
  for (const [name, text] of [
    ['ack', 'acknowledge an incident'],
    ['resolve', 'resolve an incident by hand; it reopens on new evidence only'],
  ] as const) {
    authored(
      beside(command(incidents, name, text, true)).argument('<id>', 'its id, or how it begins'),
    ).action(done(async (id: string, options) => (await client()).changeIncident(id, name, options, io)));
  }
  addBaselineCommands(program, done, io);
  const silence = program.command('silence').description('silences and planned changes').exitOverride();
  beside(command(silence, 'list', 'all silences', true)).action(
    done(async (options) => (await client()).listSilences(options, io)),
  );
  authored(beside(command(silence, 'add', 'hold notifications back, or expect an origin, for a while', true)))
    .option('--group <name>', 'of this group')
    .option('--prefix <prefix>', 'of this prefix and what is inside it')
    .option('--kind <kind>', 'of this kind')
    .option('--offender <asn>', 'caused by this AS')
    .option('--starts <time>', 'a time, or a span from now (default: now)')
    .requiredOption('--ends <time>', 'a time, or a span such as 2h')
    .option('--expected-origin <asn>', 'this origin is expected meanwhile')
    .option('--force', 'also what matches nothing that is watched')
    .action(done(async (options) => (await client()).addSilence(options, io)));
  authored(
    beside(command(silence, 'expire', 'end a silence now', true)).argument(
      '<id>',
      'its id, or how it begins',
    ),
  ).action(done(async (id: string, options) => (await client()).expireSilence(id, options, io)));
  const notify = program.command('notify').description('receivers').exitOverride();
  command(notify, 'test', 'send a marked test alert and report what came back', true)
    .argument('[receiver]')
    .action(
      done(async (receiver: string | undefined, options: Common) => {
        const { runNotifyTest } = await import('./commands/notify.ts');
        const wanted = (owner: string): boolean =>
          receiver === undefined ? owner.startsWith('receiver ') : owner === `receiver ${receiver}`;
        return runNotifyTest(settingsOf(options, wanted), receiver, options.json === true, io);
      }),
    );
  command(notify, 'route', 'who would hear of what this announcement would cause, and why', true)
    .argument('<prefix>')
    .argument('<path>', 'the AS path in quotes: left the vantage point, right the origin')
    .option('--watchlist <file>', 'instead of the configured one')
    .option('--vrps <file>', 'VRPs from this file')
    .option('--community <community...>', 'communities of the announcement, as 65535:666')
    .option('--state <dir>', 'baseline, silences and RIB of this state directory')
    .action(
      done(async (prefix: string, path: string, options: ExplainArguments) => {
        const { runNotifyRoute } = await import('./commands/explain.ts');
        return runNotifyRoute({ ...options, prefix, path }, io);
      }),
    );
}

function addBaselineCommands(program: Command, done: Done, io: Streams): void {
  const module = async (): Promise<typeof import('./commands/baseline.ts')> =>
    import('./commands/baseline.ts');
  const baseline = program.command('baseline').description('the baseline in SQLite').exitOverride();
  beside(command(baseline, 'list', 'every expected, learned and refused origin', true)).action(
    done(async (options) => (await module()).listBaseline(options, undefined, io)),
  );
  beside(command(baseline, 'show', 'what is known of one prefix', true))
    .argument('<prefix>')
    .action(done(async (prefix: string, options) => (await module()).listBaseline(options, prefix, io)));
  beside(command(baseline, 'export', 'as NDJSON', true)).action(
    done(async (options) => (await module()).exportBaseline(options, io)),
  );
  authored(
    beside(
      command(baseline, 'import', 'from NDJSON, as export writes it; all of it or nothing', true),
    ).argument('<file>', '- for standard input'),
  ).action(done(async (file: string, options) => (await module()).importBaseline(file, options, io)));
  beside(command(baseline, 'learn', 'from RIB snapshots', true))
    .requiredOption('--rib <file...>', 'MRT RIBs; plain, gzip, bzip2')
    .option('--collector <name>', 'collector of the files (default: from their path)')
    .option('--watchlist <file>', 'instead of the configured one')
    .option('--vrps <file>', 'VRPs from this file: what they call invalid is not learned')
    .option(
      '--min-peers <n>',
      'peer ASes that must show an origin (default: learnPeers of the configuration)',
      wholeNumber,
    )
    .option('--all', 'learn also what looks wrong')
    .option('--dry-run', 'say what would be learned, and change nothing')
    .action(done(async (options) => (await module()).learnBaseline(options, io)));
  authored(
    beside(command(baseline, 'forget', 'an origin of a prefix, or all of them, as if never seen', true)),
  )
    .argument('<prefix>')
    .argument('[origin]')
    .action(
      done(async (prefix: string, origin: string | undefined, options) =>
        (await module()).forgetOrigin(prefix, origin, options, io),
      ),
    );
  for (const [name, text] of [
    ['accept', 'this origin is legitimate for this prefix'],
    ['reject', 'this origin is never to be learned for this prefix'],
  ] as const) {
    authored(
      beside(command(baseline, name, text, true))
        .argument('<prefix>')
        .argument('<origin>'),
    )
      .option('--force', 'also what matches nothing that is watched')
      .action(
        done(async (prefix: string, origin: string, options) =>
          (await module()).decideOrigin(name, prefix, origin, options, io),
        ),
      );
  }
}

/** An option that may stand several times. */
function severally(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
