/**
 * Text from outside (names, AS paths, answers of other servers) made harmless before anybody sees it: no control
 * character, no bidirectional mark, no invisible character, no half surrogate, no more than so many characters.
 * What markup means is the business of each receiver's own escaping.
 */

/** Cc control, Cf format (bidi marks, zero widths, soft hyphen, tags), Cs half surrogates, Co private use. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u115f\u1160\u3164\uffa0]/gu;
const SPACES = /[\s\u2028\u2029\u0085]+/g;

/** Longest text looked at; the rest is cut before any pattern runs over it. */
const TEXT_MAX = 20_000;

/** One line, at most `max` UTF-16 units. Each invisible character becomes U+FFFD, so that it shows. */
export function cleanText(text: string, max: number): string {
  const line = text.slice(0, TEXT_MAX).replace(SPACES, ' ').replace(INVISIBLE, '\ufffd').trim();
  return shorten(line, text.length > TEXT_MAX ? Math.min(max, line.length - 1) : max);
}

/** Cuts to `max` UTF-16 units without halving a character; what was cut ends in an ellipsis. */
export function shorten(text: string, max: number): string {
  if (text.length <= max) return text;
  const kept = text.slice(0, Math.max(0, max - 1));
  return `${kept.replace(/[\ud800-\udbff]$/, '')}…`;
}

/** `text` without any of the secrets, in case somebody sent one back. */
function withoutSecrets(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret !== '') clean = clean.replaceAll(secret, '[secret]');
  }
  return clean;
}

/** The short code of an answer (`no_service`, `invalid_payload`); anything that is not plainly one is left out. */
export function answerCode(body: string, secrets: readonly string[]): string {
  const line = withoutSecrets(body.slice(0, 400).trim(), secrets);
  return line.length <= 60 && /^[A-Z]?[a-z]+([ _][A-Z]?[a-z]+)*$/.test(line) ? line : '';
}
