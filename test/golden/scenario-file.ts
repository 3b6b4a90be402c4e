/**
 * A golden scenario as it lies in `config/incidents`: what is watched, what was announced when, and what has to come of
 * it in words. `<id>.json` there is the input, `<id>.expected.ndjson` here what the program prints for it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { type Step, type Told, tell } from '../scenario.ts';

/** The scenarios ship with the program: `replay --incident` plays them. */
export const FOLDER = new URL('../../config/incidents/', import.meta.url).pathname;
const EXPECTED_FOLDER = new URL('./', import.meta.url).pathname;

export interface GoldenEvent {
  readonly t: string;
  /** The AS of the session, and its address where it is known. */
  readonly peer: number;
  readonly address?: string;
  readonly prefix: string;
  /** Absent: withdrawn. */
  readonly path?: readonly (number | readonly number[])[];
  /** The update itself was captured; otherwise parts of it stand in for what nobody kept. */
  readonly captured?: boolean;
}

export interface Golden {
  readonly id: string;
  /** What people call it. */
  readonly title: string;
  readonly until: string;
  readonly watch: readonly Record<string, unknown>[];
  readonly roas?: readonly Record<string, unknown>[];
  readonly meaning: {
    /** What the facts call it. */
    readonly type: string;
    readonly severity: string | null;
    /** Whom they suspect: the origin, the false neighbour or the leaker. */
    readonly suspects: readonly number[];
    /** When it could first be known. */
    readonly earliest?: string;
  };
  readonly events: readonly GoldenEvent[];
}

export function goldenNames(): readonly string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.replace(/\.json$/, ''))
    .sort();
}

export function readGolden(name: string): Golden {
  return JSON.parse(readFileSync(`${FOLDER}${name}.json`, 'utf8')) as Golden;
}

export function expectedFile(name: string): string {
  return `${EXPECTED_FOLDER}${name}.expected.ndjson`;
}

/** Its events as frames, in seconds from the first. */
export function goldenSteps(golden: Golden): { readonly begin: number; readonly steps: readonly Step[] } {
  const begin = seconds(golden.events[0]?.t ?? golden.until);
  return { begin, steps: golden.events.map((event) => stepOf(event, begin)) };
}

/** Plays it through `replay`. */
export function playGolden(golden: Golden): Promise<Told> {
  const { begin, steps } = goldenSteps(golden);
  return tell({
    watch: golden.watch,
    begin,
    until: seconds(golden.until) - begin,
    steps,
    ...(golden.roas === undefined ? {} : { vrps: { roas: golden.roas } }),
  });
}

function stepOf(event: GoldenEvent, begin: number): Step {
  const address = event.address ?? standInAddress(event.peer);
  const head = {
    peer: address,
    peer_asn: String(event.peer),
    id: '',
    host: 'rrc00.ripe.net',
    type: 'UPDATE',
  };
  const body =
    event.path === undefined
      ? { withdrawals: [event.prefix] }
      : { path: event.path, community: [], announcements: [{ next_hop: address, prefixes: [event.prefix] }] };
  return { at: seconds(event.t) - begin, frame: { ...head, ...body } };
}

function standInAddress(asn: number): string {
  return `198.18.${(asn >>> 8) & 255}.${asn & 255}`;
}

function seconds(iso: string): number {
  return Date.parse(iso) / 1000;
}
