/** A room to run commands in: a directory with configuration and state, and what a command wrote to its streams. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { runCommandLine } from '../../src/cli/command-line.ts';
import type { Streams } from '../../src/cli/usage.ts';
import type { Batch } from '../../src/engine/ports.ts';
import { DATABASE_FILE, openStore } from '../../src/store/store.ts';
import { NO_ROUTES } from '../store/routes.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

class Collector extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}

export async function originwatch(...argv: readonly string[]): Promise<Ran> {
  const stdout = new Collector();
  const stderr = new Collector();
  const io = { stdout, stderr } as unknown as Streams;
  const code = await runCommandLine(argv, io);
  return { code, stdout: stdout.text, stderr: stderr.text };
}

export const KAKAO = `
watch:
  - prefix: 211.249.216.0/21
    name: Kakao developers
    group: kakao
    origins: [7625]
    upstreams: [10158]
    maxLength: 24
    services: [developers.kakao.com]
  - prefix: 211.249.218.0/24
    ignore: true
  - prefix: 198.51.100.0/24
    group: learned
  - prefix: 203.0.113.0/24
    group: dark
    origins: []
`;

export interface Room {
  readonly directory: string;
  readonly state: string;
  readonly database: string;
  readonly config: string;
  /** Writes a file beside the configuration; returns its path. */
  file(name: string, content: string | Uint8Array): string;
  /** Runs a command with this room's configuration. */
  run(...argv: readonly string[]): Promise<Ran>;
  /** The database as a daemon would leave it. */
  fill(batch: Partial<Batch>): void;
  remove(): void;
}

export function room(more = '', watchlist = KAKAO): Room {
  const directory = mkdtempSync(join(tmpdir(), 'originwatch-commands-'));
  const state = join(directory, 'state');
  const database = join(state, DATABASE_FILE);
  const file = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  file('watchlist.yaml', watchlist);
  const config = file('originwatch.yaml', `watchlist: watchlist.yaml\nstateDirectory: state\n${more}`);
  return {
    directory,
    state,
    database,
    config,
    file,
    run: (...argv) => originwatch(...argv, '--config', config),
    fill(batch) {
      mkdirSync(state, { recursive: true });
      const store = openStore(database, { lock: true });
      store.commit({ ...EMPTY, ...batch });
      store.close();
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

const EMPTY: Batch = {
  routes: NO_ROUTES,
  baseline: [],
  baselineRemoved: [],
  incidents: [],
  incidentsForgotten: [],
  alerts: [],
  outbox: [],
  raw: [],
  silences: [],
  silencesRemoved: [],
  audit: [],
  memory: [],
};
