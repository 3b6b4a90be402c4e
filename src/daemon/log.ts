/** Logs go to stderr: JSON lines, or one readable line each where stderr is a terminal. */
import { type Logger, pino } from 'pino';
import { printable } from '../words/printable.ts';

interface LogStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export function createLog(level: string, stderr: LogStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (stderr.isTTY !== true) return pino(options, pino.destination({ dest: 2, sync: true }));
  return pino(options, { write: (line: string) => stderr.write(`${readable(line)}\n`) });
}

function readable(line: string): string {
  const { level, time, event, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return printable(
    [String(time).slice(11, 23), String(level).toUpperCase().padEnd(5), event, msg, ...rest]
      .filter((part) => part !== undefined)
      .join(' '),
  );
}
