/**
 * Slips of the keyboard: one digit changed, left out or typed twice, or two neighbouring digits swapped. The evidence
 * row `slip`: such an origin is more likely a mistake at somebody's router than an attack. Pure text, no context.
 */
import type { Prefix } from '../bgp/prefix.ts';

/** True when one slip turns one AS number into the other; false when they are equal. */
export function asnSlip(a: number, b: number): boolean {
  return textSlip(String(a), String(b));
}

/**
 * True when one slip in one octet (IPv6: in one group) or in the length turns one prefix into the other. Judged as
 * people type addresses, so a slip that changes the length of the text counts as well.
 */
export function prefixSlip(p: Prefix, q: Prefix): boolean {
  if (p.family !== q.family) return false;
  const [left, right] = [partsOf(p), partsOf(q)];
  const different = left.flatMap((part, index) => (part === right[index] ? [] : [index]));
  const [only] = different;
  return different.length === 1 && only !== undefined && textSlip(left[only] ?? '', right[only] ?? '');
}

/** Octets or groups as they are written, then the length. */
function partsOf(prefix: Prefix): readonly string[] {
  const length = String(prefix.length);
  const [first] = prefix.words;
  if (prefix.family === 4) {
    return [first >>> 24, (first >>> 16) & 255, (first >>> 8) & 255, first & 255].map(String).concat(length);
  }
  return prefix.words
    .flatMap((word) => [(word >>> 16).toString(16), (word & 65_535).toString(16)])
    .concat(length);
}

function textSlip(a: string, b: string): boolean {
  if (a === b || Math.abs(a.length - b.length) > 1) return false;
  const [shorter, longer] = a.length <= b.length ? [a, b] : [b, a];
  let at = 0;
  while (at < shorter.length && shorter[at] === longer[at]) at += 1;
  if (shorter.length < longer.length) return shorter.slice(at) === longer.slice(at + 1);
  if (shorter.slice(at + 1) === longer.slice(at + 1)) return true;
  const swapped = shorter[at] === longer[at + 1] && shorter[at + 1] === longer[at];
  return swapped && shorter.slice(at + 2) === longer.slice(at + 2);
}
