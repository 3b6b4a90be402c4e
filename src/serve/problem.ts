/**
 * Refusals of the HTTP API as RFC 9457 problem details: the one form every error leaves this room in.
 * A detail names what was wrong and what would do; it never repeats a value, because a value may be a secret.
 */
import { STATUS_CODES } from 'node:http';
import type { Refusal } from '../engine/ports.ts';

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** One thing wrong with a request: where, and what would do. */
export interface Fault {
  /** `limit` for a query parameter, `/by` (JSON pointer) for the body, `line 3` for NDJSON. */
  readonly at: string;
  readonly detail: string;
}

export class Problem extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly faults: readonly Fault[];

  constructor(
    status: number,
    detail: string,
    more: { headers?: Readonly<Record<string, string>>; faults?: readonly Fault[] } = {},
  ) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
    this.headers = more.headers ?? {};
    this.faults = more.faults ?? [];
  }
}

/** The JSON body of a problem. */
export function problemBody(problem: Problem): string {
  return JSON.stringify({
    type: 'about:blank',
    title: STATUS_CODES[problem.status] ?? 'Error',
    status: problem.status,
    detail: problem.message,
    ...(problem.faults.length > 0 && { errors: problem.faults }),
  });
}

/** 429 with the whole seconds after which the same request may succeed, at least 1. */
export function tooMany(detail: string, waitSeconds: number): Problem {
  const seconds = Math.max(1, Math.ceil(waitSeconds));
  return new Problem(429, detail, { headers: { 'retry-after': String(seconds) } });
}

export function tooLarge(): Problem {
  return new Problem(413, 'The body is too large.');
}

const STATUS_OF = { 'not-found': 404, conflict: 409, 'bad-value': 400 } as const;

/** True for the refusals that the engine answers with. */
function isRefusal(answer: unknown): answer is Refusal {
  return typeof answer === 'object' && answer !== null && 'refused' in answer;
}

/** Hands an answer of the engine on, or throws its refusal as a problem. */
export function granted<T>(answer: T | Refusal): T {
  if (isRefusal(answer)) throw new Problem(STATUS_OF[answer.refused], answer.detail);
  return answer;
}
