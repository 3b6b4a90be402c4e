/**
 * What people write on the command line, read strictly: a value that makes no sense is wrong usage (exit 64) and the
 * text says what would do.
 */
import { userInfo } from 'node:os';
import { type AsPath, originsOf, parseAsPath } from '../bgp/as-path.ts';
import { parseAsn } from '../bgp/asn.ts';
import type { Prefix } from '../bgp/prefix.ts';
import type { Community } from '../bgp/update.ts';
import { readPrefix } from '../config/rules.ts';
import { show } from '../config/words.ts';
import type { Author } from '../engine/ports.ts';
import { parseSpan, parseTime } from './times.ts';
import { UsageError } from './usage.ts';

export interface CommonOptions {
  readonly config?: string;
  readonly json?: boolean;
  /** The state directory of the daemon that is meant. */
  readonly state?: string;
}

export interface AuthorOptions extends CommonOptions {
  readonly by?: string;
  readonly note?: string;
  /** Also what matches nothing that is watched. */
  readonly force?: boolean;
}

/** Host bits, a missing length and the like are refused with the cure. */
export function prefixArgument(text: string): Prefix {
  const read = readPrefix(text);
  if ('found' in read) throw new UsageError(`the prefix ${read.found}; ${read.remedy}`);
  return read;
}

export function asnArgument(text: string): number {
  const asn = parseAsn(text);
  if (asn === undefined) throw new UsageError(`${show(text)} is no AS number; write 7625 or AS7625`);
  return asn;
}

/** An AS that may be expected to announce something. */
export function originArgument(text: string): number {
  const asn = asnArgument(text);
  if (asn === 0) throw new UsageError('AS 0 is nobody (RFC 7607): it is no origin that can be expected');
  return asn;
}

/** A path with an origin. */
export function pathArgument(text: string): AsPath {
  const path = parseAsPath(text);
  if (path === undefined)
    throw new UsageError(
      `${show(text)} is no AS path; write AS numbers from the vantage point to the origin, as "6461 9457" or "3356 {1,2}"`,
    );
  if (originsOf(path).length === 0)
    throw new UsageError('the AS path has no origin, so there is nothing to judge; end it with an AS number');
  return path;
}

export function communityArgument(text: string): Community {
  const match = /^(\d{1,5}):(\d{1,5})$/.exec(text);
  const high = Number(match?.[1] ?? Number.NaN);
  const low = Number(match?.[2] ?? Number.NaN);
  if (!(high <= 65_535 && low <= 65_535))
    throw new UsageError(`${show(text)} is no community; write two numbers up to 65535, as 65535:666`);
  return [high, low];
}

/** A time, or a span from `fromMs` on (`direction` 1) or before it (−1). Ms since the epoch. */
export function momentArgument(text: string, fromMs: number, direction: 1 | -1): number {
  const span = parseSpan(text);
  const ms = span === undefined ? parseTime(text) : fromMs + direction * span;
  if (ms === undefined || Number.isNaN(new Date(ms).getTime()))
    throw new UsageError(
      `${show(text)} is no time; write ISO 8601, as 2022-02-03T01:04:18Z, or a span, as 30m, 2h or 7d`,
    );
  return ms;
}

/** Who asks: `--by`, else the user of this machine. */
export function authorOf(options: AuthorOptions): Author {
  const by = options.by ?? userName();
  const note = options.note ?? '';
  if (by === '' || by.length > 200 || /\p{Cc}/u.test(by))
    throw new UsageError('--by needs 1 to 200 characters without control characters');
  if (note.length > 2000) throw new UsageError('--note takes at most 2000 characters');
  return { by, note };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'operator';
  }
}
