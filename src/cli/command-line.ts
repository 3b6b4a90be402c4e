/**
 * argv → command. Exit codes: 0; 1 failure at work; 64 wrong usage; 78 configuration error. Data goes to stdout, all
 * else to stderr. Commands load their code when they are asked for, so that `--help` is instant.
 */
import { Command, CommanderError } from 'commander';
import { defaultConfigPath } from '../config/default-path.ts';
import { ConfigError } from '../config/problems.ts';
import { VERSION } from '../daemon/version.ts';
import { OperationalError } from '../engine/errors.ts';
import { addCaseCommands, addEvidenceCommands, addImportCommands } from './case-commands.ts';
import { beside, command, type Done } from './command-parts.ts';
import { addStateCommands } from './doctor/state-commands.ts';
import { whyNotLoaded } from './not-loaded.ts';
import { addOperatorCommands } from './operator-commands.ts';
import { positiveNumber, time, wholeNumber } from './option-values.ts';
import {
  type Common,
  type ExplainArguments,
  type InitArguments,
  type ReplayArguments,
  type Streams,
  settingsOf,
  UsageError,
} from './usage.ts';

const USAGE = 64;
const CONFIG = 78;
const PLUGIN_UNKNOWN = 3;

/** Runs one command; resolves with the exit code. Never throws. */
export async function runCommandLine(argv: readonly string[], io: Streams): Promise<number> {
  const outcome = { code: 0 };
  const program = buildProgram(outcome, io);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return outcome.code;
  } catch (error) {
    return isPluginCall(argv) ? pluginExit(error, io) : exitCodeOf(error, io);
  }
}

function isPluginCall(argv: readonly string[]): boolean {
  return argv[0] === 'status' && argv.includes('--check');
}

/** A plugin that can't do its work says UNKNOWN on one line of stdout, whatever the reason; the details stand on stderr. */
async function pluginExit(error: unknown, io: Streams): Promise<number> {
  const code = exitCodeOf(error, io);
  if (code === 0) return code;
  const { pluginUnknown } = await import('./commands/status.ts');
  io.stdout.write(`${pluginUnknown(error instanceof Error ? error.message : String(error))}\n`);
  return PLUGIN_UNKNOWN;
}

function exitCodeOf(error: unknown, io: Streams): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
  if (error instanceof ConfigError) {
    io.stderr.write(`${error.format()}\n`);
    return CONFIG;
  }
  if (error instanceof UsageError) {
    io.stderr.write(`error: ${error.message}\n`);
    return USAGE;
  }
  if (error instanceof OperationalError) {
    io.stderr.write(`error: ${error.message}\n`);
    return 1;
  }
  const unloaded = whyNotLoaded(error);
  if (unloaded !== undefined) {
    io.stderr.write(`error: ${unloaded}\n`);
    return 1;
  }
  io.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}

/** The commands with their options, for pages about them; nothing of it runs. */
export function describedProgram(): Command {
  return buildProgram({ code: 0 }, { stdout: process.stdout, stderr: process.stderr });
}

function buildProgram(outcome: { code: number }, io: Streams): Command {
  const program = new Command('originwatch')
    .description(
      'BGP hijack detection: watches the origin AS of your prefixes and alerts the moment it changes',
    )
    .version(VERSION)
    .showHelpAfterError('(see --help)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });
  const done: Done =
    (run) =>
    async (...args) => {
      outcome.code = await run(...args);
    };
  addDaemonCommands(program, done, io);
  addRecordedInputCommands(program, done, io);
  addJudgingCommands(program, done, io);
  addOperatorCommands(program, done, io);
  addCaseCommands(program, done, io);
  addEvidenceCommands(program, done, io);
  addImportCommands(program, done, io);
  addStateCommands(program, done, io);
  return program;
}

function addDaemonCommands(program: Command, done: Done, io: Streams): void {
  command(program, 'run', 'run the daemon in this process', false)
    .option('--record <file>', 'write down every frame with its arrival stamp and the state of the feeds')
    .action(
      done(async (options: Common & { record?: string }) => {
        const { runDaemon } = await import('./commands/run.ts');
        return runDaemon(
          { configPath: options.config ?? defaultConfigPath(process.env), recordTo: options.record },
          io,
        );
      }),
    );
  command(
    program,
    'check',
    'validate configuration and watchlist, print what will be watched; sends nothing',
    true,
  )
    .option('--vrps <file>', 'VRPs from this file, to look for open ROAs')
    .action(
      done(async (options: Common & { vrps?: string }) => {
        const { runCheck } = await import('./commands/check.ts');
        return runCheck(
          settingsOf(options, () => true),
          { json: options.json === true },
          io,
        );
      }),
    );
  command(program, 'record', 'record the live feed in the replayable form', false)
    .requiredOption('--minutes <n>', 'how long', positiveNumber)
    .requiredOption('--out <file>', 'where to')
    .action(
      done(async (options: Common & { minutes: number; out: string }) => {
        const { runRecord } = await import('./commands/record.ts');
        return runRecord(settingsOf(options), { minutes: options.minutes, out: options.out }, io);
      }),
    );
  command(program, 'demo', 'play the Kakao hijack of 2022 against a real daemon; needs no network', false)
    .option('--speed <n>', 'how much faster than the default pace', positiveNumber, 1)
    .option('--port <n>', 'port of the dashboard (0: a free one)', wholeNumber, 8480)
    .option('--viewers <n>', 'begin when that many dashboards are open', wholeNumber, 0)
    .option('--exit', 'end after the all-clear instead of leaving the dashboard up')
    .action(
      done(async (options: { speed: number; port: number; viewers: number; exit?: boolean }) => {
        const { runDemo } = await import('./commands/demo.ts');
        return runDemo({ ...options, exit: options.exit === true }, io);
      }),
    );
}

function addRecordedInputCommands(program: Command, done: Done, io: Streams): void {
  command(program, 'replay', 'run recorded input through the same pipeline under a virtual clock', true)
    .argument('[files...]', 'RIS Live NDJSON, own recordings, MRT; plain, gzip, bzip2')
    .option('--watchlist <file>', 'instead of the configured one')
    .option('--vrps <file>', 'VRPs from this file')
    .option('--state <dir>', 'keep and continue this state directory (default: in memory)')
    .option('--from <time>', 'earlier records fill the watched RIB silently', time)
    .option('--to <time>', 'later records are left out; the clock runs on to it', time)
    .option('--speed <n>', 'play in real time, n times as fast', positiveNumber)
    .option('--collector <name>', 'collector of MRT files (default: from their path)')
    .option('--incident <name>', 'play a built-in incident instead of files')
    .option('--list', 'name the built-in incidents')
    .action(
      done(async (files: string[], options: ReplayArguments) => {
        const { replayCommand } = await import('./commands/replay-command.ts');
        return replayCommand(files, options, io);
      }),
    );
  command(program, 'decode', 'print every route of any input it can read, as bgpdump -m does', true)
    .argument('<files...>', 'MRT, RIS Live NDJSON, own recordings; plain, gzip, bzip2')
    .option('--collector <name>', 'collector of MRT files (default: from their path)')
    .action(
      done(async (files: string[], options: Common & { collector?: string }) => {
        const { runDecode } = await import('./commands/decode.ts');
        return runDecode(files, { json: options.json === true, collector: options.collector }, io);
      }),
    );
  command(program, 'init', 'write a watchlist for your AS numbers', true)
    .option('--asn <number...>', 'your AS numbers')
    .option('--as-set <name...>', 'AS-SETs of a registry: their members are yours, too')
    .option('--irr <host>', 'the registry, by whois (default: whois.radb.net)')
    .option('--state <dir>', 'state directory of the daemon, whose open incidents are heeded')
    .option('--rib <file...>', 'RIB snapshots (MRT)')
    .option('--vrps <file>', 'VRPs')
    .option('--ripestat', 'ask RIPEstat what they announce')
    .option('--ripestat-url <url>', 'another RIPEstat')
    .option('--collector <name>', 'collector of the RIBs (default: from their path)')
    .option('--min-peers <n>', 'peer ASes that must show an origin or a neighbour (default: 3)', wholeNumber)
    .option('--group <name>', 'group of the new entries')
    .option('--out <file>', 'write or merge into this watchlist (default: print it)')
    .option('--yes', 'write without asking')
    .action(
      done(async (options: InitArguments) => {
        const { runInit } = await import('./commands/init.ts');
        return runInit(options, io);
      }),
    );
}

function addJudgingCommands(program: Command, done: Done, io: Streams): void {
  command(program, 'explain', 'what this announcement would cause, stage by stage', true)
    .argument('<prefix>')
    .argument('<path>', 'the AS path in quotes: left the vantage point, right the origin')
    .option('--watchlist <file>', 'instead of the configured one')
    .option('--vrps <file>', 'VRPs from this file')
    .option('--community <community...>', 'communities of the announcement, as 65535:666')
    .option('--state <dir>', 'baseline and RIB of this state directory')
    .action(
      done(async (prefix: string, path: string, options: ExplainArguments) => {
        const { runExplain } = await import('./commands/explain.ts');
        return runExplain({ ...options, prefix, path }, io);
      }),
    );
  beside(command(program, 'status', 'is it BGP? Asks the running daemon', true))
    .argument('<resource>', 'prefix, IP address, AS number or host name')
    .option('--at <time>', 'how it was then', time)
    .option('--check', 'as a Nagios/Icinga plugin: one line; exit 0 OK, 1 warning, 2 critical, 3 unknown')
    .action(
      done(async (resource: string, options: Common & { at?: number; check?: boolean; state?: string }) => {
        const { runStatus } = await import('./commands/status.ts');
        return runStatus(
          options,
          { resource, atMs: options.at, isCheck: options.check === true, json: options.json === true },
          io,
        );
      }),
    );
}
