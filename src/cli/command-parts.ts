/** What the lists of commands share: how a command begins, and the options that many have. */
import type { Command } from 'commander';

/** Keeps the exit code of what ran. */
export type Done = <A extends unknown[]>(
  run: (...args: A) => Promise<number>,
) => (...args: A) => Promise<void>;

export function command(parent: Command, name: string, description: string, hasJson: boolean): Command {
  const made = parent
    .command(name)
    .description(description)
    .option('-c, --config <file>', 'configuration (default: $ORIGINWATCH_CONFIG, else the shipped one)')
    .exitOverride();
  made.copyInheritedSettings(parent);
  return hasJson ? made.option('--json', 'machine-readable output') : made;
}

/** Of a command beside a daemon: which one is meant. */
export function beside(made: Command): Command {
  return made.option('--state <dir>', 'state directory of the daemon (default: the one that runs here)');
}

/** Of a change: who makes it, and why. */
export function authored(made: Command): Command {
  return made
    .option('--by <name>', 'who (default: the user of this machine)')
    .option('--note <text>', 'why', '');
}
