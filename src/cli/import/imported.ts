/**
 * What an import makes of a peer's files: entries of our watchlist, our configuration, secrets that belong into files of
 * their own, and a remark for each line that has no equal here. Filled by `bgpalerter-*.ts` and `artemis.ts`, written by
 * `written.ts`.
 */
import { parsePrefix } from '../../bgp/prefix.ts';
import { type Item, plain } from '../../config/item.ts';
import type { Position } from '../../config/problems.ts';
import { TEXT_MAX } from '../../config/rules.ts';
import { show } from '../../config/words.ts';

/** An entry in the keys of our watchlist, in the order in which they are written. */
export type EntryDraft = Record<string, unknown>;

export interface Remark extends Position {
  readonly text: string;
}

/** Numbers of a range that are written out; more than that is no list but a rule. */
export const RANGE_MAX = 1_000;

export class Imported {
  /** By prefix or `AS38099`, in the order of the peer's files. */
  readonly entries = new Map<string, EntryDraft>();
  readonly feed: Record<string, unknown> = { type: 'ris-live' };
  /** Sections beside watchlist, feeds, receivers and routes. */
  readonly sections: Record<string, unknown> = {};
  readonly receivers: Record<string, unknown>[] = [];
  readonly routes: Record<string, unknown>[] = [];
  /** By the name of the file that each goes to. */
  readonly secrets = new Map<string, string>();
  readonly remarks: Remark[] = [];
  /** Is there anything for the configuration beyond its defaults? */
  hasConfiguration = false;

  /** `text`: what it is, then what would do. */
  remark({ file, line, col }: Position, text: string): void {
    this.remarks.push({ file, line, col, text });
  }

  /** Keeps the secret for a file of its own, and returns the reference to write. */
  secret(name: string, value: string): { readonly file: string } {
    let file = `secrets/${name.replace(/[^A-Za-z0-9._-]+/g, '-')}`;
    while (this.secrets.has(file) && this.secrets.get(file) !== value) file += '-2';
    this.secrets.set(file, value);
    return { file };
  }
}

/** Remarks in the order of files and lines. */
export function sortedRemarks(remarks: readonly Remark[]): readonly Remark[] {
  const files = [...new Set(remarks.map(({ file }) => file))];
  return remarks.toSorted(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.col - b.col,
  );
}

// ---------------------------------------------------------------- values of a peer's file

export function pairOf(
  item: Item | undefined,
  key: string,
): { readonly keyAt: Position; readonly value: Item } | undefined {
  return item?.kind === 'map' ? item.pairs.get(key) : undefined;
}

export function itemAt(item: Item | undefined, key: string): Item | undefined {
  return pairOf(item, key)?.value;
}

export function textIn(item: Item | undefined, key: string): string {
  const value = itemAt(item, key);
  const text = value === undefined ? undefined : plain(value);
  return typeof text === 'string' || typeof text === 'number' ? `${text}` : '';
}

export function itemsOf(item: Item | undefined): readonly Item[] {
  if (item === undefined || (item.kind === 'scalar' && item.value === null)) return [];
  return item.kind === 'list' ? item.items : [item];
}

/** The canonical prefix; host bits are masked and said. Undefined after a remark. */
export function prefixFrom(text: string, at: Position, imported: Imported): string | undefined {
  const parsed = parsePrefix(text.trim());
  if (parsed === undefined) {
    imported.remark(at, `${show(text)} is no prefix; left out`);
    return undefined;
  }
  if (parsed.hostBits) imported.remark(at, `${show(text)} has host bits set; taken as ${parsed.prefix.text}`);
  return parsed.prefix.text;
}

/** A label as our files take it: one line of at most 200 characters. */
export function label(text: string, at: Position, imported: Imported): string {
  const line = text.replace(/[\p{Cc}\p{Cs}\u2028\u2029]+/gu, ' ').trim();
  const characters = [...line];
  if (line === text.trim() && characters.length <= TEXT_MAX) return line;
  imported.remark(
    at,
    `this text has line breaks, control characters or more than ${TEXT_MAX} characters; shortened to one line`,
  );
  return characters.slice(0, TEXT_MAX).join('');
}
