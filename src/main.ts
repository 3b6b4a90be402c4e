#!/usr/bin/env node
/** The way in: argv to command, and the only place that ends the process. `run` is the command without a name. */
import { whyNotLoaded } from './cli/not-loaded.ts';
import { startSmall } from './daemon/small-heap.ts';

const argv = process.argv.slice(2);
const first = argv[0];
const named =
  first === undefined || (first.startsWith('-') && !['-h', '--help', '-V', '--version'].includes(first))
    ? ['run', ...argv]
    : argv;

// Before anything else is loaded: most of what a start allocates comes from that.
if (named[0] === 'run') startSmall();
const { runCommandLine } = await import('./cli/command-line.ts').catch(notLoaded);

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
});
const code = await runCommandLine(named, { stdout: process.stdout, stderr: process.stderr });
process.exit(code);

function notLoaded(error: unknown): never {
  process.stderr.write(`error: ${whyNotLoaded(error) ?? String(error)}\n`);
  process.exit(1);
}
