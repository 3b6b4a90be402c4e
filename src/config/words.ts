/**
 * Showing what an operator wrote, in one line and safely, and guessing what was meant. Read by all of `config/`.
 */

const SHOWN_MAX = 60;

/** A written value for an error text: quoted, cut to 60 characters, nothing that could move a cursor or end a line. */
export function show(value: unknown): string {
  if (typeof value !== 'string')
    return typeof value === 'number' || typeof value === 'boolean' ? `${value}` : kindOf(value);
  const characters = [...value];
  const text = characters.length > SHOWN_MAX ? `${characters.slice(0, SHOWN_MAX).join('')}…` : value;
  return JSON.stringify(text).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** The kind of a value, never the value: what may be said of something that should have been a secret. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return 'text';
    case 'number':
      return 'a number';
    case 'bigint':
      return 'a number';
    case 'boolean':
      return 'true or false';
    default:
      return 'a map';
  }
}

/** `a, b or c`. */
export function oneOf(values: readonly string[]): string {
  if (values.length < 2) return values.join('');
  return `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}

/** What to write instead of a word that is not known: the nearest known one, or all of them. */
export function suggest(word: string, known: readonly string[]): string {
  const nearest = nearestWord(word, known);
  return nearest === undefined
    ? `write ${oneOf(known)}`
    : `did you mean "${nearest}"? (known: ${known.join(', ')})`;
}

/** The known word with the fewest edits, if they are few for its length; ties go to the earlier one. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  if (word.length > 60) return undefined;
  let best: string | undefined;
  let bestEdits = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const edits = editsBetween(plainLetters(word), plainLetters(candidate));
    if (edits >= bestEdits || edits > Math.max(2, Math.floor(candidate.length / 2.5))) continue;
    if (edits >= candidate.length) continue;
    best = candidate;
    bestEdits = edits;
  }
  return best;
}

/** A word cut short or drawn out (`warning` for `warn`) is one edit away. */
function editsBetween(a: string, b: string): number {
  const isCut = Math.min(a.length, b.length) >= 3 && (a.startsWith(b) || b.startsWith(a));
  return isCut ? 1 : editDistance(a, b);
}

/** `max_length` and `Max-Length` are `maxLength`, mistyped in another house's style. */
function plainLetters(word: string): string {
  return word.toLowerCase().replace(/[-_ .]/g, '');
}

/** Damerau–Levenshtein (optimal string alignment): insertions, deletions, replacements, swaps of neighbours. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let edits = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) edits = Math.min(edits, (beforeLast[j - 2] ?? 0) + 1);
      row.push(edits);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
