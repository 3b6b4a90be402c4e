/** Values of options, as the command line takes them; each refusal says what would do. */
import { InvalidArgumentError } from 'commander';
import { parseTime } from './times.ts';

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('a number above 0 would do.');
  return value;
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('a whole number would do.');
  return value;
}

export function time(text: string): number {
  const ms = parseTime(text);
  if (ms === undefined) throw new InvalidArgumentError('an ISO 8601 time would do, as 2022-02-03T01:04:18Z.');
  return ms;
}
