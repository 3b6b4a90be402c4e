/**
 * Who carried what, step by step, for the pictures of an incident: a vantage point takes up an offending route, changes
 * its path, lets go of it. Bounded: of a storm the beginning is kept, and that it was cut.
 */
import { type AsPath, formatAsPath } from '../bgp/as-path.ts';
import type { Gone } from './book-contract.ts';
import type { Carrier, IncidentState } from './incident-state.ts';

/** One vantage point took up a path to a prefix, changed it, or let go of it (path null). */
export interface HistoryStep {
  readonly at: string;
  readonly vantagePoint: string;
  readonly prefix: string;
  readonly path: string | null;
}

export interface History {
  /** Oldest first. */
  readonly steps: readonly HistoryStep[];
  /** There were more than are kept. */
  readonly cut: boolean;
}

/** How a route went, and what came in its place. */
export type How = Pick<Gone, 'cause' | 'path'>;

export const WITHDRAWN: How = { cause: 'withdrawn', path: null };

export function replacedBy(path: AsPath): How {
  return { cause: 'replaced', path: formatAsPath(path) };
}

/** Steps kept of one incident. */
export const STEPS_MAX = 5_000;

/** The carrier is new, or came by another path. */
export function noteCarried(
  incident: IncidentState,
  prefixText: string,
  carrier: Carrier,
  before: Carrier | undefined,
  nowMs: number,
): void {
  if (!hasRoom(incident)) return;
  const path = formatAsPath(carrier.path);
  if (before !== undefined && formatAsPath(before.path) === path) return;
  noteStep(incident, { atMs: nowMs, vantagePoint: carrier.vantagePoint, prefixText, path });
}

/** It carries something else, or nothing; the same route judged otherwise is no step. */
export function noteGone(
  incident: IncidentState,
  prefixText: string,
  vantagePoint: number,
  { path }: Gone,
  nowMs: number,
): void {
  if (path !== undefined) noteStep(incident, { atMs: nowMs, vantagePoint, prefixText, path });
}

export function noteStep(incident: IncidentState, step: IncidentState['freshSteps'][number]): void {
  if (!hasRoom(incident)) return;
  incident.freshSteps.push(step);
  incident.stepsKept += 1;
}

export function hasRoom({ stepsKept }: IncidentState): boolean {
  return stepsKept < STEPS_MAX;
}
