/** Text from outside, made safe for a terminal or a log: it cannot steer what shows it. */

/** Control, line and bidirectional characters become `·`. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '·');
}
