/**
 * "Send this, expect that": a story of frames at times, told to `replay` from outside, and what was said of it. The
 * frames are RIS Live NDJSON, the watchlist and the configuration are files as an operator writes them.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { runReplay } from '../src/cli/commands/replay.ts';
import { loadSettings } from '../src/config/load.ts';
import type { Alert } from '../src/incident/alert.ts';

/** Where stories begin unless they say otherwise. */
export const T0 = Date.parse('2026-01-01T00:00:00Z') / 1000;

export type Path = string | readonly (number | readonly number[])[];

/** One session into a collector. `peer` is made of the AS when it is not given. */
export interface Session {
  readonly asn: number;
  readonly collector?: string;
  readonly peer?: string;
}

/** What a line of the story is: seconds from its begin, and the frame's own fields. */
export interface Step {
  readonly at: number;
  readonly frame: Record<string, unknown>;
}

export interface Story {
  readonly watch: readonly Record<string, unknown>[];
  readonly steps: readonly Step[];
  /** Sections of the configuration beside the watchlist. */
  readonly config?: Record<string, unknown>;
  /** rpki-client's JSON: roas and aspas. */
  readonly vrps?: Record<string, unknown>;
  /** Seconds from the begin: lets the clock run on. */
  readonly until?: number;
  /** Seconds from the begin: earlier frames fill silently. */
  readonly from?: number;
  /** Unix seconds of the begin. */
  readonly begin?: number;
  /** Lines in place of `steps`, as they are. */
  readonly lines?: readonly string[];
}

export interface Told {
  readonly alerts: readonly Alert[];
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export const MINUTE = 60;
export const HOUR = 3_600;
export const DAY = 86_400;

/** `7`, `7.2` for the second session of AS7 into the same collector. */
export function sessionOf(name: string | number): Session {
  const [asn = '0', number = '1'] = String(name).split('.');
  return { asn: Number(asn), peer: peerAddress(Number(asn), Number(number)) };
}

/** An IPv4 address of the documentation and benchmark ranges for the n-th session of an AS. */
function peerAddress(asn: number, number: number): string {
  return `10.${(asn >>> 8) & 255}.${asn & 255}.${number + ((asn >>> 16) & 63) * 4}`;
}

export function elements(path: Path): readonly (number | readonly number[])[] {
  if (typeof path !== 'string') return path;
  return path
    .split(' ')
    .filter((part) => part !== '')
    .map((part) =>
      part.startsWith('{') ? part.slice(1, -1).split(',').filter(Boolean).map(Number) : Number(part),
    );
}

interface Extra {
  /** The session; by default the first AS of the path has one. */
  readonly from?: string | number;
  readonly collector?: string;
  readonly communities?: readonly (readonly [number, number])[];
  /** The collector's stamp, seconds from the begin, when it differs from the time of the record. */
  readonly stamp?: number;
  readonly withdraw?: readonly string[];
}

/** An announcement `at` seconds after the begin. */
export function announce(
  at: number,
  prefixes: string | readonly string[],
  path: Path,
  extra: Extra = {},
): Step {
  const parts = elements(path);
  const [first] = parts;
  const session = sessionOf(extra.from ?? (typeof first === 'number' ? first : 1));
  return {
    at,
    frame: {
      ...head(session, extra.collector),
      type: 'UPDATE',
      path: parts,
      community: extra.communities ?? [],
      announcements: [
        { next_hop: session.peer, prefixes: typeof prefixes === 'string' ? [prefixes] : prefixes },
      ],
      withdrawals: extra.withdraw ?? [],
      origin: 'IGP',
    },
  };
}

/** A withdrawal by the session `from`. */
export function withdraw(
  at: number,
  prefixes: string | readonly string[],
  from: string | number,
  collector?: string,
): Step {
  return {
    at,
    frame: {
      ...head(sessionOf(from), collector),
      type: 'UPDATE',
      withdrawals: typeof prefixes === 'string' ? [prefixes] : prefixes,
    },
  };
}

export function sessionDown(at: number, from: string | number, collector?: string): Step {
  return { at, frame: { ...head(sessionOf(from), collector), type: 'RIS_PEER_STATE', state: 'down' } };
}

export function sessionUp(at: number, from: string | number, collector?: string): Step {
  return { at, frame: { ...head(sessionOf(from), collector), type: 'RIS_PEER_STATE', state: 'connected' } };
}

function head(session: Session, collector = 'rrc00'): Record<string, unknown> {
  return { peer: session.peer, peer_asn: String(session.asn), id: '', host: `${collector}.ripe.net` };
}

/** The same route seen by many sessions, AS 50001, 50002, …, each a second apart when `apart` is 1. */
export function seenBy(at: number, count: number, prefix: string, tail: string, apart = 0): readonly Step[] {
  return peers(count).map((asn, index) => announce(at + index * apart, prefix, `${asn} ${tail}`));
}

export function lostBy(at: number, count: number, prefix: string): readonly Step[] {
  return peers(count).map((asn) => withdraw(at, prefix, asn));
}

export function peers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => 50_001 + index);
}

export function linesOf(steps: readonly Step[], begin = T0): readonly string[] {
  return steps.map(({ at, frame }) =>
    JSON.stringify({ type: 'ris_message', data: { timestamp: begin + at, ...frame } }),
  );
}

/** Tells the story to the program and returns what it said. */
export async function tell(story: Story): Promise<Told> {
  const folder = mkdtempSync(join(tmpdir(), 'originwatch-story-'));
  try {
    return await tellIn(folder, story);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function tellIn(folder: string, story: Story): Promise<Told> {
  const begin = story.begin ?? T0;
  const { config = {}, vrps } = story;
  // JSON is YAML.
  writeFileSync(join(folder, 'watchlist.yaml'), JSON.stringify({ watch: story.watch }));
  if (vrps !== undefined) writeFileSync(join(folder, 'vrps.json'), JSON.stringify(vrps));
  writeFileSync(join(folder, 'originwatch.yaml'), JSON.stringify({ watchlist: 'watchlist.yaml', ...config }));
  writeFileSync(
    join(folder, 'frames.ndjson'),
    `${(story.lines ?? linesOf(story.steps, begin)).join('\n')}\n`,
  );
  const { settings } = loadSettings({
    configPath: join(folder, 'originwatch.yaml'),
    vrpsPath: vrps === undefined ? undefined : join(folder, 'vrps.json'),
    env: {},
  });
  const [stdout, stderr] = [new Kept(), new Kept()];
  const code = await runReplay(
    {
      files: [join(folder, 'frames.ndjson')],
      settings,
      json: true,
      state: undefined,
      fromMs: story.from === undefined ? undefined : (begin + story.from) * 1000,
      toMs: story.until === undefined ? undefined : (begin + story.until) * 1000,
      speed: undefined,
      collector: undefined,
    },
    { stdout, stderr },
  );
  const lines = stdout.text.split('\n').filter((line) => line !== '');
  return {
    alerts: lines.map((line) => JSON.parse(line) as Alert),
    stdout: stdout.text,
    stderr: stderr.text,
    code,
  };
}

class Kept extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** One alert as a line: `+60 opened sub-prefix AS9457 critical 14`. */
export function brief(alert: Alert, begin = T0): string {
  const { incident } = alert;
  const offender = incident.offender === null ? '-' : `AS${incident.offender}`;
  const seconds = Date.parse(alert.at) / 1000 - begin;
  return `+${seconds} ${alert.event} ${incident.kind} ${offender} ${incident.severity} ${incident.score}`;
}

/** The rows of an incident as `code weight`, in their order. */
export function rows(alert: Alert | undefined): readonly string[] {
  return (alert?.incident.evidence ?? []).map(
    ({ code, weight }) => `${code} ${weight > 0 ? '+' : ''}${weight}`,
  );
}

/** The whole story in lines. */
export async function briefly(story: Story): Promise<readonly string[]> {
  return (await tell(story)).alerts.map((alert) => brief(alert, story.begin));
}
