/**
 * The chain over what was said and what was done: each alert and each row of the audit, in the order of their commits.
 * A link is the SHA-256 of the link before and of the row's own sum, so nothing behind it can be changed, left out or put
 * in unnoticed. Evidence files carry a stretch of it (`export`).
 */
import { createHash } from 'node:crypto';
import type { AuditRow } from '../engine/ports.ts';
import type { Connection } from './connection.ts';

export type ChainedWhat = 'alert' | 'audit';

/** A row of the chain, hashes in hex. */
export interface ChainLink {
  readonly number: number;
  readonly what: ChainedWhat;
  /** `seq` of the alert, or the number of the audit row. */
  readonly ref: number;
  /** SHA-256 of the row: the alert's JSON text, the audit row as `auditText` prints it. */
  readonly sum: string;
  readonly link: string;
}

/** The link before the first one. */
export const FIRST_LINK = '0'.repeat(64);

/** What a row says, in the one way that is hashed. */
export function auditText({ at, who, action, subject, note }: AuditRow): string {
  return JSON.stringify({ at, who, action, subject, note });
}

export function sumOf(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}

/** SHA-256 over the link before, what the row is, and its sum. */
export function nextLink(
  before: string,
  { what, ref, sum }: Pick<ChainLink, 'what' | 'ref' | 'sum'>,
): string {
  return sumOf(`${before} ${what} ${ref} ${sum}`);
}

export class ChainTable {
  private readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Within the transaction that writes the row. `atMs`: for pruning. */
  append(what: ChainedWhat, ref: number, text: string, atMs: number): void {
    const sum = sumOf(text);
    const link = nextLink(this.head()?.link ?? FIRST_LINK, { what, ref, sum });
    this.connection.run(
      'INSERT INTO chain (what, ref, at, sum, link) VALUES (?, ?, ?, ?, ?)',
      what,
      ref,
      atMs,
      sum,
      link,
    );
  }

  head(): ChainLink | undefined {
    return this.connection.get<ChainLink>(
      'SELECT number, what, ref, sum, link FROM chain ORDER BY number DESC LIMIT 1',
    );
  }

  /** From this number on, oldest first. */
  from(number: number): ChainLink[] {
    return this.connection.all<ChainLink>(
      'SELECT number, what, ref, sum, link FROM chain WHERE number >= ? ORDER BY number',
      number,
    );
  }

  /** The link of a number; undefined for one that is not there (any more). */
  at(number: number): ChainLink | undefined {
    return this.connection.get<ChainLink>(
      'SELECT number, what, ref, sum, link FROM chain WHERE number = ?',
      number,
    );
  }

  /** The first number that speaks of one of these rows. */
  firstOf(what: ChainedWhat, refs: readonly number[]): number | undefined {
    const numbers = refs.flatMap((ref) => {
      const row = this.connection.get<{ number: number }>(
        'SELECT number FROM chain WHERE what = ? AND ref = ?',
        what,
        ref,
      );
      return row === undefined ? [] : [row.number];
    });
    return numbers.length === 0 ? undefined : Math.min(...numbers);
  }
}
