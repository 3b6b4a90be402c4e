/**
 * How long to wait after a failure: doubling from one second to five minutes, with jitter, so that many daemons do
 * not come back in step. Pure but for the dice it is handed.
 */
import { PUT_OFF_MS_MAX } from '../engine/ports.ts';

const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 300_000;
/** After so long, and so many tries, a row is given up and shown as failed. */
export const GIVE_UP_AFTER_MS = 7 * 86_400_000;
const GIVE_UP_ATTEMPTS_MIN = 50;

/** `failures` counts from 1. Between half of the step and the whole. */
export function retryDelayMs(failures: number, random: () => number): number {
  const step = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(30, Math.max(0, failures - 1)));
  return Math.round(step / 2 + (random() * step) / 2);
}

/** The pause the other side asked for when it did, up to an hour: a day of `Retry-After` would be a day of silence. Else our own. */
export function nextDelayMs(
  failures: number,
  retryAfterMs: number | undefined,
  random: () => number,
): number {
  const own = retryDelayMs(failures, random);
  if (retryAfterMs === undefined) return own;
  return Math.max(0, Math.min(retryAfterMs, PUT_OFF_MS_MAX));
}

/** True when a row that failed again is not worth another try. */
export function isHopeless(ageMs: number, attempts: number): boolean {
  return ageMs > GIVE_UP_AFTER_MS && attempts >= GIVE_UP_ATTEMPTS_MIN;
}
