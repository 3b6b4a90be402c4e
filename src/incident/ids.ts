/** Ids in UUID form (RFC 9562 version 8), derived from what they name, so that a replay gives the same ones. Pure. */
import { hash } from 'node:crypto';

/** The same parts give the same id; different parts practically never do. */
export function idOf(...parts: readonly (string | number)[]): string {
  const hex = hash('sha256', parts.join('\u0000'));
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
